import { ChunkError } from './errors.ts'
import { HIGH, LOW } from './words.ts'
import { HEADER_BYTES, TIME_MS_MAX } from './xor-lanes.ts'

const TWO_32 = 0x1_0000_0000

/** How many samples the chunk at `offset` says it holds. */
export function sampleCount(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!
}

/**
 * Decodes a whole XOR chunk into two columns, from index `at` on, and returns the number of samples.
 *
 * The columns must have room for `sampleCount` of them. May read, but never uses, up to four bytes behind the chunk.
 *
 * @throws ChunkError when the bits end before the samples do, or a time is beyond ±`TIME_MS_MAX`.
 */
export function decodeXor(
  bytes: Uint8Array,
  offset: number,
  length: number,
  tMs: Float64Array,
  words: Uint32Array,
  at: number,
): number {
  if (length < HEADER_BYTES) throw new ChunkError('shorter than its header')
  const count = sampleCount(bytes, offset)
  const endBit = length * 8
  let bit = HEADER_BYTES * 8
  let nowMs = 0
  let deltaMs = 0
  let low = 0
  let high = 0
  let leading = 0
  let trailing = 0

  // hot: once per sample. No allocation.
  for (let i = 0; i < count; i++) {
    if (i < 2) {
      // The first time and the first delta are varints; both begin at a whole byte.
      let value = 0
      let scale = 1
      let byte: number
      do {
        if (bit + 8 > endBit) throw new ChunkError('cut short')
        byte = bytes[offset + (bit >>> 3)]!
        value += (byte & 0x7f) * scale
        scale *= 0x80
        bit += 8
      } while (byte >= 0x80 && scale <= 2 ** 63)
      if (i === 0) {
        nowMs = value % 2 === 0 ? value / 2 : -(value + 1) / 2
        high = read32(bytes, offset, bit)
        low = read32(bytes, offset, bit + 32)
        bit += 64
      } else {
        deltaMs = value
        nowMs += value
      }
    } else {
      const head = read25(bytes, offset, bit)
      if (head < 0x100_0000) {
        bit += 1
      } else if (head < 0x180_0000) {
        const dodMs = (head >>> 9) & 0x3fff
        deltaMs += dodMs > 0x2000 ? dodMs - 0x4000 : dodMs
        bit += 16
      } else if (head < 0x1c0_0000) {
        const dodMs = (head >>> 5) & 0x1_ffff
        deltaMs += dodMs > 0x1_0000 ? dodMs - 0x2_0000 : dodMs
        bit += 20
      } else if (head < 0x1e0_0000) {
        const dodMs = (head >>> 1) & 0xf_ffff
        deltaMs += dodMs > 0x8_0000 ? dodMs - 0x10_0000 : dodMs
        bit += 24
      } else {
        deltaMs += (read32(bytes, offset, bit + 4) | 0) * TWO_32 + read32(bytes, offset, bit + 36)
        bit += 68
      }
      nowMs += deltaMs
    }

    if (i > 0) {
      const head = read25(bytes, offset, bit)
      if (head < 0x100_0000) {
        bit += 1
      } else {
        if (head < 0x180_0000) {
          bit += 2
        } else {
          leading = (head >>> 18) & 31
          const significant = (head >>> 12) & 63
          trailing = 64 - leading - (significant === 0 ? 64 : significant)
          if (trailing < 0) throw new ChunkError('more than 64 significant bits')
          bit += 13
        }
        const significant = 64 - leading - trailing
        // `leading` is at most 31, so the window always begins in the high word.
        let windowHigh = 0
        let windowLow: number
        if (significant > 32) {
          windowHigh = read32(bytes, offset, bit) >>> (64 - significant)
          windowLow = read32(bytes, offset, bit + significant - 32)
        } else {
          windowLow = read32(bytes, offset, bit) >>> (32 - significant)
        }
        bit += significant
        if (trailing >= 32) {
          high ^= windowLow << (trailing - 32)
        } else if (trailing > 0) {
          high ^= (windowHigh << trailing) | (windowLow >>> (32 - trailing))
          low ^= windowLow << trailing
        } else {
          high ^= windowHigh
          low ^= windowLow
        }
      }
    }
    if (bit > endBit) throw new ChunkError('cut short')
    if (!(nowMs <= TIME_MS_MAX && nowMs >= -TIME_MS_MAX)) throw new ChunkError('a time out of range')
    tMs[at + i] = nowMs
    words[2 * (at + i) + LOW] = low
    words[2 * (at + i) + HIGH] = high
  }
  return count
}

/** 25 bits from `bit` of the chunk on, as a number. What lies behind the array reads as zeros. */
function read25(bytes: Uint8Array, offset: number, bit: number): number {
  const i = offset + (bit >>> 3)
  const word = (bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!
  return (word << (bit & 7)) >>> 7
}

/** 32 bits from `bit` of the chunk on. */
function read32(bytes: Uint8Array, offset: number, bit: number): number {
  const i = offset + (bit >>> 3)
  const word = (bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!
  const shift = bit & 7
  return shift === 0 ? word >>> 0 : ((word << shift) | (bytes[i + 4]! >>> (8 - shift))) >>> 0
}
