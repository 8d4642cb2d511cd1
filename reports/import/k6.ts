import { createHash } from 'node:crypto'
import { ExitCode } from '../../base/index.ts'
import { toHistogramValue } from '../histogram-value.ts'
import { canonicalJson } from '../json.ts'
import { metricKey, parseMetricKey } from '../metric-key.ts'
import { describeMetrics } from '../metrics.ts'
import type {
  EnvironmentInfo,
  MetricInfo,
  MetricValue,
  Report,
  Run,
  ThresholdResult,
  ToolInfo,
  Warning,
} from '../report.ts'
import type { K6Points } from './k6-points.ts'
import type { K6Summary } from './k6-summary.ts'

/** Share of the iterations that k6 could not start beyond which the run is no measurement: reference/measurement, 2.1. */
const DROPPED_RATIO_MAX = 0.001

/** k6's statistics of a trend, and what they are called in a report; a summary has no more to say of a distribution. */
const STATISTICS: Readonly<Record<string, string>> = {
  avg: 'mean',
  med: 'p50',
  'p(95)': 'p95',
  'p(99)': 'p99',
  max: 'max',
}

/** k6's trends and the metrics of ours that they become. The first is of our own scripts. */
const LATENCIES: Readonly<Record<string, string>> = {
  query_latency: 'query_latency',
  http_req_duration: 'query_service_time',
}

export interface K6Import {
  /** What stands in the report when the script does not say its name. */
  readonly name: string
  readonly summary?: K6Summary
  readonly points?: K6Points
  readonly tool: ToolInfo
  readonly environment: EnvironmentInfo
  readonly id: string
  readonly nowUnixMs: number
}

/**
 * A report of what k6 measured.
 *
 * With points (`--out json`) there are histograms, which merge and compare like any other. A summary has only percentiles;
 * no histogram is made up for these: they are metrics of their own, `query_latency_p99{class=series}`. Thresholds have k6's
 * own verdicts; those on latencies are told in our names and seconds.
 */
export function reportOfK6(given: K6Import): Report {
  const { summary, points, tool, environment } = given
  const warnings: Warning[] = []
  const own: Record<string, MetricInfo> = {}
  const metrics: Record<string, MetricValue> = {}
  if (summary !== undefined) putSummary(metrics, own, summary, points !== undefined)
  if (points !== undefined) putPoints(metrics, points)
  const durationS = summary === undefined ? spanOf(points) : durationOf(summary)
  const counts = countsOf(summary, points)
  metrics.queries_dropped = { value: counts.dropped }
  if (durationS > 0 && counts.requests > 0) metrics.query_rate = { value: counts.requests / durationS }
  if (!Object.keys(metrics).some(key => key.startsWith('query_latency'))) {
    warnings.push({
      code: 'k6-latency-from-send',
      message:
        'the script measured no query_latency: these latencies begin when k6 sent a request, not when it was due, so a subject that stood still looks better than it was',
    })
  }
  warnings.push({
    code: 'k6-environment',
    message: 'the environment is that of the machine on which the files were imported',
  })
  const dropped = counts.dropped / Math.max(1, counts.iterations + counts.dropped)
  const invalidReasons =
    dropped <= DROPPED_RATIO_MAX
      ? []
      : [
          `k6 could not start ${counts.dropped} of ${counts.iterations + counts.dropped} iterations (${(100 * dropped).toFixed(2)} %, at most 0.1 %): give it more VUs, or ask for less`,
        ]
  const resolved = { tool: 'k6', script: summary?.script?.name ?? given.name, ...summary?.script?.settings }
  const thresholds = summary === undefined ? [] : thresholdsOf(summary)
  const run: Run = {
    index: 0,
    arm: 'A',
    startedAt: iso(points?.some === true ? points.firstMs : given.nowUnixMs - durationS * 1000),
    durationS,
    subject: {
      kind: 'external',
      version: subjectVersion(summary),
      configSha256: sha256(''),
      command: [],
      files: [],
    },
    traceSha256: '',
    valid: invalidReasons.length === 0,
    invalidReasons,
    aborted: false,
    metrics,
    timeline: { intervalS: 1, columns: ['t_s'], rows: [] },
    events: [],
  }
  return {
    schema: 'churnbench/report/v1',
    kind: 'run',
    id: given.id,
    startedAt: run.startedAt,
    endedAt: iso(Date.parse(run.startedAt) + durationS * 1000),
    tool,
    scenario: {
      name: resolved.script,
      description: summary?.script?.description ?? 'Imported from k6.',
      profile: 'k6',
      seed: '',
      sha256: sha256(canonicalJson(resolved)),
      resolved,
      scale: { nodes: 0, pods: 0, seriesPerPod: 0, scrapeIntervalS: 0 },
    },
    environment,
    metrics: describeMetrics([run], own),
    runs: [run],
    thresholds,
    warnings,
    verdict: verdictOf(run, thresholds),
  }
}

