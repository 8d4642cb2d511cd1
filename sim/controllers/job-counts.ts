import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'
import { isActive, isReady } from '../informers/index.ts'
import { CompletionIndexes } from './completion-indexes.ts'
import {
  completionIndexOf,
  countsAsFailed,
  failureCount,
  INDEX_FAILURES,
  indexFailures,
  isIndexed,
  isTerminating,
  isTracked,
} from './job-facts.ts'
import { judgeFailure } from './job-policies.ts'

/** A job and its pods at one instant, counted. */
export interface JobCounts {
  readonly pods: readonly Stored<Pod>[]
  readonly active: readonly Stored<Pod>[]
  readonly ready: number
  readonly terminating: number
  /** Ended since the status was last written: they still have their finalizer, and are not among the uncounted. */
  readonly newlySucceeded: readonly Stored<Pod>[]
  readonly newlyFailed: readonly Stored<Pod>[]
  /** All there ever were, the new ones included; for an Indexed job the number of indexes. */
  readonly succeeded: number
  /** Those that a policy ignores are not among them. */
  readonly failed: number
  /** Indexed jobs: what the status says, and with the new ones. */
  readonly completedBefore: CompletionIndexes
  readonly completed: CompletionIndexes
  /** With a back-off limit for each index. */
  readonly failedIndexes: CompletionIndexes | undefined
  /** With such a limit: the last failed pod of an index that waits for another. It is kept until that one is there. */
  readonly lastFailed: ReadonlyMap<number, Stored<Pod>>
}

/** O(pods of the job). */
export function countPods(
  job: Stored<Job>,
  pods: readonly Stored<Pod>[],
  endedMs: (pod: Stored<Pod>) => number,
): JobCounts {
  const { status = {} } = job
  const active = pods.filter(isActive)
  const uncounted = new Set(status.uncountedTerminatedPods?.succeeded ?? [])
  const uncountedFailed = new Set(status.uncountedTerminatedPods?.failed ?? [])
  const valid = pods.filter(pod => isTracked(pod) && hasValidIndex(job, pod))
  const newlySucceeded = valid.filter(pod => pod.status?.phase === 'Succeeded' && !uncounted.has(pod.metadata.uid))
  const newlyFailed = valid.filter(pod => countsAsFailed(pod, job) && !uncountedFailed.has(pod.metadata.uid))
  const counted = newlyFailed.filter(pod => judgeFailure(job, pod).counts)
  const common = {
    pods,
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter(isTerminating).length,
    newlySucceeded,
    newlyFailed,
    failed: (status.failed ?? 0) + counted.length + uncountedFailed.size,
  }
  if (!isIndexed(job)) {
    return {
      ...common,
      succeeded: (status.succeeded ?? 0) + newlySucceeded.length + uncounted.size,
      completedBefore: CompletionIndexes.none,
      completed: CompletionIndexes.none,
      failedIndexes: undefined,
      lastFailed: new Map(),
    }
  }
  const completions = job.spec?.completions ?? 0
  const completedBefore = CompletionIndexes.parse(status.completedIndexes, completions)
  const succeededNow = valid.filter(pod => pod.status?.phase === 'Succeeded').map(pod => completionIndexOf(pod)!)
  const completed = completedBefore.union(CompletionIndexes.of(succeededNow))
  const failedIndexes = countFailedIndexes(job, valid)
  return {
    ...common,
    succeeded: completed.size,
    completedBefore,
    completed,
    failedIndexes,
    lastFailed:
      failedIndexes === undefined ? new Map() : lastFailedPods(job, valid, active, completed, failedIndexes, endedMs),
  }
}

/** Pods of an Indexed job count only with an index that the job has. */
export function hasValidIndex(job: Job, pod: Pod): boolean {
  if (!isIndexed(job)) return true
  const index = completionIndexOf(pod)
  return index !== undefined && index < (job.spec?.completions ?? 0)
}

export function indexesOf(pods: readonly Pod[]): CompletionIndexes {
  return CompletionIndexes.of(pods.map(completionIndexOf).filter(index => index !== undefined))
}

function countFailedIndexes(job: Stored<Job>, valid: readonly Stored<Pod>[]): CompletionIndexes | undefined {
  const limit = job.spec?.backoffLimitPerIndex
  if (limit === undefined) return undefined
  const failed = valid.filter(pod => {
    if (!countsAsFailed(pod, job)) return false
    const { counts, action } = judgeFailure(job, pod)
    return action === 'FailIndex' || (counts && failureCount(pod, INDEX_FAILURES) >= limit)
  })
  const before = CompletionIndexes.parse(job.status?.failedIndexes, job.spec?.completions ?? 0)
  return before.union(indexesOf(failed))
}

function lastFailedPods(
  job: Job,
  valid: readonly Stored<Pod>[],
  active: readonly Stored<Pod>[],
  completed: CompletionIndexes,
  failed: CompletionIndexes,
  endedMs: (pod: Stored<Pod>) => number,
): ReadonlyMap<number, Stored<Pod>> {
  const settled = completed.union(failed).union(indexesOf(active))
  const last = new Map<number, Stored<Pod>>()
  for (const pod of valid) {
    const index = completionIndexOf(pod)!
    if (!countsAsFailed(pod, job) || settled.has(index)) continue
    const other = last.get(index)
    if (other === undefined || (indexFailures(other) <= indexFailures(pod) && endedMs(pod) >= endedMs(other))) {
      last.set(index, pod)
    }
  }
  return last
}
