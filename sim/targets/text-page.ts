import { assert } from '../../base/index.ts'
import type { ExpositionTemplate } from './exposition-template.ts'
import type { MetricsPage, SeriesDescription } from './profile.ts'

/** Where a page's values come from: computes one mantissa per series, in the order of the page's templates. */
export interface RowSource {
  /** Pure: the same arguments give the same row. `unixMs` and `sequence` are integers. Allocates nothing. */
  compute(row: Float64Array, unixMs: number, sequence: number): void
}

/** Rows that `valueAt` keeps: some 450 kB for a page of 112 series; of large pages fewer. Who only serves keeps none. */
const KNOWN_ROWS_MAX = 512
const KNOWN_VALUES_MAX = 2_000_000

interface KnownRow {
  readonly unixMs: number
  readonly row: Float64Array
}

/** Bodies of all pages of a thread are written here, one at a time; grows to the longest. */
let scratch = Buffer.alloc(0)

/**
 * A page made of templates (shared ones last, so that a pod's own text is short) and a source of values.
 *
 * `render` returns a view of memory that all pages of the thread share: it is valid until the next `render` of any page.
 * `valueAt` keeps the rows it has made, so that checking a target series by series costs one computation per scrape.
 */
export class TextPage implements MetricsPage {
  readonly sampleCount: number
  readonly #templates: readonly ExpositionTemplate[]
  readonly #source: RowSource
  readonly #row: Float64Array
  readonly #bytesMax: number
  readonly #known = new Map<number, KnownRow>()
  #series: readonly SeriesDescription[] | undefined

  constructor(templates: readonly ExpositionTemplate[], source: RowSource) {
    this.#templates = templates
    this.#source = source
    this.sampleCount = templates.reduce((sum, template) => sum + template.series.length, 0)
    this.#bytesMax = templates.reduce((sum, template) => sum + template.bytesMax, 0)
    this.#row = new Float64Array(this.sampleCount)
  }

  /** Put together on demand: a thread that only serves never needs it. */
  get series(): readonly SeriesDescription[] {
    this.#series ??= this.#templates.flatMap(template => template.series)
    return this.#series
  }

  valueAt(index: number, unixMs: number, sequence: number): number {
    assert(index >= 0 && index < this.sampleCount, () => `series ${index} of ${this.sampleCount}`)
    const row = this.#rowOf(unixMs, sequence)
    let from = 0
    let template = this.#templates[0]!
    for (let i = 1; index - from >= template.series.length; i++) {
      from += template.series.length
      template = this.#templates[i]!
    }
    return template.valueOf(index - from, row[index]!)
  }

  // hot: once per scrape.
  render(unixMs: number, sequence: number): Buffer {
    this.#source.compute(this.#row, unixMs, sequence)
    if (scratch.length < this.#bytesMax) scratch = Buffer.alloc(Math.max(this.#bytesMax, 2 * scratch.length))
    let at = 0
    let from = 0
    for (const template of this.#templates) {
      at = template.write(scratch, at, this.#row, from)
      from += template.series.length
    }
    return scratch.subarray(0, at)
  }

  #rowOf(unixMs: number, sequence: number): Float64Array {
    const known = this.#known.get(sequence)
    if (known?.unixMs === unixMs) return known.row
    const rowsMax = Math.min(KNOWN_ROWS_MAX, Math.ceil(KNOWN_VALUES_MAX / this.sampleCount))
    if (this.#known.size >= rowsMax) this.#known.clear()
    const row = new Float64Array(this.sampleCount)
    this.#source.compute(row, unixMs, sequence)
    this.#known.set(sequence, { unixMs, row })
    return row
  }
}
