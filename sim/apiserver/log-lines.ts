import { Prng } from '../../base/index.ts'

/** Mean distance of two lines, in milliseconds of planned time. */
const PERIOD_MS = 1000

const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT'] as const
const PATHS = ['/', '/api/items', '/api/items/42', '/api/orders', '/healthz', '/metrics', '/static/app.js'] as const
const STATUS = [200, 200, 200, 200, 200, 204, 304, 404, 500] as const

/**
 * What one run of a container has written: nothing is kept, every line can be worked out by its number, and is the same
 * whenever it is asked for.
 *
 * Line `k` is written at a drawn moment of the k-th second since the container's start, so that lines are in order and any
 * time leads to its line in one step.
 */
export class LogLines {
  readonly #prng: Prng
  readonly #startMs: number
  readonly #endMs: number

  /**
   * @param run names the run of the container: other runs write other lines.
   * @param endMs when the container ended; `Infinity` while it runs. Unix milliseconds of planned time.
   */
  constructor(run: string, startMs: number, endMs: number) {
    this.#prng = new Prng(run)
    this.#startMs = startMs
    this.#endMs = endMs
  }

  /** Number of lines that were written before `unixMs`, and thus the first that was not. */
  countBefore(unixMs: number): number {
    const untilMs = Math.min(unixMs, this.#endMs)
    const second = Math.floor((untilMs - this.#startMs) / PERIOD_MS)
    if (second < 0) return 0
    return this.#timeOf(second).unixMs < untilMs ? second + 1 : second
  }

  /** @param timestamps whether it begins with its time, to the nanosecond. */
  line(index: number, timestamps: boolean): string {
    const { prng, unixMs } = this.#timeOf(index)
    const nanoseconds = String(prng.below(1_000_000)).padStart(6, '0')
    const prefix = timestamps ? `${new Date(unixMs).toISOString().slice(0, -1)}${nanoseconds}Z ` : ''
    if (index === 0) return `${prefix}level=info msg="started"\n`
    const status = pick(prng, STATUS)
    const level = status >= 500 ? 'error' : 'info'
    const method = pick(prng, METHODS)
    const durationMs = 1 + prng.below(250)
    return `${prefix}level=${level} msg="request" method=${method} path=${pick(prng, PATHS)} status=${status} duration=${durationMs}ms\n`
  }

  #timeOf(index: number): { readonly prng: Prng; readonly unixMs: number } {
    const prng = this.#prng.fork(String(index))
    // The first says that it has started, at once.
    const offsetMs = prng.below(PERIOD_MS)
    return { prng, unixMs: this.#startMs + index * PERIOD_MS + (index === 0 ? 0 : offsetMs) }
  }
}

function pick<T>(prng: Prng, values: readonly T[]): T {
  return values[prng.below(values.length)]!
}
