import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { SystemClock } from '../base/index.ts'
import {
  captureEnvironment,
  loadNoise,
  parseSubjectSpec,
  requirePodNetwork,
  resolveScenario,
  runAb,
} from '../harness/index.ts'
import { prepareExports, writeExports } from '../reports/index.ts'
import { exportsOf } from './export-options.ts'
import {
  addRunOptions,
  findScenario,
  interruptible,
  numberArgument,
  outFolder,
  printReport,
  repeatOptions,
  type RunOptions,
} from './run-options.ts'
import type { ProfileName } from '../scenarios/index.ts'

interface Options extends RunOptions {
  readonly a: string
  readonly b: string
  readonly blocks?: number
  readonly alpha: number
  readonly confirm: boolean
  readonly strict?: boolean
  readonly calibration?: string
}

/** Blocks by size of the run; fewer than six describe and claim nothing. */
export const BLOCKS: Readonly<Record<ProfileName, number>> = { smoke: 2, quick: 3, ci: 8, nightly: 12 }

export function addAbCommand(program: Command): void {
  const command = program
    .command('ab')
    .description('compare two subjects, or two builds of one, in interleaved blocks of fresh processes')
    .argument('<scenario>', 'name of a scenario, or a file that exports one')
    .requiredOption('--a <subject>', 'base: <kind>[,bin=PATH][,config=FILE][,arg=ARGUMENT]')
    .requiredOption('--b <subject>', 'head: likewise')
  addBlockOptions(command)
    .option('--no-confirm', 'believe a regression without a second set of blocks')
    .option('--strict', 'exit 4 when a gate stays inconclusive')
    .option('--calibration <file>', 'noise of this machine, as `calibrate` wrote it (default: where it keeps it)')
  addRunOptions(command, 'ci').action(async (name: string, options: Options) => {
    process.exitCode = await abCommand(name, options)
  })
}

export function addBlockOptions(command: Command): Command {
  return command
    .option(
      '--blocks <n>',
      'blocks of one trial per arm (default: 2 smoke, 3 quick, 8 ci, 12 nightly)',
      numberArgument(1, 100),
    )
    .option('--alpha <p>', 'chance of a false alarm that is accepted, over all gates', alphaArgument, 0.05)
}

async function abCommand(name: string, options: Options): Promise<number> {
  const clock = new SystemClock()
  const scenario = resolveScenario(await findScenario(name), options)
  const blocks = options.blocks ?? BLOCKS[options.profile]
  const [a, b] = [parseSubjectSpec(options.a), parseSubjectSpec(options.b)]
  const { fingerprint } = captureEnvironment(await requirePodNetwork(scenario))
  const noise = loadNoise(clock, scenario, fingerprint, options.calibration)
  const outDir = outFolder(options.out, `${scenario.name}-ab`, clock.unixMs())
  await prepareExports(exportsOf(options))
  const abort = interruptible(options)
  const repeat = ['npm run ab --', name, `--a ${options.a}`, `--b ${options.b}`, `--blocks ${blocks}`]
  process.stderr.write(`${[...repeat, ...repeatOptions(options)].join(' ')}\n`)
  const report = await runAb(clock, {
    scenario,
    a,
    b,
    blocks,
    alpha: options.alpha,
    confirm: options.confirm,
    strict: options.strict ?? false,
    noise,
    outDir,
    readyTimeoutMs: options.readyTimeout,
    profileSubject: options.cpuProf ?? false,
    stderr: process.stderr,
    signal: abort.signal,
    root: new URL('../../', import.meta.url),
  })
  printReport(report, options)
  await writeExports(report, exportsOf(options))
  process.stderr.write(`report: ${join(outDir, 'report.html')}\n`)
  return report.verdict.exitCode
}

export function alphaArgument(text: string): number {
  const p = Number(text)
  if (!(p > 0 && p < 1)) throw new InvalidArgumentError('give a probability between 0 and 1')
  return p
}
