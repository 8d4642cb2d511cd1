/** Bytes that were read and not yet used. */
export class ByteQueue {
  readonly #source: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)
  #offset = 0
  #isOver = false

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Of the first byte held, in the source. */
  get offset(): number {
    return this.#offset
  }

  /** All that is held. */
  get held(): Buffer {
    return this.#held
  }

  /** Whether what is held could go on as `bytes` do. */
  isStartOf(bytes: Buffer): boolean {
    const common = Math.min(bytes.length, this.#held.length)
    return bytes.subarray(0, common).equals(this.#held.subarray(0, common))
  }

  startsWith(bytes: Buffer): boolean {
    return this.#held.length >= bytes.length && this.#held.subarray(0, bytes.length).equals(bytes)
  }

  peekUInt32(at: number): number {
    return this.#held.readUInt32LE(at)
  }

  /** Holds at least so many bytes afterwards, or says that there are not so many. */
  async fill(bytes: number): Promise<boolean> {
    if (this.#held.length >= bytes) return true
    const chunks = [this.#held]
    let length = this.#held.length
    while (length < bytes) {
      const chunk = await this.#next()
      if (chunk === undefined) break
      chunks.push(chunk)
      length += chunk.length
    }
    if (chunks.length > 1) this.#held = Buffer.concat(chunks, length)
    return length >= bytes
  }

  take(bytes: number): Buffer {
    const taken = this.#held.subarray(0, bytes)
    this.#held = this.#held.subarray(bytes)
    this.#offset += taken.length
    return taken
  }

  /** Passes over at least one byte, up to where `signature` stands, or to the end. */
  async skipTo(signature: Buffer): Promise<{ readonly isFound: boolean; readonly isZero: boolean }> {
    let isZero = true
    let from = 1
    for (;;) {
      const at = this.#held.indexOf(signature, from)
      const end = at === -1 ? Math.max(this.#held.length - signature.length + 1, 0) : at
      const passed = this.take(end)
      isZero &&= passed.every(byte => byte === 0)
      if (at !== -1) return { isFound: true, isZero }
      from = end === 0 ? from : 0
      if (await this.fill(this.#held.length + 1)) continue
      const last = this.take(this.#held.length)
      isZero &&= last.every(byte => byte === 0)
      return { isFound: false, isZero }
    }
  }

  async *rest(): AsyncGenerator<Buffer> {
    if (this.#held.length > 0) yield this.take(this.#held.length)
    for (;;) {
      const chunk = await this.#next()
      if (chunk === undefined) return
      yield chunk
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.()
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#isOver) return undefined
    const next = await this.#source.next()
    if (next.done !== true) return next.value
    this.#isOver = true
    return undefined
  }
}
