import type { Timer } from '../../base/index.ts'
import type { PlannedClock } from '../informers/index.ts'

/**
 * Nodes of one zone that wait for their NoExecute taint, in the order in which they came: a token bucket of one token.
 *
 * ```
 *   waiting ──a token is there──▶ tainted, one after the other        (interval Infinity: nobody is)
 *      └── remove: the node is well again, or gone
 * ```
 *
 * Kubernetes looks every 100 ms whether there is a token; here the taint comes at the instant at which there is one.
 */
export class EvictionQueue {
  readonly #clock: PlannedClock
  readonly #taint: (node: string) => void
  readonly #waiting = new Set<string>()
  #intervalMs: number
  /** Planned time from which on there is a token. */
  #tokenMs = 0
  #timer: Timer | undefined

  /** @param intervalMs planned time in which a token comes. */
  constructor(clock: PlannedClock, intervalMs: number, taint: (node: string) => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#taint = taint
  }

  add(node: string): void {
    if (this.#waiting.has(node)) return
    this.#waiting.add(node)
    this.#plan()
  }

  remove(node: string): void {
    if (this.#waiting.delete(node)) this.#plan()
  }

  /** A new bucket: full when the old one had a token, else empty. `Infinity` stops all evictions. */
  setInterval(intervalMs: number): void {
    if (intervalMs === this.#intervalMs) return
    const nowMs = this.#clock.elapsedMs
    const hasToken = this.#intervalMs !== Infinity && this.#tokenMs <= nowMs
    this.#intervalMs = intervalMs
    this.#tokenMs = hasToken ? nowMs : nowMs + intervalMs
    this.#plan()
  }

  #plan(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#waiting.size === 0 || this.#intervalMs === Infinity) return
    const nowMs = this.#clock.elapsedMs
    this.#timer = this.#clock.schedule(Math.max(0, this.#tokenMs - nowMs), () => {
      this.#tokenMs = this.#clock.elapsedMs + this.#intervalMs
      const [node] = this.#waiting
      this.#waiting.delete(node!)
      this.#taint(node!)
      this.#plan()
    })
  }
}
