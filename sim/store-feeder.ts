import type { Clock, Timer } from '../base/index.ts'
import type { ObjectStore, Stored } from './cluster/index.ts'
import type { Feed, PodRuntime, TargetSpec, TargetWatcher } from './kubelet/pod-runtime.ts'
import { STATE_KINDS, type StateChange } from './state-metrics/index.ts'
import { profileByName } from './targets/index.ts'

/** Objects go out so often, so many at a time: some 15 µs each, so that the control plane is never held up by much. */
const OBJECTS_EVERY_MS = 5
const OBJECTS_AT_ONCE = 50
/** Node pages are made anew so often, or more seldom where there are many: one takes a millisecond or two. */
const PAGE_EVERY_MS = 1000
const PAGE_GAP_MS = 20

const PLURALS: ReadonlySet<string> = new Set(STATE_KINDS.map(({ plural }) => plural))

/** An object as it was at its last change. */
interface Change {
  readonly plural: string
  readonly object: Stored
  readonly gone: boolean
}

/** What pages are made of. */
export interface FeedSources {
  readonly store: ObjectStore
  /** The page of cAdvisor on a node; `undefined` where there is none. */
  cadvisorPage(node: string): string | undefined
}

/**
 * Feeds pods whose pages tell what is in the store, while they are open: kube-state-metrics with the objects (all of them when it
 * opens, then those that change), cAdvisor with the page of its node.
 *
 * It costs nothing while there is no such pod. It works in real time and changes nothing in the cluster.
 */
export class StoreFeeder implements TargetWatcher {
  readonly #clock: Clock
  readonly #runtime: Pick<PodRuntime, 'feed'>
  readonly #sources: FeedSources
  /** Open pods that are fed with objects, and what each of them has not been told yet: by uid, the latest of each. */
  readonly #readers = new Map<string, Map<string, Change>>()
  /** Nodes of open pods that are fed with pages, by uid: first the one whose turn is next. */
  readonly #nodes = new Map<string, string>()
  #unsubscribe: (() => void) | undefined
  #objectsTimer: Timer | undefined
  #pageTimer: Timer | undefined

  constructor(clock: Clock, runtime: Pick<PodRuntime, 'feed'>, sources: FeedSources) {
    this.#clock = clock
    this.#runtime = runtime
    this.#sources = sources
  }

  opened({ uid, profile, node }: TargetSpec): void {
    const fedWith = fedBy(profile)
    if (fedWith === 'objects') this.#addReader(uid)
    else if (fedWith === 'page') this.#addNode(uid, node)
  }

  closed(uid: string): void {
    this.#readers.delete(uid)
    this.#nodes.delete(uid)
    if (this.#readers.size > 0) return
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }

  /** Feeds nobody any more. */
  stop(): void {
    this.#unsubscribe?.()
    this.#objectsTimer?.cancel()
    this.#pageTimer?.cancel()
    this.#readers.clear()
    this.#nodes.clear()
  }

  #addReader(uid: string): void {
    const { store } = this.#sources
    const untold = new Map<string, Change>()
    for (const resource of store.resources.stored()) {
      if (!PLURALS.has(resource.plural)) continue
      const { plural } = resource
      for (const object of store.list(resource)) untold.set(object.metadata.uid, { plural, object, gone: false })
    }
    this.#readers.set(uid, untold)
    this.#unsubscribe ??= store.subscribe(({ type, resource: { plural }, object }) => {
      if (!PLURALS.has(plural)) return
      for (const changes of this.#readers.values()) {
        changes.set(object.metadata.uid, { plural, object, gone: type === 'DELETED' })
      }
      this.#tellLater()
    })
    this.#tellLater()
  }

  #tellLater(): void {
    this.#objectsTimer ??= this.#clock.schedule(OBJECTS_EVERY_MS, () => {
      this.#objectsTimer = undefined
      let isLeft = false
      for (const [reader, untold] of this.#readers) {
        this.#tellSome(reader, untold)
        isLeft ||= untold.size > 0
      }
      if (isLeft) this.#tellLater()
    })
  }

  #tellSome(reader: string, untold: Map<string, Change>): void {
    const changes: StateChange[] = []
    for (const [uid, change] of untold) {
      if (changes.length === OBJECTS_AT_ONCE) break
      untold.delete(uid)
      changes.push(sent(uid, change))
    }
    this.#runtime.feed?.(reader, { of: 'objects', changes })
  }

  #addNode(uid: string, node: string): void {
    this.#nodes.set(uid, node)
    this.#tellPage(uid, node)
    this.#pageTimer ??= this.#clock.schedule(PAGE_EVERY_MS, () => this.#tellNextPage())
  }

  #tellNextPage(): void {
    this.#pageTimer = undefined
    const [next] = this.#nodes
    if (next === undefined) return
    const [uid, node] = next
    this.#nodes.delete(uid)
    this.#nodes.set(uid, node)
    this.#tellPage(uid, node)
    const gapMs = Math.max(PAGE_GAP_MS, PAGE_EVERY_MS / this.#nodes.size)
    this.#pageTimer = this.#clock.schedule(gapMs, () => this.#tellNextPage())
  }

  #tellPage(uid: string, node: string): void {
    const text = this.#sources.cadvisorPage(node)
    if (text !== undefined) this.#runtime.feed?.(uid, { of: 'page', text })
  }
}

/** A profile that nobody knows is refused by the runtime. */
function fedBy(profile: string): Feed['of'] | undefined {
  try {
    return profileByName(profile).fedWith
  } catch {
    return undefined
  }
}

/** Without what no page tells and every write makes longer. */
function sent(uid: string, { plural, object, gone }: Change): StateChange {
  if (gone) return { plural, uid, object: undefined }
  const { managedFields: _, ...metadata } = object.metadata
  return { plural, uid, object: { ...object, metadata } }
}
