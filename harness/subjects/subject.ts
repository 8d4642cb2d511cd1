import type { Clock } from '../../base/index.ts'
import type { ScrapedTarget } from './scrape-targets.ts'

/** A kind of system under test: how to find it, start it, and talk to it. */
export interface SubjectDefinition {
  /** As given to `--subject`. */
  readonly kind: string
  /** Whether it answers PromQL. An agent passes its samples on and answers none: a query load has nobody to go to. */
  readonly answersQueries?: boolean
  /**
   * Starts it as a child process and waits until it says that it is ready.
   *
   * Nothing is left running when this rejects.
   *
   * @throws SubjectError CHURN_SUBJECT_BINARY (not found, not executable), CHURN_SUBJECT_CONFIG (it refuses its
   * configuration), CHURN_SUBJECT_DIED (ended before it was ready; carries the end of its log), CHURN_SUBJECT_NOT_READY (in time).
   */
  start(clock: Clock, options: SubjectOptions): Promise<Subject>
}

export interface SubjectOptions {
  /** Overrides where the program is looked for. */
  readonly bin?: string | undefined
  /** `prometheus.yml` as its author wrote it; addresses and credentials of the API server are filled in here. */
  readonly config: string
  readonly api: ApiAccess
  /** Existing folder for configuration, log and data of this trial. */
  readonly workDir: string
  readonly readyTimeoutMs: number
  /** Further arguments for the program, after ours. */
  readonly args?: readonly string[] | undefined
  /** Folder of the user's `prometheus.yml`: relative paths in it count from there. Absent: they are left as they are. */
  readonly configDir?: string | undefined
  /** Whether its CPU profile is wanted; it lies in `workDir` when the subject has stopped. */
  readonly profile?: boolean
  /** Of a subject that is not ours to start: where it answers, and its process on this machine. */
  readonly url?: string | undefined
  readonly pid?: number | undefined
  /** Lines for the user, who has something to do before the trial can begin. */
  readonly tell?: (line: string) => void
  /** Watches that were opened on the API server so far. */
  readonly apiWatches?: () => Promise<number>
  readonly signal?: AbortSignal
}

/** How to reach the simulated API server. */
export interface ApiAccess {
  readonly url: string
  readonly token: string
  readonly caPem: string
}

export interface ExitInfo {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A running system under test. */
export interface Subject {
  readonly kind: string
  readonly version: string
  readonly url: string
  /** 0: not known, not on this machine. */
  readonly pid: number
  readonly command: readonly string[]
  /** SHA-256 of `SubjectOptions.config`. */
  readonly configSha256: string
  /** Configuration and log, absolute paths. */
  readonly files: readonly string[]
  /** Sentences for the user: what of the configuration was left alone, or what the subject ignores of it. */
  readonly warnings?: readonly string[]
  /**
   * How far a stored value may lie from the one that was served, as a ratio of it, by the subject's own design.
   * Absent: it keeps all 64 bits.
   */
  readonly valueErrorRatioMax?: number
  /** Where Go's profiles are to be had, without `/debug/pprof`; absent: it has none, or writes its own. */
  readonly pprofUrl?: string
  /** Settles when the process has ended, for whatever reason. Never rejects. */
  readonly exited: Promise<ExitInfo>
  /** What the kernel says of the process; `undefined` once it is gone or where /proc does not exist. */
  resources(): ResourceUsage | undefined
  /** An instant query now (or at `atUnixMs`). @throws SubjectError CHURN_SUBJECT_QUERY */
  query(promql: string, atUnixMs?: number): Promise<InstantSample[]>
  /**
   * Stored samples of the series that satisfy `selector` in [minUnixMs, maxUnixMs], as stored: not aligned, not
   * extrapolated, without stale markers. @throws SubjectError CHURN_SUBJECT_QUERY
   */
  rawSamples(selector: string, minUnixMs: number, maxUnixMs: number): Promise<RawSeries[]>
  /** What it says of its targets. @throws SubjectError CHURN_SUBJECT_QUERY where it has no such API. */
  targets?(): Promise<readonly ScrapedTarget[]>
  /**
   * Samples appended since its start by the subject's own counter, its synthetic series included; `undefined` when it has
   * no such counter. @throws SubjectError CHURN_SUBJECT_QUERY
   */
  samplesAppended?(): Promise<number | undefined>
  /** How far that counter may lag behind what was served, in milliseconds; absent: by the scrapes under way. */
  readonly samplesAppendedLateMs?: number
  /** Sentences about what happened so far that a reader of its figures must know. */
  remarks?(): Promise<readonly string[]>
  /** Asks it to end, waits, and kills it when it does not within ten seconds. Idempotent. */
  stop(): Promise<ExitInfo>
}

export interface ResourceUsage {
  /** User + system time of the process since its start. */
  readonly cpuSeconds: number
  readonly rssBytes: number
  /** Highest RSS so far, as the kernel kept it. */
  readonly rssPeakBytes: number
}

export interface InstantSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface RawSeries {
  readonly labels: Readonly<Record<string, string>>
  /** Unix milliseconds, ascending; same length as `values`. */
  readonly tMs: Float64Array
  readonly values: Float64Array
}

/** A subject as the user named it, before it is started. */
export interface SubjectSpec {
  readonly kind: string
  readonly bin?: string | undefined
  readonly args: readonly string[]
  /** Content of `prometheus.yml`; the default configuration when absent. */
  readonly config?: string | undefined
  /** Folder that relative paths in it are meant from. */
  readonly configDir?: string | undefined
  /** Of kind `external`: where it answers, and its process on this machine. */
  readonly url?: string | undefined
  readonly pid?: number | undefined
  /** Port of the simulated API server, for a configuration that is written beforehand; absent: a free one. */
  readonly apiPort?: number | undefined
}
