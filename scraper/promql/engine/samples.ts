import { GrowableFloat64 } from '../../../base/index.ts'
import { isStaleAt, type Labels } from '../../model/index.ts'
import type { SampleColumns, SeriesSet } from '../../storage/index.ts'

/** The raw samples of several series, read one series after the other. */
export interface SampleSource {
  readonly length: number
  labelsAt(index: number): Labels
  /** Replaces the content of `out` by the samples of series `index`: ascending, without stale markers. */
  read(index: number, out: Samples): void
}

/** One series' samples, reused from series to series. */
export class Samples implements SampleColumns {
  readonly tMs = new GrowableFloat64(256)
  readonly values = new GrowableFloat64(256)

  get length(): number {
    return this.tMs.length
  }

  clear(): void {
    this.tMs.clear()
    this.values.clear()
  }

  /** Removes stale markers, which functions over ranges do not see. */
  dropStale(): void {
    const t = this.tMs.array
    const v = this.values.array
    const { length } = this.tMs
    let kept = 0
    for (let i = 0; i < length; i++) {
      if (v[i]! !== v[i]! && isStaleAt(v, i)) continue
      if (kept !== i) {
        t[kept] = t[i]!
        v[kept] = v[i]!
      }
      kept++
    }
    this.tMs.length = kept
    this.values.length = kept
  }
}

/** What storage selected, as a source for functions over ranges. */
export class StoredSamples implements SampleSource {
  readonly #set: SeriesSet

  constructor(set: SeriesSet) {
    this.#set = set
  }

  get length(): number {
    return this.#set.length
  }

  labelsAt(index: number): Labels {
    return this.#set.labelsAt(index)
  }

  read(index: number, out: Samples): void {
    out.clear()
    this.#set.samplesAt(index, out)
    out.dropStale()
  }
}
