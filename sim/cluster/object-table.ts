import { EventHistory } from './event-history.ts'
import type { Stored } from './objects.ts'

/** Where the versions of one object are kept, one after the other. */
interface Slot {
  object: Stored
}

/** The objects of one kind: all of them by uid, and by namespace and name. */
export class ObjectTable {
  readonly history: EventHistory
  readonly #byUid = new Map<string, Slot>()
  /** Those without a namespace under ''. */
  readonly #byNamespace = new Map<string, Map<string, Slot>>()

  constructor(historyCapacity: number, resourceVersion: number) {
    this.history = new EventHistory(historyCapacity)
    this.history.clear(resourceVersion)
  }

  get(namespace: string | undefined, name: string): Stored | undefined {
    return this.#byNamespace.get(namespace ?? '')?.get(name)?.object
  }

  /** In order of creation. */
  list(namespace: string | undefined): Stored[] {
    return Array.from(this.#within(namespace)?.values() ?? [], slot => slot.object)
  }

  count(namespace: string | undefined): number {
    return this.#within(namespace)?.size ?? 0
  }

  /** By uid. */
  copy(): Map<string, Stored> {
    const objects = new Map<string, Stored>()
    for (const [uid, { object }] of this.#byUid) objects.set(uid, object)
    return objects
  }

  add(object: Stored): void {
    const { uid, namespace = '', name } = object.metadata
    const slot: Slot = { object }
    this.#byUid.set(uid, slot)
    const siblings = this.#byNamespace.get(namespace)
    if (siblings === undefined) this.#byNamespace.set(namespace, new Map([[name, slot]]))
    else siblings.set(name, slot)
  }

  // hot: once for each write.
  replace(object: Stored): void {
    this.#byUid.get(object.metadata.uid)!.object = object
  }

  delete({ metadata: { uid, namespace = '', name } }: Stored): void {
    this.#byUid.delete(uid)
    const siblings = this.#byNamespace.get(namespace)
    siblings?.delete(name)
    if (siblings?.size === 0) this.#byNamespace.delete(namespace)
  }

  #within(namespace: string | undefined): Map<string, Slot> | undefined {
    return namespace === undefined ? this.#byUid : this.#byNamespace.get(namespace)
  }
}
