import { isDeepStrictEqual } from 'node:util'
import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod, PodSpec, PodTemplateSpec, Service } from 'kubernetes-types/core/v1.js'
import type { KubeObject, Stored } from '../cluster/index.ts'
import { controllerOf } from '../informers/index.ts'
import {
  isTracedAnnotation,
  type Labels,
  type TraceContainer,
  type TraceStrategy,
  type Transition,
} from './churn-event.ts'

/** A change of an object, as a watch tells it. */
export interface ObjectChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** Kind of the object: `Pod`, `Node`, `Deployment`, … */
  readonly kind: string
  readonly object: Stored
  /** The version before, absent for the first. */
  readonly previous: Stored | undefined
}

/** Kinds of objects that make pods and that somebody wrote. */
export const WORKLOAD_KINDS = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'] as const

const WORKLOADS: ReadonlySet<string> = new Set(WORKLOAD_KINDS)

/**
 * What a change means for the trace: nothing (heartbeats, status, leases), one transition, or several, in this order:
 * created, relabelled, bound, addressed, restarted, ready or not, ended, terminating, deleted.
 *
 * A function of the two versions alone, so that a stream of watch events from any API server can be read the same way.
 */
export function transitionsOf(change: ObjectChange): Transition[] {
  if (change.kind === 'Pod') return podTransitions(change as Change<Pod>)
  if (change.kind === 'Node') return nodeTransitions(change as Change<Node>)
  if (change.kind === 'Service') return serviceTransitions(change as Change<Service>)
  if (WORKLOADS.has(change.kind)) return workloadTransitions(change as Change<Workload>)
  return []
}

type Change<T extends KubeObject> = Omit<ObjectChange, 'object' | 'previous'> & {
  readonly object: Stored<T>
  readonly previous: Stored<T> | undefined
}

/** What the kinds of workloads have in common, as far as a trace is concerned; a CronJob's template lies deeper. */
type Workload = (Deployment | ReplicaSet) & {
  readonly spec?: {
    readonly parallelism?: number
    readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplateSpec } }
  }
}

/**
 * The version before, if it was of the same object: another uid is another one of the same name. What is known from a trace has no
 * uid, pods apart; there the name counts.
 */
function sameObject<T extends KubeObject>(object: Stored<T>, previous: Stored<T> | undefined): Stored<T> | undefined {
  const { uid = '' } = previous?.metadata ?? {}
  return uid === '' || uid === object.metadata.uid ? previous : undefined
}

