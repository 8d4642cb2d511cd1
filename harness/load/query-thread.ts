import { type Clock, GrowableFloat64, type Timer } from '../../base/index.ts'
import type { QueryLoad } from './planned-load.ts'
import { QueryArrivals } from './query-arrivals.ts'
import type { PlannedQuery } from './query-attempt.ts'
import { keyOf, keysOf } from './query-keys.ts'
import type { FromQueries, Observations, QueryThreadData, ToQueries } from './query-messages.ts'
import type { QueryObserver, QueryOutcome } from './query-observer.ts'
import { requestOf } from './query-request.ts'
import { HttpQuerySender } from './query-sender.ts'
import { vuSteps } from './vu-levels.ts'
import { VirtualUsers } from './vus.ts'

/** Queries of one entry that can be under way at once: three times what Prometheus works on, the rest waits here. */
const CONCURRENCY_MAX = 64
/** How often observations are sent on. */
const FLUSH_MS = 250
/** Queries of each entry before planned time runs: the first ones compile the way there and back. */
const WARM_UP_QUERIES = 10
const WARM_UP_MS_MAX = 3000
/** Numbers of iterations that no load reaches: what is measured later is not in a cache because of these. */
const WARM_UP_FIRST = 1_000_000_000

interface Runner {
  start(): void
  stop(): Promise<void>
}

/**
 * Puts query load on a subject from a thread of its own: neither the probes nor the reading of reports delay a query.
 *
 *   new ──prepare──▶ connected, tried ──start──▶ asking ──stop──▶ told
 *
 * Each entry of the scenario has connections of its own: slow queries of one do not hold up the others.
 */
export class QueryThread {
  readonly #clock: Clock
  readonly #data: QueryThreadData
  readonly #tell: (message: FromQueries, transfer: readonly ArrayBuffer[]) => void
  readonly #outbox: Outbox
  readonly #senders = new Map<string, HttpQuerySender>()
  #runners: Runner[] = []
  #flush: Timer | undefined

  constructor(
    clock: Clock,
    data: QueryThreadData,
    tell: (message: FromQueries, transfer: readonly ArrayBuffer[]) => void,
  ) {
    this.#clock = clock
    this.#data = data
    this.#tell = tell
    this.#outbox = new Outbox(clock, keysOf(data.loads))
  }

  /** Returns whether more messages are to be expected. */
  async onMessage(message: ToQueries): Promise<boolean> {
    switch (message.type) {
      case 'prepare':
        await this.#prepare(message.url)
        this.#tell({ type: 'ready' }, [])
        return true
      case 'start':
        this.#start(message.startNs)
        return true
      case 'stop':
        await Promise.all(this.#runners.map(runner => runner.stop()))
        this.#flush?.cancel()
        this.#send()
        await Promise.all([...this.#senders.values()].map(sender => sender.close()))
        this.#tell({ type: 'stopped' }, [])
        return false
    }
  }

  async #prepare(url: string): Promise<void> {
    const abort = new AbortController()
    const timer = this.#clock.schedule(WARM_UP_MS_MAX, () => abort.abort())
    for (const load of this.#data.loads) {
      const sender = new HttpQuerySender(this.#clock, url, connectionsOf(load))
      this.#senders.set(load.name, sender)
      for (let i = 0; i < WARM_UP_QUERIES && !abort.signal.aborted; i++) {
        // A subject that does not answer yet is no fault.
        await sender.send(requestOf(this.#data.facts, load, WARM_UP_FIRST + i), abort.signal).catch(() => undefined)
      }
    }
    timer.cancel()
  }

  #start(startNs: bigint): void {
    const { loads, facts, deadlineMs } = this.#data
    this.#runners = loads.map(load => {
      const sender = this.#senders.get(load.name)!
      const query = (i: number): PlannedQuery => ({ key: keyOf(load, i), request: requestOf(facts, load, i) })
      return load.load.kind === 'open'
        ? new QueryArrivals(this.#clock, sender, this.#outbox, {
            load: load.load,
            startNs,
            concurrencyMax: CONCURRENCY_MAX,
            deadlineMs,
            query,
          })
        : new VirtualUsers(this.#clock, sender, this.#outbox, { load: load.load, startNs, deadlineMs, query })
    })
    for (const runner of this.#runners) runner.start()
    this.#scheduleFlush()
  }

  #scheduleFlush(): void {
    this.#flush = this.#clock.schedule(FLUSH_MS, () => {
      this.#send()
      this.#scheduleFlush()
    })
  }

  #send(): void {
    const observed = this.#outbox.take()
    if (observed === undefined) return
    this.#tell({ type: 'observed', ...observed }, [
      observed.lags.buffer as ArrayBuffer,
      observed.queries.buffer as ArrayBuffer,
    ])
  }
}

function connectionsOf({ load }: QueryLoad): number {
  return load.kind === 'open' ? CONCURRENCY_MAX : Math.max(1, ...vuSteps(load).map(({ vus }) => vus))
}

/** Observations on their way to the main thread. */
class Outbox implements QueryObserver {
  readonly #clock: Clock
  readonly #indexOf: ReadonlyMap<string, number>
  readonly #reasons = new Set<string>()
  readonly #lags = new GrowableFloat64()
  readonly #queries = new GrowableFloat64()
  #fromNs: bigint | undefined
  #untilNs = 0n

  constructor(clock: Clock, keys: readonly string[]) {
    this.#clock = clock
    this.#indexOf = new Map(keys.map((key, index) => [key, index]))
  }

  begun(lagNs: number): void {
    this.#touch()
    this.#lags.push(lagNs)
  }

  over(key: string, latencyNs: number, serviceNs: number, outcome: QueryOutcome): void {
    this.#touch()
    for (const value of [this.#indexOf.get(key)!, latencyNs, serviceNs, outcome]) this.#queries.push(value)
  }

  complained(reason: string): void {
    this.#reasons.add(reason)
  }

  /** What has gathered, `undefined` when that is nothing; the buffers are the caller's. */
  take(): Observations | undefined {
    if (this.#fromNs === undefined) return undefined
    const taken: Observations = {
      fromNs: this.#fromNs,
      untilNs: this.#untilNs,
      lags: this.#lags.view().slice(),
      queries: this.#queries.view().slice(),
      reasons: [...this.#reasons],
    }
    this.#lags.clear()
    this.#queries.clear()
    this.#reasons.clear()
    this.#fromNs = undefined
    return taken
  }

  #touch(): void {
    this.#untilNs = this.#clock.monotonicNs()
    this.#fromNs ??= this.#untilNs
  }
}
