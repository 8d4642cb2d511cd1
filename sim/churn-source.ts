import { assert, type Prng } from '../base/index.ts'
import { actionByName } from './actions.ts'
import { evictPod } from './apiserver/index.ts'
import { appliedAtMs } from './apply-order.ts'
import { type ObjectStore, Pods } from './cluster/index.ts'
import { type Cluster, createCluster, defaultTolerationSeconds } from './controllers/index.ts'
import type { PlannedClock } from './informers/index.ts'
import type { PodRuntime, TargetSpec } from './kubelet/pod-runtime.ts'
import type { ActionArgs, ClusterSpec, PlannedAction } from './messages.ts'
import type { MisbehaviourOrder } from './targets/misbehaviour/index.ts'
import {
  AddressBook,
  ExactCluster,
  IntentCluster,
  relativeAddresses,
  Replay,
  type ReplayReport,
  type ReplaySpec,
  type Transition,
} from './trace/index.ts'
import { warmUp, warmUpExact } from './warm-up.ts'

/** Where the churn of a run comes from: a scenario's plan, or a trace. */
export interface ChurnSource {
  /** The cluster as the scenario's hands see it; absent where everything follows a trace. */
  readonly cluster: Cluster | undefined
  /** The idle cluster. Before planned time runs. */
  start(): Promise<void>
  /** Some events that are in no figure, from the planned present on. */
  warmUp(): void
  /** Sets up what is there at time 0 in planned time of its own, then calls `onSettled`. */
  settle(onSettled: () => void): void
  /** The planned present is the scenario's time 0. */
  begin(): void
  /** The address, and whatever else was changed for this run, as the trace has it. */
  translated(transition: Transition): Transition
  /** Of a replay; after the end. */
  replayReport(achievedSha256: string): ReplayReport | undefined
  close(): Promise<void>
}

export interface ChurnSourceOptions {
  readonly clock: PlannedClock
  /** Stops planned time until a promise settles; absent where time is virtual. */
  readonly hold?: (promise: Promise<unknown>) => void
  /** The real instant that a planned one stands for. */
  readonly plannedNs: (elapsedMs: number) => bigint
  readonly prng: Prng
  readonly store: ObjectStore
  readonly runtime: PodRuntime
  readonly seed: string
  readonly cluster: ClusterSpec
  readonly podNetworkFirst: string
  readonly onTargetOpened: (target: TargetSpec) => void
  readonly onNodeUnreachable: (node: string, reason?: string) => void
  readonly onNodeAnswering: (node: string) => void
  readonly onMisbehaviour?: (uids: readonly string[], order: MisbehaviourOrder | undefined) => void
  readonly onFailure: (error: unknown) => void
  /** Performs a registered action, now, and records it. */
  readonly perform: (action: string, args: ActionArgs, stream: string) => void
  /** Records an action whose effects are in the trace already. */
  readonly retell: (action: string, args: ActionArgs) => void
}

/** Workloads applied one after the other, then the actions of a plan. */
export function plannedChurn(options: ChurnSourceOptions, plan: readonly PlannedAction[]): ChurnSource {
  const { clock } = options
  const cluster = createCluster(clock, options.prng.fork('cluster'), options.store, options.runtime, {
    ...options,
    spec: options.cluster,
    evict: politely(options.store),
  })
  return {
    cluster,
    start() {
      cluster.start()
      return Promise.resolve()
    },
    warmUp: () => warmUp(clock, cluster),
    settle: onSettled => onSettled(),
    begin() {
      options.cluster.workloads.forEach((workload, index) => {
        clock.schedule(appliedAtMs(index), () => cluster.applyWorkload(workload))
      })
      schedulePlan(options, plan)
    },
    translated: relativeAddresses(options.podNetworkFirst),
    replayReport: () => undefined,
    close: () => Promise.resolve(),
  }
}

/** As a client that posts to `pods/eviction`. */
function politely(store: ObjectStore): (namespace: string, name: string) => void {
  return (namespace, name) => {
    evictPod(store, { type: Pods, namespace, name }, { metadata: { namespace, name } }, new URLSearchParams())
  }
}

function schedulePlan({ clock, perform }: ChurnSourceOptions, plan: readonly PlannedAction[]): void {
  for (const { atMs, action, args, stream } of plan) {
    assert(actionByName(action) !== undefined, () => `unknown action ${action}`)
    clock.schedule(atMs, () => perform(action, args, stream))
  }
}

/** What a trace tells, and beside it a plan of what befalls the API server. @throws TraceError */
export async function replayedChurn(
  options: ChurnSourceOptions,
  spec: ReplaySpec,
  plan: readonly PlannedAction[],
): Promise<ChurnSource> {
  const { clock, store } = options
  const replayOptions = {
    hold: options.hold,
    plannedNs: options.plannedNs,
    monotonicNs: () => clock.monotonicNs(),
    onAction: ({ op, args }: { readonly op: string; readonly args: ActionArgs }) => {
      // What an action did to the cluster is in the trace; what it did to the API server is not.
      if (actionByName(op)?.on === 'api') options.perform(op, args, `replay/${op}`)
      else options.retell(op, args)
    },
    onEnd: () => {},
    onFailure: options.onFailure,
  }
  const start = (replay: Replay): void => {
    replay.start()
    schedulePlan(options, plan)
  }
  if (spec.mode === 'exact') {
    const book = new AddressBook(Math.max(1, spec.bounds.podsPerNode), options.podNetworkFirst)
    const cluster = new ExactCluster(clock, options.prng.fork('replay'), store, options.runtime, book, {
      ...options,
      timings: options.cluster.timings,
      dress: spec.targets,
      podsPerNodeMax: options.cluster.podsPerNodeMax,
    })
    cluster.serve(options.prng.fork('cluster'))
    const replay = await Replay.open(clock, spec, cluster, replayOptions)
    return {
      cluster: undefined,
      start() {
        replay.playNodes()
        return Promise.resolve()
      },
      warmUp: () => warmUpExact(clock, cluster),
      settle: onSettled => replay.settle(onSettled),
      begin: () => start(replay),
      translated: transition => replay.translated(transition),
      replayReport: sha256 => replay.report(sha256),
      close: () => replay.close(),
    }
  }
  const cluster = createCluster(clock, options.prng.fork('cluster'), store, options.runtime, {
    ...options,
    spec: { ...options.cluster, nodes: spec.nodes, zones: spec.zones, workloads: [] },
    evict: politely(options.store),
  })
  const intents = new IntentCluster(store, cluster, {
    dress: spec.targets,
    tolerationSeconds: defaultTolerationSeconds(options.cluster.timings.evictionMs),
    nodesMadeUp: spec.nodes > 0,
  })
  const replay = await Replay.open(clock, spec, intents, replayOptions)
  return {
    cluster,
    start() {
      cluster.start()
      replay.playNodes()
      return Promise.resolve()
    },
    warmUp: () => warmUp(clock, cluster),
    // What follows from intents takes its time.
    settle: onSettled => onSettled(),
    begin: () => start(replay),
    translated: relativeAddresses(options.podNetworkFirst),
    replayReport: sha256 => replay.report(sha256),
    close: () => replay.close(),
  }
}
