import { parseMetricKey } from '../metric-key.ts'
import type { MetricName } from '../metrics.ts'
import type { MetricInfo, Statistic } from '../report.ts'
import type { TestMethod } from '../statistics/detectable.ts'

/** Trials (or blocks) that a comparison should have; fewer describe. */
export const TRIALS_ADVISED = 8
/** Below so many the resamples of a bootstrap are too few to make an interval of. */
export const INTERVAL_TRIALS_MIN = 5
/** A comparison that lost a larger share of either arm's trials is none. */
export const EXCLUDED_SHARE_MAX = 0.25

/**
 * Observations of a trial that must lie beyond a quantile above the median for it to gate: 1000 in all for a p99, 200 for a
 * p95. With fewer it is one of the few highest values of the trial, and moves with every one of them.
 *
 * The test is not endangered by few, since it takes each trial as one value whatever that is; what suffers is what it can
 * find, and the interval shows that. Below `TAIL_ADVISED` the row says what it rests on.
 */
export const TAIL_MIN = 10
export const TAIL_ADVISED = 50

/**
 * Two reports were taken at different times, and between two times a machine moves by several per cent as a whole. No number
 * of trials shows that, and neither does a calibration, whose arms are interleaved. So the smallest effect is doubled.
 */
const UNPAIRED_FACTOR = 2

interface MetricPolicy {
  /** Rows that are shown without being gates. */
  readonly statistics: readonly Statistic[]
  /** Relative change below which nothing is said. */
  readonly minEffect: number
  /** Absolute change below which nothing is said, in the metric's unit. */
  readonly floor: number
  /** Any at all is a fault: compared by equality, and gates always. */
  readonly exact?: boolean
  /** Shown for information and never judged: the harness about itself, and figures without a better direction. */
  readonly info?: boolean
  /** Sub-metrics have rows of their own, not only the total. */
  readonly tagged?: boolean
}

const TAIL = ['p50', 'p95', 'p99'] as const
const VALUE = ['value'] as const

/**
 * How each metric is compared.
 *
 * Smallest effects are what is worth a person's time, 5 % unless it says otherwise: a +10 % change is to be found by eight
 * blocks, and an effect of the size of the threshold itself is found in half of all cases only. What a noisy machine cannot
 * tell is the business of the tests and of `calibrate`, which raises them.
 *
 * Floors are what the measurement cannot resolve, or what nobody would act on; the reason stands beside each.
 */
