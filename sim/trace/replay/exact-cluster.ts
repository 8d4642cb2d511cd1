import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { type Prng } from '../../../base/index.ts'
import {
  type AdmissionOptions,
  admitPod,
  applyDefaults,
  Deployments,
  ensureNamespace,
  Nodes,
  type ObjectStore,
  Pods,
  ReplicaSets,
  type ResourceType,
  type Stored,
} from '../../cluster/index.ts'
import {
  DEFAULT_NAMESPACES,
  defaultTolerationSeconds,
  EndpointsController,
  KUBELET_VERSION,
  withTaints,
} from '../../controllers/index.ts'
import {
  conditionStatus,
  EventRecorder,
  EventRouter,
  type PlannedClock,
  PodIndex,
  stampOf,
  withCondition,
} from '../../informers/index.ts'
import {
  healthyConditions,
  NodeHeartbeat,
  nodeObject,
  PodListener,
  type PodRuntime,
  PROFILE_ANNOTATION,
  type TargetSpec,
} from '../../kubelet/index.ts'
import { PROFILES } from '../../targets/index.ts'
import type { ClusterTimings } from '../../messages.ts'
import type { ChurnEvent, NodeEvent, PodEvent, ServiceEvent, Transition, WorkloadEvent } from '../churn-event.ts'
import type { TraceState } from '../trace-state.ts'
import type { AddressBook } from './address-book.ts'
import { compareStates, EXACT_FIELDS, stateOfStore } from './compare-states.ts'
import { podAfter } from './pod-status.ts'
import type { Fate, ReplayCluster } from './replay.ts'
import type { StateComparison } from './replay-spec.ts'
import { applyService } from './apply-service.ts'
import { type Dress, podObject, REVISION, workloadObject } from './traced-objects.ts'

export interface ExactClusterOptions {
  readonly timings: ClusterTimings
  readonly dress: Dress
  readonly podsPerNodeMax: number
  /** Seed of the run, handed on to the targets. */
  readonly seed: string
  readonly hold?: ((promise: Promise<unknown>) => void) | undefined
  readonly onTargetOpened?: ((target: TargetSpec) => void) | undefined
  readonly onNodeUnreachable?: ((node: string, reason?: string) => void) | undefined
  readonly onNodeAnswering?: ((node: string) => void) | undefined
  readonly onFailure: (error: unknown) => void
}

interface LiveNode {
  readonly heartbeat: NodeHeartbeat
  readonly name: string
  failed: boolean
  /** Uids of its pods. */
  readonly pods: Set<string>
}

interface LivePod {
  readonly uid: string
  node: LiveNode | undefined
  listener: PodListener | undefined
  /** As the trace has it, where the object was given more. */
  readonly created: PodEvent | undefined
}

/** Kinds that the API has, by what a trace calls them. */
const WORKLOADS: Readonly<Record<string, ResourceType>> = { Deployment: Deployments, ReplicaSet: ReplicaSets }

/**
 * A cluster without controllers and kubelets of its own: every object is what the trace says, when it says it. Nodes keep
 * their leases, pods that serve something have listeners, and nothing else happens by itself.
 *
 * All events of one object at one instant are one write, as far as their order allows (`play`).
 */
export class ExactCluster implements ReplayCluster {
  readonly #clock: PlannedClock
  readonly #prng: Prng
  readonly #store: ObjectStore
  readonly #runtime: PodRuntime
  readonly #book: AddressBook
  readonly #options: ExactClusterOptions
  readonly #nodes = new Map<string, LiveNode>()
  readonly #pods = new Map<string, LivePod>()
  readonly #admission: AdmissionOptions
  #slots = 0
  #revisions = 0

  constructor(
    clock: PlannedClock,
    prng: Prng,
    store: ObjectStore,
    runtime: PodRuntime,
    book: AddressBook,
    options: ExactClusterOptions,
  ) {
    this.#clock = clock
    this.#prng = prng
    this.#store = store
    this.#runtime = runtime
    this.#book = book
    this.#options = options
    this.#admission = { tolerationSeconds: defaultTolerationSeconds(options.timings.evictionMs) }
  }

