import { infoOf } from '../arms.ts'
import { metricKey, parseMetricKey } from '../metric-key.ts'
import { isUsable, statisticOf } from '../compare/trials.ts'
import type { MetricInfo, Run, Statistic } from '../report.ts'
import { type ChangePoint, changePoints } from '../statistics/change-points.ts'
import { median } from '../statistics/descriptive.ts'
import type { CollectedReport } from './collect.ts'

/** Reports that can be held against each other: same scenario and profile, subject and machine. */
export interface History {
  readonly scenario: string
  readonly profile: string
  readonly subject: string
  /** Of the environment. */
  readonly fingerprint: string
  /** `2 × AMD EPYC`, for people. */
  readonly machine: string
  readonly series: readonly TrendSeries[]
}

/** One figure over the reports, in the order in which they were taken. */
export interface TrendSeries {
  readonly metric: string
  readonly statistic: Statistic
  readonly info: MetricInfo
  readonly points: readonly TrendPoint[]
  readonly changes: readonly TrendChange[]
  /** Too few results to look for changes: how many are needed. */
  readonly needs?: number
}

export interface TrendPoint {
  readonly startedAt: string
  /** Commit of the checkout, where it was known. */
  readonly commit?: string
  readonly dirty: boolean
  /** Version of the subject. */
  readonly version: string
  /** SHA-256 of the scenario as it was resolved. */
  readonly scenarioSha256: string
  readonly file: string
  /** Median over the valid, complete trials, and their range. */
  readonly value: number
  readonly min: number
  readonly max: number
  readonly trials: number
}

export interface TrendChange extends ChangePoint {
  /** Whether it is for the worse; null where neither way is better. */
  readonly worse: boolean | null
  /** The last report before it, and the first after it: the cause lies in between. */
  readonly from: TrendPoint
  readonly to: TrendPoint
}

/** Fewer results than this are a picture, not a history. */
export const POINTS_LEAST = 10

export interface HistoryOptions {
  /** `metric` or `metric statistic`; default: what the newest report of each history gates. */
  readonly metrics?: readonly string[]
}

interface Entry extends CollectedReport {
  readonly subject: string
  readonly runs: readonly Run[]
}

/** The histories that the reports make up, each with its series; those without any are left out. */
export function historiesOf(reports: readonly CollectedReport[], { metrics = [] }: HistoryOptions = {}): History[] {
  const groups = new Map<string, Entry[]>()
  for (const entry of reports.flatMap(entriesOf)) {
    const { scenario, environment } = entry.report
    const key = JSON.stringify([scenario.name, scenario.profile, entry.subject, environment.fingerprint])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [entry])
    else group.push(entry)
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => historyOf(group.toSorted(byTime), metrics))
    .filter(({ series }) => series.length > 0)
}

/** A report stands in the history of each of its subjects. Two arms of one subject are told apart, except in an A/A run. */
function entriesOf({ file, report }: CollectedReport): Entry[] {
  const good = report.runs.filter(isUsable)
  const kinds = new Map<string, Set<string>>()
  for (const { arm, subject } of good) kinds.set(subject.kind, (kinds.get(subject.kind) ?? new Set()).add(arm))
  return [...kinds].flatMap(([kind, arms]) => {
    const own = good.filter(run => run.subject.kind === kind)
    if (arms.size === 1 || report.kind === 'calibration') return [{ file, report, subject: kind, runs: own }]
    return [...arms].map(arm => ({
      file,
      report,
      subject: `${kind}, arm ${arm}`,
      runs: own.filter(run => run.arm === arm),
    }))
  })
}

function byTime(a: Entry, b: Entry): number {
  return Date.parse(a.report.startedAt) - Date.parse(b.report.startedAt) || (a.file < b.file ? -1 : 1)
}

function historyOf(entries: readonly Entry[], wanted: readonly string[]): History {
  const newest = entries.at(-1)!
  const { scenario, environment } = newest.report
  const figures = wanted.length > 0 ? wanted.flatMap(one => named(one, entries)) : gated(newest)
  const series = figures.map(figure => seriesOf(entries, figure)).filter(one => one.points.length > 0)
  return {
    scenario: scenario.name,
    profile: scenario.profile,
    subject: newest.subject,
    fingerprint: environment.fingerprint,
    machine: `${environment.cpuCount} × ${environment.cpuModel}`,
    series,
  }
}

interface Figure {
  readonly metric: string
  readonly statistic: Statistic
}

const STATISTICS: readonly string[] = ['mean', 'p50', 'p90', 'p95', 'p99', 'value']
/** What is followed where a scenario gates nothing. */
const USUAL: readonly Figure[] = [
  { metric: 'discovery_latency', statistic: 'p50' },
  { metric: 'discovery_latency', statistic: 'p99' },
  { metric: 'visibility_latency', statistic: 'p95' },
  { metric: 'cpu_seconds_per_million_samples', statistic: 'value' },
  { metric: 'rss_peak', statistic: 'value' },
]

function gated({ report: { scenario } }: Entry): readonly Figure[] {
  const gates = Object.entries(scenario.gates ?? {}).flatMap(([key, statistics]) => {
    const { name, tags } = parseMetricKey(key)
    return statistics.map(statistic => ({ metric: metricKey(name, tags), statistic }))
  })
  return gates.length > 0 ? gates : USUAL
}

/** `discovery_latency p99` as it says; `discovery_latency` is p50 and p99; `rss_peak` is its value. */
function named(text: string, entries: readonly Entry[]): Figure[] {
  const [key = '', statistic] = text.trim().split(/\s+(?=\w+$)/)
  const { name, tags } = parseMetricKey(key)
  const metric = metricKey(name, tags)
  if (statistic !== undefined) {
    return STATISTICS.includes(statistic) ? [{ metric, statistic: statistic as Statistic }] : []
  }
  const histogram = entries.some(({ runs }) => runs.some(run => 'hdr' in (run.metrics[metric] ?? {})))
  return histogram
    ? [
        { metric, statistic: 'p50' },
        { metric, statistic: 'p99' },
      ]
    : [{ metric, statistic: 'value' }]
}

function seriesOf(entries: readonly Entry[], { metric, statistic }: Figure): TrendSeries {
  const info = infoOf(entries.at(-1)!.report, metric)
  const points = entries.flatMap(entry => pointOf(entry, { metric, statistic }))
  const values = points.map(point => point.value)
  const changes = points.length < POINTS_LEAST ? [] : changePoints(values)
  return {
    metric,
    statistic,
    info,
    points,
    changes: changes.map(change => ({
      ...change,
      worse: info.direction === 'none' ? null : change.after > change.before === (info.direction === 'lower'),
      from: points[change.index - 1]!,
      to: points[change.index]!,
    })),
    ...(points.length < POINTS_LEAST ? { needs: POINTS_LEAST } : {}),
  }
}

function pointOf({ file, report, runs }: Entry, { metric, statistic }: Figure): TrendPoint[] {
  const values = runs.flatMap(run => statisticOf(run.metrics[metric], statistic) ?? []).toSorted((a, b) => a - b)
  if (values.length === 0) return []
  const { gitSha, gitDirty } = report.tool
  return [
    {
      startedAt: report.startedAt,
      ...(gitSha === undefined ? {} : { commit: gitSha }),
      dirty: gitDirty === true,
      version: runs[0]!.subject.version,
      scenarioSha256: report.scenario.sha256,
      file,
      value: median(values),
      min: values[0]!,
      max: values.at(-1)!,
      trials: values.length,
    },
  ]
}
