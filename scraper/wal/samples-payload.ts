import { HIGH, LOW } from '../chunkenc/index.ts'
import { MalformedPayload, type ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { SampleBatch } from './sample-batch.ts'

/** Payload of a sample record: drawn in docs/formats/wal.md. */

const ONE_TIME = 0
const MANY_TIMES = 1

/**
 * @param bases words of what each value is to be XORed with: the series' last value in this segment, or 0. A scrape
 * repeats most values of the scrape before, and what changes changes in a few bytes.
 */
export function encodeSamples(out: ByteWriter, batch: SampleBatch, bases: Uint32Array): void {
  const { length, tMs, words } = batch
  const refs = batch.refs.array
  out.uvarint(length)
  encodeRuns(out, refs, length)

  let uniform = true
  for (let i = 1; i < length && uniform; i++) uniform = tMs[i] === tMs[0]
  out.u8(uniform ? ONE_TIME : MANY_TIMES)
  if (length > 0) out.varint(tMs[0]!)
  if (!uniform) for (let i = 1; i < length; i++) out.varint(tMs[i]! - tMs[i - 1]!)

  const bitmapBytes = (length + 7) >>> 3
  out.reserve(bitmapBytes + length * 9)
  const bytes = out.bytes
  const bitmap = out.length
  bytes.fill(0, bitmap, bitmap + bitmapBytes)
  let at = bitmap + bitmapBytes
  // hot: once per sample. No allocation.
  for (let i = 0; i < length; i++) {
    const low = words[2 * i + LOW]! ^ bases[2 * i + LOW]!
    const high = words[2 * i + HIGH]! ^ bases[2 * i + HIGH]!
    if (low === 0 && high === 0) continue
    bytes[bitmap + (i >>> 3)]! |= 1 << (i & 7)
    // Whole zero bytes in front and behind are left out.
    const first = high !== 0 ? Math.clz32(high) >>> 3 : 4 + (Math.clz32(low) >>> 3)
    const last = low !== 0 ? 7 - (trailingZeros(low) >>> 3) : 3 - (trailingZeros(high) >>> 3)
    bytes[at++] = (first << 4) | (last - first)
    for (let k = first; k <= last; k++) bytes[at++] = k < 4 ? high >>> (24 - 8 * k) : low >>> (56 - 8 * k)
  }
  out.length = at
}

/**
 * Reads a payload into `batch`; its words are still XORed with their bases.
 *
 * @throws MalformedPayload
 */
export function decodeSamples(reader: ByteReader, batch: SampleBatch): void {
  batch.clear()
  const length = reader.uvarint()
  if (length > reader.left * 8) throw new MalformedPayload('more samples than bits')
  decodeRuns(reader, batch, length)

  const times = reader.u8()
  if (times > MANY_TIMES) throw new MalformedPayload(`unknown way of writing times (${times})`)
  let nowMs = length > 0 ? reader.varint() : 0
  for (let i = 0; i < length; i++) {
    if (i > 0 && times === MANY_TIMES) nowMs += reader.varint()
    batch.tMs[i] = nowMs
  }

  const bitmap = reader.take((length + 7) >>> 3)
  const { words } = batch
  // hot: once per sample.
  for (let i = 0; i < length; i++) {
    let low = 0
    let high = 0
    if ((bitmap[i >>> 3]! >>> (i & 7)) & 1) {
      const control = reader.u8()
      const first = control >>> 4
      const last = first + (control & 15)
      if (last > 7) throw new MalformedPayload('more than 8 bytes')
      for (let k = first; k <= last; k++) {
        if (k < 4) high |= reader.u8() << (24 - 8 * k)
        else low |= reader.u8() << (56 - 8 * k)
      }
    }
    words[2 * i + LOW] = low
    words[2 * i + HIGH] = high
  }
}

/** Refs as runs of neighbours: the series of a target were created together and are appended together. */
function encodeRuns(out: ByteWriter, refs: Uint32Array, length: number): void {
  let runs = 0
  for (let i = 0; i < length; i++) if (i === 0 || refs[i] !== refs[i - 1]! + 1) runs++
  out.uvarint(runs)
  let end = 0
  for (let i = 0; i < length;) {
    const start = i
    do i++
    while (i < length && refs[i] === refs[i - 1]! + 1)
    out.varint(refs[start]! - end)
    out.uvarint(i - start)
    end = refs[i - 1]! + 1
  }
}

function decodeRuns(reader: ByteReader, batch: SampleBatch, length: number): void {
  let end = 0
  for (let runs = reader.uvarint(); runs > 0; runs--) {
    const start = end + reader.varint()
    end = start + reader.uvarint()
    if (start <= 0 || end > 0xffff_ffff || batch.length + end - start > length) throw new MalformedPayload('a bad run')
    for (let ref = start; ref < end; ref++) batch.push(ref, 0)
  }
  if (batch.length !== length) throw new MalformedPayload('runs do not add up')
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word)
}
