import { type Labels, METRIC_NAME } from '../../model/index.ts'
import { Buckets } from '../functions/classic-histogram.ts'
import { numberValue } from '../parse/literals.ts'
import type { Span } from '../position.ts'
import type { Annotations } from './annotations.ts'
import { type Grid, timeAt } from './grid.ts'
import { type StepVector, VectorBuilder } from './vector.ts'

const BUCKET_LABEL = 'le'
const LE_ONLY: ReadonlySet<string> = new Set([BUCKET_LABEL])
const LE_AND_NAME: ReadonlySet<string> = new Set([BUCKET_LABEL, METRIC_NAME])

/** The buckets of one classic histogram: rows of the input, ascending by bound. */
interface Histogram {
  readonly labels: Labels
  readonly rows: { readonly row: number; readonly bound: number }[]
}

export function histogramQuantile(
  phi: Float64Array,
  input: StepVector,
  grid: Grid,
  arg: Span,
  annotations: Annotations,
): StepVector {
  return evaluate(input, arg, annotations, (buckets, step) => {
    const value = buckets.quantile(phi[step]!)
    if (buckets.fixed) {
      const { minFixedBound, maxFixedBound, maxDrop } = buckets
      annotations.forcedMonotonicity(arg, timeAt(grid, step), minFixedBound, maxFixedBound, maxDrop)
    }
    return value
  })
}

export function histogramFraction(
  lower: Float64Array,
  upper: Float64Array,
  input: StepVector,
  arg: Span,
  annotations: Annotations,
): StepVector {
  return evaluate(input, arg, annotations, (buckets, step) => buckets.fraction(lower[step]!, upper[step]!))
}

/** Applies `fn` to every histogram at every step at which it has buckets. */
function evaluate(
  input: StepVector,
  arg: Span,
  annotations: Annotations,
  fn: (buckets: Buckets, step: number) => number,
): StepVector {
  const { steps, values, present } = input
  const histograms = collect(input, arg, annotations)
  const builder = new VectorBuilder(steps, histograms.length)
  const buckets = new Buckets()
  for (const { labels, rows } of histograms) {
    let target = -1
    for (let step = 0; step < steps; step++) {
      buckets.clear()
      for (const { row, bound } of rows) {
        if (present[row * steps + step] === 1) buckets.push(bound, values[row * steps + step]!)
      }
      if (buckets.length === 0) continue
      if (target === -1) target = builder.row(labels)
      builder.set(target, step, fn(buckets, step))
    }
  }
  return builder.build()
}

/** Buckets that belong together share all labels but `le`; bounds are read once per series. */
function collect(input: StepVector, arg: Span, annotations: Annotations): Histogram[] {
  const histograms = new Map<string, Histogram>()
  for (let row = 0; row < input.labels.length; row++) {
    const labels = input.labels[row]!
    const le = labels.get(BUCKET_LABEL)
    const bound = numberValue(le)
    if (bound === undefined || bound !== bound) {
      annotations.badBucketLabel(le, arg)
      continue
    }
    const key = labels.without(LE_ONLY).key()
    let histogram = histograms.get(key)
    if (histogram === undefined) {
      histograms.set(key, (histogram = { labels: labels.without(LE_AND_NAME), rows: [] }))
    }
    histogram.rows.push({ row, bound })
  }
  for (const { rows } of histograms.values()) rows.sort((a, b) => a.bound - b.bound || 0)
  return [...histograms.values()]
}
