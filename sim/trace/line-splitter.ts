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
 * Splits bytes into lines without ever holding more than a chunk and the longest line that is allowed: what is longer is told as
 * a fault as soon as that is seen, and passed over. White space at the end of a line, as `\r`, is no part of it; empty lines are
 * counted and not handed out.
 */
export class LineSplitter {
  readonly #lineBytesMax: number
  /** Of the line that was begun. */
  #parts: Buffer[] = []
  #partBytes = 0
  /** The line that was begun is too long, which has been told. */
  #isSkipping = false
  #number = 1

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  // hot: once per line.
  push(chunk: Buffer): SplitLine[] {
    const lines: SplitLine[] = []
    const last = chunk.lastIndexOf(LINE_FEED)
    if (last !== -1) {
      let start = 0
      if (this.#partBytes > 0) {
        start = chunk.indexOf(LINE_FEED) + 1
        this.#gather(chunk.subarray(0, start - 1), lines)
        if (!this.#isSkipping) this.#add(this.#number, this.#text(), lines)
        this.#begin()
        this.#number++
      }
      // Decoded at once, which is several times as fast as line by line.
      if (start <= last) this.#split(chunk.toString('utf8', start, last + 1), lines)
    }
    if (last + 1 < chunk.length) {
      const rest = chunk.subarray(last + 1)
      // A copy: a slice would keep the whole chunk. Of a line that is passed over nothing is kept.
      this.#gather(this.#isSkipping ? rest : Buffer.from(rest), lines)
    }
    return lines
  }

  /** What is left when the bytes are over: a line without its end. */
  end(): SplitLine | undefined {
    if (this.#isSkipping || this.#text().trimEnd() === '') return undefined
    return this.cut('has no end: the file is cut off here')
  }

  /** Nothing follows, and something should. */
  cut(fault: string): SplitLine {
    return { number: this.#number, text: this.#text(), fault, isTail: true }
  }

  /** What follows is not what came after the bytes before: a line that was begun is lost. */
  break(fault: string): SplitLine {
    this.#begin()
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
    if (Buffer.byteLength(text) > this.#lineBytesMax) lines.push(this.#tooLong(number))
    else if (trimmed !== '') lines.push({ number, text: trimmed })
  }

  #gather(bytes: Buffer, lines: SplitLine[]): void {
    this.#partBytes += bytes.length
    if (this.#isSkipping) return
    if (this.#partBytes > this.#lineBytesMax) {
      this.#isSkipping = true
      this.#parts = []
      lines.push(this.#tooLong(this.#number))
      return
    }
    this.#parts.push(bytes)
    if (this.#parts.length > PARTS_MAX) this.#parts = [Buffer.concat(this.#parts)]
  }

  #begin(): void {
    this.#parts = []
    this.#partBytes = 0
    this.#isSkipping = false
  }

  #text(): string {
    return Buffer.concat(this.#parts).toString('utf8')
  }

  #tooLong(number: number): SplitLine {
    return { number, text: '', fault: `is longer than ${this.#lineBytesMax} bytes` }
  }
}
