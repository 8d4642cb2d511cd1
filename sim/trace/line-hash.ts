import { createHash } from 'node:crypto'

/** Text that is gathered before it is hashed, in characters: a call costs more than the hashing of a line. */
const CHUNK_CHARS = 16 * 1024

/** SHA-256 over lines, each ended by a line feed. */
export class LineHash {
  readonly #hash = createHash('sha256')
  #text = ''

  // hot: once per event.
  add(line: string): void {
    this.#text += `${line}\n`
    if (this.#text.length >= CHUNK_CHARS) this.#hashText()
  }

  /** Of the lines so far, in hexadecimal; more may be added. */
  digest(): string {
    this.#hashText()
    return this.#hash.copy().digest('hex')
  }

  #hashText(): void {
    this.#hash.update(this.#text)
    this.#text = ''
  }
}
