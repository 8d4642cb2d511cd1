import type { Event, ObjectReference } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../base/index.ts'
import { apiVersionOf, Events, Namespaces, type ObjectStore, type ResourceType, type Stored } from '../cluster/index.ts'
import type { PlannedClock } from './planned-clock.ts'
import { RecentMap } from './recent-map.ts'
import { stampOf } from './stamps.ts'

export interface EventRecorderOptions {
  /** Events kept at most; the oldest go first. */
  readonly capacity?: number
  /** How long an event is kept after it was last seen. Kubernetes: 1 h. */
  readonly ttlMs?: number
}

/** Who says it: `kubelet` on a node, `default-scheduler`, a controller. */
export interface EventSource {
  readonly component: string
  readonly host?: string
}

/** client-go's spam filter: each object may have this many events from one source, then one more every five minutes. */
const BURST = 25
const REFILL_MS = 300_000
/** More events than this about one object, alike but for their message, within `SIMILAR_MS` become one. */
const SIMILAR_MAX = 10
const SIMILAR_MS = 600_000
const SWEEP_MS = 60_000
/** Sources, groups of alike events and single events that are remembered; client-go has 4 096. */
const REMEMBERED = 8192

interface Source {
  tokens: number
  refilledMs: number
}

interface Kept {
  readonly namespace: string
  readonly seenMs: number
}

/**
 * Records what `kubectl describe` shows at its end, with the correlation of client-go: the same event again raises its
 * `count`, many alike are combined, and a chatty source is silenced. Memory is bounded by `capacity`.
 */
export class EventRecorder {
  readonly #clock: PlannedClock
  readonly #prng: Prng
  readonly #store: ObjectStore
  readonly #capacity: number
  readonly #ttlMs: number
  /** By name of the Event. */
  readonly #kept = new Map<string, Kept>()
  /** Names in order of their sights, several for an event that was seen again; `#head` is the oldest. */
  #sights: { readonly name: string; readonly seenMs: number }[] = []
  #head = 0
  /** Name of the Event that stands for a (source, object, type, reason, message). */
  readonly #same = new RecentMap<string>(REMEMBERED)
  readonly #similar = new RecentMap<{ count: number; firstMs: number }>(REMEMBERED)
  readonly #sources = new RecentMap<Source>(REMEMBERED)

  constructor(clock: PlannedClock, prng: Prng, store: ObjectStore, options: EventRecorderOptions = {}) {
    this.#clock = clock
    this.#prng = prng
    this.#store = store
    this.#capacity = options.capacity ?? 4096
    this.#ttlMs = options.ttlMs ?? 3_600_000
  }

  /** Begins to let old events go. */
  start(): void {
    this.#clock.schedule(SWEEP_MS, () => {
      this.#sweep()
      this.start()
    })
  }

  normal(source: EventSource, type: ResourceType, about: Stored, reason: string, message: string): void {
    this.#record(source, 'Normal', type, about, reason, message)
  }

  warning(source: EventSource, type: ResourceType, about: Stored, reason: string, message: string): void {
    this.#record(source, 'Warning', type, about, reason, message)
  }

  #record(
    source: EventSource,
    level: 'Normal' | 'Warning',
    type: ResourceType,
    about: Stored,
    reason: string,
    said: string,
  ): void {
    const subject = `${source.component}/${source.host ?? ''}/${about.metadata.uid}`
    if (!this.#mayRecord(subject)) return
    const group = `${subject}/${level}/${reason}`
    const isCombined = this.#isOneOfMany(group)
    const message = isCombined ? `(combined from similar events): ${said}` : said
    const id = isCombined ? group : `${group}/${said}`
    const name = this.#same.get(id)
    const namespace = about.metadata.namespace ?? 'default'
    if (name !== undefined && this.#recount(namespace, name, message)) return
    // Nothing new comes into a namespace that is being deleted: the API refuses it.
    if (this.#store.get(Namespaces, undefined, namespace)?.metadata.deletionTimestamp !== undefined) return
    const now = stampOf(this.#clock)
    const event: Event = {
      metadata: { namespace, name: `${about.metadata.name}.${this.#prng.word(16, '0123456789abcdef')}` },
      involvedObject: referenceTo(type, about),
      reason,
      message,
      type: level,
      source: source.host === undefined ? { component: source.component } : { ...source },
      reportingComponent: source.component,
      reportingInstance: source.host ?? '',
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    }
    const stored = this.#store.create<Event>(Events, event)
    this.#same.set(id, stored.metadata.name)
    this.#see(stored.metadata.name, namespace)
    while (this.#kept.size > this.#capacity) this.#forgetOldest()
  }

  /** Raises the count of an event that was recorded before; false when it is gone. */
  #recount(namespace: string, name: string, message: string): boolean {
    const lastTimestamp = stampOf(this.#clock)
    const stored = this.#store.modify<Event>(Events, namespace, name, event => ({
      ...event,
      message,
      lastTimestamp,
      count: (event.count ?? 1) + 1,
    }))
    if (stored === undefined) return false
    this.#see(name, namespace)
    return true
  }

  #mayRecord(subject: string): boolean {
    const nowMs = this.#clock.elapsedMs
    const source = this.#sources.get(subject)
    if (source === undefined) {
      this.#sources.set(subject, { tokens: BURST - 1, refilledMs: nowMs })
      return true
    }
    const refill = Math.floor((nowMs - source.refilledMs) / REFILL_MS)
    if (refill > 0) {
      source.tokens = Math.min(BURST, source.tokens + refill)
      source.refilledMs += refill * REFILL_MS
    }
    if (source.tokens === 0) return false
    source.tokens--
    return true
  }

  #isOneOfMany(group: string): boolean {
    const nowMs = this.#clock.elapsedMs
    const similar = this.#similar.get(group)
    if (similar === undefined || nowMs - similar.firstMs > SIMILAR_MS) {
      this.#similar.set(group, { count: 1, firstMs: nowMs })
      return false
    }
    return ++similar.count > SIMILAR_MAX
  }

  #see(name: string, namespace: string): void {
    const seenMs = this.#clock.elapsedMs
    this.#kept.set(name, { namespace, seenMs })
    this.#sights.push({ name, seenMs })
  }

  /** Takes the oldest sight away, and the event with it unless it has been seen since. */
  #forgetOldest(): void {
    const { name, seenMs } = this.#sights[this.#head++]!
    if (this.#head * 2 > this.#sights.length) {
      this.#sights = this.#sights.slice(this.#head)
      this.#head = 0
    }
    const kept = this.#kept.get(name)
    if (kept === undefined || kept.seenMs !== seenMs) return
    this.#kept.delete(name)
    if (this.#store.get(Events, kept.namespace, name) !== undefined) this.#store.delete(Events, kept.namespace, name)
  }

  #sweep(): void {
    const nowMs = this.#clock.elapsedMs
    while (this.#head < this.#sights.length && nowMs - this.#sights[this.#head]!.seenMs >= this.#ttlMs) {
      this.#forgetOldest()
    }
  }
}

function referenceTo(type: ResourceType, object: Stored): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata
  return {
    kind: type.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    uid,
    apiVersion: apiVersionOf(type),
    resourceVersion,
  }
}
