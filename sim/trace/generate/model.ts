import type { Labels, TraceContainer } from '../churn-event.ts'
import type { Distribution } from './distribution.ts'
import type { Rate } from './rate.ts'

/** What a trace is generated from: the statistics of a cluster's life. Holds no names of anybody's. */
export interface TraceModel {
  readonly model: 'churnbench-trace'
  readonly version: 1
  readonly name: string
  readonly description?: string
  readonly durationMs: number
  /** Hour of the day at the trace's time 0, where rates begin: 9.5 is half past nine. */
  readonly startHour: number
  /** Namespaces that workloads are spread over. */
  readonly namespaces: number
  readonly cluster: ClusterModel
  readonly classes: readonly WorkloadClass[]
}

export interface ClusterModel {
  readonly nodes: number
  readonly zones: number
  readonly podsPerNodeMax: number
  readonly nodeFailures?: NodeFailureModel
  readonly autoscaling?: NodeAutoscaling
}

/** Machines that stop to answer: of the whole cluster, at a rate or so many in all. */
export interface NodeFailureModel {
  readonly perHour?: Rate
  /** So many within the trace, at times drawn evenly; instead of a rate. */
  readonly count?: number
  /** From the failure to the control plane's noticing. */
  readonly detectMs: Distribution
  /** From the noticing to the pods' deletion and their replacement elsewhere. */
  readonly evictMs: Distribution
  /** Share of the failures that end with the machine's removal, 0 to 1; the others are repaired. */
  readonly removedShare: number
  /** From the failure to the machine's answering again. */
  readonly repairMs: Distribution
  /** From the failure to the removal of the Node object. */
  readonly removeMs: Distribution
  /** From the removal to a new node; `never` for none. */
  readonly replaceMs: Distribution
}

/** Nodes come when pods find no place, and go when they have stood empty (but for DaemonSets). */
export interface NodeAutoscaling {
  readonly nodesMax: number
  /** From the first pod without a place to the new node. */
  readonly addMs: Distribution
  readonly idleMs: number
}

export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob' | 'Job' | 'Pod'

/** Workloads that are alike. */
export interface WorkloadClass {
  readonly name: string
  /** `Pod`: pods of nobody, or of an owner that the trace does not show. */
  readonly kind: WorkloadKind
  /** How many; of Jobs and Pods: how many applications they belong to. */
  readonly workloads: number
  /** Where they all are; else each is in one of the model's namespaces. */
  readonly namespace?: string
  /** Kind of the owner that pods name, of `Pod`. */
  readonly owner?: string
  /** Of each workload; drawn once. Of a Job: how many pods it runs at once. */
  readonly replicas?: Distribution
  /** Each workload has a Service in front of it. */
  readonly service?: boolean
  readonly rollouts?: RolloutModel
  readonly scaling?: ScalingModel
  /** Of CronJobs. */
  readonly cron?: CronModel
  /** Of Jobs and Pods. */
  readonly arrivals?: ArrivalModel
  /** Of Jobs and Pods: those that run already when the trace begins. */
  readonly initial?: InitialModel
  readonly pod: PodModel
}

export interface RolloutModel {
  /** Of each workload. */
  readonly perHour: Rate
  readonly maxSurge?: number | string
  readonly maxUnavailable?: number | string
}

/** At a rate, a workload's replicas are set to what it had at first times the curve times a draw. */
export interface ScalingModel {
  /** Looks of each workload's autoscaler; those that change nothing leave no event. */
  readonly perHour: Rate
  /** Multiples by the time of the day; straight lines between the middles of the bins. */
  readonly curve: readonly number[]
  /** Length of a bin of the curve; default: an hour. */
  readonly binMs?: number
  readonly factor: Distribution
  readonly min: number
  readonly max?: number
}

export interface CronModel {
  readonly everyMs: number
  /** First run of each, after the day's begin: between these, drawn once. Default: within the first period. */
  readonly offsetMs?: Distribution
  /** Pods of each run. */
  readonly pods: Distribution
}

export interface ArrivalModel {
  /** Of the whole class. */
  readonly perHour: Rate
  /** At even distances instead of as a Poisson process. */
  readonly regular?: boolean
  /** How many come at once; default 1. */
  readonly burst?: Distribution
}

export interface InitialModel {
  readonly pods: number
  /** What they have left to live; default: an evenly drawn share of a lifetime. */
  readonly remainingMs?: Distribution
}

/** The life of a pod. Times are counted from the step before. */
export interface PodModel {
  readonly containers: readonly TraceContainer[]
  /** Those that decide what is scraped. */
  readonly annotations?: Labels
  readonly graceS: number
  /** Created to bound. */
  readonly scheduleMs: Distribution
  /** Bound to addressed. */
  readonly startMs: Distribution
  /** Addressed to ready. */
  readonly readyMs: Distribution
  /** Terminating to deleted. */
  readonly terminateMs: Distribution
  /**
   * Bound to its end by itself: what a Job's pod runs; for pods of other workloads how long until it is lost and replaced.
   * Absent: never.
   */
  readonly lifetimeMs?: Distribution
  /** Created to deleted, for a pod that has found no node by then. Absent: never. */
  readonly pendingMs?: Distribution
  /** Crashes of its containers. */
  readonly restarts?: { readonly perHour: number; readonly downMs: Distribution }
  /** How pods end by themselves: shares, 0 to 1; the rest is deleted. */
  readonly outcomes?: { readonly succeeded?: number; readonly failed?: Readonly<Record<string, number>> }
  /** From having succeeded or failed to deleted. Absent: never. */
  readonly lingerMs?: Distribution
}
