/** Differences of counts up to this ratio are rounding, not disorder. */
const ROUNDING = 1e-12
const MIN_NORMAL = 2.2250738585072014e-308

/**
 * Cumulative buckets of one classic histogram at one instant: `counts[i]` observations ≤ `bounds[i]`, ascending.
 *
 * Reused from step to step; `length` buckets are valid.
 */
export class Buckets {
  bounds = new Float64Array(32)
  counts = new Float64Array(32)
  length = 0
  /** What `makeMonotonic` had to change, for the annotation; `maxDrop` 0 when nothing beyond rounding. */
  minFixedBound = 0
  maxFixedBound = 0
  maxDrop = 0
  fixed = false

  clear(): void {
    this.length = 0
  }

  /** Adds a bucket; bounds must not fall. Buckets with equal bounds are added up. */
  push(bound: number, count: number): void {
    if (this.length > 0 && this.bounds[this.length - 1] === bound) {
      this.counts[this.length - 1]! += count
      return
    }
    if (this.length === this.bounds.length) {
      const bounds = new Float64Array(this.length * 2)
      bounds.set(this.bounds)
      this.bounds = bounds
      const counts = new Float64Array(this.length * 2)
      counts.set(this.counts)
      this.counts = counts
    }
    this.bounds[this.length] = bound
    this.counts[this.length++] = count
  }

  /** The φ-quantile, linearly interpolated within its bucket. May raise counts to make them monotonic. */
  quantile(phi: number): number {
    this.fixed = false
    if (phi !== phi) return NaN
    if (phi < 0) return -Infinity
    if (phi > 1) return Infinity
    const { bounds, counts, length } = this
    if (length === 0 || bounds[length - 1] !== Infinity) return NaN
    this.#makeMonotonic()
    if (length < 2) return NaN
    const observations = counts[length - 1]!
    if (observations === 0) return NaN
    let rank = phi * observations
    let b = 0
    while (b < length - 1 && !(counts[b]! >= rank)) b++
    if (b === length - 1) return bounds[length - 2]!
    if (b === 0 && bounds[0]! <= 0) return bounds[0]!
    let from = 0
    let count = counts[b]!
    if (b > 0) {
      from = bounds[b - 1]!
      count -= counts[b - 1]!
      rank -= counts[b - 1]!
    }
    return from + (bounds[b]! - from) * (rank / count)
  }

  /** The share of observations between `lower` and `upper`. */
  fraction(lower: number, upper: number): number {
    const { bounds, counts, length } = this
    if (length === 0 || bounds[length - 1] !== Infinity) return NaN
    const total = counts[length - 1]!
    if (total === 0 || lower !== lower || upper !== upper) return NaN
    if (lower >= upper) return 0
    return (this.#rankOf(upper, total) - this.#rankOf(lower, total)) / total
  }

  /** Observations ≤ `value`, interpolated. Buckets of infinite width do not interpolate. */
  #rankOf(value: number, total: number): number {
    const { bounds, counts, length } = this
    let rank = 0
    let from = bounds[0]! <= 0 ? -Infinity : 0
    for (let i = 0; i < length; i++) {
      if (i > 0) from = bounds[i - 1]!
      const to = bounds[i]!
      if (from >= value) return Math.min(rank, total)
      if (to > value) {
        const share = from === -Infinity ? counts[i]! : rank + ((counts[i]! - rank) * (value - from)) / (to - from)
        return Math.min(share, total)
      }
      rank = counts[i]!
    }
    return total
  }

  #makeMonotonic(): void {
    const { bounds, counts, length } = this
    this.minFixedBound = Infinity
    this.maxFixedBound = -Infinity
    this.maxDrop = 0
    let previous = counts[0]!
    for (let i = 1; i < length; i++) {
      const count = counts[i]!
      if (count === previous) continue
      if (almostEqual(previous, count)) {
        counts[i] = previous
      } else if (count < previous) {
        counts[i] = previous
        this.fixed = true
        this.minFixedBound = Math.min(this.minFixedBound, bounds[i]!)
        this.maxFixedBound = Math.max(this.maxFixedBound, bounds[i]!)
        this.maxDrop = Math.max(this.maxDrop, previous - count)
      } else {
        previous = count
      }
    }
  }
}

function almostEqual(a: number, b: number): boolean {
  if (a !== a && b !== b) return true
  if (a === b) return true
  const sum = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < MIN_NORMAL) return difference < ROUNDING * MIN_NORMAL
  return difference / Math.min(sum, Number.MAX_VALUE) < ROUNDING
}
