import { EventHistory } from './event-history.ts'
import type { Stored } from './objects.ts'

/** Where the versions of one object are kept, one after the other. */
interface Slot {
  object: Stored
}

/** The objects of one namespace. */
interface Siblings {
  readonly byName: Map<string, Slot>
  /** By name, as long as none comes or goes. */
  sorted: readonly Slot[] | undefined
}

/** The objects of one kind: all of them by uid, and by namespace and name. */
export class ObjectTable {
  readonly history: EventHistory
  readonly #byUid = new Map<string, Slot>()
  /** Those without a namespace under ''. */
  readonly #byNamespace = new Map<string, Siblings>()

  constructor(historyCapacity: number, resourceVersion: number) {
    this.history = new EventHistory(historyCapacity)
    this.history.clear(resourceVersion)
  }

  get(namespace: string | undefined, name: string): Stored | undefined {
    return this.#byNamespace.get(namespace ?? '')?.byName.get(name)?.object
  }

  /** In order of creation. */
  list(namespace: string | undefined): Stored[] {
    return Array.from(this.#within(namespace)?.values() ?? [], slot => slot.object)
  }

  /** By namespace and name, as etcd has them. */
  inOrder(namespace: string | undefined): Stored[] {
    const namespaces = namespace === undefined ? [...this.#byNamespace.keys()].sort() : [namespace]
    const objects: Stored[] = []
    for (const each of namespaces) {
      const siblings = this.#byNamespace.get(each)
      if (siblings === undefined) continue
      siblings.sorted ??= [...siblings.byName.values()].sort(byName)
      for (const { object } of siblings.sorted) objects.push(object)
    }
    return objects
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
    if (siblings === undefined) {
      this.#byNamespace.set(namespace, { byName: new Map([[name, slot]]), sorted: undefined })
    } else {
      siblings.byName.set(name, slot)
      siblings.sorted = undefined
    }
  }

  // hot: once for each write.
  replace(object: Stored): void {
    this.#byUid.get(object.metadata.uid)!.object = object
  }

  delete({ metadata: { uid, namespace = '', name } }: Stored): void {
    this.#byUid.delete(uid)
    const siblings = this.#byNamespace.get(namespace)
    if (siblings === undefined) return
    siblings.byName.delete(name)
    siblings.sorted = undefined
    if (siblings.byName.size === 0) this.#byNamespace.delete(namespace)
  }

  #within(namespace: string | undefined): Map<string, Slot> | undefined {
    return namespace === undefined ? this.#byUid : this.#byNamespace.get(namespace)?.byName
  }
}

function byName(a: Slot, b: Slot): number {
  const left = a.object.metadata.name
  const right = b.object.metadata.name
  return left < right ? -1 : left > right ? 1 : 0
}
