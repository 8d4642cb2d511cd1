import type { Conversion } from './conversion.ts'
import { textLines } from './text-lines.ts'

export interface YamlText {
  /** From 1. */
  readonly number: number
  /** Its first line, from 1. */
  readonly line: number
  readonly text: string
}

/** Objects of the API server are smaller than its limit of 1.5 MiB; as YAML they are longer than as JSON. */
const DOCUMENT_CHARS_MAX = 8 * 1024 * 1024
const LINE_BYTES_MAX = 2 * 1024 * 1024

/** The texts of a stream of YAML documents, cut at their `---` lines, one at a time. Blank lines are lost. */
export async function* yamlDocuments(bytes: AsyncIterable<Buffer>, conversion: Conversion): AsyncGenerator<YamlText> {
  let lines: string[] = []
  let chars = 0
  let first = 1
  let number = 1
  const take = (): YamlText | undefined => {
    const text = lines.join('\n')
    const document = { number, line: first, text }
    const isTooLong = chars > DOCUMENT_CHARS_MAX
    lines = []
    chars = 0
    if (isTooLong)
      conversion.fault(`document ${number} (line ${first})`, `is longer than ${DOCUMENT_CHARS_MAX} characters`)
    else if (text === '') return undefined
    number++
    return isTooLong ? undefined : document
  }
  for await (const batch of textLines(bytes, conversion, LINE_BYTES_MAX)) {
    for (const line of batch) {
      if (line.text === '---' || line.text.startsWith('--- ')) {
        const document = take()
        if (document !== undefined) yield document
        continue
      }
      if (lines.length === 0) first = line.number
      chars += line.text.length
      if (chars <= DOCUMENT_CHARS_MAX) lines.push(line.text)
    }
  }
  const document = take()
  if (document !== undefined) yield document
}
