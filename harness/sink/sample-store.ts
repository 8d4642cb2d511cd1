import type { InstantSample, RawSeries } from '../subjects/index.ts'
import type { Matcher } from './selector.ts'
import { StoredSeries } from './stored-series.ts'

/** All samples that were received, in memory, with a label index. */
export class SampleStore {
  readonly #series: StoredSeries[] = []
  readonly #byLabels = new Map<string, StoredSeries>()
  /** Label name → value → indices of the series that carry it, ascending. */
  readonly #postings = new Map<string, Map<string, number[]>>()

  get seriesCount(): number {
    return this.#series.length
  }

  /** The series with exactly these labels, made when it is new. `pairs`: name, value, name, value, … in any order. */
  series(pairs: readonly string[]): StoredSeries {
    const labels = Object.fromEntries(
      Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i]!, pairs[2 * i + 1]!] as const)
        // An empty value is the absence of the label.
        .filter(([, value]) => value !== '')
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    )
    const key = JSON.stringify(labels)
    const known = this.#byLabels.get(key)
    if (known !== undefined) return known
    const series = new StoredSeries(labels)
    this.#byLabels.set(key, series)
    const index = this.#series.push(series) - 1
    for (const [name, value] of Object.entries(labels)) {
      let values = this.#postings.get(name)
      if (values === undefined) this.#postings.set(name, (values = new Map()))
      const refs = values.get(value)
      if (refs === undefined) values.set(value, [index])
      else refs.push(index)
    }
    return series
  }

  instant(matchers: readonly Matcher[], atMs: number): InstantSample[] {
    const out: InstantSample[] = []
    for (const series of this.#select(matchers)) {
      const value = series.valueAt(atMs)
      if (value !== undefined) out.push({ labels: series.labels, value })
    }
    return out
  }

  range(matchers: readonly Matcher[], minMs: number, maxMs: number): RawSeries[] {
    const out: RawSeries[] = []
    for (const series of this.#select(matchers)) {
      const found = series.range(minMs, maxMs)
      if (found !== undefined) out.push(found)
    }
    return out
  }

  /** Looks through the postings of the matcher that has the fewest, or through everything when none lists its values. */
  #select(matchers: readonly Matcher[]): StoredSeries[] {
    let fewest: readonly number[] | undefined
    for (const { name, values } of matchers) {
      if (values === undefined) continue
      const known = this.#postings.get(name)
      const refs = values.flatMap(value => known?.get(value) ?? [])
      if (fewest === undefined || refs.length < fewest.length) fewest = refs
    }
    const candidates = fewest === undefined ? this.#series : fewest.map(index => this.#series[index]!)
    return candidates.filter(({ labels }) => matchers.every(({ name, matches }) => matches(labels[name] ?? '')))
  }
}
