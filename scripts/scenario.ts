import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CodedError, ExitCode, parseDuration, SystemClock } from '../base/index.ts'
import { HarnessError, resolveScenario, runScenario, SUBJECT_KINDS } from '../harness/index.ts'
import { renderTerminal } from '../reports/index.ts'
import { type ProfileName, type ScenarioInput, SCENARIOS } from '../scenarios/index.ts'

interface Options {
  readonly list?: boolean
  readonly subject: string
  readonly bin?: string
  readonly subjectArg: readonly string[]
  readonly config?: string
  readonly seed: string
  readonly profile: ProfileName
  readonly set: readonly string[]
  readonly out?: string
  readonly readyTimeout: number
  readonly json?: boolean
}

const PROFILES: readonly ProfileName[] = ['smoke', 'quick', 'ci', 'nightly']
const collect = (value: string, previous: readonly string[]): string[] => [...previous, value]

export function addScenarioCommand(program: Command): void {
  program
    .command('scenario')
    .description('run a scenario against a subject and write a report')
    .argument('[name]', 'name of a scenario, or a file that exports one')
    .option('--list', 'list the scenarios, one line each')
    .addOption(new Option('--subject <kind>', 'system under test').choices(SUBJECT_KINDS).default('embedded'))
    .option('--bin <path>', 'program of the subject, instead of the one that is found')
    .option('--subject-arg <arg>', 'argument passed on to the subject; may be repeated', collect, [])
    .option('--config <file>', 'prometheus.yml for the subject, instead of the default one')
    .option('--seed <n>', 'seed of everything that is drawn', seedArgument, '1')
    .addOption(new Option('--profile <name>', 'size of the run').choices(PROFILES).default('quick'))
    .option('--set <field=value>', 'override any field of the scenario; may be repeated', collect, [])
    .option('--out <dir>', 'folder for the report (default: reports/out/<scenario>-<time>)')
    .addOption(
      new Option('--ready-timeout <duration>', 'how long the subject may take to become ready')
        .argParser(parseDuration)
        .default(60_000, '1m'),
    )
    .option('--json', 'report on stdout, everything else on stderr')
    .action(async (name: string | undefined, options: Options) => {
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
  if (name === undefined) {
    throw new HarnessError('CHURN_SCENARIO_UNKNOWN', `name a scenario: ${knownNames()}, or a file`, {
      exitCode: ExitCode.usage,
    })
  }
  const clock = new SystemClock()
  const scenario = resolveScenario(await findScenario(name), options)
  const outDir = resolve(options.out ?? join('reports', 'out', `${scenario.name}-${fileTime(clock.unixMs())}`))
  const abort = interruptible()
  process.stderr.write(`${repeatLine(scenario.name, options)}\n`)
  const report = await runScenario(clock, {
    scenario,
    subject: options.subject,
    bin: options.bin,
    subjectArgs: options.subjectArg,
    config: options.config === undefined ? undefined : readConfig(options.config),
    configDir: options.config === undefined ? undefined : dirname(resolve(options.config)),
    outDir,
    readyTimeoutMs: options.readyTimeout,
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

/** The command that repeats the run; the first line of every run, since it draws. */
function repeatLine(name: string, options: Options): string {
  const parts = ['npm run scenario --', name, `--subject ${options.subject}`, `--profile ${options.profile}`]
  parts.push(`--seed ${options.seed}`, ...options.set.map(set => `--set '${set}'`))
  if (options.config !== undefined) parts.push(`--config ${options.config}`)
  return parts.join(' ')
}

async function findScenario(name: string): Promise<ScenarioInput> {
  const known = SCENARIOS.find(scenario => scenario.name === name)
  if (known !== undefined) return known
  if (!/\.(m?js|json)$/.test(name)) {
    const hint = name.endsWith('.ts') ? '; compile it first, or give it as .mjs or .json' : ''
    throw new HarnessError(
      'CHURN_SCENARIO_UNKNOWN',
      `there is no scenario "${name}"; known are ${knownNames()}${hint}`,
      {
        exitCode: ExitCode.usage,
      },
    )
  }
  try {
    if (name.endsWith('.json')) return JSON.parse(readFileSync(name, 'utf8')) as ScenarioInput
    return ((await import(pathToFileURL(resolve(name)).href)) as { default: ScenarioInput }).default
  } catch (cause) {
    throw new HarnessError('CHURN_SCENARIO_UNKNOWN', `the scenario file ${name} cannot be read`, {
      cause,
      exitCode: ExitCode.usage,
    })
  }
}

function knownNames(): string {
  return SCENARIOS.map(scenario => scenario.name).join(', ')
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CodedError('CHURN_CONFIG_FILE', `the configuration file ${path} cannot be read`, {
      cause,
      exitCode: ExitCode.usage,
    })
  }
}

/** The first Ctrl-C ends the run in order; a second one ends the process at once. */
function interruptible(): AbortController {
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (abort.signal.aborted) process.exit(ExitCode.interrupted)
      process.stderr.write('\ninterrupted: stopping, and keeping what was measured (again to stop at once)\n')
      abort.abort()
    })
  }
  return abort
}

function seedArgument(text: string): string {
  if (!/^[\w.-]{1,64}$/.test(text))
    throw new InvalidArgumentError('a seed is up to 64 letters, digits, dots and dashes')
  return text
}

/** `20261123-071530`, in UTC. */
function fileTime(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
}
