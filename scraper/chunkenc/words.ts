/**
 * Doubles as pairs of 32-bit words: JavaScript has no 64-bit integers, and a staleness marker must never travel as a
 * number. A column of values is a `Float64Array` together with the `Uint32Array` over the same memory; the words of
 * value `i` are at `2 * i + LOW` and `2 * i + HIGH`.
 */
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

export const LOW: number = LITTLE_ENDIAN ? 0 : 1
export const HIGH: number = LITTLE_ENDIAN ? 1 : 0

export function wordsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
}
