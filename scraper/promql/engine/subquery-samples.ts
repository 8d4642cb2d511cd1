import type { Labels } from '../../model/index.ts'
import { type Grid, timeAt } from './grid.ts'
import type { Samples, SampleSource } from './samples.ts'
import type { StepVector } from './vector.ts'

/** The result of a subquery's inner expression, read as if it were stored samples. */
export class SubquerySamples implements SampleSource {
  readonly #vector: StepVector
  readonly #grid: Grid

  constructor(vector: StepVector, grid: Grid) {
    this.#vector = vector
    this.#grid = grid
  }

  get length(): number {
    return this.#vector.labels.length
  }

  labelsAt(index: number): Labels {
    return this.#vector.labels[index]!
  }

  read(index: number, out: Samples): void {
    const { values, present, steps } = this.#vector
    out.clear()
    for (let step = 0; step < steps; step++) {
      const at = index * steps + step
      if (present[at] === 0) continue
      out.tMs.push(timeAt(this.#grid, step))
      out.values.push(values[at]!)
    }
  }
}
