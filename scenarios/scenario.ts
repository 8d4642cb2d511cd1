import type {
  ConstantArrivalRateScenario,
  ConstantVUsScenario,
  PerVUIterationsScenario,
  RampingArrivalRateScenario,
  RampingVUsScenario,
  SharedIterationsScenario,
} from 'k6/options'

/**
 * What to run, as data: k6's vocabulary for load (executors, stages, thresholds), a `cluster` block for what is
 * simulated, and per-profile overrides. Not run by k6; the differences are listed in docs/scenarios.md.
 *
 * This is what authors write (`satisfies ScenarioInput`); `harness/scenario.ts` judges it once and makes it complete.
 */
export interface ScenarioInput {
  readonly name: string
  /** One sentence: what question the scenario answers. */
  readonly description: string
  readonly cluster: ClusterInput
  /** What happens, and when: k6's executors, whose iterations are actions on the cluster. */
  readonly scenarios: Readonly<Record<string, ChurnInput>>
  /** A trace that is played in the place of the cluster's workloads. Actions of `scenarios` then reach the API server only. */
  readonly trace?: TraceInput
  /** Planned time over which the churn happens; measured from the start. Of a trace: until its end, at its speed. */
  readonly duration?: Duration
  /** How long to wait afterwards for what was caused to be seen; what was not by then is censored. */
  readonly settle: Duration
  /** Scrape interval written into the default configuration. */
  readonly scrapeInterval: Duration
  /** k6's grammar, base units (seconds, bytes): `{ discovery_latency: ['p(99)<1'] }`. A threshold without data fails. */
  readonly thresholds?: Readonly<Record<string, readonly ThresholdInput[]>>
  /**
   * Statistics whose regression fails a comparison: `{ discovery_latency: ['p50', 'p99'] }`. Few: n paired blocks support
   * 2^(n−1) / 20 of them at 5 %, six with eight blocks.
   */
  readonly gates?: Readonly<Record<string, readonly GateStatistic[]>>
  /** Makes the scenario a search for the highest load that is sustained. */
  readonly search?: SearchInput
  /** Makes the scenario a measurement of the simulated control plane itself: there is no subject, and no churn. */
  readonly controlPlane?: ControlPlaneInput
  /** Makes the scenario a measurement of a target worker itself: there is no subject, and no churn. */
  readonly targetCapacity?: TargetCapacityInput
  /** Sparse overrides by profile. */
  readonly profiles?: Readonly<Partial<Record<ProfileName, ScenarioOverrides>>>
}

/** What a control plane that is measured itself is asked to do. */
export interface ControlPlaneInput {
  /** Brought from nothing to Ready without pacing, in Deployments of `podsPerWorkload`. */
  readonly pods: number
  readonly podsPerWorkload: number
  /** Clients that watch all pods, and how many pods are changed while they do. */
  readonly watchers: number
  readonly changes: number
}

/** What a target worker that is measured itself serves, and how long it is read. */
export interface TargetCapacityInput {
  /** Half of them counters, half gauges; the page has this many times `seriesPerMetric` samples. */
  readonly metrics: number
  readonly seriesPerMetric: number
  /** How often each server is read, in turn, and for how long. */
  readonly turns: number
  readonly turn: Duration
}

/** Which trace, which part of it, and how it is played. */
export interface TraceInput {
  /** A file, or the name of a trace that comes with churnbench: `incident`, `working-day`. */
  readonly file: string
  /**
   * `exact`: everything at the time that the trace says. `controllers`: what people asked for and what befell nodes follows
   * the trace, pods follow the simulation. `auto` (default): exact where the trace tells of pods.
   */
  readonly mode?: 'auto' | 'exact' | 'controllers'
  /** Trace time per real time, default 1. */
  readonly speed?: number
  /** Trace time from which on, and until when (exclusive); default all. */
  readonly from?: Duration
  readonly to?: Duration
  /** How many times the cluster is there, default 1. */
  readonly scale?: number
  /** `key=value`: namespace, name, owner, type, or a label. */
  readonly only?: readonly string[]
  /** Which pods serve metrics; `auto` (default): as the trace says. */
  readonly targets?: 'auto' | 'annotated' | 'all'
  /** Faulty lines are left out and counted. */
  readonly lenient?: boolean
}

