import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { assert, makeFolder } from '../base/index.ts'
import { ReportError } from './errors.ts'
import { prettyJson } from './json.ts'
import { renderHtml } from './render/html/page.ts'
import { renderMarkdown } from './render/markdown.ts'
import type { Report } from './report.ts'
import { validateReport } from './schema.ts'

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
    throw unwritable(folder, error)
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
  const text = prettyJson(report)
  const faults = validateReport(JSON.parse(text))
  assert(faults.length === 0, () => `the report does not satisfy its schema: ${faults.join('; ')}`)
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
    throw isSystemError(error) ? unwritable(folder, error) : error
  }
  return files
}

/**
 * Reads a report, given its file or its folder.
 *
 * @throws ReportError CHURN_REPORT_READ (exit 2): missing, not JSON, or not a report, with every fault
 */
export async function readReport(path: string): Promise<Report> {
  const fail = (what: string, cause?: unknown): never => {
    throw new ReportError('CHURN_REPORT_READ', `${path} ${what}`, cause)
  }
  let text: string
  try {
    const file = (await stat(path)).isDirectory() ? join(path, 'report.json') : path
    text = await readFile(file, 'utf8')
  } catch (error) {
    return fail('cannot be read', error)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return fail('is not JSON', error)
  }
  const faults = validateReport(json)
  if (faults.length > 0) fail(`is not a churnbench report:${faults.map(fault => `\n  ${fault}`).join('')}`)
  return json as Report
}

/** A reader sees the old file or the new one, never a part. */
async function writeAtomically(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    const handle = await open(temporary, 'w')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'there is a file of that name',
  ENOTDIR: 'a part of the path is a file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  EDQUOT: 'the disk quota is used up',
  EISDIR: 'a folder has the name of a report file',
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error
}

function unwritable(folder: string, error: unknown): ReportError {
  const reason = isSystemError(error) ? REASONS[error.code ?? ''] : undefined
  // A reason that we can put into words stands for its cause; any other is told by the cause itself.
  return reason === undefined
    ? new ReportError('CHURN_REPORT_WRITE', `cannot write a report to ${folder}`, error)
    : new ReportError('CHURN_REPORT_WRITE', `cannot write a report to ${folder}: ${reason}; name another with --out`)
}