/** @param distributions whether latencies come from the points: percentiles of a summary say no more then. */
function putSummary(
  metrics: Record<string, MetricValue>,
  own: Record<string, MetricInfo>,
  { metrics: given }: K6Summary,
  distributions: boolean,
): void {
  for (const [trend, name] of Object.entries(LATENCIES)) {
    if (distributions) continue
    for (const [key, { values }] of tagged(given, trend)) {
      for (const [statistic, suffix] of Object.entries(STATISTICS)) {
        const ms = values[statistic]
        // Of a sub-metric that nothing was ever added to, k6 says 0 for everything.
        if (ms === undefined || values.count === 0) continue
        metrics[metricKey(`${name}_${suffix}`, key)] = { value: ms / 1000 }
        own[`${name}_${suffix}`] ??= {
          kind: 'value',
          unit: 's',
          direction: 'lower',
          help: `${suffix} of ${name} by k6's own reckoning; the distribution behind it is not known.`,
        }
      }
    }
  }
  if (distributions) return
  for (const name of ['queries_failed', 'queries_empty'] as const) {
    for (const [key, { values }] of tagged(given, name)) metrics[metricKey(name, key)] = { value: values.count ?? 0 }
  }
  if (given.has('queries_failed')) return
  // A rate's passes are the requests of which it is true that they failed.
  for (const [key, { values }] of tagged(given, 'http_req_failed')) {
    metrics[metricKey('queries_failed', key)] = { value: values.passes ?? 0 }
  }
}

function putPoints(metrics: Record<string, MetricValue>, points: K6Points): void {
  for (const [key, histogram] of points.trends) {
    const { name, tags } = parseMetricKey(key)
    metrics[metricKey(LATENCIES[name]!, tags)] = toHistogramValue(histogram)
  }
  const failures = [...points.sums.keys()].some(key => parseMetricKey(key).name === 'queries_failed')
  for (const [key, value] of points.sums) {
    const { name, tags } = parseMetricKey(key)
    if (name === 'queries_failed' || name === 'queries_empty') metrics[metricKey(name, tags)] = { value }
    if (name === 'http_req_failed' && !failures) metrics[metricKey('queries_failed', tags)] = { value }
  }
}

/** The sub-metrics of that name, or the metric itself when there are none; those that k6 makes by itself are left out. */
function tagged<T>(given: ReadonlyMap<string, T>, name: string): [Readonly<Record<string, string>>, T][] {
  const subs: [Readonly<Record<string, string>>, T][] = []
  for (const [key, metric] of given) {
    const { name: base, tags } = parseMetricKey(key)
    if (base === name && Object.keys(tags).length > 0 && !('expected_response' in tags)) subs.push([tags, metric])
  }
  const whole = given.get(name)
  return subs.length > 0 || whole === undefined ? subs : [[{}, whole]]
}

interface Counts {
  readonly iterations: number
  readonly dropped: number
  readonly requests: number
}

function countsOf(summary: K6Summary | undefined, points: K6Points | undefined): Counts {
  const sum = (name: string): number => {
    const said = summary?.metrics.get(name)?.values.count
    if (said !== undefined) return said
    let total = 0
    for (const [key, value] of points?.sums ?? []) if (parseMetricKey(key).name === name) total += value
    for (const [key, { count }] of points?.trends ?? []) if (parseMetricKey(key).name === name) total += count
    return total
  }
  return {
    iterations: sum('iterations'),
    dropped: sum('dropped_iterations'),
    // Ours leaves out what a script asks in its setup.
    requests: sum('query_latency') || sum('http_reqs'),
  }
}

const EXPRESSION = /^\s*([a-z]+(?:\(\s*[\d.]+\s*\))?)\s*([<>=!]+)\s*(\S+)\s*$/

function thresholdsOf({ metrics }: K6Summary): ThresholdResult[] {
  const out: ThresholdResult[] = []
  for (const [metric, { values, thresholds }] of metrics) {
    const { name, tags } = parseMetricKey(metric)
    const ours = LATENCIES[name]
    for (const { expression, ok } of thresholds) {
      const [, statistic = '', operator = '', limit = ''] = EXPRESSION.exec(expression) ?? []
      // What is never negative is always that: people write it because k6 keeps a sub-metric only where a threshold names it.
      if (ok && operator === '>=' && Number(limit) === 0) continue
      const value = values[statistic.replaceAll(/\s/g, '')] ?? null
      const judged = { ok, noData: value === null && !ok }
      out.push(
        ours === undefined
          ? { metric, expression, value, ...judged }
          : {
              metric: metricKey(ours, tags),
              expression: `${statistic}${operator}${Number(limit) / 1000}`,
              value: value === null ? null : value / 1000,
              ...judged,
            },
      )
    }
  }
  return out.toSorted((a, b) => (a.metric < b.metric ? -1 : 1))
}

function verdictOf(run: Run, thresholds: readonly ThresholdResult[]): Report['verdict'] {
  if (!run.valid) return { status: 'invalid', exitCode: ExitCode.invalid, reasons: run.invalidReasons }
  const failed = thresholds.filter(({ ok }) => !ok)
  return failed.length === 0
    ? { status: 'pass', exitCode: ExitCode.ok, reasons: [] }
    : {
        status: 'fail',
        exitCode: ExitCode.thresholds,
        reasons: failed.map(({ metric, expression, value }) => `${metric} ${expression}: ${value ?? 'no data'} (k6)`),
      }
}

function subjectVersion(summary: K6Summary | undefined): string {
  const subject = summary?.script?.subject
  return subject === undefined ? 'unknown' : `${subject.kind} ${subject.version}`
}

/** `--summary-export` does not say how long the run took, but rates by the second. */
function durationOf({ durationS, metrics }: K6Summary): number {
  if (durationS !== undefined) return durationS
  for (const name of ['http_reqs', 'iterations']) {
    const { count = 0, rate = 0 } = metrics.get(name)?.values ?? {}
    if (count > 0 && rate > 0) return count / rate
  }
  return 0
}

function spanOf(points: K6Points | undefined): number {
  return points === undefined || !(points.lastMs > points.firstMs) ? 0 : (points.lastMs - points.firstMs) / 1000
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function iso(unixMs: number): string {
  return new Date(unixMs).toISOString()
}
