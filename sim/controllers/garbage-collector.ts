import type { OwnerReference } from 'kubernetes-types/meta/v1.js'
import { Events, type KubeObject, type ResourceType, type Stored, type StoreEvent } from '../cluster/index.ts'
import { WorkQueue } from '../informers/index.ts'
import type { ControllerEnvironment } from './environment.ts'

const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'
/** One write after the other, a thousand a second. */
const WRITE_MS = 1

interface Known {
  readonly type: ResourceType
  readonly namespace: string | undefined
  readonly name: string
}

/**
 * Deletes what nobody owns any more, by `ownerReferences`.
 *
 * ```
 *   background   owner gone ──▶ dependents with no other owner are deleted, the others lose the reference
 *   foreground   owner marked, finalizer foregroundDeletion ──▶ dependents deleted ──▶ those that block are gone ──▶ finalizer lifted
 *   orphan       owner marked, finalizer orphan ──▶ dependents lose the reference ──▶ finalizer lifted
 * ```
 */
export class GarbageCollector {
  readonly #env: ControllerEnvironment
  /** All objects that are there, by uid. */
  readonly #known = new Map<string, Known>()
  /** Uids of the objects that name an owner, by the owner's uid, whether it is there or not. */
  readonly #dependents = new Map<string, Set<string>>()
  readonly #queue: WorkQueue

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#queue = new WorkQueue(env.clock, uid => this.#reconcile(uid), { spacingMs: WRITE_MS })
    env.router.onEvery(event => {
      if (event.resource !== Events) this.#onEvent(event)
    })
  }

  #onEvent({ type, resource, object, previous }: StoreEvent): void {
    const { uid, namespace, name, ownerReferences } = object.metadata
    if (type === 'DELETED') {
      this.#known.delete(uid)
      for (const owner of ownerReferences ?? []) this.#unlink(owner.uid, uid)
      for (const dependent of this.#dependents.get(uid) ?? []) this.#queue.add(dependent)
      return
    }
    if (type === 'ADDED') this.#known.set(uid, { type: resource, namespace, name })
    if (previous?.metadata.ownerReferences !== ownerReferences) {
      for (const owner of previous?.metadata.ownerReferences ?? []) this.#unlink(owner.uid, uid)
      for (const owner of ownerReferences ?? []) this.#link(owner, uid)
    }
    if (isHeld(object)) this.#queue.add(uid)
  }

  #link(owner: OwnerReference, uid: string): void {
    const dependents = this.#dependents.get(owner.uid)
    if (dependents === undefined) this.#dependents.set(owner.uid, new Set([uid]))
    else dependents.add(uid)
    if (!this.#known.has(owner.uid)) this.#queue.add(uid)
  }

  #unlink(owner: string, uid: string): void {
    const dependents = this.#dependents.get(owner)
    if (dependents === undefined) return
    dependents.delete(uid)
    if (dependents.size === 0) this.#dependents.delete(owner)
    // An owner that waits for its dependents may have waited for this one.
    const waiting = this.#get(owner)
    if (waiting !== undefined && isHeld(waiting)) this.#queue.add(owner)
  }

  #reconcile(uid: string): void {
    const known = this.#known.get(uid)
    const object = this.#get(uid)
    if (known === undefined || object === undefined) return
    if (isHeld(object)) this.#finalise(known, object)
    else this.#collect(known, object)
  }

  #collect({ type }: Known, { metadata }: Stored): void {
    const { store } = this.#env
    const { namespace, name, uid, ownerReferences = [], deletionTimestamp } = metadata
    const living = ownerReferences.filter(owner => this.#known.has(owner.uid))
    if (living.length === ownerReferences.length) return
    if (living.length === 0) {
      if (deletionTimestamp === undefined) store.delete(type, namespace, name, { uid })
    } else {
      this.#setOwners(type, metadata, living)
    }
  }

  #finalise({ type }: Known, owner: Stored): void {
    const { finalizers = [], uid } = owner.metadata
    const dependents = [...(this.#dependents.get(uid) ?? [])]
    if (finalizers.includes(ORPHAN)) {
      for (const dependent of dependents) {
        const known = this.#known.get(dependent)
        const object = this.#get(dependent)
        if (known === undefined || object === undefined) continue
        const others = (object.metadata.ownerReferences ?? []).filter(reference => reference.uid !== uid)
        this.#setOwners(known.type, object.metadata, others)
      }
      this.#lift(type, owner, ORPHAN)
      return
    }
    let isBlocked = false
    for (const dependent of dependents) {
      const known = this.#known.get(dependent)
      const object = this.#get(dependent)
      if (known === undefined || object === undefined) continue
      const reference = object.metadata.ownerReferences?.find(candidate => candidate.uid === uid)
      isBlocked ||= reference?.blockOwnerDeletion === true
      if (object.metadata.deletionTimestamp === undefined) this.#deleteInForeground(known, object, uid)
    }
    // The last of them may have gone at once.
    if (!isBlocked || !this.#isBlocked(uid)) this.#lift(type, owner, FOREGROUND)
  }

  /** A dependent goes the same way when it has dependents itself; one with another living owner only loses this one. */
  #deleteInForeground({ type }: Known, { metadata }: Stored, owner: string): void {
    const { store } = this.#env
    const { namespace, name, uid, ownerReferences = [] } = metadata
    const others = ownerReferences.filter(reference => reference.uid !== owner && this.#known.has(reference.uid))
    if (others.length > 0) {
      this.#setOwners(type, metadata, others)
      return
    }
    if (this.#dependents.has(uid)) {
      store.modify(type, namespace, name, current => ({
        ...current,
        metadata: { ...current.metadata, finalizers: [...(current.metadata.finalizers ?? []), FOREGROUND] },
      }))
    }
    store.delete(type, namespace, name, { uid })
  }

  #isBlocked(uid: string): boolean {
    for (const dependent of this.#dependents.get(uid) ?? []) {
      const references = this.#get(dependent)?.metadata.ownerReferences ?? []
      if (references.some(reference => reference.uid === uid && reference.blockOwnerDeletion === true)) return true
    }
    return false
  }

  #lift(type: ResourceType, { metadata }: Stored, finalizer: string): void {
    this.#env.store.modify(type, metadata.namespace, metadata.name, current => {
      const { finalizers = [], ...rest } = current.metadata
      const left = finalizers.filter(name => name !== finalizer)
      return { ...current, metadata: left.length === 0 ? rest : { ...rest, finalizers: left } }
    })
  }

  #setOwners(type: ResourceType, { namespace, name }: Stored['metadata'], owners: readonly OwnerReference[]): void {
    this.#env.store.modify(type, namespace, name, current => {
      const { ownerReferences: _, ...rest } = current.metadata
      return { ...current, metadata: owners.length === 0 ? rest : { ...rest, ownerReferences: [...owners] } }
    })
  }

  #get(uid: string): Stored | undefined {
    const known = this.#known.get(uid)
    if (known === undefined) return undefined
    const object = this.#env.store.get(known.type, known.namespace, known.name)
    return object?.metadata.uid === uid ? object : undefined
  }
}

/** Is being deleted and waits for this controller. */
function isHeld({ metadata }: KubeObject): boolean {
  if (metadata?.deletionTimestamp === undefined) return false
  return (metadata.finalizers ?? []).some(finalizer => finalizer === FOREGROUND || finalizer === ORPHAN)
}
