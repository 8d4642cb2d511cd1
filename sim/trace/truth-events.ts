import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import { EndpointSlices, keyOf, Nodes, type ObjectStore, Pods, type StoreEvent } from '../cluster/index.ts'
import { podUidOf, type TargetSpec } from '../kubelet/pod-runtime.ts'
import type { TruthEvent } from '../messages.ts'
import type { MisbehaviourOrder } from '../targets/misbehaviour/index.ts'
import { isReady } from './transitions.ts'

/** What is used of a `PacedClock`. */
export interface TruthClock {
  /** Planned milliseconds since the start; within a planned call, the instant it was planned for. */
  readonly elapsedMs: number
  monotonicNs(): bigint
  /** The monotonic instant that a planned one stands for. */
  plannedNs(elapsedMs: number): bigint
}

type Body = TruthEvent extends infer E
  ? E extends TruthEvent
    ? Omit<E, 'plannedMs' | 'plannedNs' | 'committedNs'>
    : never
  : never

interface PodState {
  readonly uid: string
  inSlice: boolean
}

/**
 * What happened to pods and nodes and when, for the probes: stamped at the commit, handed over in batches.
 *
 * A batch is everything of one turn of the event loop. Pods are reported from the moment they have an address or a
 * target; a pod that comes and goes without either could never have been scraped and is left out. The clock must have
 * been started by then.
 */
export class TruthRecorder {
  readonly #clock: TruthClock
  readonly #deliver: (events: readonly TruthEvent[]) => void
  readonly #defer: (fn: () => void) => void
  readonly #unsubscribe: () => void
  /** Live pods that are reported, by `namespace/name`. */
  readonly #pods = new Map<string, PodState>()
  /** Uids of live pods that were seen in a slice. */
  readonly #inSlices = new Set<string>()
  #batch: TruthEvent[] = []
  #flushing = false

  /** @param defer runs a function after the current turn; tests pass their own. */
  constructor(
    clock: TruthClock,
    store: Pick<ObjectStore, 'subscribe'>,
    deliver: (events: readonly TruthEvent[]) => void,
    defer: (fn: () => void) => void = queueMicrotask,
  ) {
    this.#clock = clock
    this.#deliver = deliver
    this.#defer = defer
    this.#unsubscribe = store.subscribe(event => this.#onCommit(event))
  }

  /** The pod's address began to accept connections. */
  targetOpened(target: TargetSpec): void {
    this.#podOf(`${target.namespace}/${target.pod}`, podUidOf(target))
    this.#add({ type: 'target-opened', target })
  }

  /** The node stopped to answer anybody; the control plane does not know yet. */
  nodeSilent(node: string): void {
    this.#add({ type: 'node-silent', node })
  }

  /** A silent node answers again. */
  nodeAnswering(node: string): void {
    this.#add({ type: 'node-answering', node })
  }

  /** Pods answer scrapes badly, or well again. */
  misbehaviour(uids: readonly string[], order: MisbehaviourOrder | undefined): void {
    this.#add({ type: 'pods-misbehave', uids, ...(order === undefined ? {} : { order }) })
  }

  action(action: string, detail: string): void {
    this.#add({ type: 'action', action, detail })
  }

  /** Hands over what has been gathered. */
  flush(): void {
    this.#flushing = false
    if (this.#batch.length === 0) return
    const batch = this.#batch
    this.#batch = []
    this.#deliver(batch)
  }

  /** Ends the recording; what has been gathered is handed over. */
  stop(): void {
    this.#unsubscribe()
    this.flush()
  }

  #onCommit(event: StoreEvent): void {
    if (event.resource === Pods) this.#onPod(event as StoreEvent<Pod>)
    else if (event.resource === EndpointSlices) this.#onSlice(event as StoreEvent<EndpointSlice>)
    else if (event.resource === Nodes) this.#onNode(event as StoreEvent<Node>)
  }

  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const { uid, deletionTimestamp } = object.metadata
    const key = keyOf(object)
    const isAddressed = Boolean(object.status?.podIP)
    const pod = isAddressed ? this.#podOf(key, uid) : this.#pods.get(key)
    if (pod?.uid !== uid) return
    if (isAddressed && !previous?.status?.podIP) this.#add({ type: 'pod-addressed', uid })
    const ready = isReady(object)
    const wasReady = previous !== undefined && isReady(previous)
    if (ready !== wasReady) this.#add({ type: ready ? 'pod-ready' : 'pod-not-ready', uid })
    if (deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined) {
      this.#add({ type: 'pod-terminating', uid })
    }
    if (type === 'DELETED') {
      this.#pods.delete(key)
      this.#inSlices.delete(uid)
      this.#add({ type: 'pod-deleted', uid })
    }
  }

  #onSlice({ type, object }: StoreEvent<EndpointSlice>): void {
    if (type === 'DELETED') return
    const namespace = object.metadata.namespace ?? ''
    for (const { targetRef, addresses } of object.endpoints ?? []) {
      // Slices are written again for every pod that changes in them: most of what they hold was there before.
      if (targetRef?.uid !== undefined && this.#inSlices.has(targetRef.uid)) continue
      if (targetRef?.kind !== 'Pod' || targetRef.name === undefined || addresses.length === 0) continue
      const pod = this.#pods.get(`${targetRef.namespace ?? namespace}/${targetRef.name}`)
      if (pod === undefined || pod.inSlice) continue
      // The slice may still speak of an earlier pod of that name.
      if (targetRef.uid !== undefined && targetRef.uid !== pod.uid) continue
      pod.inSlice = true
      this.#inSlices.add(pod.uid)
      this.#add({ type: 'pod-in-slice', uid: pod.uid })
    }
  }

  #onNode({ type, object, previous }: StoreEvent<Node>): void {
    if (type === 'DELETED') {
      this.#add({ type: 'node-deleted', node: object.metadata.name })
      return
    }
    if (previous === undefined) return
    const ready = isReady(object)
    if (ready === isReady(previous)) return
    this.#add({ type: ready ? 'node-ready' : 'node-not-ready', node: object.metadata.name })
  }

  #podOf(key: string, uid: string): PodState {
    let pod = this.#pods.get(key)
    if (pod?.uid !== uid) {
      pod = { uid, inSlice: false }
      this.#pods.set(key, pod)
    }
    return pod
  }

  #add(body: Body): void {
    const plannedMs = this.#clock.elapsedMs
    const plannedNs = this.#clock.plannedNs(plannedMs)
    const nowNs = this.#clock.monotonicNs()
    // A call from outside the plan is its own plan; rounding must not make it early.
    const committedNs = nowNs > plannedNs ? nowNs : plannedNs
    this.#batch.push({ plannedMs, plannedNs, committedNs, ...body })
    if (this.#flushing) return
    this.#flushing = true
    this.#defer(() => this.flush())
  }
}
