import type { OwnerReference } from 'kubernetes-types/meta/v1.js'
import { apiVersionOf, type KubeObject, type ResourceType, type Stored } from '../cluster/index.ts'

/** The owner that manages the object, if there is one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find(owner => owner.controller === true)
}

/** A reference that makes `owner` the controller of what carries it. */
export function controllerReference(type: ResourceType, owner: Stored): OwnerReference {
  const { name, uid } = owner.metadata
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}
