import type { Job, JobCondition } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { isFinished } from '../informers/index.ts'

/** Holds a pod until its job has counted it. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking'
/** Annotation and label of the pods of an Indexed job. */
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index'
/** Failures of an index that count towards `backoffLimitPerIndex`, and those that a policy ignored, before this pod. */
export const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count'
export const INDEX_IGNORED_FAILURES = 'batch.kubernetes.io/job-index-ignored-failure-count'

export function isTracked(pod: Pod): boolean {
  return (pod.metadata?.finalizers ?? []).includes(TRACKING_FINALIZER)
}

export function isIndexed({ spec }: Job): boolean {
  return spec?.completionMode === 'Indexed'
}

export function isSuspended({ spec }: Job): boolean {
  return spec?.suspend === true
}

/** Somebody else looks after the job. */
export function isManagedElsewhere({ spec }: Job): boolean {
  return (spec?.managedBy ?? 'kubernetes.io/job-controller') !== 'kubernetes.io/job-controller'
}

/** Complete or Failed, once and for all. */
export function finishedCondition({ status }: Job): JobCondition | undefined {
  return status?.conditions?.find(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  )
}

/** `undefined` for a pod without one, or with one that is no index. */
export function completionIndexOf(pod: Pod): number | undefined {
  const text = pod.metadata?.annotations?.[COMPLETION_INDEX]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

/** Is on its way out, with containers that have not ended. */
export function isTerminating(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined && !isFinished(pod)
}

/** Pods are replaced when they have failed, not already when they are being deleted. */
export function replacesFailedOnly({ spec }: Job): boolean {
  return spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined
}

/** Failed; a pod that is being deleted counts as failed too, unless only failed ones are replaced. */
export function countsAsFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true
  return !replacesFailedOnly(job) && isTerminating(pod)
}

/** Failures of the pod's index before it, those that were ignored included. */
export function indexFailures(pod: Pod): number {
  return failureCount(pod, INDEX_FAILURES) + failureCount(pod, INDEX_IGNORED_FAILURES)
}

export function failureCount({ metadata }: Pod, annotation: string): number {
  const text = metadata?.annotations?.[annotation]
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0
}
