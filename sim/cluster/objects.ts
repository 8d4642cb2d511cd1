import type { ObjectMeta } from 'kubernetes-types/meta/v1.js'

/** Any Kubernetes object, as its JSON is on the wire. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
}

/** What the store guarantees of every object it holds. */
export interface StoredMeta extends ObjectMeta {
  name: string
  uid: string
  resourceVersion: string
  creationTimestamp: string
}

/**
 * An object as the store holds it: complete meta data, and immutable. A change makes a new object, so a reference is a
 * version; whoever wants to change one builds another with `structuredClone` or spreads.
 */
export type Stored<T extends KubeObject = KubeObject> = T & { metadata: StoredMeta }

/** `namespace/name`, or just the name for cluster-scoped objects. */
export function keyOf(object: { metadata?: ObjectMeta }): string {
  const { namespace, name } = object.metadata ?? {}
  return namespace === undefined ? (name ?? '') : `${namespace}/${name ?? ''}`
}

/** The type without its `readonly` (kubernetes-types marks `status` so): for whoever owns the object and builds it. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] }
