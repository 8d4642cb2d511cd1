import type { Labels } from '../model/index.ts'

/** One series of a matrix: two columns of equal length, Unix milliseconds and values. `tMs` may be shared by series. */
export interface MatrixSeries {
  readonly labels: Labels
  readonly tMs: Float64Array
  readonly values: Float64Array
}

/** The value of a query. Times are Unix milliseconds. */
export type QueryValue =
  | { readonly type: 'scalar'; readonly tMs: number; readonly value: number }
  | { readonly type: 'string'; readonly tMs: number; readonly value: string }
  /** Rows of an instant vector in the order of the query (`sort`, `topk`); `values` is at least as long as `labels`. */
  | { readonly type: 'vector'; readonly tMs: number; readonly labels: readonly Labels[]; readonly values: Float64Array }
  /** Ordered by labels. */
  | { readonly type: 'matrix'; readonly series: readonly MatrixSeries[] }

export interface QueryStats {
  /** Samples read from storage. */
  readonly totalSamples: number
  readonly peakSamples: number
  readonly queueSeconds: number
  readonly evalSeconds: number
}

export interface QueryResult {
  readonly value: QueryValue
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  readonly stats: QueryStats
}
