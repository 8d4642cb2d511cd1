import { POWERS_OF_TEN } from './decimal.ts'
import type { MetricType, NativeShape } from './family.ts'
import type { Escaping } from './name-escaping.ts'
import {
  DOUBLE_BYTES,
  lengthField,
  timestampBytes,
  varintBytes,
  varintField,
  writeDouble,
  writeTimestamp,
  writeVarint,
  zigzag,
} from './protobuf-bytes.ts'
import { ExemplarBytes, type NumberedSample } from './protobuf-exemplar.ts'

/**
 * One metric: where in a row its numbers are. Its labels and its value's message are written by whoever writes the family;
 * `contentBytes` comes before `write`, with the same row.
 */
export interface MetricBytes {
  readonly labels: Buffer
  /** Of Metric, for its value's message. */
  readonly field: number
  contentBytes(row: Float64Array, from: number, createdUnixMs: number, native: boolean): number
  write(out: Buffer, at: number, row: Float64Array, from: number, createdUnixMs: number, native: boolean): number
}

/** Number of the enumeration MetricType, and field of Metric. */
export const TYPES: Readonly<Record<MetricType, { readonly number: number; readonly field: number }>> = {
  counter: { number: 0, field: 3 },
  gauge: { number: 1, field: 2 },
  info: { number: 1, field: 2 },
  stateset: { number: 1, field: 2 },
  summary: { number: 2, field: 4 },
  unknown: { number: 3, field: 5 },
  histogram: { number: 4, field: 7 },
  gaugehistogram: { number: 5, field: 7 },
}

/** Gauge, counter or untyped: one double. */
export class SimpleMetric implements MetricBytes {
  readonly labels: Buffer
  readonly #index: number
  readonly #scale: number
  readonly field: number
  readonly #exemplar: ExemplarBytes | undefined

  constructor(labels: Buffer, numbered: NumberedSample, field: number, escaping: Escaping) {
    this.labels = labels
    this.#index = numbered.index
    this.#scale = POWERS_OF_TEN[numbered.sample.decimals ?? 0]!
    this.field = field
    const hasExemplar = field === TYPES.counter.field && numbered.sample.exemplar !== undefined
    this.#exemplar = hasExemplar ? new ExemplarBytes(numbered, escaping) : undefined
  }

