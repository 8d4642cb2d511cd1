import { unreachable } from '../base/index.ts'
import { mergeHistogramValues, percentileOf } from './histogram-value.ts'
import { hasTags, parseMetricKey } from './metric-key.ts'
import { metricInfo } from './metrics.ts'
import type { HistogramValue, MetricValue, Run, ThresholdResult } from './report.ts'
import { compare, type Threshold } from './thresholds.ts'

/** What an evaluation needs of a run. */
export type Measured = Pick<Run, 'metrics' | 'durationS' | 'crossed'>

/**
 * Judges every threshold on every run: it must hold in each of them, and the value shown is the worst.
 *
 * A threshold without data fails: in no run, or without runs, it never passes silently.
 */
export function evaluateThresholds(thresholds: readonly Threshold[], runs: readonly Measured[]): ThresholdResult[] {
  return thresholds.map(threshold => {
    const values = runs.map(run => measure(threshold, run))
    const noData = values.length === 0 || values.includes(undefined)
    const known = values.filter(value => value !== undefined)
    const crossing = runs
      .map(({ crossed }) => crossed)
      .find(crossed => crossed?.metric === threshold.metric && crossed.expression === threshold.expression)
    // It ended a run: what became of the metric afterwards does not matter.
    if (crossing !== undefined) {
      const { metric, expression, value } = crossing
      return { metric, expression, value, ok: false, noData: false, aborted: true }
    }
    return {
      metric: threshold.metric,
      expression: threshold.expression,
      value: noData ? null : worst(threshold, known),
      ok: !noData && known.every(value => compare(value, threshold.operator, threshold.limit)),
      noData,
    }
  })
}

/** A threshold that was crossed while its run was going on. */
export interface Crossing {
  readonly threshold: Threshold
  readonly value: number
}

/**
 * The first of the thresholds with `abortOnFail` that does not hold `atMs` after the start.
 *
 * Unlike at the end, one without data is passed over: what it asks for may be yet to come.
 */
export function firstCrossing(
  thresholds: readonly Threshold[],
  metrics: Measured['metrics'],
  atMs: number,
): Crossing | undefined {
  for (const threshold of thresholds) {
    if (threshold.abort === undefined || atMs < threshold.abort.afterMs) continue
    const value = measure(threshold, { metrics, durationS: atMs / 1000 })
    if (value !== undefined && !compare(value, threshold.operator, threshold.limit)) return { threshold, value }
  }
  return undefined
}

function worst({ operator, limit }: Threshold, values: readonly number[]): number {
  const badness = (value: number): number => {
    switch (operator) {
      case '<':
      case '<=':
        return value
      case '>':
      case '>=':
        return -value
      case '==':
      case '===':
        return Math.abs(value - limit)
      case '!=':
        return -Math.abs(value - limit)
      default:
        return unreachable(operator, 'operator')
    }
  }
  return values.reduce((a, b) => (badness(b) > badness(a) ? b : a))
}

/** What the threshold asks of one run; `undefined` without data. */
function measure(threshold: Threshold, run: Measured): number | undefined {
  const { name, tags } = parseMetricKey(threshold.metric)
  const found = select(name, tags, run.metrics)
  if (found.length === 0) return undefined
  const unit = metricInfo(name)?.unit ?? 's'
  const histograms = found.filter(value => 'hdr' in value)
  if (histograms.length > 0) {
    const merged = mergeHistogramValues(histograms, unit)
    return merged.count === 0 && threshold.aggregation !== 'count' ? undefined : ofHistogram(threshold, merged, unit)
  }
  const scalars = found.filter(value => 'value' in value)
  // Counts of sub-metrics add up; other values do not.
  if (scalars.length > 1 && metricInfo(name)?.kind !== 'count') return undefined
  const total = scalars.reduce((sum, { value }) => sum + value, 0)
  return ofScalar(threshold, total, run.durationS)
}

/**
 * The values that `name{tags}` means: the entry of exactly these tags, otherwise all sub-metrics that have them (and
 * perhaps others), as in k6.
 */
function select(
  name: string,
  tags: Readonly<Record<string, string>>,
  metrics: Readonly<Record<string, MetricValue>>,
): MetricValue[] {
  const candidates = Object.entries(metrics)
    .map(([key, value]) => ({ key: parseMetricKey(key), value }))
    .filter(({ key }) => key.name === name && hasTags(key.tags, tags))
  const exact = candidates.find(({ key }) => Object.keys(key.tags).length === Object.keys(tags).length)
  return exact === undefined ? candidates.map(({ value }) => value) : [exact.value]
}

function ofHistogram({ aggregation, percentile }: Threshold, value: HistogramValue, unit: string): number | undefined {
  switch (aggregation) {
    case 'avg':
      return value.mean
    case 'min':
    case 'max':
    case 'count':
      return value[aggregation]
    case 'med':
      return value.p50
    case 'p':
      return percentileOf(value, percentile, unit)
    case 'rate':
    case 'value':
      return undefined
    default:
      return unreachable(aggregation, 'aggregation')
  }
}

function ofScalar({ aggregation }: Threshold, value: number, durationS: number): number | undefined {
  if (aggregation === 'value' || aggregation === 'count') return value
  if (aggregation === 'rate') return durationS > 0 ? value / durationS : undefined
  return undefined
}