  /** The namespaces that every cluster has, and the endpoints of its Services, which no trace tells. */
  serve(prng: Prng): void {
    const { timings } = this.#options
    const clock = this.#clock
    const store = this.#store
    for (const name of DEFAULT_NAMESPACES) ensureNamespace(store, name)
    const router = new EventRouter()
    const pods = new PodIndex(clock)
    router.on<Pod>(Pods, event => pods.update(event))
    const events = new EventRecorder(clock, prng.fork('events'), store)
    const admission = this.#admission
    new EndpointsController({ clock, store, router, pods, events, timings, admission }, prng.fork('endpoints'))
    router.follow(store)
  }

  get addressesShared(): number {
    return this.#book.shared
  }

  fateOf(event: ChurnEvent): Fate {
    if (event.kind !== 'workload' || WORKLOADS[event.type] !== undefined) return 'played'
    return { skipped: `${event.type} has no API here; its pods are played` }
  }

  compare(planned: TraceState): StateComparison {
    const achieved = stateOfStore(this.#store, transition => this.translated(transition))
    return compareStates(planned, achieved, EXACT_FIELDS)
  }

  /**
   * Makes a pod answer at its address, before the address is published: the sooner, the less there is to wait for.
   *
   * @param pod its `created` event; @param node the node that it is going to be bound to.
   */
  prepare(pod: PodEvent, node: string, traced: string | undefined, unixMs: number): void {
    const live = this.#livePod(pod)
    if (live.listener !== undefined) return
    live.listener = this.#listen(podObject(pod, this.#options.dress), node, traced, unixMs)
  }

  retire(uid: string): void {
    this.#pods.get(uid)?.listener?.close()
  }

  /** Takes back what was prepared for a pod that ended before it had its address. */
  #forget(pod: LivePod): void {
    this.#pods.delete(pod.uid)
    pod.node?.pods.delete(pod.uid)
    const { listener } = pod
    if (listener === undefined) return
    listener.close()
    listener.awaitRuntime()
    // In a call of its own: planned time stands still until the address refuses.
    this.#clock.schedule(0, () => listener.releaseAddress())
  }

  /** Whether planned time has to wait for something outside before these events can be shown; asks for it. */
  awaitRuntime(events: readonly ChurnEvent[]): boolean {
    const [first] = events
    if (first?.kind !== 'pod') return false
    const listener = this.#pods.get(first.uid)?.listener
    if (listener === undefined) return false
    let waits = false
    for (const { op } of events) {
      if (op === 'succeeded' || op === 'failed' || op === 'deleted') listener.close()
      waits ||= op === 'addressed' || op === 'deleted'
    }
    if (waits) listener.awaitRuntime()
    return waits
  }

