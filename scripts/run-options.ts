import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CodedError, ExitCode, parseDuration, SystemClock } from '../base/index.ts'
import { HarnessError, TIMED_OUT } from '../harness/index.ts'
import { type Report, renderTerminal, type TerminalOptions } from '../reports/index.ts'
import { type ProfileName, type ScenarioInput, SCENARIOS } from '../scenarios/index.ts'
import { addExportOptions, type ExportOptions } from './export-options.ts'

/** What every command that runs a scenario takes. */
export interface RunOptions extends ExportOptions {
  readonly seed: string
  readonly profile: ProfileName
  readonly set: readonly string[]
  readonly out?: string
  readonly readyTimeout: number
  readonly timeout?: number
  readonly json?: boolean
  readonly cpuProf?: boolean
}

export const PROFILES: readonly ProfileName[] = ['smoke', 'quick', 'ci', 'nightly']

export const collect = (value: string, previous: readonly string[]): string[] => [...previous, value]

export function addRunOptions(command: Command, profile: ProfileName): Command {
  return addExportOptions(command)
    .option('--seed <n>', 'seed of everything that is drawn', seedArgument, '1')
    .addOption(new Option('--profile <name>', 'size of the run').choices(PROFILES).default(profile))
    .option('--set <field=value>', 'override any field of the scenario; may be repeated', collect, [])
    .option('--out <dir>', 'folder for the report (default: reports/out/<scenario>-<time>)')
    .addOption(
      new Option('--ready-timeout <duration>', 'how long the subject may take to become ready')
        .argParser(parseDuration)
        .default(60_000, '1m'),
    )
    .addOption(
      new Option('--timeout <duration>', 'ends the command after this time, exit 124').argParser(parseDuration),
    )
    .option('--cpu-prof', "keep the subject's CPU profile beside its log (V8 or pprof)")
    .option('--json', 'report on stdout, everything else on stderr')
}

/** A scenario by its name, or of a file. @throws HarnessError CHURN_SCENARIO_UNKNOWN */
export async function findScenario(name: string | undefined): Promise<ScenarioInput> {
  if (name === undefined) throw unknownScenario(`name a scenario: ${knownNames()}, or a file`)
  const known = SCENARIOS.find(scenario => scenario.name === name)
  if (known !== undefined) return known
  if (!/\.(m?js|json)$/.test(name)) {
    const hint = name.endsWith('.ts') ? '; compile it first, or give it as .mjs or .json' : ''
    throw unknownScenario(`there is no scenario "${name}"; known are ${knownNames()}${hint}`)
  }
  try {
    if (name.endsWith('.json')) return JSON.parse(readFileSync(name, 'utf8')) as ScenarioInput
    return ((await import(pathToFileURL(resolve(name)).href)) as { default: ScenarioInput }).default
  } catch (cause) {
    throw unknownScenario(`the scenario file ${name} cannot be read`, cause)
  }
}

function unknownScenario(message: string, cause?: unknown): HarnessError {
  return new HarnessError('CHURN_SCENARIO_UNKNOWN', message, { cause, exitCode: ExitCode.usage })
}

function knownNames(): string {
  return SCENARIOS.map(scenario => scenario.name).join(', ')
}

/** @throws CodedError CHURN_CONFIG_FILE */
export function readConfig(path: string): { readonly config: string; readonly configDir: string } {
  try {
    return { config: readFileSync(path, 'utf8'), configDir: dirname(resolve(path)) }
  } catch (cause) {
    throw new CodedError('CHURN_CONFIG_FILE', `the configuration file ${path} cannot be read`, {
      cause,
      exitCode: ExitCode.usage,
    })
  }
}

export function outFolder(out: string | undefined, scenario: string, unixMs: number): string {
  return resolve(out ?? join('reports', 'out', `${scenario}-${fileTime(unixMs)}`))
}

/** The first Ctrl-C ends the run in order, and so does the time-out; a second Ctrl-C ends the process at once. */
export function interruptible(
  { timeout }: Pick<RunOptions, 'timeout'>,
  what = 'stopping, and keeping what was measured',
): AbortController {
  const abort = new AbortController()
  if (timeout !== undefined) {
    new SystemClock({ unref: true }).schedule(timeout, () => {
      process.stderr.write('\ntime is up: stopping, and keeping what was measured\n')
      abort.abort(TIMED_OUT)
    })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (abort.signal.aborted) process.exit(ExitCode.interrupted)
      process.stderr.write(`\ninterrupted: ${what} (again to stop at once)\n`)
      abort.abort()
    })
  }
  return abort
}

/** The options that repeat a run, for its first line; every run says how, since it draws. */
export function repeatOptions(options: RunOptions): string[] {
  return [`--profile ${options.profile}`, `--seed ${options.seed}`, ...options.set.map(set => `--set '${set}'`)]
}

/** The summary on stdout; with `--json` there, the report, and the summary on stderr. */
export function printReport(report: Report, { json }: Pick<RunOptions, 'json'>): void {
  const out = json === true ? process.stderr : process.stdout
  out.write(renderTerminal(report, terminalOptions(out)))
  if (json === true) process.stdout.write(`${JSON.stringify(report)}\n`)
}

/** Colours only for eyes, and never against https://no-color.org; a file or pipe is as wide as a log usually is. */
export function terminalOptions(out: { readonly isTTY?: boolean; readonly columns?: number }): TerminalOptions {
  const { isTTY = false, columns } = out
  const wanted = process.env['NO_COLOR'] === undefined || process.env['NO_COLOR'] === ''
  return { color: isTTY && wanted, ...(isTTY && columns !== undefined ? { width: columns } : {}) }
}

export function numberArgument(min: number, max: number): (text: string) => number {
  return text => {
    const n = Number(text)
    if (!Number.isInteger(n) || n < min || n > max) {
      throw new InvalidArgumentError(`give a whole number from ${min} to ${max}`)
    }
    return n
  }
}

export function seedArgument(text: string): string {
  if (!/^[\w.-]{1,64}$/.test(text))
    throw new InvalidArgumentError('a seed is up to 64 letters, digits, dots and dashes')
  return text
}

/** `20261123-071530`, in UTC. */
function fileTime(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
}
