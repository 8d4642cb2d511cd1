/**
 * The report: the only thing a run leaves behind that other programs read. Its JSON Schema is `docs/report.schema.json`.
 *
 * Base units everywhere: seconds, bytes, samples. Numbers are formatted when printed, never here.
 */
export interface Report {
  readonly schema: 'churnbench/report/v1'
  /**
   * `run`: one subject, one trial or several. `ab`: two arms, interleaved. `calibration`: the same arm twice. `capacity`: a
   * search, a trial per load. `compare`: two reports put side by side, the base as arm A and the head as arm B.
   */
  readonly kind: 'run' | 'ab' | 'calibration' | 'capacity' | 'compare'
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
  /** Present when there are two arms. */
  readonly comparison?: Comparison
  /** Present in a `calibration`. */
  readonly calibration?: Calibration
  /** Present in a `capacity` search. */
  readonly capacity?: Capacity
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
  /** Statistics whose regression fails a comparison, by metric key: `{ discovery_latency: ['p99'] }`. */
  readonly gates?: Readonly<Record<string, readonly Statistic[]>>
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

/** What of a metric is compared between arms. */
export type Statistic = 'mean' | 'p50' | 'p90' | 'p95' | 'p99' | 'value'

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
  /** Number of the block that the trial belongs to: one trial of each arm, in an order that was drawn. */
  readonly block?: number
  /** 0: the first set of blocks; 1: the set that was run to confirm a regression. */
  readonly set?: number
  /** Position among all trials of the command, in the order in which they were executed. */
  readonly order?: number
  readonly startedAt: string
  readonly durationS: number
  readonly subject: SubjectInfo
  /** What else the machine did meanwhile. */
  readonly host?: HostConditions
  /** SHA-256 of the churn events, equal for equal scenario and seed; empty when the run was cut short before it was known. */
  readonly traceSha256: string
  /** False when the harness was the bottleneck; the reasons say why. */
  readonly valid: boolean
  readonly invalidReasons: readonly string[]
  /** True when the run was interrupted: what is here is what had been measured until then. */
  readonly aborted: boolean
  /** The threshold whose crossing ended the run; the value is what it was then. */
  readonly crossed?: CrossedThreshold
  /** `name` or `name{tag=value}`. */
  readonly metrics: Readonly<Record<string, MetricValue>>
  readonly timeline: Timeline
  /** What happened in the cluster, for the figures; at most a few hundred entries. */
  readonly events: readonly TimelineEvent[]
  /** Distributions over time, by metric key. */
  readonly heatmaps?: Readonly<Record<string, Heatmap>>
  /** How true a replayed trace was played. */
  readonly replay?: ReplayFidelity
  /** What the subject made of targets that misbehaved, by kind. */
  readonly misbehaviours?: readonly MisbehaviourResult[]
}

/** One kind of misbehaviour, by the scrapes that began and ended while targets did it. */
export interface MisbehaviourResult {
  readonly kind: string
  /** How many did it. */
  readonly pods: number
  /** Scrapes that the subject wrote an `up` for, of eight pods at most, and how many of these were 1. */
  readonly scrapes: number
  readonly up: number
  /** Scrapes of which the page is stored. */
  readonly pages: number
  /** Stored samples of the series that the misbehaviour adds, of the target with the most. */
  readonly extra: number
  /** Why a scrape failed, in the subject's words and by its class; absent where it does not say. */
  readonly error?: string
  readonly errorClass?: string
  /** What its documentation says, and where; absent where nothing is known of this subject. */
  readonly expected?: string
  /** In what it is otherwise. */
  readonly disagreements: readonly string[]
}

/** A trace and what the cluster made of it. Times are in the metric `replay_lateness`, by operation. */
export interface ReplayFidelity {
  readonly trace: string
  readonly mode: 'exact' | 'controllers'
  readonly speed: number
  /** Events that the chosen part of the trace has. */
  readonly planned: number
  readonly played: number
  /** Of those played: how many shared a write with the one before them. */
  readonly merged: number
  /** Left to the simulation's controllers. */
  readonly simulated: number
  /** By reason. */
  readonly skipped: Readonly<Record<string, number>>
  /** Left out because a selector does not take them, and because their lines are faulty. */
  readonly leftOut: number
  readonly faults: number
  /** SHA-256 over the events as they were to be played, and as the cluster showed them: equal when order and content are. */
  readonly plannedSha256: string
  readonly achievedSha256: string
  /** Objects at the end: how many were compared with the trace, how many are different, and the first of these. */
  readonly compared: number
  readonly different: number
  readonly examples: readonly string[]
}

/** The machine during a trial. A figure is absent where the kernel does not tell it. */
export interface HostConditions {
  /** Share of all CPU time that the hypervisor gave to others. */
  readonly stealRatio?: number
  /** Periods in which the control group was throttled. */
  readonly throttledPeriods?: number
  /** Share of CPU time used by processes that are neither the harness nor the subject. */
  readonly othersRatio?: number
  /** How the threads were scheduled that make the churn and serve the metrics: first of all where that is allowed. */
  readonly generatorPriority?: 'realtime' | 'raised' | 'normal'
}

/**
 * Observations by time and value, sparse. Column c holds those that began in [c · intervalS, (c + 1) · intervalS); bucket b
 * holds values in [10^(b / 10), 10^((b + 1) / 10)) of the metric's unit, so that ten buckets are a decade; b may be negative.
 */
