import type { Call } from '../parse/ast.ts'
import { unwrap } from '../parse/ast.ts'
import { pickRows, type StepVector } from './vector.ts'

/** Orders the rows of an instant query by value, NaNs last. Range queries are ordered by labels anyhow: told, not done. */
export function sortByValue(vector: StepVector, descending: boolean, inRangeQuery: () => void): StepVector {
  if (vector.steps !== 1) {
    inRangeQuery()
    return vector
  }
  const rows = presentRows(vector).toSorted((a, b) => {
    const x = vector.values[a]!
    const y = vector.values[b]!
    if (x !== x || y !== y) return Number(x !== x) - Number(y !== y)
    return descending ? y - x || 0 : x - y || 0
  })
  return pickRows(vector, rows)
}

/** Orders the rows of an instant query by the named labels in natural order, then by all labels. */
export function sortByLabels(
  expr: Call,
  vector: StepVector,
  descending: boolean,
  inRangeQuery: () => void,
): StepVector {
  if (vector.steps !== 1) {
    inRangeQuery()
    return vector
  }
  const names = expr.args.slice(1).map(arg => {
    const literal = unwrap(arg)
    return literal.kind === 'string' ? literal.value : ''
  })
  const sign = descending ? -1 : 1
  const natural = new Intl.Collator('en', { numeric: true, caseFirst: 'upper' })
  const rows = presentRows(vector).toSorted((a, b) => {
    const x = vector.labels[a]!
    const y = vector.labels[b]!
    for (const name of names) {
      const order = natural.compare(x.get(name), y.get(name))
      if (order !== 0) return sign * order
    }
    return sign * x.compare(y)
  })
  return pickRows(vector, rows)
}

function presentRows(vector: StepVector): number[] {
  const rows: number[] = []
  for (let row = 0; row < vector.labels.length; row++) if (vector.present[row] === 1) rows.push(row)
  return rows
}
