import type { Namespace, Node, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { TargetGroup } from '../target-group.ts'
import type { Informer } from './informer.ts'
import type { KubeObject, KubeResource } from './kube-types.ts'

/** The stores that a role may look into; those that the configuration does not ask for are not there. */
export type Stores = ReadonlyMap<KubeResource, Informer>

/** Another object that a group is made from, besides its own. */
export interface Reference {
  readonly resource: KubeResource
  readonly key: string
}

/** How the objects of one kind become target groups. Pure: everything depends on the stores only. */
export interface Role<T extends KubeObject = KubeObject> {
  /** Each object of this kind is a group. */
  readonly resource: KubeResource
  /** What else is always watched. */
  readonly needs: readonly KubeResource[]
  /** Begins the source of a group, before `/<key>`. */
  readonly sourcePrefix: string
  /** The group is made anew when one of these changes. */
  references(object: T): Reference[]
  /** Labels and targets; none when nothing of the object can be scraped. */
  build(object: T, stores: Stores): Omit<TargetGroup, 'source'>
}

export const NO_TARGETS: Omit<TargetGroup, 'source'> = { labels: {}, targets: [] }

/** The types of the objects that groups look up. */
interface Kinds {
  readonly pods: Pod
  readonly services: Service
  readonly nodes: Node
  readonly namespaces: Namespace
}

/** The object, when the configuration asks for its kind and it exists. */
export function lookUp<R extends keyof Kinds>(stores: Stores, resource: R, key: string): Kinds[R] | undefined {
  return stores.get(resource)?.get(key) as Kinds[R] | undefined
}
