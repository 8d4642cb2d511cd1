import type { Lease } from 'kubernetes-types/coordination/v1.js'
import type { Node, NodeCondition, Pod } from 'kubernetes-types/core/v1.js'
import { Leases, Nodes, Pods, type Stored, type StoreEvent } from '../cluster/index.ts'
import { isNodeReady, isReady, withCondition, WorkQueue, stampOf } from '../informers/index.ts'
import { LEASE_NAMESPACE } from '../kubelet/index.ts'
import type { ControllerEnvironment } from './environment.ts'
import { withTaints } from './taints.ts'

const SOURCE = { component: 'node-controller' }

/** Conditions that nobody can vouch for once the kubelet is silent. */
const SILENCED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']
/** One write after the other, a thousand a second. */
const WRITE_MS = 1

/**
 * Watches over nodes: whoever is silent too long becomes unknown, is tainted, and its pods stop being ready.
 *
 * ```
 *   Ready=True ──no sign of life for nodeMonitorGraceMs──▶ Ready=Unknown ──▶ taint unreachable NoSchedule, then NoExecute
 *        ▲                                                     │          ──▶ its pods Ready=False
 *        └── the kubelet posts Ready=True; taints go ──────────┘
 * ```
 *
 * Signs of life (a renewed lease, a posted status) are noticed when the monitor looks, every `nodeMonitorPeriodMs`, and
 * silence is counted from that look: a node that dies is found out between grace − renewal and grace + period later.
 */
export class NodeLifecycleController {
  readonly #env: ControllerEnvironment
  /** Nodes that gave a sign of life since the monitor last looked. */
  readonly #alive = new Set<string>()
  /** Planned time of the look at which the last sign of life was noticed. */
  readonly #probedMs = new Map<string, number>()
  readonly #taints: WorkQueue
  readonly #podsToMark: WorkQueue

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#taints = new WorkQueue(env.clock, name => this.#taint(name, 'NoSchedule'))
    this.#podsToMark = new WorkQueue(env.clock, uid => this.#markNotReady(uid), { spacingMs: WRITE_MS })
    env.router.on<Node>(Nodes, event => this.#onNode(event))
    env.router.on<Lease>(Leases, ({ type, object, previous }) => {
      if (type === 'DELETED' || object.metadata.namespace !== LEASE_NAMESPACE) return
      if (previous?.spec?.renewTime !== object.spec?.renewTime || type === 'ADDED')
        this.#alive.add(object.metadata.name)
    })
  }

  start(): void {
    const { clock, timings } = this.#env
    clock.schedule(timings.nodeMonitorPeriodMs, () => {
      this.#monitor()
      this.start()
    })
  }

  #onNode({ type, object, previous }: StoreEvent<Node>): void {
    const { name } = object.metadata
    if (type === 'DELETED') {
      this.#alive.delete(name)
      this.#probedMs.delete(name)
      this.#taints.drop(name)
      return
    }
    const heartbeat = heartbeatOf(object)
    if (type === 'ADDED' || (heartbeat !== undefined && heartbeat !== (previous && heartbeatOf(previous)))) {
      this.#alive.add(name)
    }
    this.#taints.add(name)
    if (previous !== undefined && isNodeReady(previous) && !isNodeReady(object)) this.#onNotReady(object)
  }

  #monitor(): void {
    const { store, clock, timings } = this.#env
    const nowMs = clock.elapsedMs
    for (const node of store.list<Node>(Nodes)) {
      const { name } = node.metadata
      if (this.#alive.delete(name) || !this.#probedMs.has(name)) this.#probedMs.set(name, nowMs)
      const silenceMs = nowMs - this.#probedMs.get(name)!
      if (silenceMs >= timings.nodeMonitorGraceMs) this.#setUnknown(node)
      this.#taint(name, 'NoExecute')
    }
  }

  #setUnknown(node: Stored<Node>): void {
    const now = stampOf(this.#env.clock)
    let conditions: NodeCondition[] = node.status?.conditions ?? []
    for (const type of SILENCED) {
      const old = conditions.find(condition => condition.type === type)
      if (old?.status === 'Unknown') continue
      const reason = old === undefined ? 'NodeStatusNeverUpdated' : 'NodeStatusUnknown'
      const message = old === undefined ? 'Kubelet never posted node status.' : 'Kubelet stopped posting node status.'
      conditions = withCondition(conditions, { type, status: 'Unknown', reason, message }, now)
    }
    if (conditions === node.status?.conditions) return
    this.#env.store.modify<Node>(Nodes, undefined, node.metadata.name, current => ({
      ...current,
      status: { ...current.status, conditions },
    }))
    // NoSchedule before NoExecute: no pod is placed where others are about to be driven out.
    this.#taint(node.metadata.name, 'NoSchedule')
  }

  #onNotReady(node: Stored<Node>): void {
    const { name } = node.metadata
    this.#env.events.normal(SOURCE, Nodes, node, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`)
    for (const uid of this.#env.pods.onNode(name).entries.keys()) this.#podsToMark.add(uid)
  }

  #markNotReady(uid: string): void {
    const { store, events, pods, clock } = this.#env
    const pod = pods.get(uid)?.pod
    const nodeName = pod?.spec?.nodeName
    if (pod === undefined || nodeName === undefined || !isReady(pod)) return
    const node = store.get<Node>(Nodes, undefined, nodeName)
    if (node === undefined || isNodeReady(node)) return
    const { namespace, name } = pod.metadata
    events.warning(SOURCE, Pods, pod, 'NodeNotReady', 'Node is not ready')
    store.modify<Pod>(Pods, namespace, name, current => {
      const now = stampOf(clock)
      const conditions = withCondition(current.status?.conditions, { type: 'Ready', status: 'False' }, now)
      return { ...current, status: { ...current.status, conditions } }
    })
  }

  #taint(name: string, effect: 'NoSchedule' | 'NoExecute'): void {
    const now = stampOf(this.#env.clock)
    this.#env.store.modify<Node>(Nodes, undefined, name, node => withTaints(node, effect, now))
  }
}

/** When the kubelet last posted its status; what the controller itself writes does not count. */
function heartbeatOf(node: Node): string | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
  return ready?.status === 'Unknown' ? undefined : ready?.lastHeartbeatTime
}
