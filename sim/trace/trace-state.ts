import type {
  ChurnEvent,
  Labels,
  NodeEvent,
  PodEvent,
  ServiceEvent,
  TraceContainer,
  TraceServicePort,
  TraceStrategy,
  Transition,
  WorkloadEvent,
} from './churn-event.ts'
import type { TraceScale } from './trace-header.ts'

export interface NodeState {
  readonly name: string
  readonly labels: Labels
  /** As the control plane sees it. */
  ready: boolean
  reason: string | undefined
  /** Nobody on the machine answers, as only the simulation knows. */
  failed: boolean
  failedReason: string | undefined
  /** Pods bound to it that are still there. */
  pods: number
}

export interface WorkloadState {
  readonly namespace: string
  readonly name: string
  readonly type: string
  replicas: number | undefined
  selector: Labels | undefined
  strategy: TraceStrategy | undefined
  labels: Labels
  annotations: Labels | undefined
  containers: readonly TraceContainer[]
}

export interface ServiceState {
  readonly namespace: string
  readonly name: string
  readonly labels: Labels
  readonly selector: Labels
  readonly ports: readonly TraceServicePort[]
}

export interface PodState {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly owner: string | undefined
  labels: Labels
  readonly annotations: Labels | undefined
  readonly containers: readonly TraceContainer[]
  readonly createdMs: number
  node: string | undefined
  /** It has one; which one may be unknown. */
  addressed: boolean
  address: string | undefined
  ready: boolean
  restarts: number
  /** The containers have ended for good. */
  ended: 'succeeded' | 'failed' | undefined
  reason: string | undefined
  /** Seconds of grace, when it is being deleted. */
  graceS: number | undefined
}

/**
 * What there is in the cluster after the events so far: the trace folded. Judges each event against it.
 *
 * Memory is that of the living objects, not of the trace's length. Nodes, workloads, services and pods are in order of their
 * creation.
 */
export class TraceState {
  readonly nodes = new Map<string, NodeState>()
  /** By `type/namespace/name`. */
  readonly workloads = new Map<string, WorkloadState>()
  /** By `namespace/name`. */
  readonly services = new Map<string, ServiceState>()
  /** By uid. */
  readonly pods = new Map<string, PodState>()
  /** Uid by `namespace/name`. */
  readonly #names = new Map<string, string>()
  /** Pods that are still bound to a node that is gone, by its name: a new one of that name finds them. */
  readonly #stranded = new Map<string, number>()
  #lastMs = 0
  #peak = { nodes: 0, workloads: 0, services: 0, pods: 0, podsPerNode: 0 }

  /** Time of the last event. */
  get lastMs(): number {
    return this.#lastMs
  }

  /** The most of each that there was at once. */
  get scale(): TraceScale {
    return { ...this.#peak }
  }

  podByName(namespace: string, name: string): PodState | undefined {
    const uid = this.#names.get(`${namespace}/${name}`)
    return uid === undefined ? undefined : this.pods.get(uid)
  }

  /** Takes the event in, or says in one sentence why it cannot have happened; nothing is changed then. */
  apply(event: ChurnEvent): string | undefined {
    if (event.t < this.#lastMs) return `time goes back from ${this.#lastMs} to ${event.t} ms`
    const fault = this.#apply(event)
    if (fault === undefined) this.#lastMs = event.t
    return fault
  }

  #apply(event: ChurnEvent): string | undefined {
    switch (event.kind) {
      case 'node':
        return this.#node(event)
      case 'workload':
        return this.#workload(event)
      case 'service':
        return this.#service(event)
      case 'pod':
        return this.#pod(event)
      case 'action':
        return undefined
    }
  }

  #node(event: NodeEvent): string | undefined {
    const { op, name, reason } = event
    const node = this.nodes.get(name)
    if (op === 'added') {
      if (node !== undefined) return `node ${name} is there already`
      const state = {
        name,
        labels: event.labels ?? {},
        ready: true,
        reason: undefined,
        failed: false,
        failedReason: undefined,
        pods: this.#stranded.get(name) ?? 0,
      }
      this.nodes.set(name, state)
      this.#stranded.delete(name)
      this.#peak.nodes = Math.max(this.#peak.nodes, this.nodes.size)
      return undefined
    }
    if (node === undefined) return `there is no node ${name}`
    if (op === 'removed') {
      this.nodes.delete(name)
      if (node.pods > 0) this.#stranded.set(name, node.pods)
    } else if (op === 'failed' || op === 'recovered') {
      const failed = op === 'failed'
      if (node.failed === failed) return `node ${name} has ${op} already`
      node.failed = failed
      node.failedReason = reason
    } else {
      const ready = op === 'ready'
      if (node.ready === ready) return `node ${name} is ${op} already`
      node.ready = ready
      node.reason = reason
    }
    return undefined
  }

