import type { ChurnEvent } from '../churn-event.ts'
import { TraceState } from '../trace-state.ts'

/**
 * A part of a trace: what happens in [fromMs, toMs), told from 0 on. What there was at `fromMs` is there at 0, in the order
 * in which it came to be.
 */
export class Window {
  readonly #fromMs: number
  readonly #toMs: number
  /** What there is so far, until the window opens. */
  #before: TraceState | undefined

  constructor(fromMs: number, toMs: number) {
    this.#fromMs = fromMs
    this.#toMs = toMs
    this.#before = fromMs > 0 ? new TraceState() : undefined
  }

  /** Whether nothing more can come after an event at this time. */
  isOver(t: number): boolean {
    return t >= this.#toMs
  }

  *push(event: ChurnEvent): Generator<ChurnEvent> {
    if (event.t < this.#fromMs) {
      this.#before?.apply(event)
      return
    }
    yield* this.open()
    if (event.t < this.#toMs) yield { ...event, t: event.t - this.#fromMs }
  }

  /** What there was when the window opened; nothing the second time. For a window that opens after the last event. */
  *open(): Generator<ChurnEvent> {
    const before = this.#before
    this.#before = undefined
    for (const transition of before?.transitions() ?? []) yield { t: 0, ...transition }
  }
}
