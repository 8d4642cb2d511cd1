/** No window of significant bits has been agreed on yet in this chunk. */
export const NO_WINDOW = 0xff

/** Bytes in front of the bits: the number of samples, big-endian. */
export const HEADER_BYTES = 2

/** The most bytes one sample can add: a 64-bit delta of deltas and a 64-bit value with all their prefixes, rounded up. */
export const SAMPLE_BYTES_MAX = 19

/** Times are exact within ± this: their zigzag form must fit the 53 bits of a double. 142 000 years. */
export const TIME_MS_MAX: number = 2 ** 52 - 1

/**
 * Where the encoding of unfinished chunks stands: one lane for each, as columns.
 *
 * What an encoder must remember between two samples of one chunk, and nothing that the chunk's bytes say already.
 */
export class XorLanes {
  /** Last time, and its distance from the one before, in ms. */
  readonly tMs: Float64Array
  readonly deltaMs: Float64Array
  /** Words of the last value, as `chunkenc/words.ts` orders them. */
  readonly words: Uint32Array
  /** Zero bits before and after the window of significant bits; `NO_WINDOW` in `leading` when there is none. */
  readonly leading: Uint8Array
  readonly trailing: Uint8Array
  /** Samples in the chunk. */
  readonly count: Uint16Array
  /** Bits of the chunk, its header included. */
  readonly bits: Uint32Array

  constructor(lanes: number) {
    this.tMs = new Float64Array(lanes)
    this.deltaMs = new Float64Array(lanes)
    this.words = new Uint32Array(lanes * 2)
    this.leading = new Uint8Array(lanes)
    this.trailing = new Uint8Array(lanes)
    this.count = new Uint16Array(lanes)
    this.bits = new Uint32Array(lanes)
    for (let lane = 0; lane < lanes; lane++) this.reset(lane)
  }

  /** Begins a chunk without samples. */
  reset(lane: number): void {
    this.leading[lane] = NO_WINDOW
    this.trailing[lane] = 0
    this.count[lane] = 0
    this.bits[lane] = HEADER_BYTES * 8
  }

  /** Bytes that the chunk takes now. */
  bytesAt(lane: number): number {
    return (this.bits[lane]! + 7) >>> 3
  }
}
