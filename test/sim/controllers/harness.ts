import type { Pod } from 'kubernetes-types/core/v1.js'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { ObjectStore, Pods, type Stored, type StoreEvent } from '../../../sim/cluster/index.ts'
import { type Cluster, type ClusterOptions, createCluster } from '../../../sim/controllers/index.ts'
import type { PodRuntime, TargetSpec } from '../../../sim/kubelet/index.ts'
import type { ClusterSpec, ClusterTimings, WorkloadSpec } from '../../../sim/messages.ts'
import type { MisbehaviourOrder } from '../../../sim/targets/index.ts'

/** Kubernetes' own times, with a quick start-up. */
export const TIMINGS: ClusterTimings = {
  scheduleMs: { base: 5, jitter: 20 },
  startMs: { base: 400, jitter: 400 },
  readyMs: { base: 200, jitter: 800 },
  terminateMs: { base: 100, jitter: 900 },
  leaseRenewMs: 10_000,
  nodeMonitorGraceMs: 50_000,
  nodeMonitorPeriodMs: 5_000,
  evictionMs: 300_000,
}

export function workload(name: string, replicas: number, more: Partial<WorkloadSpec> = {}): WorkloadSpec {
  return {
    namespace: 'shop',
    name,
    replicas,
    port: 8080,
    profile: 'web-service',
    labels: { app: name },
    selector: { app: name },
    service: name,
    maxSurge: '25%',
    maxUnavailable: '25%',
    ...more,
  }
}

/** A runtime that is instantaneous and remembers. */
export class FakeRuntime implements PodRuntime {
  readonly open_ = new Map<string, TargetSpec>()
  readonly partitioned = new Set<string>()
  readonly log: string[] = []
  readonly misbehaving = new Map<string, MisbehaviourOrder>()

  open(target: TargetSpec): Promise<void> {
    this.open_.set(target.uid, target)
    this.log.push(`open ${target.slot} ${target.address} ${target.pod}`)
    return Promise.resolve()
  }

  close(uid: string): Promise<void> {
    const target = this.open_.get(uid)
    this.open_.delete(uid)
    this.partitioned.delete(uid)
    this.log.push(`close ${target?.slot} ${target?.address} ${target?.pod}`)
    return Promise.resolve()
  }

  misbehave(uids: readonly string[], order: MisbehaviourOrder | undefined): void {
    for (const uid of uids) {
      if (order === undefined) this.misbehaving.delete(uid)
      else this.misbehaving.set(uid, order)
    }
  }

  setPartitioned(uids: readonly string[], partitioned: boolean): void {
    for (const uid of uids) {
      if (partitioned) this.partitioned.add(uid)
      else this.partitioned.delete(uid)
    }
  }
}

export interface Sim {
  readonly clock: VirtualClock
  readonly store: ObjectStore
  readonly runtime: FakeRuntime
  readonly cluster: Cluster
  readonly events: { readonly atMs: number; readonly event: StoreEvent }[]
  pods(app?: string): Stored<Pod>[]
  pod(name: string): Stored<Pod>
}

export interface SimOptions extends Partial<Omit<ClusterSpec, 'timings'>> {
  readonly seed?: string
  /** Unix milliseconds at which it begins, where a real client looks at its stamps. */
  readonly epochMs?: number
  readonly timings?: Partial<ClusterTimings>
  readonly cluster?: Partial<ClusterOptions>
  /** Called at every commit, before anybody else has seen it. */
  readonly onEvent?: (event: StoreEvent, sim: Sim) => void
  /** Keep every event; default true. */
  readonly keep?: boolean
}

/** A cluster on virtual time, started, with nothing in it but its nodes. */
export function simulate(options: SimOptions = {}): Sim {
  const seed = options.seed ?? 'test'
  const clock = options.epochMs === undefined ? new VirtualClock() : new VirtualClock(options.epochMs)
  const prng = new Prng(seed)
  const store = new ObjectStore(clock, prng.fork('store'))
  const runtime = new FakeRuntime()
  const spec: ClusterSpec = {
    nodes: options.nodes ?? 5,
    zones: options.zones ?? 3,
    podsPerNodeMax: options.podsPerNodeMax ?? 110,
    workloads: options.workloads ?? [],
    timings: { ...TIMINGS, ...options.timings },
  }
  const cluster = createCluster(clock, prng.fork('cluster'), store, runtime, {
    spec,
    seed,
    onFailure: error => {
      throw error
    },
    ...options.cluster,
  })
  const sim: Sim = {
    clock,
    store,
    runtime,
    cluster,
    events: [],
    pods: app => store.list<Pod>(Pods).filter(pod => app === undefined || pod.metadata.labels?.app === app),
    pod(name) {
      const found = store.list<Pod>(Pods).find(candidate => candidate.metadata.name === name)
      if (found === undefined) throw new Error(`no pod ${name}`)
      return found
    },
  }
  store.subscribe(event => {
    if (options.keep !== false) sim.events.push({ atMs: clock.elapsedMs, event })
    options.onEvent?.(event, sim)
  })
  cluster.start()
  return sim
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

export function isActive(pod: Pod): boolean {
  const phase = pod.status?.phase
  return pod.metadata?.deletionTimestamp === undefined && phase !== 'Succeeded' && phase !== 'Failed'
}
