import type { Clock, Timer } from '../../base/index.ts'
import type { ScrapeConfig } from '../config/index.ts'
import type { LogSink } from '../log-sink.ts'
import type { Appendable, Appender } from '../storage/index.ts'
import { BodyAppender, type BodyScratch } from './body-appender.ts'
import { refuseContentType } from './content-type.ts'
import { Schedule } from './schedule.ts'
import { type FetchOutcome, ScrapeClient, type ScrapeRequests } from './scrape-client.ts'
import type { ScrapeMetrics } from './scrape-metrics.ts'
import { ScrapeReport } from './scrape-report.ts'
import type { Target } from './target.ts'
import type { TurnBudget } from './turn-budget.ts'
import type { ActiveTargetStatus } from './target-status.ts'

/** When a newly found target is scraped first: at once, or at its first planned instant as Prometheus does. */
export type InitialScrape = 'immediate' | 'offset'

/** What all loops of a job share. */
export interface LoopContext {
  readonly clock: Clock
  readonly appendable: Appendable
  readonly config: ScrapeConfig
  readonly requests: ScrapeRequests
  readonly scratch: BodyScratch
  readonly budget: TurnBudget
  readonly metrics: ScrapeMetrics
  readonly log: LogSink
  readonly initialScrape: InitialScrape
  readonly offsetSeed: number
}

/** After a first scrape out of turn, an instant nearer than this part of the interval is left out. */
const FIRST_GAP = 0.1

/** The body of a failed scrape that had none. */
const NO_BODY = { scraped: 0, kept: 0, seriesAdded: 0, problem: undefined }

/**
 * Scrapes one target for as long as it exists.
 *
 *            start()                    instant is due, or nudge()
 *   new ──────────────▶ waiting ─────────────────────────────────▶ fetching
 *    │ immediate            ▲                                        │  │
 *    └──────────────────────│──────────────────────────────▶─────────┘  │ answer, error or time-out:
 *                           └────────────────────────────────────────────┘ append, report
 *   any ── stop() ──▶ stopped: the request under way is cut off, the series are ended
 *
 * An instant that falls into a scrape is skipped, never made up for.
 */
export class ScrapeLoop {
  target: Target
  readonly #context: LoopContext
  readonly #schedule: Schedule
  readonly #client: ScrapeClient
  readonly #body: BodyAppender
  readonly #report: ScrapeReport
  #timer: Timer | undefined
  #timeout: Timer | undefined
  #state: 'waiting' | 'fetching' | 'stopped' = 'waiting'
  /** Set while fetching: something about the target changed, so a failure is worth another try at once. */
  #isNudged = false
  #startedNs = 0n
  /** How long the body waited for its turn: no part of the scrape's duration, for the target has no part in it. */
  #waitNs = 0n
  #startedMs = 0
  #timestampMs = 0
  /** Timestamps of a target's samples rise strictly; all new ones are later than this. */
  #lastTimestampMs = 0
  #health: ActiveTargetStatus['health'] = 'unknown'
  #lastError = ''
  #lastScrapeMs: number | undefined
  #lastDurationS = 0
  #forcedError: string | undefined

  constructor(context: LoopContext, target: Target) {
    this.#context = context
    this.target = target
    this.#schedule = new Schedule(target.intervalMs, target.identity, context.offsetSeed)
    this.#client = new ScrapeClient(context.requests, target)
    this.#body = new BodyAppender(context.config, target.labels, context.scratch, context.metrics)
    this.#report = new ScrapeReport(target.labels, context.config.extraScrapeMetrics)
  }

