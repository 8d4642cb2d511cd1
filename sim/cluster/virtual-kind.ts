import type { KubeObject } from './objects.ts'
import type { ResourceType } from './resources.ts'

/**
 * A kind that is served though nobody stores it: its objects are made when somebody asks, as those of an aggregated API
 * server are. It can be read and not written, and there is nothing to watch.
 */
export interface VirtualKind {
  readonly type: ResourceType
  /** `undefined` where there is no such object, or none yet. Meta data need neither uid nor resourceVersion. */
  get(namespace: string | undefined, name: string): KubeObject | undefined
  /** In all namespaces when none is given. */
  list(namespace: string | undefined): readonly KubeObject[]
  /** Columns of its tables behind `Name`, and their cells. */
  readonly columns: readonly string[]
  cells(object: KubeObject): readonly string[]
}
