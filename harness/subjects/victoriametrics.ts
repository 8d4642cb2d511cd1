import path from 'node:path'
import type { Clock } from '../../base/index.ts'
import {
  type Environment,
  findPrograms,
  isExecutable,
  lastWords,
  type ProgramResult,
  runProgram,
  VICTORIA_METRICS_PROGRAMS,
  victoriaMetricsVersion,
} from '../peers/index.ts'
import { configError, SubjectError } from './errors.ts'
import { ExportLines } from './export-lines.ts'
import { goComplaints } from './go-complaints.ts'
import { launch, type LaunchPlan } from './launch.ts'
import { type QueryClient, seconds } from './query-client.ts'
import { runningSubject } from './running-subject.ts'
import type { RawSeries, SubjectDefinition, SubjectOptions } from './subject.ts'
import { inSourceLines, type WorkFiles, writeWorkFiles } from './work-files.ts'

const KIND = 'victoriametrics'
const STRICT_FLAG = '-promscrape.config.strictParse'
const DRY_RUN_TIMEOUT_MS = 30_000

/**
 * It keeps values as decimal mantissas with an exponent that all values of a block share, cut off rather than rounded.
 * Measured with 1.79.5 on 24 000 samples of each sort: integers up to 2^53 and decimals of up to 12 digits come back
 * exact, other values within 1.0001e-12 of themselves; in series whose values lie 24 orders apart, the small ones are
 * lost altogether, which no tolerance excuses.
 */
const VALUE_ERROR_RATIO_MAX = 1e-11

/** How long a scrape may go on after the instant that its samples bear; see `Flush`. */
const SCRAPE_MS_MAX = 2_000

/** Longer than any run. */
const RETENTION = '1y'

/**
 * VictoriaMetrics, single node: `--bin` or any on `PATH`.
 *
 * All of its defaults are kept, also those that make it look slow here, because they are what its users have:
 * Kubernetes is asked every 30 s (`-promscrape.kubernetesSDCheckInterval`), and instant queries look 30 s back
 * (`-search.latencyOffset`). Both can be set with subject arguments.
 *
 * Beware when measuring visibility: it remembers for up to ten seconds that a selector matched nothing, so that asking
 * too early delays the answer. Measured with 1.79.5 and one static target, three runs each: polled from the start, a new
 * series was seen after 10.0 s; asked first after 1.5 s, at once; with a force_flush before each question, after 1.2 s.
 */
export function victoriaMetricsSubject(env: Environment = process.env): SubjectDefinition {
  return {
    kind: KIND,
    async start(clock, options) {
      const files = writeWorkFiles(KIND, options)
      const file = chooseBinary(options, env)
      const { args, warnings } = await judgeConfig(file, files, options.args ?? [], env)
      const plan: LaunchPlan = {
        kind: KIND,
        readyPath: '/-/ready',
        command: port => ({
          file,
          args: [
            `-promscrape.config=${files.configPath}`,
            `-storageDataPath=${files.dataDir}`,
            `-httpListenAddr=127.0.0.1:${port}`,
            `-retentionPeriod=${RETENTION}`,
            ...args,
          ],
          env,
          cwd: path.dirname(files.configPath),
          logPath: files.logPath,
        }),
        faults: (exit, log) => (exit.code === 2 ? goComplaints(log) : undefined),
      }
      const version = await victoriaMetricsVersion(file, env)
      const launched = await launch(clock, plan, options.readyTimeoutMs)
      const { client } = launched
      const flush = new Flush(clock, client)
      return runningSubject({
        plan,
        launched,
        files,
        version,
        warnings,
        valueErrorRatioMax: VALUE_ERROR_RATIO_MAX,
        rawSamples: async (selector, min, max) => {
          await flush.after(max)
          return exported(client, selector, min, max)
        },
      })
    },
  }
}

function chooseBinary(options: SubjectOptions, env: Environment): string {
  if (options.bin !== undefined) {
    const file = path.resolve(options.bin)
    if (isExecutable(file)) return file
    throw new SubjectError('CHURN_SUBJECT_BINARY', `${file} is not an executable file`)
  }
  const found = findPrograms(VICTORIA_METRICS_PROGRAMS, env)[0]
  if (found !== undefined) return found
  throw new SubjectError(
    'CHURN_SUBJECT_BINARY',
    'victoria-metrics is not on PATH; `npm run peers -- --install` brings it on Debian and its like, or name it with --bin',
  )
}

