import type { ObjectMeta } from 'kubernetes-types/meta/v1.js'
import { assert, type Clock, extended, type Prng } from '../../base/index.ts'
import { ApiError } from './errors.ts'
import type { KubeObject, Stored, StoredMeta, Writable } from './objects.ts'
import { Catalogue } from './catalogue.ts'
import { ObjectTable } from './object-table.ts'
import { conflict, notFound } from './refusals.ts'
import { sameJson } from './same-json.ts'
import type { StoreEvent } from './store-event.ts'
import { timestamp } from './timestamp.ts'
import { apiVersionOf, hasGeneration, Namespaces, Pods, type ResourceType } from './resources.ts'

export interface StoreOptions {
  /** Events kept per kind for watches that resume; older resource versions are answered with 410. Default 16 384. */
  readonly historyCapacity?: number
}

export interface DeleteOptions {
  /** Seconds; 0 removes at once. Only pods know a grace period; theirs defaults to the pod's own, else 30. */
  readonly gracePeriodSeconds?: number | undefined
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
}

type Listener = (event: StoreEvent) => void

/** Kubernetes' alphabet for generated names: no vowels, no look-alikes. */
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/**
 * The objects of the simulated cluster: etcd and the watch cache in one, in memory.
 *
 * - One rising `resourceVersion` for all kinds; every write takes the next one.
 * - Stored objects are immutable: a write replaces the object, so references held by lists and watches stay what they were.
 * - Subscribers are called in order of commit, each event to all of them before the next event; a write made inside a
 *   subscriber is committed at once and announced afterwards.
 * - The history of each kind is a ring of `historyCapacity` events; memory is bounded by it and by the live objects.
 *
 * Everything is synchronous and deterministic: uids and generated names come from the generator, times from the clock.
 */
export class ObjectStore {
  /** The kinds that are kept. */
  readonly resources = new Catalogue()
  readonly #clock: Clock
  readonly #prng: Prng
  readonly #historyCapacity: number
  readonly #tables = new Map<ResourceType, ObjectTable>()
  /** Replaced as a whole, so that who is called is settled when an event is handed out. */
  #listeners: readonly Listener[] = []
  readonly #pending: StoreEvent[] = []
  #dispatching = false
  #resourceVersion = 0

  constructor(clock: Clock, prng: Prng, options: StoreOptions = {}) {
    this.#clock = clock
    this.#prng = prng
    this.#historyCapacity = options.historyCapacity ?? 16_384
    // A kind that comes later has no past, and these have.
    for (const type of this.resources.all()) this.#table(type)
  }

  /** The version of the last write to any kind. */
  get resourceVersion(): number {
    return this.#resourceVersion
  }

  /** The store's own time, which stamps its objects: what ages are reckoned from. Unix milliseconds. */
  get unixMs(): number {
    return this.#clock.unixMs()
  }

  get<T extends KubeObject>(type: ResourceType, namespace: string | undefined, name: string): Stored<T> | undefined {
    return this.#table(type).get(namespace, name) as Stored<T> | undefined
  }

  /** All objects of a kind, or those of one namespace, in order of creation. */
  list<T extends KubeObject>(type: ResourceType, namespace?: string): Stored<T>[] {
    return this.#table(type).list(namespace) as Stored<T>[]
  }

  /** As `list`, by namespace and name: the order of etcd. */
  listInOrder<T extends KubeObject>(type: ResourceType, namespace?: string): Stored<T>[] {
    return this.#table(type).inOrder(namespace) as Stored<T>[]
  }

  /** How many objects of a kind there are, or how many of them in one namespace. */
  count(type: ResourceType, namespace?: string): number {
    return this.#table(type).count(namespace)
  }

  /** Takes a kind out of the catalogue, with its history; its objects have been deleted before. */
  forget(type: ResourceType): void {
    assert(this.count(type) === 0, () => `${type.plural} are still there`)
    this.resources.remove(type)
    this.#tables.delete(type)
  }

