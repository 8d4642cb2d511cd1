import { type BinaryOp, isComparison, isSetOperation } from '../parse/ast.ts'
import { assert } from '../../../base/index.ts'
import { arithmetic, comparison } from './operators.ts'
import { dropNames, type StepVector } from './vector.ts'

/** Both operands scalar; a comparison gives 0 or 1. Writes into `lhs`. */
export function scalarScalar(op: BinaryOp, lhs: Float64Array, rhs: Float64Array): Float64Array {
  assert(!isSetOperation(op), 'set operations take vectors')
  if (isComparison(op)) {
    const compare = comparison(op)
    for (let i = 0; i < lhs.length; i++) lhs[i] = compare(lhs[i]!, rhs[i]!) ? 1 : 0
    return lhs
  }
  const compute = arithmetic(op)
  for (let i = 0; i < lhs.length; i++) lhs[i] = compute(lhs[i]!, rhs[i]!)
  return lhs
}

/**
 * A vector and a scalar, which is on the left when `swapped`. Changes the vector in place.
 *
 * A comparison without `bool` filters: what stays is the vector's own value and name.
 */
export function vectorScalar(
  op: BinaryOp,
  vector: StepVector,
  scalar: Float64Array,
  swapped: boolean,
  bool: boolean,
): StepVector {
  assert(!isSetOperation(op), 'set operations take vectors')
  const { steps, values, present } = vector
  const cells = vector.labels.length * steps
  if (isComparison(op)) {
    const compare = comparison(op)
    for (let i = 0; i < cells; i++) {
      if (present[i] === 0) continue
      const s = scalar[i % steps]!
      const holds = swapped ? compare(s, values[i]!) : compare(values[i]!, s)
      if (bool) values[i] = holds ? 1 : 0
      else if (!holds) present[i] = 0
    }
    return bool ? dropNames(vector) : vector
  }
  const compute = arithmetic(op)
  for (let i = 0; i < cells; i++) {
    if (present[i] === 0) continue
    const s = scalar[i % steps]!
    values[i] = swapped ? compute(s, values[i]!) : compute(values[i]!, s)
  }
  return dropNames(vector)
}
