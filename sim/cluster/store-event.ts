import type { KubeObject, Stored } from './objects.ts'
import type { ResourceType } from './resources.ts'

/** One committed change. Its resource version is `object.metadata.resourceVersion`, also for deletions. */
export interface StoreEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: ResourceType
  readonly object: Stored<T>
  /** The version before, absent for ADDED. */
  readonly previous: Stored<T> | undefined
  readonly resourceVersion: number
}
