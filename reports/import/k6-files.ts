import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { ReportError } from '../errors.ts'
import { K6Points } from './k6-points.ts'
import { type K6Summary, parseK6Summary } from './k6-summary.ts'

/** Files beyond this are read by the line only: no summary is that large, and points may be gigabytes. */
const SUMMARY_BYTES_MAX = 16 * 1024 * 1024

export interface K6Files {
  readonly summary?: K6Summary
  /** The caller's to destroy. */
  readonly points?: K6Points
}

/**
 * Reads files of k6, whichever they are: a summary, points, or one of each from the same run.
 *
 * @throws ReportError CHURN_IMPORT
 */
export async function readK6Files(paths: readonly string[]): Promise<K6Files> {
  let summary: K6Summary | undefined
  let points: K6Points | undefined
  for (const path of paths) {
    const read = readSummary(path)
    if (read !== undefined) {
      if (summary !== undefined)
        throw new ReportError('CHURN_IMPORT', `${path} is a second summary: give one for each run`)
      summary = read
      continue
    }
    points ??= new K6Points()
    await readPoints(path, points)
  }
  return { ...(summary === undefined ? {} : { summary }), ...(points === undefined ? {} : { points }) }
}

function readSummary(path: string): K6Summary | undefined {
  let text: string
  try {
    if (statSync(path).size > SUMMARY_BYTES_MAX) return undefined
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ReportError('CHURN_IMPORT', `${path} cannot be read`, cause)
  }
  try {
    return parseK6Summary(JSON.parse(text))
  } catch {
    // Points are a JSON text on every line, not in the whole.
    return undefined
  }
}

async function readPoints(path: string, points: K6Points): Promise<void> {
  let number = 0
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number++
    if (points.add(line)) continue
    throw new ReportError(
      'CHURN_IMPORT',
      `${path} is no file of k6: line ${number} is neither a summary (handleSummary, --summary-export) nor a point (--out json)`,
    )
  }
  if (!points.some) throw new ReportError('CHURN_IMPORT', `${path} holds no points of k6`)
}
