/**
 * The report: the only thing a run leaves behind that other programs read. Its JSON Schema is `docs/report.schema.json`.
 *
 * Base units everywhere: seconds, bytes, samples. Numbers are formatted when printed, never here.
 */
export interface Report {
  readonly schema: 'churnbench/report/v1'
  readonly kind: 'run'
  /** UUID. */
  readonly id: string
  /** RFC 3339, UTC. */
  readonly startedAt: string
  readonly endedAt: string
  readonly tool: ToolInfo
  readonly scenario: ScenarioInfo
  readonly environment: EnvironmentInfo
  readonly metrics: Readonly<Record<string, MetricInfo>>
  readonly runs: readonly Run[]
  readonly thresholds: readonly ThresholdResult[]
  readonly warnings: readonly Warning[]
  readonly verdict: Verdict
}

export interface ToolInfo {
  readonly name: 'churnbench'
  readonly version: string
  /** Commit of the checkout, absent outside one. */
  readonly gitSha?: string
  readonly gitDirty?: boolean
}

export interface ScenarioInfo {
  readonly name: string
  readonly description: string
  readonly profile: string
  readonly seed: string
  /** SHA-256 of `resolved`, canonical JSON. */
  readonly sha256: string
  /** The scenario after profile and `--set`, complete. */
  readonly resolved: unknown
  readonly scale: {
    readonly nodes: number
    /** Highest number of pods alive at once. */
    readonly pods: number
    readonly seriesPerPod: number
    readonly scrapeIntervalS: number
  }
}

export interface EnvironmentInfo {
  readonly os: string
  readonly kernel: string
  readonly arch: string
  readonly cpuModel: string
  readonly cpuCount: number
  readonly memBytes: number
  readonly node: string
  readonly v8: string
  readonly ulimitNofile: number | null
  readonly loadAvgBefore: number
  readonly containerized: boolean
  /** `address-per-pod` on Linux, `port-per-pod` where only 127.0.0.1 exists. */
  readonly podNetwork: string
  /** SHA-256 over the fields above that do not change between runs. */
  readonly fingerprint: string
}

/** What a metric means, once per report; the values are in the runs. */
export interface MetricInfo {
  readonly kind: 'histogram' | 'value' | 'count'
  /** `s`, `bytes`, `1`, `1/s`, … */
  readonly unit: string
  /** Which way is better. */
  readonly direction: 'lower' | 'higher' | 'none'
  /** One sentence. */
  readonly help: string
}

/** One trial: one execution of the scenario in fresh processes. */
export interface Run {
  readonly index: number
  readonly arm: 'A' | 'B'
  readonly startedAt: string
  readonly durationS: number
  readonly subject: SubjectInfo
  /** SHA-256 of the churn events, equal for equal scenario and seed; empty when the run was cut short before it was known. */
  readonly traceSha256: string
  /** False when the harness was the bottleneck; the reasons say why. */
  readonly valid: boolean
  readonly invalidReasons: readonly string[]
  /** True when the run was interrupted: what is here is what had been measured until then. */
  readonly aborted: boolean
  /** `name` or `name{tag=value}`. */
  readonly metrics: Readonly<Record<string, MetricValue>>
  readonly timeline: Timeline
  /** What happened in the cluster, for the figures; at most a few hundred entries. */
  readonly events: readonly TimelineEvent[]
}

export interface SubjectInfo {
  readonly kind: string
  readonly version: string
  /** SHA-256 of the configuration that it was given, before addresses and secrets were filled in. */
  readonly configSha256: string
  readonly command: readonly string[]
  /** Log and configuration, relative to the report. */
  readonly files: readonly string[]
}

export type MetricValue = ScalarValue | HistogramValue

export interface ScalarValue {
  readonly value: number
}

/** Quantiles in the metric's unit; `hdr` is the HDR histogram (V2, compressed, base64) in nanoseconds. */
export interface HistogramValue {
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
  readonly hdr: string
  /** Observations that never happened and stand in the histogram at their deadline. */
  readonly censored?: number
}

/** One row per `intervalS`; column 0 is seconds since the start of planned time. Missing values are null. */
export interface Timeline {
  readonly intervalS: number
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (number | null)[])[]
}

export interface TimelineEvent {
  readonly atS: number
  readonly label: string
}

export interface ThresholdResult {
  readonly metric: string
  /** As written, e.g. `p(99)<8`. */
  readonly expression: string
  /** What was compared; null when there was no data. */
  readonly value: number | null
  readonly ok: boolean
  readonly noData: boolean
}

export interface Warning {
  readonly code: string
  readonly message: string
}

export interface Verdict {
  readonly status: 'pass' | 'fail' | 'invalid' | 'aborted'
  readonly exitCode: number
  readonly reasons: readonly string[]
}