/**
 * Lets it judge its configuration before the start, since it serves HTTP before it has read it.
 *
 * It is asked strictly. When nothing but unknown fields stands between it and the configuration (it knows only the part
 * of `prometheus.yml` that is about scraping), it is told to ignore these and each is named in a warning.
 *
 * @throws SubjectError CHURN_SUBJECT_CONFIG
 */
async function judgeConfig(
  file: string,
  files: WorkFiles,
  args: readonly string[],
  env: Environment,
): Promise<{ readonly args: readonly string[]; readonly warnings: readonly string[] }> {
  const dryRun = (more: readonly string[]): Promise<ProgramResult> =>
    runProgram(file, ['-dryRun', `-promscrape.config=${files.configPath}`, ...args, ...more], {
      env,
      cwd: path.dirname(files.configPath),
      timeoutMs: DRY_RUN_TIMEOUT_MS,
    })
  const strict = await dryRun([])
  if (strict.code === 0) return { args, warnings: [] }
  if (strict.code === -1) {
    throw new SubjectError('CHURN_SUBJECT_BINARY', `${file} cannot be executed: ${lastWords(strict, 1)}`)
  }
  const complaints = complaintsOf(strict, files)
  const unknown = complaints.map(complaint => /^line (\d+): field (\S+) not found in type /.exec(complaint))
  if (unknown.some(match => match === null)) throw configError(KIND, complaints)
  const lenient = [`${STRICT_FLAG}=false`]
  const again = await dryRun(lenient)
  if (again.code !== 0) throw configError(KIND, complaintsOf(again, files))
  const warnings = unknown.map(match => `line ${match![1]!}: ${KIND} does not know ${match![2]!} and ignores it`)
  return { args: [...args, ...lenient], warnings }
}

function complaintsOf(said: ProgramResult, files: WorkFiles): string[] {
  const log = `${said.stdout}\n${said.stderr}`.split('\n').filter(line => line.trim() !== '')
  return goComplaints(log).map(line => inSourceLines(line, files.config))
}

/** Makes what VictoriaMetrics holds in buffers visible to a search, as seldom as possible. */
class Flush {
  readonly #clock: Clock
  readonly #client: QueryClient
  #doneUnixMs = -Infinity
  #underWay: Promise<void> | undefined

  constructor(clock: Clock, client: QueryClient) {
    this.#clock = clock
    this.#client = client
  }

  /**
   * Samples up to `unixMs` are visible afterwards. The many questions about one window at the end of a run share a flush:
   * one that began well after the window's end holds for all.
   */
  async after(unixMs: number): Promise<void> {
    if (this.#doneUnixMs > unixMs + SCRAPE_MS_MAX) return
    this.#underWay ??= this.#flush().finally(() => (this.#underWay = undefined))
    await this.#underWay
  }

  async #flush(): Promise<void> {
    const startedUnixMs = this.#clock.unixMs()
    const status = await this.#client.post('/internal/force_flush', {}, () => {})
    if (status !== 200) throw new SubjectError('CHURN_SUBJECT_QUERY', `${KIND} does not flush: HTTP ${status}`)
    this.#doneUnixMs = startedUnixMs
  }
}

/** Its query API resamples; the export is what it has stored. The window is asked for one millisecond wider, for floats. */
async function exported(client: QueryClient, selector: string, min: number, max: number): Promise<RawSeries[]> {
  const lines = new ExportLines(min, max)
  const refusal: Buffer[] = []
  const form = { 'match[]': selector, start: seconds(min - 1), end: seconds(max + 1) }
  const status = await client.post('/api/v1/export', form, (chunk, statusCode) => {
    if (statusCode === 200) lines.push(chunk)
    else refusal.push(chunk)
  })
  if (status === 200) return lines.finish()
  const why = Buffer.concat(refusal).toString('utf8').trim()
  throw new SubjectError('CHURN_SUBJECT_QUERY', `${KIND} does not export "${selector}": HTTP ${status}: ${why}`)
}
