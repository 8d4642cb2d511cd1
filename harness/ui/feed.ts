import type { Clock, Timer } from '../../base/index.ts'
import type { Update } from './wire.ts'

/** Where the feed gets what it tells. */
export interface FeedSource {
  /** All that is known, with `reset`; changes count from here. */
  everything(): Update
  /** What changed since; undefined when nothing did. */
  changes(): Update | undefined
  /** Nobody listens any more: changes need not be kept. */
  forget(): void
}

/** A browser's connection, as the feed sees it. */
export interface Sink {
  write(chunk: string): void
  /** Bytes that were written and have not left yet. */
  readonly backlogBytes: number
  /** Breaks the connection at once. */
  destroy(): void
}

export interface FeedOptions {
  /** Between two messages. Default 250. */
  readonly intervalMs?: number
  /** Characters of messages that are kept for those who resume. Default 4 Mi. */
  readonly historyCharsMax?: number
  /** How long a connection may refuse to take anything before it is broken. Default 10 000. */
  readonly stallMs?: number
  /** How long changes are kept after the last listener left. Default 10 000. */
  readonly lingerMs?: number
}

interface Listener {
  readonly sink: Sink
  /** Number of the last message it was given; −1: none. */
  sent: number
  stalledSinceMs: number | undefined
}

interface Kept {
  readonly sequence: number
  readonly text: string
}

/**
 * Tells any number of listeners what changes, as server-sent events, at most four times a second.
 *
 *   nobody ──join──▶ told everything ─▶ told changes ──────────────────────────▶ left
 *                          ▲                │  a connection that takes nothing is skipped; when it takes again, it gets
 *                          │                ▼  what it missed, or everything anew; after ten seconds it is broken
 *                          └─────── behind by more than is kept
 *
 * A message is made once, however many listen; each listener has at most what one round gives it in flight, so that a slow
 * browser costs bounded memory. Ids are `epoch-sequence`: one of an earlier process is not mistaken for ours. While
 * nobody listens nothing is made and nothing is kept.
 */
export class Feed {
  readonly #clock: Clock
  readonly #source: FeedSource
  readonly #options: Required<FeedOptions>
  readonly #epoch: string
  readonly #listeners = new Set<Listener>()
  #history: Kept[] = []
  #historyChars = 0
  #sequence = 0
  #timer: Timer | undefined
  #lonelySinceMs: number | undefined
  #isClosed = false

  constructor(clock: Clock, source: FeedSource, options: FeedOptions = {}) {
    this.#clock = clock
    this.#source = source
    this.#epoch = clock.unixMs().toString(36)
    this.#options = {
      intervalMs: options.intervalMs ?? 250,
      historyCharsMax: options.historyCharsMax ?? 4 * 1024 * 1024,
      stallMs: options.stallMs ?? 10_000,
      lingerMs: options.lingerMs ?? 10_000,
    }
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /** Characters that are kept for those who resume. */
  get historyChars(): number {
    return this.#historyChars
  }

  /** Whether changes are being kept: somebody listens, or did so a moment ago. */
  get isAwake(): boolean {
    return this.#timer !== undefined
  }

  /** @param lastEventId what the browser saw last, when it comes back. Returns how to leave. */
  join(sink: Sink, lastEventId?: string): () => void {
    const listener: Listener = { sink, sent: this.#resumable(lastEventId), stalledSinceMs: undefined }
    this.#listeners.add(listener)
    this.#lonelySinceMs = undefined
    sink.write('retry: 1000\n\n')
    if (this.#timer === undefined && !this.#isClosed) this.#schedule()
    this.flush()
    return () => this.#leave(listener)
  }

  /** Makes a message of what changed, and hands out what listeners can take. */
  flush(): void {
    if (!this.isAwake) return
    const update = this.#source.changes()
    if (update !== undefined) this.#keep(update)
    let everything: string | undefined
    for (const listener of this.#listeners) {
      if (this.#isStalled(listener)) continue
      const { sent, sink } = listener
      if (sent === this.#sequence) continue
      const first = this.#history[0]?.sequence ?? this.#sequence + 1
      if (sent >= 0 && first <= sent + 1) {
        for (const kept of this.#history) if (kept.sequence > sent) sink.write(kept.text)
      } else {
        everything ??= this.#message(this.#source.everything())
        sink.write(everything)
      }
      listener.sent = this.#sequence
    }
  }

  /** Breaks all connections. */
  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#timer = undefined
    for (const { sink } of this.#listeners) sink.destroy()
    this.#listeners.clear()
    this.#forget()
  }

  /** Whether somebody still has something to take. */
  get isDraining(): boolean {
    return [...this.#listeners].some(({ sink }) => sink.backlogBytes > 0)
  }

  #leave(listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size === 0) this.#lonelySinceMs = this.#nowMs()
  }

  #schedule(): void {
    this.#timer = this.#clock.schedule(this.#options.intervalMs, () => {
      const lonelyMs = this.#lonelySinceMs === undefined ? 0 : this.#nowMs() - this.#lonelySinceMs
      if (this.#listeners.size === 0 && lonelyMs >= this.#options.lingerMs) {
        this.#timer = undefined
        this.#forget()
        return
      }
      this.flush()
      this.#schedule()
    })
  }

  #isStalled(listener: Listener): boolean {
    if (listener.sink.backlogBytes === 0) {
      listener.stalledSinceMs = undefined
      return false
    }
    listener.stalledSinceMs ??= this.#nowMs()
    if (this.#nowMs() - listener.stalledSinceMs >= this.#options.stallMs) {
      this.#leave(listener)
      listener.sink.destroy()
    }
    return true
  }

  #keep(update: Update): void {
    this.#sequence++
    const text = this.#message(update)
    this.#history.push({ sequence: this.#sequence, text })
    this.#historyChars += text.length
    while (this.#historyChars > this.#options.historyCharsMax) this.#historyChars -= this.#history.shift()!.text.length
  }

  #message(update: Update): string {
    return `id: ${this.#epoch}-${this.#sequence}\ndata: ${JSON.stringify(update)}\n\n`
  }

  /** The number of a message after which we can go on; −1 when it is not one of ours, or nothing was kept since. */
  #resumable(lastEventId: string | undefined): number {
    const [epoch, sequence] = (lastEventId ?? '').split('-')
    if (epoch !== this.#epoch || !this.isAwake || !/^\d{1,15}$/.test(sequence ?? '')) return -1
    return Number(sequence) <= this.#sequence ? Number(sequence) : -1
  }

  #forget(): void {
    this.#source.forget()
    this.#clearHistory()
  }

  #clearHistory(): void {
    this.#history = []
    this.#historyChars = 0
  }

  #nowMs(): number {
    return Number(this.#clock.monotonicNs()) / 1e6
  }
}
