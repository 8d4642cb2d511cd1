import { quantile } from '../functions/quantile.ts'
import { type Groups, groupRows, type LabelChoice, rowsByGroup } from './grouping.ts'
import type { StepVector } from './vector.ts'

/** Aggregations that turn the samples of a group into one, without looking at the others. */
export type SimpleAggregation = 'sum' | 'avg' | 'count' | 'min' | 'max' | 'group' | 'stddev' | 'stdvar'

/**
 * The state of all groups at all steps, one cell each. What `value` and the others mean is up to the operation.
 *
 * Rows are folded in one after the other, so that memory is read in the order in which it lies.
 */
interface Cells {
  readonly value: Float64Array
  readonly present: Uint8Array
  /** Lost low bits of Kahan's sum; the running mean of stddev. */
  readonly aux: Float64Array
  readonly count: Float64Array
  /** 1 once the sum of an average would have overflowed: `value` is then a running mean. */
  readonly incremental: Uint8Array
}

type Kernel = (cells: Cells, input: StepVector, row: number, cell: number) => void

export function aggregateSimple(op: SimpleAggregation, input: StepVector, choice: LabelChoice): StepVector {
  const groups = groupRows(input.labels, choice)
  const { steps } = input
  const size = groups.count * steps
  const cells: Cells = {
    value: new Float64Array(size),
    present: new Uint8Array(size),
    aux: new Float64Array(size),
    count: new Float64Array(size),
    incremental: new Uint8Array(op === 'avg' ? size : 0),
  }
  const kernel = KERNELS[op]
  for (let row = 0; row < input.labels.length; row++) kernel(cells, input, row, groups.ofRow[row]! * steps)
  FINISH[op]?.(cells)
  return { steps, labels: groupLabels(input, groups, choice), values: cells.value, present: cells.present }
}

/** The φ-quantile of each group, φ per step. */
export function aggregateQuantile(phi: Float64Array, input: StepVector, choice: LabelChoice): StepVector {
  const groups = groupRows(input.labels, choice)
  const { steps } = input
  const values = new Float64Array(groups.count * steps)
  const present = new Uint8Array(groups.count * steps)
  let scratch = new Float64Array(64)
  for (const [group, rows] of rowsByGroup(groups).entries()) {
    if (scratch.length < rows.length) scratch = new Float64Array(rows.length)
    for (let step = 0; step < steps; step++) {
      let count = 0
      for (const row of rows) {
        const at = row * steps + step
        if (input.present[at] === 1) scratch[count++] = input.values[at]!
      }
      if (count === 0) continue
      values[group * steps + step] = quantile(phi[step]!, scratch, count)
      present[group * steps + step] = 1
    }
  }
  return { steps, labels: groupLabels(input, groups, choice), values, present }
}

function groupLabels(input: StepVector, groups: Groups, choice: LabelChoice): StepVector['labels'] {
  return groups.firstRow.map(row => choice.of(input.labels[row]!))
}

// hot, all of the kernels: once per series and step. No allocation.
const KERNELS: Readonly<Record<SimpleAggregation, Kernel>> = {
  sum({ value, present, aux }, input, row, cell) {
    const from = row * input.steps
    for (let step = 0; step < input.steps; step++) {
      if (input.present[from + step] === 0) continue
      const at = cell + step
      const x = input.values[from + step]!
      if (present[at] === 0) {
        present[at] = 1
        value[at] = x
        continue
      }
      const sum = value[at]!
      const total = sum + x
      if (total === Infinity || total === -Infinity) aux[at] = 0
      else if (Math.abs(sum) >= Math.abs(x)) aux[at]! += sum - total + x
      else aux[at]! += x - total + sum
      value[at] = total
    }
  },

  avg({ value, present, aux, count, incremental }, input, row, cell) {
    const from = row * input.steps
    for (let step = 0; step < input.steps; step++) {
      if (input.present[from + step] === 0) continue
      const at = cell + step
      let x = input.values[from + step]!
      const n = ++count[at]!
      if (present[at] === 0) {
        present[at] = 1
        value[at] = x
        continue
      }
      if (incremental[at] === 0) {
        const sum = value[at]! + x
        if (sum === Infinity || sum === -Infinity) {
          incremental[at] = 1
          value[at]! /= n - 1
          aux[at]! /= n - 1
        }
      }
      if (incremental[at] === 1) {
        value[at]! *= (n - 1) / n
        aux[at]! *= (n - 1) / n
        x /= n
      }
      const sum = value[at]!
      const total = sum + x
      if (total === Infinity || total === -Infinity) aux[at] = 0
      else if (Math.abs(sum) >= Math.abs(x)) aux[at]! += sum - total + x
      else aux[at]! += x - total + sum
      value[at] = total
    }
  },

  count({ value, present }, input, row, cell) {
    const from = row * input.steps
    for (let step = 0; step < input.steps; step++) {
      if (input.present[from + step] === 0) continue
      present[cell + step] = 1
      value[cell + step]! += 1
    }
  },

  group({ value, present }, input, row, cell) {
    const from = row * input.steps
    for (let step = 0; step < input.steps; step++) {
      if (input.present[from + step] === 0) continue
      present[cell + step] = 1
      value[cell + step] = 1
    }
  },

  min({ value, present }, input, row, cell) {
    const from = row * input.steps
    for (let step = 0; step < input.steps; step++) {
      if (input.present[from + step] === 0) continue
      const at = cell + step
      const x = input.values[from + step]!
      const best = value[at]!
      if (present[at] === 0 || x < best || best !== best) value[at] = x
      present[at] = 1
    }
  },

  max({ value, present }, input, row, cell) {
    const from = row * input.steps
    for (let step = 0; step < input.steps; step++) {
      if (input.present[from + step] === 0) continue
      const at = cell + step
      const x = input.values[from + step]!
      const best = value[at]!
      if (present[at] === 0 || x > best || best !== best) value[at] = x
      present[at] = 1
    }
  },

  stdvar: varianceKernel,
  stddev: varianceKernel,
}

/** Welford: `aux` is the mean, `value` the sum of squared distances from it. */
function varianceKernel({ value, present, aux, count }: Cells, input: StepVector, row: number, cell: number): void {
  const from = row * input.steps
  for (let step = 0; step < input.steps; step++) {
    if (input.present[from + step] === 0) continue
    const at = cell + step
    const x = input.values[from + step]!
    const n = ++count[at]!
    if (present[at] === 0) {
      present[at] = 1
      aux[at] = x
      value[at] = x - x === 0 ? 0 : NaN
      continue
    }
    const distance = x - aux[at]!
    aux[at]! += distance / n
    value[at]! += distance * (x - aux[at]!)
  }
}

const FINISH: Readonly<Partial<Record<SimpleAggregation, (cells: Cells) => void>>> = {
  sum({ value, aux }) {
    for (let i = 0; i < value.length; i++) value[i]! += aux[i]!
  },
  avg({ value, aux, count, incremental }) {
    for (let i = 0; i < value.length; i++) {
      value[i] = incremental[i] === 1 ? value[i]! + aux[i]! : value[i]! / count[i]! + aux[i]! / count[i]!
    }
  },
  stdvar({ value, count }) {
    for (let i = 0; i < value.length; i++) value[i]! /= count[i]!
  },
  stddev({ value, count }) {
    for (let i = 0; i < value.length; i++) value[i] = Math.sqrt(value[i]! / count[i]!)
  },
}
