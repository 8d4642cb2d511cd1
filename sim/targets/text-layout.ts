import { escapeHelp, escapeLabelValue } from '../exposition-escapes.ts'
import type { Exposition } from './exposition-format.ts'
import { EXEMPLAR_EXTRAS, type Family, type MetricType, type Sample } from './family.ts'
import { escapeName, type Escaping, isLegacyLabel, isLegacyName } from './name-escaping.ts'

/** Bits of a hole's kind beside its decimals: whole numbers get `.0`; when the metric began; an exemplar or nothing. */
export const DOT_ZERO = 16
export const CREATED = 32
export const EXEMPLAR = 64
export const DECIMALS = 15

/**
 * The unchanging bytes of families in a text format, and the holes between them. Immutable, shared by replicas.
 *
 *   # HELP a …\n# TYPE a gauge\na ·\na{x="1"} ·\n# HELP b …      (· is a hole)
 *   └───────── parts[0] ────────┘ └ parts[1] ┘ └─ …
 */
export interface TextLayout {
  /** One more than holes: the last ends the last line. */
  readonly parts: readonly Uint8Array[]
  readonly kinds: Uint8Array
  /** By hole: where in the families' piece of a row its number is, an exemplar's first one. */
  readonly rows: Int32Array
  /** By hole that is an exemplar: what stands before its id, and after it. */
  readonly exemplars: ReadonlyMap<number, ExemplarText>
  /** All parts together. */
  readonly fixedBytes: number
  /** All exemplars together are no longer. */
  readonly exemplarBytes: number
}

export interface ExemplarText {
  readonly beforeId: Uint8Array
  readonly afterId: Uint8Array
  readonly decimals: number
  /** No exemplar is longer. */
  readonly bytesMax: number
}

/** Families' texts; whether `_created` lines are written says `created`. */
export function textLayout(families: readonly Family[], { format, escaping, created }: Exposition): TextLayout {
  return new LayoutBuilder(format.startsWith('openmetrics'), escaping, created).build(families)
}

class LayoutBuilder {
  readonly #isOpenMetrics: boolean
  readonly #escaping: Escaping
  readonly #created: boolean
  readonly #texts: string[] = []
  readonly #kinds: number[] = []
  readonly #rows: number[] = []
  readonly #exemplars = new Map<number, ExemplarText>()
  #exemplarBytes = 0
  #text = ''

  constructor(isOpenMetrics: boolean, escaping: Escaping, created: boolean) {
    this.#isOpenMetrics = isOpenMetrics
    this.#escaping = escaping
    this.#created = created
  }

