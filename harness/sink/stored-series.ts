import { GrowableFloat64 } from '../../base/index.ts'
import type { RawSeries } from '../subjects/index.ts'
import { isStaleAt, sameWords, writeWords } from './stale.ts'

/** How far an instant query looks back, as Prometheus does by default. */
const LOOKBACK_MS = 300_000

/** One series and its samples, ordered by time. */
export class StoredSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly #tMs = new GrowableFloat64(8)
  readonly #values = new GrowableFloat64(8)

  constructor(labels: Readonly<Record<string, string>>) {
    this.labels = labels
  }

  /**
   * Stores a sample, the value as two words. Senders with several queues deliver out of order, and deliver again what was
   * not acknowledged: a sample finds its place, and one that is there already is not stored twice.
   *
   * Two values at one time are kept both, in the order of their arrival: the sender must answer for that.
   *
   * @returns whether it was new.
   */
  // hot: once per sample. Appends, as nearly always; only a late arrival moves others.
  append(tMs: number, low: number, high: number): boolean {
    const times = this.#tMs
    let at = times.length
    while (at > 0 && times.array[at - 1]! > tMs) at--
    for (let i = at - 1; i >= 0 && times.array[i] === tMs; i--) {
      if (sameWords(this.#values.array, i, low, high)) return false
    }
    const end = times.extend(1)
    this.#values.extend(1)
    if (at < end) {
      times.array.copyWithin(at + 1, at, end)
      this.#values.array.copyWithin(at + 1, at, end)
    }
    times.array[at] = tMs
    writeWords(this.#values.array, at, low, high)
    return true
  }

  /** The value of an instant query: the newest sample of the last five minutes, unless it is a stale marker. */
  valueAt(atMs: number): number | undefined {
    const times = this.#tMs
    let i = times.length - 1
    while (i >= 0 && times.array[i]! > atMs) i--
    if (i < 0 || times.array[i]! <= atMs - LOOKBACK_MS || isStaleAt(this.#values.array, i)) return undefined
    return this.#values.array[i]
  }

  /** Samples in [minMs, maxMs] without stale markers, in arrays of their own; `undefined` when there are none. */
  range(minMs: number, maxMs: number): RawSeries | undefined {
    const times = this.#tMs.array
    const length = this.#tMs.length
    const tMs = new Float64Array(length)
    const values = new Float64Array(length)
    let count = 0
    for (let i = 0; i < length; i++) {
      if (times[i]! < minMs || times[i]! > maxMs || isStaleAt(this.#values.array, i)) continue
      tMs[count] = times[i]!
      values[count++] = this.#values.array[i]!
    }
    return count === 0 ? undefined : { labels: this.labels, tMs: tMs.slice(0, count), values: values.slice(0, count) }
  }
}