const POLICY: Readonly<Record<MetricName, MetricPolicy>> = {
  // Sockets are stamped by an event loop: right to a millisecond (docs/method.md).
  discovery_latency: { statistics: TAIL, minEffect: 0.05, floor: 0.001 },
  discovery_floor: { statistics: VALUE, minEffect: 0.05, floor: 0.001, info: true },
  // Rounds of questions, at least 25 ms apart.
  visibility_latency: { statistics: TAIL, minEffect: 0.05, floor: 0.025 },
  // `up` has milliseconds, and so has the target's clock.
  removal_latency: { statistics: TAIL, minEffect: 0.05, floor: 0.001 },
  staleness_latency: { statistics: TAIL, minEffect: 0.05, floor: 0.025 },
  scrape_lateness: { statistics: TAIL, minEffect: 0.05, floor: 0.001 },
  targets_missed: { statistics: VALUE, minEffect: 0, floor: 0, exact: true },
  // Whether a pod's last scrape falls before or after its deletion is decided by the phase: a handful means nothing.
  scrapes_missed: { statistics: VALUE, minEffect: 0.1, floor: 5 },
  scrapes_duplicate: { statistics: VALUE, minEffect: 0.1, floor: 5 },
  scrapes_served: { statistics: VALUE, minEffect: 0.05, floor: 0, info: true },
  samples_served: { statistics: VALUE, minEffect: 0.05, floor: 0, info: true },
  samples_stored: { statistics: VALUE, minEffect: 0.05, floor: 0, info: true },
  samples_lost: { statistics: VALUE, minEffect: 0, floor: 0, exact: true },
  samples_wrong: { statistics: VALUE, minEffect: 0, floor: 0, exact: true },
  target_up: { statistics: VALUE, minEffect: 0.05, floor: 0.05, info: true },
  misbehaviours_unexpected: { statistics: VALUE, minEffect: 0, floor: 0, exact: true },
  // How many there are depends on when the scrapes fall; whether there are any is in samples_wrong.
  samples_misattributed: { statistics: VALUE, minEffect: 0.1, floor: 0, info: true },
  samples_unchecked: { statistics: VALUE, minEffect: 0.05, floor: 0, info: true },
  // The subject about itself: a check of the harness, not a figure of the subject.
  samples_self_reported: { statistics: VALUE, minEffect: 0.05, floor: 0, info: true },
  self_count_error: { statistics: VALUE, minEffect: 0.05, floor: 0.001, info: true },
  ingest_rate: { statistics: VALUE, minEffect: 0.05, floor: 1 },
  ingest_capacity: { statistics: VALUE, minEffect: 0.05, floor: 1 },
  // The kernel counts CPU time in ticks of 10 ms, and a million samples are about as many as a trial has.
  cpu_seconds_per_million_samples: { statistics: VALUE, minEffect: 0.05, floor: 0.01 },
  // Allocators take memory by the chunk.
  rss_peak: { statistics: VALUE, minEffect: 0.1, floor: 1 << 20 },
  bytes_per_series: { statistics: VALUE, minEffect: 0.1, floor: 16 },
  disk_bytes_per_sample: { statistics: VALUE, minEffect: 0.05, floor: 0.02 },
  // A round trip over loopback and a turn of two event loops.
  query_latency: { statistics: TAIL, minEffect: 0.05, floor: 50e-6, tagged: true },
  query_service_time: { statistics: TAIL, minEffect: 0.05, floor: 50e-6, tagged: true, info: true },
  query_rate: { statistics: VALUE, minEffect: 0.05, floor: 0.1 },
  queries_failed: { statistics: VALUE, minEffect: 0, floor: 0, exact: true },
  // How long it takes until there is something to answer depends on when the first scrapes fall.
  queries_empty: { statistics: VALUE, minEffect: 0.1, floor: 5 },
  queries_dropped: { statistics: VALUE, minEffect: 0, floor: 0, exact: true },
  // In the subject's own process: the resolution of its clock.
  select_latency: { statistics: TAIL, minEffect: 0.05, floor: 1e-6, tagged: true },
  append_ns: { statistics: ['p50', 'p99'], minEffect: 0.05, floor: 1 },
  series_create_ns: { statistics: ['p50', 'p99'], minEffect: 0.05, floor: 10 },
  // A watch that was due for renewal at the very end.
  apiserver_requests: { statistics: VALUE, minEffect: 0.05, floor: 3 },
  apiserver_watches: { statistics: VALUE, minEffect: 0.05, floor: 3 },
  apiserver_bytes: { statistics: VALUE, minEffect: 0.05, floor: 10_000 },
  // Asked for in rounds, as visibility is.
  recovery_time: { statistics: VALUE, minEffect: 0.1, floor: 0.025 },
  // Decided by where in a write the kill falls, hence no equality.
  samples_lost_on_crash: { statistics: VALUE, minEffect: 0.1, floor: 1 },
  // Some milliseconds of a machine that does something else; a collection of garbage more or less.
  control_plane_ready_time: { statistics: VALUE, minEffect: 0.05, floor: 0.01 },
  control_plane_write_rate: { statistics: VALUE, minEffect: 0.05, floor: 100, info: true },
  control_plane_memory: { statistics: VALUE, minEffect: 0.1, floor: 8 << 20 },
  control_plane_list_time: { statistics: VALUE, minEffect: 0.05, floor: 0.005 },
  control_plane_list_bytes: { statistics: VALUE, minEffect: 0.05, floor: 0, info: true },
  control_plane_watch_rate: { statistics: VALUE, minEffect: 0.05, floor: 100 },
  target_serve_rate: { statistics: VALUE, minEffect: 0.05, floor: 100_000 },
  target_serve_bytes_rate: { statistics: VALUE, minEffect: 0.05, floor: 10_000_000, info: true },
  target_serve_ratio: { statistics: VALUE, minEffect: 0.1, floor: 1, info: true },
  // The harness about itself: how well a trace was played says nothing of a subject.
  replay_lateness: { statistics: ['p99'], minEffect: 0.1, floor: 0.001, info: true },
  replay_events: { statistics: VALUE, minEffect: 0.05, floor: 0, info: true },
  replay_skipped: { statistics: VALUE, minEffect: 0.05, floor: 0, info: true },
  replay_differences: { statistics: VALUE, minEffect: 0.05, floor: 0, info: true },
  generator_lag: { statistics: ['p99'], minEffect: 0.1, floor: 0.001, info: true },
  eventloop_delay: { statistics: ['p99'], minEffect: 0.1, floor: 0.001, info: true },
}

