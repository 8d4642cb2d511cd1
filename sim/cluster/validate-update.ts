import { isDeepStrictEqual } from 'node:util'
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { Job, JobSpec } from 'kubernetes-types/batch/v1.js'
import type {
  ConfigMap,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  PodTemplateSpec,
  ResourceQuota,
  Secret,
  Service,
} from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { IngressClass } from 'kubernetes-types/networking/v1.js'
import type { RoleBinding } from 'kubernetes-types/rbac/v1.js'
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.js'
import type { StorageClass } from 'kubernetes-types/storage/v1.js'
import type { FieldErrors } from './field-errors.ts'
import type { KubeObject } from './objects.ts'
import { compareQuantities, parseQuantity } from './quantity.ts'
import {
  ClusterRoleBindings,
  ConfigMaps,
  ControllerRevisions,
  DaemonSets,
  Deployments,
  EndpointSlices,
  IngressClasses,
  Jobs,
  PersistentVolumeClaims,
  PersistentVolumes,
  Pods,
  PriorityClasses,
  ReplicaSets,
  ResourceQuotas,
  type ResourceType,
  RoleBindings,
  Secrets,
  Services,
  StatefulSets,
  StorageClasses,
} from './resources.ts'
import { sourcesOf } from './validate-storage.ts'

const POD_FIELDS =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
const SET_FIELDS =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
  "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
const CLAIM_FIELDS =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
const FROZEN = 'field is immutable when `immutable` is set'

type UpdateRules = (next: KubeObject, current: KubeObject, errors: FieldErrors) => void

/** Each function is written for the type of its kind, and only ever sees objects of it. */
function of<T extends KubeObject>(
  type: ResourceType,
  check: (next: T, current: T, errors: FieldErrors) => void,
): [ResourceType, UpdateRules] {
  return [type, check as UpdateRules]
}

const RULES = new Map<ResourceType, UpdateRules>([
  of(Deployments, keepSelector),
  of(ReplicaSets, keepSelector),
  of(DaemonSets, keepSelector),
  of(StatefulSets, updateStatefulSet),
  of<ControllerRevision>(ControllerRevisions, (next, current, errors) => same('data', next.data, current.data, errors)),
  of(Jobs, updateJob),
  of(Services, updateService),
  of(Pods, updatePod),
  of<EndpointSlice>(EndpointSlices, (next, current, errors) =>
    same('addressType', next.addressType, current.addressType, errors),
  ),
  of(ConfigMaps, updateConfig),
  of<Secret>(Secrets, (next, current, errors) => {
    same('type', next.type, current.type, errors)
    updateConfig(next, current, errors)
  }),
  of(PersistentVolumes, updateVolume),
  of(PersistentVolumeClaims, updateClaim),
  of(ResourceQuotas, updateQuota),
  of(RoleBindings, keepRole),
  of(ClusterRoleBindings, keepRole),
  of<IngressClass>(IngressClasses, (next, current, errors) =>
    same('spec.controller', next.spec?.controller, current.spec?.controller, errors),
  ),
  of<PriorityClass>(PriorityClasses, (next, current, errors) => {
    if ((next.value ?? 0) !== (current.value ?? 0)) errors.forbidden('value', 'may not be changed in an update.')
    same('preemptionPolicy', next.preemptionPolicy, current.preemptionPolicy, errors)
  }),
  of<StorageClass>(StorageClasses, (next, current, errors) => {
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) {
      same(field, next[field], current[field], errors)
    }
  }),
])

/**
 * Adds what `next` changes and Kubernetes lets nobody change. Both are complete, with defaults applied. Where Kubernetes
 * appends a listing of the differences, only its sentence is told.
 */
export function collectUpdateFaults(
  type: ResourceType,
  next: KubeObject,
  current: KubeObject,
  errors: FieldErrors,
): void {
  RULES.get(type)?.(next, current, errors)
}

function same(path: string, next: unknown, current: unknown, errors: FieldErrors): void {
  if (!isDeepStrictEqual(next, current)) errors.invalid(path, next, 'field is immutable')
}

type Selecting = Deployment | ReplicaSet | DaemonSet

function keepSelector(next: Selecting, current: Selecting, errors: FieldErrors): void {
  same('spec.selector', next.spec?.selector, current.spec?.selector, errors)
}

function keepRole(next: RoleBinding, current: RoleBinding, errors: FieldErrors): void {
  if (!isDeepStrictEqual(next.roleRef, current.roleRef)) {
    errors.invalid('roleRef', next.roleRef, 'cannot change roleRef')
  }
}

function updateStatefulSet(next: StatefulSet, current: StatefulSet, errors: FieldErrors): void {
  const fixed = ({ spec }: StatefulSet): unknown => ({
    ...spec,
    replicas: undefined,
    ordinals: undefined,
    template: undefined,
    updateStrategy: undefined,
    revisionHistoryLimit: undefined,
    persistentVolumeClaimRetentionPolicy: undefined,
    minReadySeconds: undefined,
  })
  if (!isDeepStrictEqual(fixed(next), fixed(current))) errors.forbidden('spec', SET_FIELDS)
}

