import type { Deployment, DeploymentSpec, ReplicaSet, ReplicaSetSpec } from 'kubernetes-types/apps/v1.js'
import type { LabelSelector } from 'kubernetes-types/meta/v1.js'
import type { FieldErrors } from './field-errors.ts'
import { compileLabelSelector } from './label-selector.ts'
import { qualifiedNameFault } from './names.ts'
import { validateLabels } from './validate-meta.ts'
import { validatePodSpec } from './validate-pod.ts'

const STRATEGIES = ['Recreate', 'RollingUpdate']
const OPERATORS = ['DoesNotExist', 'Exists', 'In', 'NotIn']

export function validateDeployment({ spec }: Deployment, errors: FieldErrors): void {
  validateWorkload(spec, errors)
  if (spec === undefined) return
  nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit, errors)
  const { type, rollingUpdate } = spec.strategy ?? {}
  if (!STRATEGIES.includes(type ?? '')) {
    errors.notSupported('spec.strategy.type', type, STRATEGIES)
  } else if (type === 'Recreate') {
    if (rollingUpdate !== undefined && rollingUpdate !== null) {
      errors.forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'")
    }
  } else {
    const surge = checkShare('spec.strategy.rollingUpdate.maxSurge', rollingUpdate?.maxSurge, errors)
    const unavailable = checkShare('spec.strategy.rollingUpdate.maxUnavailable', rollingUpdate?.maxUnavailable, errors)
    if (surge === 0 && unavailable === 0) {
      errors.invalid(
        'spec.strategy.rollingUpdate.maxUnavailable',
        rollingUpdate?.maxUnavailable,
        'may not be 0 when `maxSurge` is 0',
      )
    }
  }
  if ((spec.progressDeadlineSeconds ?? 0) <= (spec.minReadySeconds ?? 0)) {
    errors.invalid('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds, 'must be greater than minReadySeconds')
  }
}

export function validateReplicaSet({ spec }: ReplicaSet, errors: FieldErrors): void {
  validateWorkload(spec, errors)
}

function validateWorkload(spec: DeploymentSpec | ReplicaSetSpec | undefined, errors: FieldErrors): void {
  nonNegative('spec.replicas', spec?.replicas, errors)
  nonNegative('spec.minReadySeconds', spec?.minReadySeconds, errors)
  const selects = validateSelector(spec?.selector, errors)
  const template = spec?.template
  const labels = template?.metadata?.labels
  validateLabels('spec.template.metadata.labels', labels, errors)
  if (selects !== undefined && !selects(labels)) {
    errors.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')
  }
  validatePodSpec('spec.template.spec', template?.spec, errors)
  const policy = template?.spec?.restartPolicy
  if (policy === 'OnFailure' || policy === 'Never') {
    errors.notSupported('spec.template.spec.restartPolicy', policy, ['Always'])
  }
}

/** @returns the matcher of a good selector. */
function validateSelector(
  selector: LabelSelector | undefined,
  errors: FieldErrors,
): ReturnType<typeof compileLabelSelector> | undefined {
  const path = 'spec.selector'
  if (selector === undefined || selector === null) {
    errors.required(path)
    return undefined
  }
  const expressions = selector.matchExpressions ?? []
  if (Object.keys(selector.matchLabels ?? {}).length + expressions.length === 0) {
    errors.invalid(path, selector, 'empty selector is invalid for deployment')
    return undefined
  }
  validateLabels(`${path}.matchLabels`, selector.matchLabels, errors)
  let good = true
  for (const [i, { key, operator, values }] of expressions.entries()) {
    const at = `${path}.matchExpressions[${i}]`
    errors.check(`${at}.key`, key ?? '', qualifiedNameFault)
    if (!OPERATORS.includes(operator)) {
      errors.invalid(`${at}.operator`, operator, 'not a valid selector operator')
      good = false
    } else if ((operator === 'In' || operator === 'NotIn') && (values ?? []).length === 0) {
      errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
    } else if ((operator === 'Exists' || operator === 'DoesNotExist') && (values ?? []).length > 0) {
      errors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    }
  }
  return good ? compileLabelSelector(selector) : undefined
}

/** A number or a percentage; returns the number in it. */
function checkShare(path: string, value: number | string | undefined, errors: FieldErrors): number {
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value < 0) errors.invalid(path, value, 'must be greater than or equal to 0')
    return value
  }
  const percent = /^(\d+)%$/.exec(String(value))
  if (percent === null) {
    errors.invalid(
      path,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    )
    return 0
  }
  return Number(percent[1])
}

function nonNegative(path: string, value: number | undefined, errors: FieldErrors): void {
  if ((value ?? 0) < 0) errors.invalid(path, value, 'must be greater than or equal to 0')
}
