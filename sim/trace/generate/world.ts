import { assert, EventQueue, type Timer } from '../../../base/index.ts'
import type { ChurnEvent, Transition } from '../churn-event.ts'

const NOTHING: Timer = { cancel: () => {} }

/** Time of a generated trace, in whole milliseconds, and what happens in it. Nothing is planned beyond its end. */
export class World {
  /** The day's begin is so long before time 0. */
  readonly dayOffsetMs: number
  readonly #endMs: number
  readonly #queue = new EventQueue()
  #nowMs = 0
  #events: ChurnEvent[] = []

  constructor(endMs: number, startHour: number) {
    this.#endMs = endMs
    this.dayOffsetMs = Math.round(startHour * 3_600_000)
  }

  get nowMs(): number {
    return this.#nowMs
  }

  get endMs(): number {
    return this.#endMs
  }

  /** Calls `fn` after so many whole milliseconds; never, when that is infinity or beyond the end. */
  after(delayMs: number, fn: () => void): Timer {
    return this.at(this.#nowMs + delayMs, fn)
  }

  /** The same at an instant; one that has passed is now. */
  at(atMs: number, fn: () => void): Timer {
    const wholeMs = Math.max(this.#nowMs, Math.round(atMs))
    return wholeMs <= this.#endMs ? this.#queue.push(wholeMs, fn) : NOTHING
  }

  emit(transition: Transition): void {
    this.#events.push({ t: this.#nowMs, ...transition })
  }

  /** Makes the next call and returns what happened in it; `undefined` when nothing is planned any more. */
  step(): readonly ChurnEvent[] | undefined {
    const next = this.#queue.pop()
    if (next === undefined) return undefined
    assert(next.atMs >= this.#nowMs, () => `planned for ${next.atMs} ms, and it is ${this.#nowMs} ms`)
    this.#nowMs = next.atMs
    next.fn()
    return this.take()
  }

  /** What has happened since it was last asked. */
  take(): readonly ChurnEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }
}
