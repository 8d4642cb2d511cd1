import { type Clock, formatDuration } from '../../../base/index.ts'
import { executionError, QueryError } from '../errors.ts'

/** How long one query may keep the thread before others have a turn, in nanoseconds. */
const SLICE_NS = 8_000_000n
/** Looking at the clock costs more than most series do: look once per this many. */
const SERIES_PER_LOOK = 32

export interface LimitOptions {
  readonly maxSamples: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * What one query may use: samples held in memory, time, and the thread.
 *
 * Samples are counted as cells of columns, whether or not there is a value in them, for that is what takes the memory;
 * besides these, the samples of the one series that is being read.
 */
export class Limits {
  readonly #clock: Clock
  readonly #maxSamples: number
  readonly #timeoutMs: number
  readonly #deadlineNs: bigint
  readonly #signal: AbortSignal | undefined
  #sliceEndNs: bigint
  #held = 0
  #series = 0
  /** Largest number of samples held at once. */
  peakSamples = 0
  /** Samples read from storage. */
  totalSamples = 0

  constructor(clock: Clock, options: LimitOptions) {
    const now = clock.monotonicNs()
    this.#clock = clock
    this.#maxSamples = options.maxSamples
    this.#timeoutMs = options.timeoutMs
    this.#deadlineNs = now + BigInt(Math.round(options.timeoutMs * 1e6))
    this.#sliceEndNs = now + SLICE_NS
    this.#signal = options.signal
  }

  /** Cells held now; give it to `restore` once what was made since is dropped. */
  get held(): number {
    return this.#held
  }

  restore(held: number): void {
    this.#held = held
  }

  /** @throws QueryError when the query then holds more than it may */
  hold(samples: number): void {
    this.#held += samples
    this.check(0)
  }

  /** As `hold`, for samples that are dropped again at once. */
  check(samples: number): void {
    const now = this.#held + samples
    if (now > this.peakSamples) this.peakSamples = now
    if (now > this.#maxSamples) {
      throw executionError('query processing would load too many samples into memory in query execution')
    }
  }

  /**
   * To be called between series. Returns a promise when others should have a turn, to be awaited by the caller.
   *
   * @throws QueryError canceled or timeout
   */
  betweenSeries(): Promise<void> | undefined {
    if (++this.#series % SERIES_PER_LOOK !== 0) return undefined
    return this.look()
  }

  /** As `betweenSeries`, looking at the clock in any case. */
  look(): Promise<void> | undefined {
    if (this.#signal?.aborted === true) throw new QueryError('canceled', 'query was canceled in expression evaluation')
    const now = this.#clock.monotonicNs()
    if (now > this.#deadlineNs) {
      const after = formatDuration(this.#timeoutMs)
      throw new QueryError('timeout', `query timed out in expression evaluation (after ${after})`)
    }
    if (now < this.#sliceEndNs) return undefined
    return this.#breathe()
  }

  async #breathe(): Promise<void> {
    await new Promise<void>(resolve => {
      setImmediate(resolve)
    })
    this.#sliceEndNs = this.#clock.monotonicNs() + SLICE_NS
  }
}
