import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { ContainerStatus, Node, Pod } from 'kubernetes-types/core/v1.js'
import {
  DaemonSets,
  Deployments,
  Nodes,
  type ObjectStore,
  Pods,
  ReplicaSets,
  type ResourceType,
  StatefulSets,
  type Stored,
  type StoreEvent,
} from '../cluster/index.ts'
import {
  controllerOf,
  type EventRouter,
  isActive,
  isReady,
  type PlannedClock,
  type PodIndex,
} from '../informers/index.ts'
import { loadSettings, offeredRps } from './load-settings.ts'
import { type ContainerUsage, type LoadGroup, PodLoad } from './pod-load.ts'
import { ShareCurve } from './share-curve.ts'
import { seedOf, wobble } from './wobble.ts'

/** What a node uses as a whole. */
export interface NodeUsage {
  readonly cpuNanoCores: number
  readonly memoryBytes: number
  /** Since the machine was started. Never falls in between, whatever pods go. */
  readonly cpuSeconds: number
  readonly startedMs: number
  /** Since then. */
  readonly startedPods: number
  readonly startedContainers: number
}

interface Machine {
  bootId: string | undefined
  startedMs: number
  /** CPU seconds of containers that are gone. */
  retired: number
  startedPods: number
  startedContainers: number
}

type Workload = Stored<Deployment> | Stored<ReplicaSet> | Stored<StatefulSet> | Stored<DaemonSet>

/** Of the operating system, the kubelet and the container runtime: as much as the node keeps for them. */
const SYSTEM_CORES = 0.08
const SYSTEM_MEMORY_BYTES = 640 * 2 ** 20
const WORKLOADS: readonly ResourceType[] = [Deployments, StatefulSets, DaemonSets, ReplicaSets]

/**
 * How busy pods are, and what of CPU and memory that takes: a pure function of planned time and of what has happened,
 * without timers and without draws.
 *
 * A load is offered to a *group* and shared evenly by those of its pods that are ready:
 *
 * - the pods of a workload, `namespace/name` of the Deployment, StatefulSet, DaemonSet, Job or ReplicaSet that controls them
 *   (of the Deployment where a ReplicaSet has one), or of the pod itself where nobody does;
 * - the pods behind a Service, `namespace/name`, where their label `app` has that name and their workload another one.
 *
 * A pod may be in both, and has both shares. It is offered by the annotation `churnbench.io/load-rps` of a workload's pod
 * template, or by `offer`; the last word counts. What requests cost is in `load-settings.ts`.
 *
 * Every pod event costs O(1). Readings reach back `HISTORY_MS`.
 */
export class LoadModel {
  readonly #clock: PlannedClock
  readonly #store: ObjectStore
  readonly #index: PodIndex
  readonly #groups = new Map<string, LoadGroup>()
  readonly #pods = new Map<string, PodLoad>()
  readonly #machines = new Map<string, Machine>()

  /** Registers with the router; the pod index must have been there before. */
  constructor(clock: PlannedClock, store: ObjectStore, router: EventRouter, index: PodIndex) {
    this.#clock = clock
    this.#store = store
    this.#index = index
    for (const type of WORKLOADS) router.on<Workload>(type, event => this.#onWorkload(event))
    router.on<Node>(Nodes, event => this.#onNode(event))
    router.on<Pod>(Pods, event => this.#onPod(event))
  }

  /** Lets the load of a group go from what it is to `rps` requests per second, in a straight line that takes `overMs`. */
  offer(key: string, rps: number, overMs = 0): void {
    this.#group(key).curve.setOffered(this.#clock.elapsedMs, rps, overMs)
  }

  /** Requests per second that a group is offered now. */
  offeredTo(key: string): number {
    return this.#groups.get(key)?.curve.offeredAt(this.#clock.elapsedMs) ?? 0
  }

  /** Uids of the pods of a workload, in order of creation. */
  podsOf(key: string): Iterable<string> {
    return this.#groups.get(key)?.members ?? []
  }

  /** What each running container of a pod uses; empty for a pod that does not run. */
  usageOf(uid: string, atMs: number): ContainerUsage[] {
    return this.#pods.get(uid)?.usageAt(atMs) ?? []
  }

  /** When the pod was taken up by its node, and when it last became ready to serve or ceased to be (0: never). */
  timesOf(uid: string): { readonly admittedMs: number; readonly servingChangedMs: number } | undefined {
    return this.#pods.get(uid)
  }

  /** `undefined` for a node that was never seen. */
  nodeUsage(name: string, atMs: number): NodeUsage | undefined {
    const machine = this.#machines.get(name)
    if (machine === undefined) return undefined
    let cpuNanoCores = SYSTEM_CORES * 1e9
    let memoryBytes = Math.floor((SYSTEM_MEMORY_BYTES / 4096) * (1 + wobble(seedOf(name), atMs) / 1000)) * 4096
    let cpuSeconds = machine.retired + (SYSTEM_CORES * Math.max(0, atMs - machine.startedMs)) / 1000
    for (const uid of this.#index.onNode(name).entries.keys()) {
      for (const usage of this.usageOf(uid, atMs)) {
        cpuNanoCores += usage.cpuNanoCores
        memoryBytes += usage.memoryBytes
        cpuSeconds += usage.cpuSeconds
      }
    }
    const { startedMs, startedPods, startedContainers } = machine
    return { cpuNanoCores, memoryBytes, cpuSeconds, startedMs, startedPods, startedContainers }
  }

  /** Nano-cores on average over the `spanMs` before an instant: what runs now, and the machine itself. */
  nodeRate(name: string, atMs: number, spanMs: number): number {
    let seconds = (SYSTEM_CORES * spanMs) / 1000
    for (const uid of this.#index.onNode(name).entries.keys()) {
      const before = this.usageOf(uid, atMs - spanMs)
      for (const { name: container, cpuSeconds } of this.usageOf(uid, atMs)) {
        seconds += cpuSeconds - (before.find(usage => usage.name === container)?.cpuSeconds ?? 0)
      }
    }
    return Math.round((seconds / spanMs) * 1e12)
  }

  #onWorkload({ type, object, previous }: StoreEvent<Workload>): void {
    const { namespace = '', name } = object.metadata
    // A Deployment's ReplicaSets repeat its template; they are not the ones that are asked.
    if (controllerOf(object) !== undefined) return
    const rps = type === 'DELETED' ? undefined : templateRps(object)
    if (rps === templateRps(previous)) return
    this.offer(`${namespace}/${name}`, rps ?? 0)
    if (type === 'DELETED') this.#drop(this.#group(`${namespace}/${name}`))
  }

  #onNode({ object }: StoreEvent<Node>): void {
    const { name } = object.metadata
    const bootId = object.status?.nodeInfo?.bootID
    const machine = this.#machines.get(name)
    // Who creates a Node object beforehand cannot know it.
    if (machine !== undefined && machine.bootId === undefined) machine.bootId = bootId
    if (machine !== undefined && (bootId === undefined || machine.bootId === bootId)) return
    const startedMs = this.#clock.elapsedMs
    this.#machines.set(name, { bootId, startedMs, retired: 0, startedPods: 0, startedContainers: 0 })
  }

  // hot: once for each change of a pod.
  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const { uid } = object.metadata
    const nowMs = this.#clock.elapsedMs
    let load = this.#pods.get(uid)
    if (type === 'DELETED') {
      if (load === undefined) return
      this.#setServing(load, nowMs, false)
      while (load.running.length > 0) this.#end(load, nowMs, load.running[0]!.name)
      this.#pods.delete(uid)
      for (const group of load.groups) {
        group.members.delete(uid)
        this.#drop(group)
      }
      return
    }
    const isFirst = load === undefined
    if (load === undefined) {
      // Nothing can be used before there is a place to use it.
      if (object.spec?.nodeName === undefined) return
      load = this.#admit(object)
    }
    const containers = object.status?.containerStatuses
    if (isFirst || containers !== previous?.status?.containerStatuses) this.#follow(load, nowMs, containers ?? [])
    this.#setServing(load, nowMs, isActive(object) && isReady(object))
  }

