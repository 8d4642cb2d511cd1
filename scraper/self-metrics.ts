import type { MetricsRegistry } from './metrics.ts'
import type { EngineStats } from './promql/index.ts'
import type { StorageStats } from './storage/index.ts'

export interface SelfMetricsSources {
  readonly version: string
  readonly startMs: number
  /** `undefined` while the storage is being opened. */
  storage(): StorageStats | undefined
  engine(): EngineStats
  config(): { readonly reloadSuccess: boolean; readonly lastConfigMs: number }
}

/** Registers what the program as a whole tells of itself at `/metrics`, under Prometheus' names where it has one. */
export function registerSelfMetrics(registry: MetricsRegistry, sources: SelfMetricsSources): void {
  const gauge = (name: string, help: string, value: () => number): void => {
    const cell = registry.gauge(name, help).cell()
    registry.onCollect(() => cell.set(value()))
  }
  const counter = (name: string, help: string, value: () => number): void => {
    const cell = registry.counter(name, help).cell()
    registry.onCollect(() => cell.set(value()))
  }
  const stored = (pick: (stats: StorageStats) => number): (() => number) => {
    return () => {
      const stats = sources.storage()
      return stats === undefined ? 0 : pick(stats)
    }
  }

  registry
    .gauge('prometheus_build_info', 'Version of the program; the value is always 1.', ['version', 'goversion'])
    .cell(sources.version, `node ${process.version}`)
    .set(1)
  gauge('prometheus_config_last_reload_successful', 'Whether the last configuration was taken.', () =>
    sources.config().reloadSuccess ? 1 : 0,
  )
  gauge(
    'prometheus_config_last_reload_success_timestamp_seconds',
    'When a configuration was last taken.',
    () => sources.config().lastConfigMs / 1000,
  )

  gauge(
    'prometheus_tsdb_head_series',
    'Series in the head.',
    stored(stats => stats.series),
  )
  gauge(
    'prometheus_tsdb_head_chunks',
    'Chunks in the head.',
    stored(stats => stats.chunks),
  )
  gauge(
    'prometheus_tsdb_head_min_time',
    'Oldest sample, in Unix milliseconds.',
    stored(stats => stats.minMs ?? 0),
  )
  gauge(
    'prometheus_tsdb_head_max_time',
    'Newest sample, in Unix milliseconds.',
    stored(stats => stats.maxMs ?? 0),
  )
  counter(
    'prometheus_tsdb_head_samples_appended_total',
    'Samples stored.',
    stored(stats => stats.samplesAppended),
  )
  counter(
    'prometheus_tsdb_out_of_order_samples_total',
    'Samples refused because they were older than the newest of their series.',
    stored(stats => stats.outOfOrderSamples),
  )
  counter(
    'prometheus_tsdb_head_series_created_total',
    'Series created.',
    stored(stats => stats.seriesCreated),
  )
  counter(
    'prometheus_tsdb_head_series_removed_total',
    'Series removed.',
    stored(stats => stats.seriesRemoved),
  )
  gauge(
    'prometheus_tsdb_wal_storage_size_bytes',
    'Size of the write-ahead log.',
    stored(stats => stats.walBytes),
  )

  gauge('prometheus_engine_queries', 'Queries being run.', () => sources.engine().running)
  counter('prometheus_engine_queries_total', 'Queries received.', () => sources.engine().queries)
  counter('prometheus_engine_queries_failed_total', 'Queries that failed.', () => sources.engine().failed)
  counter(
    'prometheus_engine_query_seconds_total',
    'Time from the start to the end of queries, added up.',
    () => sources.engine().querySeconds,
  )

  counter('process_cpu_seconds_total', 'User and system time of the process.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss())
  gauge('process_start_time_seconds', 'When the process started.', () => sources.startMs / 1000)
  gauge('nodejs_heap_size_used_bytes', 'Used part of the JavaScript heap.', () => process.memoryUsage().heapUsed)
  gauge('nodejs_external_memory_bytes', 'Memory of buffers and typed arrays.', () => process.memoryUsage().external)
}
