import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { DurationHistogram } from './histogram.ts'

/** Resolution of the sampling timer, in milliseconds: delays below it are not seen. */
const RESOLUTION_MS = 5

/** Watches how late this thread's event loop runs its timers, for the report's judgement of the harness itself. */
export class EventLoopDelay {
  readonly #monitor: IntervalHistogram

  constructor() {
    this.#monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#monitor.enable()
  }

  /** Forgets what was seen, e.g. the start-up. */
  reset(): void {
    this.#monitor.reset()
  }

  /**
   * What was seen since the start or the last reset, as an encoded `DurationHistogram`: delay beyond the sampling
   * interval itself, so that an idle thread reads about 0.
   *
   * Node keeps its own buckets; they are carried over at 1 000 evenly spaced percentiles.
   */
  encode(): string {
    const out = new DurationHistogram()
    const { count } = this.#monitor
    const points = Math.min(count, 1000)
    for (let i = 0; i < points; i++) {
      const percentile = (100 * (i + 1)) / points
      out.record(this.#monitor.percentile(percentile) - RESOLUTION_MS * 1e6)
    }
    const encoded = out.encode()
    out.destroy()
    return encoded
  }

  stop(): void {
    this.#monitor.disable()
  }
}
