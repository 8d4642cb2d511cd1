import type { Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { Scale } from 'kubernetes-types/autoscaling/v1.js'
import { ApiError, formatLabelSelector, type Stored } from '../cluster/index.ts'
import { isObject } from './json.ts'

type Scalable = Stored<Deployment> | Stored<ReplicaSet> | Stored<StatefulSet>

/** The `/scale` of an object, the same for every kind that has replicas. */
export function scaleOf(object: Stored): Scale {
  const { metadata, spec, status } = object as Scalable
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace: namespace ?? '', uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec?.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector: formatLabelSelector(spec?.selector) },
  }
}

/**
 * The next version of an object, as a Scale wants it.
 *
 * @throws ApiError BadRequest, Invalid
 */
export function withScale(object: Stored, scale: unknown): Stored {
  const { metadata, spec } = (isObject(scale) ? scale : {}) as { metadata?: unknown; spec?: unknown }
  const name = isObject(metadata) ? metadata.name : undefined
  if (name !== undefined && name !== object.metadata.name) {
    throw new ApiError(
      'BadRequest',
      `the name of the object (${JSON.stringify(name)}) does not match the name on the URL (${object.metadata.name})`,
    )
  }
  const replicas = (isObject(spec) ? spec.replicas : undefined) ?? 0
  if (typeof replicas !== 'number' || !Number.isSafeInteger(replicas)) {
    throw new ApiError(
      'BadRequest',
      'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal value into Go struct field ScaleSpec.spec.replicas of type int32',
    )
  }
  if (replicas < 0) {
    const causes = [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
        field: 'spec.replicas',
      },
    ]
    throw new ApiError(
      'Invalid',
      `Scale.autoscaling "${object.metadata.name}" is invalid: spec.replicas: ${causes[0]!.message}`,
      { name: object.metadata.name, group: 'autoscaling', kind: 'Scale', causes },
    )
  }
  const wanted = isObject(metadata) && typeof metadata.resourceVersion === 'string' ? metadata.resourceVersion : ''
  return {
    ...object,
    metadata: { ...object.metadata, resourceVersion: wanted },
    spec: { ...(object as Scalable).spec, replicas },
  } as Stored
}
