const NEWLINE = 10

/** A frame that never ends must not eat the memory. Far above any object that etcd takes (1.5 MB). */
export const MAX_FRAME_BYTES = 32 * 1024 * 1024

/** Cuts a stream of bytes into JSON values, one a line, and parses them. Holds at most one unfinished line. */
export class JsonLines {
  readonly #onValue: (value: unknown) => void
  readonly #maxBytes: number
  #rest: Buffer[] = []
  #restBytes = 0

  constructor(onValue: (value: unknown) => void, maxBytes = MAX_FRAME_BYTES) {
    this.#onValue = onValue
    this.#maxBytes = maxBytes
  }

  /** @throws SyntaxError when a line is not JSON; RangeError when it is too long. */
  push(chunk: Buffer): void {
    let start = 0
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, start)
      if (newline < 0) break
      this.#take(chunk.subarray(start, newline))
      start = newline + 1
    }
    if (start === chunk.length) return
    // A copy: the chunk may be a window into a buffer that is much larger.
    const rest = Buffer.from(chunk.subarray(start))
    this.#rest.push(rest)
    this.#restBytes += rest.length
    if (this.#restBytes > this.#maxBytes) throw new RangeError(`a line is longer than ${this.#maxBytes} bytes`)
  }

  #take(end: Buffer): void {
    let line = end
    if (this.#rest.length > 0) {
      line = Buffer.concat([...this.#rest, end])
      this.#rest = []
      this.#restBytes = 0
    }
    if (line.length > this.#maxBytes) throw new RangeError(`a line is longer than ${this.#maxBytes} bytes`)
    const text = line.toString('utf8')
    if (text.trim() !== '') this.#onValue(JSON.parse(text))
  }
}
