import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { ExitCode, SystemClock } from '../base/index.ts'
import { resolveScenario, runScenario, SUBJECT_KINDS } from '../harness/index.ts'
import { renderTerminal } from '../reports/index.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import {
  addRunOptions,
  collect,
  findScenario,
  interruptible,
  outFolder,
  readConfig,
  repeatOptions,
  type RunOptions,
} from './run-options.ts'

interface Options extends RunOptions {
  readonly list?: boolean
  readonly subject: string
  readonly bin?: string
  readonly subjectArg: readonly string[]
  readonly config?: string
}

export function addScenarioCommand(program: Command): void {
  const command = program
    .command('scenario')
    .description('run a scenario against a subject and write a report')
    .argument('[name]', 'name of a scenario, or a file that exports one')
    .option('--list', 'list the scenarios, one line each')
    .addOption(new Option('--subject <kind>', 'system under test').choices(SUBJECT_KINDS).default('embedded'))
    .option('--bin <path>', 'program of the subject, instead of the one that is found')
    .option('--subject-arg <arg>', 'argument passed on to the subject; may be repeated', collect, [])
    .option('--config <file>', 'prometheus.yml for the subject, instead of the default one')
  addRunOptions(command, 'quick').action(async (name: string | undefined, options: Options) => {
    process.exitCode = await scenarioCommand(name, options)
  })
}

async function scenarioCommand(name: string | undefined, options: Options): Promise<number> {
  if (options.list === true) {
    const width = Math.max(...SCENARIOS.map(scenario => scenario.name.length))
    for (const { name: known, description } of SCENARIOS)
      process.stdout.write(`${known.padEnd(width)}  ${description}\n`)
    return ExitCode.ok
  }
  const clock = new SystemClock()
  const scenario = resolveScenario(await findScenario(name), options)
  const outDir = outFolder(options.out, scenario.name, clock.unixMs())
  const config = options.config === undefined ? undefined : readConfig(options.config)
  const abort = interruptible()
  process.stderr.write(`${repeatLine(scenario.name, options)}\n`)
  const report = await runScenario(clock, {
    scenario,
    subject: { kind: options.subject, bin: options.bin, args: options.subjectArg, ...config },
    outDir,
    readyTimeoutMs: options.readyTimeout,
    profileSubject: options.cpuProf ?? false,
    stderr: process.stderr,
    signal: abort.signal,
    root: new URL('../../', import.meta.url),
  })
  const text = renderTerminal(report, {
    color: (options.json === true ? process.stderr : process.stdout).isTTY,
  })
  if (options.json === true) {
    process.stderr.write(text)
    process.stdout.write(`${JSON.stringify(report)}\n`)
  } else {
    process.stdout.write(text)
  }
  process.stderr.write(`report: ${join(outDir, 'report.html')}\n`)
  return report.verdict.exitCode
}

/** The command that repeats the run. */
function repeatLine(name: string, options: Options): string {
  const parts = ['npm run scenario --', name, `--subject ${options.subject}`, ...repeatOptions(options)]
  if (options.config !== undefined) parts.push(`--config ${options.config}`)
  return parts.join(' ')
}