  /**
   * Adds an object. Takes ownership of `draft`: the caller does not touch it again.
   *
   * Fills uid, creationTimestamp, resourceVersion, generation and the name from generateName.
   *
   * @param options.uid identity of an object that is told again, as a trace does; default: a new one.
   * @throws ApiError AlreadyExists; Invalid when it has no name; NotFound when its namespace is missing is the API's affair.
   */
  create<T extends KubeObject>(type: ResourceType, draft: T, options: { readonly uid?: string } = {}): Stored<T> {
    return this.#commit('ADDED', type, this.#newVersion(type, draft, this.#prng, options.uid), undefined)
  }

  /** What `create` would store, without a version; name and uid are drawn for it alone. @throws as `create` */
  rehearseCreate<T extends KubeObject>(
    type: ResourceType,
    draft: T,
    options: { readonly uid?: string } = {},
  ): Stored<T> {
    return this.#newVersion(type, draft, this.#prng.fork('rehearsal'), options.uid)
  }

  #newVersion<T extends KubeObject>(type: ResourceType, draft: T, prng: Prng, uid: string | undefined): Stored<T> {
    const meta: Writable<ObjectMeta> = extended(draft.metadata, {})
    const name = nameFor(meta, prng)
    if (name === undefined) {
      throw new ApiError(
        'Invalid',
        `${type.kind} "" is invalid: metadata.name: Required value: name or generateName is required`,
      )
    }
    meta.name = name
    if (this.#table(type).get(meta.namespace, meta.name) !== undefined) {
      throw new ApiError(
        'AlreadyExists',
        `${type.plural}${type.group === '' ? '' : `.${type.group}`} "${meta.name}" already exists`,
        {
          name: meta.name,
          ...(type.group === '' ? {} : { group: type.group }),
          kind: type.plural,
        },
      )
    }
    meta.uid = uid ?? prng.uuid()
    meta.creationTimestamp = timestamp(this.#clock.unixMs())
    if (hasGeneration(type)) meta.generation ??= 1
    else if (meta.generation !== undefined) delete meta.generation
    return extended(draft, { metadata: meta }) as Stored<T>
  }