  #workload(event: WorkloadEvent): string | undefined {
    const { op, type, namespace, name, replicas } = event
    const key = `${type}/${namespace}/${name}`
    const workload = this.workloads.get(key)
    if (op === 'applied') {
      const { selector, strategy, labels = {}, annotations, containers = [] } = event
      const facts = { replicas, selector, strategy, labels, annotations, containers }
      if (workload === undefined) {
        this.workloads.set(key, { namespace, name, type, ...facts })
        this.#peak.workloads = Math.max(this.#peak.workloads, this.workloads.size)
      } else {
        Object.assign(workload, facts)
      }
      return undefined
    }
    if (workload === undefined) return `there is no ${type} ${namespace}/${name}`
    if (op === 'deleted') this.workloads.delete(key)
    else workload.replicas = replicas
    return undefined
  }

  #service(event: ServiceEvent): string | undefined {
    const { op, namespace, name } = event
    const key = `${namespace}/${name}`
    if (op === 'applied') {
      const { labels = {}, selector = {}, ports = [] } = event
      this.services.set(key, { namespace, name, labels, selector, ports })
      this.#peak.services = Math.max(this.#peak.services, this.services.size)
      return undefined
    }
    return this.services.delete(key) ? undefined : `there is no Service ${key}`
  }

  // hot: once per event of a pod, which are nearly all.
  #pod(event: PodEvent): string | undefined {
    const { op, uid, namespace, name } = event
    const pod = this.pods.get(uid)
    if (op === 'created') return this.#create(event)
    if (pod === undefined) return `there is no pod ${namespace}/${name} with uid ${uid}`
    if (pod.name !== name || pod.namespace !== namespace) {
      return `pod ${uid} is ${pod.namespace}/${pod.name}, not ${namespace}/${name}`
    }
    switch (op) {
      case 'relabelled':
        pod.labels = event.labels ?? {}
        return undefined
      case 'bound': {
        if (pod.node !== undefined) return `pod ${namespace}/${name} is bound to ${pod.node} already`
        const node = this.nodes.get(event.node!)
        if (node === undefined) return `pod ${namespace}/${name} is bound to ${event.node}, and there is no such node`
        pod.node = node.name
        node.pods++
        this.#peak.podsPerNode = Math.max(this.#peak.podsPerNode, node.pods)
        return undefined
      }
      case 'addressed':
        if (pod.node === undefined) return `pod ${namespace}/${name} has an address and no node`
        pod.addressed = true
        pod.address = event.address
        return undefined
      case 'ready':
      case 'not-ready': {
        const ready = op === 'ready'
        if (pod.ready === ready) return `pod ${namespace}/${name} is ${op} already`
        if (ready && !pod.addressed) return `pod ${namespace}/${name} is ready and has no address`
        pod.ready = ready
        return undefined
      }
      case 'restarted':
        // Also fewer than before: a kubelet counts the dead containers that it finds, and these are cleared away.
        pod.restarts = event.restarts!
        return undefined
      case 'succeeded':
      case 'failed':
        if (pod.ended !== undefined) return `pod ${namespace}/${name} has ${pod.ended} already`
        pod.ended = op
        pod.reason = event.reason
        return undefined
      case 'terminating':
        if (pod.graceS !== undefined) return `pod ${namespace}/${name} is being deleted already`
        pod.graceS = event.graceS ?? 0
        return undefined
      case 'deleted': {
        this.pods.delete(uid)
        this.#names.delete(`${namespace}/${name}`)
        if (pod.node !== undefined) this.#unbind(pod.node)
        return undefined
      }
    }
  }

  #unbind(name: string): void {
    const node = this.nodes.get(name)
    if (node !== undefined) {
      node.pods--
      return
    }
    const left = this.#stranded.get(name)! - 1
    if (left > 0) this.#stranded.set(name, left)
    else this.#stranded.delete(name)
  }

  #create(event: PodEvent): string | undefined {
    const { uid, namespace, name, owner, labels = {}, annotations, containers = [] } = event
    if (this.pods.has(uid)) return `pod ${namespace}/${name} with uid ${uid} is there already`
    const key = `${namespace}/${name}`
    if (this.#names.has(key)) return `the name ${key} belongs to pod ${this.#names.get(key)}, which is still there`
    this.#names.set(key, uid)
    this.pods.set(uid, {
      uid,
      namespace,
      name,
      owner,
      labels,
      annotations,
      containers,
      createdMs: event.t,
      node: undefined,
      addressed: false,
      address: undefined,
      ready: false,
      restarts: 0,
      ended: undefined,
      reason: undefined,
      graceS: undefined,
    })
    this.#peak.pods = Math.max(this.#peak.pods, this.pods.size)
    return undefined
  }

  /**
   * The events that lead from nothing to here, in an order in which each can happen. Nodes that are gone and left pods behind
   * come and go.
   */
  *transitions(): Generator<Transition> {
    for (const name of this.#stranded.keys()) yield { kind: 'node', op: 'added', name }
    for (const node of this.nodes.values()) yield* nodeSteps(node)
    for (const workload of this.workloads.values()) yield workloadStep(workload)
    for (const { namespace, name, labels, selector, ports } of this.services.values()) {
      yield { kind: 'service', op: 'applied', namespace, name, labels, selector, ports }
    }
    for (const pod of this.pods.values()) yield* podSteps(pod)
    for (const name of this.#stranded.keys()) yield { kind: 'node', op: 'removed', name }
  }
}

/** How a node came to be what it is. */
export function* nodeSteps({ name, labels, ready, reason, failed, failedReason }: NodeState): Generator<Transition> {
  const node = { kind: 'node', name } as const
  yield { ...node, op: 'added', labels }
  if (failed) yield { ...node, op: 'failed', ...(failedReason === undefined ? {} : { reason: failedReason }) }
  if (!ready) yield { ...node, op: 'not-ready', ...(reason === undefined ? {} : { reason }) }
}

function workloadStep(state: WorkloadState): Transition {
  const { namespace, name, type, replicas, selector, strategy, labels, annotations, containers } = state
  return {
    kind: 'workload',
    op: 'applied',
    namespace,
    name,
    type,
    ...(replicas === undefined ? {} : { replicas }),
    ...(selector === undefined ? {} : { selector }),
    ...(strategy === undefined ? {} : { strategy }),
    labels,
    ...(annotations === undefined ? {} : { annotations }),
    containers,
  }
}

/** How a pod came to be what it is. */
export function* podSteps(state: PodState): Generator<Transition> {
  const { uid, namespace, name, owner, labels, annotations, containers, node, address } = state
  const pod = { kind: 'pod', namespace, name, uid } as const
  yield {
    ...pod,
    op: 'created',
    ...(owner === undefined ? {} : { owner }),
    labels,
    ...(annotations === undefined ? {} : { annotations }),
    containers,
  }
  if (node !== undefined) yield { ...pod, op: 'bound', node }
  if (state.addressed) yield { ...pod, op: 'addressed', ...(address === undefined ? {} : { address }) }
  if (state.restarts > 0) yield { ...pod, op: 'restarted', restarts: state.restarts }
  if (state.ready) yield { ...pod, op: 'ready' }
  if (state.ended !== undefined) {
    yield { ...pod, op: state.ended, ...(state.reason === undefined ? {} : { reason: state.reason }) }
  }
  if (state.graceS !== undefined) yield { ...pod, op: 'terminating', graceS: state.graceS }
}
