import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
  StatefulSetSpec,
} from 'kubernetes-types/apps/v1.js'
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import type { LabelSelector } from 'kubernetes-types/meta/v1.js'
import { atMostAll, checkShare, isEmpty, nonNegative, oneOf } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { dnsLabelFault } from './names.ts'
import { validatePodTemplate } from './validate-pod.ts'
import { selectsEverything, validateSelector } from './validate-selector.ts'
import { validateClaimSpec } from './validate-storage.ts'

const STRATEGIES = ['Recreate', 'RollingUpdate']
const CLAIM_RETENTION = ['Retain', 'Delete']

export function validateDeployment({ spec }: Deployment, errors: FieldErrors): void {
  nonNegative('spec.replicas', spec?.replicas, errors)
  validateOwnPods('deployment', 'ReplicaSet', spec, errors)
  if (spec === undefined) return
  const { type, rollingUpdate } = spec.strategy ?? {}
  if (!STRATEGIES.includes(type ?? '')) {
    errors.notSupported('spec.strategy.type', type, STRATEGIES)
  } else if (type === 'Recreate') {
    if (rollingUpdate !== undefined && rollingUpdate !== null) {
      errors.forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'")
    }
  } else {
    const path = 'spec.strategy.rollingUpdate'
    const unavailable = checkShare(`${path}.maxUnavailable`, rollingUpdate?.maxUnavailable, errors)
    const surge = checkShare(`${path}.maxSurge`, rollingUpdate?.maxSurge, errors)
    if (surge === 0 && unavailable === 0) {
      errors.invalid(`${path}.maxUnavailable`, rollingUpdate?.maxUnavailable, 'may not be 0 when `maxSurge` is 0')
    }
    atMostAll(`${path}.maxUnavailable`, rollingUpdate?.maxUnavailable, errors)
  }
  nonNegative('spec.minReadySeconds', spec.minReadySeconds, errors)
  nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit, errors)
  nonNegative('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds, errors)
  if ((spec.progressDeadlineSeconds ?? 0) <= (spec.minReadySeconds ?? 0)) {
    errors.invalid('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds, 'must be greater than minReadySeconds')
  }
}

export function validateReplicaSet({ spec }: ReplicaSet, errors: FieldErrors): void {
  nonNegative('spec.replicas', spec?.replicas, errors)
  nonNegative('spec.minReadySeconds', spec?.minReadySeconds, errors)
  validateOwnPods('deployment', 'ReplicaSet', spec, errors)
}

export function validateStatefulSet({ spec }: StatefulSet, errors: FieldErrors): void {
  const policy = spec?.podManagementPolicy
  if (isEmpty(policy)) errors.required('spec.podManagementPolicy')
  else if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    errors.invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'")
  }
  validateSetStrategy(spec?.updateStrategy, errors)
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const retention = spec?.persistentVolumeClaimRetentionPolicy?.[field]
    oneOf(`spec.persistentVolumeClaimRetentionPolicy.${field}`, retention, CLAIM_RETENTION, errors)
  }
  for (const [i, claim] of (spec?.volumeClaimTemplates ?? []).entries()) {
    validateClaimSpec(`spec.volumeClaimTemplates[${i}].spec`, claim.spec, errors)
  }
  nonNegative('spec.replicas', spec?.replicas, errors)
  nonNegative('spec.minReadySeconds', spec?.minReadySeconds, errors)
  nonNegative('spec.ordinals.start', spec?.ordinals?.start, errors)
  if (!isEmpty(spec?.serviceName)) errors.check('spec.serviceName', spec!.serviceName, dnsLabelFault)
  validateOwnPods('statefulset', 'StatefulSet', spec === undefined ? undefined : withClaimVolumes(spec), errors)
}

