import type { ListMeta, ObjectMeta, Status } from 'kubernetes-types/meta/v1.js'

/** Any Kubernetes object, as its JSON is on the wire. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: ObjectMeta
}

export interface KubeList {
  readonly metadata?: ListMeta
  readonly items?: readonly KubeObject[] | null
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubeObject }
  | { readonly type: 'ERROR'; readonly object: Status }

/** The resources that discovery reads. */
export type KubeResource = 'pods' | 'services' | 'endpoints' | 'endpointslices' | 'nodes' | 'namespaces' | 'ingresses'

const GROUPS: Readonly<Record<KubeResource, string>> = {
  pods: '/api/v1',
  services: '/api/v1',
  endpoints: '/api/v1',
  nodes: '/api/v1',
  namespaces: '/api/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
  ingresses: '/apis/networking.k8s.io/v1',
}

/** @param namespace '' for all of them, and for resources that have none. */
export function resourcePath(resource: KubeResource, namespace: string): string {
  return namespace === ''
    ? `${GROUPS[resource]}/${resource}`
    : `${GROUPS[resource]}/namespaces/${encodeURIComponent(namespace)}/${resource}`
}

/** `namespace/name`, or just the name of what has no namespace. */
export function objectKey(object: KubeObject): string {
  const { namespace, name = '' } = object.metadata ?? {}
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`
}
