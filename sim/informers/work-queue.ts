import type { Timer } from '../../base/index.ts'
import type { PlannedClock } from './planned-clock.ts'

export interface WorkQueueOptions {
  /** Planned time between the starts of any two runs: what a client that sends one write after the other needs. */
  readonly spacingMs?: number
  /**
   * Planned time between the starts of two runs for one key: a write in flight. Changes meanwhile are taken together,
   * as they are in Kubernetes, where a key is never worked on twice at once. By key where writes differ much in size.
   */
  readonly keySpacingMs?: number | ((key: string) => number)
}

/**
 * Level-triggered work: keys that are to be reconciled, each at most once at a time, each run a call of its own on the clock.
 *
 * ```
 *   idle ──add──▶ planned ──due──▶ running ──▶ idle            (add while running plans the next run)
 *                    ▲ add with an earlier time moves it forward
 * ```
 *
 * Runs at the same instant are made in the order in which they were added. Nothing here depends on real time.
 */
export class WorkQueue {
  readonly #clock: PlannedClock
  readonly #reconcile: (key: string) => void
  readonly #spacingMs: number
  readonly #keySpacingMs: (key: string) => number
  readonly #planned = new Map<string, { readonly atMs: number; readonly timer: Timer }>()
  /** When a key may run again; swept now and then. */
  readonly #notBeforeMs = new Map<string, number>()
  #freeFromMs = 0
  #sweepAt = 1024

  constructor(clock: PlannedClock, reconcile: (key: string) => void, options: WorkQueueOptions = {}) {
    this.#clock = clock
    this.#reconcile = reconcile
    this.#spacingMs = options.spacingMs ?? 0
    const { keySpacingMs = 0 } = options
    this.#keySpacingMs = typeof keySpacingMs === 'number' ? () => keySpacingMs : keySpacingMs
  }

  /** Keys that wait for their run. */
  get size(): number {
    return this.#planned.size
  }

  /** Plans a run for `key`, `delayMs` from now or as soon as spacing allows. */
  add(key: string, delayMs = 0): void {
    const nowMs = this.#clock.elapsedMs
    let atMs = Math.max(nowMs + delayMs, this.#notBeforeMs.get(key) ?? 0)
    const planned = this.#planned.get(key)
    if (planned !== undefined) {
      if (planned.atMs <= atMs) return
      planned.timer.cancel()
    }
    if (this.#spacingMs > 0) {
      atMs = Math.max(atMs, this.#freeFromMs)
      this.#freeFromMs = atMs + this.#spacingMs
    }
    this.#planned.set(key, { atMs, timer: this.#clock.schedule(atMs - nowMs, () => this.#run(key)) })
  }

  /** Forgets a planned run. */
  drop(key: string): void {
    this.#planned.get(key)?.timer.cancel()
    this.#planned.delete(key)
  }

  #run(key: string): void {
    this.#planned.delete(key)
    const keySpacingMs = this.#keySpacingMs(key)
    if (keySpacingMs > 0) {
      this.#notBeforeMs.set(key, this.#clock.elapsedMs + keySpacingMs)
      if (this.#notBeforeMs.size >= this.#sweepAt) this.#sweep()
    }
    this.#reconcile(key)
  }

  #sweep(): void {
    const nowMs = this.#clock.elapsedMs
    for (const [key, atMs] of this.#notBeforeMs) if (atMs <= nowMs) this.#notBeforeMs.delete(key)
    this.#sweepAt = Math.max(1024, this.#notBeforeMs.size * 2)
  }
}
