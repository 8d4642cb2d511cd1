import type { RecordedPage } from './messages.ts'
import type { SeriesDescription } from './profile.ts'

/** One sample as it was shown. */
export interface ShownSample extends SeriesDescription {
  readonly value: number
}

/**
 * What a container showed that nobody could tell afterwards, because it asked somebody else: kept answer by answer.
 *
 * For the few exporters of a run; some hundred series and scrapes each.
 */
export class PageRecord {
  readonly #series: SeriesDescription[] = []
  readonly #indexOf = new Map<string, number>()
  /** By number of the request, from 0: values by index of the series. */
  readonly #answers = new Map<number, ReadonlyMap<number, number>>()

  /** @param row number of the request in the log, from 0. */
  add(row: number, samples: readonly ShownSample[]): void {
    this.#answers.set(row, new Map(samples.map(sample => [this.#indexFor(sample), sample.value])))
  }

  /** @param requests how many requests there were. */
  snapshot(requests: number): RecordedPage {
    const width = this.#series.length
    const values = new Float64Array(requests * width).fill(Number.NaN)
    for (const [row, answer] of this.#answers) for (const [index, value] of answer) values[row * width + index] = value
    return { series: this.#series, values }
  }

  #indexFor({ name, labels }: ShownSample): number {
    const key = JSON.stringify([name, ...Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))])
    let index = this.#indexOf.get(key)
    if (index === undefined) {
      index = this.#series.length
      this.#series.push({ name, labels })
      this.#indexOf.set(key, index)
    }
    return index
  }
}
