import type { Serving } from './target-serving.ts'
import type { MisbehaviourOrder } from '../targets/misbehaviour/index.ts'
import type { StateChange } from '../state-metrics/index.ts'

/** What a kubelet asks of the threads that play the containers. Implemented by `sim/targets`. */
export interface PodRuntime {
  /**
   * Makes the pod answer on its address. Resolves once it accepts connections; rejects when the address cannot be bound,
   * which ends the run: a simulation whose pods do not exist measures nothing.
   */
  open(target: TargetSpec): Promise<void>
  /** Lets the address refuse connections and drops open ones. Resolves when that is so. Unknown uids are ignored. */
  close(uid: string): Promise<void>
  /** Partitions pods: they accept connections and never answer, until healed. */
  setPartitioned(uids: readonly string[], partitioned: boolean): void
  /** Asks a container's process to end, by SIGTERM. Containers without a process, and unknown uids, are ignored. */
  terminate?(uid: string): void
  /** From now on tells `listener` of everything that processes do by themselves, in real time. */
  watchProcesses?(listener: (target: TargetSpec, event: ProcessEvent) => void): void
  /** Lets pods answer badly from now on, or well again when `undefined`. Uids that are not open are kept in mind. */
  misbehave(uids: readonly string[], order: MisbehaviourOrder | undefined): void
  /** Gives a pod that is open what its page is made of. Unknown uids are ignored. */
  feed?(uid: string, feed: Feed): void
  /** From now on tells `watcher` of every pod that is opened or closed, as soon as that has been asked for. */
  watchTargets?(watcher: TargetWatcher): void
}

export interface TargetWatcher {
  opened(target: TargetSpec): void
  closed(uid: string): void
}

/** What pages are made of that tell what is in the store: objects as they are now, or a page made elsewhere. */
export type Feed =
  { readonly of: 'objects'; readonly changes: readonly StateChange[] } | { readonly of: 'page'; readonly text: string }

/** What a container's process did: its first port accepts connections, or it has ended. */
export type ProcessEvent =
  | { readonly type: 'accepts' }
  /** `code` as a container runtime reports it: 128 + n for signal n, 128 for a program that could not be started. */
  | { readonly type: 'ended'; readonly code: number }

/**
 * What a container runs that does not just serve the page of its profile.
 *
 * - `memcached`: a simulated Memcached, on its ports.
 * - `memcached-client`: sends commands to the pod's Memcached.
 * - `memcached-exporter`: serves what the pod's Memcached says of itself as metrics, whoever plays that Memcached.
 * - `process`: a program of this machine, `command`.
 */
export const CONTAINER_RUNS = ['memcached', 'memcached-client', 'memcached-exporter', 'process'] as const
export type ContainerRuns = (typeof CONTAINER_RUNS)[number]

/**
 * One fake container as the target threads see it; of most pods there is just one. Plain data: it is posted between threads
 * and kept for the check of values.
 */
export interface TargetSpec {
  /** That of its pod; for a further container of a pod `uid/container`. */
  readonly uid: string
  /** Of its pod, where `uid` is another one: see `podUidOf`. */
  readonly podUid?: string
  /** Row in the truth table; owned by this container for the whole run. −1 for one that serves no metrics of ours. */
  readonly slot: number
  /** Loopback address of the pod. */
  readonly address: string
  /** Its ports: those that serve metrics, where it does. */
  readonly ports: readonly number[]
  /** Absent: it serves the page of its profile. */
  readonly runs?: ContainerRuns
  /** Program and arguments, with everything filled in: of a process, and of an exporter that is told whom to ask. */
  readonly command?: readonly string[]
  /** Environment of a process, beside that of the harness. */
  readonly environment?: Readonly<Record<string, string>>
  /** Name of the metric profile. */
  readonly profile: string
  readonly namespace: string
  readonly pod: string
  readonly node: string
  readonly container: string
  /** Name of the workload's application label; replicas share it. */
  readonly app: string
  /** Seed of the run: with `uid` it decides every value that the pod will ever serve. */
  readonly seed: string
  /** Formats, transfer, TLS, credentials. Absent: as most pods do. */
  readonly serving?: Serving
  /** Unix milliseconds at which the container's present run started, in planned time. */
  readonly startedUnixMs: number
}

export function podUidOf({ uid, podUid = uid }: Pick<TargetSpec, 'uid' | 'podUid'>): string {
  return podUid
}

/** Whether the container answers scrapes itself, so that it is known what it served. A program's page is its own affair. */
export function servesMetrics({ runs }: Pick<TargetSpec, 'runs'>): boolean {
  return runs === undefined || runs === 'memcached-exporter'
}
