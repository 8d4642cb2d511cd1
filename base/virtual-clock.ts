import { assert } from './assert.ts'
import type { Clock, Timer } from './clock.ts'
import { EventQueue } from './event-queue.ts'

/** A clock that stands still until it is told to move. Calls run in order of (time, order of planning). */
export class VirtualClock implements Clock {
  readonly #queue = new EventQueue()
  readonly #epochMs: number
  readonly #held = new Set<Promise<unknown>>()
  #nowMs = 0

  /** @param epochMs Unix time in milliseconds at which the clock starts. */
  constructor(epochMs = Date.UTC(2026, 0, 1)) {
    this.#epochMs = epochMs
  }

  /** Milliseconds since the clock was made. */
  get elapsedMs(): number {
    return this.#nowMs
  }

  /** Planned calls that have not been made yet. */
  get pending(): number {
    return this.#queue.size
  }

  unixMs(): number {
    return this.#epochMs + this.#nowMs
  }

  monotonicNs(): bigint {
    return BigInt(Math.round(this.#nowMs * 1e6))
  }

  schedule(delayMs: number, fn: () => void): Timer {
    return this.#queue.push(this.#nowMs + Math.max(0, delayMs), fn)
  }

  /** Moves time forward by `ms`, making every call that falls due on the way, those planned meanwhile included. */
  advance(ms: number): void {
    assert(ms >= 0, () => `a clock cannot go back by ${-ms} ms`)
    const untilMs = this.#nowMs + ms
    for (;;) {
      const nextMs = this.#queue.peekMs()
      if (nextMs === undefined || nextMs > untilMs) break
      this.#nowMs = nextMs
      this.#queue.pop()!.fn()
    }
    this.#nowMs = untilMs
  }

  /** Time does not go on in `advanceHeld` before the promise settles, as in `PacedClock.hold`. */
  hold(promise: Promise<unknown>): void {
    const settled: Promise<unknown> = promise.then(
      () => this.#held.delete(settled),
      () => this.#held.delete(settled),
    )
    this.#held.add(settled)
  }

  /** Like `advance`, but waits wherever time is held. */
  async advanceHeld(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    for (;;) {
      while (this.#held.size > 0) await Promise.all(this.#held)
      const nextMs = this.#queue.peekMs()
      if (nextMs === undefined || nextMs > untilMs) break
      this.#nowMs = nextMs
      this.#queue.pop()!.fn()
    }
    this.#nowMs = untilMs
  }

  /** Makes at most `count` calls, whenever they fall due, and waits wherever time is held. */
  async advanceCalls(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      while (this.#held.size > 0) await Promise.all(this.#held)
      const call = this.#queue.pop()
      if (call === undefined) return
      this.#nowMs = call.atMs
      call.fn()
    }
  }

  /**
   * Like `advance`, but lets pending promises settle after every call, for code under test that awaits.
   *
   * A macrotask is awaited in between (`setImmediate`), so that chains of several `await`s come to rest.
   */
  async advanceAsync(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settle()
    for (;;) {
      const nextMs = this.#queue.peekMs()
      if (nextMs === undefined || nextMs > untilMs) break
      this.#nowMs = nextMs
      this.#queue.pop()!.fn()
      await settle()
    }
    this.#nowMs = untilMs
  }
}

function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
