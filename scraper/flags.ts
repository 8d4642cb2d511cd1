import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { CodedError, ExitCode } from '../base/index.ts'
import { parsePromDuration } from './config/index.ts'
import type { LogLevel } from './log-sink.ts'
import { LOG_LEVELS } from './logfmt.ts'

/** The command line, judged. */
export interface Flags {
  readonly configFile: string
  readonly storagePath: string
  readonly retentionMs: number
  readonly walSync: 'commit' | 'interval' | 'never'
  readonly listen: ListenAddress
  readonly enableLifecycle: boolean
  readonly lookbackMs: number
  readonly queryTimeoutMs: number
  readonly maxConcurrency: number
  readonly maxSamples: number
  readonly experimentalFunctions: boolean
  readonly initialScrape: 'immediate' | 'offset'
  readonly logLevel: LogLevel
  /** As written or defaulted, by name, for `/api/v1/status/flags`. */
  readonly texts: Readonly<Record<string, string>>
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** The one feature of Prometheus' `--enable-feature` that exists here. */
const EXPERIMENTAL_FUNCTIONS = 'promql-experimental-functions'

/** The flags could not be read, or asked for help: what to print, where it ends. */
export class FlagsError extends CodedError {
  override readonly name = 'FlagsError'

  constructor(message: string, exitCode: ExitCode) {
    super('CHURN_SCRAPER_FLAGS', message, { exitCode })
  }
}

/**
 * Reads Prometheus' own flag names, as `--name=value` or `--name value`.
 *
 * @throws FlagsError with exit code 2 for a fault, and with 0 and the help text for `--help` and `--version`.
 */
export function parseFlags(argv: readonly string[], version: string): Flags {
  let printed = ''
  const command = new Command('scraper')
    .description("A Prometheus-compatible scraper, with Prometheus' own flags")
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this')
    .exitOverride()
    .configureOutput({
      writeOut: text => (printed += text),
      writeErr: text => (printed += text),
    })
    .allowExcessArguments(false)
  const add = (
    name: string,
    value: string,
    text: string,
    parse?: (value: string) => unknown,
    fallback?: unknown,
  ): void => {
    const option = new Option(`--${name} <${value}>`, text)
    if (parse !== undefined) option.argParser(parse)
    if (fallback !== undefined) option.default(fallback)
    command.addOption(option)
  }
  add('config.file', 'path', 'configuration file', undefined, 'prometheus.yml')
  add('storage.tsdb.path', 'path', 'directory of the data', undefined, 'data/')
  add('storage.tsdb.retention.time', 'duration', 'how long samples are kept', duration, '15d')
  add(
    'storage.tsdb.wal-sync',
    'when',
    'when the log is forced to disk: commit, interval or never',
    oneOf(WAL_SYNCS),
    'interval',
  )
  add('web.listen-address', 'host:port', 'address to listen on', listenAddress, '127.0.0.1:9090')
  command.addOption(new Option('--web.enable-lifecycle', 'allow POST /-/reload').default(false))
  add('query.lookback-delta', 'duration', 'how far back a query looks for a sample', duration, '5m')
  add('query.timeout', 'duration', 'longest that a query may take', duration, '2m')
  add('query.max-concurrency', 'n', 'queries at once', positiveInteger, '20')
  add('query.max-samples', 'n', 'samples that one query may hold in memory', positiveInteger, '50000000')
  add('enable-feature', 'names', `comma-separated features; there is ${EXPERIMENTAL_FUNCTIONS}`, features, '')
  add(
    'scrape.initial',
    'when',
    'first scrape of a new target: immediate, or at its offset as Prometheus',
    oneOf(INITIAL),
    'immediate',
  )
  add('log.level', 'level', `least level to log: ${LOG_LEVELS.join(', ')}`, oneOf(LOG_LEVELS), 'info')
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const message = (printed === '' ? error.message : printed).trim().replace(/^error: /, '')
    throw new FlagsError(message, error.exitCode === 0 ? ExitCode.ok : ExitCode.usage)
  }
  const texts: Record<string, string> = {}
  const values = command.opts<Record<string, unknown>>()
  for (const option of command.options) {
    const name = option.long!.slice(2)
    if (name !== 'version') texts[name] = String(values[option.attributeName()])
  }
  const ms = (name: string): number => parsePromDuration(texts[name]!)!
  return {
    configFile: texts['config.file']!,
    storagePath: texts['storage.tsdb.path']!,
    retentionMs: ms('storage.tsdb.retention.time'),
    walSync: texts['storage.tsdb.wal-sync'] as Flags['walSync'],
    listen: splitAddress(texts['web.listen-address']!)!,
    enableLifecycle: texts['web.enable-lifecycle'] === 'true',
    lookbackMs: ms('query.lookback-delta'),
    queryTimeoutMs: ms('query.timeout'),
    maxConcurrency: Number(texts['query.max-concurrency']),
    maxSamples: Number(texts['query.max-samples']),
    experimentalFunctions: texts['enable-feature']!.includes(EXPERIMENTAL_FUNCTIONS),
    initialScrape: texts['scrape.initial'] as Flags['initialScrape'],
    logLevel: texts['log.level'] as LogLevel,
    texts,
  }
}

const WAL_SYNCS = ['commit', 'interval', 'never'] as const
const INITIAL = ['immediate', 'offset'] as const

function duration(text: string): string {
  const ms = parsePromDuration(text)
  if (ms === undefined || ms === 0) throw new InvalidArgumentError('Write it like 30s, 5m or 15d.')
  return text
}

function positiveInteger(text: string): string {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It must be a positive whole number.')
  return text
}

function oneOf(allowed: readonly string[]): (text: string) => string {
  return text => {
    if (!allowed.includes(text)) throw new InvalidArgumentError(`Allowed are ${allowed.join(', ')}.`)
    return text
  }
}

function features(text: string): string {
  const unknown = text.split(',').find(name => name !== '' && name !== EXPERIMENTAL_FUNCTIONS)
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no feature ${unknown} here.`)
  return text
}

function listenAddress(text: string): string {
  if (splitAddress(text) === undefined) {
    throw new InvalidArgumentError('Write host:port, e.g. 127.0.0.1:9090; port 0 takes any that is free.')
  }
  return text
}

/** `host:port` or `[::1]:port`; without host, only this machine, for nothing here authenticates anyone. */
function splitAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) return undefined
  return { host: match[1] ?? (match[2] === '' ? '127.0.0.1' : match[2]!), port }
}
