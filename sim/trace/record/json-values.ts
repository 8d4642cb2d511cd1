/** A JSON object of a stream, or what stands where one should. */
export interface JsonValue {
  /** Of its first byte, from 0. */
  readonly offset: number
  readonly text: string
  /** Why it cannot be taken; `text` is empty then. */
  readonly fault?: string
}

const LINE_FEED = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const SPACES = new Set([0x20, 0x09, 0x0d, LINE_FEED])

/**
 * Splits bytes into the JSON objects that follow each other in them, pretty-printed or not, without ever holding more than
 * the longest one that is allowed.
 *
 * ```
 *              ┌── "{" ──▶ within ── its "}" ──▶ a value
 *   between ───┤             │ too long; a line feed in a string; "{" at the start of a line
 *              └─ other ─▶ lost ── "{" at the start of a line ──▶ within
 * ```
 *
 * Only an outermost object begins at the start of a line, in what kubectl prints as in JSON lines: so what comes behind a
 * damaged one is found again. Braces alone are counted; whether it is JSON, the parser says.
 */
export class JsonValueSplitter {
  readonly #bytesMax: number
  #state: 'between' | 'within' | 'lost' = 'between'
  #parts: Buffer[] = []
  #partBytes = 0
  #depth = 0
  #inString = false
  #isEscaped = false
  #isLineStart = true
  /** Of the value being read. */
  #offset = 0
  /** Of the chunk. */
  #chunkOffset = 0
  #values: JsonValue[] = []

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  // hot: once per byte.
  push(chunk: Buffer): JsonValue[] {
    this.#values = []
    let start = 0
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!
      const isLineStart = this.#isLineStart
      this.#isLineStart = byte === LINE_FEED
      if (this.#state === 'within') {
        if (this.#inString) {
          if (this.#isEscaped) this.#isEscaped = false
          else if (byte === BACKSLASH) this.#isEscaped = true
          else if (byte === QUOTE) this.#inString = false
          else if (byte === LINE_FEED) this.#lose('is damaged: a text that ends nowhere')
        } else if (byte === QUOTE) {
          this.#inString = true
        } else if (byte === OPEN) {
          if (isLineStart) {
            this.#lose('is cut off: another one begins before its end')
            this.#begin(i)
            start = i
          }
          this.#depth++
        } else if (byte === CLOSE && --this.#depth === 0) {
          this.#gather(chunk.subarray(start, i + 1))
          this.#take()
        }
      } else if (byte === OPEN && (this.#state === 'between' || isLineStart)) {
        this.#begin(i)
        start = i
        this.#depth = 1
      } else if (this.#state === 'between' && !SPACES.has(byte)) {
        this.#offset = this.#chunkOffset + i
        this.#lose(`is no JSON object: it begins with ${JSON.stringify(String.fromCharCode(byte))}`)
      }
    }
    // A copy: a slice would keep the whole chunk.
    if (this.#state === 'within') this.#gather(Buffer.from(chunk.subarray(start)))
    this.#chunkOffset += chunk.length
    return this.#values
  }

  /** What is left when the bytes are over. */
  end(): JsonValue | undefined {
    if (this.#state !== 'within') return undefined
    this.#state = 'between'
    return { offset: this.#offset, text: '', fault: 'has no end: the stream ends in the middle of it' }
  }

  #begin(index: number): void {
    this.#state = 'within'
    this.#offset = this.#chunkOffset + index
    this.#parts = []
    this.#partBytes = 0
    this.#depth = 0
    this.#inString = false
    this.#isEscaped = false
  }

  #gather(bytes: Buffer): void {
    this.#parts.push(bytes)
    this.#partBytes += bytes.length
    if (this.#partBytes > this.#bytesMax)
      this.#lose(`is longer than ${this.#bytesMax} bytes (with -w, kubectl prints a list object by object)`)
  }

  #take(): void {
    if (this.#state === 'lost') return
    const text = (this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#partBytes)).toString()
    this.#values.push({ offset: this.#offset, text })
    this.#parts = []
    this.#state = 'between'
  }

  #lose(fault: string): void {
    this.#values.push({ offset: this.#offset, text: '', fault })
    this.#parts = []
    this.#state = 'lost'
  }
}