function updateJob(next: Job, current: Job, errors: FieldErrors): void {
  const [after, before] = [next.spec, current.spec]
  if (after === undefined || before === undefined) return
  if (after.completionMode !== 'Indexed') same('spec.completions', after.completions, before.completions, errors)
  else if (after.completions !== before.completions && after.completions !== after.parallelism) {
    const sentence = 'can only be modified in tandem with spec.parallelism'
    errors.invalid('spec.completions', after.completions, sentence)
  }
  same('spec.selector', after.selector, before.selector, errors)
  // Where a job shall run may change until it has begun.
  const isMovable = before.suspend === true && current.status?.startTime === undefined
  const templates = isMovable ? [unplaced(after), unplaced(before)] : [after.template, before.template]
  if (!isDeepStrictEqual(templates[0], templates[1])) {
    errors.invalid('spec.template', after.template, 'field is immutable')
  }
  for (const field of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const) {
    same(`spec.${field}`, after[field], before[field], errors)
  }
}

/** A job's template without what says where its pods shall run. */
function unplaced({ template }: JobSpec): PodTemplateSpec {
  const { nodeAffinity: _node, ...affinity } = template.spec?.affinity ?? {}
  const {
    affinity: _old,
    nodeSelector: _selector,
    tolerations: _tolerations,
    schedulingGates: _gates,
    ...spec
  } = template.spec ?? ({} as PodSpec)
  const { labels: _labels, annotations: _annotations, ...metadata } = template.metadata ?? {}
  return { metadata, spec: { ...spec, ...(Object.keys(affinity).length === 0 ? {} : { affinity }) } }
}

function updateService(next: Service, current: Service, errors: FieldErrors): void {
  const [after, before] = [next.spec, current.spec]
  const had = (before?.clusterIP ?? '') !== '' && before?.type !== 'ExternalName'
  if (had && after?.type !== 'ExternalName' && after?.clusterIP !== before?.clusterIP) {
    errors.invalid('spec.clusterIPs[0]', [after?.clusterIP], 'may not change once set')
  }
}

function updatePod(next: Pod, current: Pod, errors: FieldErrors): void {
  const fixed = ({ spec }: Pod): unknown => ({
    ...spec,
    containers: spec?.containers?.map(container => ({ ...container, image: '' })),
    initContainers: spec?.initContainers?.map(container => ({ ...container, image: '' })),
    tolerations: undefined,
    activeDeadlineSeconds: undefined,
  })
  if (!isDeepStrictEqual(fixed(next), fixed(current))) errors.forbidden('spec', POD_FIELDS)
}

/** Config maps and secrets that are immutable stay so. */
function updateConfig(next: ConfigMap | Secret, current: ConfigMap | Secret, errors: FieldErrors): void {
  if (current.immutable !== true) return
  if (next.immutable !== true) errors.forbidden('immutable', FROZEN)
  for (const field of ['data', 'binaryData'] as const) {
    const [after, before] = [next, current].map(object => (object as ConfigMap)[field] ?? {})
    if (!isDeepStrictEqual(after, before)) errors.forbidden(field, FROZEN)
  }
}

function updateVolume(next: PersistentVolume, current: PersistentVolume, errors: FieldErrors): void {
  const sources = ({ spec }: PersistentVolume): unknown => Object.fromEntries(sourcesOf(spec))
  if (!isDeepStrictEqual(sources(next), sources(current))) {
    errors.forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')
  }
  same('volumeMode', next.spec?.volumeMode, current.spec?.volumeMode, errors)
  const before = current.spec?.nodeAffinity
  if (before !== undefined) same('nodeAffinity', next.spec?.nodeAffinity, before, errors)
}

function updateClaim(next: PersistentVolumeClaim, current: PersistentVolumeClaim, errors: FieldErrors): void {
  const isBound = next.status?.phase === 'Bound'
  const isUnnamed = (current.spec?.volumeName ?? '') === ''
  const fixed = ({ spec }: PersistentVolumeClaim): unknown => ({
    ...spec,
    ...(isUnnamed ? { volumeName: undefined } : {}),
    ...(isBound
      ? {
          resources: { ...spec?.resources, requests: { ...spec?.resources?.requests, storage: undefined } },
          volumeAttributesClassName: undefined,
        }
      : {}),
  })
  if (!isDeepStrictEqual(fixed(next), fixed(current))) errors.forbidden('spec', CLAIM_FIELDS)
  const sizeOf = ({ spec }: PersistentVolumeClaim): ReturnType<typeof parseQuantity> =>
    parseQuantity(spec?.resources?.requests?.storage ?? '0')
  const [after, before] = [sizeOf(next), sizeOf(current)]
  const capacity = parseQuantity(current.status?.capacity?.storage ?? '0')
  if (after !== undefined && before !== undefined && capacity !== undefined) {
    if (compareQuantities(after, before) < 0 && compareQuantities(after, capacity) <= 0) {
      errors.forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity')
    }
  }
  same('volumeMode', next.spec?.volumeMode, current.spec?.volumeMode, errors)
}

function updateQuota(next: ResourceQuota, current: ResourceQuota, errors: FieldErrors): void {
  const scopes = ({ spec }: ResourceQuota): string[] => [...new Set(spec?.scopes ?? [])].sort()
  if (!isDeepStrictEqual(scopes(next), scopes(current))) {
    errors.invalid('spec.scopes', next.spec?.scopes, 'field is immutable')
  }
}
