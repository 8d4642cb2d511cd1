import type { Pod, PodCondition, PodStatus } from 'kubernetes-types/core/v1.js'
import { conditionStatus, withCondition } from '../informers/index.ts'
import { containersOf, containerStatus, hasRun, isInitialized, runsAgain } from './pod-containers.ts'

/** Why a kubelet ends a pod by itself. */
export interface PodEnding {
  readonly reason: 'DeadlineExceeded' | 'Evicted'
  readonly message: string
}

type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

/**
 * What the statuses of its containers mean for the pod: phase and the conditions Initialized, Ready and ContainersReady, as
 * a kubelet reckons them. Pure.
 *
 * @param options.ended no container will run again, whatever the restart policy: the pod is being deleted, or the kubelet
 *   ended it, in which case it failed whatever its containers say.
 */
export function derivedStatus(
  pod: Pod,
  status: PodStatus,
  { now, ended }: { readonly now: string; readonly ended?: 'deleted' | PodEnding },
): PodStatus {
  let phase = phaseOf(pod, status, ended !== undefined)
  // A pod that is ended before all its containers ran has a final phase nevertheless.
  if (ended !== undefined && (ended !== 'deleted' || phase !== 'Succeeded')) phase = 'Failed'
  let { conditions } = status
  const set = (condition: PodCondition): void => {
    conditions = withCondition(conditions, condition, now)
  }
  if (phase === 'Succeeded' || phase === 'Failed') set({ type: 'PodReadyToStartContainers', status: 'False' })
  set(initialized(pod, status, phase))
  const containersReady = containersReadyCondition(pod, status, phase)
  set(readyCondition(pod, status, containersReady))
  set(containersReady)
  return { ...status, phase, ...(conditions === undefined ? {} : { conditions }) }
}

/** Ready and ContainersReady are what follows from the containers and the readiness gates. */
export function isReadyAsDerived(pod: Pod, status: PodStatus): boolean {
  const containersReady = containersReadyCondition(pod, status, (status.phase ?? 'Pending') as Phase)
  const ready = readyCondition(pod, status, containersReady)
  return [containersReady, ready].every(condition => {
    const held = status.conditions?.find(({ type }) => type === condition.type)
    return held?.status === condition.status && held.reason === condition.reason && held.message === condition.message
  })
}

function phaseOf(pod: Pod, status: PodStatus, ended: boolean): Phase {
  let pending = 0
  let failed = 0
  let running = 0
  let waiting = 0
  let stopped = 0
  let restarting = 0
  let succeeded = 0
  const hasInitialized = status.containerStatuses?.some(hasRun) ?? false
  for (const part of containersOf(pod)) {
    const own = containerStatus(status, part)
    const terminated = own?.state?.terminated ?? (own?.state?.waiting && own.lastState?.terminated)
    if (own?.state?.running !== undefined) {
      if (part.kind === 'init') pending++
      else running++
      if (part.kind === 'sidecar' && own.started !== true && !hasInitialized) pending++
    } else if (terminated === undefined) {
      if (part.kind !== 'main') pending++
      if (part.kind !== 'init') waiting++
    } else if (part.kind === 'init') {
      if (terminated.exitCode !== 0 && !runsAgain(pod, 'init', terminated.exitCode)) failed++
    } else if (part.kind === 'main') {
      stopped++
      if (terminated.exitCode === 0) succeeded++
      if (runsAgain(pod, 'main', terminated.exitCode)) restarting++
    }
  }
  if (failed > 0) return 'Failed'
  if (pending > 0 || waiting > 0) return 'Pending'
  if (running > 0) return 'Running'
  if (stopped === 0) return 'Pending'
  if (!ended && restarting > 0) return 'Running'
  return stopped === succeeded ? 'Succeeded' : 'Failed'
}

function initialized(pod: Pod, status: PodStatus, phase: Phase): PodCondition {
  const type = 'Initialized'
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' }
  if (status.containerStatuses?.some(hasRun) === true) return { type, status: 'True' }
  const incomplete = containersOf(pod).filter(
    part => part.kind !== 'main' && !isInitialized(part.kind, containerStatus(status, part)),
  )
  if (incomplete.length === 0) return { type, status: 'True' }
  return {
    type,
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.map(({ container }) => container.name).join(' ')}]`,
  }
}

function containersReadyCondition(pod: Pod, status: PodStatus, phase: Phase): PodCondition {
  const type = 'ContainersReady'
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  const unready = containersOf(pod).filter(
    part => part.kind !== 'init' && containerStatus(status, part)?.ready !== true,
  )
  if (unready.length === 0) return { type, status: 'True' }
  return {
    type,
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${unready.map(({ container }) => container.name).join(' ')}]`,
  }
}

function readyCondition(pod: Pod, { conditions }: PodStatus, containersReady: PodCondition): PodCondition {
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' }
  const faults: string[] = []
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const held = conditionStatus(conditions, conditionType)
    if (held === undefined) {
      faults.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`)
    } else if (held !== 'True') {
      faults.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${held}`)
    }
  }
  if (faults.length === 0) return { type: 'Ready', status: 'True' }
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: faults.join(', ') }
}
