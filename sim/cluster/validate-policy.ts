import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from 'kubernetes-types/rbac/v1.js'
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.js'
import { atMostAll, checkShare, isEmpty, oneOf } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { dnsSubdomainFault, pathSegmentFault } from './names.ts'
import { validateSelector } from './validate-selector.ts'

const RBAC = 'rbac.authorization.k8s.io'
const USER_PRIORITY_MAX = 1_000_000_000
/** The classes that Kubernetes brings, with their values. */
const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
}

export function validateDisruptionBudget({ spec }: PodDisruptionBudget, errors: FieldErrors): void {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy } = spec ?? {}
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')
  }
  for (const [field, share] of Object.entries({ minAvailable, maxUnavailable })) {
    if (share === undefined) continue
    checkShare(`spec.${field}`, share, errors)
    atMostAll(`spec.${field}`, share, errors)
  }
  validateSelector('spec.selector', spec?.selector, errors)
  if (unhealthyPodEvictionPolicy !== undefined) {
    const choices = ['AlwaysAllow', 'IfHealthyBudget']
    oneOf('spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, choices, errors)
  }
}

export function validatePriorityClass(priorityClass: PriorityClass, errors: FieldErrors): void {
  const { metadata, value, globalDefault, preemptionPolicy } = priorityClass
  const name = metadata?.name ?? ''
  if (name.startsWith('system-')) {
    const known = SYSTEM_PRIORITIES[name]
    const fault =
      known === undefined
        ? `${name} is not a known system priority class`
        : known !== (value ?? 0)
          ? `value of ${name} PriorityClass must be ${known}`
          : globalDefault === true
            ? `globalDefault of ${name} PriorityClass must be false`
            : undefined
    if (fault !== undefined) {
      const sentence = `priority class names with 'system-' prefix are reserved for system use only. error: ${fault}`
      errors.forbidden('metadata.name', sentence)
    }
  } else if ((value ?? 0) > USER_PRIORITY_MAX) {
    errors.forbidden('value', `maximum allowed value of a user defined priority is ${USER_PRIORITY_MAX}`)
  }
  oneOf('preemptionPolicy', preemptionPolicy, ['PreemptLowerPriority', 'Never'], errors)
}

export function validateRole({ rules }: Role, errors: FieldErrors): void {
  for (const [i, rule] of (rules ?? []).entries()) validateRule(`rules[${i}]`, rule, true, errors)
}

export function validateClusterRole({ rules, aggregationRule }: ClusterRole, errors: FieldErrors): void {
  for (const [i, rule] of (rules ?? []).entries()) validateRule(`rules[${i}]`, rule, false, errors)
  if (aggregationRule === undefined) return
  const path = 'aggregationRule.clusterRoleSelectors'
  const selectors = aggregationRule.clusterRoleSelectors ?? []
  if (selectors.length === 0) {
    errors.required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')
  }
  for (const [i, selector] of selectors.entries()) validateSelector(`${path}[${i}]`, selector, errors)
}

function validateRule(path: string, rule: PolicyRule, namespaced: boolean, errors: FieldErrors): void {
  const count = (list: readonly string[] | undefined): number => (list ?? []).length
  const { verbs, nonResourceURLs, apiGroups, resources, resourceNames } = rule
  if (count(verbs) === 0) errors.required(`${path}.verbs`, 'verbs must contain at least one value')
  if (count(nonResourceURLs) > 0) {
    const at = `${path}.nonResourceURLs`
    if (namespaced) errors.invalid(at, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs')
    if (count(apiGroups) + count(resources) + count(resourceNames) > 0) {
      errors.invalid(at, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs')
    }
    return
  }
  if (count(apiGroups) === 0) {
    errors.required(`${path}.apiGroups`, 'resource rules must supply at least one api group')
  }
  if (count(resources) === 0) {
    errors.required(`${path}.resources`, 'resource rules must supply at least one resource')
  }
}

export function validateRoleBinding(binding: RoleBinding, errors: FieldErrors): void {
  validateBinding(binding, ['Role', 'ClusterRole'], true, errors)
}

export function validateClusterRoleBinding(binding: ClusterRoleBinding, errors: FieldErrors): void {
  validateBinding(binding, ['ClusterRole'], false, errors)
}

function validateBinding(
  { roleRef, subjects }: RoleBinding | ClusterRoleBinding,
  kinds: readonly string[],
  namespaced: boolean,
  errors: FieldErrors,
): void {
  oneOf('roleRef.apiGroup', roleRef?.apiGroup ?? '', [RBAC], errors)
  oneOf('roleRef.kind', roleRef?.kind ?? '', kinds, errors)
  if (isEmpty(roleRef?.name)) errors.required('roleRef.name')
  else errors.check('roleRef.name', roleRef.name, pathSegmentFault)
  for (const [i, subject] of (subjects ?? []).entries()) {
    validateSubject(`subjects[${i}]`, subject, namespaced, errors)
  }
}

function validateSubject(path: string, subject: Subject, namespaced: boolean, errors: FieldErrors): void {
  const { kind, name, namespace, apiGroup } = subject
  if (isEmpty(name)) errors.required(`${path}.name`)
  if (kind === 'ServiceAccount') {
    if (!isEmpty(name)) errors.check(`${path}.name`, name, dnsSubdomainFault)
    if (!isEmpty(apiGroup)) errors.notSupported(`${path}.apiGroup`, apiGroup, [''])
    if (!namespaced && isEmpty(namespace)) errors.required(`${path}.namespace`)
  } else if (kind === 'User' || kind === 'Group') {
    oneOf(`${path}.apiGroup`, apiGroup ?? '', [RBAC], errors)
  } else {
    errors.notSupported(`${path}.kind`, kind ?? '', ['ServiceAccount', 'User', 'Group'])
  }
}
