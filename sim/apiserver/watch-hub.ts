import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '../../base/index.ts'
import { type ApiError, type ObjectStore, type ResourceType, type Stored } from '../cluster/index.ts'
import type { Disturbances } from './disturbances.ts'
import { waitUntilFresh } from './freshness.ts'
import { expired, listAll } from './list.ts'
import type { ListOptions } from './list-options.ts'
import type { ObjectTexts } from './object-texts.ts'
import type { Representation } from './representation.ts'
import type { Selection, WatchType } from './selection.ts'
import { WatchChunks } from './watch-chunks.ts'
import { type Backlog, Watcher } from './watcher.ts'

export interface WatchHubOptions {
  readonly bookmarkIntervalMs: number
  readonly queuedBytesMax: number
  readonly disturbances: Disturbances
  /** How a watch from a version that is too old is answered: as Kubernetes' watch cache does, or as etcd would. */
  readonly expiredAs: 'event' | 'status'
}

interface WatchRequest {
  readonly selection: Selection
  readonly representation: Representation
  readonly options: ListOptions
}

/** Watches without a time-out get one between 30 and 60 minutes, as Kubernetes' --min-request-timeout says. */
const TIMEOUT_MS_MIN = 1_800_000
const TIMEOUT_STEP_MS = 97_000

/** All open watches. One subscription to the store fans out to the watches of the kind that changed. */
export class WatchHub {
  readonly #clock: Clock
  readonly #store: ObjectStore
  readonly #options: WatchHubOptions
  readonly #chunks = new WatchChunks()
  readonly #watchers = new Map<ResourceType, Set<Watcher>>()
  readonly #unsubscribe: () => void
  readonly #eventsOfClosed = new Map<ResourceType, number>()
  #opened = 0

