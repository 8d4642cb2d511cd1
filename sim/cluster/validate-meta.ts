import type { ObjectMeta } from 'kubernetes-types/meta/v1.js'
import type { FieldErrors } from './field-errors.ts'
import {
  dns1035LabelFault,
  dnsLabelFault,
  dnsSubdomainFault,
  labelValueFault,
  pathSegmentFault,
  qualifiedNameFault,
} from './names.ts'
import {
  ClusterRoleBindings,
  ClusterRoles,
  Namespaces,
  type ResourceType,
  RoleBindings,
  Roles,
  Services,
  StatefulSets,
} from './resources.ts'

const ANNOTATIONS_BYTES_MAX = 256 * 1024

/** What is wrong with the names of a kind; those of most kinds are subdomains. */
const NAME_FAULTS = new Map<ResourceType, (name: string) => string | undefined>([
  [Services, dns1035LabelFault],
  [Namespaces, dnsLabelFault],
  [StatefulSets, dnsLabelFault],
  [Roles, pathSegmentFault],
  [RoleBindings, pathSegmentFault],
  [ClusterRoles, pathSegmentFault],
  [ClusterRoleBindings, pathSegmentFault],
])

export function validateMeta(type: ResourceType, meta: ObjectMeta, errors: FieldErrors): void {
  const nameFault = NAME_FAULTS.get(type) ?? dnsSubdomainFault
  if (meta.name !== undefined && meta.name !== '') {
    errors.check('metadata.name', meta.name, nameFault)
  } else if (meta.generateName !== undefined && meta.generateName !== '') {
    // What follows the prefix is always good; a trailing dash or dot is therefore fine.
    errors.check('metadata.generateName', meta.generateName.replace(/[-.]$/, ''), nameFault)
  } else {
    errors.required('metadata.name', 'name or generateName is required')
  }
  validateLabels('metadata.labels', meta.labels, errors)
  validateAnnotations('metadata.annotations', meta.annotations, errors)
  for (const finalizer of meta.finalizers ?? []) errors.check('metadata.finalizers', finalizer, qualifiedNameFault)
  validateOwners(meta, errors)
}

export function validateLabels(path: string, labels: ObjectMeta['labels'], errors: FieldErrors): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.check(path, key, qualifiedNameFault)
    errors.check(path, value, labelValueFault)
  }
}

export function validateAnnotations(path: string, annotations: ObjectMeta['annotations'], errors: FieldErrors): void {
  let bytes = 0
  for (const [key, value] of Object.entries(annotations ?? {})) {
    errors.check(path, key.toLowerCase(), qualifiedNameFault)
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (bytes > ANNOTATIONS_BYTES_MAX) errors.tooLong(path, ANNOTATIONS_BYTES_MAX)
}

function validateOwners(meta: ObjectMeta, errors: FieldErrors): void {
  let controllers = 0
  for (const [i, owner] of (meta.ownerReferences ?? []).entries()) {
    const path = `metadata.ownerReferences[${i}]`
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (owner[field] === undefined || owner[field] === '') errors.invalid(`${path}.${field}`, '', 'must not be empty')
    }
    if (owner.controller === true) controllers++
  }
  if (controllers > 1) {
    errors.invalid(
      'metadata.ownerReferences',
      meta.ownerReferences,
      'Only one reference can have Controller set to true',
    )
  }
}
