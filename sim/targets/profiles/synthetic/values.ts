import type { Prng } from '../../../../base/index.ts'
import { fillIdentity, IDENTITY_ROWS } from '../../identity.ts'
import type { RowSource } from '../../text-page.ts'
import { Deck } from '../model/deck.ts'
import { mix } from '../model/target-load.ts'
import { quantiles, wholeBounds } from './families.ts'
import type { Generation } from './generation.ts'
import type { Knobs } from './knobs.ts'

/** Values are below this, as avalanche's are. */
const VALUE_MAX = 100
const CARDS = 64

/** Observations of histograms and summaries, and what counters rise by: a column for each bucket, and last the value. */
export function syntheticDeck(knobs: Knobs, prng: Prng): Deck {
  const bounds = wholeBounds(knobs)
  return new Deck(
    Array.from({ length: CARDS }, () => {
      const value = prng.below(VALUE_MAX)
      return [...bounds.map(bound => (value <= bound ? 1 : 0)), value]
    }),
  )
}

/**
 * Values of one generation. They change once per `valueInterval`: gauges to any other, counters by some amount,
 * histograms and summaries by one observation. A series that comes back goes on where it would have been.
 */
export class SyntheticValues implements RowSource {
  readonly #knobs: Knobs
  readonly #deck: Deck
  readonly #generation: Generation
  readonly #startedUnixMs: number
  readonly #seed: number
  readonly #quantiles: readonly number[]

  constructor(
    knobs: Knobs,
    deck: Deck,
    generation: Generation,
    pod: { readonly startedUnixMs: number; readonly seed: number },
  ) {
    this.#knobs = knobs
    this.#deck = deck
    this.#generation = generation
    this.#startedUnixMs = pod.startedUnixMs
    this.#seed = pod.seed
    this.#quantiles = quantiles(knobs)
  }

  // hot: once per scrape, for all its samples. The order is that of `syntheticFamilies`.
  compute(row: Float64Array, unixMs: number, sequence: number): void {
    fillIdentity(row, unixMs, sequence)
    const { gauges, counters, histograms, summaries, histogramBuckets, valueIntervalMs } = this.#knobs
    const { seriesCycle, metricCycle, seriesCount } = this.#generation
    const deck = this.#deck
    const valueColumn = deck.columns - 1
    const elapsedMs = Math.max(0, unixMs - this.#startedUnixMs)
    const tick = valueIntervalMs === 0 ? 0 : Math.floor(elapsedMs / valueIntervalMs)
    const observed = tick + 1
    let seed = mix(mix(this.#seed, metricCycle), seriesCycle)
    let i = IDENTITY_ROWS
    for (let g = 0; g < gauges; g++) {
      seed = mix(seed, g)
      for (let s = 0; s < seriesCount; s++) row[i++] = mix(mix(seed, s), tick) % VALUE_MAX
    }
    for (let c = 0; c < counters; c++) {
      seed = mix(seed, c)
      for (let s = 0; s < seriesCount; s++) row[i++] = deck.dealt(valueColumn, mix(seed, s) % CARDS, observed)
    }
    for (let h = 0; h < histograms; h++) {
      seed = mix(seed, h)
      for (let s = 0; s < seriesCount; s++) {
        const start = mix(seed, s) % CARDS
        for (let b = 0; b < histogramBuckets; b++) row[i++] = deck.dealt(b, start, observed)
        row[i++] = observed
        row[i++] = deck.dealt(valueColumn, start, observed)
        row[i++] = observed
      }
    }
    for (let m = 0; m < summaries; m++) {
      seed = mix(seed, m)
      for (let s = 0; s < seriesCount; s++) {
        const start = mix(seed, s) % CARDS
        const height = 90 + (mix(start, tick) % 10)
        for (let q = 0; q < this.#quantiles.length; q++) row[i++] = Math.floor((this.#quantiles[q]! * height) / 100)
        row[i++] = deck.dealt(valueColumn, start, observed)
        row[i++] = observed
      }
    }
  }
}
