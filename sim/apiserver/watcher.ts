import type { Status } from 'kubernetes-types/meta/v1.js'
import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '../../base/index.ts'
import { ApiError, type StoreEvent, type Stored } from '../cluster/index.ts'
import type { Disturbances } from './disturbances.ts'
import type { Chunk, Representation } from './representation.ts'
import type { Selection, WatchType } from './selection.ts'
import { joined, type WatchChunks } from './watch-chunks.ts'

/** What is sent before live events: objects as they are, or events that were missed. */
export interface Backlog {
  readonly entries: Iterator<{ readonly type: WatchType; readonly object: Stored }>
  /** Sent as a bookmark that closes the initial events; absent when the client did not ask for it. */
  readonly endBookmarkVersion: number | undefined
}

export interface WatcherOptions {
  readonly selection: Selection
  readonly representation: Representation
  /** Shared by all watches. */
  readonly chunks: WatchChunks
  readonly backlog: Backlog
  /** The version from which it watches: events up to there are not for it. */
  readonly after: number
  /** Bytes that may wait for a client that does not read; beyond, they are given up and the watch ends with 410. */
  readonly queuedBytesMax: number
  /** What makes its events late or double. */
  readonly disturbances: Disturbances
  readonly onClose: () => void
}

/** Characters or bytes of backlog sent before others get their turn. */
const SLICE_LENGTH = 256 * 1024
/** Who has not made room for the last word by then is cut off. */
const LAST_WORD_MS = 30_000
const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' }

/** What waits for its time because the watch is slow. */
interface Late {
  readonly dueMs: number
  readonly chunk: Chunk
}

const OVERRUN = new ApiError('Expired', 'The resourceVersion for the provided watch is too old.')

/**
 * One watch: a response that stays open and gets one chunk for each event, of JSON a line.
 *
 * ```
 *   backlog ──exhausted──▶ live ──end()──▶ ending ──written──▶ closed
 *      │                    │                ▲                  ▲
 *      ├────────────────────┼── too slow ────┤                  │
 *      ├────────────────────┼── silence() ───┼─────▶ silent ────┤
 *      └────────────────────┴────────────────┴─ client left, dropped
 * ```
 *
 * Events wait in a queue and are written together, once per tick of the event loop; while the client
 * does not take what was written, they go on waiting. Live events queue up behind the backlog. When more waits than
 * `queuedBytesMax`, all of it is given up, and the client learns by a 410 that it has missed something, as soon as it
 * reads on. While events are late, they wait before the queue, each for its time, and count as queued.
 */
export class Watcher {
  readonly #clock: Clock
  readonly #response: ServerResponse
  readonly #options: WatcherOptions
  #late: Late[] = []
  #lateTimer: Timer | undefined
  #lastWordTimer: Timer | undefined
  #silent = false
  #backlog: Backlog | undefined
  #queue: Chunk[] = []
  /** Of what is queued, late events included; text is counted in characters. */
  #queuedBytes = 0
  #flushPlanned = false
  #blocked = false
  #ending = false
  #closed = false
  /** Events it was sent, or that wait for it. */
  events = 0

