import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { nearest } from '../base/index.ts'
import { ReportError } from './errors.ts'
import { readReport, reportText } from './files.ts'
import { isSystemError, writeTextFile } from './text-files.ts'
import type { Report } from './report.ts'

/** Where baselines are kept, below the current folder: they are committed with the project that is measured. */
export const BASELINES_FOLDER = join('reports', 'baselines')

const ENDING = '.json'
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/

export interface Baseline {
  readonly name: string
  readonly report: Report
}

/**
 * Keeps a report under a name, for later comparisons. Returns the file.
 *
 * @throws ReportError CHURN_BASELINE (exit 2): a bad name, one that is taken, or a report that measured nothing reliable;
 *   `force` allows the latter two. CHURN_REPORT_WRITE
 */
export async function saveBaseline(
  folder: string,
  name: string,
  report: Report,
  { force }: { readonly force: boolean },
): Promise<string> {
  const file = fileOf(folder, name)
  if (report.kind === 'compare') {
    throw new ReportError(
      'CHURN_BASELINE',
      'a comparison is no baseline: it holds two reports; save the one that is to be compared with',
    )
  }
  const { status } = report.verdict
  if (!force && (status === 'invalid' || status === 'aborted')) {
    throw new ReportError(
      'CHURN_BASELINE',
      `the report calls itself ${status}, and a baseline should be better than that; run it again, or insist with --force`,
    )
  }
  if (!force && (await exists(file))) {
    throw new ReportError(
      'CHURN_BASELINE',
      `there is a baseline "${name}" already; another name, or --force to replace it`,
    )
  }
  await writeTextFile(file, reportText(asBaseline(report)))
  return file
}

/**
 * A report without what no comparison needs: time lines, events, heat maps, and the paths of the machine that it was taken
 * on. What is left is small, and its histograms can still be merged.
 */
export function asBaseline(report: Report): Report {
  return {
    ...report,
    runs: report.runs.map(({ heatmaps: _, ...run }) => ({
      ...run,
      subject: { ...run.subject, command: [], files: [] },
      timeline: { intervalS: run.timeline.intervalS, columns: run.timeline.columns.slice(0, 1), rows: [] },
      events: [],
    })),
  }
}

/** The names that are there, in order; empty where there is no folder. @throws ReportError CHURN_REPORT_READ */
export async function baselineNames(folder: string): Promise<string[]> {
  try {
    const files = await readdir(folder, { withFileTypes: true })
    return files
      .filter(file => !file.isDirectory() && file.name.endsWith(ENDING))
      .map(file => file.name.slice(0, -ENDING.length))
      .filter(name => NAME.test(name))
      .toSorted()
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return []
    throw new ReportError('CHURN_REPORT_READ', `${folder} cannot be read`, error)
  }
}

/** @throws ReportError CHURN_BASELINE when there is none of that name, CHURN_REPORT_READ when it is damaged */
export async function readBaseline(folder: string, name: string): Promise<Report> {
  return readReport(await existing(folder, name))
}

/** @throws ReportError CHURN_BASELINE when there is none of that name */
export async function removeBaseline(folder: string, name: string): Promise<string> {
  const file = await existing(folder, name)
  await rm(file)
  return file
}

/**
 * A report as people name one: `baseline:NAME`, a file, a folder with a `report.json`, or a baseline's bare name. Files win
 * over baselines of the same name.
 *
 * @throws ReportError CHURN_REPORT_READ, CHURN_BASELINE (exit 2)
 */
export async function findReport(
  folder: string,
  text: string,
): Promise<{ readonly label: string; readonly report: Report }> {
  const named = /^baseline:(.*)$/.exec(text)?.[1]
  if (named !== undefined) return { label: text, report: await readBaseline(folder, named) }
  if (await exists(text)) return { label: text, report: await readReport(text) }
  if (NAME.test(text) && (await exists(join(folder, text + ENDING)))) {
    return { label: `baseline:${text}`, report: await readBaseline(folder, text) }
  }
  const names = await baselineNames(folder)
  throw new ReportError(
    'CHURN_REPORT_READ',
    `${text} is no file, no folder with a report and no baseline; ${known(names, text)}`,
  )
}

async function existing(folder: string, name: string): Promise<string> {
  const file = fileOf(folder, name)
  if (await exists(file)) return file
  throw new ReportError('CHURN_BASELINE', `there is no baseline "${name}"; ${known(await baselineNames(folder), name)}`)
}

function known(names: readonly string[], wanted: string): string {
  if (names.length === 0) return 'there are none yet: `npm run baseline -- save NAME REPORT`'
  const near = nearest(wanted, names)
  return near === undefined ? `baselines are: ${names.join(', ')}` : `did you mean the baseline ${near}?`
}

function fileOf(folder: string, name: string): string {
  if (NAME.test(name)) return join(folder, name + ENDING)
  throw new ReportError(
    'CHURN_BASELINE',
    `"${name}" is no name for a baseline; use up to 64 letters, digits, dots, dashes and underscores`,
  )
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
