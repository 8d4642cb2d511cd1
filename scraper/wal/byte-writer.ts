/** A byte buffer that doubles when full, and the numbers and strings of the log's payloads. */
export class ByteWriter {
  bytes: Buffer
  length = 0

  constructor(capacity = 4096) {
    this.bytes = Buffer.allocUnsafe(capacity)
  }

  clear(): void {
    this.length = 0
  }

  /** Makes room for `count` more bytes, which are then written without being asked about. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const bigger = Buffer.allocUnsafe(Math.max(this.length + count, this.bytes.length * 2))
    this.bytes.copy(bigger, 0, 0, this.length)
    this.bytes = bigger
  }

  u8(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  /** @param value a non-negative integer below 2^53. */
  uvarint(value: number): void {
    this.reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.bytes[this.length++] = rest
  }

  /** @param value an integer within ±2^52. */
  varint(value: number): void {
    this.uvarint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value)
    this.uvarint(bytes)
    this.reserve(bytes)
    this.length += this.bytes.write(value, this.length)
  }
}
