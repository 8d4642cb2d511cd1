import { LabelsBuilder } from '../../model/index.ts'
import { executionError } from '../errors.ts'
import { formatFloat, formatFloatPlain } from '../format-float.ts'
import { groupRows, type LabelChoice, rowsByGroup } from './grouping.ts'
import { dropEmptyRows, emptyVector, pickRows, type StepVector, VectorBuilder } from './vector.ts'

const INT64 = 2 ** 63

/**
 * `topk` and `bottomk`: the k greatest or smallest samples of each group, k per step. Rows keep their labels.
 *
 * At a single step the rows come out in order of value, group by group. NaNs come last; of equal values the earlier row
 * wins.
 */
export function selectK(op: 'topk' | 'bottomk', k: Float64Array, input: StepVector, choice: LabelChoice): StepVector {
  const { steps } = input
  checkK(k)
  if (k.every(value => value < 1)) return emptyVector(steps)
  const groups = rowsByGroup(groupRows(input.labels, choice))
  const keep = new Uint8Array(input.present.length)
  const order: number[] = []
  for (const rows of groups) {
    for (let step = 0; step < steps; step++) {
      const limit = Math.trunc(k[step]!)
      if (limit < 1) continue
      for (const row of best(op, limit, input, rows, step)) {
        keep[row * steps + step] = 1
        if (steps === 1) order.push(row)
      }
    }
  }
  input.present = keep
  return steps === 1 ? pickRows(input, order) : dropEmptyRows(input)
}

function checkK(k: Float64Array): void {
  let most = -Infinity
  for (const value of k) {
    if (value !== value) throw executionError('Parameter value is NaN')
    most = Math.max(most, value)
    if (value <= -INT64) throw executionError(`Scalar value ${formatFloat(value)} underflows int64`)
  }
  if (most >= INT64) throw executionError(`Scalar value ${formatFloat(most)} overflows int64`)
}

/** The chosen rows, best first: an insertion into a list of at most `limit`, which is short as a rule. */
function best(
  op: 'topk' | 'bottomk',
  limit: number,
  input: StepVector,
  rows: readonly number[],
  step: number,
): number[] {
  const { steps, values, present } = input
  const sign = op === 'topk' ? 1 : -1
  const chosen: number[] = []
  const better = (a: number, b: number): boolean => (b !== b ? a === a : sign * a > sign * b)
  if (limit >= rows.length) {
    for (const row of rows) if (present[row * steps + step] === 1) chosen.push(row)
    return chosen.sort((a, b) => {
      const x = values[a * steps + step]!
      const y = values[b * steps + step]!
      return better(x, y) ? -1 : better(y, x) ? 1 : a - b
    })
  }
  for (const row of rows) {
    if (present[row * steps + step] === 0) continue
    const value = values[row * steps + step]!
    if (chosen.length === limit && !better(value, values[chosen[limit - 1]! * steps + step]!)) continue
    let lo = 0
    let hi = chosen.length
    while (lo < hi) {
      const mid = (lo + hi) >> 1
      if (better(value, values[chosen[mid]! * steps + step]!)) hi = mid
      else lo = mid + 1
    }
    chosen.splice(lo, 0, row)
    if (chosen.length > limit) chosen.pop()
  }
  return chosen
}

/** `count_values`: how many rows of a group have which value; the value becomes a label. */
export function countValues(label: string, input: StepVector, choice: LabelChoice): StepVector {
  const { steps } = input
  const builder = new VectorBuilder(steps)
  const labels = new LabelsBuilder()
  const rowOf = new Map<string, number>()
  for (let row = 0; row < input.labels.length; row++) {
    rowOf.clear()
    for (let step = 0; step < steps; step++) {
      const at = row * steps + step
      if (input.present[at] === 0) continue
      const text = formatFloatPlain(input.values[at]!)
      let target = rowOf.get(text)
      if (target === undefined) {
        target = builder.row(choice.of(labels.reset(input.labels[row]!).set(label, text).build()))
        rowOf.set(text, target)
      }
      const cell = target * steps + step
      builder.present[cell] = 1
      builder.values[cell]! += 1
    }
  }
  return builder.build()
}
