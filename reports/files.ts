import { open, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { assert, makeFolder } from '../base/index.ts'
import { ReportError } from './errors.ts'
import { prettyJson } from './json.ts'
import { renderHtml } from './render/html/page.ts'
import { renderMarkdown } from './render/markdown.ts'
import type { Report } from './report.ts'
import { validateReport } from './schema.ts'
import { isSystemError, readJsonFile, unwritable, writeAtomically } from './text-files.ts'

/** Where a report was written, absolute. */
export interface ReportFiles {
  readonly json: string
  readonly markdown: string
  readonly html: string
}

/**
 * Makes the folder and proves that it can be written to, so that a run does not fail at its end. Returns it, absolute.
 *
 * @throws ReportError CHURN_REPORT_WRITE (exit 2)
 */
export async function prepareReportFolder(dir: string): Promise<string> {
  const folder = resolve(dir)
  try {
    makeFolder(folder)
    const probe = join(folder, `.churnbench-${process.pid}.tmp`)
    await (await open(probe, 'w')).close()
    await rm(probe)
  } catch (error) {
    throw unwritableFolder(folder, error)
  }
  return folder
}

/**
 * Writes `report.json`, `report.md` and `report.html`, each complete or not at all.
 *
 * The JSON comes first: whatever may happen to the others, the measurement is kept.
 *
 * @throws ReportError CHURN_REPORT_WRITE (exit 2)
 */
export async function writeReport(dir: string, report: Report): Promise<ReportFiles> {
  const text = reportText(report)
  const folder = await prepareReportFolder(dir)
  const files = {
    json: join(folder, 'report.json'),
    markdown: join(folder, 'report.md'),
    html: join(folder, 'report.html'),
  }
  try {
    await writeAtomically(files.json, text)
    await writeAtomically(files.markdown, renderMarkdown(report))
    await writeAtomically(files.html, renderHtml(report))
  } catch (error) {
    throw isSystemError(error) ? unwritableFolder(folder, error) : error
  }
  return files
}

/** The report as its file holds it; what does not satisfy the schema is our mistake. */
export function reportText(report: Report): string {
  const text = prettyJson(report)
  const faults = validateReport(JSON.parse(text))
  assert(faults.length === 0, () => `the report does not satisfy its schema: ${faults.join('; ')}`)
  return text
}

/**
 * Reads a report, given its file or its folder.
 *
 * @throws ReportError CHURN_REPORT_READ (exit 2): missing, not JSON, or not a report, with every fault
 */
export async function readReport(path: string): Promise<Report> {
  const isFolder = await stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
  const json = await readJsonFile(isFolder ? join(path, 'report.json') : path, path)
  const faults = validateReport(json)
  if (faults.length > 0) {
    const list = faults.map(fault => `\n  ${fault}`).join('')
    throw new ReportError('CHURN_REPORT_READ', `${path} is not a churnbench report:${list}`)
  }
  return json as Report
}

function unwritableFolder(folder: string, error: unknown): ReportError {
  return unwritable(`cannot write a report to ${folder}`, error, 'name another with --out')
}
