import { POWERS_OF_TEN, writeHex16 } from './decimal.ts'
import { EXEMPLAR_EXTRAS, type Family, type MetricType, type NativeShape, type Sample } from './family.ts'
import { escapeName, type Escaping } from './name-escaping.ts'
import {
  lengthField,
  timestampBytes,
  varintBytes,
  varintField,
  writeTimestamp,
  writeVarint,
  zigzag,
} from './protobuf-bytes.ts'
import { isSameMetric, metricLabels } from './text-layout.ts'

/**
 * Families as delimited messages of the Prometheus client data model (client_model 0.6):
 *
 *   MetricFamily  1 name  2 help  3 type  4 metric*  5 unit
 *   Metric        1 label*  2 gauge  3 counter  4 summary  5 untyped  7 histogram
 *   Gauge, Untyped  1 value          Counter  1 value  2 exemplar  3 created
 *   Summary       1 count  2 sum  3 quantile* (1 quantile  2 value)  4 created
 *   Histogram     1 count  2 sum  3 bucket* (1 cumulative count  2 upper bound  3 exemplar)  15 created
 *     native:     5 schema  6 zero threshold  7 zero count  12 positive span (1 offset  2 length)  13 positive delta*
 *   Exemplar      1 label*  2 value  3 timestamp
 *
 * What never changes is encoded beforehand; counts are varints of the least length, as client libraries write them.
 * Immutable, shared by replicas. Infos and state sets are gauges: the model has neither.
 */
export class ProtobufLayout {
  readonly #families: readonly FamilyBytes[]
  readonly #sizes: Float64Array
  /** No body written with this layout is longer. */
  readonly bytesMax: number

  constructor(families: readonly Family[], escaping: Escaping) {
    let row = 0
    let extra = families.reduce((sum, { samples }) => sum + samples.length, 0)
    let metrics = 0
    let bytesMax = 0
    this.#families = families.map(family => {
      const builder = new FamilyBuilder(family, escaping, row, extra)
      row += family.samples.length
      extra = builder.nextExtra
      metrics = Math.max(metrics, builder.bytes.metrics.length)
      bytesMax += builder.bytesMax
      return builder.bytes
    })
    this.#sizes = new Float64Array(metrics)
    this.bytesMax = bytesMax
  }

  /** Writes all messages at `at`; returns the end. `from`: where in `row` these families begin. NaN: nothing says when it began. */
  write(out: Buffer, at: number, row: Float64Array, from: number, createdUnixMs: number, native: boolean): number {
    for (const family of this.#families) {
      const { head, tail, metrics } = family
      let size = head.length + tail.length
      for (let i = 0; i < metrics.length; i++) {
        const bytes = metrics[i]!.size(row, from, createdUnixMs, native)
        this.#sizes[i] = bytes
        size += 1 + varintBytes(bytes) + bytes
      }
      at = writeVarint(out, at, size)
      out.set(head, at)
      at += head.length
      for (let i = 0; i < metrics.length; i++) {
        out[at++] = METRIC_TAG
        at = writeVarint(out, at, this.#sizes[i]!)
        at = metrics[i]!.write(out, at, row, from, createdUnixMs, native)
      }
      out.set(tail, at)
      at += tail.length
    }
    return at
  }
}

const METRIC_TAG = 0x22
const DOUBLE_BYTES = 9
/** A length, a tag and a varint each. */
const NUMBER_BYTES_MAX = 24
const EXEMPLAR_BYTES_MAX = 80

interface FamilyBytes {
  readonly head: Uint8Array
  readonly tail: Uint8Array
  readonly metrics: readonly MetricBytes[]
}

/** One metric: its labels, and where in a row its numbers are. `size` comes before `write`, with the same row. */
interface MetricBytes {
  size(row: Float64Array, from: number, createdUnixMs: number, native: boolean): number
  write(out: Buffer, at: number, row: Float64Array, from: number, createdUnixMs: number, native: boolean): number
}

/** Number of the enumeration MetricType, and field of Metric. */
const TYPES: Readonly<Record<MetricType, { readonly number: number; readonly field: number }>> = {
  counter: { number: 0, field: 3 },
  gauge: { number: 1, field: 2 },
  info: { number: 1, field: 2 },
  stateset: { number: 1, field: 2 },
  summary: { number: 2, field: 4 },
  unknown: { number: 3, field: 5 },
  histogram: { number: 4, field: 7 },
  gaugehistogram: { number: 5, field: 7 },
}

class FamilyBuilder {
  readonly bytes: FamilyBytes
  readonly bytesMax: number
  nextExtra: number

