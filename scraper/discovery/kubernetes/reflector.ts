import type { Status } from 'kubernetes-types/meta/v1.js'
import type { Dispatcher } from 'undici'
import type { Clock, Prng, Timer } from '../../../base/index.ts'
import type { LogSink } from '../../log-sink.ts'
import type { DiscoveryMetrics } from '../discovery-metrics.ts'
import { Backoff } from './backoff.ts'
import { JsonLines } from './json-lines.ts'
import { type KubeClient, KubeStatusError, type Query } from './kube-client.ts'
import { type KubeList, type KubeObject, objectKey, type WatchEvent } from './kube-types.ts'

/** Where a reflector puts what it sees. */
export interface ReflectorSink {
  /** Everything there is, after a list or the initial events of a watch-list. */
  replace(objects: readonly KubeObject[]): void
  upsert(object: KubeObject): void
  delete(object: KubeObject): void
}

export interface ReflectorTarget {
  readonly path: string
  readonly labelSelector: string
  readonly fieldSelector: string
}

export interface ReflectorOptions {
  readonly metrics: DiscoveryMetrics
  readonly log: LogSink
}

/** How one watch ended. */
type WatchEnd =
  /** Closed by the server or the connection lost: go on from the last resource version. */
  | { readonly kind: 'closed' }
  /** Our resource version is too old: everything must be read anew. */
  | { readonly kind: 'expired' }
  /** The server does not do watch-lists: list, then watch. */
  | { readonly kind: 'unsupported'; readonly problem: string }
  | { readonly kind: 'failed'; readonly problem: string; readonly waitMs: number | undefined }
  | { readonly kind: 'stopped' }

const PAGE_LIMIT = 500
const MAX_LIST_BYTES = 1024 * 1024 * 1024
/** Watches are asked to end after a random time of this length or up to twice it. */
const WATCH_MIN_S = 300
/** What a server may be late in ending a watch before the connection counts as dead. */
const WATCH_GRACE_MS = 30_000
const LIST_TIMEOUT_MS = 120_000
/** Initial events that pause longer than this will not end: the server took the request for an ordinary watch. */
const INITIAL_PAUSE_MS = 10_000
/** Expiries further apart than this are answered at once. */
const RARE_EXPIRY_NS = 5_000_000_000n
/** A watch that ends sooner without an event is a fault of the server, not a time-out. */
const SHORT_WATCH_NS = 1_000_000_000n

const INITIAL_END = 'k8s.io/initial-events-end'

/**
 * Keeps a sink in step with one kind of object of an API server.
 *
 *            ┌───────── unsupported ────────▶ list ──┐
 *   start ─▶ watch-list ──initial events──▶ │        ├──▶ watch ──closed──▶ watch (from the last version)
 *            ▲                              └────────┘      │
 *            └──────────────── expired (410) ───────────────┘      failed ──back-off──▶ the same again
 *
 * The state is replaced only when it is complete, so that the sink never sees a part of it.
 */
export class Reflector {
  readonly #clock: Clock
  readonly #prng: Prng
  readonly #client: KubeClient
  readonly #target: ReflectorTarget
  readonly #sink: ReflectorSink
  readonly #metrics: DiscoveryMetrics
  readonly #log: LogSink
  readonly #backoff: Backoff
  readonly #abort = new AbortController()
  /** Of the last object or bookmark seen; '' while nothing is known. */
  #version = ''
  #needsAll = true
  /** After an expiry a list from the server's cache could be too old again. */
  #wantsLatest = false
  #expiredNs: bigint | undefined
  #usesWatchList = true

  constructor(
    clock: Clock,
    prng: Prng,
    client: KubeClient,
    target: ReflectorTarget,
    sink: ReflectorSink,
    options: ReflectorOptions,
  ) {
    this.#clock = clock
    this.#prng = prng
    this.#client = client
    this.#target = target
    this.#sink = sink
    this.#metrics = options.metrics
    this.#log = options.log
    this.#backoff = new Backoff(clock, prng.fork('backoff'))
  }

