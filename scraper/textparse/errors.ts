/** A body that is not in the text format. Data, not an accident: it makes the target's scrape fail. */
export class TextFormatError extends Error {
  override readonly name = 'TextFormatError'
  /** From 1. */
  readonly line: number

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`)
    this.line = line
  }
}