  constructor(clock: Clock, response: ServerResponse, options: WatcherOptions) {
    this.#clock = clock
    this.#response = response
    this.#options = options
    this.#backlog = options.backlog
    response.on('close', () => this.#close())
    response.on('error', () => this.#close())
    response.on('drain', () => {
      this.#blocked = false
      this.#flush()
    })
    this.#planFlush()
  }

  /** hot: once per event and watch of its kind. */
  offer(event: StoreEvent): void {
    if (this.#closed || this.#ending || this.#silent || event.resourceVersion <= this.#options.after) return
    const seen = this.#options.selection.see(event)
    if (seen === undefined) return
    const { disturbances, chunks, representation } = this.#options
    const chunk = chunks.of(seen.type, seen.object, representation)
    const number = this.events++
    if (disturbances.isQuiet && this.#late.length === 0) {
      this.#push(chunk)
      this.#planFlush()
      return
    }
    const { duplicateEvery } = disturbances
    const times = duplicateEvery > 0 && number % duplicateEvery === 0 ? 2 : 1
    for (let i = 0; i < times; i++) this.#offerLate(chunk)
  }

  /** The delay has changed: with none left, what is late comes at once. */
  hurry(): void {
    if (this.#options.disturbances.watchDelayMs > 0 || this.#late.length === 0) return
    this.#sendLate(Number.POSITIVE_INFINITY)
  }

  /** Tells how far the watch has come. Left out while earlier events still wait: they say it themselves. */
  bookmark(resourceVersion: number): void {
    if (this.#closed || this.#ending || this.#silent || this.#backlog !== undefined || this.#blocked) return
    if (this.#late.length > 0) return
    this.#push(this.#options.representation.bookmark(resourceVersion))
    this.#planFlush()
  }

  /** Ends the response cleanly once everything that waits has been written. */
  end(): void {
    if (this.#closed || this.#ending || this.#silent) return
    this.#sendLate(Number.POSITIVE_INFINITY)
    this.#ending = true
    this.#planFlush()
  }

  /** Sends an error as the last event. `status` is a Status object. */
  fail(status: Status): void {
    if (this.#closed || this.#ending || this.#silent) return
    this.#sendLate(Number.POSITIVE_INFINITY)
    const chunk = this.#options.representation.failure(status)
    this.#queue.push(chunk)
    this.#queuedBytes += chunk.length
    this.end()
  }

  /** Breaks the connection without a word, as a lost network would that resets it. */
  drop(): void {
    if (this.#closed) return
    this.#close()
    this.#response.destroy()
  }

  /** From now on nothing is sent and nothing is closed, as when a network loses what it carries. Ended by `drop`. */
  silence(): void {
    if (this.#closed) return
    this.#silent = true
    this.#giveUp()
  }

  #offerLate(chunk: Chunk): void {
    const dueMs = this.#clock.unixMs() + this.#options.disturbances.watchDelayMs
    const last = this.#late.at(-1)
    if (last === undefined && this.#options.disturbances.watchDelayMs === 0) {
      this.#push(chunk)
      this.#planFlush()
      return
    }
    // In order, also when a longer delay has ended and a shorter one goes on.
    this.#late.push({ dueMs: Math.max(dueMs, last?.dueMs ?? 0), chunk })
    this.#queuedBytes += chunk.length
    this.#keepBound()
    this.#planLate()
  }

  #planLate(): void {
    const [first] = this.#late
    if (first === undefined || this.#lateTimer !== undefined) return
    this.#lateTimer = this.#clock.schedule(first.dueMs - this.#clock.unixMs(), () => {
      this.#lateTimer = undefined
      this.#sendLate(this.#clock.unixMs())
      this.#planLate()
    })
  }

  #sendLate(dueMs: number): void {
    let count = 0
    for (const { dueMs: eachMs, chunk } of this.#late) {
      if (eachMs > dueMs) break
      this.#queue.push(chunk)
      count++
    }
    if (count === 0) return
    this.#late.splice(0, count)
    this.#planFlush()
  }

  #push(chunk: Chunk): void {
    this.#queue.push(chunk)
    this.#queuedBytes += chunk.length
    this.#keepBound()
  }

  #keepBound(): void {
    if (this.#queuedBytes <= this.#options.queuedBytesMax) return
    // Much at once is not yet a client that does not read.
    if (!this.#blocked && this.#backlog === undefined && this.#late.length === 0) {
      this.#flush()
      return
    }
    this.#giveUp()
    this.fail(OVERRUN.toStatus())
    this.#lastWordTimer = this.#clock.schedule(LAST_WORD_MS, () => this.drop())
  }

  /** Forgets all that waits. */
  #giveUp(): void {
    this.#backlog = undefined
    this.#queue = []
    this.#late = []
    this.#queuedBytes = 0
    this.#lateTimer?.cancel()
  }

  /** Everything committed in one tick goes out in one write: microtasks run when the tick's own code is done. */
  #planFlush(): void {
    if (this.#flushPlanned) return
    this.#flushPlanned = true
    queueMicrotask(() => {
      this.#flushPlanned = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#closed || this.#blocked || this.#silent) return
    if (this.#backlog !== undefined && !this.#sendBacklog(this.#backlog)) return
    if (this.#queue.length > 0) {
      const chunks = this.#queue
      this.#queue = []
      for (const { length } of chunks) this.#queuedBytes -= length
      this.#write(this.#options.chunks.join(chunks))
    }
    if (this.#ending && !this.#blocked) this.#response.end()
  }

  /** @returns whether the backlog is exhausted and live events may follow. */
  #sendBacklog({ entries, endBookmarkVersion }: Backlog): boolean {
    const { representation } = this.#options
    const chunks: Chunk[] = []
    let length = 0
    while (length < SLICE_LENGTH) {
      const { value, done } = entries.next()
      if (done === true) {
        this.#backlog = undefined
        if (endBookmarkVersion !== undefined) {
          chunks.push(representation.bookmark(endBookmarkVersion, INITIAL_EVENTS_END))
        }
        break
      }
      const chunk = representation.event(value.type, value.object)
      chunks.push(chunk)
      this.events++
      length += chunk.length
    }
    if (chunks.length > 0) this.#write(joined(chunks))
    if (this.#backlog === undefined) return !this.#blocked
    if (!this.#blocked) setImmediate(() => this.#flush())
    return false
  }

  #write(bytes: Buffer): void {
    if (!this.#response.write(bytes)) this.#blocked = true
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#giveUp()
    this.#lastWordTimer?.cancel()
    this.#options.onClose()
  }
}
