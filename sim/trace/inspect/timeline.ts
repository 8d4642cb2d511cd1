import { assert } from '../../../base/index.ts'

/**
 * Widths that bins may have, in milliseconds: round ones, each a multiple of the one before, so that bins can be merged.
 * Beyond the last, widths double.
 */
const WIDTHS_MS = [
  10, 20, 100, 200, 1000, 2000, 10_000, 30_000, 60_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000,
  43_200_000, 86_400_000, 604_800_000,
]
/** A trace has at most as many bins, and at least a fifth of them. */
export const BINS_MAX = 720

/** The narrowest width at which a trace of this length fits. */
export function binWidthFor(durationMs: number): number {
  let step = 0
  while (widthAt(step) * BINS_MAX <= durationMs) step++
  return widthAt(step)
}

function widthAt(step: number): number {
  const last = WIDTHS_MS.length - 1
  return step <= last ? WIDTHS_MS[step]! : WIDTHS_MS[last]! * 2 ** (step - last)
}

interface Binned {
  /** Makes one bin of each `factor` neighbours. */
  merge(factor: number): void
}

/**
 * Equal bins from 0 on, whose width grows with the time that they have to cover: the length of a trace need not be known
 * when it is begun. All its series have the same bins.
 */
export class Timeline {
  readonly #series: Binned[] = []
  #step = 0
  #widthMs = widthAt(0)

  get widthMs(): number {
    return this.#widthMs
  }

  /** Number of the bin that holds `t`; widens all bins until there is one. */
  binOf(t: number): number {
    while (t >= this.#widthMs * BINS_MAX) this.#widen()
    return Math.floor(t / this.#widthMs)
  }

  counts(): CountSeries {
    const series = new CountSeries(this)
    this.#series.push(series)
    return series
  }

  level(): LevelSeries {
    const series = new LevelSeries(this)
    this.#series.push(series)
    return series
  }

  /**
   * How many bins a trace has that ends at `endMs`; an event at that very instant may need one more.
   *
   * The width is `binWidthFor(endMs)` afterwards.
   */
  binsUntil(endMs: number, lastEventMs: number): number {
    this.binOf(endMs)
    return Math.max(1, Math.ceil(endMs / this.#widthMs), this.binOf(lastEventMs) + 1)
  }

  /** A series that was made here and is not used any more. */
  drop(series: CountSeries): void {
    this.#series.splice(this.#series.indexOf(series), 1)
  }

  #widen(): void {
    const widthMs = widthAt(++this.#step)
    const factor = widthMs / this.#widthMs
    assert(Number.isInteger(factor), 'a width is a multiple of the one before')
    this.#widthMs = widthMs
    for (const series of this.#series) series.merge(factor)
  }
}

/** How often something happened, per bin. */
export class CountSeries implements Binned {
  readonly #timeline: Timeline
  readonly #counts = new Float64Array(BINS_MAX)

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  add(t: number): void {
    const bin = this.#timeline.binOf(t)
    this.#counts[bin]!++
  }

  addAll(other: CountSeries): void {
    for (let i = 0; i < BINS_MAX; i++) this.#counts[i]! += other.#counts[i]!
  }

  merge(factor: number): void {
    mergeInto(this.#counts, factor, (a, b) => a + b, 0)
  }

  values(bins: number): number[] {
    return Array.from(this.#counts.subarray(0, bins))
  }
}

/** A quantity over time, per bin: its mean, the lowest value that lasted, and the highest that was reached. */
export interface LevelBins {
  readonly mean: readonly number[]
  readonly min: readonly number[]
  readonly max: readonly number[]
}

/** A quantity that is changed at instants and keeps its value in between; 0 at the beginning. */
export class LevelSeries implements Binned {
  readonly #timeline: Timeline
  /** Value times milliseconds. */
  readonly #area = new Float64Array(BINS_MAX)
  readonly #min = new Float64Array(BINS_MAX).fill(Infinity)
  readonly #max = new Float64Array(BINS_MAX).fill(-Infinity)
  #value = 0
  #sinceMs = 0
  #areaAll = 0
  #peak = 0
  #peakMs = 0

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  get value(): number {
    return this.#value
  }

  /** The highest value so far, and when it was first reached. */
  get peak(): { readonly value: number; readonly atMs: number } {
    return { value: this.#peak, atMs: this.#peakMs }
  }

  change(t: number, by: number): void {
    this.#advance(t)
    this.#value += by
    const bin = this.#timeline.binOf(t)
    if (this.#value > this.#max[bin]!) this.#max[bin] = this.#value
    if (this.#value > this.#peak) {
      this.#peak = this.#value
      this.#peakMs = t
    }
  }

  /** The mean over [0, endMs], and the first `bins` bins. */
  finish(endMs: number, bins: number): { readonly mean: number; readonly bins: LevelBins } {
    this.#advance(endMs)
    const { widthMs } = this.#timeline
    const mean: number[] = []
    for (let bin = 0; bin < bins; bin++) {
      const coveredMs = Math.min(endMs, (bin + 1) * widthMs) - bin * widthMs
      if (coveredMs <= 0) this.#touch(bin)
      mean.push(coveredMs <= 0 ? this.#value : this.#area[bin]! / coveredMs)
    }
    return {
      mean: endMs === 0 ? this.#value : this.#areaAll / endMs,
      bins: { mean, min: Array.from(this.#min.subarray(0, bins)), max: Array.from(this.#max.subarray(0, bins)) },
    }
  }

  merge(factor: number): void {
    mergeInto(this.#area, factor, (a, b) => a + b, 0)
    mergeInto(this.#min, factor, Math.min, Infinity)
    mergeInto(this.#max, factor, Math.max, -Infinity)
  }

  #advance(t: number): void {
    if (t <= this.#sinceMs) return
    const last = this.#timeline.binOf(t)
    const { widthMs } = this.#timeline
    const value = this.#value
    for (let bin = Math.floor(this.#sinceMs / widthMs); bin <= last; bin++) {
      const covered = Math.min(t, (bin + 1) * widthMs) - Math.max(this.#sinceMs, bin * widthMs)
      if (covered <= 0) continue
      this.#area[bin]! += value * covered
      this.#touch(bin)
    }
    this.#areaAll += value * (t - this.#sinceMs)
    this.#sinceMs = t
  }

  #touch(bin: number): void {
    if (this.#value < this.#min[bin]!) this.#min[bin] = this.#value
    if (this.#value > this.#max[bin]!) this.#max[bin] = this.#value
  }
}

function mergeInto(array: Float64Array, factor: number, both: (a: number, b: number) => number, empty: number): void {
  const merged = Math.ceil(array.length / factor)
  for (let i = 0; i < merged; i++) {
    let value = array[i * factor]!
    for (let j = i * factor + 1; j < Math.min(array.length, (i + 1) * factor); j++) value = both(value, array[j]!)
    array[i] = value
  }
  array.fill(empty, merged)
}
