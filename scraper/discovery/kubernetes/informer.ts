import type { ReflectorSink } from './reflector.ts'
import { type KubeObject, objectKey } from './kube-types.ts'

/** Hears what changes in an informer's store. */
export interface InformerListener {
  /** Added, changed or (`after` undefined) deleted. Not called before the store is complete for the first time. */
  onChange(key: string, after: KubeObject | undefined, before: KubeObject | undefined): void
  /** The store is complete for the first time; what is in it has not been told by `onChange`. */
  onSync(): void
}

/** The objects of one kind, as the API server has them, for all who need them. */
export class Informer implements ReflectorSink {
  readonly #objects = new Map<string, KubeObject>()
  readonly #listeners = new Set<InformerListener>()
  #isSynced = false

  get isSynced(): boolean {
    return this.#isSynced
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key)
  }

  entries(): IterableIterator<[string, KubeObject]> {
    return this.#objects.entries()
  }

  listen(listener: InformerListener): void {
    this.#listeners.add(listener)
  }

  unlisten(listener: InformerListener): void {
    this.#listeners.delete(listener)
  }

  replace(objects: readonly KubeObject[]): void {
    if (!this.#isSynced) {
      for (const object of objects) this.#objects.set(objectKey(object), slim(object))
      this.#isSynced = true
      for (const listener of this.#listeners) listener.onSync()
      return
    }
    const gone = new Map(this.#objects)
    for (const object of objects) {
      gone.delete(objectKey(object))
      this.upsert(object)
    }
    for (const object of gone.values()) this.delete(object)
  }

  upsert(object: KubeObject): void {
    const key = objectKey(object)
    const before = this.#objects.get(key)
    // A relist tells again what is known already.
    const version = object.metadata?.resourceVersion
    if (before !== undefined && version !== undefined && before.metadata?.resourceVersion === version) return
    const after = slim(object)
    this.#objects.set(key, after)
    for (const listener of this.#listeners) listener.onChange(key, after, before)
  }

  delete(object: KubeObject): void {
    const key = objectKey(object)
    const before = this.#objects.get(key)
    if (before === undefined) return
    this.#objects.delete(key)
    for (const listener of this.#listeners) listener.onChange(key, undefined, before)
  }
}

/** Without the book-keeping of server-side apply, often half of an object. */
function slim(object: KubeObject): KubeObject {
  if (object.metadata?.managedFields === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}