  /** Writes the events, all of one object and one instant, as they are merged by `mergeable`. */
  play(events: readonly ChurnEvent[]): void {
    const [first] = events
    if (first === undefined) return
    if (first.kind === 'pod') this.#playPod(events as readonly PodEvent[])
    else if (first.kind === 'node') for (const event of events) this.#playNode(event as NodeEvent)
    else if (first.kind === 'workload') for (const event of events) this.#playWorkload(event as WorkloadEvent)
    else if (first.kind === 'service') for (const event of events) applyService(this.#store, event as ServiceEvent)
  }

  /** What the recorder sees, without what was added for the replay: the inverse of dressing and of addresses. */
  translated(transition: Transition): Transition {
    if (transition.kind !== 'pod') return transition
    if (transition.op === 'created') {
      const created = this.#pods.get(transition.uid)?.created
      if (created === undefined) return transition
      const { t: _, ...planned } = created
      return planned
    }
    if (transition.op !== 'addressed' || transition.address === undefined) return transition
    const { address, ...rest } = transition
    const traced = this.#book.tracedOf(address)
    return traced === undefined ? rest : { ...rest, address: traced }
  }

  /** Nodes on which nobody answers. */
  isFailed(node: string): boolean {
    return this.#nodes.get(node)?.failed ?? false
  }

  #playNode({ op, name, labels = {}, reason }: NodeEvent): void {
    const now = stampOf(this.#clock)
    if (op === 'added') {
      this.#addNode(name, labels)
      return
    }
    const node = this.#nodes.get(name)
    if (node === undefined) return
    switch (op) {
      case 'failed':
        node.heartbeat.stop()
        this.#setReachable(node, false, reason)
        break
      case 'recovered':
        this.#setReachable(node, true)
        if (this.#isReady(name)) node.heartbeat.start()
        break
      case 'not-ready':
        node.heartbeat.stop()
        this.#setReady(name, { status: 'Unknown', ...(reason === undefined ? {} : { reason }) }, now)
        break
      case 'ready':
        this.#setReady(name, { status: 'True', reason: 'KubeletReady' }, now)
        if (!node.failed) node.heartbeat.start()
        break
      case 'removed':
        node.heartbeat.stop()
        this.#nodes.delete(name)
        this.#store.delete(Nodes, undefined, name)
        this.#book.removeNode(name)
        break
    }
  }

  #addNode(name: string, labels: Readonly<Record<string, string>>): void {
    const prng = this.#prng.fork(`node/${name}`)
    const slice = this.#book.sliceOf(name)
    const draft = nodeObject(
      {
        name,
        zone: labels['topology.kubernetes.io/zone'] ?? '',
        region: labels['topology.kubernetes.io/region'] ?? '',
        address: slice.nodeAddress,
        podCidr: slice.cidr,
        podsMax: this.#options.podsPerNodeMax,
        kubeletVersion: KUBELET_VERSION,
      },
      prng,
      stampOf(this.#clock),
    )
    this.#store.create<Node>(Nodes, { ...draft, metadata: { ...draft.metadata, labels: { ...labels } } })
    const { leaseRenewMs } = this.#options.timings
    const heartbeat = new NodeHeartbeat(this.#clock, prng, this.#store, name, leaseRenewMs)
    heartbeat.start()
    this.#nodes.set(name, { heartbeat, name, failed: false, pods: new Set() })
  }

  #isReady(name: string): boolean {
    return conditionStatus(this.#store.get<Node>(Nodes, undefined, name)?.status?.conditions, 'Ready') === 'True'
  }

  #setReady(name: string, wanted: { readonly status: string; readonly reason?: string }, now: string): void {
    this.#store.modify<Node>(Nodes, undefined, name, node => {
      const conditions =
        wanted.status === 'True' ? healthyConditions(node.status?.conditions ?? [], now) : node.status?.conditions
      return {
        ...node,
        status: { ...node.status, conditions: withCondition(conditions, { type: 'Ready', ...wanted }, now) },
      }
    })
    for (const effect of ['NoSchedule', 'NoExecute'] as const) {
      this.#store.modify<Node>(Nodes, undefined, name, node => withTaints(node, effect, now))
    }
  }

  #setReachable(node: LiveNode, reachable: boolean, reason?: string): void {
    node.failed = !reachable
    const uids = [...node.pods].filter(uid => this.#pods.get(uid)?.listener?.isOpen === true)
    if (uids.length > 0) this.#runtime.setPartitioned(uids, !reachable)
    if (reachable) this.#options.onNodeAnswering?.(node.name)
    else this.#options.onNodeUnreachable?.(node.name, reason)
  }