  start(): void {
    this.#run().catch((error: unknown) => {
      // What is left here is a mistake of ours: it must not pass for a quiet cluster.
      queueMicrotask(() => {
        throw error
      })
    })
  }

  stop(): void {
    this.#abort.abort()
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const startedNs = this.#clock.monotonicNs()
      let events = 0
      let end: WatchEnd
      if (this.#needsAll && !this.#usesWatchList) {
        end = await this.#list()
        if (end.kind === 'closed') continue
      } else {
        end = await this.#watch(this.#needsAll, () => events++)
      }
      let waitMs: number | undefined
      switch (end.kind) {
        case 'stopped':
          return
        case 'expired':
          this.#version = ''
          this.#needsAll = true
          this.#wantsLatest = true
          waitMs = this.#isRareExpiry() ? 0 : undefined
          break
        case 'unsupported':
          this.#usesWatchList = false
          this.#log('info', 'the API server does not stream lists; listing instead', this.#fields(end.problem))
          waitMs = 0
          break
        case 'closed':
          if (events === 0 && this.#clock.monotonicNs() - startedNs < SHORT_WATCH_NS) {
            end = { kind: 'failed', problem: 'the watch ended at once, without an event', waitMs: undefined }
          } else {
            waitMs = 0
          }
          break
        case 'failed':
          waitMs = end.waitMs
          break
      }
      if (end.kind === 'failed') {
        this.#metrics.kubernetesFailures.inc()
        this.#log('warn', 'reading from the API server failed', this.#fields(end.problem))
      }
      if (waitMs !== 0) await this.#sleep(waitMs ?? this.#backoff.nextMs())
    }
  }

  /** A server that calls every version too old must not be asked without a pause. */
  #isRareExpiry(): boolean {
    const nowNs = this.#clock.monotonicNs()
    const isRare = this.#expiredNs === undefined || nowNs - this.#expiredNs > RARE_EXPIRY_NS
    this.#expiredNs = nowNs
    return isRare
  }

  /** Reads everything, page by page. 'closed' is success here: what comes next is a watch. */
  async #list(): Promise<WatchEnd> {
    const objects: KubeObject[] = []
    let next: string | undefined
    try {
      do {
        this.#metrics.lists.inc()
        const query: Query = {
          ...this.#selectors(),
          limit: String(PAGE_LIMIT),
          // The server's cache will do at first; after trouble with its age, only the latest state.
          resourceVersion: next === undefined && !this.#wantsLatest ? '0' : undefined,
          continue: next,
        }
        const list = await this.#readList(query)
        objects.push(...(list.items ?? []))
        this.#version = list.metadata?.resourceVersion ?? ''
        next = list.metadata?.continue === '' ? undefined : list.metadata?.continue
      } while (next !== undefined)
    } catch (error) {
      if (this.#abort.signal.aborted) return { kind: 'stopped' }
      this.#version = ''
      return isExpired(error) ? { kind: 'expired' } : failure(error)
    }
    this.#needsAll = false
    this.#wantsLatest = false
    this.#sink.replace(objects)
    return { kind: 'closed' }
  }

  async #readList(query: Query): Promise<KubeList> {
    const deadline = this.#deadline(LIST_TIMEOUT_MS)
    try {
      const body = await this.#client.get(this.#target.path, query, deadline.signal)
      const chunks: Buffer[] = []
      let sizeBytes = 0
      for await (const chunk of body as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length
        if (sizeBytes > MAX_LIST_BYTES) throw new RangeError(`a list is longer than ${MAX_LIST_BYTES} bytes`)
        chunks.push(chunk)
      }
      this.#metrics.watchBytes.inc(sizeBytes)
      return JSON.parse(Buffer.concat(chunks).toString('utf8')) as KubeList
    } finally {
      deadline.cancel()
    }
  }

  /** @param withInitial first the objects there are (a watch-list), then changes; else changes only. */
  async #watch(withInitial: boolean, onEvent: () => void): Promise<WatchEnd> {
    const timeoutS = WATCH_MIN_S + this.#prng.below(WATCH_MIN_S + 1)
    const deadline = this.#deadline(timeoutS * 1000 + WATCH_GRACE_MS)
    this.#metrics.watches.inc()
    let body: Dispatcher.ResponseData['body']
    try {
      body = await this.#client.get(
        this.#target.path,
        {
          ...this.#selectors(),
          watch: 'true',
          allowWatchBookmarks: 'true',
          timeoutSeconds: String(timeoutS),
          resourceVersion: this.#version === '' ? undefined : this.#version,
          sendInitialEvents: withInitial ? 'true' : undefined,
          resourceVersionMatch: withInitial ? 'NotOlderThan' : undefined,
        },
        deadline.signal,
      )
    } catch (error) {
      deadline.cancel()
      if (this.#abort.signal.aborted) return { kind: 'stopped' }
      if (isExpired(error)) return { kind: 'expired' }
      if (withInitial && isRefusal(error)) return { kind: 'unsupported', problem: (error as Error).message }
      return failure(error)
    }
    const end = await this.#readEvents(body, withInitial, onEvent)
    deadline.cancel()
    return this.#abort.signal.aborted ? { kind: 'stopped' } : end
  }

  #readEvents(body: Dispatcher.ResponseData['body'], withInitial: boolean, onEvent: () => void): Promise<WatchEnd> {
    return new Promise(resolve => {
      let initial: Map<string, KubeObject> | undefined = withInitial ? new Map() : undefined
      let pause: Timer | undefined
      let isEnded = false
      const finish = (end: WatchEnd): void => {
        if (isEnded) return
        isEnded = true
        pause?.cancel()
        body.destroy()
        resolve(end)
      }
      const expectMore = (): void => {
        pause?.cancel()
        if (initial === undefined) return
        pause = this.#clock.schedule(INITIAL_PAUSE_MS, () => {
          finish({ kind: 'unsupported', problem: 'its initial events do not end' })
        })
      }
      const onValue = (value: unknown): void => {
        if (isEnded) return
        const event = value as WatchEvent
        onEvent()
        if (event.type === 'ERROR') {
          finish(statusEnd(event.object))
          return
        }
        const { object } = event
        const version = object.metadata?.resourceVersion
        if (initial === undefined) {
          this.#apply(event.type, object)
        } else if (event.type === 'BOOKMARK') {
          if (object.metadata?.annotations?.[INITIAL_END] !== 'true') return
          this.#needsAll = false
          this.#sink.replace([...initial.values()])
          this.#wantsLatest = false
          initial = undefined
        } else if (event.type === 'DELETED') {
          initial.delete(objectKey(object))
        } else {
          initial.set(objectKey(object), object)
        }
        // While the initial events run, their versions rise by name, not by time: only the end's bookmark counts.
        if (initial === undefined && version !== undefined) this.#version = version
      }
      const lines = new JsonLines(onValue)
      expectMore()
      body.on('data', (chunk: Buffer) => {
        this.#metrics.watchBytes.inc(chunk.length)
        try {
          lines.push(chunk)
        } catch (error) {
          finish({ kind: 'failed', problem: (error as Error).message, waitMs: undefined })
          return
        }
        expectMore()
      })
      body.on('end', () => finish(initial === undefined ? { kind: 'closed' } : CLOSED_EARLY))
      body.on('error', (error: Error) => {
        finish(initial === undefined ? { kind: 'closed' } : failure(error))
      })
      body.on('close', () => finish(initial === undefined ? { kind: 'closed' } : CLOSED_EARLY))
    })
  }

  #apply(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', object: KubeObject): void {
    if (type === 'DELETED') this.#sink.delete(object)
    else if (type !== 'BOOKMARK') this.#sink.upsert(object)
  }

  #selectors(): Query {
    const { labelSelector, fieldSelector } = this.#target
    return {
      labelSelector: labelSelector === '' ? undefined : labelSelector,
      fieldSelector: fieldSelector === '' ? undefined : fieldSelector,
    }
  }

  /** A signal that fires when the reflector stops or `ms` have passed. */
  #deadline(ms: number): { readonly signal: AbortSignal; cancel(): void } {
    const controller = new AbortController()
    const stop = (): void => controller.abort(new Error('stopped'))
    const timer = this.#clock.schedule(ms, () => controller.abort(new Error(`no answer within ${ms / 1000} s`)))
    this.#abort.signal.addEventListener('abort', stop, { once: true })
    return {
      signal: controller.signal,
      cancel: () => {
        timer.cancel()
        this.#abort.signal.removeEventListener('abort', stop)
      },
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      const { signal } = this.#abort
      if (signal.aborted) {
        resolve()
        return
      }
      const wake = (): void => {
        timer.cancel()
        resolve()
      }
      const timer = this.#clock.schedule(ms, () => {
        signal.removeEventListener('abort', wake)
        resolve()
      })
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  #fields(problem: string): Record<string, string> {
    return { path: this.#target.path, error: problem }
  }
}

const CLOSED_EARLY: WatchEnd = {
  kind: 'failed',
  problem: 'the stream closed before its initial events were complete',
  waitMs: undefined,
}

/** What an ERROR event means. */
function statusEnd(status: Status): WatchEnd {
  if (status.code === 410 || status.reason === 'Expired' || status.reason === 'Gone') return { kind: 'expired' }
  const waitS = status.details?.retryAfterSeconds
  return {
    kind: 'failed',
    problem: status.message ?? status.reason ?? 'the server sent an error',
    waitMs: waitS === undefined ? undefined : waitS * 1000,
  }
}

/** Too old a version, or one that the server has not reached yet: both mean reading everything anew. */
function isExpired(error: unknown): boolean {
  if (!(error instanceof KubeStatusError)) return false
  return error.status === 410 || (error.status === 504 && error.message.includes('resource version'))
}

/** The request itself is refused, not the asker and not for now. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof KubeStatusError)) return false
  const { status } = error
  return status >= 400 && status < 500 && status !== 401 && status !== 403 && status !== 429
}

function failure(error: unknown): WatchEnd {
  const waitMs = error instanceof KubeStatusError ? error.retryAfterMs : undefined
  return { kind: 'failed', problem: (error as Error).message, waitMs }
}
