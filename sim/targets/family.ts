/** As OpenMetrics names them; formats that know fewer write the nearest of theirs. */
export type MetricType =
  'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown' | 'info' | 'stateset' | 'gaugehistogram'

/** A metric family as a client library declares it, with its samples in the order in which they are written. */
export interface Family {
  /** May be any UTF-8 text. A counter's ends in `_total`, or OpenMetrics has to call it unknown. */
  readonly name: string
  readonly help: string
  readonly type: MetricType
  /** Base unit, e.g. `seconds`: the name ends in it, but for `_total`. */
  readonly unit?: string
  readonly samples: readonly Sample[]
  /** Native histograms of a histogram family, each beside the samples with the same labels. Only protobuf carries them. */
  readonly native?: readonly NativeShape[]
}

export interface Sample {
  /** `_bucket`, `_sum`, `_count`, `_info`; absent where the sample is named like its family. */
  readonly suffix?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Digits after the point in the text, at most 9. Default 0. */
  readonly decimals?: number
  /** On counters and buckets: OpenMetrics and protobuf carry it. Takes `EXEMPLAR_EXTRAS` extras of a row. */
  readonly exemplar?: ExemplarShape
}

/** What of an exemplar never changes. One extra label, `idLabel`, holds a number in 16 hexadecimal digits. */
export interface ExemplarShape {
  readonly idLabel: string
  readonly labels?: Readonly<Record<string, string>>
  /** Of its value. Default 0. */
  readonly decimals?: number
}

/** id (an integer; NaN: there is no exemplar yet), mantissa of the value, Unix milliseconds. */
export const EXEMPLAR_EXTRAS = 3

/**
 * The buckets of a native histogram: `buckets` of them side by side, the first with index `firstIndex`, so that bucket i
 * ends at 2^(i · 2^-schema). Takes `1 + buckets` extras of a row: observations in the zero bucket, and in each bucket.
 */
export interface NativeShape {
  readonly labels?: Readonly<Record<string, string>>
  /** -4 … 8. */
  readonly schema: number
  readonly zeroThreshold: number
  readonly firstIndex: number
  readonly buckets: number
}

/** How many numbers follow the samples in a row of these families: of each family first its exemplars, then its native histograms. */
export function extrasOf(families: readonly Family[]): number {
  let count = 0
  for (const { samples, native = [] } of families) {
    for (const { exemplar } of samples) if (exemplar !== undefined) count += EXEMPLAR_EXTRAS
    for (const { buckets } of native) count += 1 + buckets
  }
  return count
}
