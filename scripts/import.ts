import { randomUUID } from 'node:crypto'
import { basename, join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { SystemClock } from '../base/index.ts'
import { captureEnvironment, captureTool } from '../harness/index.ts'
import { readK6Files, reportOfK6, writeReport } from '../reports/index.ts'
import { outFolder, printReport } from './run-options.ts'

interface Options {
  readonly out?: string
  readonly name?: string
  readonly json?: boolean
}

/** Turns what k6 measured into a report, to be shown, kept and compared like any other. */
export function addImportCommand(program: Command): void {
  program
    .command('import')
    .description(
      "make a report of k6's output: a summary (handleSummary, --summary-export), points (--out json), or both",
    )
    .argument('<files...>', 'files of one run of k6')
    .option('--name <name>', 'name of the scenario, when the script does not say it', nameArgument)
    .option('--out <dir>', 'folder for the report (default: reports/out/<name>-<time>)')
    .option('--json', 'report on stdout, everything else on stderr')
    .action(async (files: string[], options: Options) => {
      process.exitCode = await importCommand(files, options)
    })
}

async function importCommand(files: readonly string[], options: Options): Promise<number> {
  const clock = new SystemClock()
  const nowUnixMs = clock.unixMs()
  const read = await readK6Files(files)
  const report = reportOfK6({
    name: options.name ?? basename(files[0]!).replace(/\.[^.]+$/, ''),
    ...read,
    tool: await captureTool(new URL('../../', import.meta.url)),
    environment: captureEnvironment('none'),
    id: randomUUID(),
    nowUnixMs,
  })
  read.points?.destroy()
  const outDir = outFolder(options.out, report.scenario.name, nowUnixMs)
  await writeReport(outDir, report)
  printReport(report, options)
  process.stderr.write(`report: ${join(outDir, 'report.html')}\n`)
  return report.verdict.exitCode
}

function nameArgument(text: string): string {
  if (!/^[\w.-]{1,64}$/.test(text))
    throw new InvalidArgumentError('a name is up to 64 letters, digits, dots and dashes')
  return text
}
