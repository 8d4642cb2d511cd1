import { JSONParser } from '@streamparser/json'
import { describeError } from '../../../base/index.ts'
import type { Conversion } from './conversion.ts'
import { HEAD_BYTES } from './detect-format.ts'
import { peekBytes } from './peeked-bytes.ts'
import { textLines } from './text-lines.ts'

export interface JsonItem {
  /** `line 7` or `item 7`, for messages. */
  readonly place: string
  readonly value: unknown
}

const LINE_BYTES_MAX = 2 * 1024 * 1024

/**
 * The values of a JSON input, one at a time: one a line, the items of a list (`{"items": [ … ]}`, `[ … ]`), or one behind the
 * other over any number of lines, as `kubectl get -w -o json` writes them. Where lines are whole values, a damaged one is
 * passed over with `--lenient`; elsewhere the reading ends there.
 */
export async function* jsonItems(source: AsyncIterable<Buffer>, conversion: Conversion): AsyncGenerator<JsonItem[]> {
  const { head, bytes } = await peekBytes(source, HEAD_BYTES)
  const text = head.toString('utf8').trimStart()
  if (isOneALine(text)) {
    yield* lineItems(bytes, conversion)
    return
  }
  const isList =
    /^\{[^{[]*"items"\s*:\s*\[/.test(text) || /^\{[^[]*"metadata"\s*:\s*\{[^{}[]*\}[^{[]*"items"\s*:/.test(text)
  const options = isList
    ? { paths: ['$.items.*'], keepStack: false }
    : text.startsWith('[')
      ? { paths: ['$.*'], keepStack: false }
      : { paths: ['$'], separator: '' }
  yield* parsedItems(bytes, conversion, options)
}

/** The first line is a value of its own that is no list. */
function isOneALine(text: string): boolean {
  const end = text.indexOf('\n')
  try {
    const value: unknown = JSON.parse(end === -1 ? text : text.slice(0, end))
    return typeof value === 'object' && value !== null && !Array.isArray(value) && !('items' in value)
  } catch {
    return false
  }
}

async function* lineItems(bytes: AsyncIterable<Buffer>, conversion: Conversion): AsyncGenerator<JsonItem[]> {
  for await (const lines of textLines(bytes, conversion, LINE_BYTES_MAX)) {
    yield lines.flatMap(({ number, text }) => {
      const place = `line ${number}`
      try {
        return [{ place, value: JSON.parse(text) as unknown }]
      } catch (error) {
        conversion.fault(place, `is no JSON: ${describeError(error)}`)
        return []
      }
    })
  }
}

async function* parsedItems(
  bytes: AsyncIterable<Buffer>,
  conversion: Conversion,
  options: ConstructorParameters<typeof JSONParser>[0],
): AsyncGenerator<JsonItem[]> {
  const parser = new JSONParser(options)
  let items: JsonItem[] = []
  let count = 0
  parser.onValue = ({ value }) => void items.push({ place: `item ${++count}`, value })
  try {
    for await (const chunk of bytes) {
      parser.write(chunk)
      if (items.length > 0) yield items
      items = []
    }
    if (!parser.isEnded) parser.end()
  } catch (error) {
    // What was understood before the damage counts.
    if (items.length > 0) yield items
    items = []
    conversion.fault(`after item ${count}`, `is no JSON, or is cut off: ${describeError(error)}`)
  }
  if (items.length > 0) yield items
}
