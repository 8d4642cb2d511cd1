/** What an item takes beside its key and its data: header, number of its version, the key's end and the data's line end. */
const HEADER_BYTES = 48 + 8
const GROWTH = 1.25
const ALIGN_BYTES = 8
const SMALLEST_BYTES = 96
/** Chunks of the largest class; larger items are put together from several. */
const LARGEST_BYTES = 524_288

export const PAGE_BYTES = 1_048_576

/** Chunk size of each class, from class 1 on, as Memcached computes them with its defaults. */
export const CHUNK_BYTES: readonly number[] = chunkSizes()

function chunkSizes(): number[] {
  const out: number[] = []
  for (let size = SMALLEST_BYTES; size <= LARGEST_BYTES / GROWTH; size *= GROWTH) {
    size = Math.ceil(size / ALIGN_BYTES) * ALIGN_BYTES
    out.push(size)
    size = Math.trunc(size)
  }
  return [...out, LARGEST_BYTES]
}

/** Of an item, as `stats` counts it. */
export function itemBytes(keyBytes: number, dataBytes: number, flags: number): number {
  return HEADER_BYTES + keyBytes + 1 + (flags === 0 ? 0 : 4) + dataBytes + 2
}

/** Number of the class that takes an item of this size, from 1. */
export function classOf(bytes: number): number {
  const index = CHUNK_BYTES.findIndex(chunk => bytes <= chunk)
  return index < 0 ? CHUNK_BYTES.length : index + 1
}
