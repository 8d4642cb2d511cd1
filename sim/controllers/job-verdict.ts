import type { Job, JobCondition } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { JobCounts } from './job-counts.ts'
import { newJobCondition, trueCondition } from './job-conditions.ts'
import { countsAsFailed } from './job-facts.ts'
import { judgeFailure, metSuccessRule } from './job-policies.ts'

/** The job is over before its pods are: it failed, or a rule of its success policy is met. */
export type Verdict = JobCondition & { readonly type: 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet' }

/**
 * Whether the job has come to its end while pods may still run. In Kubernetes' order: what was found earlier, failures
 * (by policy, back-off limit, deadline, indexes), then the success policy.
 */
export function verdictOf(job: Job, counts: JobCounts, isPastDeadline: boolean, now: string): Verdict | undefined {
  const met = trueCondition(job, 'SuccessCriteriaMet')
  if (met !== undefined) return met as Verdict
  const target = trueCondition(job, 'FailureTarget')
  if (target !== undefined) return newJobCondition('Failed', target.reason ?? '', target.message ?? '', now) as Verdict
  const failure = failureOf(job, counts, isPastDeadline)
  if (failure !== undefined) return newJobCondition('FailureTarget', ...failure, now) as Verdict
  const rule = metSuccessRule(job, counts.completed)
  if (rule === undefined) return undefined
  return newJobCondition('SuccessCriteriaMet', 'SuccessPolicy', `Matched rules at index ${rule}`, now) as Verdict
}

/** As many pods as were asked for have succeeded, and none is left. */
export function completion(now: string): Verdict {
  const message = 'Reached expected number of succeeded pods'
  return newJobCondition('SuccessCriteriaMet', 'CompletionsReached', message, now) as Verdict
}

/** Reason and message. */
function failureOf(job: Job, counts: JobCounts, isPastDeadline: boolean): [string, string] | undefined {
  const { spec } = job
  for (const pod of spec?.podFailurePolicy === undefined ? [] : counts.pods) {
    const message = countsAsFailed(pod, job) ? judgeFailure(job, pod).message : undefined
    if (message !== undefined) return ['PodFailurePolicy', message]
  }
  const limit = spec?.backoffLimit ?? 6
  if (counts.failed > limit || isPastRestarts(job, counts.pods, limit)) {
    return ['BackoffLimitExceeded', 'Job has reached the specified backoff limit']
  }
  if (isPastDeadline) return ['DeadlineExceeded', 'Job was active longer than specified deadline']
  const failedIndexes = counts.failedIndexes?.size ?? 0
  if (failedIndexes > (spec?.maxFailedIndexes ?? Infinity)) {
    return ['MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes']
  }
  if (failedIndexes > 0 && failedIndexes + counts.completed.size >= (spec?.completions ?? 0)) {
    return ['FailedIndexes', 'Job has failed indexes']
  }
  return undefined
}

/** Containers that are started again in place count by their restarts. */
function isPastRestarts({ spec }: Job, pods: readonly Pod[], limit: number): boolean {
  if (spec?.template.spec?.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue
    for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
      restarts += container.restartCount
    }
  }
  return limit === 0 ? restarts > 0 : restarts >= limit
}
