import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import {
  admitPod,
  applyDefaults,
  ensureNamespace,
  Nodes,
  type ObjectStore,
  Pods,
  timestamp,
} from '../../cluster/index.ts'
import type { Cluster } from '../../controllers/index.ts'
import { healthyConditions } from '../../kubelet/index.ts'
import type { ChurnEvent, NodeEvent, PodEvent, Transition, WorkloadEvent } from '../churn-event.ts'
import { TraceState } from '../trace-state.ts'
import { type ComparedFields, compareStates, INTENT_FIELDS, stateOfStore } from './compare-states.ts'
import type { Fate, ReplayCluster } from './replay.ts'
import type { StateComparison } from './replay-spec.ts'
import { applyService } from './apply-service.ts'
import { type Dress, podObject, REVISION, workloadObject } from './traced-objects.ts'
import { WORKLOADS } from './workload-kinds.ts'

export interface IntentClusterOptions {
  /** Which pods serve metrics. */
  readonly dress: Dress
  /** How long pods stay on a node that is not ready. */
  readonly tolerationSeconds: number
  /** The cluster has nodes of its own, as the trace has none: they are no difference to it. */
  readonly nodesMadeUp: boolean
}

/**
 * A trace's intents on a cluster that has controllers: workloads, services and the fates of machines follow the trace, pods
 * follow the simulation. Pods that no controller here would make (of kinds that it does not have, or of nobody) are created
 * and deleted as the trace says; where and how they run is the simulation's affair, too.
 */
export class IntentCluster implements ReplayCluster {
  readonly addressesShared = 0
  readonly #store: ObjectStore
  readonly #cluster: Cluster
  readonly #dress: Dress
  readonly #tolerationSeconds: number
  readonly #compared: ComparedFields
  /** What was asked for so far, to tell whose pods are whose. */
  readonly #asked = new TraceState()
  /** Uids in the trace of living pods that are created by hand. */
  readonly #byHand = new Set<string>()
  #revisions = 0

  constructor(store: ObjectStore, cluster: Cluster, options: IntentClusterOptions) {
    this.#store = store
    this.#cluster = cluster
    this.#dress = options.dress
    this.#tolerationSeconds = options.tolerationSeconds
    const { nodes: _, ...withoutNodes } = INTENT_FIELDS
    this.#compared = options.nodesMadeUp ? withoutNodes : INTENT_FIELDS
  }

  fateOf(event: ChurnEvent): Fate {
    if (event.kind === 'pod') return this.#fateOfPod(event)
    if (event.kind === 'workload' && WORKLOADS[event.type] === undefined) {
      return { skipped: `${event.type} has no controller here; its pods are created one by one` }
    }
    if (event.kind === 'node' && (event.op === 'ready' || event.op === 'not-ready')) {
      const node = this.#asked.nodes.get(event.name)
      // With the cause in the trace, what follows from it is the simulation's; a cluster's recording has only what follows.
      if (node === undefined || node.failed === (event.op === 'not-ready')) return 'simulated'
    }
    return 'played'
  }

  prepare(): void {}

  retire(): void {}

  awaitRuntime(): boolean {
    return false
  }

