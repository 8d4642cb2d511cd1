import { EXEMPLAR_EXTRAS, type Family, type Sample } from './family.ts'
import { escapeName, type Escaping } from './name-escaping.ts'
import { DOUBLE_BYTES, lengthField, varintBytes, varintField, writeVarint } from './protobuf-bytes.ts'
import { labelFields, type NumberedSample } from './protobuf-exemplar.ts'
import { HistogramMetric, type MetricBytes, SimpleMetric, SummaryMetric, TYPES } from './protobuf-metrics.ts'
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
  readonly #contents: Float64Array
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
    this.#contents = new Float64Array(metrics)
    this.bytesMax = bytesMax
  }

  /** Writes all messages at `at`; returns the end. `from`: where in `row` these families begin. NaN: nothing says when it began. */
  write(out: Buffer, at: number, row: Float64Array, from: number, createdUnixMs: number, native: boolean): number {
    for (const family of this.#families) {
      const { head, tail, metrics } = family
      let size = head.length + tail.length
      for (let i = 0; i < metrics.length; i++) {
        const content = metrics[i]!.contentBytes(row, from, createdUnixMs, native)
        this.#contents[i] = content
        const bytes = metrics[i]!.labels.length + messageBytes(content)
        size += messageBytes(bytes)
      }
      at = writeVarint(out, at, size)
      out.set(head, at)
      at += head.length
      for (let i = 0; i < metrics.length; i++) {
        const metric = metrics[i]!
        const content = this.#contents[i]!
        out[at++] = METRIC_TAG
        at = writeVarint(out, at, metric.labels.length + messageBytes(content))
        out.set(metric.labels, at)
        at += metric.labels.length
        out[at++] = (metric.field << 3) | 2
        at = writeVarint(out, at, content)
        at = metric.write(out, at, row, from, createdUnixMs, native)
      }
      out.set(tail, at)
      at += tail.length
    }
    return at
  }
}

const METRIC_TAG = 0x22
/** A length, a tag and a varint each. */
const NUMBER_BYTES_MAX = 24
const EXEMPLAR_BYTES_MAX = 80

/** A message in another, with its tag and length. */
function messageBytes(content: number): number {
  return 1 + varintBytes(content) + content
}

interface FamilyBytes {
  readonly head: Uint8Array
  readonly tail: Uint8Array
  readonly metrics: readonly MetricBytes[]
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
