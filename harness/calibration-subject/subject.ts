import type { Clock } from '../../base/index.ts'
import type { Config } from './config.ts'
import { Keeper } from './keeper.ts'
import type { Ledger, PodEntry } from './ledger.ts'
import { MemoryStore } from './memory-store.ts'
import type { Misbehaviour } from './options.ts'
import { type Pod, PodWatch, type PodWatchListener } from './pod-watch.ts'
import { QueryServer } from './query-server.ts'
import { EveryNth } from './ratio.ts'
import { ScrapeLoop } from './scrape-loop.ts'
import { offsetOf, type Target, targetOf } from './target.ts'

/**
 * A monitoring system whose faults are known: it scrapes the pods of a cluster exactly as it was told to, and keeps a
 * ledger of what it did. The harness that measures it must come to the same figures.
 */
export class CalibrationSubject implements PodWatchListener {
  readonly ledger: Ledger
  readonly #clock: Clock
  readonly #config: Config
  readonly #misbehaviour: Misbehaviour
  readonly #store = new MemoryStore<PodEntry>()
  readonly #watch: PodWatch
  readonly #server: QueryServer
  readonly #pods = new Map<string, { readonly entry: PodEntry; readonly loop?: ScrapeLoop; readonly keeper?: Keeper }>()
  readonly #miss: EveryNth

  constructor(clock: Clock, config: Config, misbehaviour: Misbehaviour) {
    this.#clock = clock
    this.#config = config
    this.#misbehaviour = misbehaviour
    this.#miss = new EveryNth(misbehaviour.missTargets)
    this.ledger = { startedNs: String(clock.monotonicNs()), stalls: [], pods: [] }
    this.#watch = new PodWatch(clock, config, this)
    this.#server = new QueryServer(clock, this.#store)
  }

  async start(port: number): Promise<void> {
    await this.#server.listen(port)
    void this.#watch.run()
    await this.#watch.ready
    this.#server.ready = true
    for (const { atMs, forMs } of this.#misbehaviour.stalls) this.#clock.schedule(atMs, () => this.#stall(forMs))
  }

  async stop(): Promise<void> {
    for (const { loop } of this.#pods.values()) loop?.stop()
    this.#server.stop()
    await this.#watch.stop()
  }

  onPod(pod: Pod): void {
    if (this.#pods.has(pod.metadata.uid)) return
    const target = targetOf(pod, this.#config.job)
    if (target === undefined) return
    const learntNs = this.#clock.monotonicNs()
    const { discoveryDelaysMs } = this.#misbehaviour
    const entry: PodEntry = {
      uid: target.uid,
      namespace: pod.metadata.namespace,
      pod: pod.metadata.name,
      learntNs: String(learntNs),
      delayMs: discoveryDelaysMs[this.ledger.pods.length % discoveryDelaysMs.length]!,
      missed: this.#miss.next(),
      skipped: [],
      asks: [],
    }
    this.ledger.pods.push(entry)
    if (entry.missed) {
      this.#pods.set(target.uid, { entry })
      return
    }
    const keeper = new Keeper(this.#store, target, entry, this.#misbehaviour)
    const loop = new ScrapeLoop(this.#clock, target, keeper, entry, {
      intervalMs: this.#config.scrapeIntervalMs,
      misbehaviour: this.#misbehaviour,
    })
    this.#pods.set(target.uid, { entry, loop, keeper })
    loop.start(this.#firstNs(target, learntNs + BigInt(Math.round(entry.delayMs * 1e6))))
  }

  onGone(uid: string): void {
    const pod = this.#pods.get(uid)
    if (pod === undefined || pod.entry.goneNs !== undefined) return
    pod.entry.goneNs = String(this.#clock.monotonicNs())
    pod.loop?.stop()
    pod.keeper?.end(this.#clock.unixMs())
  }

  #firstNs(target: Target, notBeforeNs: bigint): bigint {
    if (this.#misbehaviour.firstScrape === 'at-once') return notBeforeNs
    const intervalNs = BigInt(Math.round(this.#config.scrapeIntervalMs * 1e6))
    const offsetNs = BigInt(offsetOf(target, this.#config.scrapeIntervalMs)) * 1_000_000n
    return ((notBeforeNs - offsetNs) / intervalNs + 1n) * intervalNs + offsetNs
  }

  /** The whole process stands still, as in a long collection of garbage or on a machine that is paused. */
  #stall(forMs: number): void {
    const fromNs = String(this.#clock.monotonicNs())
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs)
    this.ledger.stalls.push({ fromNs, toNs: String(this.#clock.monotonicNs()) })
  }
}
