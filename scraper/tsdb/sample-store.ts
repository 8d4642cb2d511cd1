import { decodeXor, HIGH, LOW, sampleCount, wordsOf } from '../chunkenc/index.ts'
import type { SampleColumns, SeriesRef } from '../storage/interfaces.ts'
import type { SampleBatch } from '../wal/index.ts'
import { ChunkArena, NO_HANDLE } from './chunk-arena.ts'
import { ChunkTable, NO_CHUNK } from './chunk-table.ts'
import { CHUNK_SAMPLES_MAX, OpenChunks, STAGED_MAX } from './open-chunks.ts'
import { NO_SLOT, SeriesState } from './series-state.ts'

/** Most samples that one look needs room for. */
const scratch = { tMs: new Float64Array(CHUNK_SAMPLES_MAX * 2), words: new Uint32Array(CHUNK_SAMPLES_MAX * 4) }

/**
 * The samples of all series, by ref.
 *
 *   newest ◀──────────────────────────────────────────────────────── oldest
 *   [ waiting ≤ 15, raw ][ open chunk, encoded ] [ chunk ] [ chunk ] … [ chunk ]
 *     └── OpenChunks, a slot while the series is active ──┘  └─ ChunkTable ─┘
 *
 * A chunk ends after 120 samples, at a multiple of `chunkRangeMs` (so that blocks can be cut there) or at 1005 bytes.
 */
export class SampleStore {
  readonly state = new SeriesState()
  readonly #arena = new ChunkArena()
  readonly #chunks = new ChunkTable()
  readonly #open = new OpenChunks(this.#arena)
  readonly #chunkRangeMs: number
  #outArray: Float64Array = new Float64Array(0)
  #outWords: Uint32Array = new Uint32Array(0)

  constructor(chunkRangeMs: number) {
    this.#chunkRangeMs = chunkRangeMs
  }

  /** Chunks, open ones included. */
  get chunkCount(): number {
    return this.#chunks.size + this.#open.size
  }

