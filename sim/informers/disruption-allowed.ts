import type { Condition } from 'kubernetes-types/meta/v1.js'
import type { PodDisruptionBudgetStatus } from 'kubernetes-types/policy/v1.js'

const TYPE = 'DisruptionAllowed'

/** The status with its condition `DisruptionAllowed`, which says whether there are disruptions to allow. */
export function withDisruptionAllowed(status: PodDisruptionBudgetStatus, now: string): PodDisruptionBudgetStatus {
  return status.disruptionsAllowed > 0
    ? withReason(status, 'True', 'SufficientPods', '', now)
    : withReason(status, 'False', 'InsufficientPods', '', now)
}

/** The status of a budget whose pods cannot be counted: nothing is allowed until they can. */
export function withSyncFailed(
  status: PodDisruptionBudgetStatus,
  message: string,
  now: string,
): PodDisruptionBudgetStatus {
  return withReason({ ...status, disruptionsAllowed: 0 }, 'False', 'SyncFailed', message, now)
}

function withReason(
  status: PodDisruptionBudgetStatus,
  value: 'False' | 'True',
  reason: string,
  message: string,
  now: string,
): PodDisruptionBudgetStatus {
  const conditions = status.conditions ?? []
  const index = conditions.findIndex(({ type }) => type === TYPE)
  const old = conditions[index]
  const next: Condition = {
    type: TYPE,
    status: value,
    observedGeneration: status.observedGeneration ?? 0,
    lastTransitionTime: old?.status === value ? old.lastTransitionTime : now,
    reason,
    message,
  }
  return { ...status, conditions: index < 0 ? [...conditions, next] : conditions.with(index, next) }
}
