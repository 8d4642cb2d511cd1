import { formatGeneral, formatTwoDigits } from '../format-float.ts'
import { lineAndColumn, type Span } from '../position.ts'

const QUANTILE_DOCS = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile'

/** What a query wants to tell besides its result. Equal messages are kept once. */
export class Annotations {
  readonly #text: string
  readonly #warnings = new Set<string>()
  readonly #infos = new Set<string>()
  readonly #monotonicity = new Map<string, Monotonicity>()

  constructor(text: string) {
    this.#text = text
  }

  get warnings(): string[] {
    return [...this.#warnings]
  }

  get infos(): string[] {
    return [...this.#infos, ...[...this.#monotonicity.values()].map(describeMonotonicity)]
  }

  badQuantile(quantile: number, at: Span): void {
    this.#warn(`quantile value should be between 0 and 1, got ${formatGeneral(quantile)}`, at)
  }

  badBucketLabel(value: string, at: Span): void {
    this.#warn(`bucket label "le" is missing or has a malformed value of ${JSON.stringify(value)}`, at)
  }

  sortInRangeQuery(at: Span): void {
    this.#warn('sort is ineffective for range queries since results are always ordered by labels', at)
  }

  maybeNotCounter(metric: string, at: Span): void {
    const rule = 'metric might not be a counter, name does not end in _total/_sum/_count/_bucket'
    this.#infos.add(`PromQL info: ${rule}: ${JSON.stringify(metric)} (${lineAndColumn(this.#text, at.start)})`)
  }

  /** One message per place; its figures cover all steps. */
  forcedMonotonicity(at: Span, tMs: number, minBound: number, maxBound: number, maxDrop: number): void {
    const place = lineAndColumn(this.#text, at.start)
    const known = this.#monotonicity.get(place)
    if (known === undefined) {
      this.#monotonicity.set(place, { place, minMs: tMs, maxMs: tMs, minBound, maxBound, maxDrop, count: 1 })
      return
    }
    known.count++
    known.minMs = Math.min(known.minMs, tMs)
    known.maxMs = Math.max(known.maxMs, tMs)
    known.minBound = Math.min(known.minBound, minBound)
    known.maxBound = Math.max(known.maxBound, maxBound)
    known.maxDrop = Math.max(known.maxDrop, maxDrop)
  }

  #warn(message: string, at: Span): void {
    this.#warnings.add(`PromQL warning: ${message} (${lineAndColumn(this.#text, at.start)})`)
  }
}

interface Monotonicity {
  readonly place: string
  minMs: number
  maxMs: number
  minBound: number
  maxBound: number
  maxDrop: number
  count: number
}

function describeMonotonicity(m: Monotonicity): string {
  const what = `input to histogram_quantile needed to be fixed for monotonicity (see ${QUANTILE_DOCS})`
  const buckets = `from buckets ${formatGeneral(m.minBound)} to ${formatGeneral(m.maxBound)}`
  const samples = `over ${m.count} samples from ${isoSeconds(m.minMs)} to ${isoSeconds(m.maxMs)}`
  return `PromQL info: ${what}, ${buckets}, with a max diff of ${formatTwoDigits(m.maxDrop)}, ${samples} (${m.place})`
}

function isoSeconds(tMs: number): string {
  return new Date(tMs).toISOString().replace('.000Z', 'Z')
}
