import type { Lease } from 'kubernetes-types/coordination/v1.js'
import type { Node, NodeCondition, Pod } from 'kubernetes-types/core/v1.js'
import { Leases, Nodes, Pods, type Stored, type StoreEvent } from '../cluster/index.ts'
import { conditionStatus, isNodeReady, isReady, withCondition, WorkQueue, stampOf } from '../informers/index.ts'
import { LEASE_NAMESPACE } from '../kubelet/index.ts'
import type { ControllerEnvironment } from './environment.ts'
import { EvictionQueue } from './eviction-queue.ts'
import { hasNoExecute, withoutNoExecute, withTaints } from './taints.ts'
import {
  countsForDisruption,
  evictionIntervalMs,
  zoneKeyOf,
  type ZoneState,
  zoneStateOf,
  type ZoneTally,
} from './zone-disruption.ts'

const SOURCE = { component: 'node-controller' }

/** Conditions that nobody can vouch for once the kubelet is silent. */
const SILENCED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']
/** One write after the other, a thousand a second. */
const WRITE_MS = 1
/** In periods of the monitor, so that it scales with it: Kubernetes drains a node of a zone every 10 s, and looks every 5 s. */
const EVICTION_PERIODS = 2
/** In graces: a node that never posted a status has 60 s where others have 50 s. */
const STARTUP_GRACES = 1.2

interface Zone {
  readonly queue: EvictionQueue
  state: ZoneState
}

/**
 * Watches over nodes: whoever is silent too long becomes unknown, is tainted, and its pods stop being ready.
 *
 * ```
 *   Ready=True ──no sign of life for nodeMonitorGraceMs──▶ Ready=Unknown ──▶ taint unreachable NoSchedule
 *        ▲                                                     │          ──▶ its pods Ready=False
 *        │                                                     ▼
 *        │                                             waits in its zone ──its turn──▶ taint unreachable NoExecute
 *        └── the kubelet posts Ready=True; NoSchedule goes at once, NoExecute when the monitor looks next
 * ```
 *
 * Signs of life (a renewed lease, a posted status) are noticed when the monitor looks, every `nodeMonitorPeriodMs`, and
 * silence is counted from that look: a node that dies is found out between grace − renewal and grace + period later.
 *
 * NoExecute taints, and with them evictions, are given to one node of a zone after the other:
 *
 * ```
 *   zone      who is not ready                    a node every
 *   normal    fewer than 3, or less than 55 %     10 s              (the first one at once)
 *   partial   3 and more, and 55 % and more       100 s; never where the zone has 50 nodes or fewer
 *   full      all                                 10 s
 *   all zones full: the control plane itself is likely cut off: no evictions, taints NoExecute are taken back; whoever
 *   is still silent when the first node is back is given its grace again
 * ```
 */
export class NodeLifecycleController {
  readonly #env: ControllerEnvironment
  /** Nodes that gave a sign of life since the monitor last looked. */
  readonly #alive = new Set<string>()
  /** Planned time of the look at which the last sign of life was noticed. */
  readonly #probedMs = new Map<string, number>()
  readonly #zones = new Map<string, Zone>()
  /** The zone in whose queue a node may be. */
  readonly #zoneOf = new Map<string, string>()
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
      this.#dequeue(name)
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
    const tallies = new Map<string, ZoneTally>()
    const nodes = store.list<Node>(Nodes)
    for (const node of nodes) {
      const { name } = node.metadata
      if (this.#alive.delete(name) || !this.#probedMs.has(name)) this.#probedMs.set(name, nowMs)
      const silenceMs = nowMs - this.#probedMs.get(name)!
      const posted = conditionStatus(node.status?.conditions, 'Ready')
      const graceMs = timings.nodeMonitorGraceMs * (posted === undefined ? STARTUP_GRACES : 1)
      const isSilent = silenceMs >= graceMs
      if (isSilent) this.#setUnknown(node)
      const status = isSilent ? 'Unknown' : posted
      const zone = zoneKeyOf(node)
      if (!this.#zones.has(zone)) this.#addZone(zone)
      if (countsForDisruption(node)) count(tallies, zone, status === 'True')
      this.#drive(node, zone, status)
    }
    this.#watchZones(tallies, nodes)
  }

  /** Lets a node that is not ready wait for its NoExecute taint, and takes it from one that is. */
  #drive(node: Stored<Node>, zone: string, status: string | undefined): void {
    const { name } = node.metadata
    if (status === 'True') {
      this.#release(node)
    } else if (status !== undefined) {
      // One that has the other taint already gets the right one at once.
      if (hasNoExecute(node)) {
        this.#taint(name, 'NoExecute')
        return
      }
      if (this.#zoneOf.get(name) !== zone) this.#dequeue(name)
      this.#zoneOf.set(name, zone)
      this.#zones.get(zone)!.queue.add(name)
    }
  }

  #release(node: Stored<Node>): void {
    const { name } = node.metadata
    this.#dequeue(name)
    if (!hasNoExecute(node)) return
    this.#env.store.modify<Node>(Nodes, undefined, name, current => withoutNoExecute(current))
  }

  #dequeue(name: string): void {
    const zone = this.#zoneOf.get(name)
    if (zone === undefined) return
    this.#zoneOf.delete(name)
    this.#zones.get(zone)?.queue.remove(name)
  }

  #addZone(key: string): void {
    const queue = new EvictionQueue(this.#env.clock, this.#evictionMs, name => this.#taint(name, 'NoExecute'))
    this.#zones.set(key, { queue, state: 'initial' })
  }

  get #evictionMs(): number {
    return this.#env.timings.nodeMonitorPeriodMs * EVICTION_PERIODS
  }

  #watchZones(tallies: ReadonlyMap<string, ZoneTally>, nodes: readonly Stored<Node>[]): void {
    const isAllDark = [...tallies.values()].every(tally => zoneStateOf(tally) === 'full')
    const wasAllDark = [...tallies.keys()].every(key => this.#zones.get(key)!.state === 'full')
    if (isAllDark && wasAllDark) return
    if (isAllDark) {
      for (const { metadata } of nodes) {
        const node = this.#env.store.get<Node>(Nodes, undefined, metadata.name)
        if (node !== undefined) this.#release(node)
      }
    } else if (wasAllDark) {
      for (const name of this.#probedMs.keys()) this.#probedMs.set(name, this.#env.clock.elapsedMs)
    }
    for (const [key, tally] of tallies) {
      const zone = this.#zones.get(key)!
      zone.state = zoneStateOf(tally)
      zone.queue.setInterval(isAllDark ? Infinity : evictionIntervalMs(zone.state, tally, this.#evictionMs))
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

function count(tallies: Map<string, ZoneTally>, zone: string, isReady: boolean): void {
  let tally = tallies.get(zone)
  if (tally === undefined) {
    tally = { ready: 0, notReady: 0 }
    tallies.set(zone, tally)
  }
  if (isReady) tally.ready++
  else tally.notReady++
}

/** When the kubelet last posted its status; what the controller itself writes does not count. */
function heartbeatOf(node: Node): string | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
  return ready?.status === 'Unknown' ? undefined : ready?.lastHeartbeatTime
}
