import * as hdr from 'hdr-histogram-js'
import { assert } from './assert.ts'
import { CodedError, ExitCode } from './errors.ts'
import { decodeBuckets } from './hdr-encoding.ts'

/** Highest recordable value: one hour in nanoseconds. */
const MAX_NS = 3_600_000_000_000
const LOWEST_NS = 1
const DIGITS = 3
/** A bucket's highest value is less than this many times its lowest. */
const BUCKET_RATIO = 1.001

let wasmReady = false

/**
 * A histogram of durations in whole nanoseconds, with three significant digits from 1 ns to 1 h.
 *
 * Recording runs in WebAssembly. An out-of-range record would throw there, and a few hundred caught throws kill the
 * module for the whole thread: therefore every value is judged before it is handed over, and what had to be moved into
 * the range is counted in `clamped`. NaN is a mistake of ours and is counted, not recorded.
 *
 * WASM memory is freed by `destroy` only.
 */
export class DurationHistogram {
  readonly #histogram: hdr.Histogram
  #clamped = 0
  #rejected = 0

  constructor() {
    // One WASM module per thread; loading is synchronous and takes a few milliseconds.
    if (!wasmReady) {
      hdr.initWebAssemblySync()
      wasmReady = true
    }
    this.#histogram = hdr.build({
      bitBucketSize: 64,
      autoResize: false,
      lowestDiscernibleValue: LOWEST_NS,
      highestTrackableValue: MAX_NS,
      numberOfSignificantValueDigits: DIGITS,
      useWebAssembly: true,
    })
  }

  /** Reads what `encode` wrote. @throws CodedError CHURN_HISTOGRAM */
  static decode(base64: string): DurationHistogram {
    const out = new DurationHistogram()
    out.addEncoded(base64)
    return out
  }

  get count(): number {
    return this.#histogram.totalCount
  }

  /** Values that lay outside the range and were moved to its nearest end. */
  get clamped(): number {
    return this.#clamped
  }

  /** NaNs that were given to `record`. */
  get rejected(): number {
    return this.#rejected
  }

  /** @param ns nanoseconds; fractions are rounded, negatives become 0. */
  record(ns: number): void {
    if (ns !== ns) {
      this.#rejected++
      return
    }
    let value = Math.round(ns)
    if (value < 0 || value > MAX_NS) {
      this.#clamped++
      value = value < 0 ? 0 : MAX_NS
    }
    this.#histogram.recordValue(value)
  }

  /**
   * Adds all of another histogram, given as its encoding.
   *
   * Nothing has been added when this throws.
   *
   * @throws CodedError CHURN_HISTOGRAM when it is not an encoding, or reaches beyond one hour.
   */
  addEncoded(base64: string): void {
    const values: number[] = []
    const counts: number[] = []
    decodeBuckets(base64, (highestValue, count) => {
      values.push(highestValue)
      counts.push(count)
    })
    // The hour itself lies in a bucket that reaches a little beyond it.
    if ((values.at(-1) ?? 0) > MAX_NS * BUCKET_RATIO) {
      throw new CodedError('CHURN_HISTOGRAM', 'the encoded histogram holds values above one hour', {
        exitCode: ExitCode.usage,
      })
    }
    for (let i = 0; i < values.length; i++) {
      this.#histogram.recordValueWithCount(Math.min(values[i]!, MAX_NS), counts[i]!)
    }
  }

  /**
   * The value that `percentile` (in [0, 100]) of all values do not exceed: nanoseconds, 0 when empty.
   *
   * It is the top of its bucket, up to 0.1 % high, but never above `max`.
   */
  atPercentile(percentile: number): number {
    assert(percentile >= 0 && percentile <= 100, () => `percentile ${percentile} is not in [0, 100]`)
    return this.count === 0 ? 0 : Math.min(this.#histogram.getValueAtPercentile(percentile), this.max)
  }

  /**
   * Nanoseconds, each 0 when empty. `min` is the bottom of its bucket; `max` is exact for what was recorded here and the
   * top of its bucket for what was decoded.
   */
  get min(): number {
    return this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(0)
  }

  get max(): number {
    return this.count === 0 ? 0 : this.#histogram.maxValue
  }

  get mean(): number {
    return this.count === 0 ? 0 : Math.min(this.#histogram.mean, this.max)
  }

  /** HDR V2, compressed, base64: what reports keep and merge. */
  encode(): string {
    return hdr.encodeIntoCompressedBase64(this.#histogram)
  }

  reset(): void {
    this.#histogram.reset()
    this.#clamped = 0
    this.#rejected = 0
  }

  destroy(): void {
    this.#histogram.destroy?.()
  }
}
