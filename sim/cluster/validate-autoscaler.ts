import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from 'kubernetes-types/autoscaling/v2.js'
import { checkPositiveQuantity, isEmpty, oneOf } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { dnsLabelFault, pathSegmentFault } from './names.ts'
import { containerResourceFault } from './resource-names.ts'

const SOURCES = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
} as const
const SELECT_POLICIES = ['Disabled', 'Max', 'Min']
const POLICY_TYPES = ['Percent', 'Pods']
const WINDOW_S_MAX = 3600
const PERIOD_S_MAX = 1800
const EITHER_UTILIZATION = 'must set either a target raw value or a target utilization'

/** Scaling to zero is not allowed: its feature gate is closed by default. */
export function validateAutoscaler({ spec }: HorizontalPodAutoscaler, errors: FieldErrors): void {
  const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics, behavior } = spec ?? {}
  if (minReplicas !== undefined && minReplicas < 1) {
    errors.invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1')
  }
  if (maxReplicas === 0) errors.required('spec.maxReplicas', 'must be set and greater than 0')
  else if (maxReplicas < 0) errors.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1')
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`')
  }
  validateReference('spec.scaleTargetRef', scaleTargetRef, errors)
  for (const [i, metric] of (metrics ?? []).entries()) validateMetric(`spec.metrics[${i}]`, metric, errors)
  validateRules('spec.behavior.scaleUp', behavior?.scaleUp, errors)
  validateRules('spec.behavior.scaleDown', behavior?.scaleDown, errors)
}

function validateReference(path: string, ref: CrossVersionObjectReference | undefined, errors: FieldErrors): void {
  for (const field of ['kind', 'name'] as const) {
    if (isEmpty(ref?.[field])) errors.required(`${path}.${field}`)
    else errors.check(`${path}.${field}`, ref![field], pathSegmentFault)
  }
  const { apiVersion = '' } = ref ?? {}
  if (apiVersion.split('/').length > 2) {
    errors.invalid(`${path}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)
  }
}

function validateMetric(path: string, metric: MetricSpec, errors: FieldErrors): void {
  const known = Object.hasOwn(SOURCES, metric.type ?? '')
  if (isEmpty(metric.type)) errors.required(`${path}.type`, 'must specify a metric source type')
  if (!known) errors.notSupported(`${path}.type`, metric.type ?? '', Object.keys(SOURCES))
  const present = (['object', 'external', 'pods', 'resource', 'containerResource'] as const).filter(
    field => metric[field] !== undefined,
  )
  if (present.length > 0) validateSource(path, metric, present[0]!, errors)
  const expected = known ? SOURCES[metric.type as keyof typeof SOURCES] : undefined
  if (expected !== undefined && metric[expected] === undefined) {
    errors.required(`${path}.${expected}`, 'must populate information for the given metric source')
  }
  if (present.length === 1) return
  for (const field of present) {
    if (field !== expected) errors.forbidden(`${path}.${field}`, 'must populate the given metric source only')
  }
}