function podTransitions({ type, object, previous: before }: Change<Pod>): Transition[] {
  const { namespace = '', name, uid } = object.metadata
  const pod = { kind: 'pod', namespace, name, uid } as const
  const out: Transition[] = []
  const previous = sameObject(object, before)
  if (before !== undefined && previous === undefined) {
    // Its end was missed.
    out.push({ ...pod, uid: before.metadata.uid, op: 'deleted' })
  }
  if (previous === undefined) {
    const owner = ownerOf(object)
    const annotations = tracedAnnotations(object.metadata.annotations)
    out.push({
      ...pod,
      op: 'created',
      ...(owner === undefined ? {} : { owner }),
      labels: object.metadata.labels ?? {},
      ...(annotations === undefined ? {} : { annotations }),
      containers: containersOf(object.spec),
    })
  } else if (
    previous.metadata.labels !== object.metadata.labels &&
    !isDeepStrictEqual(previous.metadata.labels ?? {}, object.metadata.labels ?? {})
  ) {
    out.push({ ...pod, op: 'relabelled', labels: object.metadata.labels ?? {} })
  }
  const node = object.spec?.nodeName
  if (node !== undefined && node !== '' && !previous?.spec?.nodeName) out.push({ ...pod, op: 'bound', node })
  const ready = isReady(object)
  const hasTurned = ready !== (previous !== undefined && isReady(previous))
  const address = object.status?.podIP ?? ''
  if (address === '') {
    // Ready, and the source does not say where.
    if (ready && hasTurned) out.push({ ...pod, op: 'addressed' })
  } else if (address !== previous?.status?.podIP) {
    out.push({ ...pod, op: 'addressed', address })
  }
  const restarts = restartsOf(object)
  if (restarts > (previous === undefined ? 0 : restartsOf(previous))) out.push({ ...pod, op: 'restarted', restarts })
  if (hasTurned) out.push({ ...pod, op: ready ? 'ready' : 'not-ready' })
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

function nodeTransitions({ type, object, previous: before }: Change<Node>): Transition[] {
  const { name } = object.metadata
  const node = { kind: 'node', name } as const
  const out: Transition[] = []
  const previous = sameObject(object, before)
  if (before !== undefined && previous === undefined) out.push({ ...node, op: 'removed' })
  if (previous === undefined) out.push({ ...node, op: 'added', labels: object.metadata.labels ?? {} })
  // A node that is not ready when it is first seen is told by its own event: `added` alone says ready.
  const ready = isReady(object)
  if (ready !== (previous === undefined || isReady(previous))) {
    const reason = object.status?.conditions?.find(condition => condition.type === 'Ready')?.reason
    if (ready) out.push({ ...node, op: 'ready' })
    else out.push({ ...node, op: 'not-ready', ...(reason === undefined ? {} : { reason }) })
  }
  if (type === 'DELETED') out.push({ ...node, op: 'removed' })
  return out
}

/**
 * What somebody asked for. What has a controller is the cluster's own doing, as the ReplicaSets of a Deployment, and shows in
 * its pods: for a trace it is not there.
 */
function workloadTransitions({ type, kind, object, previous: before }: Change<Workload>): Transition[] {
  const { namespace = '', name } = object.metadata
  const workload = { kind: 'workload', namespace, name, type: kind } as const
  const wasThere = before !== undefined && controllerOf(before) === undefined
  if (controllerOf(object) !== undefined) return wasThere ? [{ ...workload, op: 'deleted' }] : []
  const out: Transition[] = []
  const previous = wasThere ? sameObject(object, before) : undefined
  if (wasThere && previous === undefined) out.push({ ...workload, op: 'deleted' })
  if (previous === undefined || hasNewSpec(object, previous)) {
    const template = templateOf(object)
    const replicas = replicasOf(kind, object)
    const selector = object.spec?.selector?.matchLabels
    const strategy = strategyOf(kind, object)
    if (
      previous === undefined ||
      !isDeepStrictEqual(template, templateOf(previous)) ||
      !isDeepStrictEqual(selector, previous.spec?.selector?.matchLabels) ||
      !isDeepStrictEqual(strategy, strategyOf(kind, previous))
    ) {
      const annotations = tracedAnnotations(template?.metadata?.annotations)
      out.push({
        ...workload,
        op: 'applied',
        ...(replicas === undefined ? {} : { replicas }),
        ...(selector === undefined ? {} : { selector }),
        ...(strategy === undefined ? {} : { strategy }),
        labels: template?.metadata?.labels ?? {},
        ...(annotations === undefined ? {} : { annotations }),
        containers: containersOf(template?.spec),
      })
    } else if (replicas !== undefined && replicas !== replicasOf(kind, previous)) {
      out.push({ ...workload, op: 'scaled', replicas })
    }
  }
  if (type === 'DELETED') out.push({ ...workload, op: 'deleted' })
  return out
}

/** The generation stands for the spec: heartbeats and status, by far the most, end here. */
function hasNewSpec(object: Stored<Workload>, previous: Stored<Workload>): boolean {
  const { generation } = object.metadata
  return generation === undefined || generation !== previous.metadata.generation
}

function serviceTransitions({ type, object, previous }: Change<Service>): Transition[] {
  const { namespace = '', name } = object.metadata
  const service = { kind: 'service', namespace, name } as const
  const out: Transition[] = []
  const now = serviceFacts(object)
  if (previous === undefined || !isDeepStrictEqual(now, serviceFacts(previous))) {
    out.push({ ...service, op: 'applied', ...now })
  }
  if (type === 'DELETED') out.push({ ...service, op: 'deleted' })
  return out
}

function serviceFacts({
  metadata,
  spec,
}: Stored<Service>): Pick<Extract<Transition, { kind: 'service' }>, 'labels' | 'selector' | 'ports'> {
  return {
    labels: metadata.labels ?? {},
    selector: spec?.selector ?? {},
    ports: (spec?.ports ?? []).map(({ name, port, targetPort }) => ({
      ...(name === undefined ? {} : { name }),
      port,
      // The API says the port again where nothing else was asked for.
      ...(targetPort === undefined || targetPort === port ? {} : { targetPort }),
    })),
  }
}

export function isReady(object: Stored<Pod> | Stored<Node>): boolean {
  const conditions: readonly { type: string; status: string }[] = object.status?.conditions ?? []
  return conditions.some(condition => condition.type === 'Ready' && condition.status === 'True')
}

function restartsOf(pod: Stored<Pod>): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0)
}

function ownerOf(object: Stored): string | undefined {
  const owner = controllerOf(object)
  return owner === undefined ? undefined : `${owner.kind}/${owner.name}`
}

function templateOf({ spec }: Workload): PodTemplateSpec | undefined {
  return spec?.template ?? spec?.jobTemplate?.spec?.template
}

function replicasOf(kind: string, { spec }: Workload): number | undefined {
  if (kind === 'DaemonSet' || kind === 'CronJob') return undefined
  return (kind === 'Job' ? spec?.parallelism : spec?.replicas) ?? 1
}

function strategyOf(kind: string, object: Workload): TraceStrategy | undefined {
  const { type, rollingUpdate } = (kind === 'Deployment' ? (object as Deployment).spec?.strategy : undefined) ?? {}
  if (type === 'Recreate') return { type }
  if (type !== 'RollingUpdate') return undefined
  const { maxSurge, maxUnavailable } = rollingUpdate ?? {}
  return {
    type,
    ...(maxSurge === undefined ? {} : { maxSurge }),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
  }
}

function tracedAnnotations(annotations: Labels | undefined): Labels | undefined {
  if (annotations === undefined) return undefined
  const traced = Object.entries(annotations).filter(([name]) => isTracedAnnotation(name))
  return traced.length === 0 ? undefined : Object.fromEntries(traced)
}

function containersOf(spec: PodSpec | undefined): TraceContainer[] {
  return (spec?.containers ?? []).map(({ name, image, ports = [] }) => ({
    name,
    ...(image === undefined || image === '' ? {} : { image }),
    ports: ports.map(({ name: portName, containerPort }) =>
      portName === undefined ? { port: containerPort } : { name: portName, port: containerPort },
    ),
  }))
}
