import type { Clock } from '../../base/index.ts'

/**
 * How long the bodies that have arrived may keep the event loop in one turn. Tuned by hand with 1 000 pods of 100 new
 * series each that appear at once: below it, requests to those found last are no longer held up.
 */
const SLICE_NS = 4_000_000n

/**
 * Works on what has arrived without holding up what is about to be asked.
 *
 * A body takes a millisecond or more when its series are new, a request a tenth of that. When many targets appear at
 * once, their bodies would come before discovery and before the requests to the others; so a turn of the event loop
 * works on bodies for a while only and leaves the rest to the next. In the steady state all is done at once, in order.
 */
export class TurnBudget {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #next = 0
  #spentNs = 0n
  #isTurnPlanned = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs `work` now if the turn has time left and nobody waits, else in a later turn. */
  run(work: () => void): void {
    if (this.#waiting.length > this.#next || this.#spentNs >= SLICE_NS) {
      this.#waiting.push(work)
      return
    }
    this.#spend(work)
  }

  #spend(work: () => void): void {
    if (!this.#isTurnPlanned) {
      this.#isTurnPlanned = true
      setImmediate(() => this.#beginTurn())
    }
    const startedNs = this.#clock.monotonicNs()
    work()
    this.#spentNs += this.#clock.monotonicNs() - startedNs
  }

  #beginTurn(): void {
    this.#isTurnPlanned = false
    this.#spentNs = 0n
    while (this.#next < this.#waiting.length && this.#spentNs < SLICE_NS) this.#spend(this.#waiting[this.#next++]!)
    if (this.#next === this.#waiting.length) {
      this.#waiting.length = 0
      this.#next = 0
    }
  }
}
