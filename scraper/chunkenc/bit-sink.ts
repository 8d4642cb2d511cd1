/** Writes bits, most significant first, into a byte array that the caller has made large enough. */
export class BitSink {
  bytes: Uint8Array = EMPTY
  /** Where the next whole byte goes. */
  at = 0
  #pending = 0
  #pendingBits = 0

  /** Goes on `bitOffset` (0–7) bits into the byte at `at`, of which those bits are kept. */
  open(bytes: Uint8Array, at: number, bitOffset: number): void {
    this.bytes = bytes
    this.at = at
    this.#pendingBits = bitOffset
    this.#pending = bitOffset === 0 ? 0 : bytes[at]! >>> (8 - bitOffset)
  }

  // hot: up to five times a sample. No allocation.
  /** Writes the low `count` ≤ 24 bits of `value`, whose other bits are zero. */
  put(value: number, count: number): void {
    const bits = (this.#pending << count) | value
    let left = this.#pendingBits + count
    while (left >= 8) {
      left -= 8
      this.bytes[this.at++] = bits >>> left
    }
    this.#pending = bits & ((1 << left) - 1)
    this.#pendingBits = left
  }

  /** Writes the low `count` ≤ 32 bits of `value`, whose higher bits are ignored. */
  putWord(value: number, count: number): void {
    if (count > 16) {
      this.put((value >>> 16) & (0xffff >>> (32 - count)), count - 16)
      this.put(value & 0xffff, 16)
    } else if (count > 0) {
      this.put(value & (0xffff >>> (16 - count)), count)
    }
  }

  /** Writes the started byte, filled up with zeros, and returns how many of its bits are used (0: there is none). */
  close(): number {
    if (this.#pendingBits > 0) this.bytes[this.at] = this.#pending << (8 - this.#pendingBits)
    return this.#pendingBits
  }
}

const EMPTY = new Uint8Array(0)
