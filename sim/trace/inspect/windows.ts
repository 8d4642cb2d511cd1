import { Distribution } from './distribution.ts'

/** How often something happened in each window of a trace; empty windows count. Times are since 0, all of one width. */
export interface WindowFigures {
  readonly windowMs: number
  readonly windows: number
  /** Events in a window. */
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
  /** Start of the first window that had `max`. */
  readonly maxAtMs: number
  /** `max` over `mean`. */
  readonly peakToMean: number
  /** Fano factor: variance over mean of the counts. 1 for arrivals that know nothing of each other, more in bursts. */
  readonly fano: number
}

/** Counts in windows of one width, one after the other. */
export class WindowCounter {
  readonly windowMs: number
  readonly #counts = new Distribution()
  #window = 0
  #endMs: number
  #count = 0
  #sum = 0
  #squares = 0
  #max = 0
  #maxWindow = 0

  constructor(windowMs: number) {
    this.windowMs = windowMs
    this.#endMs = windowMs
  }

  // hot: once per event.
  add(t: number): void {
    if (t >= this.#endMs) this.#moveTo(Math.floor(t / this.windowMs))
    this.#count++
  }

  /** Ends the last window. It may be a shorter one than the others, and is counted as it is. */
  finish(endMs: number): WindowFigures {
    const { windowMs } = this
    const windows = Math.max(this.#window + 1, Math.ceil(endMs / windowMs))
    this.#moveTo(windows)
    const figures = this.#counts.summary()!
    const mean = this.#sum / windows
    const variance = Math.max(0, this.#squares / windows - mean * mean)
    return {
      windowMs,
      windows,
      mean,
      p50: figures.p50,
      p90: figures.p90,
      p99: figures.p99,
      max: this.#max,
      maxAtMs: this.#maxWindow * windowMs,
      peakToMean: mean === 0 ? 0 : this.#max / mean,
      fano: mean === 0 ? 0 : variance / mean,
    }
  }

  #moveTo(window: number): void {
    const count = this.#count
    this.#counts.record(count)
    this.#counts.record(0, window - this.#window - 1)
    this.#sum += count
    this.#squares += count * count
    if (count > this.#max) {
      this.#max = count
      this.#maxWindow = this.#window
    }
    this.#count = 0
    this.#window = window
    this.#endMs = (window + 1) * this.windowMs
  }
}
