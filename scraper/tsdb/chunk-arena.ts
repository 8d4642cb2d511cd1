/** No chunk. */
export const NO_HANDLE = 0xffff_ffff

/** Bytes of the size classes. A step of a quarter to a half wastes an eighth on average. */
const SIZES: readonly number[] = [
  24, 32, 48, 64, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 1024, 1280, 1536, 2048, 3072, 4096,
]
const PAGE_BYTES = 256 * 1024
/** Decoders may read, but not use, a few bytes behind a chunk. */
const PAGE_SLACK_BYTES = 8
const SLOT_BITS = 27
const SLOT_MASK = (1 << SLOT_BITS) - 1

class SizeClass {
  readonly bytes: number
  /** A power of two, so that a slot's page is a shift away. */
  readonly slotsPerPageBits: number
  readonly pages: Uint8Array[] = []
  /** Slots given back, a stack. */
  free = new Uint32Array(64)
  freeLength = 0
  used = 0

  constructor(bytes: number) {
    this.bytes = bytes
    this.slotsPerPageBits = 31 - Math.clz32(PAGE_BYTES / bytes)
  }
}

/**
 * Memory for chunks: slots of a few sizes in large pages, so that a million chunks are not a million objects.
 *
 * A handle is the size class in the upper 5 bits and the slot in the lower 27. Pages are kept for reuse, not given
 * back to the system.
 */
export class ChunkArena {
  readonly #classes: readonly SizeClass[] = SIZES.map(bytes => new SizeClass(bytes))

  /** Bytes of all pages. */
  get bytes(): number {
    let bytes = 0
    for (const size of this.#classes) bytes += size.pages.length * (size.bytes << size.slotsPerPageBits)
    return bytes
  }

  /** Room for `bytes` (at most 4096), with unspecified content. */
  alloc(bytes: number): number {
    let number = 0
    while (SIZES[number]! < bytes) number++
    const size = this.#classes[number]!
    let slot: number
    if (size.freeLength > 0) {
      slot = size.free[--size.freeLength]!
    } else {
      slot = size.used++
      if (slot >>> size.slotsPerPageBits === size.pages.length) {
        size.pages.push(new Uint8Array((size.bytes << size.slotsPerPageBits) + PAGE_SLACK_BYTES))
      }
    }
    return ((number << SLOT_BITS) | slot) >>> 0
  }

  free(handle: number): void {
    const size = this.#classes[handle >>> SLOT_BITS]!
    if (size.freeLength === size.free.length) {
      const bigger = new Uint32Array(size.free.length * 2)
      bigger.set(size.free)
      size.free = bigger
    }
    size.free[size.freeLength++] = handle & SLOT_MASK
  }

  /** The page that a chunk lies in; the chunk begins at `offset`. */
  page(handle: number): Uint8Array {
    const size = this.#classes[handle >>> SLOT_BITS]!
    return size.pages[(handle & SLOT_MASK) >>> size.slotsPerPageBits]!
  }

  offset(handle: number): number {
    const size = this.#classes[handle >>> SLOT_BITS]!
    return (handle & ((1 << size.slotsPerPageBits) - 1)) * size.bytes
  }

  /** Bytes that a slot has room for. */
  capacity(handle: number): number {
    return SIZES[handle >>> SLOT_BITS]!
  }

  /** Moves the first `used` bytes to a slot with room for `bytes` and gives the old one back. */
  resize(handle: number, used: number, bytes: number): number {
    const moved = this.alloc(bytes)
    const offset = this.offset(handle)
    this.page(moved).set(this.page(handle).subarray(offset, offset + used), this.offset(moved))
    this.free(handle)
    return moved
  }
}
