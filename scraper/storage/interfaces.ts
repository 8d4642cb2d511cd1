import type { GrowableFloat64 } from '../../base/index.ts'
import type { Labels, Matcher } from '../model/index.ts'

/** Number of a series within one storage; never reused while the process lives. 0 is no series. */
export type SeriesRef = number

/** What became of one sample. Numbers, because this is decided once per sample. */
export const AppendStatus = {
  ok: 0,
  /** Older than the newest sample of its series. */
  outOfOrder: 1,
  /** Same time as the newest sample, different value. (Same value: `ok`, nothing stored.) */
  duplicate: 2,
  /** Outside the time that the storage still takes. */
  tooOld: 3,
  /** The series does not exist (any more): ask for it by its labels again. */
  unknownSeries: 4,
} as const
export type AppendStatus = (typeof AppendStatus)[keyof typeof AppendStatus]

/**
 * A batch of samples, typically one scrape. Nothing of it is visible to queries before `commit`.
 *
 * One appender is used by one caller and ends with exactly one `commit` or `rollback`. Times are Unix milliseconds,
 * integers.
 */
export interface Appender {
  /** Finds or creates a series. Its creation survives a rollback. */
  series(labels: Labels): SeriesRef
  append(ref: SeriesRef, tMs: number, value: number): AppendStatus
  /** Marks the series as ended at `tMs`: queries after it find nothing. */
  appendStale(ref: SeriesRef, tMs: number): AppendStatus
  /** Writes the log, then makes the samples visible. @throws WalError when the log cannot be written: nothing is visible then. */
  commit(): void
  rollback(): void
}

export interface Appendable {
  appender(): Appender
}

/** Reads the samples of a time range, both ends included. A querier sees at least what was committed before it was made. */
export interface Querier {
  /** Series that satisfy all matchers and have a sample in the range. */
  select(matchers: readonly Matcher[], hints?: SelectHints): Promise<SeriesSet>
  /** Sorted, without duplicates. */
  labelNames(matchers: readonly Matcher[]): Promise<string[]>
  /** Sorted, without duplicates. */
  labelValues(name: string, matchers: readonly Matcher[]): Promise<string[]>
}

export interface SelectHints {
  /** Order the series by their labels. */
  readonly sort?: boolean
}

/** The answer to one select. Asynchronous selection, synchronous reading: decoding one series never waits. */
export interface SeriesSet {
  readonly length: number
  labelsAt(index: number): Labels
  /**
   * Appends the samples of series `index` within the querier's range to `out`, ascending in time. Stale markers are
   * included, as the bits of `writeStale`.
   */
  samplesAt(index: number, out: SampleColumns): void
}

/** Two columns of equal length, owned and cleared by the caller. */
export interface SampleColumns {
  readonly tMs: GrowableFloat64
  readonly values: GrowableFloat64
}

export interface Queryable {
  /** @param minMs @param maxMs Unix milliseconds, both included. */
  querier(minMs: number, maxMs: number): Querier
}

/** What `/api/v1/status/tsdb` and `/metrics` tell about a storage. */
export interface StorageStats {
  readonly series: number
  readonly chunks: number
  /** Unix milliseconds of the oldest and newest sample; `undefined` when empty. */
  readonly minMs: number | undefined
  readonly maxMs: number | undefined
  readonly labelPairs: number
  readonly samplesAppended: number
  readonly outOfOrderSamples: number
  readonly seriesCreated: number
  readonly seriesRemoved: number
  readonly walBytes: number
}

export interface NamedCount {
  readonly name: string
  readonly value: number
}

/** The top `limit` of each cardinality statistic. */
export interface CardinalityStats {
  readonly seriesCountByMetricName: readonly NamedCount[]
  readonly labelValueCountByLabelName: readonly NamedCount[]
  readonly memoryInBytesByLabelName: readonly NamedCount[]
  readonly seriesCountByLabelValuePair: readonly NamedCount[]
}

export interface Storage extends Appendable, Queryable {
  stats(): StorageStats
  cardinality(limit: number): CardinalityStats
  close(): Promise<void>
}
