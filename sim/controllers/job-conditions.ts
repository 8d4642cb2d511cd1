import type { Job, JobCondition } from 'kubernetes-types/batch/v1.js'

/** A condition that holds from now on. */
export function newJobCondition(type: string, reason: string, message: string, now: string): JobCondition {
  return { type, status: 'True', lastProbeTime: now, lastTransitionTime: now, reason, message }
}

export function trueCondition({ status }: Job, type: string): JobCondition | undefined {
  return status?.conditions?.find(condition => condition.type === type && condition.status === 'True')
}

/**
 * The conditions with `Suspended` as it is now, or `undefined` when it was so before. A job that was never suspended does
 * not say that it is not.
 */
export function withSuspended(
  conditions: readonly JobCondition[],
  suspended: boolean,
  now: string,
): JobCondition[] | undefined {
  const index = conditions.findIndex(({ type }) => type === 'Suspended')
  const status = suspended ? 'True' : 'False'
  if (index < 0 ? !suspended : conditions[index]!.status === status) return undefined
  const reason = suspended ? 'JobSuspended' : 'JobResumed'
  const message = suspended ? 'Job suspended' : 'Job resumed'
  const next = { ...newJobCondition('Suspended', reason, message, now), status }
  return index < 0 ? [...conditions, next] : conditions.with(index, next)
}
