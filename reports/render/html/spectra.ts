import { type Arm, keysOf } from '../../arms.ts'
import { spectrum } from '../../histogram-value.ts'
import { parseMetricKey } from '../../metric-key.ts'
import type { HistogramValue, Report } from '../../report.ts'
import { compare, parseExpression } from '../../thresholds.ts'
import { formatNumber, formatValue, plural } from '../format.ts'
import type { Point } from '../svg/downsample.ts'
import { cutLabel, labelRoom, type Limit, type Series } from '../svg/chart.ts'
import { lineChart } from '../svg/line-chart.ts'
import { linearScale, logScale, type Scale, tailScale } from '../svg/scale.ts'
import type { Figure } from './figure.ts'

/** Metrics that are drawn in one figure when there is one arm; with two, each has a figure of its own. */
const TOGETHER: readonly { readonly title: string; readonly names: readonly string[] }[] = [
  {
    title: 'A pod is ready: until it is scraped, until it is visible',
    names: ['discovery_latency', 'visibility_latency'],
  },
  {
    title: 'A pod is deleted: until the last scrape, until it is forgotten',
    names: ['removal_latency', 'staleness_latency'],
  },
  { title: 'Scrapes beyond their due time', names: ['scrape_lateness'] },
  { title: 'The harness itself', names: ['generator_lag', 'eventloop_delay'] },
]

/** One curve: a metric of an arm, with its trials in the background. */
interface Curve {
  readonly key: string
  readonly arm: Arm
  readonly label: string
  readonly color: number
  readonly unit: string
  readonly value: HistogramValue
  readonly trials: readonly HistogramValue[]
}

const FRAME = { width: 620, height: 310, left: 62, top: 30, bottom: 44 } as const
/** Points of all background lines of a figure together. */
const TRIAL_POINTS = 500
/** A distribution whose maximum is this many times its median is drawn on a logarithmic axis. */
const LOG_FROM_RATIO = 40

/**
 * The percentile spectra of every histogram in the report that holds something.
 *
 * @param detail 1, or less to make the page smaller
 */
export function spectraFigures(
  report: Report,
  arms: readonly Arm[],
  id: (name: string) => string,
  detail = 1,
): Figure[] {
  const known = TOGETHER.flatMap(({ names }) => names)
  const keys = keysOf(arms)
  const groups = TOGETHER.flatMap(({ title, names }) => {
    const own = keys.filter(key => names.includes(parseMetricKey(key).name))
    return arms.length > 1 ? own.map(key => ({ title: sentence(key), keys: [key] })) : [{ title, keys: own }]
  })
  // Sub-metrics of one metric are compared with each other: query classes, matcher types.
  const others = [...new Set(keys.map(key => parseMetricKey(key).name))].filter(name => !known.includes(name))
  for (const name of others) {
    const own = keys.filter(key => parseMetricKey(key).name === name)
    if (arms.length > 1) groups.push(...own.map(key => ({ title: sentence(key), keys: [key] })))
    else groups.push({ title: sentence(name), keys: own })
  }
  return groups.flatMap(group => {
    const curves = curvesOf(group.keys, arms)
    return curves.length === 0
      ? []
      : [figure(report, id(group.keys[0]!), group.title, curves, { compared: arms.length > 1, detail })]
  })
}

function curvesOf(keys: readonly string[], arms: readonly Arm[]): Curve[] {
  const out: Curve[] = []
  for (const key of keys) {
    for (const arm of arms) {
      const summary = arm.metrics.get(key)
      if (summary?.kind !== 'histogram' || summary.value.count === 0) continue
      const { name, tags } = parseMetricKey(key)
      const trials = arm.used.map(run => run.metrics[key]).filter(value => value !== undefined && 'hdr' in value)
      out.push({
        key,
        arm,
        label: arms.length > 1 ? arm.label : Object.values(tags).join(' ') || short(name),
        color: out.length % 6,
        unit: summary.info.unit,
        value: summary.value,
        trials: trials.length > 1 ? trials : [],
      })
    }
  }
  return out
}

