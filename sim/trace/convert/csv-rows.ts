import { type CsvError, type Info, parse } from 'csv-parse'
import { pipeline } from 'node:stream/promises'
import { describeError } from '../../../base/index.ts'
import { TornError } from '../input-bytes.ts'
import type { Conversion } from './conversion.ts'

export interface CsvRow {
  /** Line on which it ends, from 1. */
  readonly line: number
  /** By column, as named in the first line, lower case. */
  readonly fields: ReadonlyMap<string, string>
}

const ROW_BYTES_MAX = 1024 * 1024

/**
 * Rows of a CSV file whose first line names the columns. Rows with too few or too many fields, or with broken quotes, are
 * faults of the conversion.
 *
 * @param judgeColumns says what is wrong with the columns, or nothing.
 */
export async function* csvRows(
  bytes: AsyncIterable<Buffer>,
  conversion: Conversion,
  judgeColumns: (columns: readonly string[]) => string | undefined,
): AsyncGenerator<CsvRow> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: ROW_BYTES_MAX,
    skip_records_with_error: conversion.lenient,
  })
  parser.on('skip', (error: CsvError) => conversion.fault(placeOf(error), error.message))
  let failure: unknown
  const feeding = pipeline(bytes, parser).catch((error: unknown) => {
    failure = error
  })
  let columns: readonly string[] | undefined
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      if (columns === undefined) {
        columns = record.map(name => name.toLowerCase())
        const fault = judgeColumns(columns)
        if (fault !== undefined) throw conversion.error(`line ${info.lines}: ${fault}`)
      } else if (record.length === columns.length) {
        yield { line: info.lines, fields: new Map(columns.map((name, i) => [name, record[i]!])) }
      } else {
        conversion.fault(`line ${info.lines}`, `has ${record.length} fields where there are ${columns.length} columns`)
      }
    }
  } catch (error) {
    if (isCsvError(error)) throw conversion.error(`${placeOf(error)}: ${error.message}`, undefined)
    if (!(error instanceof TornError) && !isReadError(error)) throw error
    conversion.fault('at its end', `cannot be read on: ${describeError(error)}`)
  } finally {
    parser.destroy()
    await feeding
  }
  if (columns === undefined && failure === undefined)
    throw conversion.error('is empty; its first line names the columns')
}

function isCsvError(error: unknown): error is CsvError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_')
}

function isReadError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

function placeOf(error: CsvError): string {
  return `line ${(error as unknown as { lines?: number }).lines ?? '?'}`
}
