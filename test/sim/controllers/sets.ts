import type { DaemonSet, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import {
  ControllerRevisions,
  DaemonSets,
  Events,
  type KubeObject,
  type ObjectStore,
  PersistentVolumeClaims,
  Pods,
  type ResourceType,
  StatefulSets,
} from '../../../sim/cluster/index.ts'
import type { Sim } from './harness.ts'

/** StatefulSets and DaemonSets as somebody would apply them, and a way to read what was written in which order. */

export function template(app: string, image = 'app:1'): PodTemplateSpec {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image }] } }
}

export function statefulSet(name: string, replicas: number, more: Partial<StatefulSet['spec']> = {}): StatefulSet {
  return {
    metadata: { namespace: 'default', name },
    spec: {
      replicas,
      serviceName: name,
      selector: { matchLabels: { app: name } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      template: template(name),
      ...more,
    },
  }
}

export function daemonSet(name: string, more: Partial<DaemonSet['spec']> = {}): DaemonSet {
  return {
    metadata: { namespace: 'default', name },
    spec: {
      selector: { matchLabels: { app: name } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      template: template(name),
      ...more,
    },
  }
}

type Spec<T extends StatefulSet | DaemonSet> = NonNullable<T['spec']>

export function change<T extends StatefulSet | DaemonSet>(
  store: ObjectStore,
  type: ResourceType,
  name: string,
  next: (spec: Spec<T>) => Spec<T>,
): void {
  store.modify<T>(type, 'default', name, current => ({ ...current, spec: next(current.spec as Spec<T>) }))
}

export function setImage(store: ObjectStore, type: ResourceType, name: string, image: string): void {
  change<StatefulSet>(store, type, name, spec => ({ ...spec, template: template(name, image) }))
}

const SHORT = new Map<ResourceType, string>([
  [StatefulSets, 'set'],
  [DaemonSets, 'set'],
  [Pods, 'pod'],
  [ControllerRevisions, 'revision'],
  [PersistentVolumeClaims, 'claim'],
])

/**
 * What was committed since `from` events ago, one word group each: `pod db-0 +`, `pod db-0 ready`, `set 1/3 …`. Writes of
 * kubelets and the scheduler are left out, but for a pod's becoming ready, its end and its removal.
 */
export function story(sim: Sim, from: number, describe: (object: KubeObject) => string): string[] {
  const lines: string[] = []
  for (const { event } of sim.events.slice(from)) {
    const { type, resource, object, previous } = event
    const short = SHORT.get(resource)
    if (short === undefined || resource === Events) continue
    const name = `${short} ${object.metadata.name}`
    if (type === 'ADDED') lines.push(`${name} +`)
    else if (type === 'DELETED') lines.push(`${name} -`)
    else if (resource === Pods) {
      if (isReady(object) && !isReady(previous!)) lines.push(`${name} ready`)
      if (object.metadata.deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined) {
        lines.push(`${name} terminating`)
      }
    } else if (short === 'set' || short === 'revision') lines.push(`${name} ${describe(object)}`)
  }
  return lines
}

function isReady(pod: KubeObject): boolean {
  const { status } = pod as { status?: { conditions?: { type: string; status: string }[] } }
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
}
