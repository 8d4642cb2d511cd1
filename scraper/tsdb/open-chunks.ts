import { GrowableUint32 } from '../../base/index.ts'
import { encodeXor, HEADER_BYTES, HIGH, LOW, SAMPLE_BYTES_MAX, wordsOf, XorLanes } from '../chunkenc/index.ts'
import { NO_HANDLE, type ChunkArena } from './chunk-arena.ts'

/** Samples of a chunk, as Prometheus has it, and how many of them are encoded at once. */
export const CHUNK_SAMPLES_MAX = 120
export const STAGED_MAX = 15
/** A chunk this large is finished early: Prometheus' 1024 less the longest sample. */
export const CHUNK_BYTES_MAX = 1005

const PAGE_BITS = 10
const PAGE_SIZE = 1 << PAGE_BITS
const PAGE_MASK = PAGE_SIZE - 1

/** The open chunks of 1024 series. */
export class OpenPage {
  readonly lanes = new XorLanes(PAGE_SIZE)
  /** First time of the chunk, and the time from which on samples belong into another. */
  readonly minMs = new Float64Array(PAGE_SIZE)
  readonly endMs = new Float64Array(PAGE_SIZE)
  /** Encoded bytes; `NO_HANDLE` before the first batch. */
  readonly handle = new Uint32Array(PAGE_SIZE).fill(NO_HANDLE)
  /** Samples that wait: their times as ms since `minMs`, their values as words. */
  readonly staged = new Uint8Array(PAGE_SIZE)
  readonly stagedOffsetMs = new Uint32Array(PAGE_SIZE * STAGED_MAX)
  readonly stagedWords = new Uint32Array(PAGE_SIZE * STAGED_MAX * 2)
}

const PAGE_BYTES = PAGE_SIZE * (31 + 8 + 8 + 4 + 1 + STAGED_MAX * 12)

/**
 * The chunks that still grow, one slot each: a few raw samples wait, then they are encoded together.
 *
 * Appending to a row of raw samples costs a store; encoding sample by sample costs a cache miss on the encoder's state
 * each time. Queries read the waiting samples as they are. A series that falls silent gives its slot back.
 */
export class OpenChunks {
  readonly #arena: ChunkArena
  readonly #pages: OpenPage[] = []
  readonly #free = new GrowableUint32()
  readonly #batchMs = new Float64Array(STAGED_MAX)
  readonly #batchWords = wordsOf(new Float64Array(STAGED_MAX))
  readonly #out = new Uint8Array(STAGED_MAX * SAMPLE_BYTES_MAX + 1)
  #next = 0

  constructor(arena: ChunkArena) {
    this.#arena = arena
  }

  /** Slots in use. */
  get size(): number {
    return this.#next - this.#free.length
  }

  get bytes(): number {
    return this.#pages.length * PAGE_BYTES
  }

  page(slot: number): OpenPage {
    return this.#pages[slot >>> PAGE_BITS]!
  }

  /** Index of a slot's row in its page. */
  row(slot: number): number {
    return slot & PAGE_MASK
  }

  /** A slot for a new chunk without samples, whose first will be at `minMs`. */
  open(minMs: number, endMs: number): number {
    const slot = this.#free.length > 0 ? this.#free.array[--this.#free.length]! : this.#next++
    if (slot >>> PAGE_BITS === this.#pages.length) this.#pages.push(new OpenPage())
    this.restart(slot, minMs, endMs)
    return slot
  }

  /** Begins another chunk in a slot whose chunk has been taken away. */
  restart(slot: number, minMs: number, endMs: number): void {
    const page = this.page(slot)
    const row = slot & PAGE_MASK
    page.lanes.reset(row)
    page.minMs[row] = minMs
    page.endMs[row] = endMs
    page.handle[row] = NO_HANDLE
    page.staged[row] = 0
  }

  close(slot: number): void {
    this.#free.push(slot)
  }

  /** Encodes what waits. */
  encode(slot: number): void {
    const page = this.page(slot)
    const row = slot & PAGE_MASK
    const count = page.staged[row]!
    if (count === 0) return
    const minMs = page.minMs[row]!
    const first = row * STAGED_MAX
    for (let i = 0; i < count; i++) {
      this.#batchMs[i] = minMs + page.stagedOffsetMs[first + i]!
      this.#batchWords[2 * i + LOW] = page.stagedWords[2 * (first + i) + LOW]!
      this.#batchWords[2 * i + HIGH] = page.stagedWords[2 * (first + i) + HIGH]!
    }
    page.staged[row] = 0

    const { lanes } = page
    const arena = this.#arena
    const start = lanes.bits[row]! >>> 3
    let handle = page.handle[row]!
    const out = this.#out
    out[0] =
      handle !== NO_HANDLE && start < arena.capacity(handle) ? arena.page(handle)[arena.offset(handle) + start]! : 0
    const bytes = encodeXor(lanes, row, this.#batchMs, this.#batchWords, 0, count, out)
    const needed = start + bytes
    if (handle === NO_HANDLE) handle = arena.alloc(needed)
    else if (needed > arena.capacity(handle)) handle = arena.resize(handle, Math.max(start, HEADER_BYTES), needed)
    page.handle[row] = handle

    const target = arena.page(handle)
    const offset = arena.offset(handle)
    for (let i = 0; i < bytes; i++) target[offset + start + i] = out[i]!
    target[offset] = lanes.count[row]! >>> 8
    target[offset + 1] = lanes.count[row]! & 0xff
  }

  /** Whether the encoded part has reached one of a chunk's bounds. */
  isFull(slot: number): boolean {
    const { lanes } = this.page(slot)
    const row = slot & PAGE_MASK
    return lanes.count[row]! + STAGED_MAX > CHUNK_SAMPLES_MAX || lanes.bytesAt(row) > CHUNK_BYTES_MAX
  }
}
