import { isDeepStrictEqual } from 'node:util'
import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import { Deployments, Nodes, Pods, ReplicaSets, type Stored, type StoreEvent } from '../cluster/index.ts'
import type { ChurnEvent, TraceContainer } from './churn-event.ts'

/** A change as seen by comparing two versions of an object: the event without its time. */
export type Transition = ChurnEvent extends infer E ? (E extends { readonly t: number } ? Omit<E, 't'> : never) : never

/**
 * What a commit to the store means for the trace: nothing (heartbeats, status, leases), one transition, or several.
 *
 * A function of the two versions alone, so that a stream of watch events from any API server can be read the same way.
 */
export function transitionsOf(event: StoreEvent): Transition[] {
  switch (event.resource) {
    case Pods:
      return podTransitions(event as StoreEvent<Pod>)
    case Nodes:
      return nodeTransitions(event as StoreEvent<Node>)
    case Deployments:
    case ReplicaSets:
      return workloadTransitions(event as StoreEvent<Deployment | ReplicaSet>)
    default:
      return []
  }
}

function podTransitions({ type, object, previous }: StoreEvent<Pod>): Transition[] {
  const { namespace = '', name, uid } = object.metadata
  const pod = { kind: 'pod', namespace, name, uid } as const
  const out: Transition[] = []
  if (type === 'ADDED') {
    const owner = controllerOf(object)
    out.push({
      ...pod,
      op: 'created',
      ...(owner === undefined ? {} : { owner }),
      labels: object.metadata.labels ?? {},
      containers: containersOf(object.spec),
    })
  }
  const node = object.spec?.nodeName
  if (node !== undefined && node !== '' && !previous?.spec?.nodeName) out.push({ ...pod, op: 'bound', node })
  const address = object.status?.podIP
  if (address !== undefined && address !== '' && address !== previous?.status?.podIP) {
    out.push({ ...pod, op: 'addressed', address })
  }
  const restarts = restartsOf(object)
  if (previous !== undefined && restarts > restartsOf(previous)) out.push({ ...pod, op: 'restarted', restarts })
  const ready = isReady(object)
  if (ready !== (previous !== undefined && isReady(previous))) out.push({ ...pod, op: ready ? 'ready' : 'not-ready' })
  const phase = object.status?.phase
  if (phase !== previous?.status?.phase) {
    if (phase === 'Succeeded') out.push({ ...pod, op: 'succeeded' })
    if (phase === 'Failed') {
      const reason = object.status?.reason
      out.push({ ...pod, op: 'failed', ...(reason === undefined ? {} : { reason }) })
    }
  }
  if (object.metadata.deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined) {
    out.push({ ...pod, op: 'terminating', graceS: object.metadata.deletionGracePeriodSeconds ?? 0 })
  }
  if (type === 'DELETED') out.push({ ...pod, op: 'deleted' })
  return out
}

function nodeTransitions({ type, object, previous }: StoreEvent<Node>): Transition[] {
  const { name } = object.metadata
  const node = { kind: 'node', name } as const
  if (type === 'DELETED') return [{ ...node, op: 'removed' }]
  if (previous === undefined) return [{ ...node, op: 'added', labels: object.metadata.labels ?? {} }]
  const ready = isReady(object)
  return ready === isReady(previous) ? [] : [{ ...node, op: ready ? 'ready' : 'not-ready' }]
}

/** What somebody asked for. The ReplicaSets of a Deployment are the cluster's own doing and show in their pods. */
function workloadTransitions({ type, object, previous }: StoreEvent<Deployment | ReplicaSet>): Transition[] {
  if (controllerOf(object) !== undefined) return []
  const workload = {
    kind: 'workload',
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    type: object.kind as 'Deployment' | 'ReplicaSet',
  } as const
  if (type === 'DELETED') return [{ ...workload, op: 'deleted' }]
  // The generation stands for the spec: heartbeats and status, by far the most, end here.
  if (previous !== undefined && previous.metadata.generation === object.metadata.generation) return []
  const replicas = object.spec?.replicas ?? 1
  if (previous === undefined || !isDeepStrictEqual(object.spec?.template, previous.spec?.template)) {
    const template = object.spec?.template
    const labels = template?.metadata?.labels ?? {}
    return [{ ...workload, op: 'applied', replicas, labels, containers: containersOf(template?.spec) }]
  }
  return replicas === (previous.spec?.replicas ?? 1) ? [] : [{ ...workload, op: 'scaled', replicas }]
}

export function isReady(object: Stored<Pod> | Stored<Node>): boolean {
  const conditions: readonly { type: string; status: string }[] = object.status?.conditions ?? []
  return conditions.some(condition => condition.type === 'Ready' && condition.status === 'True')
}

function restartsOf(pod: Stored<Pod>): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0)
}

function controllerOf(object: Stored): string | undefined {
  const owner = object.metadata.ownerReferences?.find(candidate => candidate.controller === true)
  return owner === undefined ? undefined : `${owner.kind}/${owner.name}`
}

function containersOf(spec: PodSpec | undefined): TraceContainer[] {
  return (spec?.containers ?? []).map(container => ({
    name: container.name,
    ports: (container.ports ?? []).map(({ name, containerPort }) =>
      name === undefined ? { port: containerPort } : { name, port: containerPort },
    ),
  }))
}