  play(events: readonly ChurnEvent[]): void {
    for (const event of events) {
      if (event.kind === 'node') this.#playNode(event)
      else if (event.kind === 'workload') this.#playWorkload(event)
      else if (event.kind === 'service') applyService(this.#store, event)
      else if (event.kind === 'pod') this.#playPod(event)
      this.#asked.apply(asAsked(event))
    }
  }

  translated(transition: Transition): Transition {
    return transition
  }

  compare(planned: TraceState): StateComparison {
    return compareStates(planned, stateOfStore(this.#store), this.#compared)
  }

  #fateOfPod(event: PodEvent): Fate {
    const { op, owner, namespace, uid } = event
    if (op === 'created') {
      if (owner !== undefined && this.#isControlled(owner, namespace)) return 'simulated'
      return 'played'
    }
    return (op === 'terminating' || op === 'deleted') && this.#byHand.has(uid) ? 'played' : 'simulated'
  }

  /** A workload that was asked for, or a ReplicaSet of a Deployment that was. */
  #isControlled(owner: string, namespace: string): boolean {
    const [kind, name = ''] = owner.split('/')
    if (kind === 'StatefulSet' || kind === 'DaemonSet') return this.#asked.workloads.has(`${kind}/${namespace}/${name}`)
    if (kind !== 'ReplicaSet') return false
    const deployment = name.slice(0, Math.max(0, name.lastIndexOf('-')))
    return (
      this.#asked.workloads.has(`ReplicaSet/${namespace}/${name}`) ||
      this.#asked.workloads.has(`Deployment/${namespace}/${deployment}`)
    )
  }

  #playNode({ op, name, labels = {} }: NodeEvent): void {
    if (op === 'added') {
      // Ready at once, as the trace says; its kubelet takes it over as soon as it sees it.
      const conditions = healthyConditions([], timestamp(this.#store.unixMs))
      this.#store.create<Node>(Nodes, { metadata: { name, labels: { ...labels } }, status: { conditions } })
    }
    if (op === 'failed' || op === 'not-ready') this.#cluster.failNode(name)
    else if (op === 'recovered' || op === 'ready') this.#cluster.recoverNode(name)
    else if (op === 'removed' && this.#store.get(Nodes, undefined, name) !== undefined) this.#cluster.deleteNode(name)
  }

  #playWorkload(event: WorkloadEvent): void {
    const type = WORKLOADS[event.type]!
    const { namespace, name } = event
    const current = this.#store.get<Deployment>(type, namespace, name)
    if (event.op === 'deleted') {
      if (current !== undefined) this.#store.delete(type, namespace, name)
      return
    }
    if (event.op === 'scaled') {
      if (current !== undefined) {
        this.#store.update<Deployment>(type, { ...current, spec: { ...current.spec!, replicas: event.replicas! } })
      }
      return
    }
    ensureNamespace(this.#store, namespace)
    const wanted = workloadObject(event, current)
    const spec = wanted.spec!
    const { template } = spec
    const labels = { ...template.metadata?.labels }
    if (Object.keys(labels).length === 0) labels.app = name
    const dressed = podObject({ ...event, kind: 'pod', op: 'created', uid: '', labels }, this.#dress)
    const containers = dressed.spec?.containers ?? []
    const annotations = { ...dressed.metadata?.annotations }
    if (current !== undefined) annotations[REVISION] = String(++this.#revisions)
    const applied: Deployment = {
      ...wanted,
      spec: {
        ...spec,
        // A selector cannot be changed, and pods that it does not match would be replaced for ever.
        selector: current?.spec?.selector ?? (event.selector === undefined ? { matchLabels: labels } : spec.selector),
        template: {
          metadata: { labels, annotations },
          spec: { containers: containers.length === 0 ? [{ name: 'main' }] : containers },
        },
      },
    }
    applyDefaults(type, applied)
    if (current === undefined) this.#store.create<Deployment>(type, applied)
    else this.#store.update<Deployment>(type, { ...applied, metadata: current.metadata, status: current.status! })
  }

  #playPod(event: PodEvent): void {
    const { op, namespace, name, uid, graceS } = event
    if (op === 'created') {
      this.#byHand.add(uid)
      ensureNamespace(this.#store, namespace)
      // Nobody here would look after the owner's part.
      const { owner: _, ...orphan } = event
      const pod = podObject(orphan, this.#dress)
      if ((pod.spec?.containers.length ?? 0) === 0) pod.spec!.containers.push({ name: 'main' })
      applyDefaults(Pods, pod)
      admitPod(pod, { tolerationSeconds: this.#tolerationSeconds })
      this.#store.create<Pod>(Pods, pod, { uid })
      return
    }
    if (op === 'deleted') this.#byHand.delete(uid)
    const current = this.#store.get<Pod>(Pods, namespace, name)
    if (current?.metadata.uid !== uid || current.metadata.deletionTimestamp !== undefined) return
    this.#store.delete(Pods, namespace, name, { uid, ...(graceS === undefined ? {} : { gracePeriodSeconds: graceS }) })
  }
}

/** A machine that is not ready is one that failed, where the trace does not know better. */
function asAsked(event: ChurnEvent): ChurnEvent {
  if (event.kind !== 'node') return event
  if (event.op === 'not-ready') return { ...event, op: 'failed' }
  return event.op === 'ready' ? { ...event, op: 'recovered' } : event
}
