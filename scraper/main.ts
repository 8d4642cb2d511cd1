import { readFileSync, realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { CodedError, describeError, ExitCode, formatDuration, Prng, SystemClock } from '../base/index.ts'
import { createApi } from './api/index.ts'
import { type Config, ConfigError, formatFault, loadConfig } from './config/index.ts'
import { DiscoveryManager } from './discovery/index.ts'
import { type Flags, FlagsError, type ListenAddress, parseFlags } from './flags.ts'
import type { LogSink } from './log-sink.ts'
import { logfmt } from './logfmt.ts'
import { MetricsRegistry } from './metrics.ts'
import { QueryEngine } from './promql/index.ts'
import { ScrapeManager } from './scrape/index.ts'
import { registerSelfMetrics } from './self-metrics.ts'
import { type HeadStorage, openStorage } from './tsdb/index.ts'

/**
 * The embedded scraper as a program. This is the only file that knows every part.
 *
 *   flags → config ─┐
 *   listen (503) ───┼─▶ storage opened, log replayed ─▶ discovery ─▶ scrape ─▶ storage ◀─ PromQL ◀─ API (ready)
 *                   └─▶ SIGHUP, /-/reload: config again; SIGTERM, SIGINT: everything back, in reverse
 *
 * Until it is ready it writes nothing but what keeps it from becoming so: one line per fault, no stack trace, exit 2.
 *
 * @returns the exit code, once the program has ended.
 */
export async function runScraper(argv: readonly string[]): Promise<ExitCode> {
  const fail = (lines: readonly string[]): void => void process.stderr.write(lines.map(line => `${line}\n`).join(''))
  let scraper: Scraper | undefined
  let signalled: Promise<void> | undefined
  try {
    const flags = parseFlags(argv, packageVersion())
    const config = readConfig(flags.configFile)
    scraper = new Scraper(flags)
    // From here on a signal means an orderly end, also one that comes during the start.
    signalled = scraper.untilSignal()
    await scraper.start(config)
  } catch (error) {
    await scraper?.stop()
    if (error instanceof FlagsError && error.exitCode === ExitCode.ok) {
      process.stdout.write(`${error.message}\n`)
      return ExitCode.ok
    }
    if (error instanceof ConfigError) fail(error.faults.map(formatFault))
    else fail([error instanceof CodedError ? describeError(error) : `internal error: ${describeError(error)}`])
    return error instanceof CodedError ? error.exitCode : ExitCode.internal
  }
  await signalled
  await scraper.stop()
  return ExitCode.ok
}

class Scraper {
  readonly #flags: Flags
  readonly #clock = new SystemClock()
  readonly #log: LogSink
  readonly #registry = new MetricsRegistry()
  readonly #engine: QueryEngine
  readonly #startMs: number
  #config: Config | undefined
  #lastConfigMs = 0
  #reloadSuccess = true
  #isReady = false
  #storage: HeadStorage | undefined
  #scrapes: ScrapeManager | undefined
  #discovery: DiscoveryManager | undefined
  #api: FastifyInstance | undefined
  #release: (() => void) | undefined

  constructor(flags: Flags) {
    this.#flags = flags
    this.#startMs = this.#clock.unixMs()
    this.#log = logfmt(this.#clock, flags.logLevel, line => void process.stderr.write(line))
    this.#engine = new QueryEngine(this.#clock, {
      lookbackMs: flags.lookbackMs,
      timeoutMs: flags.queryTimeoutMs,
      maxSamples: flags.maxSamples,
      maxConcurrency: flags.maxConcurrency,
      experimentalFunctions: flags.experimentalFunctions,
      defaultSubqueryStepMs: () => this.#config?.global.evaluationIntervalMs ?? 60_000,
    })
  }

  /** @throws CodedError when the port or the data directory cannot be had */
  async start(config: Config): Promise<void> {
    // The port first: it is the quickest to be refused, and who asks meanwhile hears "not ready" instead of nothing.
    this.#api = this.#createApi()
    const address = await listen(this.#api, this.#flags.listen)
    const storage = await openStorage(this.#clock, {
      dir: resolve(this.#flags.storagePath),
      retentionMs: this.#flags.retentionMs,
      walSync: this.#flags.walSync,
      onProblem: problem => this.#log('error', 'the storage has a problem', { error: describeError(problem) }),
    })
    this.#storage = storage
    // One seed per host: two scrapers on two hosts do not scrape in step.
    const prng = new Prng(hostname())
    const options = { registry: this.#registry, log: this.#log, userAgent: `churnbench-scraper/${packageVersion()}` }
    const scrapes = new ScrapeManager(this.#clock, prng.fork('scrape'), storage, {
      ...options,
      initialScrape: this.#flags.initialScrape,
    })
    this.#scrapes = scrapes
    this.#discovery = new DiscoveryManager(this.#clock, prng.fork('discovery'), {
      ...options,
      onUpdate: (job, groups) => scrapes.update(job, groups),
    })
    this.#registerMetrics()
    const { replay } = storage
    for (const { file, offsetBytes, lostBytes, reason } of replay.damage) {
      this.#log('warn', 'the log was damaged and has been cut', { file, offset: offsetBytes, lostBytes, reason })
    }
    this.#log('info', 'storage opened', {
      series: replay.series,
      samples: replay.samples,
      segments: replay.segments,
      took: formatDuration(replay.durationMs),
    })
    this.#apply(config)
    this.#isReady = true
    this.#log('info', 'Server is ready to receive web requests.', { address })
  }

  /** Waits for SIGTERM or SIGINT; SIGHUP reloads meanwhile. */
  untilSignal(): Promise<void> {
    const reload = (): void => {
      if (!this.#isReady) return
      this.#reload().catch((error: unknown) => {
        this.#log('error', 'the configuration was refused; the old one stays in force', { error: describeError(error) })
      })
    }
    return new Promise<void>(done => {
      const end = (signal: NodeJS.Signals): void => {
        if (this.#isReady) this.#log('info', 'received a signal, stopping', { signal })
        done()
      }
      process.on('SIGHUP', reload)
      process.once('SIGTERM', end)
      process.once('SIGINT', end)
      this.#release = () => {
        process.off('SIGHUP', reload)
        process.off('SIGTERM', end)
        process.off('SIGINT', end)
      }
    })
  }

  /** Stops taking in, then answering, then storing. Safe in any state of the start. */
  async stop(): Promise<void> {
    const wasReady = this.#isReady
    this.#isReady = false
    this.#discovery?.stop()
    this.#scrapes?.stop()
    await this.#api?.close()
    try {
      await this.#storage?.close()
    } catch (error) {
      this.#log('error', 'the storage did not close cleanly', { error: describeError(error) })
    }
    this.#release?.()
    if (wasReady) this.#log('info', 'stopped')
  }

  async #reload(): Promise<void> {
    try {
      this.#apply(readConfig(this.#flags.configFile))
    } catch (error) {
      this.#reloadSuccess = false
      throw error
    }
    this.#log('info', 'configuration reloaded', { file: this.#flags.configFile })
  }

  #apply(config: Config): void {
    for (const warning of config.warnings) this.#log('warn', formatFault(warning))
    // Jobs must exist before their targets come.
    this.#scrapes!.applyConfig(config)
    this.#discovery!.applyConfig(config)
    this.#config = config
    this.#reloadSuccess = true
    this.#lastConfigMs = this.#clock.unixMs()
  }

  #createApi(): FastifyInstance {
    const version = packageVersion()
    const storage = (): HeadStorage => this.#storage!
    return createApi({
      clock: this.#clock,
      engine: this.#engine,
      queryable: { querier: (minMs, maxMs) => storage().querier(minMs, maxMs) },
      storage: { stats: () => storage().stats(), cardinality: limit => storage().cardinality(limit) },
      targets: {
        activeTargets: () => this.#scrapes!.activeTargets(),
        droppedTargets: () => this.#scrapes!.droppedTargets(),
        droppedTargetCounts: () => this.#scrapes!.droppedTargetCounts(),
      },
      metrics: this.#registry,
      build: {
        version,
        revision: '',
        branch: '',
        buildUser: '',
        buildDate: '',
        goVersion: `node ${process.version}`,
      },
      flags: this.#flags.texts,
      configText: () => this.#config?.text ?? '',
      runtime: () => ({
        startMs: this.#startMs,
        reloadSuccess: this.#reloadSuccess,
        lastConfigMs: this.#lastConfigMs,
        corruptions: storage().replay.damage.length,
        storageRetention: this.#flags.texts['storage.tsdb.retention.time']!,
      }),
      isReady: () => this.#isReady,
      reload: this.#flags.enableLifecycle ? () => this.#reload() : undefined,
    })
  }

  #registerMetrics(): void {
    registerSelfMetrics(this.#registry, {
      version: packageVersion(),
      startMs: this.#startMs,
      storage: () => this.#storage?.stats(),
      engine: () => this.#engine.stats(),
      config: () => ({ reloadSuccess: this.#reloadSuccess, lastConfigMs: this.#lastConfigMs }),
    })
  }
}

