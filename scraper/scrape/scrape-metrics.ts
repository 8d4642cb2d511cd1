import type { Cell, Metric, MetricsRegistry } from '../metrics.ts'

/** What scraping counts about itself, under Prometheus' names where it has one. */
export class ScrapeMetrics {
  readonly scrapes: Cell
  readonly failures: Cell
  readonly firstScrapes: Cell
  readonly ticksMissed: Cell
  readonly exceededSampleLimit: Cell
  readonly exceededBodySize: Cell
  readonly exceededLabelLimits: Cell
  readonly exceededTargetLimit: Cell
  readonly duplicate: Cell
  readonly outOfOrder: Cell
  readonly outOfBounds: Cell
  readonly cacheFlush: Cell
  readonly pools: Cell
  readonly targetsAdded: Metric
  readonly targetsRemoved: Metric
  readonly poolTargets: Metric
  readonly poolSyncs: Metric

  constructor(registry: MetricsRegistry) {
    const total = (name: string, help: string): Cell => registry.counter(name, help).cell()
    this.scrapes = total('prometheus_target_scrapes_total', 'Scrapes that were made.')
    this.failures = total('prometheus_target_scrapes_failed_total', 'Scrapes that failed.')
    this.firstScrapes = total(
      'prometheus_target_first_scrapes_total',
      'First scrapes made at once because a target was found.',
    )
    this.ticksMissed = total(
      'prometheus_target_scrapes_missed_total',
      'Scrapes left out because the one before had not ended.',
    )
    this.exceededSampleLimit = total(
      'prometheus_target_scrapes_exceeded_sample_limit_total',
      'Scrapes that hit the sample limit and were rejected.',
    )
    this.exceededBodySize = total(
      'prometheus_target_scrapes_exceeded_body_size_limit_total',
      'Scrapes that hit the body size limit.',
    )
    this.exceededLabelLimits = total(
      'prometheus_target_scrape_pool_exceeded_label_limits_total',
      'Scrapes that hit a label limit.',
    )
    this.exceededTargetLimit = total(
      'prometheus_target_scrape_pool_exceeded_target_limit_total',
      'Times that a scrape pool hit its target limit.',
    )
    this.duplicate = total(
      'prometheus_target_scrapes_sample_duplicate_timestamp_total',
      'Samples rejected because of duplicate timestamps but different values.',
    )
    this.outOfOrder = total(
      'prometheus_target_scrapes_sample_out_of_order_total',
      'Samples rejected because they were out of order.',
    )
    this.outOfBounds = total(
      'prometheus_target_scrapes_sample_out_of_bounds_total',
      'Samples rejected because their timestamp was too old or too far ahead.',
    )
    this.cacheFlush = total(
      'prometheus_target_scrapes_cache_flush_forced_total',
      'Scrape caches rebuilt because most of their entries were out of use.',
    )
    this.pools = registry.gauge('prometheus_target_scrape_pools', 'Scrape pools.').cell()
    this.targetsAdded = registry.counter('prometheus_target_scrape_pool_targets_added_total', 'Targets found.', [
      'scrape_job',
    ])
    this.targetsRemoved = registry.counter(
      'prometheus_target_scrape_pool_targets_removed_total',
      'Targets that went away.',
      ['scrape_job'],
    )
    this.poolTargets = registry.gauge('prometheus_target_scrape_pool_targets', 'Targets being scraped.', ['scrape_job'])
    this.poolSyncs = registry.counter('prometheus_target_scrape_pool_sync_total', 'Updates taken from discovery.', [
      'scrape_job',
    ])
  }

  /** Forgets what is kept per job. */
  removeJob(job: string): void {
    for (const metric of [this.targetsAdded, this.targetsRemoved, this.poolTargets, this.poolSyncs]) metric.remove(job)
  }
}
