import { assert } from '../../../base/index.ts'
import type { PlannedClock } from '../../informers/index.ts'
import type { ChurnEvent, PodEvent } from '../churn-event.ts'
import { mergeable } from './merging.ts'

/** Who plays the events. */
export interface ReplayPlayer {
  /** A pod is going to have its address soon; called again, at the latest, just before that. */
  prepare(pod: PodEvent, node: string, traced: string | undefined, unixMs: number): void
  /** Whether planned time has to wait for something outside before these events; asks for it. */
  awaitRuntime(events: readonly ChurnEvent[]): boolean
  /** All at one instant, `dueMs` of planned time. */
  play(events: readonly ChurnEvent[], dueMs: number): void
}

export interface ReplayFeedOptions {
  /** Trace milliseconds per planned one. */
  readonly speed: number
  readonly hold?: ((promise: Promise<unknown>) => void) | undefined
  /** The trace is over, and everything was played. */
  readonly onEnd: () => void
  readonly onFailure: (error: unknown) => void
}

/** Events that are read ahead: more are fetched when fewer than this are left. */
const AHEAD_EVENTS = 2000
/** Planned time before a pod's address is published, for its listener to be opened. */
const LEAD_MS = 250

/**
 * Brings the events of a trace to a player at their planned times, reading ahead of them.
 *
 * ```
 *   trace ──batches──▶ [ read ahead, bounded ] ──one write each, at its time──▶ player
 *                              │ empty: planned time is held until there is more
 * ```
 *
 * Events of one pod at one instant are handed over together where one write can show them. Memory is that of the events
 * read ahead and of the pods that wait for their address.
 */
export class ReplayFeed {
  readonly #clock: PlannedClock
  readonly #player: ReplayPlayer
  readonly #options: ReplayFeedOptions
  readonly #batches: AsyncGenerator<readonly ChurnEvent[]>
  #ahead: ChurnEvent[] = []
  #next = 0
  #originMs = 0
  #isOver = false
  #filling: Promise<void> | undefined
  /** Pods of the events read ahead that have no address yet. */
  readonly #expected = new Map<string, { readonly created: PodEvent; node: string | undefined }>()

  constructor(
    clock: PlannedClock,
    player: ReplayPlayer,
    batches: AsyncGenerator<readonly ChurnEvent[]>,
    options: ReplayFeedOptions,
  ) {
    this.#clock = clock
    this.#player = player
    this.#batches = batches
    this.#options = options
  }

  /** Reads the beginning, so that the start has nothing to wait for. @throws TraceError */
  async open(): Promise<void> {
    await this.#fill()
  }

  /** Takes and plays the events at the trace's beginning that `fits` says belong there, in order. */
  playFirst(fits: (event: ChurnEvent) => boolean): void {
    for (let event = this.#peek(); event !== undefined && fits(event); event = this.#peek()) {
      this.#next++
      this.#player.play([event], this.#clock.elapsedMs)
    }
  }

  /** The planned present is the trace's time 0. */
  start(): void {
    this.#originMs = this.#clock.elapsedMs
    for (let i = this.#next; i < this.#ahead.length; i++) this.#expect(this.#ahead[i]!)
    this.#plan()
  }

  async close(): Promise<void> {
    this.#isOver = true
    this.#ahead = []
    await this.#batches.return(undefined)
  }

  #peek(): ChurnEvent | undefined {
    return this.#ahead[this.#next]
  }

  #dueMs(event: ChurnEvent): number {
    return event.t / this.#options.speed
  }

  /** Plans the next write. */
  #plan(): void {
    if (this.#ahead.length - this.#next < AHEAD_EVENTS) this.#fillSoon()
    const event = this.#peek()
    if (event === undefined) {
      if (this.#filling === undefined) this.#options.onEnd()
      else this.#waitForMore()
      return
    }
    this.#clock.schedule(this.#originMs + this.#dueMs(event) - this.#clock.elapsedMs, () => this.#step())
  }

  #waitForMore(): void {
    const filled = this.#filling!
    this.#options.hold?.(filled)
    void filled.then(() => {
      if (!this.#isOver || this.#peek() !== undefined) this.#clock.schedule(0, () => this.#plan())
      else this.#clock.schedule(0, () => this.#options.onEnd())
    })
  }

  #step(): void {
    const events = this.#takeTogether()
    for (const event of events) this.#makeReady(event)
    if (this.#player.awaitRuntime(events)) {
      // A call of its own at the same instant, so that a wait that is not needed changes nothing.
      this.#clock.schedule(0, () => this.#play(events))
    } else {
      this.#play(events)
    }
  }

  #play(events: readonly ChurnEvent[]): void {
    this.#player.play(events, this.#originMs + this.#dueMs(events[0]!))
    this.#plan()
  }

  #takeTogether(): readonly ChurnEvent[] {
    const first = this.#peek()
    assert(first !== undefined, 'a step has an event')
    const events = [first]
    this.#next++
    for (let event = this.#peek(); event !== undefined && mergeable(events, event); event = this.#peek()) {
      events.push(event)
      this.#next++
    }
    return events
  }

  /** The last chance to ask for what an address needs. */
  #makeReady(event: ChurnEvent): void {
    if (event.kind !== 'pod') return
    const pod = this.#expected.get(event.uid)
    if (pod === undefined) return
    if (event.op === 'addressed' && pod.node !== undefined) {
      this.#player.prepare(pod.created, pod.node, event.address, this.#clock.unixMs())
    }
    if (event.op === 'addressed' || event.op === 'deleted') this.#expected.delete(event.uid)
  }

  /** Notes what is coming, and asks for listeners ahead of their time. */
  #expect(event: ChurnEvent): void {
    if (event.kind !== 'pod') return
    if (event.op === 'created') this.#expected.set(event.uid, { created: event, node: undefined })
    const pod = this.#expected.get(event.uid)
    if (pod === undefined) return
    if (event.op === 'bound') pod.node = event.node
    if (event.op !== 'addressed' || pod.node === undefined) return
    const { node } = pod
    const dueMs = this.#originMs + this.#dueMs(event)
    const waitMs = dueMs - LEAD_MS - this.#clock.elapsedMs
    this.#clock.schedule(waitMs, () => {
      if (this.#expected.get(event.uid) !== pod) return
      this.#player.prepare(
        pod.created,
        node,
        event.address,
        this.#clock.unixMs() + Math.max(0, dueMs - this.#clock.elapsedMs),
      )
    })
  }

  #fillSoon(): void {
    if (this.#filling !== undefined || this.#isOver) return
    this.#filling = this.#fill()
      .catch((error: unknown) => {
        this.#isOver = true
        this.#options.onFailure(error)
      })
      .finally(() => {
        this.#filling = undefined
      })
  }

  async #fill(): Promise<void> {
    const { value, done } = await this.#batches.next()
    if (done === true) {
      this.#isOver = true
      return
    }
    this.#ahead = [...this.#ahead.slice(this.#next), ...value]
    this.#next = 0
    if (this.#clock.elapsedMs > 0) for (const event of value) this.#expect(event)
  }
}