  write(out: Buffer, at: number, row: Float64Array, from: number, createdUnixMs: number): number {
    at = writeDouble(out, at, 0x09, row[from + this.#index]! / this.#scale)
    if (this.#exemplar !== undefined) at = this.#exemplar.write(out, at, 0x12, row, from)
    return this.field === TYPES.counter.field ? writeCreated(out, at, 0x1a, createdUnixMs) : at
  }

  contentBytes(row: Float64Array, from: number, createdUnixMs: number): number {
    if (this.field !== TYPES.counter.field) return DOUBLE_BYTES
    const exemplar = this.#exemplar === undefined ? 0 : this.#exemplar.size(row, from)
    return DOUBLE_BYTES + (exemplar === 0 ? 0 : 1 + exemplar) + createdBytes(createdUnixMs)
  }
}

/** A count as a whole number, and a double; -1 where a metric has none. */
interface CountAndSum {
  readonly count: number
  readonly sum: number
  readonly sumScale: number
}

function countAndSum(samples: readonly NumberedSample[]): CountAndSum {
  const indexOf = (suffix: string): number => samples.find(({ sample }) => sample.suffix === suffix)?.index ?? -1
  const sum = samples.find(({ sample }) => sample.suffix === '_sum')
  return { count: indexOf('_count'), sum: indexOf('_sum'), sumScale: POWERS_OF_TEN[sum?.sample.decimals ?? 0]! }
}

export class SummaryMetric implements MetricBytes {
  readonly labels: Buffer
  readonly field = TYPES.summary.field
  readonly #numbers: CountAndSum
  readonly #quantiles: readonly { readonly quantile: number; readonly index: number; readonly scale: number }[]

  constructor(labels: Buffer, samples: readonly NumberedSample[]) {
    this.labels = labels
    this.#numbers = countAndSum(samples)
    this.#quantiles = samples
      .filter(({ sample }) => sample.labels?.['quantile'] !== undefined)
      .map(({ index, sample }) => ({
        index,
        quantile: Number(sample.labels!['quantile']),
        scale: POWERS_OF_TEN[sample.decimals ?? 0]!,
      }))
  }

  write(out: Buffer, at: number, row: Float64Array, from: number, createdUnixMs: number): number {
    at = writeCountAndSum(out, at, this.#numbers, row, from)
    for (const { quantile, index, scale } of this.#quantiles) {
      out[at++] = 0x1a
      out[at++] = 2 * DOUBLE_BYTES
      at = writeDouble(out, at, 0x09, quantile)
      at = writeDouble(out, at, 0x11, row[from + index]! / scale)
    }
    return writeCreated(out, at, 0x22, createdUnixMs)
  }

  contentBytes(row: Float64Array, from: number, createdUnixMs: number): number {
    return (
      countAndSumBytes(this.#numbers, row, from) +
      this.#quantiles.length * (2 + 2 * DOUBLE_BYTES) +
      createdBytes(createdUnixMs)
    )
  }
}

interface BucketBytes {
  readonly bound: number
  readonly index: number
  readonly exemplar: ExemplarBytes | undefined
}

export class HistogramMetric implements MetricBytes {
  readonly labels: Buffer
  readonly field = TYPES.histogram.field
  readonly #numbers: CountAndSum
  readonly #buckets: readonly BucketBytes[]
  #native: { readonly shape: NativeShape; readonly at: number; readonly span: Buffer } | undefined

  constructor(labels: Buffer, samples: readonly NumberedSample[], escaping: Escaping) {
    this.labels = labels
    this.#numbers = countAndSum(samples)
    this.#buckets = samples
      .filter(({ sample }) => sample.labels?.['le'] !== undefined)
      .map(numbered => ({
        bound: boundOf(numbered.sample.labels!['le']!),
        index: numbered.index,
        exemplar: numbered.sample.exemplar === undefined ? undefined : new ExemplarBytes(numbered, escaping),
      }))
      // As client libraries do: the count says it already, unless there is an exemplar to carry.
      .filter(({ bound, exemplar }) => bound !== Infinity || exemplar !== undefined)
  }

  addNative(shape: NativeShape, at: number): void {
    // One span: buckets without observations are in it, too.
    const span = Buffer.concat([varintField(1, zigzag(shape.firstIndex)), varintField(2, shape.buckets)])
    this.#native = { shape, at, span: lengthField(12, span) }
  }

  write(out: Buffer, at: number, row: Float64Array, from: number, createdUnixMs: number, native: boolean): number {
    at = writeCountAndSum(out, at, this.#numbers, row, from)
    for (const bucket of this.#buckets) {
      const { bound, index, exemplar } = bucket
      out[at++] = 0x1a
      at = writeVarint(out, at, bucketBytes(bucket, row, from))
      out[at++] = 0x08
      at = writeVarint(out, at, row[from + index]!)
      at = writeDouble(out, at, 0x11, bound)
      if (exemplar !== undefined) at = exemplar.write(out, at, 0x1a, row, from)
    }
    if (native && this.#native !== undefined) at = this.#writeNative(out, at, row, from)
    return writeCreated(out, at, 0x7a, createdUnixMs)
  }

  contentBytes(row: Float64Array, from: number, createdUnixMs: number, native: boolean): number {
    let bytes = countAndSumBytes(this.#numbers, row, from) + createdBytes(createdUnixMs)
    for (const bucket of this.#buckets) {
      const content = bucketBytes(bucket, row, from)
      bytes += 1 + varintBytes(content) + content
    }
    return native && this.#native !== undefined ? bytes + this.#nativeBytes(row, from) : bytes
  }

  #nativeBytes(row: Float64Array, from: number): number {
    const { shape, at, span } = this.#native!
    let bytes = 1 + varintBytes(zigzag(shape.schema)) + DOUBLE_BYTES + 1 + varintBytes(row[from + at]!) + span.length
    let last = 0
    for (let i = 1; i <= shape.buckets; i++) {
      const count = row[from + at + i]!
      bytes += 1 + varintBytes(zigzag(count - last))
      last = count
    }
    return bytes
  }

  #writeNative(out: Buffer, at: number, row: Float64Array, from: number): number {
    const { shape, at: first, span } = this.#native!
    out[at++] = 0x28
    at = writeVarint(out, at, zigzag(shape.schema))
    at = writeDouble(out, at, 0x31, shape.zeroThreshold)
    out[at++] = 0x38
    at = writeVarint(out, at, row[from + first]!)
    out.set(span, at)
    at += span.length
    let last = 0
    for (let i = 1; i <= shape.buckets; i++) {
      const count = row[from + first + i]!
      out[at++] = 0x68
      at = writeVarint(out, at, zigzag(count - last))
      last = count
    }
    return at
  }
}

function boundOf(le: string): number {
  return le === '+Inf' ? Infinity : Number(le)
}

function bucketBytes({ index, exemplar }: BucketBytes, row: Float64Array, from: number): number {
  const bytes = 1 + varintBytes(row[from + index]!) + DOUBLE_BYTES
  const more = exemplar === undefined ? 0 : exemplar.size(row, from)
  return more === 0 ? bytes : bytes + 1 + more
}

function countAndSumBytes({ count, sum }: CountAndSum, row: Float64Array, from: number): number {
  return (count < 0 ? 0 : 1 + varintBytes(row[from + count]!)) + (sum < 0 ? 0 : DOUBLE_BYTES)
}

function writeCountAndSum(
  out: Buffer,
  at: number,
  { count, sum, sumScale }: CountAndSum,
  row: Float64Array,
  from: number,
): number {
  if (count >= 0) {
    out[at++] = 0x08
    at = writeVarint(out, at, row[from + count]!)
  }
  return sum < 0 ? at : writeDouble(out, at, 0x11, row[from + sum]! / sumScale)
}

function createdBytes(createdUnixMs: number): number {
  if (Number.isNaN(createdUnixMs)) return 0
  const bytes = timestampBytes(createdUnixMs)
  return 1 + varintBytes(bytes) + bytes
}

function writeCreated(out: Buffer, at: number, tag: number, createdUnixMs: number): number {
  if (Number.isNaN(createdUnixMs)) return at
  out[at++] = tag
  at = writeVarint(out, at, timestampBytes(createdUnixMs))
  return writeTimestamp(out, at, createdUnixMs)
}