  constructor(family: Family, escaping: Escaping, row: number, extra: number) {
    this.nextExtra = extra
    const { number, field } = TYPES[family.type]
    const name = escapeName(family.name, escaping) + (family.type === 'info' ? '_info' : '')
    const head = Buffer.concat([lengthField(1, name), lengthField(2, family.help), varintField(3, number)])
    const tail = family.unit === undefined ? Buffer.alloc(0) : lengthField(5, family.unit)
    const metrics: MetricBytes[] = []
    let bytesMax = head.length + tail.length + NUMBER_BYTES_MAX
    for (const samples of metricsOf(family.samples)) {
      const labels = labelFields(metricLabels(samples[0]!), escaping)
      const numbered = samples.map((sample): NumberedSample => {
        const numbers = { index: row++, extra: this.nextExtra, sample }
        if (sample.exemplar !== undefined) this.nextExtra += EXEMPLAR_EXTRAS
        return numbers
      })
      bytesMax += labels.length + 3 * NUMBER_BYTES_MAX
      for (const { exemplar } of samples) {
        bytesMax += NUMBER_BYTES_MAX + DOUBLE_BYTES
        if (exemplar !== undefined) bytesMax += labelFields(exemplar.labels ?? {}, escaping).length + EXEMPLAR_BYTES_MAX
      }
      metrics.push(
        field === 4
          ? new SummaryMetric(labels, numbered)
          : field === 7
            ? new HistogramMetric(labels, numbered, escaping)
            : new SimpleMetric(labels, numbered[0]!, field, escaping),
      )
    }
    for (const shape of family.native ?? []) {
      const labels = labelFields(shape.labels ?? {}, escaping)
      const metric = metrics.find(candidate => candidate instanceof HistogramMetric && candidate.labels.equals(labels))
      if (metric instanceof HistogramMetric) metric.addNative(shape, this.nextExtra)
      this.nextExtra += 1 + shape.buckets
      bytesMax += (4 + shape.buckets) * NUMBER_BYTES_MAX
    }
    this.bytes = { head, tail, metrics }
    this.bytesMax = bytesMax
  }
}

interface NumberedSample {
  /** Of its number, in the families' piece of a row. */
  readonly index: number
  /** Of its exemplar's first number. */
  readonly extra: number
  readonly sample: Sample
}

/** Samples that stand side by side and differ in nothing but their suffix and their bound. */
function metricsOf(samples: readonly Sample[]): Sample[][] {
  const out: Sample[][] = []
  for (const sample of samples) {
    const last = out.at(-1)
    if (last !== undefined && isSameMetric(last.at(-1)!, sample)) last.push(sample)
    else out.push([sample])
  }
  return out
}

function labelFields(labels: Readonly<Record<string, string>>, escaping: Escaping): Buffer {
  return Buffer.concat(
    Object.entries(labels).map(([name, value]) =>
      lengthField(1, Buffer.concat([lengthField(1, escapeName(name, escaping)), lengthField(2, value)])),
    ),
  )
}

/** The text of an exemplar: its constant labels, and the start of the one whose value is its id. */
class ExemplarBytes {
  readonly #labels: Buffer
  readonly #scale: number
  readonly #at: number

  constructor({ sample, extra }: NumberedSample, escaping: Escaping) {
    const { idLabel, labels = {}, decimals = 0 } = sample.exemplar!
    const id = lengthField(
      1,
      Buffer.concat([lengthField(1, escapeName(idLabel, escaping)), lengthField(2, '0'.repeat(16))]),
    )
    this.#labels = Buffer.concat([labelFields(labels, escaping), id])
    this.#scale = POWERS_OF_TEN[decimals]!
    this.#at = extra
  }

  /** With the length before it, without a tag; 0: there is none yet. */
  size(row: Float64Array, from: number): number {
    const at = from + this.#at
    if (Number.isNaN(row[at]!)) return 0
    const content = this.#contentBytes(row[at + 2]!)
    return varintBytes(content) + content
  }

