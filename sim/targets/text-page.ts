import { assert } from '../../base/index.ts'
import { type Exposition, expositionOf, PLAIN_TEXT } from './exposition-format.ts'
import type { ExpositionTemplate } from './exposition-template.ts'
import type { MetricsPage, SeriesDescription } from './profile.ts'
import { HEAD_ROOM, TextBody, TextShape } from './text-body.ts'

/** Where a page's values come from: computes one mantissa per series, in the order of the page's templates. */
export interface RowSource {
  /**
   * Pure: the same arguments give the same row. `unixMs` and `sequence` are integers. Allocates nothing. What the last
   * template has of exemplars and native histograms follows the samples: a source without such leaves it alone.
   */
  compute(row: Float64Array, unixMs: number, sequence: number): void
}

export interface PageOptions {
  /** When counters, histograms and summaries began. Absent: nobody says so. */
  readonly createdUnixMs?: number
}

/** Rows that `valueAt` keeps: some 450 kB for a page of 112 series; of large pages fewer. Who only serves keeps none. */
const KNOWN_ROWS_MAX = 512
const KNOWN_VALUES_MAX = 2_000_000

/**
 * From so many samples on, a page keeps its body, 100 bytes a sample and 13 for where its values are: to change it in place
 * costs a third of writing it. Smaller pages, of which there are many, are lost in what a request costs anyway.
 */
const KEPT_SAMPLES_MIN = 1000

interface KnownRow {
  readonly unixMs: number
  readonly row: Float64Array
}

/** Bodies of all small pages of a thread are written here, one at a time; grows to the longest. */
let scratch = Buffer.alloc(0)

/**
 * A page made of templates (shared ones last, so that a pod's own text is short) and a source of values.
 *
 * `render` returns a view: of the page's own memory where it keeps its body, else of memory that all pages of the thread
 * share. It is valid until the next `render` of any page.
 * `valueAt` keeps the rows it has made, so that checking a target series by series costs one computation per scrape.
 */
export class TextPage implements MetricsPage {
  readonly sampleCount: number
  readonly #templates: readonly ExpositionTemplate[]
  readonly #froms: readonly number[]
  readonly #source: RowSource
  readonly #createdUnixMs: number
  readonly #row: Float64Array
  readonly #known = new Map<number, KnownRow>()
  #series: readonly SeriesDescription[] | undefined
  /** What was asked for last, and what it is written with. */
  #exposition: Exposition | undefined
  #shape: TextShape | undefined
  #bytesMax = 0
  #body: TextBody | undefined

  constructor(templates: readonly ExpositionTemplate[], source: RowSource, { createdUnixMs = NaN }: PageOptions = {}) {
    assert(
      templates.slice(0, -1).every(({ extras }) => extras === 0),
      'exemplars and native histograms are in the last template only',
    )
    this.#templates = templates
    this.#source = source
    this.#createdUnixMs = createdUnixMs
    let sampleCount = 0
    this.#froms = templates.map(({ series }) => {
      const from = sampleCount
      sampleCount += series.length
      return from
    })
    this.sampleCount = sampleCount
    this.#row = this.#emptyRow()
  }

  /** Put together on demand: a thread that only serves never needs it. */
  get series(): readonly SeriesDescription[] {
    this.#series ??= this.#templates.flatMap(template => template.series)
    return this.#series
  }

  get kept(): TextBody | undefined {
    return this.#body
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
  render(unixMs: number, sequence: number, exposition: Exposition = PLAIN_TEXT): Buffer {
    if (exposition !== this.#exposition) this.#prepare(exposition)
    this.#source.compute(this.#row, unixMs, sequence)
    if (this.#body !== undefined) {
      this.#body.update(this.#row, this.#createdUnixMs)
      return this.#body.memory.subarray(HEAD_ROOM, this.#body.end)
    }
    if (scratch.length < this.#bytesMax) scratch = Buffer.alloc(Math.max(this.#bytesMax, 2 * scratch.length))
    return scratch.subarray(0, this.#write(scratch, exposition))
  }

  #write(out: Buffer, exposition: Exposition): number {
    if (this.#shape !== undefined) return this.#shape.write(out, 0, this.#row, this.#createdUnixMs)
    let at = 0
    for (const [i, template] of this.#templates.entries()) {
      const layout = template.protobuf(exposition)
      at = layout.write(out, at, this.#row, this.#froms[i]!, this.#createdUnixMs, exposition.native)
    }
    return at
  }

  #prepare(exposition: Exposition): void {
    this.#exposition = exposition
    this.#body = undefined
    if (exposition.format === 'protobuf') {
      this.#shape = undefined
      this.#bytesMax = this.#templates.reduce((sum, template) => sum + template.protobuf(exposition).bytesMax, 0)
      return
    }
    this.#shape = this.#textShape(exposition)
    this.#bytesMax = this.#shape.bytesMax
    if (this.sampleCount >= KEPT_SAMPLES_MIN) this.#body = new TextBody(this.#shape)
  }

  #textShape(exposition: Exposition): TextShape {
    const began = !Number.isNaN(this.#createdUnixMs)
    const { format, escaping, created, native } = exposition
    const asked = expositionOf(format, escaping, { created: created && began, native })
    const layouts = this.#templates.map(template => template.text(asked))
    return new TextShape(layouts, this.#froms, format.startsWith('openmetrics'))
  }

  #emptyRow(): Float64Array {
    return new Float64Array(this.sampleCount + (this.#templates.at(-1)?.extras ?? 0)).fill(NaN)
  }

  #rowOf(unixMs: number, sequence: number): Float64Array {
    const known = this.#known.get(sequence)
    if (known?.unixMs === unixMs) return known.row
    const rowsMax = Math.min(KNOWN_ROWS_MAX, Math.ceil(KNOWN_VALUES_MAX / this.sampleCount))
    if (this.#known.size >= rowsMax) this.#known.clear()
    const row = this.#emptyRow()
    this.#source.compute(row, unixMs, sequence)
    this.#known.set(sequence, { unixMs, row })
    return row
  }
}
