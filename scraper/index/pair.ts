import type { SeriesRef } from '../storage/interfaces.ts'
import type { LabelName } from './label-name.ts'

/**
 * One label pair and its postings: the refs of the series that carry it, ascending.
 *
 * Refs rise, so that nearly every insertion is an append. A deleted series stays in the list until a quarter of the
 * list is dead, so that deleting costs O(1) amortised however long the list is; readers filter. Most pairs of a
 * churning cluster belong to one series only, and one ref needs no array.
 */
export class Pair {
  /** Number of the pair; free to be reused once the pair is gone. */
  readonly id: number
  readonly name: LabelName
  readonly value: string
  #refs: Uint32Array | undefined
  #only: SeriesRef = 0
  #length = 0
  #dead = 0

  constructor(id: number, name: LabelName, value: string) {
    this.id = id
    this.name = name
    this.value = value
  }

  /** Entries of the list, dead ones included: what reading it costs. */
  get length(): number {
    return this.#length
  }

  /** Series that carry the pair. */
  get live(): number {
    return this.#length - this.#dead
  }

  get bytes(): number {
    return this.#refs?.byteLength ?? 0
  }

  add(ref: SeriesRef): void {
    if (this.#length === 0) {
      this.#only = ref
      this.#length = 1
      return
    }
    let refs = this.#refs
    if (refs === undefined) {
      refs = this.#refs = new Uint32Array(4)
      refs[0] = this.#only
    } else if (this.#length === refs.length) {
      this.#refs = new Uint32Array(refs.length * 2)
      this.#refs.set(refs)
      refs = this.#refs
    }
    let at = this.#length
    if (refs[at - 1]! > ref) {
      // Only while a log is replayed: its checkpoint may name series that are younger than those behind it.
      while (at > 0 && refs[at - 1]! > ref) at--
      refs.copyWithin(at + 1, at, this.#length)
    }
    refs[at] = ref
    this.#length++
  }

  /** The refs, dead ones included; valid until the list changes. */
  view(): Uint32Array {
    if (this.#refs !== undefined) return this.#refs.subarray(0, this.#length)
    return this.#length === 0 ? NONE : Uint32Array.of(this.#only)
  }

  /** Counts one of the refs as dead and, when there are many of them, throws them out. */
  removed(isLive: (ref: SeriesRef) => boolean): void {
    this.#dead++
    if (this.#dead * 4 < this.#length || this.#refs === undefined) return
    const old = this.#refs
    // Shrinking with some room to grow: a pair that loses series in a rollout gains new ones in the same rollout.
    const fresh = new Uint32Array(Math.max(4, Math.ceil(this.live * 1.25)))
    let kept = 0
    for (let i = 0; i < this.#length; i++) if (isLive(old[i]!)) fresh[kept++] = old[i]!
    this.#refs = fresh
    this.#length = kept
    this.#dead = 0
  }
}

const NONE = new Uint32Array(0)
