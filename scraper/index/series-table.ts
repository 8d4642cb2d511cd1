import { GrowableUint32 } from '../../base/index.ts'
import type { SeriesRef } from '../storage/interfaces.ts'

const PAGE_BITS = 12
const PAGE_SIZE = 1 << PAGE_BITS
const FREE = 0
/** Where a series was: probing goes on, insertion may take it. No series has this ref. */
export const REF_MAX: number = 0xffff_fffe
const GRAVE = 0xffff_ffff

/**
 * The label sets of 4096 refs that follow one another: pair numbers, end to end.
 *
 * Sets of dead series stay until the page is given up: churn kills neighbours, for they were born together.
 */
class SeriesPage {
  readonly hashes = new Uint32Array(PAGE_SIZE)
  readonly starts = new Uint32Array(PAGE_SIZE)
  /** Number of labels plus 1; 0 when the series is not there. */
  readonly sizes = new Uint32Array(PAGE_SIZE)
  readonly pairIds = new GrowableUint32(256)
  live = 0
}

/** Series by ref and by label set. A label set is an array of pair numbers in the order of their names. */
export class SeriesTable {
  readonly #pages: (SeriesPage | undefined)[] = []
  /** Open addressing with linear probing, at most half full: refs. */
  #slots = new Uint32Array(1024)
  /** Slots that are not free, graves included. */
  #used = 0
  #size = 0

  /** Number of series. */
  get size(): number {
    return this.#size
  }

  /** One more than the highest ref that may be there. */
  get refEnd(): SeriesRef {
    return this.#pages.length * PAGE_SIZE
  }

  get bytes(): number {
    let bytes = this.#slots.byteLength
    for (const page of this.#pages) if (page) bytes += PAGE_SIZE * 12 + page.pairIds.array.byteLength
    return bytes
  }

  has(ref: SeriesRef): boolean {
    const page = this.#pages[ref >>> PAGE_BITS]
    return page !== undefined && page.sizes[ref & (PAGE_SIZE - 1)]! > 0
  }

  /** The series with this set, or 0. */
  find(pairIds: GrowableUint32): SeriesRef {
    const hash = hashOf(pairIds)
    const slots = this.#slots
    const mask = slots.length - 1
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const ref = slots[i]!
      if (ref === FREE) return 0
      if (ref !== GRAVE && this.#equals(ref, hash, pairIds)) return ref
    }
  }

  /** @param ref one that is not there. @param pairIds a set that is not there; copied. */
  add(ref: SeriesRef, pairIds: GrowableUint32): void {
    const hash = hashOf(pairIds)
    const page = (this.#pages[ref >>> PAGE_BITS] ??= new SeriesPage())
    const i = ref & (PAGE_SIZE - 1)
    page.hashes[i] = hash
    page.starts[i] = page.pairIds.length
    page.sizes[i] = pairIds.length + 1
    for (let k = 0; k < pairIds.length; k++) page.pairIds.push(pairIds.array[k]!)
    page.live++
    this.#size++
    if ((this.#used + 1) * 2 > this.#slots.length) this.#rehash()
    this.#place(ref, hash)
  }

  remove(ref: SeriesRef): void {
    const page = this.#pages[ref >>> PAGE_BITS]!
    const i = ref & (PAGE_SIZE - 1)
    const mask = this.#slots.length - 1
    let slot = page.hashes[i]! & mask
    while (this.#slots[slot] !== ref) slot = (slot + 1) & mask
    this.#slots[slot] = GRAVE
    page.sizes[i] = 0
    page.live--
    this.#size--
  }

  /** Gives the memory of a page without series back. @param ref any of its refs; none of them will be added again. */
  dropPageIfEmpty(ref: SeriesRef): void {
    const number = ref >>> PAGE_BITS
    if (this.#pages[number]?.live === 0) this.#pages[number] = undefined
  }

  /** Number of labels of a series that is there. */
  labelCount(ref: SeriesRef): number {
    return this.#pages[ref >>> PAGE_BITS]!.sizes[ref & (PAGE_SIZE - 1)]! - 1
  }

  /** Pair numbers of a series that is there, in order of label names; a view, valid until a series is added. */
  pairIds(ref: SeriesRef): Uint32Array {
    const page = this.#pages[ref >>> PAGE_BITS]!
    const i = ref & (PAGE_SIZE - 1)
    const start = page.starts[i]!
    return page.pairIds.array.subarray(start, start + page.sizes[i]! - 1)
  }

  /** Calls `visit` with every ref, ascending. */
  forEach(visit: (ref: SeriesRef) => void): void {
    for (let number = 0; number < this.#pages.length; number++) {
      const page = this.#pages[number]
      if (page === undefined || page.live === 0) continue
      for (let i = 0; i < PAGE_SIZE; i++) if (page.sizes[i]! > 0) visit(number * PAGE_SIZE + i)
    }
  }

  #equals(ref: SeriesRef, hash: number, pairIds: GrowableUint32): boolean {
    const page = this.#pages[ref >>> PAGE_BITS]!
    const i = ref & (PAGE_SIZE - 1)
    if (page.hashes[i] !== hash || page.sizes[i] !== pairIds.length + 1) return false
    const start = page.starts[i]!
    const own = page.pairIds.array
    for (let k = 0; k < pairIds.length; k++) if (own[start + k] !== pairIds.array[k]) return false
    return true
  }

  #place(ref: SeriesRef, hash: number): void {
    const mask = this.#slots.length - 1
    let i = hash & mask
    while (this.#slots[i] !== FREE && this.#slots[i] !== GRAVE) i = (i + 1) & mask
    if (this.#slots[i] === FREE) this.#used++
    this.#slots[i] = ref
  }

  /** Doubles the table, or only sweeps the graves out when they are what fills it. */
  #rehash(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(this.#size * 4 > old.length ? old.length * 2 : old.length)
    this.#used = 0
    for (const ref of old) {
      if (ref === FREE || ref === GRAVE) continue
      this.#place(ref, this.#pages[ref >>> PAGE_BITS]!.hashes[ref & (PAGE_SIZE - 1)]!)
    }
  }
}

/** Murmur3 over the pair numbers. */
function hashOf(pairIds: GrowableUint32): number {
  let h = pairIds.length
  for (let i = 0; i < pairIds.length; i++) {
    let k = Math.imul(pairIds.array[i]!, 0xcc9e2d51)
    k = (k << 15) | (k >>> 17)
    h ^= Math.imul(k, 0x1b873593)
    h = (h << 13) | (h >>> 19)
    h = (Math.imul(h, 5) + 0xe6546b64) | 0
  }
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
