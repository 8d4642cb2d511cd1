import type { SeriesRef } from '../storage/interfaces.ts'
import { NO_CHUNK } from './chunk-table.ts'

const PAGE_BITS = 12
const PAGE_SIZE = 1 << PAGE_BITS
const PAGE_MASK = PAGE_SIZE - 1

export const NO_SLOT = -1

/** The state of 4096 series whose refs follow one another, as columns. */
export class StatePage {
  /** 1 when the series is there. */
  readonly alive = new Uint8Array(PAGE_SIZE)
  /** Newest sample: time (-Infinity without any) and the words of its value. */
  readonly lastMs = new Float64Array(PAGE_SIZE)
  readonly lastWords = new Uint32Array(PAGE_SIZE * 2)
  /** Slot of the open chunk, or `NO_SLOT`. */
  readonly slot = new Int32Array(PAGE_SIZE)
  /** Finished chunks: ends of the list in the chunk table, or `NO_CHUNK`. */
  readonly oldest = new Uint32Array(PAGE_SIZE)
  readonly newest = new Uint32Array(PAGE_SIZE)
  /** The appender that has an uncommitted sample (0: none), and the index of the newest in its batch. */
  readonly pendingBatch = new Uint32Array(PAGE_SIZE)
  readonly pendingIndex = new Uint32Array(PAGE_SIZE)
  /** Segment of the log that the newest sample is in: it can be built upon only there. */
  readonly segment = new Uint32Array(PAGE_SIZE)
  /** Sweeps that found the series without any sample. */
  readonly emptySweeps = new Uint8Array(PAGE_SIZE)
  live = 0
}

const PAGE_BYTES = PAGE_SIZE * 46

/** Series state by ref. Pages without live series are given up, so that refs may rise for ever. */
export class SeriesState {
  readonly #pages: (StatePage | undefined)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  get refEnd(): SeriesRef {
    return this.#pages.length * PAGE_SIZE
  }

  get bytes(): number {
    let bytes = 0
    for (const page of this.#pages) if (page !== undefined) bytes += PAGE_BYTES
    return bytes
  }

  /** The page of a ref, or `undefined` when none of its series is there. */
  page(ref: SeriesRef): StatePage | undefined {
    return this.#pages[ref >>> PAGE_BITS]
  }

  /** Index of a ref in its page. */
  row(ref: SeriesRef): number {
    return ref & PAGE_MASK
  }

  has(ref: SeriesRef): boolean {
    return this.#pages[ref >>> PAGE_BITS]?.alive[ref & PAGE_MASK] === 1
  }

  add(ref: SeriesRef): void {
    while (this.#pages.length <= ref >>> PAGE_BITS) this.#pages.push(undefined)
    const page = (this.#pages[ref >>> PAGE_BITS] ??= new StatePage())
    const row = ref & PAGE_MASK
    page.alive[row] = 1
    page.lastMs[row] = -Infinity
    page.slot[row] = NO_SLOT
    page.oldest[row] = NO_CHUNK
    page.newest[row] = NO_CHUNK
    page.pendingBatch[row] = 0
    page.segment[row] = 0
    page.emptySweeps[row] = 0
    page.live++
    this.#size++
  }

  remove(ref: SeriesRef): void {
    const page = this.page(ref)!
    page.alive[ref & PAGE_MASK] = 0
    page.live--
    this.#size--
  }

  /** Gives a page without series back. @param ref any of its refs; none of them will be added again. */
  dropPageIfEmpty(ref: SeriesRef): void {
    if (this.#pages[ref >>> PAGE_BITS]?.live === 0) this.#pages[ref >>> PAGE_BITS] = undefined
  }
}
