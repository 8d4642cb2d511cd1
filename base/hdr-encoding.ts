import { inflateSync } from 'node:zlib'
import { CodedError, ExitCode } from './errors.ts'

/*
 * HDR histogram, encoding V2, compressed, base64. All integers big-endian.
 *
 *   outer  0  u32  cookie 0x1c849314
 *          4  u32  bytes of zlib data that follow
 *   inner  0  u32  cookie 0x1c849313
 *          4  u32  bytes of counts
 *          8  u32  normalising offset, unused
 *         12  u32  significant digits
 *         16  u64  lowest discernible value
 *         24  u64  highest trackable value
 *         32  f64  conversion ratio, unused
 *         40       counts by bucket: zig-zag LEB128 of at most 9 bytes; −n stands for n empty buckets
 */
const OUTER_COOKIE = 0x1c849314
const INNER_COOKIE = 0x1c849313
const HEADER_BYTES = 40

/** More than any histogram of 64-bit values with three digits can take; keeps a forged one from filling the memory. */
const INFLATED_BYTES_MAX = 1 << 20

/**
 * Calls `visit` for every bucket that holds something, ascending, with the highest value of the bucket and its count.
 *
 * The library's own decoder in WebAssembly loses buckets of 2^31 and more without a word, and an encoding that it does
 * not like costs it its memory; this one reads what is there and refuses what cannot be.
 *
 * @throws CodedError CHURN_HISTOGRAM, possibly after some calls
 */
export function decodeBuckets(base64: string, visit: (highestValue: number, count: number) => void): void {
  const counts = inflate(base64)
  const digits = counts.readUInt32BE(12)
  const lowest = Number(counts.readBigUInt64BE(16))
  if (digits > 5 || lowest < 1) throw notAnEncoding()
  const unitMagnitude = Math.floor(Math.log2(lowest))
  // Each doubling of the value has half as many buckets as resolve 2 · 10^digits in steps of one.
  const halfMagnitude = Math.ceil(Math.log2(2 * Math.pow(10, digits))) - 1
  const half = Math.pow(2, halfMagnitude)
  let index = 0
  let at = HEADER_BYTES
  const end = Math.min(counts.length, HEADER_BYTES + counts.readUInt32BE(4))
  while (at < end) {
    let word = 0
    let scale = 1
    for (let i = 0; ; i++) {
      if (at >= end) throw notAnEncoding()
      const byte = counts[at++]!
      const last = i === 8 || byte < 0x80
      word += (last ? byte : byte - 0x80) * scale
      if (last) break
      scale *= 128
    }
    if (!Number.isSafeInteger(word)) throw notAnEncoding()
    if (word % 2 === 1) {
      index += (word + 1) / 2
      continue
    }
    if (word > 0) {
      const doubling = Math.max(0, Math.floor(index / half) - 1)
      const width = Math.pow(2, doubling + unitMagnitude)
      const inDoubling = index < 2 * half ? index : (index % half) + half
      visit((inDoubling + 1) * width - 1, word / 2)
    }
    index++
  }
}

function inflate(base64: string): Buffer {
  let inner: Buffer
  try {
    const outer = Buffer.from(base64, 'base64')
    if (outer.readUInt32BE(0) !== OUTER_COOKIE) throw notAnEncoding()
    inner = inflateSync(outer.subarray(8, 8 + outer.readUInt32BE(4)), { maxOutputLength: INFLATED_BYTES_MAX })
  } catch (error) {
    throw error instanceof CodedError ? error : notAnEncoding(error)
  }
  if (inner.length < HEADER_BYTES || inner.readUInt32BE(0) !== INNER_COOKIE) throw notAnEncoding()
  return inner
}

function notAnEncoding(cause?: unknown): CodedError {
  return new CodedError('CHURN_HISTOGRAM', 'not an encoded HDR histogram (V2, compressed, base64)', {
    cause,
    exitCode: ExitCode.usage,
  })
}