  build(families: readonly Family[]): TextLayout {
    let row = 0
    let extra = families.reduce((sum, { samples }) => sum + samples.length, 0)
    for (const family of families) {
      this.#heading(family)
      const began = this.#created && hasBeginning(family.type)
      for (const [i, sample] of family.samples.entries()) {
        this.#sample(family, sample, row++, extra)
        if (sample.exemplar !== undefined) extra += EXEMPLAR_EXTRAS
        const next = family.samples[i + 1]
        if (began && (next === undefined || !isSameMetric(sample, next))) this.#createdLine(family, sample)
      }
      for (const { buckets } of family.native ?? []) extra += 1 + buckets
    }
    this.#texts.push(this.#text)
    const encoder = new TextEncoder()
    // One piece of memory, and a view of it per part.
    const all = encoder.encode(this.#texts.join(''))
    let end = 0
    const parts = this.#texts.map(text => {
      const start = end
      end += Buffer.byteLength(text)
      return all.subarray(start, end)
    })
    return {
      parts,
      kinds: Uint8Array.from(this.#kinds),
      rows: Int32Array.from(this.#rows),
      exemplars: this.#exemplars,
      fixedBytes: all.length,
      exemplarBytes: this.#exemplarBytes,
    }
  }

  #heading(family: Family): void {
    const { type } = family
    const escaped = escapeName(family.name, this.#escaping)
    if (!this.#isOpenMetrics) {
      const name = quotedName(type === 'info' ? `${escaped}_info` : escaped)
      this.#text += `# HELP ${name} ${escapeHelp(family.help)}\n# TYPE ${name} ${CLASSIC_TYPES[type]}\n`
      return
    }
    const isTotal = type === 'counter' && escaped.endsWith(TOTAL)
    const name = quotedName(isTotal ? escaped.slice(0, -TOTAL.length) : escaped)
    this.#text += `# HELP ${name} ${escapeLabelValue(family.help)}\n# TYPE ${name} `
    this.#text += `${type === 'counter' && !isTotal ? 'unknown' : type}\n`
    if (family.unit !== undefined) this.#text += `# UNIT ${name} ${family.unit}\n`
  }

  #sample(family: Family, sample: Sample, row: number, extra: number): void {
    const { suffix = '', labels = {}, decimals = 0, exemplar } = sample
    const name = escapeName(family.name, this.#escaping) + suffix
    this.#text += `${this.#series(name, this.#isOpenMetrics ? canonicalBounds(labels) : labels)} `
    const isCount = suffix === '_bucket' || suffix === '_count'
    this.#hole(row, decimals + (this.#isOpenMetrics && decimals === 0 && !isCount ? DOT_ZERO : 0))
    if (this.#isOpenMetrics && exemplar !== undefined) {
      const { idLabel, labels: fixed = {} } = exemplar
      const before = this.#series('', fixed).slice(0, -1)
      const beforeId = Buffer.from(` # ${before === '' ? '{' : `${before},`}${this.#label(idLabel)}="`)
      const bytesMax = beforeId.length + EXEMPLAR_REST_BYTES_MAX
      const text = { beforeId, afterId: Buffer.from('"} '), decimals: exemplar.decimals ?? 0, bytesMax }
      this.#exemplars.set(this.#kinds.length, text)
      this.#exemplarBytes += bytesMax
      this.#hole(extra, EXEMPLAR)
    }
    this.#text += '\n'
  }

  #createdLine(family: Family, sample: Sample): void {
    const escaped = escapeName(family.name, this.#escaping)
    const name = family.type === 'counter' && escaped.endsWith(TOTAL) ? escaped.slice(0, -TOTAL.length) : escaped
    this.#text += `${this.#series(`${name}_created`, metricLabels(sample))} `
    this.#hole(-1, CREATED + 3)
    this.#text += '\n'
  }

  #hole(row: number, kind: number): void {
    this.#texts.push(this.#text)
    this.#text = ''
    this.#kinds.push(kind)
    this.#rows.push(row)
  }

  /** `name{label="value"}`; a name that is no legacy name goes into the braces. */
  #series(name: string, labels: Readonly<Record<string, string>>): string {
    const isQuoted = name !== '' && !isLegacyName(name)
    const pairs = Object.entries(labels).map(([label, value]) => `${this.#label(label)}="${escapeLabelValue(value)}"`)
    if (isQuoted) pairs.unshift(quotedName(name))
    return (isQuoted ? '' : name) + (pairs.length === 0 ? '' : `{${pairs.join(',')}}`)
  }

  #label(name: string): string {
    const escaped = escapeName(name, this.#escaping)
    return isLegacyLabel(escaped) ? escaped : `"${escapeLabelValue(escaped)}"`
  }
}

const TOTAL = '_total'
/** An exemplar's id, value and time, and what stands between them. */
const EXEMPLAR_REST_BYTES_MAX = 64

/** How text 0.0.4 calls them; it has no gauge histograms, and infos and state sets are gauges there. */
const CLASSIC_TYPES: Readonly<Record<MetricType, string>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
  unknown: 'untyped',
  info: 'gauge',
  stateset: 'gauge',
  gaugehistogram: 'histogram',
}

function hasBeginning(type: MetricType): boolean {
  return type === 'counter' || type === 'histogram' || type === 'summary'
}

const BOUND_LABELS: ReadonlySet<string> = new Set(['le', 'quantile'])

/** The labels of the metric that a sample belongs to: without those that tell its samples apart. */
export function metricLabels({ labels = {} }: Sample): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !BOUND_LABELS.has(name)))
}

export function isSameMetric(a: Sample, b: Sample): boolean {
  return (
    (a.suffix !== undefined || a.labels?.['quantile'] !== undefined) &&
    JSON.stringify(metricLabels(a)) === JSON.stringify(metricLabels(b))
  )
}

/** OpenMetrics writes bounds as floats: `1.0`, not `1`. */
function canonicalBounds(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (labels['le'] === undefined && labels['quantile'] === undefined) return labels
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [
      name,
      BOUND_LABELS.has(name) && /^-?\d+$/.test(value) ? `${value}.0` : value,
    ]),
  )
}

function quotedName(name: string): string {
  return isLegacyName(name) ? name : `"${escapeLabelValue(name)}"`
}