  get bytes(): { readonly chunks: number; readonly open: number; readonly series: number } {
    return { chunks: this.#arena.bytes + this.#chunks.bytes, open: this.#open.bytes, series: this.state.bytes }
  }

  /**
   * Applies a committed batch, sample by sample in its order: one that is not newer than the newest of its series is
   * left out (another appender was first). Replaying the log does the same again. Refs that are not there are left out.
   *
   * @param segment segment of the log that the batch is in.
   * @returns how many were left out.
   */
  apply(batch: SampleBatch, segment: number): number {
    const { length, tMs, words } = batch
    const refs = batch.refs.array
    const { state } = this
    let leftOut = 0
    // hot: once per sample. No allocation, but for pages.
    for (let i = 0; i < length; i++) {
      const ref = refs[i]!
      const nowMs = tMs[i]!
      const page = state.page(ref)
      const row = state.row(ref)
      if (page === undefined || page.alive[row] === 0 || !(nowMs > page.lastMs[row]!)) {
        leftOut++
        continue
      }
      const low = words[2 * i + LOW]!
      const high = words[2 * i + HIGH]!
      page.lastMs[row] = nowMs
      page.lastWords[2 * row + LOW] = low
      page.lastWords[2 * row + HIGH] = high
      page.segment[row] = segment

      let slot = page.slot[row]!
      if (slot === NO_SLOT) {
        slot = this.#open.open(nowMs, this.#rangeEnd(nowMs))
        page.slot[row] = slot
      } else if (nowMs >= this.#open.page(slot).endMs[this.#open.row(slot)]!) {
        this.#finishChunk(ref, slot)
        this.#open.restart(slot, nowMs, this.#rangeEnd(nowMs))
      }
      let open = this.#open.page(slot)
      const openRow = this.#open.row(slot)
      if (open.staged[openRow] === STAGED_MAX) {
        this.#open.encode(slot)
        if (this.#open.isFull(slot)) {
          this.#finishChunk(ref, slot)
          this.#open.restart(slot, nowMs, this.#rangeEnd(nowMs))
          open = this.#open.page(slot)
        }
      }
      const staged = open.staged[openRow]!
      const at = openRow * STAGED_MAX + staged
      open.stagedOffsetMs[at] = nowMs - open.minMs[openRow]!
      open.stagedWords[2 * at + LOW] = low
      open.stagedWords[2 * at + HIGH] = high
      open.staged[openRow] = staged + 1
    }
    return leftOut
  }

  /** Finishes the open chunk of a series and gives its slot back. */
  seal(ref: SeriesRef): void {
    const page = this.state.page(ref)!
    const row = this.state.row(ref)
    const slot = page.slot[row]!
    if (slot === NO_SLOT) return
    this.#finishChunk(ref, slot)
    this.#open.close(slot)
    page.slot[row] = NO_SLOT
  }

  /** Drops the finished chunks that hold nothing at or after `cutoffMs`. */
  dropBefore(ref: SeriesRef, cutoffMs: number): void {
    const page = this.state.page(ref)!
    const row = this.state.row(ref)
    let oldest = page.oldest[row]!
    while (oldest !== NO_CHUNK && this.#chunks.maxMs(oldest) < cutoffMs) {
      this.#arena.free(this.#chunks.handle(oldest))
      oldest = this.#chunks.removeOldest(oldest)
    }
    page.oldest[row] = oldest
    if (oldest === NO_CHUNK) page.newest[row] = NO_CHUNK
  }

  /** Time of the oldest sample; +Infinity without any. */
  oldestMs(ref: SeriesRef): number {
    const page = this.state.page(ref)!
    const row = this.state.row(ref)
    const oldest = page.oldest[row]!
    if (oldest !== NO_CHUNK) return this.#chunks.minMs(oldest)
    const slot = page.slot[row]!
    return slot === NO_SLOT ? Infinity : this.#open.page(slot).minMs[this.#open.row(slot)]!
  }

  /** Whether the series has a sample in the range, both ends included. A series that is not there has none. */
  hasSamples(ref: SeriesRef, minMs: number, maxMs: number): boolean {
    const page = this.state.page(ref)
    const row = this.state.row(ref)
    if (page === undefined || page.alive[row] === 0) return false
    const lastMs = page.lastMs[row]!
    const oldestMs = this.oldestMs(ref)
    if (oldestMs === Infinity || lastMs < minMs || oldestMs > maxMs) return false
    if (lastMs <= maxMs) return true

    const slot = page.slot[row]!
    if (slot !== NO_SLOT) {
      const open = this.#open.page(slot)
      const openRow = this.#open.row(slot)
      const firstMs = open.minMs[openRow]!
      if (firstMs >= minMs && firstMs <= maxMs) return true
      if (firstMs < minMs) return this.#openHasSample(slot, minMs, maxMs)
    }
    for (let id = page.newest[row]!; id !== NO_CHUNK && this.#chunks.maxMs(id) >= minMs; id = this.#chunks.older(id)) {
      const chunkMinMs = this.#chunks.minMs(id)
      const chunkMaxMs = this.#chunks.maxMs(id)
      if ((chunkMinMs >= minMs && chunkMinMs <= maxMs) || chunkMaxMs <= maxMs) return true
      // The range lies between two samples of the chunk, or holds some of them: only its times can tell.
      if (chunkMinMs < minMs)
        return this.#decodedHasSample(this.#chunks.handle(id), this.#chunks.bytesOf(id), minMs, maxMs)
    }
    return false
  }

  /** Appends the samples in the range, both ends included, to `out`. A series that is not there has none. */
  read(ref: SeriesRef, minMs: number, maxMs: number, out: SampleColumns): void {
    const page = this.state.page(ref)
    const row = this.state.row(ref)
    if (page === undefined || page.alive[row] === 0) return
    let id = page.newest[row]!
    if (id !== NO_CHUNK && this.#chunks.maxMs(id) >= minMs) {
      for (;;) {
        const older = this.#chunks.older(id)
        if (older === NO_CHUNK || this.#chunks.maxMs(older) < minMs) break
        id = older
      }
      for (; id !== NO_CHUNK && this.#chunks.minMs(id) <= maxMs; id = this.#chunks.newer(id)) {
        this.#readChunk(this.#chunks.handle(id), this.#chunks.bytesOf(id), minMs, maxMs, out)
      }
    }
    const slot = page.slot[row]!
    if (slot === NO_SLOT) return
    const open = this.#open.page(slot)
    const openRow = this.#open.row(slot)
    const firstMs = open.minMs[openRow]!
    if (firstMs > maxMs) return
    const handle = open.handle[openRow]!
    if (handle !== NO_HANDLE) this.#readChunk(handle, open.lanes.bytesAt(openRow), minMs, maxMs, out)

    for (let i = 0; i < open.staged[openRow]!; i++) {
      const at = openRow * STAGED_MAX + i
      const nowMs = firstMs + open.stagedOffsetMs[at]!
      if (nowMs < minMs) continue
      if (nowMs > maxMs) break
      out.tMs.push(nowMs)
      const index = out.values.extend(1)
      const words = this.#wordsOf(out.values.array)
      words[2 * index + LOW] = open.stagedWords[2 * at + LOW]!
      words[2 * index + HIGH] = open.stagedWords[2 * at + HIGH]!
    }
  }

  #readChunk(handle: number, bytes: number, minMs: number, maxMs: number, out: SampleColumns): void {
    const page = this.#arena.page(handle)
    const offset = this.#arena.offset(handle)
    const count = sampleCount(page, offset)
    const start = out.tMs.extend(count)
    out.values.extend(count)
    const tMs = out.tMs.array
    const words = this.#wordsOf(out.values.array)
    decodeXor(page, offset, bytes, tMs, words, start)

    let from = start
    let to = start + count
    while (from < to && tMs[from]! < minMs) from++
    while (to > from && tMs[to - 1]! > maxMs) to--
    if (from > start) {
      tMs.copyWithin(start, from, to)
      words.copyWithin(2 * start, 2 * from, 2 * to)
    }
    out.tMs.length = start + to - from
    out.values.length = out.tMs.length
  }

  #openHasSample(slot: number, minMs: number, maxMs: number): boolean {
    const open = this.#open.page(slot)
    const row = this.#open.row(slot)
    for (let i = 0; i < open.staged[row]!; i++) {
      const nowMs = open.minMs[row]! + open.stagedOffsetMs[row * STAGED_MAX + i]!
      if (nowMs >= minMs && nowMs <= maxMs) return true
    }
    const handle = open.handle[row]!
    return handle !== NO_HANDLE && this.#decodedHasSample(handle, open.lanes.bytesAt(row), minMs, maxMs)
  }

