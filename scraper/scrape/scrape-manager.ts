import type { Clock, Prng } from '../../base/index.ts'
import type { Config, ScrapeConfig } from '../config/index.ts'
import type { TargetGroup } from '../discovery/target-group.ts'
import { type LogSink, noLog } from '../log-sink.ts'
import { MetricsRegistry } from '../metrics.ts'
import type { Appendable } from '../storage/index.ts'
import { TextParser } from '../textparse/index.ts'
import { ScrapeRequests } from './scrape-client.ts'
import type { InitialScrape } from './scrape-loop.ts'
import { ScrapeMetrics } from './scrape-metrics.ts'
import { ScrapePool } from './scrape-pool.ts'
import { ScrapeRow } from './scrape-row.ts'
import type { ActiveTargetStatus, DroppedTargetStatus, TargetsView } from './target-status.ts'
import { TurnBudget } from './turn-budget.ts'

export interface ScrapeManagerOptions {
  /** Default `immediate`. */
  readonly initialScrape?: InitialScrape
  /** Default `churnbench-scraper`. */
  readonly userAgent?: string
  readonly registry?: MetricsRegistry
  readonly log?: LogSink
}

/**
 * Scrapes what discovery finds, job by job, into one storage.
 *
 * `applyConfig` says which jobs there are; `update` brings their targets, changed groups only.
 */
export class ScrapeManager implements TargetsView {
  readonly #clock: Clock
  readonly #prng: Prng
  readonly #appendable: Appendable
  readonly #options: ScrapeManagerOptions
  readonly #metrics: ScrapeMetrics
  readonly #budget: TurnBudget
  readonly #scratch = { parser: new TextParser(), row: new ScrapeRow() }
  readonly #pools = new Map<
    string,
    { readonly pool: ScrapePool; readonly config: ScrapeConfig; readonly seed: number }
  >()

  /** @param prng its seed, with the external labels, spreads the scrapes: two scrapers with one seed go in step. */
  constructor(clock: Clock, prng: Prng, appendable: Appendable, options: ScrapeManagerOptions = {}) {
    this.#clock = clock
    this.#prng = prng
    this.#appendable = appendable
    this.#options = options
    this.#budget = new TurnBudget(clock)
    this.#metrics = new ScrapeMetrics(options.registry ?? new MetricsRegistry())
  }

  /**
   * Starts, replaces and ends jobs. A job whose configuration is unchanged goes on undisturbed; a changed one begins
   * anew with the targets that are known, and ends the series it had.
   */
  applyConfig(config: Config): void {
    const seed = this.#prng.fork(`offset/${config.global.externalLabels.key()}`).u32()
    const wanted = new Set(config.scrapeConfigs.map(job => job.jobName))
    for (const [job, { pool }] of this.#pools) {
      if (wanted.has(job)) continue
      pool.stop(true)
      this.#pools.delete(job)
      this.#metrics.removeJob(job)
    }
    for (const job of config.scrapeConfigs) this.#applyJob(job, seed)
    this.#metrics.pools.set(this.#pools.size)
  }

  /** New versions of groups of a job; a group without targets is gone. Jobs that are not configured are not heard. */
  update(job: string, groups: readonly TargetGroup[]): void {
    this.#pools.get(job)?.pool.update(groups)
  }

  /** Ends scraping because the process ends: series are left as they are. */
  stop(): void {
    for (const { pool } of this.#pools.values()) pool.stop(false)
    this.#pools.clear()
  }

  activeTargets(): readonly ActiveTargetStatus[] {
    return [...this.#pools.values()].flatMap(({ pool }) => [...pool.activeTargets()])
  }

  droppedTargets(): readonly DroppedTargetStatus[] {
    return [...this.#pools.values()].flatMap(({ pool }) => [...pool.droppedTargets()])
  }

  droppedTargetCounts(): ReadonlyMap<string, number> {
    return new Map([...this.#pools].map(([job, { pool }]) => [job, pool.droppedCount]))
  }

  #applyJob(config: ScrapeConfig, seed: number): void {
    const before = this.#pools.get(config.jobName)
    if (before !== undefined && before.seed === seed && isSame(before.config, config)) return
    const pool = new ScrapePool({
      clock: this.#clock,
      appendable: this.#appendable,
      config,
      requests: new ScrapeRequests(this.#clock, config, this.#options.userAgent ?? 'churnbench-scraper'),
      scratch: this.#scratch,
      budget: this.#budget,
      metrics: this.#metrics,
      log: this.#options.log ?? noLog,
      initialScrape: this.#options.initialScrape ?? 'immediate',
      offsetSeed: seed,
    })
    this.#pools.set(config.jobName, { pool, config, seed })
    if (before === undefined) return
    const groups = before.pool.groups()
    before.pool.stop(true)
    pool.floorMs = before.pool.floorMs
    pool.update(groups)
  }
}

/** Whether two judged configurations of a job scrape alike; what they discover is not asked. */
function isSame(a: ScrapeConfig, b: ScrapeConfig): boolean {
  return fingerprint(a) === fingerprint(b)
}

function fingerprint(config: ScrapeConfig): string {
  return JSON.stringify(config, (key, value: unknown) => {
    if (key === 'discoveries') return undefined
    // Patterns are told by their text.
    if (key === 'regex') return (value as { pattern: string }).pattern
    return typeof value === 'bigint' ? String(value) : value
  })
}
