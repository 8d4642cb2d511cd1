/** A line, or what stands where one should. */
export interface SplitLine {
  /** From 1. */
  readonly number: number
  readonly text: string
  /** Why it cannot be taken. */
  readonly fault?: string
  /** Nothing follows that could be read: the data are cut off here. */
  readonly isTail?: boolean
}

const LINE_FEED = 0x0a
const CLOSING_BRACE = 0x7d
/** Parts of one line that are held as they came; more are put together. */
const PARTS_MAX = 256

/**
 * Splits bytes into lines without ever holding more than a chunk and the longest line that is allowed: what is longer is passed
 * over and told as a fault. White space at the end of a line, as `\r`, is no part of it; empty lines are counted and not handed
 * out.
 */
export class LineSplitter {
  readonly #lineBytesMax: number
  #parts: Buffer[] = []
  #partBytes = 0
  #number = 1

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  /** Whether the first line is longer than it may be, wherever it ends. */
  get isFirstTooLong(): boolean {
    return this.#number === 1 && this.#isTooLong
  }


  // hot: once per line.
  push(chunk: Buffer): SplitLine[] {
    const lines: SplitLine[] = []
    const last = chunk.lastIndexOf(LINE_FEED)
    if (last !== -1) {
      let start = 0
      if (this.#partBytes > 0) {
        start = chunk.indexOf(LINE_FEED) + 1
        this.#gather(chunk.subarray(0, start - 1))
        this.#endLine(lines)
      }
      // Decoded at once, which is several times as fast as line by line.
      if (start <= last) this.#split(chunk.toString('utf8', start, last + 1), lines)
    }
    // A copy: a slice would keep the whole chunk.
    if (last + 1 < chunk.length) this.#gather(Buffer.from(chunk.subarray(last + 1)))
    return lines
  }

  /** What is left when the bytes are over: a line without its end. */
  end(): SplitLine | undefined {
    return this.#partBytes === 0 ? undefined : this.cut('has no end: the file is cut off here')
  }

  /** Nothing follows, and something should. */
  cut(fault: string): SplitLine {
    if (this.#isTooLong) return { number: this.#number, text: '', fault: this.#tooLong() }
    return { number: this.#number, text: this.#text(), fault, isTail: true }
  }

  /** What follows is not what came after the bytes before: a line that was begun is lost. */
  break(fault: string): SplitLine {
    this.#parts = []
    this.#partBytes = 0
    return { number: this.#number, text: '', fault }
  }

  /** Text of whole lines. */
  #split(text: string, lines: SplitLine[]): void {
    for (let start = 0; start < text.length;) {
      const end = text.indexOf('\n', start)
      const number = this.#number++
      // Nearly always: nothing to be trimmed, and far from the limit.
      if (text.charCodeAt(end - 1) === CLOSING_BRACE && (end - start) * 3 <= this.#lineBytesMax) {
        lines.push({ number, text: text.slice(start, end) })
      } else {
        this.#add(number, text.slice(start, end), lines)
      }
      start = end + 1
    }
  }

  #add(number: number, text: string, lines: SplitLine[]): void {
    const trimmed = text.trimEnd()
    if (Buffer.byteLength(text) > this.#lineBytesMax) lines.push({ number, text: '', fault: this.#tooLong() })
    else if (trimmed !== '') lines.push({ number, text: trimmed })
  }

  #gather(bytes: Buffer): void {
    this.#partBytes += bytes.length
    if (this.#isTooLong) this.#parts = []
    else this.#parts.push(bytes)
    if (this.#parts.length > PARTS_MAX) this.#parts = [Buffer.concat(this.#parts)]
  }

  #endLine(lines: SplitLine[]): void {
    const number = this.#number++
    if (this.#isTooLong) lines.push({ number, text: '', fault: this.#tooLong() })
    else this.#add(number, this.#text(), lines)
    this.#parts = []
    this.#partBytes = 0
  }

  #text(): string {
    return Buffer.concat(this.#parts).toString('utf8')
  }

  /** Whether the line that is being read is longer than it may be. */
  get #isTooLong(): boolean {
    return this.#partBytes > this.#lineBytesMax
  }

  #tooLong(): string {
    return `is longer than ${this.#lineBytesMax} bytes`
  }
}