  /** @param floorMs samples must be later than this: a loop before it may have ended the same series then. */
  start(floorMs: number): void {
    if (this.#state === 'stopped') return
    this.#lastTimestampMs = floorMs
    if (this.#context.initialScrape === 'immediate') {
      this.#context.metrics.firstScrapes.inc()
      this.#scrape(undefined)
    } else {
      this.#scheduleAfter(this.#context.clock.unixMs())
    }
  }

  /**
   * Discovery tells something new about the target, e.g. that its pod is ready now. If it could not be scraped so far,
   * that is a good moment to try again.
   */
  nudge(): void {
    if (this.#state === 'fetching') {
      this.#isNudged = true
    } else if (this.#state === 'waiting' && this.#health === 'down' && this.#forcedError === undefined) {
      this.#timer?.cancel()
      this.#scrape(undefined)
    }
  }

  /** While set, every scrape fails with this and nothing is fetched. */
  setForcedError(problem: string | undefined): void {
    this.#forcedError = problem
  }

  /**
   * Ends the loop at once, a hanging request included, and ends its series. Markers are later than all its samples.
   *
   * @returns the time of the markers, in Unix milliseconds.
   */
  stop(appender: Appender): number {
    this.#cancel()
    const tMs = Math.max(Math.floor(this.#context.clock.unixMs()), this.#lastTimestampMs + 1)
    this.#body.markAllStale(appender, tMs)
    this.#report.markStale(appender, tMs)
    return tMs
  }

  /** Ends the loop at once and leaves its series as they are: the process stops, the target does not. */
  abandon(): void {
    this.#cancel()
  }

  status(): ActiveTargetStatus {
    const { target } = this
    return {
      scrapePool: this.#context.config.jobName,
      scrapeUrl: target.url.href,
      globalUrl: target.url.href,
      discoveredLabels: target.discoveredLabels,
      labels: target.labels,
      health: this.#health,
      lastError: this.#lastError,
      lastScrapeMs: this.#lastScrapeMs,
      lastScrapeDurationS: this.#lastDurationS,
      scrapeIntervalMs: target.intervalMs,
      scrapeTimeoutMs: target.timeoutMs,
    }
  }

  #cancel(): void {
    this.#state = 'stopped'
    this.#timer?.cancel()
    this.#timeout?.cancel()
    this.#client.abort()
  }

  #scheduleAfter(afterMs: number): void {
    const { clock } = this.#context
    const dueMs = this.#schedule.nextAfter(afterMs)
    this.#timer = clock.schedule(dueMs - clock.unixMs(), () => this.#scrape(dueMs))
  }

  #scrape(dueMs: number | undefined): void {
    const { clock, metrics } = this.#context
    this.#state = 'fetching'
    this.#isNudged = false
    this.#waitNs = 0n
    this.#startedNs = clock.monotonicNs()
    this.#startedMs = clock.unixMs()
    this.#timestampMs = Math.max(this.#schedule.timestamp(this.#startedMs, dueMs), this.#lastTimestampMs + 1)
    metrics.scrapes.inc()
    if (this.#forcedError !== undefined) {
      this.#finish({ kind: 'failed', problem: this.#forcedError, isTooLarge: false }, dueMs)
      return
    }
    this.#timeout = clock.schedule(this.target.timeoutMs, () => {
      this.#client.abort()
      const problem = `Get ${JSON.stringify(this.target.url.href)}: no complete answer within the scrape timeout`
      this.#finish({ kind: 'failed', problem, isTooLarge: false }, dueMs)
    })
    this.#client.fetch(outcome => {
      this.#timeout?.cancel()
      const arrivedNs = clock.monotonicNs()
      this.#context.budget.run(() => {
        this.#waitNs = clock.monotonicNs() - arrivedNs
        this.#finish(outcome, dueMs)
      })
    })
  }

  #finish(outcome: FetchOutcome, dueMs: number | undefined): void {
    const { clock, metrics, log } = this.#context
    // Stopped while the body waited for its turn.
    if (this.#state === 'stopped') return
    if (outcome.kind === 'failed' && outcome.isTooLarge) metrics.exceededBodySize.inc()
    let problem: string | undefined
    try {
      problem = this.#append(outcome)
    } catch (error) {
      // The storage cannot take samples: the target is not to blame, but nothing of it is stored either.
      problem = (error as Error).message
      log('error', 'the samples of a scrape could not be stored', { url: this.target.url.href, error: problem })
    }
    if (problem !== undefined) metrics.failures.inc()
    this.#health = problem === undefined ? 'up' : 'down'
    this.#lastError = problem ?? ''
    this.#lastScrapeMs = this.#startedMs
    this.#lastTimestampMs = this.#timestampMs
    this.#state = 'waiting'
    if (problem !== undefined && this.#isNudged && this.#forcedError === undefined) {
      // Not from within the answer to the last one: the stack would grow with a target that fails at once.
      this.#timer = clock.schedule(0, () => this.#scrape(undefined))
      return
    }
    this.#planNext(dueMs)
  }

  #planNext(dueMs: number | undefined): void {
    const { clock, metrics } = this.#context
    const nowMs = clock.unixMs()
    if (dueMs === undefined) {
      this.#scheduleAfter(Math.max(nowMs, this.#startedMs + FIRST_GAP * this.target.intervalMs))
      return
    }
    const afterMs = Math.max(nowMs, dueMs)
    const missed = Math.floor((afterMs - dueMs) / this.target.intervalMs)
    if (missed > 0) metrics.ticksMissed.inc(missed)
    this.#scheduleAfter(afterMs)
  }

  /** @returns why the scrape failed, or `undefined`. @throws what the storage throws. */
  #append(outcome: FetchOutcome): string | undefined {
    const { appendable, clock, config } = this.#context
    const appender = appendable.appender()
    try {
      let problem = outcome.kind === 'failed' ? outcome.problem : undefined
      let figures: { scraped: number; kept: number; seriesAdded: number } = NO_BODY
      let bodySizeBytes = outcome.kind === 'failed' && outcome.isTooLarge ? -1 : 0
      if (outcome.kind === 'body') {
        bodySizeBytes = outcome.body.length
        problem = refuseContentType(outcome.contentType, config.fallbackScrapeProtocol)
        if (problem === undefined) {
          const appended = this.#body.append(appender, outcome.body, this.#timestampMs)
          figures = appended
          problem = appended.problem
        } else {
          this.#body.markAllStale(appender, this.#timestampMs)
        }
      } else {
        this.#body.markAllStale(appender, this.#timestampMs)
      }
      this.#lastDurationS = Number(clock.monotonicNs() - this.#startedNs - this.#waitNs) / 1e9
      this.#report.append(appender, this.#timestampMs, {
        isUp: problem === undefined,
        durationS: this.#lastDurationS,
        scraped: figures.scraped,
        kept: figures.kept,
        seriesAdded: figures.seriesAdded,
        bodySizeBytes,
        timeoutS: this.target.timeoutMs / 1000,
        sampleLimit: config.sampleLimit,
      })
      appender.commit()
      return problem
    } catch (error) {
      appender.rollback()
      throw error
    }
  }
}
