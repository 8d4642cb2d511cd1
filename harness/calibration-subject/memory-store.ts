import { GrowableFloat64 } from '../../base/index.ts'

/** Beyond this age, a series' last sample is no answer to an instant query: Prometheus' own default. */
const LOOKBACK_MS = 300_000

/** All samples of a series as they were put in, for ever. */
export class StoredSeries {
  readonly labels: Readonly<Record<string, string>>
  /** Unix milliseconds, in the order in which they were kept. */
  readonly tMs = new GrowableFloat64(16)
  readonly values = new GrowableFloat64(16)
  /** From this instant on, an instant query does not return it. */
  endedMs = Infinity

  constructor(labels: Readonly<Record<string, string>>) {
    this.labels = labels
  }

  append(tMs: number, value: number): void {
    this.tMs.push(tMs)
    this.values.push(value)
  }

  /** The last sample at or before `atMs` that an instant query returns. */
  at(atMs: number): { readonly tMs: number; readonly value: number } | undefined {
    if (this.endedMs <= atMs) return undefined
    for (let i = this.tMs.length - 1; i >= 0; i--) {
      const tMs = this.tMs.array[i]!
      if (tMs > atMs) continue
      return tMs > atMs - LOOKBACK_MS ? { tMs, value: this.values.array[i]! } : undefined
    }
    return undefined
  }
}

/** Series by what they belong to; nothing is ever dropped. */
export class MemoryStore<Owner> {
  readonly #series: { readonly series: StoredSeries; readonly owner: Owner }[] = []

  /** Adds a series that is not there yet: series of different owners differ in their labels. */
  add(labels: Readonly<Record<string, string>>, owner: Owner): StoredSeries {
    const series = new StoredSeries(labels)
    this.#series.push({ series, owner })
    return series
  }

  select(
    matches: (labels: Readonly<Record<string, string>>) => boolean,
  ): { readonly series: StoredSeries; readonly owner: Owner }[] {
    return this.#series.filter(({ series }) => matches(series.labels))
  }
}
