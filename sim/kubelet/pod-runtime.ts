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

/** One fake pod as the target threads see it. Plain data: it is posted between threads and kept for the check of values. */
export interface TargetSpec {
  readonly uid: string
  /** Row in the truth table; owned by this pod for the whole run. */
  readonly slot: number
  /** Loopback address of the pod. */
  readonly address: string
  /** Container ports that serve metrics. */
  readonly ports: readonly number[]
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
  /** Unix milliseconds at which the container started, in planned time. */
  readonly startedUnixMs: number
}
