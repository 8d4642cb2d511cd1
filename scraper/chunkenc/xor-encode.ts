import { BitSink } from './bit-sink.ts'
import { HIGH, LOW } from './words.ts'
import { HEADER_BYTES, NO_WINDOW, SAMPLE_BYTES_MAX, XorLanes } from './xor-lanes.ts'

const TWO_32 = 0x1_0000_0000
const sink = new BitSink()

/**
 * Appends samples `from`…`to - 1` of two columns to the chunk of a lane, bit-compatible with Prometheus' XOR chunks
 * (docs/formats/chunk.md).
 *
 * `out[0]` is the chunk's last byte begun (byte `bits >>> 3` of the chunk); whole and begun bytes are written from
 * there. The chunk's header is not touched. Times ascend strictly and are integers within ±`TIME_MS_MAX`; `out` has room for
 * `SAMPLE_BYTES_MAX` a sample and one more; a chunk holds at most 65 535 samples.
 *
 * @returns the number of bytes of `out` that now belong to the chunk.
 */
export function encodeXor(
  lanes: XorLanes,
  lane: number,
  tMs: Float64Array,
  words: Uint32Array,
  from: number,
  to: number,
  out: Uint8Array,
): number {
  const startBits = lanes.bits[lane]!
  let count = lanes.count[lane]!
  let lastMs = lanes.tMs[lane]!
  let deltaMs = lanes.deltaMs[lane]!
  let low = lanes.words[2 * lane + LOW]!
  let high = lanes.words[2 * lane + HIGH]!
  let leading = lanes.leading[lane]!
  let trailing = lanes.trailing[lane]!
  sink.open(out, 0, startBits & 7)

  // hot: once per sample. No allocation.
  for (let i = from; i < to; i++) {
    const nowMs = tMs[i]!
    const nowLow = words[2 * i + LOW]!
    const nowHigh = words[2 * i + HIGH]!
    if (count === 0) {
      putUvarint(nowMs >= 0 ? nowMs * 2 : -nowMs * 2 - 1)
      sink.putWord(nowHigh, 32)
      sink.putWord(nowLow, 32)
    } else {
      const nowDeltaMs = nowMs - lastMs
      if (count === 1) putUvarint(nowDeltaMs)
      else putDeltaOfDelta(nowDeltaMs - deltaMs)
      deltaMs = nowDeltaMs

      const xorLow = (nowLow ^ low) >>> 0
      const xorHigh = (nowHigh ^ high) >>> 0
      if (xorLow === 0 && xorHigh === 0) {
        sink.put(0, 1)
      } else {
        let zerosBefore = xorHigh !== 0 ? Math.clz32(xorHigh) : 32 + Math.clz32(xorLow)
        const zerosAfter = xorLow !== 0 ? trailingZeros(xorLow) : 32 + trailingZeros(xorHigh)
        // Five bits hold the number; what exceeds it counts as significant.
        if (zerosBefore > 31) zerosBefore = 31
        if (leading !== NO_WINDOW && zerosBefore >= leading && zerosAfter >= trailing) {
          sink.put(0b10, 2)
        } else {
          leading = zerosBefore
          trailing = zerosAfter
          // 64 significant bits are written as 0: none at all never happens.
          sink.put((0b11 << 11) | (leading << 6) | ((64 - leading - trailing) & 63), 13)
        }
        putWindow(xorHigh, xorLow, trailing, 64 - leading - trailing)
      }
    }
    lastMs = nowMs
    low = nowLow
    high = nowHigh
    count++
  }

  const openBits = sink.close()
  lanes.tMs[lane] = lastMs
  lanes.deltaMs[lane] = deltaMs
  lanes.words[2 * lane + LOW] = low
  lanes.words[2 * lane + HIGH] = high
  lanes.leading[lane] = leading
  lanes.trailing[lane] = trailing
  lanes.count[lane] = count
  lanes.bits[lane] = (startBits & ~7) + sink.at * 8 + openBits
  return sink.at + (openBits > 0 ? 1 : 0)
}

/** One whole chunk, header included. For everything that is not hot. */
export function encodeXorChunk(tMs: Float64Array, words: Uint32Array, from: number, to: number): Uint8Array {
  const lanes = new XorLanes(1)
  const out = new Uint8Array((to - from) * SAMPLE_BYTES_MAX + 1)
  const bytes = encodeXor(lanes, 0, tMs, words, from, to, out)
  const chunk = new Uint8Array(HEADER_BYTES + bytes)
  chunk[0] = (to - from) >>> 8
  chunk[1] = (to - from) & 0xff
  chunk.set(out.subarray(0, bytes), HEADER_BYTES)
  return chunk
}

/** @param value a non-negative integer below 2^53. */
function putUvarint(value: number): void {
  let rest = value
  while (rest >= 0x80) {
    sink.put((rest % 0x80) | 0x80, 8)
    rest = Math.floor(rest / 0x80)
  }
  sink.put(rest, 8)
}

// hot: once per sample. The buckets are those of Prometheus: n bits hold -(2^(n-1) - 1) … 2^(n-1).
function putDeltaOfDelta(dodMs: number): void {
  if (dodMs === 0) {
    sink.put(0, 1)
  } else if (dodMs >= -0x1fff && dodMs <= 0x2000) {
    sink.put((0b10 << 14) | (dodMs & 0x3fff), 16)
  } else if (dodMs >= -0xffff && dodMs <= 0x1_0000) {
    sink.put((0b110 << 17) | (dodMs & 0x1_ffff), 20)
  } else if (dodMs >= -0x7_ffff && dodMs <= 0x8_0000) {
    sink.put((0b1110 << 20) | (dodMs & 0xf_ffff), 24)
  } else {
    sink.put(0b1111, 4)
    sink.putWord(Math.floor(dodMs / TWO_32) | 0, 32)
    sink.putWord(dodMs >>> 0, 32)
  }
}

// hot: once per changed value. Writes `count` bits of the pair, from bit `trailing` upwards.
function putWindow(high: number, low: number, trailing: number, count: number): void {
  let windowLow = low
  let windowHigh = high
  if (trailing >= 32) {
    windowLow = high >>> (trailing - 32)
    windowHigh = 0
  } else if (trailing > 0) {
    windowLow = (low >>> trailing) | (high << (32 - trailing))
    windowHigh = high >>> trailing
  }
  if (count > 32) {
    sink.putWord(windowHigh, count - 32)
    sink.putWord(windowLow, 32)
  } else {
    sink.putWord(windowLow, count)
  }
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word)
}
