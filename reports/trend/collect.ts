import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError } from '../../base/index.ts'
import { isUsable } from '../compare/trials.ts'
import { ReportError } from '../errors.ts'
import { readReport } from '../files.ts'
import type { Report } from '../report.ts'

export interface CollectedReport {
  /** As it was named or found. */
  readonly file: string
  readonly report: Report
}

export interface Collected {
  readonly reports: readonly CollectedReport[]
  /** What was left out, and why. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[]
}

/**
 * Reads reports: files as they are named, folders searched for `report.json` with all that is below them.
 *
 * What cannot be read is left out and named. A report that was kept in two places counts once; comparisons of two reports
 * and runs that call themselves invalid or were cut short tell nothing of their own and are left out as well.
 *
 * @throws ReportError CHURN_TREND (exit 2): nothing is left
 */
export async function collectReports(paths: readonly string[]): Promise<Collected> {
  const reports: CollectedReport[] = []
  const skipped: { file: string; reason: string }[] = []
  const seen = new Map<string, string>()
  for (const path of paths) {
    let files: string[]
    try {
      files = await filesOf(path)
    } catch (error) {
      skipped.push({ file: path, reason: reasonOf(error, path) })
      continue
    }
    if (files.length === 0) skipped.push({ file: path, reason: 'holds no report.json' })
    for (const file of files) {
      try {
        const report = await readReport(file)
        const first = seen.get(report.id)
        const reason = first === file ? undefined : first !== undefined ? `is the same as ${first}` : unfit(report)
        seen.set(report.id, first ?? file)
        if (reason === undefined && first === undefined) reports.push({ file, report })
        else if (reason !== undefined) skipped.push({ file, reason })
      } catch (error) {
        skipped.push({ file, reason: reasonOf(error, file) })
      }
    }
  }
  if (reports.length === 0) {
    const why = skipped.map(({ file, reason }) => `\n  ${file}: ${reason}`).join('')
    throw new ReportError('CHURN_TREND', `there is no report to draw a trend from${why}`)
  }
  return { reports, skipped }
}

/** In a line: the file is named already, and of many faults the first tells enough. */
function reasonOf(error: unknown, file: string): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'does not exist'
  const [what = '', ...faults] = describeError(error).replace(`${file} `, '').split('\n')
  const more = faults.length - 1
  return `${what}${faults.length > 0 ? ` ${faults[0]!.trim()}` : ''}${more > 0 ? ', and more' : ''}`
}

function unfit({ kind, verdict, runs }: Report): string | undefined {
  if (kind === 'compare') return 'is a comparison of other reports'
  if (!runs.some(isUsable)) return `has no valid, complete trial (${verdict.status})`
  return undefined
}

/** In the order of their names, so that the result does not depend on the file system. */
async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { withFileTypes: true })
  const files: string[] = []
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = join(path, entry.name)
    if (entry.isFile() && entry.name === 'report.json') files.push(file)
    else if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.')) {
      files.push(...(await filesOf(file)))
    }
  }
  return files
}
