import { assert } from '../../../base/index.ts'
import type { PlannedClock } from '../../informers/index.ts'
import type { ChurnEvent, PodEvent } from '../churn-event.ts'
import { mergeable } from './merging.ts'

/** A pod that is going to have its address. */
export interface ComingPod {
  readonly created: PodEvent
  /** The node that it is going to be bound to. */
  readonly node: string
  /** Its address in the trace. */
  readonly traced: string | undefined
  /** When it has it, in planned time. */
  readonly unixMs: number
}

/** Who plays the events. */
export interface ReplayPlayer {
  /** Called some time ahead, and again, with `isDue`, just before the pod's address is published. */
  prepare(pod: ComingPod, isDue: boolean): void
  /** A pod is going to be gone soon: its containers have ended. */
  retire(uid: string): void
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
/** The same before a pod is deleted, for its listener to be closed: a kubelet ends containers before it says so. */
const CLOSE_LEAD_MS = 30
/** Planned time between two writes of what there is at the beginning. */
const SETTLE_MS = 1

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
  #isRunning = false
  #onSettled: ((steps: number) => void) | undefined
  #settled = 0
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

  /**
   * Plays what the trace begins with, one write after the other: what was there when it was begun is set up before its time 0,
   * and no burst. Then calls `onSettled` with the number of writes.
   */
  settle(onSettled: (steps: number) => void): void {
    this.#onSettled = onSettled
    this.#plan()
  }

  /** The planned present is the trace's time 0. */
  start(): void {
    this.#onSettled = undefined
    this.#originMs = this.#clock.elapsedMs
    this.#isRunning = true
    for (let i = this.#next; i < this.#ahead.length; i++) this.#prepareAhead(this.#ahead[i]!)
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
    if (event === undefined && this.#filling !== undefined) {
      this.#waitForMore()
      return
    }
    if (this.#onSettled !== undefined) {
      if (event?.t !== 0) {
        this.#onSettled(this.#settled)
        return
      }
      this.#settled++
      this.#clock.schedule(SETTLE_MS, () => this.#step())
      return
    }
    if (event === undefined) {
      this.#options.onEnd()
      return
    }
    this.#clock.schedule(this.#originMs + this.#dueMs(event) - this.#clock.elapsedMs, () => this.#step())
  }

  #waitForMore(): void {
    const filled = this.#filling!
    this.#options.hold?.(filled)
    void filled.then(() => this.#clock.schedule(0, () => this.#plan()))
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
      const { created, node } = pod
      this.#player.prepare({ created, node, traced: event.address, unixMs: this.#clock.unixMs() }, true)
    }
    if (event.op === 'addressed' || event.op === 'deleted') this.#expected.delete(event.uid)
  }

  /** Notes who is coming, and where. */
  #note(event: ChurnEvent): void {
    if (event.kind !== 'pod') return
    if (event.op === 'created') this.#expected.set(event.uid, { created: event, node: undefined })
    else if (event.op === 'bound') {
      const pod = this.#expected.get(event.uid)
      if (pod !== undefined) pod.node = event.node
    }
  }

  /** Has a listener opened ahead of the time at which its address is published, and closed ahead of its pod's end. */
  #prepareAhead(event: ChurnEvent): void {
    if (event.kind !== 'pod') return
    if (event.op === 'deleted') {
      const waitMs = this.#originMs + this.#dueMs(event) - CLOSE_LEAD_MS - this.#clock.elapsedMs
      this.#clock.schedule(waitMs, () => this.#player.retire(event.uid))
    }
    if (event.op !== 'addressed') return
    const pod = this.#expected.get(event.uid)
    if (pod?.node === undefined) return
    const { node, created } = pod
    const dueMs = this.#originMs + this.#dueMs(event)
    this.#clock.schedule(dueMs - LEAD_MS - this.#clock.elapsedMs, () => {
      if (this.#expected.get(event.uid) !== pod) return
      const untilMs = Math.max(0, dueMs - this.#clock.elapsedMs)
      this.#player.prepare({ created, node, traced: event.address, unixMs: this.#clock.unixMs() + untilMs }, false)
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

  /** Reads until enough is there: the reader hands out little at a time. */
  async #fill(): Promise<void> {
    this.#ahead = this.#ahead.slice(this.#next)
    this.#next = 0
    while (!this.#isOver && this.#ahead.length - this.#next < AHEAD_EVENTS * 2) {
      const { value, done } = await this.#batches.next()
      if (done === true) {
        this.#isOver = true
        return
      }
      for (const event of value) {
        this.#ahead.push(event)
        this.#note(event)
        if (this.#isRunning) this.#prepareAhead(event)
      }
    }
  }
}
