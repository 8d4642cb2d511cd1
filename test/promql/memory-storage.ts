import { type Labels, type Matcher, writeStale } from '../../scraper/model/index.ts'
import type { Querier, Queryable, SampleColumns, SeriesSet } from '../../scraper/storage/index.ts'

/** What a test stores at one instant: a value, or the end of the series. */
export type TestSample = number | 'stale'

interface Series {
  readonly labels: Labels
  readonly samples: Map<number, TestSample>
}

/** The plainest possible storage: a list of series, filtered by every matcher. Counts how it is used. */
export class MemoryStorage implements Queryable {
  readonly #series = new Map<string, Series>()
  selects = 0

  /** Later samples of an instant replace earlier ones. */
  add(labels: Labels, tMs: number, sample: TestSample): void {
    let series = this.#series.get(labels.key())
    if (series === undefined) this.#series.set(labels.key(), (series = { labels, samples: new Map() }))
    series.samples.set(tMs, sample)
  }

  clear(): void {
    this.#series.clear()
  }

  querier(minMs: number, maxMs: number): Querier {
    const matching = (matchers: readonly Matcher[]): Series[] =>
      [...this.#series.values()].filter(
        ({ labels, samples }) =>
          matchers.every(matcher => matcher.matches(labels.get(matcher.name))) &&
          [...samples.keys()].some(tMs => tMs >= minMs && tMs <= maxMs),
      )
    return {
      select: matchers => {
        this.selects++
        return Promise.resolve(new MemorySeriesSet(matching(matchers), minMs, maxMs))
      },
      labelNames: matchers => {
        const names = matching(matchers).flatMap(({ labels }) => [...labels].map(([name]) => name))
        return Promise.resolve([...new Set(names)].toSorted())
      },
      labelValues: (name, matchers) => {
        const values = matching(matchers).map(({ labels }) => labels.get(name))
        return Promise.resolve([...new Set(values)].filter(value => value !== '').toSorted())
      },
    }
  }
}

class MemorySeriesSet implements SeriesSet {
  readonly #series: readonly Series[]
  readonly #minMs: number
  readonly #maxMs: number

  constructor(series: readonly Series[], minMs: number, maxMs: number) {
    this.#series = series
    this.#minMs = minMs
    this.#maxMs = maxMs
  }

  get length(): number {
    return this.#series.length
  }

  labelsAt(index: number): Labels {
    return this.#series[index]!.labels
  }

  samplesAt(index: number, out: SampleColumns): void {
    const entries = [...this.#series[index]!.samples].toSorted(([a], [b]) => a - b)
    for (const [tMs, sample] of entries) {
      if (tMs < this.#minMs || tMs > this.#maxMs) continue
      out.tMs.push(tMs)
      out.values.push(sample === 'stale' ? 0 : sample)
      if (sample === 'stale') writeStale(out.values.array, out.values.length - 1)
    }
  }
}
