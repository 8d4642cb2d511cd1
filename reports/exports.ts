import { basename, dirname, extname, join } from 'node:path'
import { renderBenchmarkAction } from './render/benchmark-action.ts'
import { renderCsv } from './render/csv.ts'
import { renderHtml } from './render/html/page.ts'
import { renderJUnit } from './render/junit.ts'
import { renderMarkdown } from './render/markdown.ts'
import { renderOpenMetrics } from './render/openmetrics.ts'
import { renderPerfdash } from './render/perfdash.ts'
import type { Report } from './report.ts'
import { prepareTextFile, writeTextFile } from './text-files.ts'

interface ExportFormat {
  /** One line for the help of commands. */
  readonly description: string
  /** The files that a report becomes, given the one that was asked for. */
  readonly files: (report: Report, file: string) => readonly (readonly [file: string, text: string])[]
}

const one =
  (render: (report: Report) => string): ExportFormat['files'] =>
  (report, file) => [[file, render(report)]]

/** Everything that a report can be written as, by the name of the option that asks for it. */
export const EXPORTS = {
  markdown: {
    description: 'also write it as Markdown, for a pull request or a job summary',
    files: one(renderMarkdown),
  },
  junit: { description: 'also write JUnit XML: validity, thresholds and gates as test cases', files: one(renderJUnit) },
  html: { description: 'also write the page there', files: one(renderHtml) },
  csv: { description: 'also write CSV: a line for each run, metric and statistic', files: one(renderCsv) },
  openmetrics: { description: 'also write OpenMetrics text', files: one(renderOpenMetrics) },
  benchmarkJson: {
    description:
      'also write github-action-benchmark entries: where smaller is better; beside it <file>.bigger.json, where bigger is',
    files: (report, file) => [
      [file, renderBenchmarkAction(report, 'smaller')],
      [biggerFile(file), renderBenchmarkAction(report, 'bigger')],
    ],
  },
  perfdash: { description: 'also write PerfData, as the Kubernetes performance tests do', files: one(renderPerfdash) },
} as const satisfies Readonly<Record<string, ExportFormat>>

export type ExportName = keyof typeof EXPORTS

/** Files by what shall be written into them. */
export type ExportFiles = Readonly<Partial<Record<ExportName, string>>>

/** Proves before a run that its exports can be written. @throws ReportError CHURN_REPORT_WRITE (exit 2) */
export async function prepareExports(wanted: ExportFiles): Promise<void> {
  for (const [, file] of entries(wanted)) await prepareTextFile(file)
}

/** Writes what is wanted, each file complete or not at all. @throws ReportError CHURN_REPORT_WRITE (exit 2) */
export async function writeExports(report: Report, wanted: ExportFiles): Promise<void> {
  for (const [name, file] of entries(wanted)) {
    for (const [path, text] of EXPORTS[name].files(report, file)) await writeTextFile(path, text)
  }
}

function entries(wanted: ExportFiles): [ExportName, string][] {
  return (Object.keys(EXPORTS) as ExportName[]).flatMap(name => {
    const file = wanted[name]
    return file === undefined ? [] : [[name, file]]
  })
}

/** `bench.json` → `bench.bigger.json` */
function biggerFile(file: string): string {
  const ending = extname(file)
  return join(dirname(file), `${basename(file, ending)}.bigger${ending}`)
}
