import type { ConstantArrivalRateScenario, SharedIterationsScenario } from 'k6/options'

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
  /** Planned time over which the churn happens; measured from the start. */
  readonly duration: Duration
  /** How long to wait afterwards for what was caused to be seen; what was not by then is censored. */
  readonly settle: Duration
  /** Scrape interval written into the default configuration. */
  readonly scrapeInterval: Duration
  /** k6's grammar, base units (seconds, bytes): `{ discovery_latency: ['p(99)<1'] }`. A threshold without data fails. */
  readonly thresholds?: Readonly<Record<string, readonly string[]>>
  /** Sparse overrides by profile. */
  readonly profiles?: Readonly<Partial<Record<ProfileName, ScenarioOverrides>>>
}

export type ScenarioOverrides = DeepPartial<Omit<ScenarioInput, 'name' | 'description' | 'profiles'>>

export type ProfileName = 'smoke' | 'quick' | 'ci' | 'nightly'

export type Duration = `${number}${'ms' | 's' | 'm' | 'h'}`

export interface ClusterInput {
  readonly nodes: number
  readonly zones?: number
  readonly podsPerNodeMax?: number
  readonly workloads: Readonly<Record<string, WorkloadInput>>
  readonly timings?: Partial<TimingsInput>
}

/** A Deployment and its Service; the key is its name. */
export interface WorkloadInput {
  readonly namespace?: string
  readonly replicas: number
  readonly port?: number
  readonly profile?: string
  readonly maxSurge?: number | string
  readonly maxUnavailable?: number | string
}

/** Kubernetes' own delays; a pair is [base, jitter], uniform. */
export interface TimingsInput {
  readonly schedule: readonly [Duration, Duration]
  readonly start: readonly [Duration, Duration]
  readonly ready: readonly [Duration, Duration]
  readonly terminate: readonly [Duration, Duration]
  readonly leaseRenew: Duration
  readonly nodeMonitorGrace: Duration
  readonly nodeMonitorPeriod: Duration
  readonly eviction: Duration
}

/**
 * An executor and the action that each of its iterations performs. Iterations have planned times (open model): those of
 * `shared-iterations` all start at `startTime`; those of `constant-arrival-rate` at `startTime + i · timeUnit / rate`.
 */
export type ChurnInput = ActionInput & (SharedIterations | ConstantArrivalRate)

type SharedIterations = Pick<SharedIterationsScenario, 'executor'> & {
  /** Default 1. */
  readonly iterations?: number
  readonly startTime?: Duration
}

type ConstantArrivalRate = Pick<ConstantArrivalRateScenario, 'executor'> & {
  /** Iterations per `timeUnit`. */
  readonly rate: number
  /** Default 1s. */
  readonly timeUnit?: Duration
  readonly duration: Duration
  readonly startTime?: Duration
}

export interface ActionInput {
  /** Name of a registered action: `scale`, `restart`, `fail-node`, `recover-node`, … */
  readonly exec: string
  readonly args?: Readonly<Record<string, string | number | boolean>>
}

type DeepPartial<T> = T extends object ? { readonly [K in keyof T]?: DeepPartial<T[K]> } : T
