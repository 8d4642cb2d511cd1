import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { ExitCode, SystemClock } from '../base/index.ts'
import {
  checkedSpec,
  resolveScenario,
  runCapacity,
  runScenario,
  SUBJECT_KINDS,
  type SubjectSpec,
} from '../harness/index.ts'
import { prepareExports, writeExports } from '../reports/index.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { exportsOf } from './export-options.ts'
import {
  addRunOptions,
  collect,
  findScenario,
  interruptible,
  numberArgument,
  outFolder,
  printReport,
  readConfig,
  repeatOptions,
  type RunOptions,
} from './run-options.ts'
import { addUiOptions, keepServing, openUi, type UiOptions } from './ui-options.ts'

interface Options extends RunOptions, UiOptions {
  readonly list?: boolean
  readonly subject: string
  readonly bin?: string
  readonly subjectArg: readonly string[]
  readonly trials: number
  readonly config?: string
  readonly url?: string
  readonly pid?: number
  readonly apiPort?: number
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
    .option('--trials <n>', 'executions of the scenario; several happen in fresh processes', numberArgument(1, 100), 1)
    .option('--url <url>', 'of an external subject: where its query API answers')
    .option('--pid <n>', 'of an external subject: its process, for CPU and memory', numberArgument(1, 2 ** 22))
    .option('--api-port <n>', 'port of the simulated API server, instead of a free one', numberArgument(1, 65_535))
    .option('--config <file>', 'prometheus.yml for the subject, instead of the default one')
  addUiOptions(addRunOptions(command, 'quick')).action(async (name: string | undefined, options: Options) => {
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
  const input = await findScenario(name)
  const scenario = resolveScenario(input, options)
  const outDir = outFolder(options.out, scenario.name, clock.unixMs())
  const subject = subjectOf(options)
  await prepareExports(exportsOf(options))
  const dashboard = await openUi(options, {
    scenario,
    trials: options.trials,
    subject: options.subject,
    config: subject.config,
  })
  const abort = interruptible(options)
  process.stderr.write(`${repeatLine(scenario.name, options)}\n`)
  if (dashboard !== undefined) process.stderr.write(`live page: ${dashboard.url}\n`)
  const common = {
    subject,
    outDir,
    readyTimeoutMs: options.readyTimeout,
    profileSubject: options.cpuProf ?? false,
    stderr: process.stderr,
    signal: abort.signal,
    root: new URL('../../', import.meta.url),
    ...(dashboard === undefined ? {} : { parts: [dashboard.part] }),
  }
  const { search } = scenario
  try {
    const report =
      search === undefined
        ? await runScenario(clock, { ...common, scenario, trials: options.trials })
        : await runCapacity(clock, {
            ...common,
            scenario,
            atLoad: load => resolveScenario(input, { ...options, set: [...options.set, `${search.field}=${load}`] }),
          })
    dashboard?.finish(report, outDir)
    printReport(report, options)
    await writeExports(report, exportsOf(options))
    process.stderr.write(`report: ${join(outDir, 'report.html')}\n`)
    if (dashboard !== undefined && options.uiKeep === true) await keepServing(dashboard, process.stderr)
    return report.verdict.exitCode
  } catch (error) {
    dashboard?.fail(error)
    throw error
  } finally {
    await dashboard?.close()
  }
}

/** The command that repeats the run. */
function repeatLine(name: string, options: Options): string {
  const parts = ['npm run scenario --', name, `--subject ${options.subject}`, ...repeatOptions(options)]
  if (options.url !== undefined) parts.push(`--url ${options.url}`)
  if (options.apiPort !== undefined) parts.push(`--api-port ${options.apiPort}`)
  if (options.trials > 1) parts.push(`--trials ${options.trials}`)
  if (options.config !== undefined) parts.push(`--config ${options.config}`)
  return parts.join(' ')
}

/** @throws SubjectError CHURN_SUBJECT_EXTERNAL; CodedError CHURN_CONFIG_FILE */
function subjectOf(options: Options): SubjectSpec {
  const { subject: kind, bin, subjectArg: args, url, pid, apiPort } = options
  const config = options.config === undefined ? undefined : readConfig(options.config)
  return checkedSpec({ kind, bin, args, url, pid, apiPort, ...config })
}
