import type { Clock, Timer } from '../base/index.ts'
import type { ObjectStore } from './cluster/index.ts'
import type { Feed, PodRuntime, TargetSpec, TargetWatcher } from './kubelet/pod-runtime.ts'
import { STATE_KINDS, type StateChange } from './state-metrics/index.ts'
import { profileByName } from './targets/index.ts'

/** How late objects come to the pages that tell of them, at most: several versions of one that come meanwhile are one. */
const OBJECTS_EVERY_MS = 50
/** Of a message; a page of a large cluster is built up by many. */
const CHANGES_MAX = 500
/** Node pages are made anew so often, or more seldom where there are many: one takes a millisecond or two. */
const PAGE_EVERY_MS = 1000
const PAGE_GAP_MS = 20

const PLURALS: ReadonlySet<string> = new Set(STATE_KINDS.map(({ plural }) => plural))

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
  /** Open pods that are fed with objects. */
  readonly #readers = new Set<string>()
  /** Nodes of open pods that are fed with pages, by uid: first the one whose turn is next. */
  readonly #nodes = new Map<string, string>()
  /** By uid of the object. */
  readonly #changed = new Map<string, StateChange>()
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
    this.#readers.add(uid)
    this.#unsubscribe ??= store.subscribe(({ type, resource, object }) => {
      if (!PLURALS.has(resource.plural)) return
      this.#changed.set(object.metadata.uid, changeOf(resource.plural, object, type === 'DELETED'))
      this.#objectsTimer ??= this.#clock.schedule(OBJECTS_EVERY_MS, () => this.#tellChanges())
    })
    // What waits is in the store already, so that it comes twice at worst.
    const all: StateChange[] = []
    for (const resource of store.resources.stored()) {
      if (!PLURALS.has(resource.plural)) continue
      for (const object of store.list(resource)) all.push(changeOf(resource.plural, object, false))
    }
    this.#tell([uid], all)
  }

  #tellChanges(): void {
    this.#objectsTimer = undefined
    const changes = [...this.#changed.values()]
    this.#changed.clear()
    this.#tell([...this.#readers], changes)
  }

  #tell(readers: readonly string[], changes: readonly StateChange[]): void {
    for (let from = 0; from < changes.length; from += CHANGES_MAX) {
      const some = changes.slice(from, from + CHANGES_MAX)
      for (const reader of readers) this.#runtime.feed?.(reader, { of: 'objects', changes: some })
    }
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
function changeOf(plural: string, object: { readonly metadata: { readonly uid: string } }, gone: boolean): StateChange {
  const { uid } = object.metadata
  if (gone) return { plural, uid, object: undefined }
  const { managedFields: _, ...metadata } = object.metadata as { managedFields?: unknown }
  return { plural, uid, object: { ...object, metadata } }
}
