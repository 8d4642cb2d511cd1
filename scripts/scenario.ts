import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { ExitCode, SystemClock } from '../base/index.ts'
import {
  checkedSpec,
  HarnessError,
  resolveScenario,
  runCapacity,
  runOrigin,
  runScenario,
  type Scenario,
  SUBJECT_KINDS,
  type SubjectSpec,
} from '../harness/index.ts'
import { prepareExports, writeExports } from '../reports/index.ts'
import { type ScenarioInput, SCENARIOS } from '../scenarios/index.ts'
import type { RecordSpec } from '../sim/index.ts'
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

/** What a command takes that runs one scenario against one subject. */
export interface ScenarioCommandOptions extends RunOptions, UiOptions {
  readonly subject: string
  readonly bin?: string
  readonly subjectArg: readonly string[]
  readonly trials: number
  readonly config?: string
  readonly url?: string
  readonly pid?: number
  readonly apiPort?: number
  readonly record?: string
  readonly force?: boolean
}

export function addScenarioCommand(program: Command): void {
  const command = program
    .command('scenario')
    .description('run a scenario against a subject and write a report')
    .argument('[name]', 'name of a scenario, or a file that exports one')
    .option('--list', 'list the scenarios, one line each')
  addScenarioOptions(command).action(
    async (name: string | undefined, options: ScenarioCommandOptions & { readonly list?: boolean }) => {
      process.exitCode = options.list === true ? listScenarios() : await scenarioCommand(name, options)
    },
  )
}

export function addScenarioOptions(command: Command): Command {
  command
    .addOption(new Option('--subject <kind>', 'system under test').choices(SUBJECT_KINDS).default('embedded'))
    .option('--bin <path>', 'program of the subject, instead of the one that is found')
    .option('--subject-arg <arg>', 'argument passed on to the subject; may be repeated', collect, [])
    .option('--trials <n>', 'executions of the scenario; several happen in fresh processes', numberArgument(1, 100), 1)
    .option('--url <url>', 'of an external subject: where its query API answers')
    .option('--pid <n>', 'of an external subject: its process, for CPU and memory', numberArgument(1, 2 ** 22))
    .option('--api-port <n>', 'port of the simulated API server, instead of a free one', numberArgument(1, 65_535))
    .option('--config <file>', 'prometheus.yml for the subject, instead of the default one')
    .option('--record <file>', "write the run's churn trace; a name that ends in .gz compresses it")
    .option('--force', 'let --record replace a file that is there')
  return addUiOptions(addRunOptions(command, 'quick'))
}

function listScenarios(): number {
  const width = Math.max(...SCENARIOS.map(scenario => scenario.name.length))
  for (const { name, description } of SCENARIOS) process.stdout.write(`${name.padEnd(width)}  ${description}\n`)
  return ExitCode.ok
}

async function scenarioCommand(name: string | undefined, options: ScenarioCommandOptions): Promise<number> {
  const input = await findScenario(name)
  return runScenarioCommand(input, `scenario -- ${input.name}`, options)
}

/**
 * Runs a scenario and writes its report.
 *
 * @param command how the command begins that repeats the run; @param more what else it takes.
 */
export async function runScenarioCommand(
  input: ScenarioInput,
  command: string,
  options: ScenarioCommandOptions,
  more: readonly string[] = [],
): Promise<number> {
  const clock = new SystemClock()
  const scenario = resolveScenario(input, options)
  const outDir = outFolder(options.out, scenario.name, clock.unixMs())
  const subject = subjectOf(options)
  const record = recordOf(scenario, options, clock.unixMs())
  await prepareExports(exportsOf(options))
  const dashboard = await openUi(options, {
    scenario,
    trials: options.trials,
    subject: options.subject,
    config: subject.config,
  })
  const abort = interruptible(options)
  process.stderr.write(`${repeatLine(command, options, more)}\n`)
  if (dashboard !== undefined) process.stderr.write(`live page: ${dashboard.url}\n`)
  const common = {
    subject,
    outDir,
    readyTimeoutMs: options.readyTimeout,
    profileSubject: options.cpuProf ?? false,
    stderr: process.stderr,
    signal: abort.signal,
    root: new URL('../../', import.meta.url),
    ...(record === undefined ? {} : { record }),
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
    if (record !== undefined) process.stderr.write(`trace: ${record.path}\n`)
    if (dashboard !== undefined && options.uiKeep === true) await keepServing(dashboard, process.stderr)
    return report.verdict.exitCode
  } catch (error) {
    dashboard?.fail(error)
    throw error
  } finally {
    await dashboard?.close()
  }
}

/** Several trials of one seed have one trace, and a search has one for each load. @throws InvalidArgumentError */
function recordOf(scenario: Scenario, options: ScenarioCommandOptions, unixMs: number): RecordSpec | undefined {
  const { record: path, force = false } = options
  if (path === undefined) return undefined
  if (options.trials > 1 || scenario.search !== undefined) {
    throw new HarnessError(
      'CHURN_SCENARIO',
      '--record is for a single run: several trials of one seed have the same trace',
      {
        exitCode: ExitCode.usage,
      },
    )
  }
  return { path: resolve(path), force, origin: runOrigin(scenario, unixMs) }
}

/** The command that repeats the run. */
function repeatLine(command: string, options: ScenarioCommandOptions, more: readonly string[]): string {
  const parts = [`npm run ${command}`, ...more, `--subject ${options.subject}`, ...repeatOptions(options)]
  if (options.url !== undefined) parts.push(`--url ${options.url}`)
  if (options.apiPort !== undefined) parts.push(`--api-port ${options.apiPort}`)
  if (options.trials > 1) parts.push(`--trials ${options.trials}`)
  if (options.config !== undefined) parts.push(`--config ${options.config}`)
  return parts.join(' ')
}

/** @throws SubjectError CHURN_SUBJECT_EXTERNAL; CodedError CHURN_CONFIG_FILE */
function subjectOf(options: ScenarioCommandOptions): SubjectSpec {
  const { subject: kind, bin, subjectArg: args, url, pid, apiPort } = options
  const config = options.config === undefined ? undefined : readConfig(options.config)
  return checkedSpec({ kind, bin, args, url, pid, apiPort, ...config })
}