function validateSource(
  path: string,
  { object, external, pods, resource, containerResource }: MetricSpec,
  field: (typeof SOURCES)[keyof typeof SOURCES],
  errors: FieldErrors,
): void {
  const at = `${path}.${field}`
  switch (field) {
    case 'object':
      validateReference(`${at}.describedObject`, object?.describedObject, errors)
      validateIdentifier(`${at}.metric`, object?.metric, errors)
      validateTarget(`${at}.target`, object?.target, errors)
      if (object?.target?.value === undefined && object?.target?.averageValue === undefined) {
        errors.required(`${at}.target.averageValue`, 'must set either a target value or averageValue')
      }
      break
    case 'external': {
      validateIdentifier(`${at}.metric`, external?.metric, errors)
      validateTarget(`${at}.target`, external?.target, errors)
      const { value, averageValue } = external?.target ?? {}
      if (value === undefined && averageValue === undefined) {
        const sentence = 'must set either a target value for metric or a per-pod target'
        errors.required(`${at}.target.averageValue`, sentence)
      } else if (value !== undefined && averageValue !== undefined) {
        const sentence = 'may not set both a target value for metric and a per-pod target'
        errors.forbidden(`${at}.target.value`, sentence)
      }
      break
    }
    case 'pods':
      validateIdentifier(`${at}.metric`, pods?.metric, errors)
      validateTarget(`${at}.target`, pods?.target, errors)
      if (pods?.target?.averageValue === undefined) {
        errors.required(`${at}.target.averageValue`, 'must specify a positive target averageValue')
      }
      break
    case 'resource':
      if (isEmpty(resource?.name)) errors.required(`${at}.name`, 'must specify a resource name')
      validateResourceTarget(at, resource?.target, errors)
      break
    case 'containerResource':
      if (isEmpty(containerResource?.name)) errors.required(`${at}.name`, 'must specify a resource name')
      else errors.check(`${at}.name`, containerResource!.name, containerResourceFault)
      if (isEmpty(containerResource?.container)) errors.required(`${at}.container`, 'must specify a container')
      else errors.check(`${at}.container`, containerResource!.container, dnsLabelFault)
      validateResourceTarget(at, containerResource?.target, errors)
      break
  }
}

function validateResourceTarget(path: string, target: MetricTarget | undefined, errors: FieldErrors): void {
  validateTarget(`${path}.target`, target, errors)
  const { averageUtilization, averageValue } = target ?? {}
  if (averageUtilization === undefined && averageValue === undefined) {
    errors.required(`${path}.target.averageUtilization`, EITHER_UTILIZATION)
  } else if (averageUtilization !== undefined && averageValue !== undefined) {
    const sentence = 'may not set both a target raw value and a target utilization'
    errors.forbidden(`${path}.target.averageValue`, sentence)
  }
}

function validateTarget(path: string, target: MetricTarget | undefined, errors: FieldErrors): void {
  const { type = '', value, averageValue, averageUtilization } = target ?? {}
  if (type === '') errors.required(`${path}.type`, 'must specify a metric target type')
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    errors.invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue')
  }
  if (value !== undefined) checkPositiveQuantity(`${path}.value`, value, errors, 'must be positive')
  if (averageValue !== undefined) {
    checkPositiveQuantity(`${path}.averageValue`, averageValue, errors, 'must be positive')
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0')
  }
}

function validateIdentifier(path: string, metric: MetricIdentifier | undefined, errors: FieldErrors): void {
  if (isEmpty(metric?.name)) errors.required(`${path}.name`, 'must specify a metric name')
  else errors.check(`${path}.name`, metric!.name, pathSegmentFault)
}

function validateRules(path: string, rules: HPAScalingRules | undefined, errors: FieldErrors): void {
  if (rules === undefined) return
  const windowS = rules.stabilizationWindowSeconds
  if (windowS !== undefined && (windowS < 0 || windowS > WINDOW_S_MAX)) {
    const bound = windowS < 0 ? 'greater than or equal to zero' : `less than or equal to ${WINDOW_S_MAX}`
    errors.invalid(`${path}.stabilizationWindowSeconds`, windowS, `must be ${bound}`)
  }
  if (rules.selectPolicy !== undefined) oneOf(`${path}.selectPolicy`, rules.selectPolicy, SELECT_POLICIES, errors)
  const policies = rules.policies ?? []
  if (policies.length === 0) errors.required(`${path}.policies`, 'must specify at least one Policy')
  for (const [i, { type, value = 0, periodSeconds = 0 }] of policies.entries()) {
    const at = `${path}.policies[${i}]`
    oneOf(`${at}.type`, type, POLICY_TYPES, errors)
    if (value <= 0) errors.invalid(`${at}.value`, value, 'must be greater than zero')
    if (periodSeconds <= 0) errors.invalid(`${at}.periodSeconds`, periodSeconds, 'must be greater than zero')
    else if (periodSeconds > PERIOD_S_MAX) {
      errors.invalid(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${PERIOD_S_MAX}`)
    }
  }
}
