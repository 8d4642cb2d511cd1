import { type Clock, formatDuration, formatSeconds, type Timer } from '../../../base/index.ts'
import { TraceError } from '../errors.ts'

/**
 * Whether the API server can be followed, over all watches: told once when it cannot and once when it can again, and given up
 * when that lasts too long.
 *
 * ```
 *   fine ── a watch fails twice in a row ──▶ away ── none fails any more ──▶ fine
 *                                              └──── giveUpMs passed ──────▶ given up
 * ```
 */
export class ServerHealth {
  readonly #clock: Clock
  readonly #giveUpMs: number
  readonly #tell: (sentence: string) => void
  readonly #onGivenUp: (error: TraceError) => void
  readonly #failing = new Set<object>()
  #sinceNs = 0n
  #timer: Timer | undefined
  #outages = 0
  #reason = ''

  constructor(
    clock: Clock,
    options: {
      readonly giveUpMs: number
      readonly tell: (sentence: string) => void
      readonly onGivenUp: (error: TraceError) => void
    },
  ) {
    this.#clock = clock
    this.#giveUpMs = options.giveUpMs
    this.#tell = options.tell
    this.#onGivenUp = options.onGivenUp
  }

  /** Times that the server was away. */
  get outages(): number {
    return this.#outages
  }

  failing(watch: object, reason: string): void {
    this.#reason = reason
    this.#failing.add(watch)
    if (this.#timer !== undefined) return
    this.#outages++
    this.#sinceNs = this.#clock.monotonicNs()
    this.#tell(
      `the API server cannot be followed (${reason}); trying again for up to ${formatDuration(this.#giveUpMs)}`,
    )
    this.#timer = this.#clock.schedule(this.#giveUpMs, () =>
      this.#onGivenUp(
        new TraceError(
          'CHURN_TRACE_RECORD',
          `the API server could not be followed for ${formatDuration(this.#giveUpMs)} (${this.#reason}); what was ` +
            'recorded until then is kept, and --resume goes on with it',
        ),
      ),
    )
  }

  fine(watch: object): void {
    if (!this.#failing.delete(watch) || this.#failing.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
    const lastedS = Number(this.#clock.monotonicNs() - this.#sinceNs) / 1e9
    this.#tell(`the API server can be followed again, after ${formatSeconds(lastedS)}`)
  }

  stop(): void {
    this.#timer?.cancel()
  }
}
