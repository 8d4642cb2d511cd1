import { TornError } from '../input-bytes.ts'
import { LineSplitter } from '../line-splitter.ts'
import type { Conversion } from './conversion.ts'

export interface TextLine {
  /** From 1. */
  readonly number: number
  /** Not empty, without blanks at its end. */
  readonly text: string
}

/**
 * The lines of what others wrote, in batches; the last may lack its end. Too long ones, and compressed data that are damaged,
 * are faults of the conversion.
 */
export async function* textLines(
  bytes: AsyncIterable<Buffer>,
  conversion: Conversion,
  lineBytesMax: number,
): AsyncGenerator<TextLine[]> {
  const splitter = new LineSplitter(lineBytesMax)
  const soundOf = (chunk: Buffer): TextLine[] =>
    splitter.push(chunk).filter(({ number, fault }) => {
      if (fault !== undefined) conversion.fault(`line ${number}`, fault)
      return fault === undefined
    })
  try {
    for await (const chunk of bytes) yield soundOf(chunk)
  } catch (error) {
    if (!(error instanceof TornError)) throw error
    const { number, fault = '' } = splitter.cut(error.message)
    conversion.fault(`line ${number}`, fault)
  }
  yield soundOf(Buffer.from('\n'))
}
