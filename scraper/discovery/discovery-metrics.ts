import type { Cell, Metric, MetricsRegistry } from '../metrics.ts'

/** What discovery counts about itself, under Prometheus' names where it has one. */
export class DiscoveryMetrics {
  /** Targets found per job, before relabelling. */
  readonly discoveredTargets: Metric
  readonly failedConfigs: Cell
  readonly received: Cell
  readonly sent: Cell
  readonly kubernetesEvents: Metric
  readonly kubernetesFailures: Cell
  readonly watches: Cell
  readonly lists: Cell
  readonly watchBytes: Cell

  constructor(registry: MetricsRegistry) {
    this.discoveredTargets = registry.gauge(
      'prometheus_sd_discovered_targets',
      'Current number of discovered targets.',
      ['name', 'config'],
    )
    this.failedConfigs = registry
      .gauge('prometheus_sd_failed_configs', 'Current number of service discovery configurations that failed to load.')
      .cell()
    this.received = registry
      .counter('prometheus_sd_received_updates_total', 'Group updates received from the discoverers.')
      .cell()
    this.sent = registry.counter('prometheus_sd_updates_total', 'Update batches sent to the scrape pools.').cell()
    this.kubernetesEvents = registry.counter(
      'prometheus_sd_kubernetes_events_total',
      'The number of Kubernetes events handled.',
      ['role', 'event'],
    )
    this.kubernetesFailures = registry
      .counter('prometheus_sd_kubernetes_failures_total', 'The number of failed WATCH/LIST requests.')
      .cell()
    this.watches = registry
      .counter('prometheus_sd_kubernetes_watches_total', 'WATCH requests made, watch-lists included.')
      .cell()
    this.lists = registry.counter('prometheus_sd_kubernetes_lists_total', 'LIST requests made, pages counted.').cell()
    this.watchBytes = registry
      .counter('prometheus_sd_kubernetes_received_bytes_total', 'Bytes of LIST and WATCH answers.')
      .cell()
  }
}
