import { parse } from 'csv-parse/sync'
import { describeError } from '../../../base/index.ts'
import type { Conversion } from './conversion.ts'
import { textLines } from './text-lines.ts'

export interface CsvRow {
  /** From 1: that of the columns. */
  readonly line: number
  /** By column, as named in the first line, lower case. */
  readonly fields: ReadonlyMap<string, string>
}

const LINE_BYTES_MAX = 1024 * 1024

/**
 * Rows of a CSV file whose first line names the columns; one line each, so that a damaged one spoils no other. Rows with too
 * few or too many fields, or with broken quotes, are faults of the conversion.
 *
 * @param judgeColumns says what is wrong with the columns, or nothing.
 */
export async function* csvRows(
  bytes: AsyncIterable<Buffer>,
  conversion: Conversion,
  judgeColumns: (columns: readonly string[]) => string | undefined,
): AsyncGenerator<CsvRow> {
  let columns: readonly string[] | undefined
  for await (const lines of textLines(bytes, conversion, LINE_BYTES_MAX)) {
    for (const { number: line, text } of lines) {
      const fields = fieldsOf(text, line, conversion)
      if (fields === undefined) continue
      if (columns === undefined) {
        columns = fields.map(name => name.toLowerCase())
        const fault = judgeColumns(columns)
        if (fault !== undefined) throw conversion.error(`line ${line}: ${fault}`)
      } else if (fields.length === columns.length) {
        yield { line, fields: new Map(columns.map((name, i) => [name, fields[i]!])) }
      } else {
        conversion.fault(`line ${line}`, `has ${fields.length} fields where there are ${columns.length} columns`)
      }
    }
  }
  if (columns === undefined) throw conversion.error('is empty; its first line names the columns')
}

function fieldsOf(text: string, line: number, conversion: Conversion): readonly string[] | undefined {
  const bare = line === 1 ? text.replace(/^\uFEFF/, '') : text
  // Most lines have no quotes, and a parser for each would be slow.
  if (!bare.includes('"')) return bare.split(',').map(field => field.trim())
  try {
    const [fields = []] = parse(bare, { trim: true })
    return fields
  } catch (error) {
    conversion.fault(`line ${line}`, describeError(error).replace(/ at line \d+/, ''))
    return undefined
  }
}