  /** Ends and starts containers as the pod's status says. */
  #follow(load: PodLoad, nowMs: number, containers: readonly ContainerStatus[]): void {
    for (const { name, state, containerID = '', restartCount } of containers) {
      const id = state?.running === undefined ? undefined : `${restartCount}/${containerID}`
      const known = load.idOf(name)
      if (known === id) continue
      if (known !== undefined) this.#end(load, nowMs, name)
      if (id === undefined) continue
      load.startContainer(nowMs, name, id)
      const machine = this.#machines.get(load.node)
      if (machine !== undefined) machine.startedContainers++
    }
  }

  #admit(pod: Stored<Pod>): PodLoad {
    const { uid, annotations, namespace = '', name } = pod.metadata
    const groups = groupKeys(this.#store, pod).map(key => this.#group(key))
    if (controllerOf(pod) === undefined) {
      const rps = offeredRps(annotations)
      if (rps !== undefined) this.offer(`${namespace}/${name}`, rps)
    }
    const settings = loadSettings(annotations)
    const load = new PodLoad(this.#clock.elapsedMs, {
      node: pod.spec?.nodeName ?? '',
      groups,
      settings,
      server: settings.container ?? pod.spec?.containers?.[0]?.name ?? '',
      seed: seedOf(uid),
    })
    for (const group of groups) group.members.add(uid)
    this.#pods.set(uid, load)
    const machine = this.#machines.get(load.node)
    if (machine !== undefined) machine.startedPods++
    return load
  }

  #setServing(load: PodLoad, atMs: number, serving: boolean): void {
    if (load.isServing === serving) return
    for (const { curve } of load.groups) curve.setReady(atMs, curve.ready + (serving ? 1 : -1))
    load.setServing(atMs, serving)
  }

  #end(load: PodLoad, atMs: number, container: string): void {
    const cpuSeconds = load.endContainer(atMs, container)
    const machine = this.#machines.get(load.node)
    if (machine !== undefined) machine.retired += cpuSeconds
  }

  #group(key: string): LoadGroup {
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = { key, curve: new ShareCurve(), members: new Set() }
      this.#groups.set(key, group)
    }
    return group
  }

  /** Forgets a group that has neither pods nor a load. */
  #drop({ key, members, curve }: LoadGroup): void {
    if (members.size === 0 && curve.offeredAt(Number.POSITIVE_INFINITY) === 0) this.#groups.delete(key)
  }
}

function templateRps(workload: Workload | undefined): number | undefined {
  return offeredRps(workload?.spec?.template?.metadata?.annotations)
}

/** `namespace/name` of the pod's workload, and of its Service where that is called otherwise. */
function groupKeys(store: ObjectStore, pod: Stored<Pod>): string[] {
  const { namespace = '', name, labels } = pod.metadata
  const owner = controllerOf(pod)
  let workload = owner?.name ?? name
  if (owner?.kind === ReplicaSets.kind) {
    const set = store.get<ReplicaSet>(ReplicaSets, namespace, owner.name)
    workload = (set === undefined ? undefined : controllerOf(set)?.name) ?? owner.name
  }
  const app = labels?.app
  return app === undefined || app === workload
    ? [`${namespace}/${workload}`]
    : [`${namespace}/${workload}`, `${namespace}/${app}`]
}
