import { collectGarbage, type Clock } from '../base/index.ts'
import { Namespaces, Nodes, type ObjectStore, type StoreEvent } from './cluster/index.ts'
import type { Cluster } from './controllers/index.ts'
import type { PlannedClock } from './informers/index.ts'
import { METRICS_PORT } from './kubelet/index.ts'
import { plainWorkload } from './plain-workload.ts'
import type { ExactCluster } from './trace/index.ts'

/** Planned time before the scenario begins, in milliseconds. */
export const WARM_UP_MS = 6000
const WARM_UP_NAMESPACE = 'churnbench-warm-up'
const WARM_UP_NODE = 'churnbench-warm-up'
const RESTART_AT_MS = 1500
const DELETE_AT_MS = 3000
const COLLECT_AT_MS = 5200

const WORKLOAD = plainWorkload(WARM_UP_NAMESPACE, 'warm-up', 25)

/**
 * Lets a workload come, roll and go in the real cluster, before the scenario begins.
 *
 * The first events of a cold process take tens of milliseconds, until the engine has compiled what they run through; that
 * is true of control plane, targets and subject alike, and says nothing about any of them. Nothing of the warm-up is
 * measured: recorders and lag begin after it, and its pods are in no figure.
 */
export function warmUp(clock: Clock, cluster: Cluster): void {
  cluster.applyWorkload(WORKLOAD)
  clock.schedule(RESTART_AT_MS, () => cluster.restart(WORKLOAD.namespace, WORKLOAD.name))
  clock.schedule(DELETE_AT_MS, () => cluster.deleteWorkload(WORKLOAD.namespace, WORKLOAD.name))
  clock.schedule(COLLECT_AT_MS, () => collectGarbage())
}

/** The same for a cluster in which everything follows a trace: its pods come and go as one would tell it. */
export function warmUpExact(clock: PlannedClock, cluster: ExactCluster, atEnd: () => void = collectGarbage): void {
  const node = { kind: 'node', name: WARM_UP_NODE } as const
  const pods = Array.from({ length: WORKLOAD.replicas }, (_, i) => {
    const name = `warm-up-${i}`
    return { kind: 'pod', namespace: WARM_UP_NAMESPACE, name, uid: `${WARM_UP_NAMESPACE}-${i}` } as const
  })
  const containers = [{ name: 'main', ports: [{ name: METRICS_PORT, port: WORKLOAD.port }] }]
  const annotations = { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(WORKLOAD.port) }
  const atMs = (ms: number, fn: () => void): unknown => clock.schedule(ms, fn)
  cluster.play([{ t: 0, ...node, op: 'added' }])
  // Its endpoints are written as often as any Service's.
  const service = { kind: 'service', namespace: WARM_UP_NAMESPACE, name: 'warm-up' } as const
  cluster.play([{ t: 0, ...service, op: 'applied', selector: WORKLOAD.selector, ports: [{ port: WORKLOAD.port }] }])
  pods.forEach((pod, i) => {
    const created = { t: 0, ...pod, op: 'created', labels: WORKLOAD.labels, annotations, containers } as const
    atMs(20 * i, () => {
      cluster.play([created, { t: 0, ...pod, op: 'bound', node: WARM_UP_NODE }])
      cluster.prepare({ created, node: WARM_UP_NODE, traced: undefined, unixMs: clock.unixMs() }, true)
    })
    atMs(RESTART_AT_MS + 20 * i, () => {
      const addressed = { t: 0, ...pod, op: 'addressed' } as const
      cluster.awaitRuntime([addressed])
      atMs(0, () => cluster.play([addressed, { t: 0, ...pod, op: 'ready' }]))
    })
    atMs(DELETE_AT_MS + 20 * i, () => cluster.play([{ t: 0, ...pod, op: 'terminating', graceS: 30 }]))
    atMs(DELETE_AT_MS + 500 + 20 * i, () => {
      const deleted = { t: 0, ...pod, op: 'deleted' } as const
      cluster.awaitRuntime([deleted])
      atMs(0, () => cluster.play([{ t: 0, ...pod, op: 'succeeded' }, deleted]))
    })
  })
  atMs(COLLECT_AT_MS - 200, () => {
    cluster.play([{ t: 0, ...service, op: 'deleted' }])
    cluster.play([{ t: 0, ...node, op: 'removed' }])
  })
  atMs(COLLECT_AT_MS, atEnd)
}

export function isWarmUp(namespace: string | undefined): boolean {
  return namespace === WARM_UP_NAMESPACE
}

/** The store as recorders see it: without the warm-up's objects. */
export function withoutWarmUp(store: ObjectStore): Pick<ObjectStore, 'subscribe'> {
  const belongs = ({ resource, object }: StoreEvent): boolean =>
    resource === Nodes
      ? object.metadata.name === WARM_UP_NODE
      : isWarmUp(resource === Namespaces ? object.metadata.name : object.metadata.namespace)
  return {
    subscribe: listener =>
      store.subscribe(event => {
        if (!belongs(event)) listener(event)
      }),
  }
}