export type ThresholdInput =
  | string
  | {
      readonly threshold: string
      /** Ends the run as soon as it is crossed. */
      readonly abortOnFail?: boolean
      /** How long to wait before it is first evaluated. */
      readonly delayAbortEval?: Duration
    }

export type GateStatistic = 'mean' | 'p50' | 'p90' | 'p95' | 'p99' | 'value'

/** The load is doubled from `from` until it is not sustained, then halved in between until within `resolution`. */
export interface SearchInput {
  /** Path of the number to vary, as in `--set`: `cluster.workloads.load.replicas`. */
  readonly field: string
  readonly from: number
  readonly to: number
  /** Ratio at which the search ends, e.g. 0.05. */
  readonly resolution: number
  /** What sustained means, in the grammar of thresholds; the run must also be valid. */
  readonly sustained: Readonly<Record<string, readonly string[]>>
}

export type ScenarioOverrides = DeepPartial<Omit<ScenarioInput, 'name' | 'description' | 'profiles'>>

export type ProfileName = 'smoke' | 'quick' | 'ci' | 'nightly'

export type Duration = `${number}${'ms' | 's' | 'm' | 'h'}`

export interface ClusterInput {
  readonly nodes: number
  readonly zones?: number
  readonly podsPerNodeMax?: number
  /** Whether nodes serve their kubelets' metrics on port 10250. Default false: scrapes of them cost the control plane. */
  readonly kubeletPorts?: boolean
  /**
   * Which address a new pod gets: one that nobody has had for as long as possible (`fresh`, the default), the next free one of
   * its node (`sequential`), or at once the one that any pod of the cluster gave back last (`reuse`).
   */
  readonly addresses?: 'fresh' | 'sequential' | 'reuse'
  readonly workloads: Readonly<Record<string, WorkloadInput>>
  readonly timings?: Partial<TimingsInput>
}

/** A Deployment and its Service; the key is its name. */
export interface WorkloadInput {
  readonly namespace?: string
  readonly replicas: number
  readonly port?: number
  /** What its pods expose: the name of a profile, or `from:` and a page to learn from (a file, two of them, a URL). */
  readonly profile?: string
  /**
   * What its pods offer beside text 0.0.4; default `['protobuf']`, as the usual handler of client_golang does. `created` adds
   * lines to OpenMetrics, `native-histograms` adds them to protobuf.
   */
  readonly formats?: readonly ('openmetrics' | 'text-1.0.0' | 'protobuf' | 'created' | 'native-histograms')[]
  /** Options of the profile; a list is one that is given several times. */
  readonly profileOptions?: Readonly<Record<string, Scalar | readonly string[]>>
  /** Further labels of its pods, beside `app`; also those that its Service does not select by. */
  readonly labels?: Readonly<Record<string, string>>
  /** Name of a Service that selects it by the label `app` = this name; default: one of its own. Two workloads may share one. */
  readonly service?: string
  readonly maxSurge?: number | string
  readonly maxUnavailable?: number | string
  /** Several containers that share the pod's address, each with a port of its own; in the place of `port` and `profile`. */
  readonly containers?: readonly ContainerInput[]
  /** Leaves the workload out where a program that its containers run is not installed, instead of refusing to run. */
  readonly optional?: boolean
}

/** A container: one of `profile`, `simulates` and `process` says what it does. */
export interface ContainerInput {
  readonly name: string
  /** Serves this metric profile on its port. */
  readonly profile?: string
  /**
   * A Memcached that speaks the text protocol; a client that sends commands to the one in its pod; an exporter that asks the
   * one in its pod and serves what it says as metrics.
   */
  readonly simulates?: 'memcached' | 'memcached-client' | 'memcached-exporter'
  /**
   * A program of this machine and its arguments, in which `$POD_IP`, `$POD_NAME`, `$POD_NAMESPACE` and `$NODE_NAME` are filled
   * in. Some argument must hold `$POD_IP`: what a container listens on is its pod's address.
   */
  readonly process?: readonly string[]
  /** Where it listens. Clients have none. */
  readonly port?: number
  /** Whether its port is scraped. Default: that of a profile and of a simulated exporter is, all others are not. */
  readonly metrics?: boolean
}

