import type { OwnerReference } from 'kubernetes-types/meta/v1.js'
import { apiVersionOf, Deployments, type ObjectStore, ReplicaSets, type Stored } from '../cluster/index.ts'
import { controllerOf } from '../informers/index.ts'

/** How many pods a controller is meant to have. */
export interface ControllerScale {
  readonly uid: string
  readonly replicas: number
}

/**
 * The scale of a pod's controller; for a ReplicaSet of a Deployment, that of the Deployment.
 *
 * @returns `undefined` when the controller is gone; a sentence, as Kubernetes says it, for a kind that has no scale.
 */
export function scaleOf(
  store: ObjectStore,
  namespace: string,
  reference: OwnerReference,
): ControllerScale | string | undefined {
  const type = store.resources
    .all()
    .find(candidate => candidate.kind === reference.kind && apiVersionOf(candidate) === reference.apiVersion)
  if (type === undefined) return `no matches for kind "${reference.kind}" in version "${reference.apiVersion}"`
  if (!type.subresources.includes('scale')) {
    return `${type.plural}${type.group === '' ? '' : `.${type.group}`} does not implement the scale subresource`
  }
  const owner = store.get(type, namespace, reference.name)
  if (owner?.metadata.uid !== reference.uid) return undefined
  if (type !== ReplicaSets) return scaled(owner)
  const above = controllerOf(owner)
  if (above?.kind !== Deployments.kind) return scaled(owner)
  const deployment = store.get(Deployments, namespace, above.name)
  return deployment?.metadata.uid === above.uid ? scaled(deployment) : undefined
}

function scaled(owner: Stored): ControllerScale {
  const { replicas = 1 } = (owner as { spec?: { replicas?: number } }).spec ?? {}
  return { uid: owner.metadata.uid, replicas }
}
