import { Distribution, type DistributionSummary } from './distribution.ts'

export interface AddressFigures {
  /** How often a pod was given an address that the trace knows. */
  readonly given: number
  /** Of these, how often another pod had had it before, and had left it. */
  readonly reused: number
  /** How often another pod still had it: pods of a host's network, or an error of the source. */
  readonly shared: number
  /** From when the earlier pod left it until the other took it, in milliseconds. */
  readonly afterMs?: DistributionSummary
  /** Addresses that were left so long ago that they were forgotten for room: their reuse is not counted. */
  readonly forgotten: number
}

/** Addresses that nobody has: as many are remembered at least, and at most twice as many. */
const LEFT_MIN = 150_000

/** Which addresses are taken again by another pod, and after how long: what mixes the series of two pods. */
export class AddressReuse {
  /** How many pods have each address now. */
  readonly #held = new Map<string, number>()
  /**
   * When each was left by the last pod that had it: the newer ones, and those before. The older are forgotten all at once: to
   * delete the first of a Map again and again takes time that grows with its size.
   */
  #left = new Map<string, number>()
  #leftBefore = new Map<string, number>()
  readonly #afterMs = new Distribution()
  #given = 0
  #reused = 0
  #shared = 0
  #forgotten = 0

  take(t: number, address: string): void {
    this.#given++
    const holders = this.#held.get(address) ?? 0
    this.#held.set(address, holders + 1)
    if (holders > 0) this.#shared++
    const leftMs = this.#left.get(address) ?? this.#leftBefore.get(address)
    if (leftMs === undefined) return
    this.#left.delete(address)
    this.#leftBefore.delete(address)
    if (holders > 0) return
    this.#reused++
    this.#afterMs.record(t - leftMs)
  }

  leave(t: number, address: string): void {
    const holders = this.#held.get(address)!
    if (holders > 1) {
      this.#held.set(address, holders - 1)
      return
    }
    this.#held.delete(address)
    this.#left.set(address, t)
    if (this.#left.size < LEFT_MIN) return
    this.#forgotten += this.#leftBefore.size
    this.#leftBefore = this.#left
    this.#left = new Map()
  }

  finish(): AddressFigures {
    const afterMs = this.#afterMs.summary()
    return {
      given: this.#given,
      reused: this.#reused,
      shared: this.#shared,
      ...(afterMs === undefined ? {} : { afterMs }),
      forgotten: this.#forgotten,
    }
  }
}