  write(out: Buffer, at: number, tag: number, row: Float64Array, from: number): number {
    const index = from + this.#at
    if (Number.isNaN(row[index]!)) return at
    const unixMs = row[index + 2]!
    out[at++] = tag
    at = writeVarint(out, at, this.#contentBytes(unixMs))
    out.set(this.#labels, at)
    at += this.#labels.length
    // Its id is the last text of the labels.
    writeHex16(out, at - 16, row[index]!)
    at = writeDouble(out, at, 0x11, row[index + 1]! / this.#scale)
    out[at++] = 0x1a
    at = writeVarint(out, at, timestampBytes(unixMs))
    return writeTimestamp(out, at, unixMs)
  }

  #contentBytes(unixMs: number): number {
    const time = timestampBytes(unixMs)
    return this.#labels.length + DOUBLE_BYTES + 1 + varintBytes(time) + time
  }
}

/** Gauge, counter or untyped: one double. */
class SimpleMetric implements MetricBytes {
  readonly #labels: Buffer
  readonly #index: number
  readonly #scale: number
  readonly #field: number
  readonly #exemplar: ExemplarBytes | undefined

  constructor(labels: Buffer, numbered: NumberedSample, field: number, escaping: Escaping) {
    this.#labels = labels
    this.#index = numbered.index
    this.#scale = POWERS_OF_TEN[numbered.sample.decimals ?? 0]!
    this.#field = field
    const hasExemplar = field === TYPES.counter.field && numbered.sample.exemplar !== undefined
    this.#exemplar = hasExemplar ? new ExemplarBytes(numbered, escaping) : undefined
  }

  size(row: Float64Array, from: number, createdUnixMs: number): number {
    const content = this.#contentBytes(row, from, createdUnixMs)
    return this.#labels.length + 1 + varintBytes(content) + content
  }

  write(out: Buffer, at: number, row: Float64Array, from: number, createdUnixMs: number): number {
    out.set(this.#labels, at)
    at += this.#labels.length
    out[at++] = (this.#field << 3) | 2
    at = writeVarint(out, at, this.#contentBytes(row, from, createdUnixMs))
    at = writeDouble(out, at, 0x09, row[from + this.#index]! / this.#scale)
    if (this.#exemplar !== undefined) at = this.#exemplar.write(out, at, 0x12, row, from)
    return this.#field === TYPES.counter.field ? writeCreated(out, at, 0x1a, createdUnixMs) : at
  }

  #contentBytes(row: Float64Array, from: number, createdUnixMs: number): number {
    if (this.#field !== TYPES.counter.field) return DOUBLE_BYTES
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

class SummaryMetric implements MetricBytes {
  readonly #labels: Buffer
  readonly #numbers: CountAndSum
  readonly #quantiles: readonly { readonly quantile: number; readonly index: number; readonly scale: number }[]

  constructor(labels: Buffer, samples: readonly NumberedSample[]) {
    this.#labels = labels
    this.#numbers = countAndSum(samples)
    this.#quantiles = samples
      .filter(({ sample }) => sample.labels?.['quantile'] !== undefined)
      .map(({ index, sample }) => ({
        index,
        quantile: Number(sample.labels!['quantile']),
        scale: POWERS_OF_TEN[sample.decimals ?? 0]!,
      }))
  }

  size(row: Float64Array, from: number, createdUnixMs: number): number {
    const content = this.#contentBytes(row, from, createdUnixMs)
    return this.#labels.length + 1 + varintBytes(content) + content
  }

  write(out: Buffer, at: number, row: Float64Array, from: number, createdUnixMs: number): number {
    out.set(this.#labels, at)
    at += this.#labels.length
    out[at++] = (TYPES.summary.field << 3) | 2
    at = writeVarint(out, at, this.#contentBytes(row, from, createdUnixMs))
    at = writeCountAndSum(out, at, this.#numbers, row, from)
    for (const { quantile, index, scale } of this.#quantiles) {
      out[at++] = 0x1a
      out[at++] = 2 * DOUBLE_BYTES
      at = writeDouble(out, at, 0x09, quantile)
      at = writeDouble(out, at, 0x11, row[from + index]! / scale)
    }
    return writeCreated(out, at, 0x22, createdUnixMs)
  }

  #contentBytes(row: Float64Array, from: number, createdUnixMs: number): number {
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

class HistogramMetric implements MetricBytes {
  readonly labels: Buffer
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

  size(row: Float64Array, from: number, createdUnixMs: number, native: boolean): number {
    const content = this.#contentBytes(row, from, createdUnixMs, native)
    return this.labels.length + 1 + varintBytes(content) + content
  }

  write(out: Buffer, at: number, row: Float64Array, from: number, createdUnixMs: number, native: boolean): number {
    out.set(this.labels, at)
    at += this.labels.length
    out[at++] = (TYPES.histogram.field << 3) | 2
    at = writeVarint(out, at, this.#contentBytes(row, from, createdUnixMs, native))
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

  #contentBytes(row: Float64Array, from: number, createdUnixMs: number, native: boolean): number {
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

function writeDouble(out: Buffer, at: number, tag: number, value: number): number {
  out[at++] = tag
  return out.writeDoubleLE(value, at)
}