function figure(
  report: Report,
  id: string,
  title: string,
  curves: readonly Curve[],
  { compared, detail }: { readonly compared: boolean; readonly detail: number },
): Figure {
  const unit = curves[0]!.unit
  const labels = curves.map(({ label }) => cutLabel(label))
  const frame = { ...FRAME, right: labelRoom(labels) }
  const most = Math.max(...curves.map(({ value }) => value.count))
  const x = tailScale(most, [frame.left, frame.width - frame.right])
  const limits = limitsOf(report, curves)
  const highest = Math.max(...curves.map(({ value }) => value.max))
  // A limit far above the data would squeeze the data; it is in the table.
  const near = limits.filter(({ y }) => y <= highest * 1.6)
  const { scale: y, log } = valueScale(curves, Math.max(highest, ...near.map(limit => limit.y)), frame, unit)
  const series = curves.flatMap((curve, i): Series[] => [
    ...curve.trials.map(trial => ({
      color: curve.color,
      faint: true,
      points: pointsOf(
        trial,
        Math.max(12, Math.floor((detail * TRIAL_POINTS) / curve.trials.length / curves.length)),
        unit,
      ),
    })),
    {
      label: labels[i]!,
      color: curve.color,
      dashed: compared && curve.arm.name === 'B',
      points: pointsOf(curve.value, 140, unit),
    },
  ])
  return {
    title,
    chart: lineChart({
      id,
      title: `Percentile spectrum: ${title}`,
      description: curves.map(describe).join(' '),
      frame,
      x,
      y,
      xLabel: 'share of observations that took no longer',
      ...(log ? { yLabel: 'logarithmic' } : {}),
      series,
      limits: near,
    }),
    notes: curves.map(describe),
  }
}

function pointsOf(value: HistogramValue, points: number, unit: string): Point[] {
  return spectrum(value, points, unit).map(point => [point.share, point.value] as const)
}

function valueScale(
  curves: readonly Curve[],
  top: number,
  frame: typeof FRAME,
  unit: string,
): { readonly scale: Scale; readonly log: boolean } {
  const range = [frame.height - frame.bottom, frame.top] as const
  const medians = curves.map(({ value }) => value.p50)
  const log = Math.min(...medians) > 0 && top / Math.min(...medians) > LOG_FROM_RATIO
  if (!log) return { scale: linearScale(top, range, unit), log }
  // Not below a hundredth of the lowest median: minima near zero would claim most of the axis.
  const lowest = Math.min(...curves.map(({ value }) => Math.max(value.min, value.p50 / 100)))
  return { scale: logScale(lowest, top, range, unit), log }
}

/** Percentile thresholds on the figure's metrics. */
function limitsOf(report: Report, curves: readonly Curve[]): Limit[] {
  return report.thresholds.flatMap(({ metric, expression }) => {
    const parsed = parseExpression(expression)
    const own = curves.filter(curve => curve.key === metric)
    if (own.length === 0 || parsed === undefined || (parsed.aggregation !== 'p' && parsed.aggregation !== 'med'))
      return []
    const share = parsed.aggregation === 'med' ? 0.5 : parsed.percentile / 100
    const values = report.thresholds.filter(one => one.metric === metric && one.expression === expression)
    const ok = values.every(one => one.value !== null && compare(one.value, parsed.operator, parsed.limit))
    return [{ x: share, y: parsed.limit, label: expression.replaceAll(' ', ''), ok }]
  })
}

function describe({ label, unit, value }: Curve): string {
  const at = (quantile: number): string => formatValue(quantile, unit)
  const never =
    value.censored === undefined || value.censored === 0
      ? ''
      : ` ${formatNumber(value.censored)} of them never happened and count at their deadline.`
  return `${label}: median ${at(value.p50)}, 99 % within ${at(value.p99)}, longest ${at(value.max)}, from ${plural(value.count, 'observation')}.${never}`
}

function short(name: string): string {
  return name.replace(/_(?:latency|ns)$/, '').replaceAll('_', ' ')
}

function sentence(key: string): string {
  const { name, tags } = parseMetricKey(key)
  const words = name.replace(/_ns$/, '').replaceAll('_', ' ')
  const of = Object.values(tags).join(' ')
  return words.charAt(0).toUpperCase() + words.slice(1) + (of === '' ? '' : `: ${of}`)
}
