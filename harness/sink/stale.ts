/**
 * Doubles are moved as two words, so that a NaN keeps its payload: Prometheus' stale marker is a signalling NaN that
 * arithmetic, plain arrays and messages turn into another one.
 *
 *   stale marker: 0x7ff00000 00000002
 */
const STALE_HIGH = 0x7ff00000
const STALE_LOW = 0x00000002

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
const LOW = LITTLE_ENDIAN ? 0 : 1
const HIGH = LITTLE_ENDIAN ? 1 : 0

/** Writes a double, given as its two words, into `values[index]`. */
export function writeWords(values: Float64Array, index: number, low: number, high: number): void {
  const words = new Uint32Array(values.buffer, values.byteOffset + index * 8, 2)
  words[LOW] = low
  words[HIGH] = high
}

/** Whether `values[index]` is the stale marker; any other NaN is an ordinary value. */
export function isStaleAt(values: Float64Array, index: number): boolean {
  const value = values[index]!
  return value !== value && sameWords(values, index, STALE_LOW, STALE_HIGH)
}

/** Whether `values[index]` has exactly these bits. */
export function sameWords(values: Float64Array, index: number, low: number, high: number): boolean {
  const words = new Uint32Array(values.buffer, values.byteOffset + index * 8, 2)
  return words[LOW] === low >>> 0 && words[HIGH] === high >>> 0
}
