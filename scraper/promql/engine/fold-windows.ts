import type { Fold, WindowBounds } from '../functions/window.ts'
import { type Grid, timeAt } from './grid.ts'
import type { Limits } from './limits.ts'
import { type SampleSource, Samples } from './samples.ts'
import { type Reference, RowWriter } from './select.ts'
import type { StepVector } from './vector.ts'

export interface FoldInput {
  readonly source: SampleSource
  /** Ends of the windows. */
  readonly at: Reference
  readonly rangeMs: number
  readonly grid: Grid
  readonly fold: Fold
  /** Scalar arguments of the function, each per step. */
  readonly args: readonly Float64Array[]
  /** Told the index of every series that has a result. */
  readonly onSeries?: (index: number) => void
}

/**
 * Applies a function to the windows (t − range, t] of every series.
 *
 * A series is read once for the whole query; two pointers follow the window's edges.
 */
export async function foldWindows(input: FoldInput, limits: Limits): Promise<StepVector> {
  const { source, grid } = input
  const rows = new RowWriter(grid.count)
  const samples = new Samples()
  const bounds: WindowBounds = { startMs: 0, endMs: 0, evalMs: 0, arg0: 0, arg1: 0 }
  for (let i = 0; i < source.length; i++) {
    const turn = limits.betweenSeries()
    if (turn !== undefined) await turn
    source.read(i, samples)
    limits.totalSamples += samples.length
    limits.check(samples.length)
    if (samples.length === 0) continue
    const offset = rows.next(limits)
    if (foldSeries(input, samples, bounds, rows.values, rows.present, offset)) {
      rows.vector.labels.push(source.labelsAt(i))
      input.onSeries?.(i)
    }
  }
  return rows.finish()
}

// hot: once per series and step, the fold once per sample. No allocation.
function foldSeries(
  input: FoldInput,
  samples: Samples,
  bounds: WindowBounds,
  values: Float64Array,
  present: Uint8Array,
  offset: number,
): boolean {
  const { at, rangeMs, grid } = input
  const { fold, minSamples } = input.fold
  const arg0 = input.args[0]
  const arg1 = input.args[1]
  const t = samples.tMs.array
  const v = samples.values.array
  const { length } = samples
  let lo = 0
  let hi = 0
  let found = false
  for (let step = 0; step < at.count; step++) {
    const endMs = at.firstMs + step * at.stepMs
    const startMs = endMs - rangeMs
    while (hi < length && t[hi]! <= endMs) hi++
    while (lo < hi && t[lo]! <= startMs) lo++
    if (hi - lo < minSamples) continue
    bounds.startMs = startMs
    bounds.endMs = endMs
    bounds.evalMs = timeAt(grid, step)
    if (arg0 !== undefined) bounds.arg0 = arg0[step]!
    if (arg1 !== undefined) bounds.arg1 = arg1[step]!
    values[offset + step] = fold(t, v, lo, hi, bounds)
    present[offset + step] = 1
    found = true
  }
  return found
}
