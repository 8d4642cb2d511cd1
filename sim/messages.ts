import type { MessagePort } from 'node:worker_threads'
import type { ExitCode, ThreadPriority } from '../base/index.ts'
import type { ContainerRuns, TargetSpec } from './kubelet/pod-runtime.ts'
import type { Offer } from './kubelet/target-serving.ts'
import type { MisbehaviourOrder } from './targets/misbehaviour/index.ts'
import type { AddressPolicy } from './kubelet/address-policy.ts'
import type { ReplayReport, ReplaySpec, TraceOrigin } from './trace/index.ts'

/** The cluster to simulate, complete: defaults have been applied by the scenario loader. */
export interface ClusterSpec {
  readonly nodes: number
  /** Availability zones that nodes are spread over, in turn; 0 where nodes come from a trace, which has its own. */
  readonly zones: number
  readonly podsPerNodeMax: number
  readonly workloads: readonly WorkloadSpec[]
  readonly timings: ClusterTimings
  /**
   * Whether every node listens on port 10250 of its address, as kubelets do. Default false: it takes a descriptor for each
   * node and connection, and the control plane's time for each scrape.
   */
  readonly kubeletPorts?: boolean
  /** Which address a new pod gets. Default `fresh`. */
  readonly addresses?: AddressPolicy
}

/** A Deployment with a Service in front of it, its own or one that it shares. */
export interface WorkloadSpec {
  readonly namespace: string
  readonly name: string
  readonly replicas: number
  readonly port: number
  readonly profile: string
  /** What its pods offer beside text 0.0.4; absent: as most pods do. */
  readonly formats?: readonly Offer[]
  /** Of its pods. */
  readonly labels: Readonly<Record<string, string>>
  /** Those of its labels by which the Deployment knows its pods; no other Deployment of the namespace has the same. */
  readonly selector: Readonly<Record<string, string>>
  /** Name of the Service, which selects pods whose label `app` is this name. */
  readonly service: string
  /** Name or share, as in a Deployment: `25%` or `1`. */
  readonly maxSurge: number | string
  readonly maxUnavailable: number | string
  /** The containers of its pods; absent: one, which `port` and `profile` describe. */
  readonly containers?: readonly ContainerSpec[]
  /** It is left out, which the report says, where a program of its containers is not installed. */
  readonly optional?: boolean
}

/** One container of a workload's pods. Without `runs` it serves the page of its profile. */
export interface ContainerSpec {
  readonly name: string
  readonly port?: number
  /** Whether its port is scraped. */
  readonly metrics: boolean
  readonly profile?: string
  readonly runs?: ContainerRuns
  /** Program and arguments; `$(POD_IP)` and the like are filled in when it starts. */
  readonly command?: readonly string[]
}

/** Delays of the simulated control plane, in milliseconds of planned time. */
export interface ClusterTimings {
  /** Scheduler: from a pod's creation to its binding. */
  readonly scheduleMs: Jittered
  /** Kubelet: from binding to running with an address (sandbox, image, start). */
  readonly startMs: Jittered
  /** Kubelet: from running to ready (first successful readiness probe). */
  readonly readyMs: Jittered
  /** Kubelet: from the deletion mark to the end of the containers (SIGTERM handled). */
  readonly terminateMs: Jittered
  /** Kubelet: pulling an image that the node does not have yet. Without it, images are there already. */
  readonly pullMs?: LogNormal
  /** Node lease renewal. Kubernetes: 10 000. */
  readonly leaseRenewMs: number
  /** Silence after which a node's Ready becomes Unknown. Kubernetes: 50 000. */
  readonly nodeMonitorGraceMs: number
  /** How often leases are looked at. Kubernetes: 5 000. */
  readonly nodeMonitorPeriodMs: number
  /** Toleration of the not-ready and unreachable taints that pods are given. Kubernetes: 300 000. */
  readonly evictionMs: number
}

/** Uniform in [base, base + jitter]. */
export interface Jittered {
  readonly base: number
  readonly jitter: number
}

/** Log-normal, by two of its quantiles: `p50` < `p99`. */
export interface LogNormal {
  readonly p50: number
  readonly p99: number
}

/** One action of the scenario at its planned time. Actions are registered by name in `sim/actions.ts`. */
export interface PlannedAction {
  /** Whole, so that it is the same in every trace. */
  readonly atMs: number
  /** What it draws from, within the seed: name of its entry in the scenario and number of the iteration, `storm/3`. */
  readonly stream: string
  readonly action: string
  readonly args: ActionArgs
}

export type ActionArgs = Readonly<Record<string, string | number | boolean>>