const OF_UNKNOWN: Readonly<Record<MetricInfo['kind'], MetricPolicy>> = {
  histogram: { statistics: TAIL, minEffect: 0.05, floor: 50e-6, tagged: true },
  value: { statistics: VALUE, minEffect: 0.05, floor: 0 },
  count: { statistics: VALUE, minEffect: 0.05, floor: 0 },
}

/** How the metric of a key is compared; one that the catalogue does not know, as its kind suggests. */
export function policyOf(key: string, info: MetricInfo): MetricPolicy {
  const { name } = parseMetricKey(key)
  const known = Object.hasOwn(POLICY, name) ? POLICY[name as MetricName] : OF_UNKNOWN[info.kind]
  return info.direction === 'none' && known.info !== true ? { ...known, info: true } : known
}

/** Name of a row, as in `Calibration.noise`, `minEffects` and `confirmation.confirmed`: `discovery_latency p99`. */
export function rowKey({ metric, statistic }: { readonly metric: string; readonly statistic: Statistic }): string {
  return `${metric} ${statistic}`
}

/**
 * The smallest effect of a row before its floor: what was measured for it, else the metric's own; doubled for two reports.
 *
 * @param measured by row, from a calibration or an author
 */
export function minEffectOf(
  row: { readonly metric: string; readonly statistic: Statistic },
  policy: Pick<MetricPolicy, 'minEffect'>,
  method: TestMethod,
  measured: Readonly<Record<string, number>> = {},
): number {
  const key = rowKey(row)
  const own = Object.hasOwn(measured, key) ? measured[key] : undefined
  return (own ?? policy.minEffect) * (method === 'unpaired' ? UNPAIRED_FACTOR : 1)
}

/** Quantiles from the highest to the one that may always gate. */
const DESCENDING = ['p99', 'p95', 'p90', 'p50'] as const
const SHARES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const

/** The share of a quantile; undefined for what is none. */
export function shareOf(statistic: Statistic): number | undefined {
  return statistic in SHARES ? SHARES[statistic as keyof typeof SHARES] : undefined
}

/** Observations beyond the quantile, of `count`; undefined where that is no question: the median, the mean, a value. */
export function tailOf(statistic: Statistic, count: number): number | undefined {
  const share = shareOf(statistic)
  return share === undefined || share <= 0.5 ? undefined : count * (1 - share)
}

/**
 * What gates where `statistic` was to and a trial has only `count` observations: itself where it has enough beyond it, else
 * the highest quantile below that has. The median may always.
 */
export function gateFor(statistic: Statistic, count: number): Statistic {
  const from = DESCENDING.indexOf(statistic as (typeof DESCENDING)[number])
  if (from === -1) return statistic
  // A thousand times 0.01 is not quite ten.
  return DESCENDING.slice(from).find(lower => (tailOf(lower, count) ?? Infinity) >= TAIL_MIN - 1e-9) ?? 'p50'
}
