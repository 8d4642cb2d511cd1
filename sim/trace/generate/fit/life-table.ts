import type { Distribution } from '../distribution.ts'

/** Milliseconds up to here have a bucket each; beyond, each power of two has so many. */
const EXACT = 128
const EXACT_BITS = 7
const PER_OCTAVE = 64
const OCTAVES = 40
const BUCKETS = EXACT + OCTAVES * PER_OCTAVE
/** A share that never happens and is smaller than this is taken for none. */
const NEVER_SHARE_MIN = 0.0005

/** Probabilities of the quantiles that a model keeps: the middle evenly, the tails more closely. */
export const QUANTILE_PROBABILITIES = [
  0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85,
  0.9, 0.925, 0.95, 0.975, 0.99, 0.995, 0.999, 1,
]

/**
 * How long something takes, learned from cases that came to their end and from cases that were only watched for a while
 * (censored): the product-limit estimate of Kaplan and Meier, over buckets that are exact to 128 and 1.6 % wide beyond.
 * Memory is the same for any number of cases. Counts can be learned as well as times.
 */
export class LifeTable {
  readonly #ended = new Float64Array(BUCKETS)
  readonly #censored = new Float64Array(BUCKETS)
  #endedCount = 0
  #censoredCount = 0
  #min = Infinity
  #max = 0

  /** It took so long. */
  end(value: number): void {
    this.#ended[bucketOf(value)]!++
    this.#endedCount++
    this.#min = Math.min(this.#min, value)
    this.#max = Math.max(this.#max, value)
  }

  /** It had not happened after so long, when nobody watched any more. */
  censor(value: number): void {
    this.#censored[bucketOf(value)]!++
    this.#censoredCount++
  }

  /** Cases that came to their end. */
  get ended(): number {
    return this.#endedCount
  }

  /** All cases. */
  get count(): number {
    return this.#endedCount + this.#censoredCount
  }

  /** `undefined` when there was no case. */
  distribution(): Distribution | undefined {
    if (this.count === 0) return undefined
    if (this.#endedCount === 0) return { kind: 'never' }
    const { shares, total } = this.#shares()
    const of = this.#empirical(shares, total)
    const never = 1 - total
    if (never < NEVER_SHARE_MIN) return of
    return {
      kind: 'mixture',
      of: [
        { weight: rounded(total), of },
        { weight: rounded(never), of: { kind: 'never' } },
      ],
    }
  }

  /** Share of all cases that end within each bucket; together less than 1 where some outlasted all watching. */
  #shares(): { readonly shares: Float64Array; readonly total: number } {
    const shares = new Float64Array(BUCKETS)
    let atRisk = this.count
    let surviving = 1
    for (let i = 0; i < BUCKETS; i++) {
      const ended = this.#ended[i]!
      if (ended > 0) {
        shares[i] = surviving * (ended / atRisk)
        surviving -= shares[i]!
      }
      atRisk -= ended + this.#censored[i]!
    }
    return { shares, total: 1 - surviving }
  }

  #empirical(shares: Float64Array, total: number): Distribution {
    if (this.#min === this.#max) return { kind: 'constant', value: this.#min }
    const quantiles: [number, number][] = []
    let bucket = 0
    let before = 0
    for (const p of QUANTILE_PROBABILITIES) {
      const wanted = p * total
      while (bucket < BUCKETS - 1 && before + shares[bucket]! < wanted) before += shares[bucket++]!
      const within = shares[bucket] === 0 ? 0 : (wanted - before) / shares[bucket]!
      const value = p === 0 ? this.#min : p === 1 ? this.#max : valueIn(bucket, within)
      quantiles.push([p, rounded(Math.min(this.#max, Math.max(this.#min, value)))])
    }
    return { kind: 'empirical', quantiles: quantiles.filter((_, i) => !isBetweenEquals(quantiles, i)) }
  }
}

/** A few cases make long steps, of which the ends say all. */
function isBetweenEquals(quantiles: readonly (readonly [number, number])[], i: number): boolean {
  const value = quantiles[i]![1]
  return quantiles[i - 1]?.[1] === value && quantiles[i + 1]?.[1] === value
}

function bucketOf(value: number): number {
  if (value < EXACT) return Math.max(0, Math.floor(value))
  const octave = Math.floor(Math.log2(value))
  const within = Math.floor((value / 2 ** octave - 1) * PER_OCTAVE)
  return Math.min(BUCKETS - 1, EXACT + (octave - EXACT_BITS) * PER_OCTAVE + within)
}

/** @param within share of the bucket that lies below, in [0, 1]. */
function valueIn(bucket: number, within: number): number {
  if (bucket < EXACT) return bucket
  const octave = EXACT_BITS + Math.floor((bucket - EXACT) / PER_OCTAVE)
  const step = (bucket - EXACT) % PER_OCTAVE
  return 2 ** octave * (1 + (step + within) / PER_OCTAVE)
}

/** Six digits are more than any of this is worth. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6))
}
