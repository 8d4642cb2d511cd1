import { type Arm, keysOf } from '../arms.ts'
import { parseMetricKey } from '../metric-key.ts'
import type { MetricName } from '../metrics.ts'

/** Metrics that are read together. */
export interface MetricGroup {
  readonly id: string
  readonly title: string
  readonly keys: readonly string[]
}

/** Every metric of the catalogue stands in exactly one group. */
export const GROUPS: readonly { readonly id: string; readonly title: string; readonly names: readonly MetricName[] }[] =
  [
    {
      id: 'discovery',
      title: 'Discovery',
      names: [
        'discovery_latency',
        'discovery_floor',
        'visibility_latency',
        'removal_latency',
        'staleness_latency',
        'scrape_lateness',
        'targets_missed',
        'scrapes_missed',
        'scrapes_duplicate',
      ],
    },
    {
      id: 'samples',
      title: 'Samples',
      names: [
        'scrapes_served',
        'samples_served',
        'samples_stored',
        'samples_lost',
        'samples_wrong',
        'target_up',
        'misbehaviours_unexpected',
        'samples_misattributed',
        'samples_unchecked',
        'samples_self_reported',
        'self_count_error',
        'ingest_rate',
        'ingest_capacity',
      ],
    },
    {
      id: 'resources',
      title: 'Resources of the subject',
      names: ['cpu_seconds_per_million_samples', 'rss_peak', 'bytes_per_series', 'disk_bytes_per_sample'],
    },
    {
      id: 'queries',
      title: 'Queries and hot paths',
      names: [
        'query_latency',
        'query_service_time',
        'query_rate',
        'queries_failed',
        'queries_empty',
        'queries_dropped',
        'select_latency',
        'append_ns',
        'series_create_ns',
      ],
    },
    { id: 'crash', title: 'Crash and recovery', names: ['recovery_time', 'samples_lost_on_crash'] },
    {
      id: 'apiserver',
      title: 'Cost to the API server',
      names: ['apiserver_requests', 'apiserver_watches', 'apiserver_bytes'],
    },
    {
      id: 'control-plane',
      title: 'The simulated control plane',
      names: [
        'control_plane_ready_time',
        'control_plane_write_rate',
        'control_plane_memory',
        'control_plane_list_time',
        'control_plane_list_bytes',
        'control_plane_watch_rate',
      ],
    },
    {
      id: 'target-capacity',
      title: 'The simulated targets',
      names: ['target_serve_rate', 'target_serve_bytes_rate', 'target_serve_ratio'],
    },
    {
      id: 'replay',
      title: 'Fidelity of the replay',
      names: ['replay_lateness', 'replay_events', 'replay_skipped', 'replay_differences'],
    },
    { id: 'harness', title: 'The harness itself', names: ['generator_lag', 'eventloop_delay'] },
  ]

/** The groups that hold something, with the metrics that no group knows at the end. */
export function groupMetrics(arms: readonly Arm[]): MetricGroup[] {
  const keys = keysOf(arms)
  const groupOf = (key: string): string | undefined => {
    const { name } = parseMetricKey(key)
    return GROUPS.find(group => (group.names as readonly string[]).includes(name))?.id
  }
  const groups = GROUPS.map(({ id, title }) => ({ id, title, keys: keys.filter(key => groupOf(key) === id) }))
  groups.push({ id: 'other', title: 'Other', keys: keys.filter(key => groupOf(key) === undefined) })
  return groups.filter(group => group.keys.length > 0)
}
