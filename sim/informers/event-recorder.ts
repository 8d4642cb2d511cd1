import type { Event, ObjectReference } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../base/index.ts'
import { apiVersionOf, Events, type ObjectStore, type ResourceType, type Stored, timestamp } from '../cluster/index.ts'
import type { PlannedClock } from './planned-clock.ts'

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
/** Sources and groups of alike events that are remembered, as in client-go; the oldest are forgotten first. */
const REMEMBERED = 4096

interface Source {
  tokens: number
  refilledMs: number
}

interface Kept {
  readonly namespace: string
  seenMs: number
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
  /** By name of the Event, in order of the last sight. */
  readonly #kept = new Map<string, Kept>()
  /** Name of the Event that stands for a (source, object, type, reason, message). */
  readonly #same = new Map<string, string>()
  readonly #similar = new Map<string, { count: number; firstMs: number }>()
  readonly #sources = new Map<string, Source>()

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
    const now = timestamp(this.#clock.unixMs())
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
    bound(this.#same)
    this.#kept.set(stored.metadata.name, { namespace, seenMs: this.#clock.elapsedMs })
    while (this.#kept.size > this.#capacity) this.#forget(this.#kept.keys().next().value!)
  }

  /** Raises the count of an event that was recorded before; false when it is gone. */
  #recount(namespace: string, name: string, message: string): boolean {
    const lastTimestamp = timestamp(this.#clock.unixMs())
    const stored = this.#store.modify<Event>(Events, namespace, name, event => ({
      ...event,
      message,
      lastTimestamp,
      count: (event.count ?? 1) + 1,
    }))
    if (stored === undefined) return false
    this.#kept.delete(name)
    this.#kept.set(name, { namespace, seenMs: this.#clock.elapsedMs })
    return true
  }

  #mayRecord(subject: string): boolean {
    const nowMs = this.#clock.elapsedMs
    const source = this.#sources.get(subject)
    if (source === undefined) {
      this.#sources.set(subject, { tokens: BURST - 1, refilledMs: nowMs })
      bound(this.#sources)
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
      bound(this.#similar)
      return false
    }
    return ++similar.count > SIMILAR_MAX
  }

  #forget(name: string): void {
    const { namespace } = this.#kept.get(name)!
    this.#kept.delete(name)
    if (this.#store.get(Events, namespace, name) !== undefined) this.#store.delete(Events, namespace, name)
  }

  #sweep(): void {
    const nowMs = this.#clock.elapsedMs
    for (const [name, kept] of this.#kept) {
      if (nowMs - kept.seenMs < this.#ttlMs) break
      this.#forget(name)
    }
  }
}

function bound(map: Map<string, unknown>): void {
  if (map.size > REMEMBERED) map.delete(map.keys().next().value!)
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
