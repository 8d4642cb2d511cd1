/** A line, or what stands where one should. */
export interface SplitLine {
  /** From 1. */
  readonly number: number
  readonly text: string
  /** Why it cannot be taken; `text` is empty then. */
  readonly fault?: string
  /** It is the last one and has no line feed. */
  readonly isTail?: boolean
}

const LINE_FEED = 0x0a

/**
 * Splits bytes into lines without ever holding more than the longest line that is allowed: what is longer is passed over
 * and told as a fault. Empty lines are counted and not handed out.
 */
export class LineSplitter {
  readonly #lineBytesMax: number
  #parts: Buffer[] = []
  #partBytes = 0
  #isTooLong = false
  #number = 1

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  /** Number of the line that is being read. */
  get nextNumber(): number {
    return this.#number
  }

  push(chunk: Buffer): SplitLine[] {
    const lines: SplitLine[] = []
    let start = 0
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start)
      if (end === -1) break
      this.#gather(chunk.subarray(start, end))
      const line = this.#take()
      if (line !== undefined) lines.push(line)
      start = end + 1
    }
    // A copy: a slice would keep the whole chunk.
    if (start < chunk.length) this.#gather(Buffer.from(chunk.subarray(start)))
    return lines
  }

  /** What is left when the bytes are over: a line without its end. */
  end(): SplitLine | undefined {
    if (this.#partBytes === 0) return undefined
    const line = this.#take()
    if (line === undefined) return undefined
    return { number: line.number, text: '', fault: 'has no end: the file is cut off here', isTail: true }
  }

  #gather(bytes: Buffer): void {
    this.#partBytes += bytes.length
    if (this.#partBytes > this.#lineBytesMax) {
      this.#isTooLong = true
      this.#parts = []
    } else {
      this.#parts.push(bytes)
    }
  }

  #take(): SplitLine | undefined {
    const number = this.#number++
    const bytes = this.#partBytes
    const parts = this.#parts
    const isTooLong = this.#isTooLong
    this.#parts = []
    this.#partBytes = 0
    this.#isTooLong = false
    if (isTooLong) return { number, text: '', fault: `is longer than ${this.#lineBytesMax} bytes` }
    const text = (parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes)).toString('utf8').trimEnd()
    return text === '' ? undefined : { number, text }
  }
}
