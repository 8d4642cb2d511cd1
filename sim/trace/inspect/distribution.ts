import * as hdr from 'hdr-histogram-js'
import { assert } from '../../../base/index.ts'

/** Figures of many whole numbers: milliseconds, or counts. Quantiles are at most 0.1 % high, the others exact. */
export interface DistributionSummary {
  readonly count: number
  readonly min: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** How many values lie in [from, to); neighbours are a tenth of a decade apart. The first holds everything below 1. */
export interface DistributionBucket {
  readonly from: number
  readonly to: number
  readonly count: number
}

const DIGITS = 3
/** Twice what a trace can last: a hundred years in milliseconds. */
const VALUE_MAX = 2 * 100 * 366 * 86_400_000
const PER_DECADE = 10
/** Bucket 0 is for 0; bucket 1 begins at 1. */
const BUCKETS = 2 + Math.ceil(PER_DECADE * Math.log10(VALUE_MAX))

/**
 * Distribution of whole numbers from 0 to 6 · 10¹², in some hundred kilobytes, however many there are.
 *
 * `DurationHistogram` ends at an hour, and a pod may live for months.
 */
export class Distribution {
  readonly #histogram = hdr.build({
    bitBucketSize: 64,
    autoResize: true,
    numberOfSignificantValueDigits: DIGITS,
    useWebAssembly: false,
  })
  readonly #buckets = new Float64Array(BUCKETS)
  #count = 0
  #sum = 0
  #min = Infinity
  #max = 0

  get count(): number {
    return this.#count
  }

  record(value: number, times = 1): void {
    assert(Number.isInteger(value) && value >= 0 && value <= VALUE_MAX, () => `${value} is not in the distribution`)
    if (times === 0) return
    this.#histogram.recordValueWithCount(value, times)
    this.#buckets[value < 1 ? 0 : 1 + Math.floor(PER_DECADE * Math.log10(value) + 1e-9)]! += times
    this.#count += times
    this.#sum += value * times
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  /** `undefined` when nothing was recorded. */
  summary(): DistributionSummary | undefined {
    if (this.#count === 0) return undefined
    const at = (percentile: number): number => Math.min(this.#max, this.#histogram.getValueAtPercentile(percentile))
    return {
      count: this.#count,
      min: this.#min,
      mean: this.#sum / this.#count,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      max: this.#max,
    }
  }

  /** From the lowest that holds something to the highest, those between them included. */
  buckets(): DistributionBucket[] {
    const first = this.#buckets.findIndex(count => count > 0)
    const last = this.#buckets.findLastIndex(count => count > 0)
    const bound = (i: number): number => (i <= 0 ? 0 : 10 ** ((i - 1) / PER_DECADE))
    const out: DistributionBucket[] = []
    for (let i = Math.max(0, first); i <= last; i++) {
      out.push({ from: bound(i), to: bound(i + 1), count: this.#buckets[i]! })
    }
    return out
  }
}