  #playWorkload(event: WorkloadEvent): void {
    const type = WORKLOADS[event.type]!
    const { namespace, name } = event
    if (event.op === 'deleted') {
      this.#store.delete(type, namespace, name)
      return
    }
    ensureNamespace(this.#store, namespace)
    const current = this.#store.get<Deployment>(type, namespace, name)
    if (event.op === 'scaled') {
      if (current !== undefined) {
        this.#store.update<Deployment>(type, { ...current, spec: { ...current.spec!, replicas: event.replicas! } })
      }
      return
    }
    const wanted = workloadObject(event, current)!
    // A template that is applied again is a new one, whatever it was that changed in it.
    const { template } = wanted.spec!
    const annotations = { ...template.metadata?.annotations, [REVISION]: String(++this.#revisions) }
    const spec = { ...wanted.spec!, template: { ...template, metadata: { ...template.metadata, annotations } } }
    if (current === undefined) this.#store.create<Deployment>(type, { ...wanted, spec })
    else this.#store.update<Deployment>(type, { ...current, spec })
  }

  // hot: once for each instant of a pod's life.
  #playPod(events: readonly PodEvent[]): void {
    const { uid, namespace, name } = events[0]!
    let current = this.#store.get<Pod>(Pods, namespace, name)
    let next: Pod | undefined = current
    let live = this.#pods.get(uid)
    for (const event of events) {
      if (event.op === 'created') {
        live = this.#livePod(event)
        next = this.#newPod(event)
      } else if (event.op === 'deleted') {
        current = this.#write(uid, current, next)
        if (current !== undefined) this.#remove(current)
        if (live !== undefined) this.#forget(live)
        return
      } else if (event.op === 'terminating') {
        next = this.#marked(next, event.graceS ?? 0)
      } else if (next !== undefined) {
        next = podAfter(next, event, this.#factsOf(event, next, live))
        if (event.op === 'bound' && live !== undefined) this.#bind(live, event.node!)
      }
    }
    this.#write(uid, current, next)
  }

  #write(uid: string, current: Stored<Pod> | undefined, next: Pod | undefined): Stored<Pod> | undefined {
    if (next === undefined || next === current) return current
    if (current === undefined) return this.#store.create<Pod>(Pods, next, { uid })
    return this.#store.update<Pod>(Pods, next)
  }

  #remove(pod: Stored<Pod>): void {
    const { namespace, name, uid, finalizers } = pod.metadata
    if (finalizers?.includes(HOLD) === true) {
      // Losing its last finalizer is what removes it.
      this.#store.update<Pod>(Pods, {
        ...pod,
        metadata: { ...pod.metadata, finalizers: finalizers.filter(each => each !== HOLD) },
      })
    } else {
      this.#store.delete(Pods, namespace, name, { gracePeriodSeconds: 0, uid })
    }
  }

  #newPod(event: PodEvent): Pod {
    ensureNamespace(this.#store, event.namespace)
    const pod = podObject(event, this.#options.dress)
    applyDefaults(Pods, pod)
    admitPod(pod, this.#admission)
    return pod
  }

  #livePod(created: PodEvent): LivePod {
    let live = this.#pods.get(created.uid)
    if (live === undefined) {
      live = {
        uid: created.uid,
        node: undefined,
        listener: undefined,
        created: this.#options.dress === 'all' ? created : undefined,
      }
      this.#pods.set(created.uid, live)
    }
    return live
  }

  #bind(live: LivePod, name: string): void {
    const node = this.#nodes.get(name)
    live.node = node
    node?.pods.add(live.uid)
  }

  #factsOf(event: PodEvent, pod: Pod, live: LivePod | undefined): Parameters<typeof podAfter>[2] {
    const now = stampOf(this.#clock)
    if (event.op !== 'addressed') return { now, address: undefined, hostAddress: undefined }
    const hostAddress = this.#book.sliceOf(pod.spec?.nodeName ?? '').nodeAddress
    return { now, address: live?.listener?.address, hostAddress }
  }

  #listen(pod: Pod, node: string, traced: string | undefined, unixMs: number): PodListener {
    const { seed, hold, onTargetOpened, onFailure } = this.#options
    const uid = pod.metadata?.uid ?? ''
    const listener = new PodListener(
      {
        runtime: this.#runtime,
        seed,
        nextSlot: () => this.#slots++,
        hold,
        onTargetOpened,
        onFailure,
      },
      {
        name: node,
        slice: { take: () => this.#book.take(node, traced), release: address => this.#book.release(address) },
        isPartitioned: () => this.isFailed(node),
      },
      uid,
    )
    listener.open(withKnownProfile(pod) as Stored<Pod>, Math.round(unixMs))
    return listener
  }

  /** A mark with no grace would remove the pod at once; the trace has its own event for that. */
  #marked(pod: Pod | undefined, graceS: number): Pod | undefined {
    if (pod === undefined) return undefined
    const deletionTimestamp = new Date(this.#clock.unixMs() + graceS * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
    const finalizers = graceS === 0 ? [...(pod.metadata?.finalizers ?? []), HOLD] : pod.metadata?.finalizers
    return {
      ...pod,
      metadata: {
        ...pod.metadata,
        deletionTimestamp,
        deletionGracePeriodSeconds: graceS,
        ...(finalizers === undefined ? {} : { finalizers }),
      },
    }
  }
}

/** Keeps a pod that was marked with no grace until the trace says that it is gone. */
const HOLD = 'churnbench.io/replay'

/** A trace may come from a version that has other profiles; its pods serve the usual one here. */
function withKnownProfile(pod: Pod): Pod {
  const { [PROFILE_ANNOTATION]: profile, ...annotations } = pod.metadata?.annotations ?? {}
  if (profile === undefined || PROFILES.some(({ name }) => name === profile)) return pod
  return { ...pod, metadata: { ...pod.metadata, annotations: { 'prometheus.io/scrape': 'true', ...annotations } } }
}
