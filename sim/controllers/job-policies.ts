import type { Job, PodFailurePolicyRule } from 'kubernetes-types/batch/v1.js'
import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import { CompletionIndexes } from './completion-indexes.ts'

/** What a job's `podFailurePolicy` makes of a failed pod. */
export interface FailureVerdict {
  /** Counts towards the back-off limits. */
  readonly counts: boolean
  readonly action?: 'Count' | 'FailIndex' | 'FailJob' | 'Ignore'
  /** Why the job fails: for `FailJob`. */
  readonly message?: string
}

const COUNTS: FailureVerdict = { counts: true }

/** The first rule that the pod meets decides; without one the failure counts. */
export function judgeFailure({ spec }: Job, pod: Pod): FailureVerdict {
  for (const [index, rule] of (spec?.podFailurePolicy?.rules ?? []).entries()) {
    const met = meets(rule, pod)
    if (met === undefined) continue
    const action = rule.action as FailureVerdict['action'] & string
    if (action === 'Ignore') return { counts: false, action }
    if (action === 'FailJob') return { counts: true, action, message: `${met} matching FailJob rule at index ${index}` }
    return { counts: true, action }
  }
  return COUNTS
}

/** What of the pod meets the rule, as Kubernetes says it. */
function meets({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const { namespace, name } = pod.metadata ?? {}
  if (onExitCodes !== undefined) {
    const { containerName, operator, values } = onExitCodes
    const statuses: ContainerStatus[] = [
      ...(pod.status?.containerStatuses ?? []),
      ...(pod.status?.initContainerStatuses ?? []),
    ]
    for (const { name: container, state } of statuses) {
      const exitCode = state?.terminated?.exitCode ?? 0
      if (exitCode === 0 || (containerName !== undefined && containerName !== container)) continue
      if (values.includes(exitCode) !== (operator === 'In')) continue
      return `Container ${container} for pod ${namespace}/${name} failed with exit code ${exitCode}`
    }
    return undefined
  }
  for (const { type, status } of pod.status?.conditions ?? []) {
    const isMet = (onPodConditions ?? []).some(
      pattern => pattern.type === type && (pattern.status ?? 'True') === status,
    )
    if (isMet) return `Pod ${namespace}/${name} has condition ${type}`
  }
  return undefined
}

/** The index of the first rule of the job's `successPolicy` that these indexes meet. */
export function metSuccessRule({ spec }: Job, succeeded: CompletionIndexes): number | undefined {
  if (succeeded.size === 0) return undefined
  const rules = spec?.successPolicy?.rules ?? []
  const met = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && succeeded.size >= succeededCount
    const wanted = CompletionIndexes.parse(succeededIndexes, spec?.completions ?? 0)
    if (wanted.size === 0) return false
    const count = succeeded.overlap(wanted)
    return count === wanted.size || (succeededCount !== undefined && count >= succeededCount)
  })
  return met < 0 ? undefined : met
}
