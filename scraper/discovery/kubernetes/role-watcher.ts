import type { LogSink } from '../../log-sink.ts'
import { sameGroup, type TargetGroup } from '../target-group.ts'
import type { Informer, InformerListener } from './informer.ts'
import type { KubeObject, KubeResource } from './kube-types.ts'
import { NO_TARGETS, type Reference, type Role, type Stores } from './role.ts'

/** Told of each change that the role's objects see. */
export type EventCounter = (event: 'add' | 'update' | 'delete') => void

/**
 * Turns the objects of one role into groups and tells those that really changed.
 *
 * Nothing is told before all stores are complete. Then a change marks the groups it concerns — the object's own, or
 * those that refer to it — and at the end of the turn the marked ones are built anew and compared: the heartbeat of a
 * pod's status changes no group.
 */
export class RoleWatcher {
  readonly #role: Role
  readonly #stores: Stores
  readonly #emit: (groups: readonly TargetGroup[]) => void
  readonly #count: EventCounter
  readonly #log: LogSink
  readonly #listeners: { readonly informer: Informer; readonly listener: InformerListener }[] = []
  readonly #groups = new Map<string, TargetGroup>()
  readonly #dirty = new Set<string>()
  /** `resource key` of what is referred to → keys of the objects that do. */
  readonly #referrers = new Map<string, Set<string>>()
  readonly #references = new Map<string, string[]>()
  #isFlushPlanned = false
  #isStopped = false

  constructor(
    role: Role,
    stores: Stores,
    emit: (groups: readonly TargetGroup[]) => void,
    count: EventCounter,
    log: LogSink,
  ) {
    this.#role = role
    this.#stores = stores
    this.#emit = emit
    this.#count = count
    this.#log = log
  }

  start(): void {
    for (const [resource, informer] of this.#stores) {
      const listener: InformerListener = {
        onChange: (key, after, before) => this.#onChange(resource, key, after, before),
        onSync: () => this.#onSync(),
      }
      informer.listen(listener)
      this.#listeners.push({ informer, listener })
    }
    this.#onSync()
  }

  stop(): void {
    this.#isStopped = true
    for (const { informer, listener } of this.#listeners) informer.unlisten(listener)
  }

  get #isSynced(): boolean {
    return [...this.#stores.values()].every(informer => informer.isSynced)
  }

  #onSync(): void {
    if (!this.#isSynced) return
    for (const [key, object] of this.#own().entries()) {
      this.#count('add')
      this.#refer(key, object)
      this.#mark(key)
    }
  }

  #onChange(resource: KubeResource, key: string, after: KubeObject | undefined, before: KubeObject | undefined): void {
    // Until everything is there, `#onSync` will find it all.
    if (!this.#isSynced) return
    if (resource === this.#role.resource) {
      this.#count(after === undefined ? 'delete' : before === undefined ? 'add' : 'update')
      this.#refer(key, after)
      this.#mark(key)
    }
    for (const referrer of this.#referrers.get(`${resource} ${key}`) ?? []) this.#mark(referrer)
  }

  #own(): Informer {
    return this.#stores.get(this.#role.resource)!
  }

  #refer(key: string, object: KubeObject | undefined): void {
    for (const name of this.#references.get(key) ?? []) {
      const referrers = this.#referrers.get(name)
      referrers?.delete(key)
      if (referrers?.size === 0) this.#referrers.delete(name)
    }
    if (object === undefined) {
      this.#references.delete(key)
      return
    }
    const names = this.#referencesOf(object)
      .filter(reference => this.#stores.has(reference.resource))
      .map(reference => `${reference.resource} ${reference.key}`)
    this.#references.set(key, names)
    for (const name of names) {
      const referrers = this.#referrers.get(name)
      if (referrers === undefined) this.#referrers.set(name, new Set([key]))
      else referrers.add(key)
    }
  }

  /** What a group is made from comes from outside: an object that is not as it should be has no targets. */
  #build(source: string, object: KubeObject | undefined): Omit<TargetGroup, 'source'> {
    if (object === undefined) return NO_TARGETS
    try {
      return this.#role.build(object, this.#stores)
    } catch (error) {
      this.#log('warn', 'an object of the API server is malformed', { source, error: (error as Error).message })
      return NO_TARGETS
    }
  }

  #referencesOf(object: KubeObject): Reference[] {
    try {
      return this.#role.references(object)
    } catch {
      // `#build` will say what is wrong.
      return []
    }
  }

  #mark(key: string): void {
    this.#dirty.add(key)
    if (this.#isFlushPlanned) return
    this.#isFlushPlanned = true
    queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    this.#isFlushPlanned = false
    if (this.#isStopped) return
    const changed: TargetGroup[] = []
    for (const key of this.#dirty) {
      const source = `${this.#role.sourcePrefix}/${key}`
      const object = this.#own().get(key)
      const before = this.#groups.get(key)
      const group = { source, ...this.#build(source, object) }
      if (group.targets.length === 0) {
        this.#groups.delete(key)
        if (before !== undefined) changed.push(group)
      } else if (before === undefined || !sameGroup(before, group)) {
        this.#groups.set(key, group)
        changed.push(group)
      }
    }
    this.#dirty.clear()
    if (changed.length > 0) this.#emit(changed)
  }
}
