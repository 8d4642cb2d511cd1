import type { MetricInfo, Run } from './report.ts'
import { parseMetricKey } from './metric-key.ts'

const histogram = (help: string, unit: 's' | 'ns' = 's') =>
  ({ kind: 'histogram', unit, direction: 'lower', help }) as const satisfies MetricInfo
const value = (unit: string, direction: MetricInfo['direction'], help: string) =>
  ({ kind: 'value', unit, direction, help }) as const satisfies MetricInfo
const count = (unit: string, direction: MetricInfo['direction'], help: string) =>
  ({ kind: 'count', unit, direction, help }) as const satisfies MetricInfo

/**
 * Every metric that a report can hold. The names are a contract: scenarios put thresholds on them, and other programs
 * read them from `report.json`. The order is the order in which people read them.
 */
export const METRICS = {
  discovery_latency: histogram(
    'From the moment a pod is ready (or its address is published, by discovery role) to the first scrape request at its socket.',
  ),
  discovery_floor: value(
    's',
    'none',
    "The part of discovery_latency that the subject's own scrape offset and interval explain.",
  ),
  visibility_latency: histogram('From the moment a pod is ready to the first query that returns its samples.'),
  removal_latency: histogram('From the deletion of a pod to the last scrape attempt at its address.'),
  staleness_latency: histogram('From the deletion of a pod to the moment its series are gone from an instant query.'),
  scrape_lateness: histogram("Start of a scrape beyond the instant at which the target's interval said it was due."),
  targets_missed: count('1', 'lower', 'Pods that were ready and were never scraped.'),
  scrapes_missed: count('1', 'lower', 'Scrapes that were due and never came.'),
  scrapes_duplicate: count('1', 'lower', 'Scrapes of a target beyond one per interval.'),
  scrapes_served: count('1', 'none', 'Scrapes that got a complete response, by the format that the subject asked for.'),
  samples_served: count('1', 'none', 'Samples that targets wrote to the subject in complete responses.'),
  samples_stored: count('1', 'none', 'Samples that the subject returned when asked back.'),
  samples_lost: count('1', 'lower', 'Samples that were served and that the subject does not return.'),
  samples_wrong: count('1', 'lower', 'Samples that the subject returns with a value that was never served.'),
  target_up: value(
    '1',
    'none',
    'Share of the scrapes that the subject held for good, by misbehaviour of their targets.',
  ),
  misbehaviours_unexpected: count(
    '1',
    'lower',
    'Misbehaviours of targets of which the subject made something else than its documentation says.',
  ),
  samples_misattributed: count(
    '1',
    'lower',
    'Of samples_wrong: served by one pod and stored under the labels of another, which had its address before.',
  ),
  samples_unchecked: count(
    '1',
    'none',
    'Samples of pages made of what is in the cluster (kube-state-metrics, cadvisor): served, and in no other count.',
  ),
  samples_self_reported: count(
    '1',
    'none',
    "What the subject's own counter of appended samples grew by, in the longest part of the run in which no target went away.",
  ),
  self_count_error: value(
    '1',
    'lower',
    'How far samples_self_reported lies from what the targets served meanwhile, as a ratio of it.',
  ),
  ingest_rate: value('1/s', 'higher', 'Samples stored per second of the run.'),
  ingest_capacity: value('1/s', 'higher', 'Highest sustained rate of samples without loss or lateness, by search.'),
  cpu_seconds_per_million_samples: value(
    's',
    'lower',
    "The subject's own user and system time for a million samples stored.",
  ),
  rss_peak: value('bytes', 'lower', "Highest resident memory of the subject's process."),
  bytes_per_series: value('bytes', 'lower', "Growth of the subject's resident memory per series that was alive."),
  disk_bytes_per_sample: value('bytes', 'lower', "Size of the subject's data folder per sample stored."),
  query_latency: histogram('From when a query was due to its complete answer, by class of query.'),
  query_service_time: histogram('From when a query was sent to its complete answer, by class of query.'),
  query_rate: value(
    '1/s',
    'higher',
    'Queries answered per second, from the first that was due to the last that was over.',
  ),
  queries_failed: count('1', 'lower', 'Queries that got no answer, an error, or no answer in time.'),
  queries_empty: count('1', 'lower', 'Answers without data to queries whose class promises some.'),
  queries_dropped: count('1', 'lower', 'Queries that were due and that the generator of the load never tried to send.'),
  select_latency: histogram('Selection of series by label matchers, by type of matcher.'),
  append_ns: histogram('Append of one sample to a known series.', 'ns'),
  series_create_ns: histogram('Append of the first sample of a new series.', 'ns'),
  apiserver_requests: count('1', 'lower', 'Requests of the subject to the Kubernetes API server.'),
  apiserver_watches: count('1', 'lower', 'Watches that the subject opened at the Kubernetes API server.'),
  apiserver_bytes: count('bytes', 'lower', 'Bytes that the Kubernetes API server sent to the subject.'),
  recovery_time: value('s', 'lower', 'From the restart after kill -9 to the first correct answer to a query.'),
  samples_lost_on_crash: count('1', 'lower', 'Samples that were stored before kill -9 and are not returned after it.'),
  control_plane_ready_time: value(
    's',
    'lower',
    'Of the simulated control plane itself, without pacing: from the first workload applied to the last pod Ready.',
  ),
  control_plane_write_rate: value(
    '1/s',
    'higher',
    'Changes of objects of all kinds per second until all pods were Ready.',
  ),
  control_plane_memory: value(
    'bytes',
    'lower',
    'Growth of resident memory by nodes, pods and all that belongs to them.',
  ),
  control_plane_list_time: value('s', 'lower', 'From a request for the list of all pods to its last byte.'),
  control_plane_list_bytes: value('bytes', 'lower', 'Size of the list of all pods, as JSON.'),
  control_plane_watch_rate: value(
    '1/s',
    'higher',
    'Changes of pods received per second by all watching clients together.',
  ),
  target_serve_rate: value(
    '1/s',
    'higher',
    'Samples that one target worker served over one connection, the median of all turns; of others beside it, by server.',
  ),
  target_serve_bytes_rate: value('bytes/s', 'higher', 'Bytes of the same, heads included.'),
  target_serve_ratio: value('1', 'higher', 'How many times as many samples the target worker served, by server.'),
  replay_lateness: histogram('What a trace tells, shown by the cluster beyond its planned instant.'),
  replay_events: count('1', 'none', 'Events of the trace that were played.'),
  replay_skipped: count('1', 'lower', 'Events of the trace that could not be played.'),
  replay_differences: count('1', 'lower', 'Objects that were in the end not what the trace says.'),
  generator_lag: histogram('Execution of a planned event beyond its planned instant: the harness about itself.'),
  eventloop_delay: histogram("Delay of timers on the harness' own event loops: the harness about itself."),
} as const satisfies Readonly<Record<string, MetricInfo>>

export type MetricName = keyof typeof METRICS

/** What a metric means, or `undefined` when the catalogue does not know it. */
export function metricInfo(name: string): MetricInfo | undefined {
  return Object.hasOwn(METRICS, name) ? METRICS[name as MetricName] : undefined
}

/** Nanoseconds in one of the metric's unit: what divides the values of an HDR histogram. */
export function nanosecondsPerUnit(unit: string): number {
  return unit === 'ns' ? 1 : 1e9
}

/**
 * The `metrics` of a report: one entry for each base name that occurs in the runs.
 *
 * `own` describes metrics that the catalogue does not know; one that neither knows is described by what can be seen.
 */
export function describeMetrics(
  runs: readonly Pick<Run, 'metrics'>[],
  own: Readonly<Record<string, MetricInfo>> = {},
): Record<string, MetricInfo> {
  const out: Record<string, MetricInfo> = {}
  for (const run of runs) {
    for (const [key, measured] of Object.entries(run.metrics)) {
      const { name } = parseMetricKey(key)
      out[name] ??= metricInfo(name) ?? own[name] ?? ('hdr' in measured ? histogram(name) : value('1', 'none', name))
    }
  }
  return out
}