/** Kubernetes' own delays; a pair is [base, jitter], uniform. */
export interface TimingsInput {
  readonly schedule: readonly [Duration, Duration]
  readonly start: readonly [Duration, Duration]
  readonly ready: readonly [Duration, Duration]
  readonly terminate: readonly [Duration, Duration]
  /** Pulling an image that a node does not have yet, log-normal: [median, 99th percentile]. Default: all are there. */
  readonly pull?: readonly [Duration, Duration]
  readonly leaseRenew: Duration
  readonly nodeMonitorGrace: Duration
  readonly nodeMonitorPeriod: Duration
  readonly eviction: Duration
}

/**
 * An executor and what each of its iterations does.
 *
 * Iterations of the arrival-rate executors have intended times (open model), and latencies count from these. Those of the
 * VU executors follow one another (closed model): only `exec: 'query'` takes time, so only queries may use them; the two
 * executors that count iterations may also perform actions, which then all have `startTime` as their intended time.
 */
export type ChurnInput = ActionInput &
  (SharedIterations | PerVUIterations | ConstantVUs | RampingVUs | ConstantArrivalRate | RampingArrivalRate)

interface Common {
  /** Default 0s. */
  readonly startTime?: Duration
  /** How long an iteration that has begun may take after its executor's end. Default 30s, as in k6. */
  readonly gracefulStop?: Duration
  /** Carried by every observation that the entry causes: `query_latency{class=range}`. */
  readonly tags?: Readonly<Record<string, string>>
}

/** A k6 load stage: linear from the level before to `target` within `duration`; `0s` jumps. */
export interface LoadStage {
  readonly duration: Duration
  readonly target: number
}

/** How the intended times of an arrival rate are spread: evenly, or as a Poisson process of the same rate, seeded. */
export type Arrivals = 'even' | 'poisson'

type SharedIterations = Pick<SharedIterationsScenario, 'executor'> &
  Common & {
    /** Default 1. */
    readonly iterations?: number
    /** Default 1. */
    readonly vus?: number
    /** Default 10m, as in k6. */
    readonly maxDuration?: Duration
  }

type PerVUIterations = Pick<PerVUIterationsScenario, 'executor'> &
  Common & {
    /** Of each VU; default 1. */
    readonly iterations?: number
    /** Default 1. */
    readonly vus?: number
    /** Default 10m, as in k6. */
    readonly maxDuration?: Duration
  }

type ConstantVUs = Pick<ConstantVUsScenario, 'executor'> &
  Common & {
    readonly vus: number
    readonly duration: Duration
  }

type RampingVUs = Pick<RampingVUsScenario, 'executor'> &
  Common & {
    /** Default 1. */
    readonly startVUs?: number
    readonly stages: readonly LoadStage[]
  }

type ConstantArrivalRate = Pick<ConstantArrivalRateScenario, 'executor'> &
  Common & {
    /** Iterations per `timeUnit`. */
    readonly rate: number
    /** Default 1s. */
    readonly timeUnit?: Duration
    readonly duration: Duration
    /** Default `even`. Not in k6. */
    readonly arrivals?: Arrivals
  }

type RampingArrivalRate = Pick<RampingArrivalRateScenario, 'executor'> &
  Common & {
    /** Default 0. */
    readonly startRate?: number
    /** Default 1s. */
    readonly timeUnit?: Duration
    readonly stages: readonly LoadStage[]
    /** Default `even`. Not in k6. */
    readonly arrivals?: Arrivals
  }

type Scalar = string | number | boolean

export interface ActionInput {
  /** Name of a registered action (`scale`, `restart`, `fail-node`, …), or `query`. */
  readonly exec: string
  readonly args?: Readonly<Record<string, Scalar>>
  /**
   * Arguments that change from iteration to iteration: the i-th takes the i-th value, from the beginning again after the
   * last. `{ replicas: [10, 40, 20] }` is a staircase, `{ zone: ['region-1a', 'region-1b'] }` a wave through the zones.
   */
  readonly each?: Readonly<Record<string, readonly Scalar[]>>
}

type DeepPartial<T> = T extends object ? { readonly [K in keyof T]?: DeepPartial<T[K]> } : T
