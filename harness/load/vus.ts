import type { Clock, Timer } from '../../base/index.ts'
import type { ClosedLoad } from './planned-load.ts'
import { attempt, type PlannedQuery } from './query-attempt.ts'
import type { QueryObserver } from './query-observer.ts'
import type { QuerySender } from './query-sender.ts'
import { type VuStep, vuSteps } from './vu-levels.ts'

export interface VuOptions {
  readonly load: ClosedLoad
  /** Monotonic instant of planned time 0. */
  readonly startNs: bigint
  /** How long a query may take. */
  readonly deadlineMs: number
  readonly query: (i: number) => PlannedQuery
}

/** One virtual user. */
interface Vu {
  running: boolean
  iterations: number
}

/**
 * Virtual users that each ask again as soon as they have their answer (closed model): a slow subject is asked less, and
 * latencies count from when a query was sent.
 *
 *   idle ──the level rises──▶ asking ⟲ ──the level falls, or no iteration is left──▶ idle
 *                                └── gracefulStop after the last stage ──▶ broken off
 *
 * A user that is to go finishes its query first; users go in the opposite order in which they came.
 */
export class VirtualUsers {
  readonly #clock: Clock
  readonly #sender: QuerySender
  readonly #observer: QueryObserver
  readonly #options: VuOptions
  readonly #steps: readonly VuStep[]
  readonly #vus: Vu[]
  readonly #ended = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  #level = 0
  #over = false
  #nextStep = 0
  #iterations = 0
  #timer: Timer | undefined

  constructor(clock: Clock, sender: QuerySender, observer: QueryObserver, options: VuOptions) {
    this.#clock = clock
    this.#sender = sender
    this.#observer = observer
    this.#options = options
    this.#steps = vuSteps(options.load)
    this.#vus = Array.from({ length: Math.max(0, ...this.#steps.map(({ vus }) => vus)) }, () => ({
      running: false,
      iterations: 0,
    }))
  }

  start(): void {
    this.#arm()
  }

  /** Breaks off what is under way, now. Resolves when all has been told. */
  async stop(): Promise<void> {
    this.#timer?.cancel()
    this.#over = true
    this.#ended.abort()
    await Promise.all(this.#underWay)
  }

  #ns(ms: number): bigint {
    return this.#options.startNs + BigInt(Math.round(ms * 1e6))
  }

  #after(atMs: number, then: () => void): void {
    this.#timer = this.#clock.schedule(Number(this.#ns(atMs) - this.#clock.monotonicNs()) / 1e6, then)
  }

  #arm(): void {
    const step = this.#steps[this.#nextStep]
    const { load } = this.#options
    if (step !== undefined) return this.#after(step.atMs, () => this.#onStep(step))
    const endMs = load.stages.at(-1)?.untilMs ?? load.startMs
    this.#after(endMs, () => {
      this.#over = true
      this.#after(endMs + load.gracefulStopMs, () => this.#ended.abort())
    })
  }

  #onStep({ atMs, vus }: VuStep): void {
    const lagNs = Number(this.#clock.monotonicNs() - this.#ns(atMs))
    // A timer may be a moment early.
    if (lagNs < 0) return this.#arm()
    this.#observer.begun(lagNs)
    this.#nextStep++
    this.#level = vus
    for (let v = 0; v < vus; v++) this.#wake(v)
    this.#arm()
  }

  #wake(v: number): void {
    const vu = this.#vus[v]!
    if (vu.running) return
    vu.running = true
    const life = this.#live(vu, v).then(() => {
      vu.running = false
      this.#underWay.delete(life)
    })
    this.#underWay.add(life)
  }

  async #live(vu: Vu, v: number): Promise<void> {
    const { deadlineMs, query } = this.#options
    while (v < this.#level && !this.#over) {
      const i = this.#take(vu, v)
      if (i === undefined) return
      await attempt(this.#clock, this.#sender, this.#observer, query(i), {
        dueNs: this.#clock.monotonicNs(),
        deadlineMs,
        ended: this.#ended.signal,
      })
    }
  }

  /** The number of the next iteration, `undefined` when there is none left for this user. */
  #take(vu: Vu, v: number): number | undefined {
    const { iterations } = this.#options.load
    if (iterations?.of === 'all' && this.#iterations >= iterations.count) return undefined
    if (iterations?.of === 'each' && vu.iterations >= iterations.count) return undefined
    this.#iterations++
    vu.iterations++
    return iterations?.of === 'each' ? v * iterations.count + vu.iterations - 1 : this.#iterations - 1
  }
}
