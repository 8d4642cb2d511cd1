import { type Command, InvalidArgumentError, Option } from 'commander'
import { CodedError, ExitCode, SystemClock, type Timer } from '../base/index.ts'
import { type Dashboard, openDashboard, type Scenario } from '../harness/index.ts'

/** What a command that can show itself in a browser takes. */
export interface UiOptions {
  /** A port, or true for a free one. */
  readonly ui?: number | boolean
  readonly uiKeep?: boolean
}

export function uiOption(description: string): Option {
  return new Option('--ui [port]', description).argParser(portArgument)
}

export function addUiOptions(command: Command): Command {
  return command
    .addOption(uiOption('show the run live in a browser, on this port of 127.0.0.1 or on a free one'))
    .option('--ui-keep', 'go on serving the page after the end, until Ctrl-C (with --ui)')
}

/** The port to listen on, 0 for a free one; undefined when no page is wanted. */
export function uiPort(ui: UiOptions['ui']): number | undefined {
  if (ui === undefined || ui === false) return undefined
  return ui === true ? 0 : ui
}

/**
 * Opens the live page where one is wanted.
 *
 * @throws UiError CHURN_UI_PORT; CodedError CHURN_UI: trials in processes of their own cannot be shown.
 */
export async function openUi(
  options: UiOptions,
  run: {
    readonly scenario: Scenario
    readonly trials: number
    readonly subject: string
    readonly config: string | undefined
  },
): Promise<Dashboard | undefined> {
  const port = uiPort(options.ui)
  if (port === undefined) {
    if (options.uiKeep === true) throw usage('--ui-keep keeps the page of --ui; give both')
    return undefined
  }
  const { scenario, trials, subject, config } = run
  if (trials > 1 || scenario.search !== undefined) {
    throw usage(
      '--ui shows one trial as it happens, and this command makes several in processes of their own; leave it out',
    )
  }
  const keep = options.uiKeep === true
  return openDashboard(new SystemClock({ unref: true }), { scenario, subject, config, port, keep })
}

/** Serves on after the end, until somebody says that it is enough. */
export async function keepServing(dashboard: Dashboard, stderr: NodeJS.WriteStream): Promise<void> {
  stderr.write(`live page: ${dashboard.url} stays; Ctrl-C ends it\n`)
  // Nothing else keeps the process alive: the server does not.
  const clock = new SystemClock()
  let timer: Timer | undefined
  const wait = (): void => {
    timer = clock.schedule(WAIT_MS, wait)
  }
  wait()
  await new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.removeAllListeners(signal)
      process.once(signal, () => resolve())
    }
  })
  timer?.cancel()
}

const WAIT_MS = 60_000

function usage(message: string): CodedError {
  return new CodedError('CHURN_UI', message, { exitCode: ExitCode.usage })
}

function portArgument(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError('the port is a number from 0 to 65535; put --ui behind the name of the scenario')
  }
  return port
}
