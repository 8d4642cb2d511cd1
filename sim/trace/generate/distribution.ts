import { type Prng, unreachable } from '../../../base/index.ts'
import { normalQuantile } from './normal-quantile.ts'

/**
 * What is drawn: mostly times in milliseconds, sometimes counts or factors. Each is drawn by its inverse distribution function
 * from one uniform number, so that a draw costs the stream the same whatever the distribution is.
 */
export type Distribution =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly min: number; readonly max: number }
  | { readonly kind: 'exponential'; readonly mean: number }
  /** Either by the sigma of the logarithm, or by the value that nine of ten stay below. */
  | { readonly kind: 'lognormal'; readonly median: number; readonly sigma: number }
  | { readonly kind: 'lognormal'; readonly median: number; readonly p90: number }
  | { readonly kind: 'weibull'; readonly shape: number; readonly scale: number }
  | { readonly kind: 'pareto'; readonly min: number; readonly alpha: number }
  /** Pairs of probability and value, both ascending, from 0 to 1; straight lines in between. */
  | { readonly kind: 'empirical'; readonly quantiles: readonly (readonly [number, number])[] }
  | { readonly kind: 'mixture'; readonly of: readonly MixturePart[] }
  /** It does not happen: infinity. */
  | { readonly kind: 'never' }

interface MixturePart {
  /** Relative to those of the other parts. */
  readonly weight: number
  readonly of: Distribution
}

/** Of the standard normal distribution. */
const P90 = normalQuantile(0.9)

/** One draw. */
export function draw(distribution: Distribution, prng: Prng): number {
  return quantile(distribution, prng.unit())
}

/** A draw as a time: whole milliseconds from 0 on, or infinity. */
export function drawMs(distribution: Distribution, prng: Prng): number {
  return Math.max(0, Math.round(draw(distribution, prng)))
}

/** The value that is not exceeded with probability `p` in [0, 1). For a mixture: of the part that `p` falls into. */
export function quantile(distribution: Distribution, p: number): number {
  switch (distribution.kind) {
    case 'constant':
      return distribution.value
    case 'uniform':
      return distribution.min + p * (distribution.max - distribution.min)
    case 'exponential':
      return -distribution.mean * Math.log1p(-p)
    case 'lognormal':
      return p === 0 ? 0 : distribution.median * Math.exp(sigmaOf(distribution) * normalQuantile(p))
    case 'weibull':
      return distribution.scale * (-Math.log1p(-p)) ** (1 / distribution.shape)
    case 'pareto':
      return distribution.min * (1 - p) ** (-1 / distribution.alpha)
    case 'empirical':
      return interpolated(distribution.quantiles, p)
    case 'mixture':
      return ofMixture(distribution.of, p)
    case 'never':
      return Infinity
    default:
      return unreachable(distribution, 'distribution')
  }
}

function sigmaOf(distribution: Extract<Distribution, { kind: 'lognormal' }>): number {
  return 'sigma' in distribution ? distribution.sigma : Math.log(distribution.p90 / distribution.median) / P90
}

function interpolated(quantiles: readonly (readonly [number, number])[], p: number): number {
  let low = 0
  let high = quantiles.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (quantiles[middle]![0] <= p) low = middle
    else high = middle
  }
  const [p0, v0] = quantiles[low]!
  const [p1, v1] = quantiles[high]!
  if (p >= p1) return v1
  return p <= p0 || p1 === p0 ? v0 : v0 + ((p - p0) / (p1 - p0)) * (v1 - v0)
}

/** The uniform number chooses the part, and what is left of it is uniform again within the part. */
function ofMixture(parts: readonly MixturePart[], p: number): number {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  let rest = p * total
  for (const { weight, of } of parts) {
    if (rest < weight) return quantile(of, rest / weight)
    rest -= weight
  }
  return quantile(parts.at(-1)!.of, 0)
}
