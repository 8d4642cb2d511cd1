import type { Labels } from '../../scraper/model/index.ts'
import { type Appendable, type Appender, AppendStatus, type SeriesRef } from '../../scraper/storage/index.ts'

/** One sample as it was committed; `value` is `'stale'` for a marker. */
export interface Recorded {
  readonly series: string
  readonly tMs: number
  readonly value: number | 'stale'
}

/** A storage for tests of the scraping half: takes samples by the rules of the contract and remembers them in order. */
export class RecordingStorage implements Appendable {
  readonly samples: Recorded[] = []
  /** How often labels were handed over to find or make a series. */
  seriesCalls = 0
  /** Set to make the next commits fail. */
  commitError: Error | undefined
  readonly #refs = new Map<string, SeriesRef>()
  readonly #names = new Map<SeriesRef, string>()
  readonly #last = new Map<SeriesRef, Recorded>()
  #nextRef = 1

  appender(): Appender {
    const pending: [SeriesRef, Recorded][] = []
    const last = new Map<SeriesRef, Recorded>()
    const add = (ref: SeriesRef, tMs: number, value: number | 'stale'): AppendStatus => {
      const series = this.#names.get(ref)
      if (series === undefined) return AppendStatus.unknownSeries
      const before = last.get(ref) ?? this.#last.get(ref)
      if (before !== undefined && tMs < before.tMs) return AppendStatus.outOfOrder
      if (before !== undefined && tMs === before.tMs) {
        return Object.is(before.value, value) ? AppendStatus.ok : AppendStatus.duplicate
      }
      const sample = { series, tMs, value }
      last.set(ref, sample)
      pending.push([ref, sample])
      return AppendStatus.ok
    }
    return {
      series: labels => this.#series(labels),
      append: (ref, tMs, value) => add(ref, tMs, value),
      appendStale: (ref, tMs) => add(ref, tMs, 'stale'),
      commit: () => {
        if (this.commitError !== undefined) throw this.commitError
        for (const [ref, sample] of pending) {
          this.#last.set(ref, sample)
          this.samples.push(sample)
        }
      },
      rollback: () => {
        pending.length = 0
      },
    }
  }

  /** Forgets a series, as garbage collection does. */
  forget(series: string): void {
    const ref = this.#refs.get(series)!
    this.#refs.delete(series)
    this.#names.delete(ref)
  }

  /** Values of one series in order of time, as `value@t`. */
  of(series: string): string[] {
    return this.samples.filter(sample => sample.series === series).map(({ value, tMs }) => `${value}@${tMs}`)
  }

  values(series: string): (number | 'stale')[] {
    return this.samples.filter(sample => sample.series === series).map(({ value }) => value)
  }

  #series(labels: Labels): SeriesRef {
    this.seriesCalls++
    const name = labels.toString()
    let ref = this.#refs.get(name)
    if (ref === undefined) {
      ref = this.#nextRef++
      this.#refs.set(name, ref)
      this.#names.set(ref, name)
    }
    return ref
  }
}
