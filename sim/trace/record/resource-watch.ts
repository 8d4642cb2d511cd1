import type { Clock, Timer } from '../../../base/index.ts'
import { keyOf, type Stored } from '../../cluster/index.ts'
import { ApiFailure, type KubeApi, type WatchLine } from './kube-api.ts'
import type { ChangeType } from './object-tracker.ts'
import type { Recording } from './recording.ts'
import type { ServerHealth } from './server-health.ts'

export interface WatchedResource {
  readonly kind: string
  /** Of the collection: `/api/v1/pods`. */
  readonly path: string
  /** All when absent. */
  readonly namespace?: string
  readonly selector?: string
}

/** Items of a list that are asked for at a time, as client-go does. */
const PAGE_ITEMS = 500
/** After which the server is to end a watch by itself; a connection that died unnoticed is then known to be dead. */
const WATCH_TIMEOUT_S = 300
const WATCH_GRACE_MS = 30_000
const BACK_OFF_FIRST_MS = 100
const BACK_OFF_MAX_MS = 10_000
/** A watch that lived shorter and told nothing counts as a failed one. */
const LIVED_MS = 1000

/**
 * Follows one kind of objects: lists it, then watches from the version of the list on.
 *
 * | the watch                         | goes on                                                            |
 * | --------------------------------- | ------------------------------------------------------------------ |
 * | ends, breaks, cannot be opened    | from the last version that was seen: nothing is lost, nothing twice |
 * | is refused as too old (410)       | with a new list; the tracker tells the differences, deletions too   |
 * | ends with another ERROR event     | likewise                                                           |
 *
 * Attempts that fail in a row are spaced by 0.1 s, doubling up to 10 s, or as the server says (`Retry-After`).
 */
export class ResourceWatch {
  readonly resource: WatchedResource
  readonly #clock: Clock
  readonly #api: KubeApi
  readonly #recording: Recording
  readonly #health: ServerHealth
  /** Version to watch from; `undefined`: list first. */
  #version: string | undefined
  #lists = 0
  #wasOpen = false

  constructor(clock: Clock, api: KubeApi, recording: Recording, health: ServerHealth, resource: WatchedResource) {
    this.resource = resource
    this.#clock = clock
    this.#api = api
    this.#recording = recording
    this.#health = health
  }

  /** Times that everything was listed. */
  get lists(): number {
    return this.#lists
  }

  /** @throws ApiFailure */
  async list(signal: AbortSignal): Promise<void> {
    const { kind, namespace } = this.resource
    for (let attempt = 0; ; attempt++) {
      try {
        const { version, listed } = await this.#listPages(signal)
        this.#recording.retain(kind, namespace, listed)
        this.#version = version
        this.#lists++
        return
      } catch (failure) {
        // The pages took longer than the server remembers the first one's version.
        if (!(failure instanceof ApiFailure) || !failure.isExpired || attempt === 3) throw failure
      }
    }
  }

  /** Until `signal`. @throws ApiFailure when the first watch is refused for good: it is not allowed, or not served. */
  async follow(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      let failure: ApiFailure | undefined
      try {
        if (this.#version === undefined) await this.list(signal)
        const lived = await this.#watchOnce(signal)
        failures = lived ? 0 : failures + 1
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof ApiFailure)) throw error
        failure = error
        failures++
        if (!this.#wasOpen && isRefusedForGood(failure)) throw failure
      }
      if (signal.aborted) return
      // The first attempt after a break is made at once and says nothing.
      if (failures < 2) continue
      if (failure !== undefined && !failure.isBreak && !failure.isExpired) this.#health.failing(this, failure.message)
      const backOffMs = Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** Math.min(failures - 2, 16))
      await pause(this.#clock, Math.max(backOffMs, failure?.retryAfterMs ?? 0), signal)
    }
  }

  async #listPages(signal: AbortSignal): Promise<{ version: string; listed: Set<string> }> {
    const { path, kind, selector } = this.resource
    const listed = new Set<string>()
    let token: string | undefined
    let version: string
    do {
      const page = (await this.#api.get(
        path,
        { limit: PAGE_ITEMS, continue: token, labelSelector: selector },
        signal,
      )) as Page
      for (const object of page.items ?? []) {
        listed.add(keyOf(object))
        this.#recording.see(kind, 'ADDED', object)
      }
      await this.#recording.drain()
      token = page.metadata?.continue || undefined
      version = page.metadata?.resourceVersion ?? ''
    } while (token !== undefined)
    return { version, listed }
  }

  /** Returns whether the watch was worth its opening. */
  async #watchOnce(signal: AbortSignal): Promise<boolean> {
    const { path, selector } = this.resource
    const openedNs = this.#clock.monotonicNs()
    const silent = new AbortController()
    const timer = this.#clock.schedule(WATCH_TIMEOUT_S * 1000 + WATCH_GRACE_MS, () => silent.abort())
    let told = false
    let fine: Timer | undefined
    const lived = (): boolean => told || Number(this.#clock.monotonicNs() - openedNs) / 1e6 >= LIVED_MS
    try {
      await this.#api.watch(
        path,
        {
          resourceVersion: this.#version,
          allowWatchBookmarks: true,
          timeoutSeconds: WATCH_TIMEOUT_S,
          labelSelector: selector,
        },
        AbortSignal.any([signal, silent.signal]),
        {
          open: () => {
            this.#wasOpen = true
            fine = this.#clock.schedule(LIVED_MS, () => this.#health.fine(this))
          },
          line: line => {
            this.#take(line)
            if (!told) this.#health.fine(this)
            told = true
          },
        },
      )
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      if (error.isExpired || error.isEvent) this.#version = undefined
      // Broken off rather than refused: as good as ended.
      else if (error.isBreak && lived()) return true
      throw error
    } finally {
      timer.cancel()
      fine?.cancel()
    }
    return lived()
  }

  #take({ type, object }: WatchLine): void {
    const stored = object as Stored
    if (type !== 'BOOKMARK') this.#recording.see(this.resource.kind, type as ChangeType, stored)
    this.#version = stored.metadata.resourceVersion
  }
}

/** By its rights, or because there is no such kind. */
export function isRefusedForGood({ status }: ApiFailure): boolean {
  return status === 403 || status === 404
}

interface Page {
  readonly items?: readonly Stored[]
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.schedule(ms, done)
    signal.addEventListener('abort', done)
  })
}
