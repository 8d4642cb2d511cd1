import { Client } from 'undici'
import { type Clock, describeError, type Timer } from '../../base/index.ts'
import type { Keeper } from './keeper.ts'
import type { Ask, PodEntry } from './ledger.ts'
import type { Misbehaviour } from './options.ts'
import { EveryNth } from './ratio.ts'
import type { Target } from './target.ts'

/**
 * Scrapes one target at exact instants: the first one, and every whole interval from it.
 *
 *   instant k = first + k · interval ──due──▶ told to skip? ─▶ told to be late? ─▶ ask ─▶ keep ──▶ instant k + 1
 *                                              (noted)           (waits)            └─▶ once more, half an interval on
 *
 * An instant that passed while the process stood still is made up for once, late; those behind it that have passed as
 * well are noted as skipped. Asks do not wait for each other.
 */
export class ScrapeLoop {
  readonly #clock: Clock
  readonly #client: Client
  readonly #target: Target
  readonly #keeper: Keeper
  readonly #entry: PodEntry
  readonly #misbehaviour: Misbehaviour
  readonly #intervalNs: bigint
  readonly #skip: EveryNth
  readonly #late: EveryNth
  readonly #again: EveryNth
  readonly #timers = new Set<Timer>()
  #firstNs = 0n
  #asked = 0
  #stopped = false

  constructor(
    clock: Clock,
    target: Target,
    keeper: Keeper,
    entry: PodEntry,
    options: { readonly intervalMs: number; readonly misbehaviour: Misbehaviour },
  ) {
    this.#clock = clock
    this.#target = target
    this.#keeper = keeper
    this.#entry = entry
    this.#misbehaviour = options.misbehaviour
    this.#intervalNs = BigInt(Math.round(options.intervalMs * 1e6))
    this.#client = new Client(target.origin, { headersTimeout: 0, bodyTimeout: 0 })
    this.#skip = new EveryNth(options.misbehaviour.skipScrapes)
    this.#late = new EveryNth(options.misbehaviour.late?.ratio)
    this.#again = new EveryNth(options.misbehaviour.duplicateScrapes)
  }

  /** @param firstNs instant of the first scrape. */
  start(firstNs: bigint): void {
    this.#firstNs = firstNs
    this.#at(firstNs, () => this.#ask(0, false, () => this.#next(1)))
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) timer.cancel()
    void this.#client.destroy()
  }

  #next(slot: number): void {
    this.#at(this.#dueNs(slot), () => this.#due(slot))
  }

  #due(slot: number): void {
    if (this.#asked >= this.#misbehaviour.scrapesPerPodMax) return
    const { late } = this.#misbehaviour
    const lateNs = this.#late.next() ? BigInt(Math.round(late!.byMs * 1e6)) : 0n
    if (this.#skip.next()) {
      this.#passed(slot)
      this.#next(slot + 1)
      return
    }
    const again = this.#again.next()
    const ask = (): void => {
      if (again) this.#at(this.#dueNs(slot) + this.#intervalNs / 2n, () => this.#ask(slot, true))
      this.#ask(slot, false, () => {
        let next = slot + 1
        for (; this.#dueNs(next) <= this.#clock.monotonicNs(); next++) this.#passed(next)
        this.#next(next)
      })
    }
    if (lateNs > 0n) this.#at(this.#dueNs(slot) + lateNs, ask)
    else ask()
  }

  #passed(slot: number): void {
    this.#entry.skipped.push({ slot, dueNs: String(this.#dueNs(slot)) })
  }

  #ask(slot: number, again: boolean, onSent?: () => void): void {
    this.#asked++
    const ask: Ask = {
      slot,
      dueNs: String(this.#dueNs(slot)),
      again,
      sentNs: String(this.#clock.monotonicNs()),
      samples: 0,
      lost: 0,
      wrong: 0,
      duplicate: 0,
    }
    this.#entry.asks.push(ask)
    const tMs = Math.floor(this.#clock.unixMs())
    this.#request(ask).then(
      text => {
        if (text === undefined) return this.#keeper.keepUp(tMs, 0)
        this.#keeper.keepAnswer(text, tMs, ask)
        this.#keeper.keepUp(tMs, 1)
      },
      (error: unknown) => {
        this.#keeper.keepUp(tMs, 0)
        if (!this.#stopped) process.stderr.write(`scrape of ${this.#target.origin}: ${describeError(error)}\n`)
      },
    )
    onSent?.()
  }

  async #request(ask: Ask): Promise<string | undefined> {
    const { statusCode, body } = await this.#client.request({ method: 'GET', path: this.#target.path })
    const text = await body.text()
    ask.receivedNs = String(this.#clock.monotonicNs())
    return statusCode === 200 ? text : undefined
  }

  #dueNs(slot: number): bigint {
    return this.#firstNs + BigInt(slot) * this.#intervalNs
  }

  /** Never before `atNs`: a timer that fires within the millisecond before is set again. */
  #at(atNs: bigint, fn: () => void): void {
    const wait = Number(atNs - this.#clock.monotonicNs()) / 1e6
    const timer = this.#clock.schedule(Math.max(0, wait), () => {
      this.#timers.delete(timer)
      if (this.#stopped) return
      if (this.#clock.monotonicNs() < atNs) this.#at(atNs, fn)
      else fn()
    })
    this.#timers.add(timer)
  }
}
