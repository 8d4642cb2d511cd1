import { isDeepStrictEqual } from 'node:util'
import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { PodSpec, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import { FieldErrors } from './field-errors.ts'
import type { KubeObject } from './objects.ts'
import { Deployments, EndpointSlices, Pods, ReplicaSets, type ResourceType, Services } from './resources.ts'

const POD_FIELDS =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

/**
 * Refuses changes to what Kubernetes lets nobody change.
 *
 * @throws ApiError Invalid
 */
export function validateUpdate(type: ResourceType, next: KubeObject, current: KubeObject): void {
  const errors = new FieldErrors()
  switch (type) {
    case Deployments:
    case ReplicaSets: {
      const selector = (next as Deployment | ReplicaSet).spec?.selector
      if (!isDeepStrictEqual(selector, (current as Deployment | ReplicaSet).spec?.selector)) {
        errors.invalid('spec.selector', selector, 'field is immutable')
      }
      break
    }
    case Services: {
      const before = (current as Service).spec
      const after = (next as Service).spec
      const had = (before?.clusterIP ?? '') !== '' && before?.type !== 'ExternalName'
      if (had && after?.type !== 'ExternalName' && after?.clusterIP !== before?.clusterIP) {
        errors.invalid('spec.clusterIPs[0]', [after?.clusterIP], 'may not change once set')
      }
      break
    }
    case Pods:
      if (!isDeepStrictEqual(fixedPart((next as Pod).spec), fixedPart((current as Pod).spec))) {
        errors.forbidden('spec', POD_FIELDS)
      }
      break
    case EndpointSlices: {
      const { addressType } = next as EndpointSlice
      if (addressType !== (current as EndpointSlice).addressType) {
        errors.invalid('addressType', addressType, 'field is immutable')
      }
      break
    }
    default:
  }
  errors.throwIfAny(type, next.metadata?.name ?? '')
}

function fixedPart(spec: PodSpec | undefined): unknown {
  const strip = (containers: PodSpec['initContainers']): unknown =>
    containers?.map(container => ({ ...container, image: '' }))
  return {
    ...spec,
    containers: strip(spec?.containers),
    initContainers: strip(spec?.initContainers),
    tolerations: undefined,
    activeDeadlineSeconds: undefined,
  }
}
