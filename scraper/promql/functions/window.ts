/** What a function over a range sees besides the samples: instants in Unix milliseconds, and its scalar arguments. */
export interface WindowBounds {
  /** Excluded. */
  startMs: number
  /** Included. */
  endMs: number
  /** The instant of evaluation, before `offset` and `@`. */
  evalMs: number
  arg0: number
  arg1: number
}

/**
 * Folds the samples [lo, hi) of a series into one value.
 *
 * There are at least `minSamples` of them, ascending in time and free of stale markers. Called once per series and
 * step: it must not allocate per sample.
 */
export type FoldFunction = (
  tMs: Float64Array,
  values: Float64Array,
  lo: number,
  hi: number,
  window: WindowBounds,
) => number

export interface Fold {
  /** With fewer samples in the window there is no result. */
  readonly minSamples: number
  readonly fold: FoldFunction
  /** `first_over_time` and `last_over_time` act like `offset` and keep the metric's name. */
  readonly keepsName: boolean
  /** Tell when the metric does not look like a counter. */
  readonly wantsCounter: boolean
}
