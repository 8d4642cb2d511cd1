import type { Clock, Prng } from '../../../base/index.ts'

const FIRST_MS = 800
const MAX_MS = 30_000
/** After this long without trouble it starts over. */
const RESET_NS = 120_000_000_000n

/** How long to wait before trying again: 0.8 s, doubling to 30 s, each stretched by a random part of up to 100 %. */
export class Backoff {
  readonly #clock: Clock
  readonly #prng: Prng
  #baseMs = FIRST_MS
  #lastNs: bigint | undefined

  constructor(clock: Clock, prng: Prng) {
    this.#clock = clock
    this.#prng = prng
  }

  nextMs(): number {
    const nowNs = this.#clock.monotonicNs()
    if (this.#lastNs !== undefined && nowNs - this.#lastNs > RESET_NS) this.#baseMs = FIRST_MS
    this.#lastNs = nowNs
    const baseMs = this.#baseMs
    this.#baseMs = Math.min(baseMs * 2, MAX_MS)
    return baseMs * (1 + this.#prng.unit())
  }
}