  /**
   * Draws what `create` would draw, for an object that holds its own name and uid somewhere. It is then created with both.
   * There is no name when there is none to begin with.
   */
  identify(meta: ObjectMeta): { readonly name?: string; readonly uid: string } {
    const name = nameFor(meta, this.#prng)
    return { ...(name === undefined ? {} : { name }), uid: this.#prng.uuid() }
  }

  /**
   * Replaces an object, keeping uid and creationTimestamp; raises `generation` when `spec` changed.
   *
   * A write that changes nothing is not a write: the stored object is returned and no event happens. An object that is
   * being deleted and loses its last finalizer is removed.
   *
   * @throws ApiError NotFound; Conflict when `next` names a resourceVersion that is not the current one.
   */
  update<T extends KubeObject>(type: ResourceType, next: T): Stored<T> {
    const name = next.metadata?.name ?? ''
    const current = this.get<T>(type, next.metadata?.namespace, name)
    if (current === undefined) throw notFound(type, name)
    const stored = nextVersion(type, current, next)
    // Nearly all writes differ in the status: the rest need not be compared then.
    if (sameJson(statusOf(stored), statusOf(current)) && sameJson(stored, current)) return current
    if (
      stored.metadata.deletionTimestamp !== undefined &&
      !isHeld(type, stored) &&
      (type !== Pods || stored.metadata.deletionGracePeriodSeconds === 0)
    ) {
      return this.#commit('DELETED', type, stored, current)
    }
    return this.#commit('MODIFIED', type, stored, current)
  }

  /** What `update` would store, with the version that there is. @throws as `update` */
  rehearseUpdate<T extends KubeObject>(type: ResourceType, next: T): Stored<T> {
    const name = next.metadata?.name ?? ''
    const current = this.get<T>(type, next.metadata?.namespace, name)
    if (current === undefined) throw notFound(type, name)
    return nextVersion(type, current, next)
  }

  /**
   * Reads, changes and writes in one step. `change` gets the current version, must not alter it, and returns the next
   * one, or `undefined` for "leave it". Returns what is stored then, or `undefined` when there is no such object.
   */
  modify<T extends KubeObject>(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    change: (current: Stored<T>) => T | undefined,
  ): Stored<T> | undefined {
    const current = this.get<T>(type, namespace, name)
    if (current === undefined) return undefined
    const next = change(current)
    return next === undefined ? current : this.update(type, next)
  }

  /**
   * Deletes as Kubernetes does: a bound pod with a grace period, or anything with finalizers, is only marked
   * (`deletionTimestamp`) and stays; the rest goes at once. Returns the last version, marked or removed.
   *
   * @throws ApiError NotFound; Conflict when a precondition fails.
   */
  delete<T extends KubeObject>(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Stored<T> {
    const current = this.get<T>(type, namespace, name)
    if (current === undefined) throw notFound(type, name)
    if (options.uid !== undefined && options.uid !== current.metadata.uid) {
      throw new ApiError(
        'Conflict',
        `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${current.metadata.uid}`,
      )
    }
    if (options.resourceVersion !== undefined && options.resourceVersion !== current.metadata.resourceVersion) {
      throw conflict(type, name)
    }
    const graceS = type === Pods ? podGraceSeconds(current, options.gracePeriodSeconds) : 0
    const held = isHeld(type, current)
    if (graceS === 0 && !held) return this.#commit('DELETED', type, owned(current), current)

    const alreadyS = current.metadata.deletionGracePeriodSeconds
    if (current.metadata.deletionTimestamp !== undefined && (type !== Pods || (alreadyS ?? 0) <= graceS)) return current
    const marked = {
      ...current,
      metadata: extended(current.metadata, {
        deletionTimestamp: timestamp(this.#clock.unixMs() + graceS * 1000),
        deletionGracePeriodSeconds: graceS,
      }),
    }
    return this.#commit('MODIFIED', type, marked, current)
  }

  /**
   * Events of a kind after `resourceVersion`, oldest first.
   *
   * @returns `undefined` when the history does not reach back that far: the caller answers 410.
   */
  eventsSince(type: ResourceType, resourceVersion: number): readonly StoreEvent[] | undefined {
    return this.#table(type).history.since(resourceVersion)
  }

  /**
   * All objects of a kind as they were at `resourceVersion`, in no particular order: the present, with the events since
   * undone.
   *
   * @returns `undefined` when the history does not reach back that far.
   */
  listAt<T extends KubeObject>(type: ResourceType, resourceVersion: number): Stored<T>[] | undefined {
    const events = this.eventsSince(type, resourceVersion)
    if (events === undefined) return undefined
    if (events.length === 0) return this.list<T>(type)
    const objects = this.#table(type).copy()
    for (let i = events.length - 1; i >= 0; i--) {
      const { object, previous } = events[i]!
      if (previous === undefined) objects.delete(object.metadata.uid)
      else objects.set(previous.metadata.uid, previous)
    }
    return [...objects.values()] as Stored<T>[]
  }

  /** Forgets the history of all kinds, as etcd's compaction does: whoever resumes from before is answered with 410. */
  compact(): void {
    for (const table of this.#tables.values()) table.history.clear(this.#resourceVersion)
  }

  /** Calls `listener` for every event from now on, of all kinds. Returns a function that ends it. */
  subscribe(listener: Listener): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => {
      const index = this.#listeners.indexOf(listener)
      if (index >= 0) this.#listeners = this.#listeners.toSpliced(index, 1)
    }
  }

  #table(type: ResourceType): ObjectTable {
    const table = this.#tables.get(type)
    if (table !== undefined) return table
    const fresh = new ObjectTable(this.#historyCapacity, this.#resourceVersion)
    this.#tables.set(type, fresh)
    return fresh
  }

  /** @param stored made for this commit, with meta data of its own: it is completed in place. */
  #commit<T extends KubeObject>(
    change: StoreEvent['type'],
    type: ResourceType,
    stored: Stored<T>,
    previous: Stored<T> | undefined,
  ): Stored<T> {
    const resourceVersion = ++this.#resourceVersion
    stored.apiVersion = apiVersionOf(type)
    stored.kind = type.kind
    stored.metadata.resourceVersion = String(resourceVersion)
    const table = this.#table(type)
    if (change === 'MODIFIED') table.replace(stored)
    else if (change === 'ADDED') table.add(stored)
    else table.delete(stored)
    const event: StoreEvent = { type: change, resource: type, object: stored, previous, resourceVersion }
    table.history.push(event)
    this.#pending.push(event)
    this.#dispatch()
    return stored
  }

  #dispatch(): void {
    if (this.#dispatching) return
    this.#dispatching = true
    try {
      for (let event = this.#pending.shift(); event !== undefined; event = this.#pending.shift()) {
        for (const listener of this.#listeners) listener(event)
      }
    } finally {
      this.#dispatching = false
    }
  }
}

/** A version of an object that can be completed: the object and its meta data are copies. */
function owned<T extends KubeObject>(object: Stored<T>): Stored<T> {
  return { ...object, metadata: { ...object.metadata } }
}

/** Finalizers keep an object from going away; namespaces have some of their own in `spec`. */
function isHeld(type: ResourceType, object: KubeObject): boolean {
  const inSpec = (specOf(type, object) as { finalizers?: readonly string[] } | undefined)?.finalizers
  return (object.metadata?.finalizers ?? []).length > 0 || (type === Namespaces && (inSpec ?? []).length > 0)
}

function nameFor({ name, generateName }: ObjectMeta, prng: Prng): string | undefined {
  if (name !== undefined && name !== '') return name
  if (generateName === undefined || generateName === '') return undefined
  return generateName + prng.word(5, SUFFIX_ALPHABET)
}

/** The version after `current`, save its number. @throws ApiError Conflict */
function nextVersion<T extends KubeObject>(type: ResourceType, current: Stored<T>, next: T): Stored<T> {
  const { name } = current.metadata
  const wanted = next.metadata?.resourceVersion
  if (wanted !== undefined && wanted !== '' && wanted !== current.metadata.resourceVersion) throw conflict(type, name)
  const meta: Writable<StoredMeta> = {
    ...next.metadata,
    name,
    uid: current.metadata.uid,
    creationTimestamp: current.metadata.creationTimestamp,
    resourceVersion: current.metadata.resourceVersion,
  }
  if (hasGeneration(type)) {
    const generation = current.metadata.generation ?? 1
    meta.generation = sameJson(specOf(type, current), specOf(type, next)) ? generation : generation + 1
  } else if (meta.generation !== undefined) delete meta.generation
  return { ...next, metadata: meta }
}

/** What `generation` counts the changes of: the spec; of a custom resource everything that is neither meta data nor status. */
function specOf(type: ResourceType, object: KubeObject): unknown {
  if (!type.isCustom) return (object as { spec?: unknown }).spec
  const { metadata: _, status, ...content } = object as KubeObject & { status?: unknown }
  return type.subresources.includes('status') ? content : { ...content, status }
}

function statusOf(object: KubeObject): unknown {
  return (object as { status?: unknown }).status
}

function podGraceSeconds(pod: KubeObject, asked: number | undefined): number {
  const { spec, status } = pod as {
    spec?: { nodeName?: string; terminationGracePeriodSeconds?: number }
    status?: { phase?: string }
  }
  // As Kubernetes does: nobody would ever finish the deletion of a pod that no node runs.
  if (spec?.nodeName === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0
  return Math.max(0, asked ?? spec.terminationGracePeriodSeconds ?? 30)
}
