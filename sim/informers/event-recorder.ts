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
/** Sight of an event that has been deleted: none. */
const FORGOTTEN = -1
/** Objects of which it is remembered what was said; client-go has as many sources, groups of alike events and single events. */
const REMEMBERED = 4096
/** From so many on, a group's events are looked through for those that are gone. */
const PRUNE_FROM = 16

/** What somebody has said of one object. */
interface Source {
  readonly component: string
  readonly host: string | undefined
  tokens: number
  refilledMs: number
  readonly groups: Group[]
}

/** Events of one source about one object that are alike but for their message. */
interface Group {
  readonly level: 'Normal' | 'Warning'
  readonly reason: string
  /** Since `firstMs`. */
  count: number
  firstMs: number
  /** The Event that stands for each message, and the one for all that came after too many. */
  single: Single[]
  combined: Kept | undefined
}

interface Single {
  readonly said: string
  kept: Kept
}

/** An Event that is in the store, as far as we know. */
interface Kept {
  readonly namespace: string
  readonly name: string
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
  /** Events in order of their sights, several for one that was seen again; `#head` is the oldest. */
  #sights: { readonly kept: Kept; readonly seenMs: number }[] = []
  #head = 0
  /** Events that have not been forgotten. */
  #count = 0
  /** By uid of the object. An object has few sources, and a source little to say: both are looked through. */
  readonly #sources = new RecentMap<Source[]>(REMEMBERED)

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
    by: EventSource,
    level: 'Normal' | 'Warning',
    type: ResourceType,
    about: Stored,
    reason: string,
    said: string,
  ): void {
    const source = this.#sourceOf(by, about.metadata.uid)
    if (!this.#mayRecord(source)) return
    const group = groupOf(source, level, reason)
    const isCombined = this.#isOneOfMany(group)
    const message = isCombined ? `(combined from similar events): ${said}` : said
    const known = isCombined ? undefined : group.single.find(single => single.said === said)
    const kept = isCombined ? group.combined : known?.kept
    if (kept !== undefined && this.#recount(kept, message)) return
    // Nothing new comes into a namespace that is being deleted: the API refuses it.
    if (this.#isEnding(about.metadata.namespace)) return
    const fresh = this.#create(by, level, type, about, reason, message)
    if (isCombined) group.combined = fresh
    else if (known !== undefined) known.kept = fresh
    else remember(group, { said, kept: fresh })
    this.#count++
    this.#see(fresh)
    while (this.#count > this.#capacity) this.#forgetOldest()
  }

  #isEnding(namespace = 'default'): boolean {
    return this.#store.get(Namespaces, undefined, namespace)?.metadata.deletionTimestamp !== undefined
  }

  #create(
    by: EventSource,
    level: 'Normal' | 'Warning',
    type: ResourceType,
    about: Stored,
    reason: string,
    message: string,
  ): Kept {
    const namespace = about.metadata.namespace ?? 'default'
    const name = `${about.metadata.name}.${this.#prng.word(16, '0123456789abcdef')}`
    const now = stampOf(this.#clock)
    this.#store.create<Event>(Events, {
      metadata: { namespace, name },
      involvedObject: referenceTo(type, about),
      reason,
      message,
      type: level,
      source: by.host === undefined ? { component: by.component } : { component: by.component, host: by.host },
      reportingComponent: by.component,
      reportingInstance: by.host ?? '',
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    })
    return { namespace, name, seenMs: this.#clock.elapsedMs }
  }

  /** Raises the count of an event that was recorded before; false when it is gone. */
  #recount(kept: Kept, message: string): boolean {
    const lastTimestamp = stampOf(this.#clock)
    const stored = this.#store.modify<Event>(Events, kept.namespace, kept.name, event => ({
      ...event,
      message,
      lastTimestamp,
      count: (event.count ?? 1) + 1,
    }))
    if (stored === undefined) return false
    this.#see(kept)
    return true
  }

  #sourceOf({ component, host }: EventSource, uid: string): Source {
    let sources = this.#sources.get(uid)
    if (sources === undefined) {
      sources = []
      this.#sources.set(uid, sources)
    }
    for (const source of sources) if (source.component === component && source.host === host) return source
    const source: Source = { component, host, tokens: BURST, refilledMs: this.#clock.elapsedMs, groups: [] }
    sources.push(source)
    return source
  }

  #mayRecord(source: Source): boolean {
    const refill = Math.floor((this.#clock.elapsedMs - source.refilledMs) / REFILL_MS)
    if (refill > 0) {
      source.tokens = Math.min(BURST, source.tokens + refill)
      source.refilledMs += refill * REFILL_MS
    }
    if (source.tokens === 0) return false
    source.tokens--
    return true
  }

  #isOneOfMany(group: Group): boolean {
    const nowMs = this.#clock.elapsedMs
    if (group.count === 0 || nowMs - group.firstMs > SIMILAR_MS) {
      group.count = 1
      group.firstMs = nowMs
      return false
    }
    return ++group.count > SIMILAR_MAX
  }

  #see(kept: Kept): void {
    kept.seenMs = this.#clock.elapsedMs
    this.#sights.push({ kept, seenMs: kept.seenMs })
  }

  /** Takes the oldest sight away, and the event with it unless it has been seen since. */
  #forgetOldest(): void {
    const { kept, seenMs } = this.#sights[this.#head++]!
    if (this.#head * 2 > this.#sights.length) {
      this.#sights = this.#sights.slice(this.#head)
      this.#head = 0
    }
    if (kept.seenMs !== seenMs) return
    const { namespace, name } = kept
    kept.seenMs = FORGOTTEN
    this.#count--
    if (this.#store.get(Events, namespace, name) !== undefined) this.#store.delete(Events, namespace, name)
  }

  #sweep(): void {
    const nowMs = this.#clock.elapsedMs
    while (this.#head < this.#sights.length && nowMs - this.#sights[this.#head]!.seenMs >= this.#ttlMs) {
      this.#forgetOldest()
    }
  }
}

function groupOf({ groups }: Source, level: Group['level'], reason: string): Group {
  for (const group of groups) if (group.reason === reason && group.level === level) return group
  const group: Group = { level, reason, count: 0, firstMs: 0, single: [], combined: undefined }
  groups.push(group)
  return group
}

/** Bounded by what a source may say within the time that events are kept. */
function remember(group: Group, single: Single): void {
  if (group.single.length >= PRUNE_FROM) group.single = group.single.filter(({ kept }) => kept.seenMs !== FORGOTTEN)
  group.single.push(single)
}

function referenceTo(type: ResourceType, object: Stored): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata
  const apiVersion = apiVersionOf(type)
  return namespace === undefined
    ? { kind: type.kind, name, uid, apiVersion, resourceVersion }
    : { kind: type.kind, namespace, name, uid, apiVersion, resourceVersion }
}
