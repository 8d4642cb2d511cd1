import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import type { ClusterRoleBinding, RoleBinding } from 'kubernetes-types/rbac/v1.js'
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.js'
import type { Writable } from './objects.ts'

const RBAC = 'rbac.authorization.k8s.io'

/** A budget nobody has looked at yet allows nothing. */
export function defaultDisruptionBudget(budget: Writable<PodDisruptionBudget>): void {
  budget.status ??= { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
}

export function defaultRoleBinding({ roleRef, subjects }: RoleBinding | ClusterRoleBinding): void {
  if (roleRef !== undefined) roleRef.apiGroup ||= RBAC
  for (const subject of subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= RBAC
  }
}

export function defaultPriorityClass(priorityClass: PriorityClass): void {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority'
}
