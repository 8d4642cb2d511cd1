import { type Clock, DurationHistogram } from '../../base/index.ts'
import { SEQUENCE_SERIES, UID_LABEL } from '../../sim/index.ts'
import type { InstantSample } from '../subjects/index.ts'
import { uidSelector } from './uid-selector.ts'

/** Pods asked for in one query. */
const CHUNK = 200
/** Pause between two rounds. */
const ROUND_MS = 25
/** A pod is asked for again after 2 % of its own wait at most: its share of the error is bounded by that. */
const PAUSE_SHARE = 0.02
/** It takes part in every 2^n-th round, so that pods of the same age are asked for together; n at most: 400 ms. */
const SLOWEST = 4

export interface VisibilityOptions {
  readonly query: (promql: string) => Promise<InstantSample[]>
  /** Told of every entry of `visibility`: the wait began at `sinceNs`. */
  readonly onVisibility?: (sinceNs: bigint, waitNs: bigint) => void
  /** Told of every entry of either histogram, and of which pod it is. */
  readonly onWait?: (of: 'visibility' | 'staleness', uid: string, waitNs: bigint, censored: boolean) => void
}

interface Wait {
  readonly sinceNs: bigint
}

/**
 * Asks the subject for pods by name until their samples can be queried, and, once they are deleted, until they cannot.
 *
 * Only pods that are waited for are asked for, so that a quiet cluster costs the subject nothing. What is recorded is
 * the moment the answer was there. Each pod is asked for at a pace of its own, which slows with its wait (2 % of it, at
 * least 25 ms): one that never comes neither costs much nor makes the answers about others come later.
 */
export class VisibilityProbe {
  readonly visibility = new DurationHistogram()
  readonly staleness = new DurationHistogram()
  readonly #clock: Clock
  readonly #query: VisibilityOptions['query']
  readonly #onVisibility: VisibilityOptions['onVisibility']
  readonly #onWait: VisibilityOptions['onWait']
  readonly #appearing = new Map<string, Wait>()
  readonly #vanishing = new Map<string, Wait>()
  /** When the answer was there. */
  readonly #visible = new Map<string, bigint>()
  #failures = 0
  #lastFailure: unknown
  #running: Promise<void> | undefined
  #stopped = false

  constructor(clock: Clock, options: VisibilityOptions) {
    this.#clock = clock
    this.#query = options.query
    this.#onVisibility = options.onVisibility
    this.#onWait = options.onWait
  }

  isVisible(uid: string): boolean {
    return this.#visible.has(uid)
  }

  /** Monotonic instant of the first answer that held the pod. */
  visibleNs(uid: string): bigint | undefined {
    return this.#visible.get(uid)
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
      this.#recordVisibility(uid, wait.sinceNs, sinceNs, true)
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
    await this.#query(uidSelector(SEQUENCE_SERIES, ['none'])).catch(() => undefined)
  }

  start(): void {
    this.#running = this.#loop()
  }

  /** Ends the rounds; what is still waited for enters the histograms at its deadline, now. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    const nowNs = this.#clock.monotonicNs()
    for (const [uid, { sinceNs }] of this.#appearing) {
      this.#recordVisibility(uid, sinceNs, nowNs, true)
      this.#censoredVisibility++
    }
    for (const [uid, { sinceNs }] of this.#vanishing) {
      this.#recordStaleness(uid, sinceNs, nowNs, true)
      this.#censoredStaleness++
    }
    this.#appearing.clear()
    this.#vanishing.clear()
  }

  async #loop(): Promise<void> {
    for (let round = 0; !this.#stopped; round++) {
      const uids = this.#due(round)
      for (let i = 0; i < uids.length && !this.#stopped; i += CHUNK) await this.#ask(uids.slice(i, i + CHUNK))
      await new Promise<void>(resolve => this.#clock.schedule(ROUND_MS, resolve))
    }
  }

  /** Pods whose turn it is. */
  #due(round: number): string[] {
    const nowNs = this.#clock.monotonicNs()
    const out: string[] = []
    for (const waits of [this.#appearing, this.#vanishing]) {
      for (const [uid, { sinceNs }] of waits) {
        const pauseMs = (Number(nowNs - sinceNs) / 1e6) * PAUSE_SHARE
        const slowness = Math.min(SLOWEST, Math.max(0, Math.floor(Math.log2(pauseMs / ROUND_MS))))
        if (round % 2 ** slowness === 0) out.push(uid)
      }
    }
    return out
  }

  async #ask(uids: readonly string[]): Promise<void> {
    const askedNs = this.#clock.monotonicNs()
    let found: Set<string>
    try {
      const answer = await this.#query(uidSelector(SEQUENCE_SERIES, uids))
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
        this.#visible.set(uid, answeredNs)
        this.#recordVisibility(uid, appearing.sinceNs, answeredNs, false)
      }
      const vanishing = this.#vanishing.get(uid)
      // Only an answer to a question asked after the deletion says anything about it.
      if (vanishing !== undefined && !found.has(uid) && askedNs >= vanishing.sinceNs) {
        this.#vanishing.delete(uid)
        this.#recordStaleness(uid, vanishing.sinceNs, answeredNs, false)
      }
    }
  }

  #recordVisibility(uid: string, sinceNs: bigint, untilNs: bigint, censored: boolean): void {
    this.visibility.record(Number(untilNs - sinceNs))
    this.#onVisibility?.(sinceNs, untilNs - sinceNs)
    this.#onWait?.('visibility', uid, untilNs - sinceNs, censored)
  }

  #recordStaleness(uid: string, sinceNs: bigint, untilNs: bigint, censored: boolean): void {
    this.staleness.record(Number(untilNs - sinceNs))
    this.#onWait?.('staleness', uid, untilNs - sinceNs, censored)
  }
}
