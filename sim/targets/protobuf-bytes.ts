/** Wire types of protocol buffers. */
const VARINT = 0
const LENGTH = 2

/** A double with its tag. */
export const DOUBLE_BYTES = 9

const SMALL = 128
const INT_END = 2 ** 31

/** hot. How many bytes an integer in [0, 2^53] takes as a varint. */
export function varintBytes(value: number): number {
  let bytes = 1
  while (value >= SMALL) {
    value = Math.floor(value / SMALL)
    bytes++
  }
  return bytes
}

/** hot. `value` is an integer in [0, 2^53]. Returns the end. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  while (value >= INT_END) {
    out[at++] = (value % SMALL) | SMALL
    value = Math.floor(value / SMALL)
  }
  let rest = value | 0
  while (rest >= SMALL) {
    out[at++] = (rest & 127) | SMALL
    rest >>>= 7
  }
  out[at++] = rest
  return at
}

/** Signed integers as protobuf's sint: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

/** A field of bytes or text, tag and length before it; field numbers up to 15. */
export function lengthField(field: number, content: Uint8Array | string): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const head = Buffer.alloc(1 + varintBytes(bytes.length))
  head[0] = (field << 3) | LENGTH
  writeVarint(head, 1, bytes.length)
  return Buffer.concat([head, bytes])
}

export function varintField(field: number, value: number): Buffer {
  const out = Buffer.alloc(1 + varintBytes(value))
  out[0] = (field << 3) | VARINT
  writeVarint(out, 1, value)
  return out
}

/** google.protobuf.Timestamp: seconds and nanoseconds. How many bytes its fields take. */
export function timestampBytes(unixMs: number): number {
  const ms = unixMs % 1000
  return 1 + varintBytes(Math.floor(unixMs / 1000)) + (ms === 0 ? 0 : 1 + varintBytes(ms * 1_000_000))
}

/** Its fields, without a length before them. */
export function writeTimestamp(out: Uint8Array, at: number, unixMs: number): number {
  const ms = unixMs % 1000
  out[at++] = 1 << 3
  at = writeVarint(out, at, Math.floor(unixMs / 1000))
  if (ms === 0) return at
  out[at++] = 2 << 3
  return writeVarint(out, at, ms * 1_000_000)
}

/** hot. With its tag. Returns the end. */
export function writeDouble(out: Buffer, at: number, tag: number, value: number): number {
  out[at++] = tag
  return out.writeDoubleLE(value, at)
}
