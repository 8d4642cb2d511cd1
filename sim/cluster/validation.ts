import type { Event, Node, Pod } from 'kubernetes-types/core/v1.js'
import type { Lease } from 'kubernetes-types/coordination/v1.js'
import { FieldErrors } from './field-errors.ts'
import { qualifiedNameFault } from './names.ts'
import type { KubeObject } from './objects.ts'
import {
  ClusterRoleBindings,
  ClusterRoles,
  ConfigMaps,
  ControllerRevisions,
  CronJobs,
  DaemonSets,
  Deployments,
  Endpoints,
  EndpointSlices,
  Events,
  HorizontalPodAutoscalers,
  IngressClasses,
  Ingresses,
  Jobs,
  Leases,
  LimitRanges,
  NetworkPolicies,
  Nodes,
  PersistentVolumeClaims,
  PersistentVolumes,
  PodDisruptionBudgets,
  Pods,
  PriorityClasses,
  ReplicaSets,
  ResourceQuotas,
  type ResourceType,
  RoleBindings,
  Roles,
  Secrets,
  Services,
  StatefulSets,
  StorageClasses,
} from './resources.ts'
import { validateAutoscaler } from './validate-autoscaler.ts'
import { validateConfigMap, validateLimitRange, validateResourceQuota, validateSecret } from './validate-config.ts'
import { validateIngress, validateIngressClass, validateNewIngress } from './validate-ingress.ts'
import { validateCronJob, validateJob, validateNewCronJob } from './validate-job.ts'
import { validateMeta } from './validate-meta.ts'
import { validateNetworkPolicy } from './validate-network-policy.ts'
import { validatePodSpec } from './validate-pod.ts'
import {
  validateClusterRole,
  validateClusterRoleBinding,
  validateDisruptionBudget,
  validatePriorityClass,
  validateRole,
  validateRoleBinding,
} from './validate-policy.ts'
import { TAINT_EFFECTS } from './validate-scheduling.ts'
import { validateEndpoints, validateService, validateSlice } from './validate-service.ts'
import { validatePersistentVolume, validatePersistentVolumeClaim, validateStorageClass } from './validate-storage.ts'
import { collectUpdateFaults } from './validate-update.ts'
import {
  validateControllerRevision,
  validateDaemonSet,
  validateDeployment,
  validateReplicaSet,
  validateStatefulSet,
} from './validate-workload.ts'

type Rules = (object: KubeObject, errors: FieldErrors) => void

/** Each function is written for the type of its kind, and only ever sees objects of it. */
function of(type: ResourceType, check: (object: never, errors: FieldErrors) => void): [ResourceType, Rules] {
  return [type, check as Rules]
}

/** Kinds that are not named have no rules but those of their meta data. */
const RULES = new Map<ResourceType, Rules>([
  of(Pods, ({ spec }: Pod, errors) => validatePodSpec('spec', spec, errors)),
  of(Nodes, validateNode),
  of(Services, validateService),
  of(Endpoints, validateEndpoints),
  of(EndpointSlices, validateSlice),
  of(Events, validateEvent),
  of(Leases, validateLease),
  of(ConfigMaps, validateConfigMap),
  of(Secrets, validateSecret),
  of(PersistentVolumes, validatePersistentVolume),
  of(PersistentVolumeClaims, validatePersistentVolumeClaim),
  of(ResourceQuotas, validateResourceQuota),
  of(LimitRanges, validateLimitRange),
  of(Deployments, validateDeployment),
  of(ReplicaSets, validateReplicaSet),
  of(StatefulSets, validateStatefulSet),
  of(DaemonSets, validateDaemonSet),
  of(ControllerRevisions, validateControllerRevision),
  of(Jobs, validateJob),
  of(CronJobs, validateCronJob),
  of(HorizontalPodAutoscalers, validateAutoscaler),
  of(PodDisruptionBudgets, validateDisruptionBudget),
  of(Ingresses, validateIngress),
  of(IngressClasses, validateIngressClass),
  of(NetworkPolicies, validateNetworkPolicy),
  of(Roles, validateRole),
  of(RoleBindings, validateRoleBinding),
  of(ClusterRoles, validateClusterRole),
  of(ClusterRoleBindings, validateClusterRoleBinding),
  of(PriorityClasses, validatePriorityClass),
  of(StorageClasses, validateStorageClass),
])

/** Rules for new objects only: those that were there before the rule stay. */
const RULES_OF_NEW = new Map<ResourceType, Rules>([of(CronJobs, validateNewCronJob), of(Ingresses, validateNewIngress)])

/**
 * Judges a complete new object (defaults and admission applied) and tells all its faults at once, as Kubernetes words them.
 *
 * @throws ApiError Invalid
 */
export function validate(type: ResourceType, object: KubeObject): void {
  const errors = new FieldErrors()
  validateMeta(type, object.metadata ?? {}, errors)
  RULES.get(type)?.(object, errors)
  RULES_OF_NEW.get(type)?.(object, errors)
  errors.throwIfAny(type, object.metadata?.name ?? '')
}

/**
 * Judges the next version of an object, and refuses changes to what Kubernetes lets nobody change.
 *
 * @throws ApiError Invalid
 */
export function validateUpdate(type: ResourceType, next: KubeObject, current: KubeObject): void {
  const errors = new FieldErrors()
  validateMeta(type, next.metadata ?? {}, errors)
  RULES.get(type)?.(next, errors)
  collectUpdateFaults(type, next, current, errors)
  errors.throwIfAny(type, next.metadata?.name ?? '')
}

/**
 * Judges the meta data alone: all that a write can have changed which leaves the rest as it is.
 *
 * @throws ApiError Invalid
 */
export function validateMetadata(type: ResourceType, object: KubeObject): void {
  const errors = new FieldErrors()
  validateMeta(type, object.metadata ?? {}, errors)
  errors.throwIfAny(type, object.metadata?.name ?? '')
}

function validateNode({ spec }: Node, errors: FieldErrors): void {
  const seen = new Set<string>()
  for (const [i, taint] of (spec?.taints ?? []).entries()) {
    const path = `spec.taints[${i}]`
    errors.check(`${path}.key`, taint.key ?? '', qualifiedNameFault)
    if (!TAINT_EFFECTS.includes(taint.effect)) errors.notSupported(`${path}.effect`, taint.effect, TAINT_EFFECTS)
    const id = `${taint.key}:${taint.effect}`
    if (seen.has(id)) errors.duplicate(path, taint)
    seen.add(id)
  }
}

function validateLease({ spec }: Lease, errors: FieldErrors): void {
  if (spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
    errors.invalid('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0')
  }
}

function validateEvent({ metadata, involvedObject }: Event, errors: FieldErrors): void {
  const namespace = involvedObject?.namespace ?? ''
  // Events about cluster-scoped objects live in `default`.
  const wanted = namespace === '' ? 'default' : namespace
  if (wanted !== metadata.namespace && !(namespace === '' && metadata.namespace === 'kube-system')) {
    errors.invalid('involvedObject.namespace', namespace, 'does not match event.namespace')
  }
}
