/**
 * What the server tells the page, as JSON in server-sent events. Imported by both sides; nothing else crosses.
 *
 * All instants are milliseconds of planned time since the scenario's time 0, to a tenth; durations are their differences.
 */

/** In the order of a pod's life; the index is what goes over the wire. */
export const POD_STATES = ['starting', 'waiting', 'scraped', 'visible', 'terminating', 'silent'] as const
export type PodState = (typeof POD_STATES)[number]

export const NODE_STATES = ['ready', 'not-ready', 'silent', 'deleted'] as const
export type NodeState = (typeof NODE_STATES)[number]

/** The columns of `Update.rows`, one row a second. */
export const ROW_COLUMNS = [
  't_s',
  'pods_ready',
  'pods_scraped',
  'pods_visible',
  'samples_served_per_s',
  'subject_cpu_cores',
  'subject_rss_bytes',
  'discovery_p50_s',
  'discovery_p99_s',
  'visibility_p50_s',
  'visibility_p99_s',
  'generator_lag_max_s',
] as const
export type RowColumn = (typeof ROW_COLUMNS)[number]
/** One value per column; null where there is none. `t_s` is always there. */
export type Row = readonly (number | null)[]

export interface Update {
  /** Present when everything known is in this message: what was known before is void. */
  readonly reset?: Title
  /** Planned time when it was sent. */
  readonly atMs: number
  readonly phase: Phase
  /** New or changed. */
  readonly nodes?: readonly NodeRow[]
  readonly pods?: readonly PodIntro[]
  /** New or changed, of pods that were introduced. */
  readonly states?: readonly PodRow[]
  /** Ids of pods whose object is gone. */
  readonly gone?: readonly number[]
  readonly rows?: readonly Row[]
  readonly log?: readonly LogEntry[]
  readonly headline?: Headline
  readonly verdict?: VerdictText
}

/** What is looked at, known from the beginning. */
export interface Title {
  readonly scenario: string
  readonly description: string
  /** Absent when the cluster runs without one. */
  readonly subject?: string
  /** `profile quick, seed 1`. */
  readonly facts: string
  /** Planned length of churn and settling; null when it runs until interrupted. */
  readonly durationMs: number | null
  readonly settleMs: number
}

/** `starting`: the subject gets ready. `running`: churn, then settling, then asking back. `done`: the verdict is there. */
export type Phase = 'starting' | 'churn' | 'settle' | 'asking back' | 'done'

export type NodeRow = readonly [name: string, zone: string, state: number]

export type PodIntro = readonly [
  id: number,
  uid: string,
  namespace: string,
  name: string,
  app: string,
  node: string,
  address: string,
  openedMs: number,
]

/** Instants are null until they come. `eligibleMs` is the one from which latencies count. */
export type PodRow = readonly [
  id: number,
  state: number,
  eligibleMs: number | null,
  readyMs: number | null,
  scrapedMs: number | null,
  visibleMs: number | null,
  terminatingMs: number | null,
]

export interface LogEntry {
  readonly atMs: number
  readonly kind: LogKind
  readonly text: string
}

/** `action`: churn; it is marked in the time lines. `fault`: a failed threshold, a crash. */
export type LogKind = 'action' | 'node' | 'note' | 'warning' | 'fault'

/** The figures at the top. Durations in seconds; null as long as there is no value. */
export interface Headline {
  readonly pods: number
  readonly ready: number
  readonly scraped: number
  readonly visible: number
  /** Could have been known, and are gone without having been scraped. */
  readonly missed: number
  /** Could be known, and have not been scraped yet. */
  readonly waiting: number
  readonly discoveryP50S: number | null
  readonly discoveryP99S: number | null
  readonly visibilityP50S: number | null
  readonly visibilityP99S: number | null
}

export interface VerdictText {
  readonly status: string
  readonly exitCode: number
  readonly reasons: readonly string[]
  /** Where the report lies, for people. */
  readonly reportPath: string
  /** `report.html` itself: the page can show it when the server is gone. Empty when there is none. */
  readonly reportHtml: string
  /** The server stays, and serves the report itself. */
  readonly isServed: boolean
}

/** What the page is given before its first event. */
export interface Boot {
  readonly control?: ControlForm
}

/** The actions that a control page offers. */
export interface ControlForm {
  /** Goes back in the header `x-churnbench-token` of each POST. */
  readonly token: string
  readonly actions: readonly ActionForm[]
  /** `namespace/name`, for arguments that name a workload. */
  readonly workloads: readonly string[]
}

export interface ActionForm {
  readonly name: string
  readonly description: string
  readonly args: readonly {
    readonly name: string
    readonly type: 'string' | 'number' | 'boolean'
    readonly description: string
    readonly optional?: boolean
  }[]
}
