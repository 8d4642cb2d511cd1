import { type Labels, METRIC_NAME } from '../../model/index.ts'
import { executionError } from '../errors.ts'

/**
 * An instant vector at every step of a query, by columns.
 *
 *            step 0   step 1   …  step n−1
 *   row 0  [ values[0],  …            ]   labels[0]
 *   row 1  [ values[n],  …            ]   labels[1]
 *
 * `present` has the same shape: 1 where the row has a value. Where it is 0 the value is unspecified. Label sets are
 * unique. Who receives a vector owns it and may change it in place.
 */
export interface StepVector {
  readonly steps: number
  labels: Labels[]
  /** At least `labels.length × steps` long. */
  values: Float64Array
  present: Uint8Array
}

export const SAME_LABELSET = 'vector cannot contain metrics with the same labelset'

export function emptyVector(steps: number): StepVector {
  return { steps, labels: [], values: new Float64Array(0), present: new Uint8Array(0) }
}

/** One series without labels that has a value at every step. */
export function constantVector(steps: number, labels: Labels, values: Float64Array): StepVector {
  return { steps, labels: [labels], values, present: new Uint8Array(steps).fill(1) }
}

/** A vector of one step at every one of `steps` steps. */
export function broadcast(vector: StepVector, steps: number): StepVector {
  const rows = vector.labels.length
  const out: StepVector = {
    steps,
    labels: vector.labels,
    values: new Float64Array(rows * steps),
    present: new Uint8Array(rows * steps),
  }
  for (let row = 0; row < rows; row++) {
    if (vector.present[row] === 0) continue
    out.values.fill(vector.values[row]!, row * steps, (row + 1) * steps)
    out.present.fill(1, row * steps, (row + 1) * steps)
  }
  return out
}

/** The rows of `vector` in the given order. */
export function pickRows(vector: StepVector, rows: readonly number[]): StepVector {
  const { steps } = vector
  const out: StepVector = {
    steps,
    labels: rows.map(row => vector.labels[row]!),
    values: new Float64Array(rows.length * steps),
    present: new Uint8Array(rows.length * steps),
  }
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * steps
    out.values.set(vector.values.subarray(from, from + steps), i * steps)
    out.present.set(vector.present.subarray(from, from + steps), i * steps)
  }
  return out
}

/** Without rows that have no value at any step. */
export function dropEmptyRows(vector: StepVector): StepVector {
  const kept: number[] = []
  for (let row = 0; row < vector.labels.length; row++) {
    if (hasAny(vector, row)) kept.push(row)
  }
  return kept.length === vector.labels.length ? vector : pickRows(vector, kept)
}

function hasAny(vector: StepVector, row: number): boolean {
  const end = (row + 1) * vector.steps
  for (let i = row * vector.steps; i < end; i++) if (vector.present[i] === 1) return true
  return false
}

const NAME_ONLY: ReadonlySet<string> = new Set([METRIC_NAME])

/** Without metric names, as every function that changes values leaves it. */
export function dropNames(vector: StepVector): StepVector {
  const { labels } = vector
  if (labels.length === 0) return vector
  const first = labels[0]!.get(METRIC_NAME)
  let uniform = true
  for (let i = 1; i < labels.length && uniform; i++) uniform = labels[i]!.get(METRIC_NAME) === first
  if (uniform && first === '') return vector
  const renamed = labels.map(set => set.without(NAME_ONLY))
  if (!uniform) return relabel(vector, renamed)
  // Sets that differ, with one name, differ without it.
  vector.labels = renamed
  return vector
}

/**
 * Gives the rows new labels; rows that become equal are merged where they do not overlap.
 *
 * @throws QueryError when two of them have a value at the same step
 */
export function relabel(vector: StepVector, labels: Labels[]): StepVector {
  const keys = new Set<string>()
  for (const set of labels) keys.add(set.key())
  if (keys.size === labels.length) {
    vector.labels = labels
    return vector
  }
  const builder = new VectorBuilder(vector.steps, keys.size)
  for (let row = 0; row < labels.length; row++) {
    builder.addRow(builder.row(labels[row]!), vector, row)
  }
  return builder.build()
}

/** Collects rows by their labels. */
export class VectorBuilder {
  readonly steps: number
  readonly #rows = new Map<string, number>()
  readonly #labels: Labels[] = []
  values: Float64Array
  present: Uint8Array

  constructor(steps: number, expectedRows = 0) {
    this.steps = steps
    this.values = new Float64Array(expectedRows * steps)
    this.present = new Uint8Array(expectedRows * steps)
  }

  get rows(): number {
    return this.#labels.length
  }

  /** The row with these labels, made when there is none. `values` and `present` may be replaced by it. */
  row(labels: Labels): number {
    const key = labels.key()
    const known = this.#rows.get(key)
    if (known !== undefined) return known
    const row = this.#labels.length
    this.#labels.push(labels)
    this.#rows.set(key, row)
    if ((row + 1) * this.steps > this.values.length) this.#grow()
    return row
  }

  /** @throws QueryError when the row has a value at this step already */
  set(row: number, step: number, value: number): void {
    const at = row * this.steps + step
    if (this.present[at] === 1) throw executionError(SAME_LABELSET)
    this.present[at] = 1
    this.values[at] = value
  }

  /** Copies what row `source` of `vector` has. @throws QueryError as `set` */
  addRow(row: number, vector: StepVector, source: number): void {
    const from = source * this.steps
    for (let step = 0; step < this.steps; step++) {
      if (vector.present[from + step] === 1) this.set(row, step, vector.values[from + step]!)
    }
  }

  build(): StepVector {
    return { steps: this.steps, labels: this.#labels, values: this.values, present: this.present }
  }

  #grow(): void {
    const cells = Math.max(16, this.#labels.length * 2) * this.steps
    const values = new Float64Array(cells)
    values.set(this.values)
    this.values = values
    const present = new Uint8Array(cells)
    present.set(this.present)
    this.present = present
  }
}
