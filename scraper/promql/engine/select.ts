import { isStaleAt } from '../../model/index.ts'
import type { SeriesSet } from '../../storage/index.ts'
import type { Limits } from './limits.ts'
import { Samples } from './samples.ts'
import type { StepVector } from './vector.ts'

/** Where a selector looks at each step: at `firstMs + i × stepMs`. `stepMs` is 0 with an `@` modifier. */
export interface Reference {
  readonly firstMs: number
  readonly stepMs: number
  readonly count: number
}

/**
 * An instant vector per step: each series' newest sample in (t − lookback, t], none when that is a stale marker.
 *
 * With `timestamps` the values are the samples' own times in seconds, as `timestamp()` wants them.
 */
export async function selectInstant(
  set: SeriesSet,
  at: Reference,
  lookbackMs: number,
  limits: Limits,
  timestamps: boolean,
): Promise<StepVector> {
  const steps = at.count
  const rows = new RowWriter(steps)
  const samples = new Samples()
  for (let i = 0; i < set.length; i++) {
    const turn = limits.betweenSeries()
    if (turn !== undefined) await turn
    samples.clear()
    set.samplesAt(i, samples)
    limits.totalSamples += samples.length
    limits.check(samples.length)
    if (samples.length === 0) continue
    const offset = rows.next(limits)
    const found = fillRow(samples, at, lookbackMs, timestamps, rows.values, rows.present, offset)
    if (found) rows.vector.labels.push(set.labelsAt(i))
    else rows.present.fill(0, offset, offset + steps)
  }
  return rows.finish()
}

// hot: once per series and sample. No allocation.
function fillRow(
  samples: Samples,
  at: Reference,
  lookbackMs: number,
  timestamps: boolean,
  values: Float64Array,
  present: Uint8Array,
  offset: number,
): boolean {
  const t = samples.tMs.array
  const v = samples.values.array
  const { length } = samples
  let next = 0
  let found = false
  for (let step = 0; step < at.count; step++) {
    const now = at.firstMs + step * at.stepMs
    while (next < length && t[next]! <= now) next++
    const last = next - 1
    if (last < 0 || t[last]! <= now - lookbackMs) continue
    const value = v[last]!
    if (value !== value && isStaleAt(v, last)) continue
    values[offset + step] = timestamps ? t[last]! / 1000 : value
    present[offset + step] = 1
    found = true
  }
  return found
}

/** Rows that are written one after the other and only kept when something was written: room doubles when it ends. */
export class RowWriter {
  readonly steps: number
  readonly vector: { steps: number; labels: StepVector['labels']; values: Float64Array; present: Uint8Array }

  constructor(steps: number) {
    this.steps = steps
    this.vector = { steps, labels: [], values: new Float64Array(0), present: new Uint8Array(0) }
  }

  get values(): Float64Array {
    return this.vector.values
  }

  get present(): Uint8Array {
    return this.vector.present
  }

  /** Index of the first cell of the row after the last labelled one; the arrays may be replaced. */
  next(limits: Limits): number {
    const { vector, steps } = this
    const offset = vector.labels.length * steps
    if (offset + steps > vector.values.length) {
      limits.check(offset + steps)
      const cells = Math.max(offset * 2, 64 * steps, offset + steps)
      const values = new Float64Array(cells)
      values.set(vector.values)
      vector.values = values
      const present = new Uint8Array(cells)
      present.set(vector.present)
      vector.present = present
    }
    return offset
  }

  finish(): StepVector {
    return this.vector
  }
}
