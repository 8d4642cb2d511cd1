import type { SeriesRef } from '../storage/index.ts'

/** A series as it is told by one target: an index into the cache's columns. 0 is none. */
export type EntryId = number

const INITIAL_ENTRIES = 64
const INITIAL_ARENA_BYTES = 8192

/**
 * What one target's series are known by: their raw text, byte for byte, and the series it stands for in the storage.
 *
 * In the steady state a line is found without reading its labels or even its end: the series that followed this one in
 * the last scrape is expected to follow it again, and comparing bytes is all there is to do (`expected`, `matchesAt`).
 * Otherwise the text's end must be known and a hash table is asked (`find`).
 *
 *   arena   │ text of entry 1 │ text of entry 2 │ …
 *   columns   entry → textStart, textLength, hash, ref, seenIn, trackedIn, next     (entry 0 is unused)
 *   table     hash → entry, open addressing, at most half full
 *
 * `seenIn` and `trackedIn` hold the number of the scrape (generation) in which the series was last told, and last told
 * in a way that makes it stale when it is missing. Entries are not removed one by one: when more than half are out of
 * use, `compact` rebuilds everything from those that are in use.
 */
export class ScrapeCache {
  arena: Buffer
  arenaView: DataView
  textStart: Uint32Array
  textLength: Uint32Array
  hash: Uint32Array
  /** The series in the storage; 0 while it is not known, `DROPPED` when metric relabelling drops it. */
  ref: Float64Array
  seenIn: Uint32Array
  trackedIn: Uint32Array
  /** The entry that followed this one in the last scrape; of entry 0: the first one. */
  next: Uint32Array
  /** Entries in use or not, without entry 0: ids are 1 … count. */
  count: number
  #arenaUsed: number
  #table: Uint32Array

  constructor() {
    this.arena = Buffer.alloc(INITIAL_ARENA_BYTES)
    this.arenaView = viewOf(this.arena)
    this.textStart = new Uint32Array(INITIAL_ENTRIES)
    this.textLength = new Uint32Array(INITIAL_ENTRIES)
    this.hash = new Uint32Array(INITIAL_ENTRIES)
    this.ref = new Float64Array(INITIAL_ENTRIES)
    this.seenIn = new Uint32Array(INITIAL_ENTRIES)
    this.trackedIn = new Uint32Array(INITIAL_ENTRIES)
    this.next = new Uint32Array(INITIAL_ENTRIES)
    this.count = 0
    this.#arenaUsed = 0
    this.#table = new Uint32Array(INITIAL_ENTRIES * 2)
  }

  /** Memory held, without the few hundred bytes of the object itself. */
  get sizeBytes(): number {
    const columns = this.textStart.length * (6 * 4 + 8)
    return this.arena.length + columns + this.#table.byteLength
  }

  /** The entry whose text is `bytes[start, end)`, or 0. */
  find(bytes: Buffer, start: number, end: number): EntryId {
    const hash = hashBytes(bytes, start, end)
    const table = this.#table
    const mask = table.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = table[slot]!
      if (entry === 0) return 0
      if (this.hash[entry] !== hash || this.textLength[entry] !== end - start) continue
      const textStart: number = this.textStart[entry]!
      if (bytes.compare(this.arena, textStart, textStart + end - start, start, end) === 0) return entry
    }
  }

  /** Adds a text that `find` did not find; its series is not known yet. */
  add(bytes: Buffer, start: number, end: number): EntryId {
    const length = end - start
    this.#reserve(length)
    const entry = ++this.count
    bytes.copy(this.arena, this.#arenaUsed, start, end)
    this.textStart[entry] = this.#arenaUsed
    this.textLength[entry] = length
    this.#arenaUsed += length
    this.hash[entry] = hashBytes(bytes, start, end)
    this.ref[entry] = 0
    this.seenIn[entry] = 0
    this.trackedIn[entry] = 0
    this.next[entry] = 0
    this.#insert(entry)
    return entry
  }

  /** Whether so many entries were not told in scrape `generation` that a rebuild pays. */
  needsCompaction(inUse: number): boolean {
    return this.count > 2 * inUse + 1000
  }

  /** A cache with the entries of scrape `generation` only. */
  compacted(generation: number): ScrapeCache {
    const out = new ScrapeCache()
    for (let entry: EntryId = 1; entry <= this.count; entry++) {
      if (this.seenIn[entry] !== generation) continue
      const start = this.textStart[entry]!
      const copy = out.add(this.arena, start, start + this.textLength[entry]!)
      out.ref[copy] = this.ref[entry]!
      out.seenIn[copy] = this.seenIn[entry]!
      out.trackedIn[copy] = this.trackedIn[entry]!
    }
    return out
  }

  #insert(entry: EntryId): void {
    const table = this.#table
    const mask = table.length - 1
    let slot = this.hash[entry]! & mask
    while (table[slot] !== 0) slot = (slot + 1) & mask
    table[slot] = entry
  }

  #reserve(textBytes: number): void {
    if (this.#arenaUsed + textBytes > this.arena.length) {
      const bigger = Buffer.alloc(Math.max(this.arena.length * 2, this.#arenaUsed + textBytes))
      this.arena.copy(bigger, 0, 0, this.#arenaUsed)
      this.arena = bigger
      this.arenaView = viewOf(bigger)
    }
    if (this.count + 1 < this.textStart.length) return
    const capacity = this.textStart.length * 2
    this.textStart = grown(this.textStart, capacity)
    this.textLength = grown(this.textLength, capacity)
    this.hash = grown(this.hash, capacity)
    this.seenIn = grown(this.seenIn, capacity)
    this.trackedIn = grown(this.trackedIn, capacity)
    this.next = grown(this.next, capacity)
    const refs = new Float64Array(capacity)
    refs.set(this.ref)
    this.ref = refs
    this.#table = new Uint32Array(capacity * 2)
    for (let entry: EntryId = 1; entry <= this.count; entry++) this.#insert(entry)
  }
}

/** In place of a series' number: metric relabelling drops it. */
export const DROPPED: SeriesRef = -1

/**
 * Whether `length` bytes at `start` in the body equal those at `textStart` in the arena. The caller has made sure that
 * the body is long enough.
 *
 * hot: once per sample. Eight bytes a step; a native call would cost as much as most texts take. No allocation.
 */
export function sameBytes(body: DataView, start: number, arena: DataView, textStart: number, length: number): boolean {
  let i = 0
  for (; i + 8 <= length; i += 8) {
    if (body.getInt32(start + i) !== arena.getInt32(textStart + i)) return false
    if (body.getInt32(start + i + 4) !== arena.getInt32(textStart + i + 4)) return false
  }
  for (; i < length; i++) if (body.getUint8(start + i) !== arena.getUint8(textStart + i)) return false
  return true
}

/** FNV-1a over four bytes a step, finalised. */
function hashBytes(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5
  let i = start
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    hash = Math.imul(hash ^ word, 0x01000193)
    hash ^= hash >>> 15
  }
  for (; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

export function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

function grown(array: Uint32Array, capacity: number): Uint32Array {
  const bigger = new Uint32Array(capacity)
  bigger.set(array)
  return bigger
}
