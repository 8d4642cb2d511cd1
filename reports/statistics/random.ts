import type { Prng } from '../../base/index.ts'

/** A draw from the standard normal distribution (Box and Muller). */
export function standardNormal(prng: Prng): number {
  // 1 − unit() is in (0, 1]: the logarithm is finite.
  return Math.sqrt(-2 * Math.log(1 - prng.unit())) * Math.cos(2 * Math.PI * prng.unit())
}

/** A draw from Beta(a, b), a and b at least 1. */
export function beta(prng: Prng, a: number, b: number): number {
  const x = gamma(prng, a)
  return x / (x + gamma(prng, b))
}

/** A draw from Gamma(shape, 1), shape at least 1 (Marsaglia and Tsang). */
function gamma(prng: Prng, shape: number): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const z = standardNormal(prng)
    const v = (1 + c * z) ** 3
    if (v > 0 && Math.log(1 - prng.unit()) < 0.5 * z * z + d - d * v + d * Math.log(v)) return d * v
  }
}
