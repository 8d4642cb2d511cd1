import type { ServerResponse } from 'node:http'
import type { StoreEvent, Stored } from '../cluster/index.ts'
import type { Representation } from './representation.ts'
import type { Selection, WatchType } from './selection.ts'

/** What is sent before live events: objects as they are, or events that were missed. */
export interface Backlog {
  readonly entries: Iterator<{ readonly type: WatchType; readonly object: Stored }>
  /** Sent as a bookmark that closes the initial events; absent when the client did not ask for it. */
  readonly endBookmarkVersion: number | undefined
}

export interface WatcherOptions {
  readonly selection: Selection
  readonly representation: Representation
  readonly backlog: Backlog
  /** Bytes that may wait for a client that does not read; beyond, it is dropped. */
  readonly queuedBytesMax: number
  readonly onClose: () => void
}

const PREFIX: Readonly<Record<WatchType | 'BOOKMARK' | 'ERROR', Buffer>> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
  BOOKMARK: Buffer.from('{"type":"BOOKMARK","object":'),
  ERROR: Buffer.from('{"type":"ERROR","object":'),
}
const SUFFIX = Buffer.from('}\n')
/** Bytes of backlog sent before others get their turn. */
const SLICE_BYTES = 256 * 1024
const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' }

/**
 * One watch: a response that stays open and gets one JSON line per event.
 *
 * ```
 *   backlog ──exhausted──▶ live ──end()──▶ ending ──written──▶ closed
 *      │                    │                                   ▲
 *      └────────────────────┴── client left, dropped, too slow ─┘
 * ```
 *
 * Lines wait in a queue of shared buffers and are written together, once per tick of the event loop; while the client
 * does not take what was written, they go on waiting. Live events queue up behind the backlog.
 */
export class Watcher {
  readonly #response: ServerResponse
  readonly #options: WatcherOptions
  #backlog: Backlog | undefined
  #queue: Buffer[] = []
  #queuedBytes = 0
  #flushPlanned = false
  #blocked = false
  #ending = false
  #closed = false

  constructor(response: ServerResponse, options: WatcherOptions) {
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
    if (this.#closed || this.#ending) return
    const seen = this.#options.selection.see(event)
    if (seen === undefined) return
    this.#push(PREFIX[seen.type], this.#options.representation.watched(seen.object))
    this.#planFlush()
  }

  /** Tells how far the watch has come. Left out while earlier events still wait: they say it themselves. */
  bookmark(resourceVersion: number): void {
    if (this.#closed || this.#ending || this.#backlog !== undefined || this.#blocked) return
    this.#push(PREFIX.BOOKMARK, this.#options.representation.bookmark(resourceVersion))
    this.#planFlush()
  }

  /** Ends the response cleanly once everything that waits has been written. */
  end(): void {
    if (this.#closed || this.#ending) return
    this.#ending = true
    this.#planFlush()
  }

  /** Sends an error as the last event. `status` is a Status object. */
  fail(status: unknown): void {
    if (this.#closed || this.#ending) return
    this.#push(PREFIX.ERROR, Buffer.from(JSON.stringify(status)))
    this.end()
  }

  /** Breaks the connection without a word, as a lost network would. */
  drop(): void {
    if (this.#closed) return
    this.#close()
    this.#response.destroy()
  }

  #push(prefix: Buffer, object: Buffer): void {
    this.#queue.push(prefix, object, SUFFIX)
    this.#queuedBytes += prefix.length + object.length + SUFFIX.length
    if (this.#queuedBytes > this.#options.queuedBytesMax) this.drop()
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
    if (this.#closed || this.#blocked) return
    if (this.#backlog !== undefined && !this.#sendBacklog(this.#backlog)) return
    if (this.#queue.length > 0) {
      this.#write(Buffer.concat(this.#queue, this.#queuedBytes))
      this.#queue = []
      this.#queuedBytes = 0
    }
    if (this.#ending && !this.#blocked) this.#response.end()
  }

  /** @returns whether the backlog is exhausted and live events may follow. */
  #sendBacklog({ entries, endBookmarkVersion }: Backlog): boolean {
    const { representation } = this.#options
    const lines: Buffer[] = []
    let bytes = 0
    while (bytes < SLICE_BYTES) {
      const { value, done } = entries.next()
      if (done === true) {
        this.#backlog = undefined
        if (endBookmarkVersion !== undefined) {
          lines.push(PREFIX.BOOKMARK, representation.bookmark(endBookmarkVersion, INITIAL_EVENTS_END), SUFFIX)
        }
        break
      }
      const object = representation.watched(value.object)
      lines.push(PREFIX[value.type], object, SUFFIX)
      bytes += object.length
    }
    if (lines.length > 0) this.#write(Buffer.concat(lines))
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
    this.#queue = []
    this.#backlog = undefined
    this.#options.onClose()
  }
}
