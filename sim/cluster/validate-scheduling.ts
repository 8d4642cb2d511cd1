import type {
  Affinity,
  NodeSelectorTerm,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from 'kubernetes-types/core/v1.js'
import { isEmpty, oneOf } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { dnsLabelFault, labelValueFault, qualifiedNameFault } from './names.ts'
import { validateSelector } from './validate-selector.ts'

/** What a pod says about the nodes that it wants. Paths as in `FieldErrors`. */

export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function validateTolerations(path: string, tolerations: readonly Toleration[], errors: FieldErrors): void {
  for (const [i, { key, operator, value, effect, tolerationSeconds }] of tolerations.entries()) {
    const at = `${path}[${i}]`
    if (!isEmpty(key)) errors.check(`${at}.key`, key!, qualifiedNameFault)
    else if (operator !== 'Exists') {
      errors.invalid(
        `${at}.operator`,
        operator ?? '',
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      )
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.invalid(`${at}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set")
    }
    if (isEmpty(operator) || operator === 'Equal') errors.check(`${at}.operator`, value ?? '', labelValueFault)
    else if (operator !== 'Exists') oneOf(`${at}.operator`, operator, ['Equal', 'Exists'], errors)
    else if (!isEmpty(value)) {
      errors.invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'")
    }
    if (!isEmpty(effect)) oneOf(`${at}.effect`, effect, TAINT_EFFECTS, errors)
  }
}

export function validateSpread(
  path: string,
  constraints: readonly TopologySpreadConstraint[],
  errors: FieldErrors,
): void {
  const seen = new Set<string>()
  for (const [i, constraint] of constraints.entries()) {
    const at = `${path}[${i}]`
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains, labelSelector } = constraint
    if ((maxSkew ?? 0) <= 0) errors.invalid(`${at}.maxSkew`, maxSkew ?? 0, 'must be greater than zero')
    if (isEmpty(topologyKey)) errors.required(`${at}.topologyKey`, 'can not be empty')
    oneOf(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway'], errors)
    const id = `{${topologyKey}, ${whenUnsatisfiable}}`
    if (seen.has(id)) errors.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, id)
    seen.add(id)
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.invalid(`${at}.minDomains`, minDomains, 'must be greater than zero')
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const sentence = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
        errors.invalid(`${at}.minDomains`, minDomains, sentence)
      }
    }
    validateSelector(`${at}.labelSelector`, labelSelector, errors)
  }
}

export function validateAffinity(path: string, affinity: Affinity, errors: FieldErrors): void {
  const node = affinity.nodeAffinity
  const required = node?.requiredDuringSchedulingIgnoredDuringExecution
  if (required !== undefined) {
    const at = `${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`
    const terms = required.nodeSelectorTerms ?? []
    if (terms.length === 0) errors.required(at, 'must have at least one node selector term')
    for (const [i, term] of terms.entries()) validateNodeTerm(`${at}[${i}]`, term, errors)
  }
  for (const [i, term] of (node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = `${path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${i}]`
    checkWeight(`${at}.weight`, term.weight, errors)
    validateNodeTerm(`${at}.preference`, term.preference, errors)
  }
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const pods = affinity[kind]
    for (const [i, term] of (pods?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      validatePodTerm(`${path}.${kind}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`, term, errors)
    }
    for (const [i, term] of (pods?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const at = `${path}.${kind}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`
      checkWeight(`${at}.weight`, term.weight, errors)
      validatePodTerm(`${at}.podAffinityTerm`, term.podAffinityTerm ?? {}, errors)
    }
  }
}

function validateNodeTerm(path: string, term: NodeSelectorTerm | undefined, errors: FieldErrors): void {
  for (const [i, { key, operator, values }] of (term?.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${i}]`
    const count = (values ?? []).length
    if (operator === 'In' || operator === 'NotIn') {
      if (count === 0) errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (count > 0) {
        errors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
      }
    } else if (operator === 'Gt' || operator === 'Lt') {
      if (count !== 1) {
        errors.required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")
      }
    } else {
      errors.invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator')
    }
    errors.check(`${at}.key`, key ?? '', qualifiedNameFault)
    for (const [j, value] of (values ?? []).entries()) errors.check(`${at}.values[${j}]`, value, labelValueFault)
  }
}

function validatePodTerm(path: string, term: Partial<PodAffinityTerm>, errors: FieldErrors): void {
  validateSelector(`${path}.labelSelector`, term.labelSelector, errors)
  validateSelector(`${path}.namespaceSelector`, term.namespaceSelector, errors)
  for (const namespace of term.namespaces ?? []) errors.check(`${path}.namespace`, namespace, dnsLabelFault)
  if (isEmpty(term.topologyKey)) errors.required(`${path}.topologyKey`, 'can not be empty')
  errors.check(`${path}.topologyKey`, term.topologyKey ?? '', qualifiedNameFault)
}

function checkWeight(path: string, weight: number | undefined, errors: FieldErrors): void {
  if ((weight ?? 0) < 1 || weight! > 100) errors.invalid(path, weight ?? 0, 'must be in the range 1-100')
}
