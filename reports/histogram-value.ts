import { DurationHistogram } from '../base/index.ts'
import { nanosecondsPerUnit } from './metrics.ts'
import type { HistogramValue } from './report.ts'

/**
 * What a report keeps of a histogram. The histogram stays the caller's.
 *
 * @param censored how many of its entries stand at their deadline because they never happened
 * @param unit of the metric; the encoded histogram itself is always in nanoseconds
 */
export function toHistogramValue(histogram: DurationHistogram, censored?: number, unit = 's'): HistogramValue {
  const scale = nanosecondsPerUnit(unit)
  const at = (percentile: number): number => histogram.atPercentile(percentile) / scale
  return {
    count: histogram.count,
    min: histogram.min / scale,
    max: histogram.max / scale,
    mean: histogram.mean / scale,
    p50: at(50),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    p999: at(99.9),
    hdr: histogram.encode(),
    ...(censored === undefined ? {} : { censored }),
  }
}

/**
 * All observations of several histograms of one metric in one, for display: it says nothing of the spread between runs.
 *
 * `min` and `max` are as exact as the parts'. One part is returned as it is.
 *
 * @throws CodedError CHURN_HISTOGRAM
 */
export function mergeHistogramValues(parts: readonly HistogramValue[], unit = 's'): HistogramValue {
  if (parts.length === 1) return parts[0]!
  const filled = parts.filter(part => part.count > 0)
  const censored = parts.some(part => part.censored !== undefined)
    ? parts.reduce((sum, part) => sum + (part.censored ?? 0), 0)
    : undefined
  return withHistogram(
    parts.map(part => part.hdr),
    merged => {
      const value = toHistogramValue(merged, censored, unit)
      if (filled.length === 0) return value
      const max = Math.max(...filled.map(part => part.max))
      const atMost = (quantile: number): number => Math.min(quantile, max)
      return {
        ...value,
        min: Math.min(...filled.map(part => part.min)),
        max,
        mean: atMost(value.mean),
        p50: atMost(value.p50),
        p90: atMost(value.p90),
        p95: atMost(value.p95),
        p99: atMost(value.p99),
        p999: atMost(value.p999),
      }
    },
  )
}

/** Any percentile, in [0, 100], in the metric's unit. @throws CodedError CHURN_HISTOGRAM */
export function percentileOf(value: HistogramValue, percentile: number, unit = 's'): number {
  const known = KNOWN_PERCENTILES.get(percentile)
  if (known !== undefined) return value[known]
  return withHistogram([value.hdr], histogram =>
    Math.min(value.max, Math.max(value.min, histogram.atPercentile(percentile) / nanosecondsPerUnit(unit))),
  )
}

const KNOWN_PERCENTILES: ReadonlyMap<number, 'min' | 'p50' | 'p90' | 'p95' | 'p99' | 'p999' | 'max'> = new Map([
  [0, 'min'],
  [50, 'p50'],
  [90, 'p90'],
  [95, 'p95'],
  [99, 'p99'],
  [99.9, 'p999'],
  [100, 'max'],
])

/** A point of a percentile spectrum. */
export interface SpectrumPoint {
  /** Share of the observations that are not above `value`, in (0, 1]. */
  readonly share: number
  /** In the metric's unit. */
  readonly value: number
}

/**
 * The distribution as a curve, evenly spaced in log(1 / (1 − share)), ascending: at most `points` of its ranks.
 *
 * The last point is the maximum, with share 1. Empty for an empty histogram.
 *
 * @throws CodedError CHURN_HISTOGRAM
 */
export function spectrum(value: HistogramValue, points = 120, unit = 's'): SpectrumPoint[] {
  const { count } = value
  if (count === 0) return []
  const scale = nanosecondsPerUnit(unit)
  return withHistogram([value.hdr], histogram => {
    const out: SpectrumPoint[] = []
    let before = 0
    for (let i = 0; i < points; i++) {
      // Ranks from 1 to `count`; count / (count − rank) rises by a constant factor from point to point.
      const above = count * Math.pow(2 * count, -i / Math.max(1, points - 1))
      const rank = Math.min(count, Math.max(1, Math.round(count - above)))
      if (rank === before) continue
      before = rank
      const share = rank / count
      const ns = histogram.atPercentile(100 * share)
      out.push({ share, value: Math.min(value.max, Math.max(value.min, ns / scale)) })
    }
    return out
  })
}

function withHistogram<T>(encoded: readonly string[], use: (histogram: DurationHistogram) => T): T {
  const histogram = new DurationHistogram()
  try {
    for (const hdr of encoded) histogram.addEncoded(hdr)
    return use(histogram)
  } finally {
    histogram.destroy()
  }
}
