import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { type Prng } from '../../../base/index.ts'
import {
  type AdmissionOptions,
  admitPod,
  applyDefaults,
  ensureNamespace,
  type ObjectStore,
  Pods,
  type Stored,
  timestamp,
} from '../../cluster/index.ts'
import { DEFAULT_NAMESPACES, defaultTolerationSeconds, EndpointsController } from '../../controllers/index.ts'
import { EventRecorder, EventRouter, type PlannedClock, PodIndex, stampOf } from '../../informers/index.ts'
import { PodListener, type PodRuntime, PROFILE_ANNOTATION, type TargetSpec } from '../../kubelet/index.ts'
import { PROFILES } from '../../targets/index.ts'
import type { ClusterTimings } from '../../messages.ts'
import type { ChurnEvent, NodeEvent, PodEvent, ServiceEvent, Transition, WorkloadEvent } from '../churn-event.ts'
import type { TraceState } from '../trace-state.ts'
import type { AddressBook } from './address-book.ts'
import { compareStates, EXACT_FIELDS, stateOfStore } from './compare-states.ts'
import { ExactNodes } from './exact-nodes.ts'
import { podAfter } from './pod-status.ts'
import type { Fate, ReplayCluster } from './replay.ts'
import type { ComingPod } from './replay-feed.ts'
import type { StateComparison } from './replay-spec.ts'
import { applyService } from './apply-service.ts'
import { type Dress, podObject, REVISION, workloadObject } from './traced-objects.ts'
import { WORKLOADS } from './workload-kinds.ts'

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

interface LivePod {
  readonly uid: string
  node: string | undefined
  listener: PodListener | undefined
  /** As the trace has it, where the object was given more. */
  readonly created: PodEvent | undefined
}

/**
 * A cluster without controllers and kubelets of its own: every object is what the trace says, when it says it. Nodes keep
 * their leases, pods that serve something have listeners, and nothing else happens by itself.
 *
 * ```
 *   nodes                ExactNodes: Node objects, leases, silence
 *   workloads, Services  written as they are; EndpointSlices follow by their controller (`serve`)
 *   pods                 prepare ──▶ listener open ──play: addressed──▶ published ──retire──▶ listener closed ──play: deleted──▶ gone
 * ```
 *
 * All events of one pod at one instant are one write, as far as their order allows (`play`). What is added so that pods can be
 * found and answer, annotations and addresses, is taken back for the recorder (`translated`).
 */
export class ExactCluster implements ReplayCluster {
  readonly #clock: PlannedClock
  readonly #store: ObjectStore
  readonly #runtime: PodRuntime
  readonly #book: AddressBook
  readonly #options: ExactClusterOptions
  readonly #nodes: ExactNodes
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
    this.#store = store
    this.#runtime = runtime
    this.#book = book
    this.#options = options
    const { onNodeUnreachable, onNodeAnswering, podsPerNodeMax } = options
    this.#nodes = new ExactNodes(clock, prng, store, runtime, book, {
      leaseRenewMs: options.timings.leaseRenewMs,
      podsPerNodeMax,
      openUidsOf: uid => this.#pods.get(uid)?.listener?.openUids ?? [],
      onNodeUnreachable,
      onNodeAnswering,
    })
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
   * Makes a pod answer at its address, before the address is published: the sooner, the less there is to wait for. An address
   * that another pod has still is waited for, until the last moment.
   */
  prepare(pod: ComingPod, isDue: boolean): void {
    const { created, node, traced, unixMs } = pod
    if (!isDue && traced !== undefined && this.#book.isTaken(traced)) return
    const live = this.#livePod(created)
    if (live.listener !== undefined) return
    live.listener = this.#listen(podObject(created, this.#options.dress), node, traced, unixMs)
  }

  retire(uid: string): void {
    this.#pods.get(uid)?.listener?.close()
  }

  /** Takes back what was prepared for a pod that ended before it had its address. */
  #forget(pod: LivePod): void {
    this.#pods.delete(pod.uid)
    if (pod.node !== undefined) this.#nodes.unbind(pod.node, pod.uid)
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
    else if (first.kind === 'node') for (const event of events) this.#nodes.play(event as NodeEvent)
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
    const wanted = workloadObject(event, current)
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
        if (event.op === 'bound' && live !== undefined) {
          live.node = event.node
          this.#nodes.bind(event.node!, uid)
        }
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

  #factsOf(event: PodEvent, pod: Pod, live: LivePod | undefined): Parameters<typeof podAfter>[2] {
    const now = stampOf(this.#clock)
    if (event.op !== 'addressed') return { now, address: undefined, hostAddress: undefined }
    const hostAddress = this.#book.sliceOf(pod.spec?.nodeName ?? '').nodeAddress
    return { now, address: live?.listener?.address, hostAddress }
  }

  #listen(pod: Pod, node: string, traced: string | undefined, unixMs: number): PodListener {
    const { seed, hold, onTargetOpened, onFailure } = this.#options
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
        isPartitioned: () => this.#nodes.isFailed(node),
      },
    )
    listener.open(withKnownProfile(pod) as Stored<Pod>, Math.round(unixMs))
    return listener
  }

  /** A mark with no grace would remove the pod at once; the trace has its own event for that. */
  #marked(pod: Pod | undefined, graceS: number): Pod | undefined {
    if (pod === undefined) return undefined
    const deletionTimestamp = timestamp(this.#clock.unixMs() + graceS * 1000)
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
  const { annotations = {} } = pod.metadata ?? {}
  const unknown = Object.entries(annotations).filter(
    ([key, value]) => isProfileAnnotation(key) && !PROFILES.some(({ name }) => name === value),
  )
  if (unknown.length === 0) return pod
  const known: Record<string, string> = { 'prometheus.io/scrape': 'true', ...annotations }
  for (const [key] of unknown) delete known[key]
  return { ...pod, metadata: { ...pod.metadata, annotations: known } }
}

/** Of the pod, or of one of its containers. */
function isProfileAnnotation(key: string): boolean {
  return key === PROFILE_ANNOTATION || key.startsWith(`${PROFILE_ANNOTATION}.`)
}