function validateSetStrategy(strategy: StatefulSetSpec['updateStrategy'], errors: FieldErrors): void {
  const path = 'spec.updateStrategy'
  const { type, rollingUpdate } = strategy ?? {}
  if (isEmpty(type)) errors.required(path)
  else if (type === 'OnDelete') {
    if (rollingUpdate !== undefined) {
      errors.invalid(`${path}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")
    }
  } else if (type !== 'RollingUpdate') {
    errors.invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")
  } else if (rollingUpdate !== undefined) {
    nonNegative(`${path}.rollingUpdate.partition`, rollingUpdate.partition, errors)
    if (rollingUpdate.maxUnavailable !== undefined) {
      const at = `${path}.rollingUpdate.maxUnavailable`
      if (checkShare(at, rollingUpdate.maxUnavailable, errors) === 0) {
        errors.invalid(at, rollingUpdate.maxUnavailable, 'cannot be 0')
      }
      atMostAll(at, rollingUpdate.maxUnavailable, errors)
    }
  }
}

/** The pods of a stateful set have a volume for each claim, and a host name, that its controller gives them. */
function withClaimVolumes(spec: StatefulSetSpec): StatefulSetSpec {
  const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? '')
  const pod = spec.template?.spec
  if (pod === undefined) return spec
  const { hostname: _hostname, subdomain: _subdomain, ...rest } = pod
  const volumes = [
    ...claims.map(name => ({ name, persistentVolumeClaim: { claimName: name } })),
    ...(pod.volumes ?? []).filter(({ name }) => !claims.includes(name)),
  ]
  return { ...spec, template: { ...spec.template, spec: { ...rest, volumes } } }
}

export function validateDaemonSet({ spec }: DaemonSet, errors: FieldErrors): void {
  const selector = spec?.selector
  const selects = selector === undefined ? selectsNothing : validateSelector('spec.selector', selector, errors)
  checkLabels(spec?.template, selects, errors)
  if (selector !== undefined && selectsEverything(selector)) {
    errors.invalid('spec.selector', selector, 'empty selector is invalid for daemonset')
  }
  validateLastingPods('DaemonSet', spec?.template, errors)
  nonNegative('spec.minReadySeconds', spec?.minReadySeconds, errors)
  const path = 'spec.updateStrategy'
  const { type, rollingUpdate } = spec?.updateStrategy ?? {}
  if (type === 'RollingUpdate') {
    const { maxUnavailable, maxSurge } = rollingUpdate ?? {}
    const unavailable = checkShare(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, errors)
    const surge = checkShare(`${path}.rollingUpdate.maxSurge`, maxSurge, errors)
    atMostAll(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, errors)
    atMostAll(`${path}.rollingUpdate.maxSurge`, maxSurge, errors)
    if (unavailable !== 0 && surge !== 0) {
      errors.invalid(`${path}.rollingUpdate.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero')
    } else if (unavailable === 0 && surge === 0) {
      errors.required(`${path}.rollingUpdate.maxUnavailable`, 'cannot be 0 when maxSurge is 0')
    }
  } else if (type !== 'OnDelete') {
    errors.notSupported(path, spec?.updateStrategy, ['RollingUpdate', 'OnDelete'])
  }
  nonNegative('spec.revisionHistoryLimit', spec?.revisionHistoryLimit, errors)
}

export function validateControllerRevision({ data, revision }: ControllerRevision, errors: FieldErrors): void {
  nonNegative('revision', revision, errors)
  if (data === undefined || data === null) errors.required('data', 'data is mandatory')
  else if (typeof data !== 'object' || Array.isArray(data)) {
    errors.required('data', 'data must be a valid JSON object')
  }
}

interface OwnPods {
  readonly selector?: LabelSelector
  readonly template?: PodTemplateSpec
}

/** Selector and template of a kind that must select the pods it makes. Replica sets are called deployments here, as there. */
function validateOwnPods(word: string, kind: string, spec: OwnPods | undefined, errors: FieldErrors): void {
  const { selector, template } = spec ?? {}
  if (selector === undefined) errors.required('spec.selector')
  const selects = selector === undefined ? selectsNothing : validateSelector('spec.selector', selector, errors)
  if (selector !== undefined && selectsEverything(selector)) {
    errors.invalid('spec.selector', selector, `empty selector is invalid for ${word}`)
  }
  checkLabels(template, selects, errors)
  validateLastingPods(kind, template, errors)
}

function selectsNothing(): boolean {
  return false
}

function checkLabels(
  template: PodTemplateSpec | undefined,
  selects: ReturnType<typeof validateSelector>,
  errors: FieldErrors,
): void {
  const labels = template?.metadata?.labels
  if (selects === undefined || selects(labels)) return
  errors.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')
}

/** Pods that are started again whenever they end. */
function validateLastingPods(kind: string, template: PodTemplateSpec | undefined, errors: FieldErrors): void {
  validatePodTemplate('spec.template', template, errors)
  const pod = template?.spec
  if (pod?.restartPolicy !== 'Always' && pod !== undefined) {
    errors.notSupported('spec.template.spec.restartPolicy', pod.restartPolicy, ['Always'])
  }
  if (pod?.activeDeadlineSeconds !== undefined) {
    const at = 'spec.template.spec.activeDeadlineSeconds'
    errors.forbidden(at, `activeDeadlineSeconds in ${kind} is not Supported`)
  }
}