export interface Heatmap {
  readonly intervalS: number
  /** [column, bucket, count], ascending by column, then bucket. */
  readonly cells: readonly (readonly [number, number, number])[]
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

export interface CrossedThreshold {
  readonly metric: string
  /** As written, e.g. `p(99)<8`. */
  readonly expression: string
  readonly value: number
  /** Since the start of planned time. */
  readonly atS: number
}

export interface ThresholdResult {
  readonly metric: string
  /** As written, e.g. `p(99)<8`. */
  readonly expression: string
  /** What was compared; null when there was no data. */
  readonly value: number | null
  readonly ok: boolean
  readonly noData: boolean
  /** Present when it was crossed while a run was going on, and ended it. */
  readonly aborted?: boolean
}

export interface Warning {
  readonly code: string
  readonly message: string
}

export interface Verdict {
  readonly status: 'pass' | 'fail' | 'invalid' | 'aborted' | 'regressed' | 'improved' | 'unchanged' | 'inconclusive'
  readonly exitCode: number
  readonly reasons: readonly string[]
}

/**
 * Arm B (head) against arm A (base). Every change is head / base − 1 as measured: whether that is good or bad is the
 * verdict's affair.
 */
export interface Comparison {
  /** `paired`: interleaved blocks, sign-flip permutation. `unpaired`: two reports, exact Mann-Whitney. */
  readonly method: 'paired' | 'unpaired'
  readonly base: ComparedArm
  readonly head: ComparedArm
  /** Level of the family of gates, after Holm. */
  readonly alpha: number
  /** Of the confidence intervals. */
  readonly confidence: number
  /** Seed of the bootstrap. */
  readonly seed: string
  readonly rows: readonly ComparisonRow[]
  /** Why the two are not comparable; with any of these the comparison informs and gates nothing. Empty when they are. */
  readonly differences: readonly string[]
  /** True when the comparison may not fail a build: the arms differ in what must not, and the user said to go on. */
  readonly informational: boolean
  /** The set of blocks that was run to confirm a regression, when one was. */
  readonly confirmation?: { readonly rows: readonly ComparisonRow[]; readonly confirmed: readonly string[] }
}

export interface ComparedArm {
  /** `embedded 0.1.0`, or the name of a file. */
  readonly label: string
  /** Valid, complete trials. */
  readonly trials: number
  /** Trials that were left out because they, or the other trial of their block, were invalid or aborted. */
  readonly excluded: number
}

export interface ComparisonRow {
  /** `name` or `name{tag=value}`. */
  readonly metric: string
  readonly statistic: Statistic
  readonly unit: string
  readonly direction: MetricInfo['direction']
  /** Whether its regression fails the comparison. */
  readonly gate: boolean
  /** An exact count: compared by equality, not by statistics. */
  readonly exact: boolean
  /** Median over the trials, of an exact count the worst trial, in the metric's unit; null without data. */
  readonly base: number | null
  readonly head: number | null
  /** Half the width of the central half of the trials, relative to the median: how noisy the arm is. */
  readonly baseSpread: number | null
  readonly headSpread: number | null
  /** head / base − 1; null where either is missing or base is 0. */
  readonly change: number | null
  /** Bootstrap interval of `change`. */
  readonly interval: readonly [number, number] | null
  readonly p: number | null
  /** After Holm, over the gates. */
  readonly pAdjusted: number | null
  /** Relative change below which nothing is said; 0 for an exact count. */
  readonly minEffect: number
  /** Smallest change that this many trials of this spread would find four times out of five; null when unknown. */
  readonly detectable: number | null
  /** One value per trial, in block order where there are blocks. */
  readonly baseTrials: readonly number[]
  readonly headTrials: readonly number[]
  readonly verdict: RowVerdict
  /** Why, where the figures do not tell: `needs 8 blocks, has 3`. */
  readonly note?: string
}

export type RowVerdict = 'regressed' | 'improved' | 'unchanged' | 'inconclusive' | 'no-data' | 'info'

/** What an A/A run says of this machine. */
export interface Calibration {
  readonly blocks: number
  /** By `metric statistic`, e.g. `discovery_latency p99`. */
  readonly noise: Readonly<Record<string, Noise>>
}

export interface Noise {
  /** Standard deviation over mean, of the trials of both arms. */
  readonly variation: number
  /** 95th percentile of |head / base − 1| over blocks. */
  readonly change95: number
  /** What a comparison on this machine should take as its smallest effect. */
  readonly minEffect: number
  /** Smallest change found four times out of five, by number of blocks. */
  readonly detectable: Readonly<Record<string, number>>
}

/** A search for the highest load that a subject sustains. */
export interface Capacity {
  /** Field of the scenario that was varied. */
  readonly field: string
  readonly steps: readonly CapacityStep[]
  /** Highest load that was sustained, in the field's own unit; null when none was. */
  readonly sustained: number | null
  /** Lowest load that was not; null when the search ended at its upper bound. */
  readonly failed: number | null
}

export interface CapacityStep {
  readonly load: number
  /** Index in `runs`. */
  readonly run: number
  readonly sustained: boolean
  /** Why not. */
  readonly reasons: readonly string[]
}
