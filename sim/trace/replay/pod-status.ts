import type { ContainerStatus, Pod, PodCondition } from 'kubernetes-types/core/v1.js'
import { withCondition } from '../../informers/index.ts'
import type { PodEvent } from '../churn-event.ts'

/** What is known where a pod is written. */
export interface PodFacts {
  /** As Kubernetes writes times. */
  readonly now: string
  /** With `addressed`. */
  readonly address: string | undefined
  readonly hostAddress: string | undefined
}

/** `kubernetes-types` has these read-only, as they are for clients. */
type Draft<T> = { -readonly [K in keyof T]: T[K] }
type Status = Draft<NonNullable<Pod['status']>>

/**
 * A pod after an event of its life, as far as labels, spec and status go; creation and deletion are its owner's affair.
 * Pure: the given pod is not changed.
 */
export function podAfter<P extends Pod>(pod: P, event: PodEvent, facts: PodFacts): P {
  switch (event.op) {
    case 'relabelled':
      return { ...pod, metadata: { ...pod.metadata, labels: { ...event.labels } } }
    case 'bound': {
      const spec = { ...pod.spec!, nodeName: event.node! }
      return { ...pod, spec, status: withConditions(pod, facts.now, ['PodScheduled', 'True']) }
    }
    case 'addressed':
      return { ...pod, status: addressed(pod, facts) }
    case 'restarted':
      return { ...pod, status: restarted(pod, event.restarts!) }
    case 'ready':
    case 'not-ready':
      return { ...pod, status: ready(pod, event.op === 'ready', facts.now) }
    case 'succeeded':
    case 'failed':
      return { ...pod, status: ended(pod, event, facts.now) }
    default:
      return pod
  }
}

function addressed(pod: Pod, { now, address, hostAddress }: PodFacts): Status {
  const status: Status = withConditions(
    pod,
    now,
    ['Initialized', 'True'],
    ['PodReadyToStartContainers', 'True'],
    ...(conditionOf(pod, 'Ready') === undefined
      ? ([
          ['Ready', 'False'],
          ['ContainersReady', 'False'],
        ] as const)
      : []),
  )
  status.startTime ??= now
  if (address !== undefined) {
    status.podIP = address
    status.podIPs = [{ ip: address }]
  }
  if (hostAddress !== undefined) {
    status.hostIP = hostAddress
    status.hostIPs = [{ ip: hostAddress }]
  }
  if (status.phase === 'Pending') status.phase = 'Running'
  status.containerStatuses = containersOf(pod).map(container => ({
    ...container,
    started: true,
    state: container.state?.running === undefined ? { running: { startedAt: now } } : container.state,
  }))
  return status
}

function restarted(pod: Pod, restarts: number): Status {
  const containers = containersOf(pod)
  const before = containers.reduce((sum, { restartCount }) => sum + restartCount, 0)
  // Which container it was, the trace does not say: the first.
  const containerStatuses = containers.map((container, i) =>
    i === 0 ? { ...container, restartCount: container.restartCount + restarts - before } : container,
  )
  return { ...pod.status, containerStatuses }
}

function ready(pod: Pod, isReady: boolean, now: string): Status {
  const status = isReady ? 'True' : 'False'
  const next = withConditions(pod, now, ['Ready', status], ['ContainersReady', status])
  next.containerStatuses = containersOf(pod).map(container => ({ ...container, ready: isReady }))
  return next
}

function ended(pod: Pod, { op, reason }: PodEvent, now: string): Status {
  const failed = op === 'failed'
  const containerStatuses = containersOf(pod).map(container => ({
    ...container,
    ready: false,
    started: false,
    state: {
      terminated: { exitCode: failed ? 1 : 0, reason: failed ? 'Error' : 'Completed', finishedAt: now },
    },
  }))
  return {
    ...pod.status,
    phase: failed ? 'Failed' : 'Succeeded',
    ...(reason === undefined ? {} : { reason }),
    containerStatuses,
  }
}

function withConditions(pod: Pod, now: string, ...wanted: readonly (readonly [string, string])[]): Status {
  let conditions: PodCondition[] = pod.status?.conditions ?? []
  for (const [type, status] of wanted) conditions = withCondition(conditions, { type, status }, now)
  return { ...pod.status, conditions }
}

function conditionOf(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find(condition => condition.type === type)
}

/** Statuses of all containers; those that the pod does not have yet are waiting. */
function containersOf(pod: Pod): ContainerStatus[] {
  const known = pod.status?.containerStatuses
  if (known !== undefined) return known
  const names = pod.spec?.containers ?? []
  return (names.length === 0 ? [{ name: 'main', image: '' }] : names).map(({ name, image }) => ({
    name,
    image: image ?? '',
    imageID: '',
    ready: false,
    started: false,
    restartCount: 0,
    lastState: {},
    state: { waiting: { reason: 'ContainerCreating' } },
  }))
}
