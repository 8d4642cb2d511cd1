import { type Clock, DurationHistogram } from '../../base/index.ts'
import { SEQUENCE_SERIES, UID_LABEL } from '../../sim/index.ts'
import type { InstantSample } from '../subjects/index.ts'

/** Pods asked for in one query. */
const CHUNK = 200
/** Bounds of the pause between two rounds; in between it is 2 % of the longest wait, so its share of the error is bounded. */
const PAUSE_MS_MIN = 25
const PAUSE_MS_MAX = 500
const PAUSE_SHARE = 0.02

export interface VisibilityOptions {
  readonly query: (promql: string) => Promise<InstantSample[]>
}

interface Wait {
  readonly sinceNs: bigint
}

/**
 * Asks the subject for pods by name until their samples can be queried, and, once they are deleted, until they cannot.
 *
 * Only pods that are waited for are asked for, so that a quiet cluster costs the subject nothing. What is recorded is
 * the moment the answer was there; the pause between rounds grows with the wait (2 % of it, at least 25 ms).
 */
export class VisibilityProbe {
  readonly visibility = new DurationHistogram()
  readonly staleness = new DurationHistogram()
  readonly #clock: Clock
  readonly #query: VisibilityOptions['query']
  readonly #appearing = new Map<string, Wait>()
  readonly #vanishing = new Map<string, Wait>()
  readonly #visible = new Set<string>()
  #failures = 0
  #lastFailure: unknown
  #running: Promise<void> | undefined
  #stopped = false

  constructor(clock: Clock, options: VisibilityOptions) {
    this.#clock = clock
    this.#query = options.query
  }

  isVisible(uid: string): boolean {
    return this.#visible.has(uid)
  }

  /** Pods that could be queried at least once. */
  get visibleCount(): number {
    return this.#visible.size
  }

  /** Pods that are still waited for, in either direction. */
  get outstanding(): number {
    return this.#appearing.size + this.#vanishing.size
  }

  /** Queries that failed, and the last reason: a subject that cannot be asked makes the waits longer, and must be told. */
  get failures(): { readonly count: number; readonly last: unknown } {
    return { count: this.#failures, last: this.#lastFailure }
  }

  /** @param sinceNs monotonic instant from which the pod's samples could have been there. */
  expectVisible(uid: string, sinceNs: bigint): void {
    if (!this.#visible.has(uid) && !this.#appearing.has(uid)) this.#appearing.set(uid, { sinceNs })
  }

  /** @param sinceNs monotonic instant at which the pod was deleted. */
  expectGone(uid: string, sinceNs: bigint): void {
    if (this.#appearing.has(uid)) {
      // Nobody can be asked any more whether it would have appeared: censored at its death.
      const wait = this.#appearing.get(uid)!
      this.#appearing.delete(uid)
      this.visibility.record(Number(sinceNs - wait.sinceNs))
      this.#censoredVisibility++
      return
    }
    if (this.#visible.has(uid)) this.#vanishing.set(uid, { sinceNs })
  }

  #censoredVisibility = 0
  #censoredStaleness = 0

  get censored(): { readonly visibility: number; readonly staleness: number } {
    return { visibility: this.#censoredVisibility, staleness: this.#censoredStaleness }
  }

  /** Asks for a pod that does not exist. A subject that does not answer yet is no fault. */
  async warmUp(): Promise<void> {
    await this.#query(`${SEQUENCE_SERIES}{${UID_LABEL}="none"}`).catch(() => undefined)
  }

  start(): void {
    this.#running = this.#loop()
  }

  /** Ends the rounds; what is still waited for enters the histograms at its deadline, now. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    const nowNs = this.#clock.monotonicNs()
    for (const { sinceNs } of this.#appearing.values()) {
      this.visibility.record(Number(nowNs - sinceNs))
      this.#censoredVisibility++
    }
    for (const { sinceNs } of this.#vanishing.values()) {
      this.staleness.record(Number(nowNs - sinceNs))
      this.#censoredStaleness++
    }
    this.#appearing.clear()
    this.#vanishing.clear()
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      const uids = [...this.#appearing.keys(), ...this.#vanishing.keys()]
      for (let i = 0; i < uids.length && !this.#stopped; i += CHUNK) await this.#ask(uids.slice(i, i + CHUNK))
      await this.#pause()
    }
  }

  async #ask(uids: readonly string[]): Promise<void> {
    const askedNs = this.#clock.monotonicNs()
    let found: Set<string>
    try {
      const answer = await this.#query(`${SEQUENCE_SERIES}{${UID_LABEL}=~"${uids.join('|')}"}`)
      found = new Set(answer.map(sample => sample.labels[UID_LABEL] ?? ''))
    } catch (error) {
      this.#failures++
      this.#lastFailure = error
      return
    }
    const answeredNs = this.#clock.monotonicNs()
    for (const uid of uids) {
      const appearing = this.#appearing.get(uid)
      if (appearing !== undefined && found.has(uid)) {
        this.#appearing.delete(uid)
        this.#visible.add(uid)
        this.visibility.record(Number(answeredNs - appearing.sinceNs))
      }
      const vanishing = this.#vanishing.get(uid)
      // Only an answer to a question asked after the deletion says anything about it.
      if (vanishing !== undefined && !found.has(uid) && askedNs >= vanishing.sinceNs) {
        this.#vanishing.delete(uid)
        this.staleness.record(Number(answeredNs - vanishing.sinceNs))
      }
    }
  }

  #pause(): Promise<void> {
    const nowNs = this.#clock.monotonicNs()
    let longestMs = 0
    for (const waits of [this.#appearing, this.#vanishing]) {
      for (const { sinceNs } of waits.values()) longestMs = Math.max(longestMs, Number(nowNs - sinceNs) / 1e6)
    }
    const ms = Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, longestMs * PAUSE_SHARE))
    return new Promise(resolve => this.#clock.schedule(ms, resolve))
  }
}
