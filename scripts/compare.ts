import { join } from 'node:path'
import type { Command } from 'commander'
import { SystemClock } from '../base/index.ts'
import { loadNoise } from '../harness/index.ts'
import {
  BASELINES_FOLDER,
  compareReport,
  compareReports,
  differencesBetween,
  findReport,
  prepareExports,
  prepareReportFolder,
  verdictOfComparison,
  writeExports,
  writeReport,
} from '../reports/index.ts'
import { addExportOptions, type ExportOptions, exportsOf } from './export-options.ts'
import { alphaArgument } from './ab.ts'
import { printReport, seedArgument } from './run-options.ts'

interface Options extends ExportOptions {
  readonly strict?: boolean
  readonly allowDifferences?: boolean
  readonly alpha: number
  readonly seed?: string
  readonly calibration?: string
  readonly out?: string
  readonly json?: boolean
}

const EXIT_CODES = `
Exit codes: 0 no regression; 3 a gate regressed; 4 a gate is inconclusive, with --strict; 5 the two cannot be compared, or
too many trials are invalid; 99 a threshold of the head failed; 2 a report that cannot be read.`

export function addCompareCommand(program: Command): void {
  const command = program
    .command('compare')
    .description('compare two reports: a table, a verdict and an exit code')
    .argument('<base>', 'a report.json, its folder, or a baseline: its name, or baseline:NAME')
    .argument('<head>', 'likewise; this one is judged')
    .option('--strict', 'exit 4 when a gate stays inconclusive')
    .option('--allow-differences', 'go on when scenario, scale, seed or machine differ; informs, and fails nothing')
    .option('--alpha <p>', 'chance of a false alarm that is accepted, over all gates', alphaArgument, 0.05)
    .option('--seed <n>', "seed of the bootstrap (default: the head's)", seedArgument)
    .option('--calibration <file>', 'noise of this machine, as `calibrate` wrote it (default: where it keeps it)')
    .option('--out <dir>', 'write the comparison as report.json, report.md and report.html into this folder')
    .option('--json', 'the comparison as a report on stdout, everything else on stderr')
    .addHelpText('after', EXIT_CODES)
  addExportOptions(command).action(async (base: string, head: string, options: Options) => {
    process.exitCode = await compareCommand(base, head, options)
  })
}

async function compareCommand(basePath: string, headPath: string, options: Options): Promise<number> {
  const clock = new SystemClock()
  const base = await findReport(BASELINES_FOLDER, basePath)
  const head = await findReport(BASELINES_FOLDER, headPath)
  await prepareExports(exportsOf(options))
  if (options.out !== undefined) await prepareReportFolder(options.out)
  const { scenario, environment } = head.report
  const noise = loadNoise(clock, scenario, environment.fingerprint, options.calibration)
  const comparison = compareReports(base.report, head.report, {
    alpha: options.alpha,
    seed: options.seed ?? scenario.seed,
    minEffects: noise.minEffects,
    allowDifferences: options.allowDifferences ?? false,
  })
  const judged = verdictOfComparison(comparison, { strict: options.strict ?? false })
  const warnings = [...noise.warnings, ...differencesBetween(base.report, head.report).warnings]
  const report = compareReport(clock, base, head, comparison, judged, warnings)
  if (options.out !== undefined) await writeReport(options.out, report)
  await writeExports(report, exportsOf(options))
  printReport(report, options)
  if (options.out !== undefined) process.stderr.write(`report: ${join(options.out, 'report.html')}\n`)
  return report.verdict.exitCode
}
