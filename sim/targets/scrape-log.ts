import { GrowableFloat64 } from '../../base/index.ts'
import type { TargetScrapeLog } from './messages.ts'

/** What became of a request, as `TargetScrapeLog.served` has it. */
export const SERVED = 1
export const EXCUSED = 2

/** The requests that one pod's socket saw: when, and whether each got its complete answer. Nine bytes a request. */
export class ScrapeLog {
  readonly uid: string
  readonly #requestMs = new GrowableFloat64(16)
  #served = new Uint8Array(16)

  constructor(uid: string) {
    this.uid = uid
  }

  get count(): number {
    return this.#requestMs.length
  }

  /** Returns the number of the entry, for `markServed`. */
  add(requestMs: number): number {
    const row = this.#requestMs.length
    this.#requestMs.push(requestMs)
    if (row === this.#served.length) {
      const bigger = new Uint8Array(2 * row)
      bigger.set(this.#served)
      this.#served = bigger
    }
    return row
  }

  markServed(row: number): void {
    this.#served[row] = SERVED
  }

  /** The answer was complete, and something about it lets the scraper choose whether it stores any of it. */
  markExcused(row: number): void {
    this.#served[row] = EXCUSED
  }

  /** A copy of exactly the entries so far, in buffers of its own: they may be transferred. */
  snapshot(): TargetScrapeLog {
    return { uid: this.uid, requestMs: this.#requestMs.view().slice(), served: this.#served.slice(0, this.count) }
  }
}
