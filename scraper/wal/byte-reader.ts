/** A payload that is not what its type says, although its checksum is right. */
export class MalformedPayload extends Error {
  override readonly name = 'MalformedPayload'
}

/** Reads what `ByteWriter` wrote. @throws MalformedPayload at the end of the bytes, and at a number that cannot be. */
export class ByteReader {
  readonly #bytes: Buffer
  #at: number
  readonly #end: number

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes
    this.#at = from
    this.#end = to
  }

  get left(): number {
    return this.#end - this.#at
  }

  u8(): number {
    if (this.#at >= this.#end) throw new MalformedPayload('cut short')
    return this.#bytes[this.#at++]!
  }

  uvarint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 0x80
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new MalformedPayload('a number beyond 2^53')
    return value
  }

  varint(): number {
    const value = this.uvarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  text(): string {
    const bytes = this.uvarint()
    if (bytes > this.left) throw new MalformedPayload('cut short')
    this.#at += bytes
    return this.#bytes.toString('utf8', this.#at - bytes, this.#at)
  }

  /** A view of the next `count` bytes. */
  take(count: number): Uint8Array {
    if (count > this.left) throw new MalformedPayload('cut short')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }
}