/** @throws CodedError when the file cannot be read, ConfigError when it is not valid */
function readConfig(path: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new CodedError('CHURN_CONFIG_FILE', `cannot read the configuration file ${path}`, {
      cause: error,
      exitCode: ExitCode.usage,
    })
  }
  return loadConfig(text, { baseDir: dirname(resolve(path)) })
}

/** @returns the address with the port that was taken. @throws CodedError */
async function listen(api: FastifyInstance, { host, port }: ListenAddress): Promise<string> {
  try {
    return await api.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const place = `${host}:${port}`
    const sentence =
      code === 'EADDRINUSE'
        ? `${place} is in use by another process: stop that one, or choose another --web.listen-address`
        : code === 'EACCES'
          ? `${place} may not be listened on by this user: choose another --web.listen-address`
          : `cannot listen on ${place}: ${describeError(error)}`
    throw new CodedError('CHURN_SCRAPER_LISTEN', sentence, { exitCode: ExitCode.usage })
  }
}

/** Of the package that this file belongs to, compiled or not. */
function packageVersion(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Record<string, string>
      if (name === 'churnbench') return version ?? ''
    } catch {
      // Not here: look further up.
    }
    if (dir === dirname(dir)) return ''
  }
}

/** Whether the program was started as this file, under whatever name. */
function isThisFile(path: string): boolean {
  try {
    return import.meta.url === pathToFileURL(realpathSync(path)).href
  } catch {
    return false
  }
}

if (process.argv[1] !== undefined && isThisFile(process.argv[1])) {
  process.exitCode = await runScraper(process.argv.slice(2))
}
