import { collectGarbage, type Clock } from '../base/index.ts'
import { Namespaces, type ObjectStore, type StoreEvent } from './cluster/index.ts'
import type { Cluster } from './controllers/index.ts'
import type { WorkloadSpec } from './messages.ts'

/** Planned time before the scenario begins, in milliseconds. */
export const WARM_UP_MS = 6000
const WARM_UP_NAMESPACE = 'churnbench-warm-up'
const RESTART_AT_MS = 1500
const DELETE_AT_MS = 3000
const COLLECT_AT_MS = 5200

const WORKLOAD: WorkloadSpec = {
  namespace: WARM_UP_NAMESPACE,
  name: 'warm-up',
  replicas: 25,
  port: 8080,
  profile: 'web-service',
  labels: { app: 'warm-up' },
  selector: { app: 'warm-up' },
  service: 'warm-up',
  maxSurge: '25%',
  maxUnavailable: '25%',
}

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

export function isWarmUp(namespace: string | undefined): boolean {
  return namespace === WARM_UP_NAMESPACE
}

/** The store as recorders see it: without the warm-up's objects. */
export function withoutWarmUp(store: ObjectStore): Pick<ObjectStore, 'subscribe'> {
  const belongs = ({ resource, object }: StoreEvent): boolean =>
    isWarmUp(resource === Namespaces ? object.metadata.name : object.metadata.namespace)
  return {
    subscribe: listener =>
      store.subscribe(event => {
        if (!belongs(event)) listener(event)
      }),
  }
}
