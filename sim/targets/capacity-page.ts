import { ExpositionTemplate, type Family } from './exposition-template.ts'
import { fillIdentity, IDENTITY_ROWS, identityTemplate } from './identity.ts'
import type { MetricsPage, Profile } from './profile.ts'
import { type RowSource, TextPage } from './text-page.ts'

/** How many metrics, and how many series each has. */
export interface CapacityShape {
  readonly metrics: number
  readonly seriesPerMetric: number
}

/** A counter grows by less than twice as much from one scrape to the next; a gauge is a ratio in steps of one hundredth. */
const STEP = 100

/**
 * A page of the shape that avalanche makes of `--label-count=1`: half counters, half gauges. Every value changes with every
 * scrape; avalanche's do twice a minute. For measurements of the targets themselves.
 */
export function capacityProfile({ metrics, seriesPerMetric }: CapacityShape): Profile {
  const template = new ExpositionTemplate(
    Array.from({ length: metrics }, (_, index) => familyOf(index, isCounter(index), seriesPerMetric)),
  )
  return {
    name: 'capacity',
    description: 'Counters and gauges of avalanche’s shape, all of which change with each scrape.',
    page(spec): MetricsPage {
      return new TextPage([identityTemplate(spec), template], new CapacityValues(metrics, seriesPerMetric))
    },
  }
}

function isCounter(index: number): boolean {
  return index % 2 === 0
}

function familyOf(index: number, isCounter: boolean, seriesPerMetric: number): Family {
  const type = isCounter ? 'counter' : 'gauge'
  return {
    name: `avalanche_${type}_metric_mmmmm_0_${index >> 1}${isCounter ? '_total' : ''}`,
    help: 'A metric of avalanche’s shape.',
    type,
    samples: Array.from({ length: seriesPerMetric }, (_, series) => ({
      decimals: isCounter ? 0 : 2,
      labels: { cycle_id: '0', label_key_kkkkk_0: 'label_val_vvvvv_0', series_id: String(series) },
    })),
  }
}

class CapacityValues implements RowSource {
  readonly #metrics: number
  readonly #seriesPerMetric: number

  constructor(metrics: number, seriesPerMetric: number) {
    this.#metrics = metrics
    this.#seriesPerMetric = seriesPerMetric
  }

  // hot: once per sample and scrape.
  compute(row: Float64Array, unixMs: number, sequence: number): void {
    fillIdentity(row, unixMs, sequence)
    let i = IDENTITY_ROWS
    for (let metric = 0; metric < this.#metrics; metric++) {
      const grown = isCounter(metric) ? (sequence - 1) * STEP : 0
      for (let series = 0; series < this.#seriesPerMetric; series++, i++) row[i] = grown + draw(i, sequence)
    }
  }
}

/** 0 … STEP - 1, from two integers. */
function draw(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  return ((h >>> 16) * STEP) >>> 16
}
