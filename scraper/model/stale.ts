/**
 * Prometheus' staleness marker: a signalling NaN with a payload of its own.
 *
 * It survives in typed arrays only: arithmetic, plain arrays and messages turn it into another NaN. Therefore nobody
 * passes it around as a number; it is written and recognised in `Float64Array`s by its bits.
 */
const STALE_HIGH = 0x7ff00000
const STALE_LOW = 0x00000002

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
const LOW = LITTLE_ENDIAN ? 0 : 1
const HIGH = LITTLE_ENDIAN ? 1 : 0

/** Writes the marker into `values[index]`. */
export function writeStale(values: Float64Array, index: number): void {
  const words = new Uint32Array(values.buffer, values.byteOffset + index * 8, 2)
  words[LOW] = STALE_LOW
  words[HIGH] = STALE_HIGH
}

/** Whether `values[index]` is the marker; any other NaN is an ordinary value. */
export function isStaleAt(values: Float64Array, index: number): boolean {
  const value = values[index]!
  if (value === value) return false
  scratch.set(values.subarray(index, index + 1))
  return scratchWords[LOW] === STALE_LOW && scratchWords[HIGH] === STALE_HIGH
}
