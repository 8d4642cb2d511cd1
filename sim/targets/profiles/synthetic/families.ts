import type { Prng } from '../../../../base/index.ts'
import type { Family, Sample } from '../../exposition-template.ts'
import { fakerOf } from '../dress.ts'
import type { Generation } from './generation.ts'
import type { Knobs } from './knobs.ts'

/** Upper bounds of the first buckets, as their labels have them: 0.0001 · 10^i. */
const BOUND_TEXTS = ['0.0001', '0.001', '0.01', '0.1', '1.0', '10.0', '100.0', '1000.0', '10000.0', '100000.0']

/** The labels that all series of an app have beside their numbers. Drawn once: words of ours, cut to their length. */
export function drawLabels(knobs: Knobs, prng: Prng): Readonly<Record<string, string>> {
  const faker = fakerOf(prng)
  const labels: Record<string, string> = {}
  for (let i = 0; i < knobs.labels; i++) {
    let value = ''
    while (value.length < knobs.labelValueLength) value += (value === '' ? '' : '-') + faker.word.noun()
    labels[`label_key_${'k'.repeat(knobs.labelNameLength)}_${i}`] = value.slice(0, knobs.labelValueLength)
  }
  for (const [name, value] of knobs.constLabels) labels[name] = value
  return labels
}

/** Gauges, counters, histograms, summaries, in this order, which is that of `SyntheticValues`. Native histograms go here. */
export function syntheticFamilies(
  knobs: Knobs,
  common: Readonly<Record<string, string>>,
  { seriesCycle, metricCycle, seriesCount }: Generation,
): Family[] {
  const series = Array.from({ length: seriesCount }, (_, i) => ({
    series_id: String(i),
    cycle_id: String(seriesCycle),
    ...common,
  }))
  const middle = 'm'.repeat(knobs.metricNameLength)
  const make = (count: number, type: Family['type'], end: string, samples: readonly Sample[]): Family[] =>
    Array.from({ length: count }, (_, i) => ({
      name: `synthetic_${type}_metric_${middle}_${metricCycle}_${i}${end}`,
      help: `Synthetic ${type} ${i} of ${count}: it stands for the description, neither short nor long, that people write for a metric of their own.`,
      type,
      samples,
    }))
  return [
    ...make(
      knobs.gauges,
      'gauge',
      '',
      series.map(labels => ({ labels })),
    ),
    ...make(
      knobs.counters,
      'counter',
      '_total',
      series.map(labels => ({ labels })),
    ),
    ...make(
      knobs.histograms,
      'histogram',
      '',
      series.flatMap(labels => [
        ...boundTexts(knobs).map(le => ({ suffix: '_bucket', labels: { ...labels, le } })),
        { suffix: '_bucket', labels: { ...labels, le: '+Inf' } },
        { suffix: '_sum', labels },
        { suffix: '_count', labels },
      ]),
    ),
    ...make(
      knobs.summaries,
      'summary',
      '',
      series.flatMap(labels => [
        ...quantiles(knobs).map(quantile => ({ labels: { ...labels, quantile: String(quantile / 100) } })),
        { suffix: '_sum', labels },
        { suffix: '_count', labels },
      ]),
    ),
  ]
}

function boundTexts({ histogramBuckets }: Knobs): readonly string[] {
  return BOUND_TEXTS.slice(0, histogramBuckets)
}

/** Largest whole number in each bucket. */
export function wholeBounds(knobs: Knobs): readonly number[] {
  return boundTexts(knobs).map(text => Math.floor(Number(text)))
}

/** In hundredths, ascending, as avalanche spreads them. */
export function quantiles({ summaryObjectives }: Knobs): readonly number[] {
  const part = Math.floor(100 / summaryObjectives)
  return Array.from({ length: summaryObjectives }, (_, i) => Math.min(99, part * (i + 1)))
}
