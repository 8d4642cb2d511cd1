import type { Job, JobCondition, JobStatus, UncountedTerminatedPods } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored, Writable } from '../cluster/index.ts'
import { CompletionIndexes } from './completion-indexes.ts'
import { newJobCondition, trueCondition } from './job-conditions.ts'
import { hasValidIndex, type JobCounts } from './job-counts.ts'
import { completionIndexOf, countsAsFailed, isIndexed, isTracked } from './job-facts.ts'
import { judgeFailure } from './job-policies.ts'
import type { Verdict } from './job-verdict.ts'

/** Kubernetes names at most this many pods in a status that are not counted yet. */
const UNCOUNTED_MAX = 500

/** What manage leaves of the job: running, and its conditions. */
export interface JobState {
  readonly active: number
  readonly ready: number
  readonly terminating: number
  readonly startTime: string | undefined
  readonly conditions: readonly JobCondition[]
}

/**
 * Counting in three writes, so that no pod is lost or counted twice whoever stops when:
 *
 * ```
 *   pods that ended ─▶ 1. status: their uids are uncounted ─▶ 2. their finalizers go ─▶ 3. status: counted, finished
 * ```
 */
export interface Tracking {
  /** The first write. */
  readonly status: JobStatus
  /** Pods whose finalizers go next. */
  readonly release: readonly Stored<Pod>[]
  /** There are more; they come with the next look. */
  readonly isCapped: boolean
}

export function track(job: Stored<Job>, counts: JobCounts, state: JobState, verdict: Verdict | undefined): Tracking {
  const indexed = isIndexed(job)
  const tracked = new Set(counts.pods.filter(isTracked).map(pod => pod.metadata.uid))
  const before = settled(job.status ?? {}, tracked)
  const succeeded = [...(before.uncountedTerminatedPods?.succeeded ?? [])]
  const failed = [...(before.uncountedTerminatedPods?.failed ?? [])]
  const knownFailed = new Set(failed)
  const known = new Set([...succeeded, ...failed])
  const newIndexes: number[] = []
  const release: Stored<Pod>[] = []
  let isCapped = false
  for (const pod of inOrder(job, counts.pods)) {
    if (!isTracked(pod) || !mayRelease(job, counts, pod, verdict)) continue
    release.push(pod)
    const { uid } = pod.metadata
    if (pod.status?.phase === 'Succeeded' && !knownFailed.has(uid)) {
      if (!indexed) {
        if (!known.has(uid)) succeeded.push(uid)
      } else if (hasValidIndex(job, pod) && !counts.completedBefore.has(completionIndexOf(pod)!)) {
        newIndexes.push(completionIndexOf(pod)!)
      }
    } else if (countsAsFailed(pod, job) || isFailure(verdict)) {
      // Once a job has failed, whatever did not succeed has failed with it.
      if (!known.has(uid) && hasValidIndex(job, pod) && judgeFailure(job, pod).counts) failed.push(uid)
    }
    if (newIndexes.length + succeeded.length + failed.length >= UNCOUNTED_MAX) {
      isCapped = true
      break
    }
  }
  const completed = counts.completedBefore.union(CompletionIndexes.of(newIndexes))
  const status = assembled(before, state, {
    conditions: [...withInterim(job, state.conditions, verdict)],
    uncountedTerminatedPods: {
      ...(succeeded.length === 0 ? {} : { succeeded }),
      ...(failed.length === 0 ? {} : { failed }),
    },
    ...(indexed ? { succeeded: completed.size, completedIndexes: completed.toString() } : {}),
    ...(counts.failedIndexes === undefined ? {} : { failedIndexes: counts.failedIndexes.toString() }),
  })
  return { status, release, isCapped }
}

/** The status in which uncounted pods that have lost their finalizer are counted. */
export function settled(status: JobStatus, tracked: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  const stillSucceeded = succeeded.filter(uid => tracked.has(uid))
  const stillFailed = failed.filter(uid => tracked.has(uid))
  const uncountedTerminatedPods: UncountedTerminatedPods = {
    ...(stillSucceeded.length === 0 ? {} : { succeeded: stillSucceeded }),
    ...(stillFailed.length === 0 ? {} : { failed: stillFailed }),
  }
  return {
    ...status,
    ...positive('succeeded', (status.succeeded ?? 0) + succeeded.length - stillSucceeded.length),
    ...positive('failed', (status.failed ?? 0) + failed.length - stillFailed.length),
    uncountedTerminatedPods,
  }
}

/** The condition that ends the job, after the one that announced it. */
export function finalCondition(verdict: Verdict, now: string): JobCondition {
  const type = verdict.type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed'
  return newJobCondition(type, verdict.reason ?? '', verdict.message ?? '', now)
}

export function isFailure(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && verdict.type !== 'SuccessCriteriaMet'
}

function mayRelease(job: Stored<Job>, counts: JobCounts, pod: Stored<Pod>, verdict: Verdict | undefined): boolean {
  if (job.metadata.deletionTimestamp !== undefined || verdict !== undefined) return true
  if (pod.status?.phase === 'Succeeded') return true
  if (!countsAsFailed(pod, job)) return false
  const index = completionIndexOf(pod)
  return index === undefined || counts.lastFailed.get(index)?.metadata.uid !== pod.metadata.uid
}

/** Kubernetes introduces completed indexes in their order. */
function inOrder(job: Job, pods: readonly Stored<Pod>[]): readonly Stored<Pod>[] {
  if (!isIndexed(job)) return pods
  return pods.toSorted((a, b) => (completionIndexOf(a) ?? -1) - (completionIndexOf(b) ?? -1))
}

function withInterim(
  job: Job,
  conditions: readonly JobCondition[],
  verdict: Verdict | undefined,
): readonly JobCondition[] {
  if (verdict === undefined || verdict.type === 'Failed') return conditions
  return trueCondition(job, verdict.type) === undefined ? [...conditions, verdict] : conditions
}

function assembled(before: JobStatus, state: JobState, more: Partial<Writable<JobStatus>>): JobStatus {
  const {
    active: _active,
    conditions: _conditions,
    startTime: _startTime,
    completedIndexes: _indexes,
    ...others
  } = before
  const { succeeded: succeededBefore = 0, ...rest } = others
  const { conditions = [], succeeded = succeededBefore, completedIndexes, ...counted } = more
  return {
    ...rest,
    ...(state.startTime === undefined ? {} : { startTime: state.startTime }),
    ...positive('active', state.active),
    ...positive('succeeded', succeeded),
    ...(completedIndexes === undefined || completedIndexes === '' ? {} : { completedIndexes }),
    ready: state.ready,
    terminating: state.terminating,
    ...(conditions.length === 0 ? {} : { conditions }),
    ...counted,
  }
}

/** Kubernetes leaves counts of zero out. */
function positive<K extends string>(name: K, count: number): Partial<Record<K, number>> {
  return count > 0 ? ({ [name]: count } as Record<K, number>) : {}
}
