import type { Clock, Timer } from '../../base/index.ts'
import type { OpenLoad } from './planned-load.ts'
import { attempt, type PlannedQuery, unanswered } from './query-attempt.ts'
import type { QueryObserver } from './query-observer.ts'
import type { QuerySender } from './query-sender.ts'

export interface ArrivalOptions {
  readonly load: OpenLoad
  /** Monotonic instant of planned time 0. */
  readonly startNs: bigint
  /** Queries under way at once; what is due beyond that waits its turn, and the wait is in its latency. */
  readonly concurrencyMax: number
  /** How long after it was due a query is given up. */
  readonly deadlineMs: number
  readonly query: (i: number) => PlannedQuery
}

/**
 * Queries that arrive when they are due, whatever became of those before (open model).
 *
 *   planned ──due──▶ waiting ──a place is free──▶ under way ──▶ answered | failed
 *                       └────── deadline, or the end ──────────▶ failed
 */
export class QueryArrivals {
  readonly #clock: Clock
  readonly #sender: QuerySender
  readonly #observer: QueryObserver
  readonly #options: ArrivalOptions
  readonly #ended = new AbortController()
  /** Numbers of due queries that are not under way, in order, from `#waitingFirst` on. */
  #waitingFirst = 0
  #next = 0
  readonly #underWay = new Set<Promise<void>>()
  #timer: Timer | undefined

  constructor(clock: Clock, sender: QuerySender, observer: QueryObserver, options: ArrivalOptions) {
    this.#clock = clock
    this.#sender = sender
    this.#observer = observer
    this.#options = options
  }

  start(): void {
    this.#arm()
  }

  /** Nothing more is sent; what is waiting or under way is given up now. Resolves when all has been told. */
  async stop(): Promise<void> {
    if (this.#ended.signal.aborted) return
    this.#timer?.cancel()
    this.#ended.abort()
    while (this.#waitingFirst < this.#next) this.#giveUp(this.#waitingFirst++)
    await Promise.all(this.#underWay)
  }

  #dueNs(i: number): bigint {
    return this.#options.startNs + BigInt(Math.round(this.#options.load.atMs[i]! * 1e6))
  }

  #arm(): void {
    if (this.#next >= this.#options.load.atMs.length || this.#ended.signal.aborted) return
    const waitMs = Number(this.#dueNs(this.#next) - this.#clock.monotonicNs()) / 1e6
    this.#timer = this.#clock.schedule(waitMs, () => this.#onDue())
  }

  #onDue(): void {
    const { load } = this.#options
    while (this.#next < load.atMs.length) {
      const lagNs = this.#clock.monotonicNs() - this.#dueNs(this.#next)
      if (lagNs < 0n) break
      this.#observer.begun(Number(lagNs))
      this.#next++
      this.#admit()
    }
    this.#arm()
  }

  #admit(): void {
    const { deadlineMs, concurrencyMax } = this.#options
    while (this.#waitingFirst < this.#next && this.#underWay.size < concurrencyMax && !this.#ended.signal.aborted) {
      const i = this.#waitingFirst++
      if (this.#clock.monotonicNs() - this.#dueNs(i) >= BigInt(deadlineMs) * 1_000_000n) this.#giveUp(i)
      else this.#ask(i)
    }
  }

  #ask(i: number): void {
    const { deadlineMs, query } = this.#options
    const asked = attempt(this.#clock, this.#sender, this.#observer, query(i), {
      dueNs: this.#dueNs(i),
      deadlineMs,
      ended: this.#ended.signal,
    }).then(() => {
      this.#underWay.delete(asked)
      this.#admit()
    })
    this.#underWay.add(asked)
  }

  #giveUp(i: number): void {
    const { deadlineMs, query } = this.#options
    unanswered(this.#clock, this.#observer, query(i).key, {
      dueNs: this.#dueNs(i),
      deadlineMs,
      ended: this.#ended.signal,
    })
  }
}
