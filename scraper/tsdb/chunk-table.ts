import { GrowableUint32 } from '../../base/index.ts'

const PAGE_BITS = 12
const PAGE_SIZE = 1 << PAGE_BITS
const PAGE_MASK = PAGE_SIZE - 1

/** No chunk. */
export const NO_CHUNK = 0

class ChunkPage {
  readonly minMs = new Float64Array(PAGE_SIZE)
  readonly maxMs = new Float64Array(PAGE_SIZE)
  /** Neighbours in the series; `NO_CHUNK` at the ends. */
  readonly older = new Uint32Array(PAGE_SIZE)
  readonly newer = new Uint32Array(PAGE_SIZE)
  readonly handle = new Uint32Array(PAGE_SIZE)
  readonly bytes = new Uint16Array(PAGE_SIZE)
}

/** What is known of each finished chunk: its times, its neighbours in its series, and where its bytes are. */
export class ChunkTable {
  readonly #pages: ChunkPage[] = []
  readonly #free = new GrowableUint32()
  #next = NO_CHUNK + 1
  #size = 0

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#pages.length * PAGE_SIZE * 30
  }

  /** Adds a chunk at the new end of a series and returns its number. @param older the newest so far, or `NO_CHUNK`. */
  append(older: number, minMs: number, maxMs: number, handle: number, bytes: number): number {
    const id = this.#free.length > 0 ? this.#free.array[--this.#free.length]! : this.#next++
    if (id >>> PAGE_BITS === this.#pages.length) this.#pages.push(new ChunkPage())
    const page = this.#pages[id >>> PAGE_BITS]!
    const i = id & PAGE_MASK
    page.minMs[i] = minMs
    page.maxMs[i] = maxMs
    page.older[i] = older
    page.newer[i] = NO_CHUNK
    page.handle[i] = handle
    page.bytes[i] = bytes
    if (older !== NO_CHUNK) this.#pages[older >>> PAGE_BITS]!.newer[older & PAGE_MASK] = id
    this.#size++
    return id
  }

  /** Removes the oldest chunk of a series and returns the one that now is, or `NO_CHUNK`. */
  removeOldest(id: number): number {
    const newer = this.newer(id)
    if (newer !== NO_CHUNK) this.#pages[newer >>> PAGE_BITS]!.older[newer & PAGE_MASK] = NO_CHUNK
    this.#free.push(id)
    this.#size--
    return newer
  }

  minMs(id: number): number {
    return this.#pages[id >>> PAGE_BITS]!.minMs[id & PAGE_MASK]!
  }

  maxMs(id: number): number {
    return this.#pages[id >>> PAGE_BITS]!.maxMs[id & PAGE_MASK]!
  }

  older(id: number): number {
    return this.#pages[id >>> PAGE_BITS]!.older[id & PAGE_MASK]!
  }

  newer(id: number): number {
    return this.#pages[id >>> PAGE_BITS]!.newer[id & PAGE_MASK]!
  }

  handle(id: number): number {
    return this.#pages[id >>> PAGE_BITS]!.handle[id & PAGE_MASK]!
  }

  bytesOf(id: number): number {
    return this.#pages[id >>> PAGE_BITS]!.bytes[id & PAGE_MASK]!
  }
}
