import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import { ageOf } from './human-duration.ts'

export interface PodSummary {
  readonly ready: string
  readonly status: string
  readonly restarts: string
}

/**
 * READY, STATUS and RESTARTS of a pod as `kubectl get` shows them: the phase, overruled by what its containers wait for
 * or died of, overruled by deletion.
 */
export function summarizePod(pod: Pod, nowMs: number): PodSummary {
  const { spec, status, metadata } = pod
  const statuses = status?.containerStatuses ?? []
  const phase = status?.phase ?? ''
  let reason = status?.reason !== undefined && status.reason !== '' ? status.reason : phase
  if (status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated')) {
    reason = 'SchedulingGated'
  }
  const init = initReason(pod)
  if (init !== undefined) reason = init
  const counted = init === undefined ? statuses : (status?.initContainerStatuses ?? [])
  if (init === undefined) reason = containerReason(statuses, reason, pod)
  if (metadata?.deletionTimestamp !== undefined) {
    if (status?.reason === 'NodeLost') reason = 'Unknown'
    else if (phase !== 'Succeeded' && phase !== 'Failed') reason = 'Terminating'
  }
  const ready = statuses.filter(container => container.ready && container.state?.running !== undefined).length
  return { ready: `${ready}/${spec?.containers.length ?? 0}`, status: reason, restarts: restarts(counted, nowMs) }
}

/** What the first unfinished init container says, or `undefined` when all are done. */
function initReason({ spec, status }: Pod): string | undefined {
  const total = spec?.initContainers?.length ?? 0
  for (const [i, { state, started }] of (status?.initContainerStatuses ?? []).entries()) {
    if (state?.terminated?.exitCode === 0) continue
    const sidecar = (spec?.initContainers?.[i] as { restartPolicy?: string } | undefined)?.restartPolicy === 'Always'
    if (sidecar && started === true) continue
    if (state?.terminated !== undefined) return `Init:${terminatedReason(state.terminated)}`
    const waiting = state?.waiting?.reason
    if (waiting !== undefined && waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`
    return `Init:${i}/${total}`
  }
  return undefined
}

function containerReason(statuses: readonly ContainerStatus[], phaseReason: string, pod: Pod): string {
  let reason = phaseReason
  let running = false
  for (const { state, ready } of statuses.toReversed()) {
    if (state?.waiting?.reason !== undefined && state.waiting.reason !== '') reason = state.waiting.reason
    else if (state?.terminated !== undefined) reason = terminatedReason(state.terminated)
    else if (ready && state?.running !== undefined) running = true
  }
  if (reason !== 'Completed' || !running) return reason
  const isReady = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  return isReady === true ? 'Running' : 'NotReady'
}

function terminatedReason(terminated: { reason?: string; signal?: number; exitCode: number }): string {
  if (terminated.reason !== undefined && terminated.reason !== '') return terminated.reason
  if (terminated.signal !== undefined && terminated.signal !== 0) return `Signal:${terminated.signal}`
  return `ExitCode:${terminated.exitCode}`
}

function restarts(statuses: readonly ContainerStatus[], nowMs: number): string {
  let count = 0
  let last: string | undefined
  for (const { restartCount, lastState } of statuses) {
    count += restartCount
    const finished = lastState?.terminated?.finishedAt
    if (finished !== undefined && (last === undefined || finished > last)) last = finished
  }
  return count === 0 || last === undefined ? String(count) : `${count} (${ageOf(last, nowMs)} ago)`
}