export interface ControlPlaneData {
  readonly seed: string
  readonly cluster: ClusterSpec
  readonly plan: readonly PlannedAction[]
  /** A trace that is played instead of workloads and plan. */
  readonly replay?: ReplaySpec
  /** File to which the run's own trace is written. */
  readonly record?: RecordSpec
  /** Whether a warm-up comes before the scenario. */
  readonly warmUp: boolean
  /** Planned milliseconds after which the churn is over; the cluster lives on until told to stop. */
  readonly durationMs: number
  /** Port of the API server; 0 picks a free one. */
  readonly port: number
  /** Lowest address of the pods' network: `PodNetworkClaim.first`. */
  readonly podNetworkFirst: string
  /** File to write a kubeconfig to. */
  readonly kubeconfigPath: string
  /** One direct port per target thread; transferred. */
  readonly targetPorts: readonly MessagePort[]
  /** Port to whoever starts the programs of containers; transferred. Absent: none is started. */
  readonly processPort?: MessagePort
  /** Where these programs work and write to. */
  readonly processRoot?: string
}

/** Where the trace of a run goes, and what its header says. */
export interface RecordSpec {
  readonly path: string
  /** An existing file may be replaced. */
  readonly force: boolean
  readonly origin: TraceOrigin
}

/** Main thread → control plane. */
export type ToControlPlane =
  /** Planned time starts to run. Before, the API server answers and the cluster's nodes exist. */
  | { readonly type: 'go' }
  /** Performs a registered action by hand, as soon as planned time allows. Answered by `acted`, in order. */
  | { readonly type: 'act'; readonly action: string; readonly args: ActionArgs }
  /** Asks what clients cost so far. Answered by `usage`. */
  | { readonly type: 'usage' }
  | { readonly type: 'collect' }
  | { readonly type: 'stop' }

/** Control plane → main thread. */
export type FromControlPlane =
  | { readonly type: 'ready'; readonly url: string; readonly token: string; readonly caPem: string }
  /** The warm-up is over and the scenario begins; `startedNs` is the monotonic instant of its planned time 0. */
  | { readonly type: 'started'; readonly startedNs: bigint }
  | { readonly type: 'events'; readonly events: readonly TruthEvent[] }
  /** `durationMs` of planned time have passed. */
  | { readonly type: 'finished' }
  /** What an action by hand did, or why the cluster refused it. */
  | { readonly type: 'acted'; readonly ok: boolean; readonly detail: string }
  | { readonly type: 'usage'; readonly usage: ApiUsage }
  | { readonly type: 'report'; readonly report: ControlPlaneReport; readonly priority: ThreadPriority }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly exitCode: ExitCode }
  | { readonly type: 'stopped' }

/**
 * Something that happened to a pod or node, as committed to the store.
 *
 * `plannedMs`: planned time since the start. `plannedNs`: the monotonic instant that stands for. `committedNs`: when it
 * was really done (≥ planned; the difference is generator lag).
 */
export type TruthEvent = {
  readonly plannedMs: number
  readonly plannedNs: bigint
  readonly committedNs: bigint
} & (
  | { readonly type: 'target-opened'; readonly target: TargetSpec }
  /** The pod's IP appeared in its status: role `pod` can see it from now on. */
  | { readonly type: 'pod-addressed'; readonly uid: string }
  | { readonly type: 'pod-ready'; readonly uid: string }
  | { readonly type: 'pod-not-ready'; readonly uid: string }
  /** The pod's address appeared in an EndpointSlice: roles `endpointslice` and `endpoints` can see it from now on. */
  | { readonly type: 'pod-in-slice'; readonly uid: string }
  | { readonly type: 'pod-terminating'; readonly uid: string }
  /** The Pod object is gone. */
  | { readonly type: 'pod-deleted'; readonly uid: string }
  /** None of the node's pods answers any more: it fell silent, or was cut off; the control plane does not know. */
  | { readonly type: 'node-silent'; readonly node: string }
  /** They answer again. */
  | { readonly type: 'node-answering'; readonly node: string }
  | { readonly type: 'node-not-ready'; readonly node: string }
  | { readonly type: 'node-ready'; readonly node: string }
  /** The Node object is gone. */
  | { readonly type: 'node-deleted'; readonly node: string }
  /** They answer scrapes badly from now on; without an order, well again. */
  | { readonly type: 'pods-misbehave'; readonly uids: readonly string[]; readonly order?: MisbehaviourOrder }
  | { readonly type: 'action'; readonly action: string; readonly detail: string }
)

export interface ControlPlaneReport {
  /** SHA-256 over the canonical churn events of the first `durationMs` of planned time. */
  readonly traceSha256: string
  readonly traceEvents: number
  /** Of a replay. */
  readonly replay?: ReplayReport
  /** Encoded HDR (V2, base64), nanoseconds: real − planned time of everything the simulation did. */
  readonly lagHdr: string
  /** Encoded HDR (V2, base64), nanoseconds. */
  readonly eventLoopDelayHdr: string
  readonly api: ApiUsage
  readonly resourceVersion: number
}

/** What clients cost the API server. */
export interface ApiUsage {
  readonly requests: number
  readonly watches: number
  readonly bytes: number
  /** Requests by `verb resource`, e.g. `list pods`. */
  readonly byKind: Readonly<Record<string, number>>
}
