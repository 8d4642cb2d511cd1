import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { SystemClock } from '../base/index.ts'
import { calibrationPath, parseSubjectSpec, resolveScenario, runCalibration } from '../harness/index.ts'
import { prepareExports, writeExports } from '../reports/index.ts'
import { addBlockOptions, BLOCKS } from './ab.ts'
import { exportsOf } from './export-options.ts'
import {
  addRunOptions,
  findScenario,
  interruptible,
  outFolder,
  printReport,
  repeatOptions,
  type RunOptions,
} from './run-options.ts'

interface Options extends RunOptions {
  readonly subject: string
  readonly blocks?: number
  readonly alpha: number
  readonly save?: string
}

export function addCalibrateCommand(program: Command): void {
  const command = program
    .command('calibrate')
    .description('compare a subject with itself: the noise of this machine, and the smallest effect worth a word')
    .argument('<scenario>', 'name of a scenario, or a file that exports one')
    .option('--subject <subject>', '<kind>[,bin=PATH][,config=FILE][,arg=ARGUMENT]', 'embedded')
    .option('--save <file>', 'where to keep the noise (default: reports/out/calibration/<scenario>-<profile>.json)')
  addBlockOptions(command)
  addRunOptions(command, 'ci').action(async (name: string, options: Options) => {
    process.exitCode = await calibrateCommand(name, options)
  })
}

async function calibrateCommand(name: string, options: Options): Promise<number> {
  const clock = new SystemClock()
  const scenario = resolveScenario(await findScenario(name), options)
  const blocks = options.blocks ?? BLOCKS[options.profile]
  const subject = parseSubjectSpec(options.subject)
  const outDir = outFolder(options.out, `${scenario.name}-calibration`, clock.unixMs())
  const file = options.save === undefined ? calibrationPath(scenario) : resolve(options.save)
  await prepareExports(exportsOf(options))
  const abort = interruptible(options)
  const repeat = ['npm run calibrate --', name, `--subject ${options.subject}`, `--blocks ${blocks}`]
  process.stderr.write(`${[...repeat, ...repeatOptions(options)].join(' ')}\n`)
  const { report, kept } = await runCalibration(clock, {
    scenario,
    subject,
    blocks,
    alpha: options.alpha,
    file,
    outDir,
    readyTimeoutMs: options.readyTimeout,
    profileSubject: options.cpuProf ?? false,
    stderr: process.stderr,
    signal: abort.signal,
    root: new URL('../../', import.meta.url),
  })
  printReport(report, options)
  await writeExports(report, exportsOf(options))
  process.stderr.write(
    `noise:  ${kept ? file : 'not kept, for the run does not count'}\nreport: ${join(outDir, 'report.html')}\n`,
  )
  return report.verdict.exitCode
}
