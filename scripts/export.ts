import type { Command } from 'commander'
import { BASELINES_FOLDER, findReport, writeExports } from '../reports/index.ts'
import { addExportOptions, type ExportOptions, exportsOf } from './export-options.ts'
import { printReport } from './run-options.ts'

interface Options extends ExportOptions {
  readonly json?: boolean
}

/** Reads a report that exists and writes it in other forms. */
export function addExportCommand(program: Command): void {
  const command = program
    .command('export')
    .description('show a report again, and write it in other forms')
    .argument('<report>', 'a report.json, its folder, or the name of a baseline')
    .option('--json', 'report on stdout, everything else on stderr')
  addExportOptions(command).action(async (path: string, options: Options) => {
    const { report } = await findReport(BASELINES_FOLDER, path)
    await writeExports(report, exportsOf(options))
    printReport(report, options)
  })
}