  #decodedHasSample(handle: number, bytes: number, minMs: number, maxMs: number): boolean {
    const count = decodeXor(this.#arena.page(handle), this.#arena.offset(handle), bytes, scratch.tMs, scratch.words, 0)
    for (let i = 0; i < count; i++) if (scratch.tMs[i]! >= minMs && scratch.tMs[i]! <= maxMs) return true
    return false
  }

  /** Makes the open chunk in `slot` a finished one; the slot then has to be restarted or closed. */
  #finishChunk(ref: SeriesRef, slot: number): void {
    this.#open.encode(slot)
    const open = this.#open.page(slot)
    const openRow = this.#open.row(slot)
    const bytes = open.lanes.bytesAt(openRow)
    const page = this.state.page(ref)!
    const row = this.state.row(ref)
    const minMs = open.minMs[openRow]!
    const maxMs = open.lanes.tMs[openRow]!
    const id = this.#chunks.append(page.newest[row]!, minMs, maxMs, open.handle[openRow]!, bytes)
    page.newest[row] = id
    if (page.oldest[row] === NO_CHUNK) page.oldest[row] = id
  }

  #rangeEnd(nowMs: number): number {
    return (Math.floor(nowMs / this.#chunkRangeMs) + 1) * this.#chunkRangeMs
  }

  /** The words over a column; remembered, for callers use the same column again and again. */
  #wordsOf(values: Float64Array): Uint32Array {
    if (this.#outArray !== values) {
      this.#outArray = values
      this.#outWords = wordsOf(values)
    }
    return this.#outWords
  }
}