  constructor(clock: Clock, store: ObjectStore, texts: ObjectTexts, options: WatchHubOptions) {
    this.#clock = clock
    this.#store = store
    this.#options = options
    options.disturbances.onChange(() => {
      for (const watcher of this.#all()) watcher.hurry()
    })
    this.#unsubscribe = store.subscribe(event => {
      const watchers = this.#watchers.get(event.resource)
      if (watchers !== undefined) for (const watcher of watchers) watcher.offer(event)
      if (event.type === 'DELETED') texts.forget(event.object.metadata.uid)
    })
  }

  /** Watches open now. */
  get size(): number {
    let size = 0
    for (const watchers of this.#watchers.values()) size += watchers.size
    return size
  }

  /**
   * Answers a watch on a response of which nothing has been sent. By Kubernetes' rules:
   *
   * | sendInitialEvents | resourceVersion | first come                            |
   * | ----------------- | --------------- | ------------------------------------- |
   * | unset             | unset or 0      | ADDED for all that is there           |
   * | unset, false      | N               | events after N                        |
   * | false             | unset           | nothing                               |
   * | true              | any             | ADDED for all that is there, a bookmark |
   *
   * @throws ApiError Timeout when a watch-list names a future version; Expired with `expiredAs: 'status'`
   */
  async open(
    response: ServerResponse,
    request: WatchRequest,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { selection, options, representation } = request
    const { sendInitialEvents, resourceVersion = 0 } = options
    if (sendInitialEvents === true) await waitUntilFresh(this.#clock, this.#store, resourceVersion)
    const backlog = this.#backlog(request)
    if (backlog === undefined && this.#options.expiredAs === 'status') {
      throw expired(resourceVersion, this.#store.resourceVersion)
    }
    response.writeHead(200, headers)
    response.flushHeaders()
    const timers: Timer[] = []
    const watchers = this.#watchersOf(selection.type)
    const watcher = new Watcher(this.#clock, response, {
      selection,
      representation,
      chunks: this.#chunks,
      after: resourceVersion,
      disturbances: this.#options.disturbances,
      backlog: backlog ?? { entries: [][Symbol.iterator](), endBookmarkVersion: undefined },
      queuedBytesMax: this.#options.queuedBytesMax,
      onClose: () => {
        watchers.delete(watcher)
        this.#eventsOfClosed.set(selection.type, (this.#eventsOfClosed.get(selection.type) ?? 0) + watcher.events)
        for (const timer of timers) timer.cancel()
      },
    })
    if (backlog === undefined) {
      watcher.fail(expired(resourceVersion, this.#store.resourceVersion).toStatus())
      return
    }
    watchers.add(watcher)
    this.#startTimers(watcher, options, timers)
  }

  /** Events that were sent since the start, by kind. */
  eventsSent(): ReadonlyMap<ResourceType, number> {
    const sent = new Map(this.#eventsOfClosed)
    for (const [type, watchers] of this.#watchers) {
      for (const { events } of watchers) sent.set(type, (sent.get(type) ?? 0) + events)
    }
    return sent
  }

  /** Breaks all watches without a word. */
  drop(): void {
    for (const watcher of this.#all()) watcher.drop()
  }

  /** Ends all watches with an error event, e.g. 410 in mid-stream. */
  fail(error: ApiError): void {
    for (const watcher of this.#all()) watcher.fail(error.toStatus())
  }

  /** Ends all watches as if their time were over, but without the bookmark that would say how far they are. */
  end(): void {
    for (const watcher of this.#all()) watcher.end()
  }

  /**
   * The connections of each n-th open watch lose what they carry: nothing comes any more, and nothing says so. Watches that
   * are opened from now on are well. Returns what resets those connections.
   */
  silence(every: number): () => void {
    const silent = [...this.#all()].filter((_, index) => index % every === 0)
    for (const watcher of silent) watcher.silence()
    return () => {
      for (const watcher of silent) watcher.drop()
    }
  }

  /** Ends all watches of a kind that is no longer served. */
  endOf(type: ResourceType): void {
    for (const watcher of this.#watchers.get(type) ?? []) watcher.end()
    this.#watchers.delete(type)
  }

  close(): void {
    this.#unsubscribe()
    this.end()
  }

  *#all(): Generator<Watcher, void> {
    for (const watchers of this.#watchers.values()) yield* watchers
  }

  #watchersOf(type: ResourceType): Set<Watcher> {
    let watchers = this.#watchers.get(type)
    if (watchers === undefined) {
      watchers = new Set()
      this.#watchers.set(type, watchers)
    }
    return watchers
  }

  #backlog({ selection, options }: WatchRequest): Backlog | undefined {
    const { sendInitialEvents, resourceVersion, allowWatchBookmarks } = options
    const fromState = sendInitialEvents ?? (resourceVersion === undefined || resourceVersion === 0)
    if (fromState) {
      const endBookmarkVersion =
        sendInitialEvents === true && allowWatchBookmarks ? this.#store.resourceVersion : undefined
      return { entries: added(listAll(this.#store, selection.type, selection)), endBookmarkVersion }
    }
    if (resourceVersion === undefined || resourceVersion === 0) {
      return { entries: [][Symbol.iterator](), endBookmarkVersion: undefined }
    }
    const { replayVersions } = this.#options.disturbances
    const missed =
      (replayVersions === 0
        ? undefined
        : this.#store.eventsSince(selection.type, Math.max(0, resourceVersion - replayVersions))) ??
      this.#store.eventsSince(selection.type, resourceVersion)
    if (missed === undefined) return undefined
    return { entries: seen(missed, selection), endBookmarkVersion: undefined }
  }

  #startTimers(watcher: Watcher, options: ListOptions, timers: Timer[]): void {
    // Spread over the half hour, so that watches opened together do not all come back together.
    const spreadMs = (this.#opened++ * TIMEOUT_STEP_MS) % TIMEOUT_MS_MIN
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS_MIN + spreadMs
    timers[0] = this.#clock.schedule(timeoutMs, () => {
      if (options.allowWatchBookmarks) watcher.bookmark(this.#store.resourceVersion)
      watcher.end()
    })
    if (!options.allowWatchBookmarks) return
    const plan = (): void => {
      const { bookmarkIntervalMs, disturbances } = this.#options
      timers[1] = this.#clock.schedule(bookmarkIntervalMs, () => {
        const { bookmarkDelayMs } = disturbances
        if (bookmarkDelayMs === 0) return tick()
        if (bookmarkDelayMs === Number.POSITIVE_INFINITY) return plan()
        // It is late, and yet tells where the watch is when it comes: a bookmark never goes back.
        timers[1] = this.#clock.schedule(bookmarkDelayMs, tick)
      })
    }
    const tick = (): void => {
      watcher.bookmark(this.#store.resourceVersion)
      plan()
    }
    plan()
  }
}

type Entry = { readonly type: WatchType; readonly object: Stored }

function* added(objects: readonly Stored[]): Generator<Entry, void> {
  for (const object of objects) yield { type: 'ADDED', object }
}

function* seen(events: readonly Parameters<Selection['see']>[0][], selection: Selection): Generator<Entry, void> {
  for (const event of events) {
    const entry = selection.see(event)
    if (entry !== undefined) yield entry
  }
}
