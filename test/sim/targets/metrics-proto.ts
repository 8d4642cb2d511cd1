// The client data model as its makers publish it (client_model 0.6), for a decoder that knows nothing of ours.
import protobuf from 'protobufjs'

const PROTO = `
syntax = "proto2";
package io.prometheus.client;
message Timestamp { optional int64 seconds = 1; optional int32 nanos = 2; }
message LabelPair { optional string name = 1; optional string value = 2; }
enum MetricType { COUNTER = 0; GAUGE = 1; SUMMARY = 2; UNTYPED = 3; HISTOGRAM = 4; GAUGE_HISTOGRAM = 5; }
message Gauge { optional double value = 1; }
message Counter { optional double value = 1; optional Exemplar exemplar = 2; optional Timestamp created_timestamp = 3; }
message Quantile { optional double quantile = 1; optional double value = 2; }
message Summary {
  optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Quantile quantile = 3;
  optional Timestamp created_timestamp = 4;
}
message Untyped { optional double value = 1; }
message Histogram {
  optional uint64 sample_count = 1; optional double sample_count_float = 4; optional double sample_sum = 2;
  repeated Bucket bucket = 3; optional Timestamp created_timestamp = 15; optional sint32 schema = 5;
  optional double zero_threshold = 6; optional uint64 zero_count = 7; optional double zero_count_float = 8;
  repeated BucketSpan negative_span = 9; repeated sint64 negative_delta = 10; repeated double negative_count = 11;
  repeated BucketSpan positive_span = 12; repeated sint64 positive_delta = 13; repeated double positive_count = 14;
  repeated Exemplar exemplars = 16;
}
message Bucket {
  optional uint64 cumulative_count = 1; optional double cumulative_count_float = 4; optional double upper_bound = 2;
  optional Exemplar exemplar = 3;
}
message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
message Exemplar { repeated LabelPair label = 1; optional double value = 2; optional Timestamp timestamp = 3; }
message Metric {
  repeated LabelPair label = 1; optional Gauge gauge = 2; optional Counter counter = 3; optional Summary summary = 4;
  optional Untyped untyped = 5; optional Histogram histogram = 7; optional int64 timestamp_ms = 6;
}
message MetricFamily {
  optional string name = 1; optional string help = 2; optional MetricType type = 3; repeated Metric metric = 4;
  optional string unit = 5;
}`

const MESSAGE = protobuf.parse(PROTO, { keepCase: true }).root.lookupType('io.prometheus.client.MetricFamily')

type Labels = readonly { readonly name: string; readonly value: string }[]

export interface DecodedExemplar {
  readonly label: Labels
  readonly value: number
  readonly timestamp: { readonly seconds: number; readonly nanos?: number }
}

export interface DecodedHistogram {
  readonly sample_count?: number
  readonly sample_sum?: number
  readonly bucket: readonly {
    readonly cumulative_count: number
    readonly upper_bound: number
    readonly exemplar?: DecodedExemplar
  }[]
  readonly created_timestamp?: object
  readonly schema?: number
  readonly zero_threshold?: number
  readonly zero_count?: number
  readonly positive_span: readonly { readonly offset: number; readonly length: number }[]
  readonly positive_delta: readonly number[]
}

export interface DecodedFamily {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly unit?: string
  readonly metric: readonly {
    readonly label: Labels
    readonly gauge?: { readonly value: number }
    readonly counter?: {
      readonly value: number
      readonly exemplar?: DecodedExemplar
      readonly created_timestamp?: object
    }
    readonly untyped?: { readonly value: number }
    readonly summary?: {
      readonly sample_count?: number
      readonly sample_sum?: number
      readonly quantile: readonly { readonly quantile: number; readonly value: number }[]
    }
    readonly histogram?: DecodedHistogram
  }[]
}

/** All messages of a delimited body. @throws where it is cut short. */
export function decodeFamilies(body: Uint8Array): DecodedFamily[] {
  const reader = protobuf.Reader.create(body)
  const out: DecodedFamily[] = []
  while (reader.pos < reader.len) {
    const message = MESSAGE.decodeDelimited(reader)
    out.push(MESSAGE.toObject(message, { longs: Number, enums: String, arrays: true }) as DecodedFamily)
  }
  return out
}

/** The series that a scraper makes of a family, by name and labels; bounds as numbers. */
export function samplesOf(families: readonly DecodedFamily[]): Map<string, number> {
  const out = new Map<string, number>()
  const add = (name: string, label: Labels, value: number | undefined, bound: Record<string, number> = {}): void => {
    if (value === undefined) return
    const labels = { ...Object.fromEntries(label.map(pair => [pair.name, pair.value])), ...bound }
    const key = seriesKey(name, labels)
    if (out.has(key)) throw new Error(`${key} twice`)
    out.set(key, value)
  }
  for (const { name, metric } of families) {
    for (const { label, gauge, counter, untyped, summary, histogram } of metric) {
      add(name, label, (gauge ?? counter ?? untyped)?.value)
      for (const { quantile, value } of summary?.quantile ?? []) add(name, label, value, { quantile })
      const buckets = histogram?.bucket ?? []
      for (const bucket of buckets) add(`${name}_bucket`, label, bucket.cumulative_count, { le: bucket.upper_bound })
      if (histogram !== undefined && !buckets.some(bucket => bucket.upper_bound === Infinity)) {
        add(`${name}_bucket`, label, histogram.sample_count, { le: Infinity })
      }
      add(`${name}_sum`, label, (summary ?? histogram)?.sample_sum)
      add(`${name}_count`, label, (summary ?? histogram)?.sample_count)
    }
  }
  return out
}

/** One text for a series, however its bounds are written. */
export function seriesKey(name: string, labels: Readonly<Record<string, string | number>>): string {
  const number = (value: string | number): string => String(value === '+Inf' ? Infinity : Number(value))
  const pairs = Object.entries(labels)
    .map(([label, value]) => [label, label === 'le' || label === 'quantile' ? number(value) : String(value)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([name, ...pairs])
}
