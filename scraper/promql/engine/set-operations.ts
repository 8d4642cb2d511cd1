import type { SetOp, VectorMatching } from '../parse/ast.ts'
import { LabelChoice } from './grouping.ts'
import { type StepVector, VectorBuilder } from './vector.ts'

/** `and`, `or`, `unless`: rows live and die by whether the other side has a row with the same signature at that step. */
export function setOperation(op: SetOp, lhs: StepVector, rhs: StepVector, matching: VectorMatching): StepVector {
  const choice = new LabelChoice(matching.labels, matching.on)
  if (op === 'or') return union(lhs, rhs, choice)
  const { steps } = lhs
  const there = presenceBySignature(rhs, choice)
  const wanted = op === 'and' ? 1 : 0
  for (let row = 0; row < lhs.labels.length; row++) {
    const other = there.get(choice.keyOf(lhs.labels[row]!))
    for (let step = 0; step < steps; step++) {
      if ((other === undefined ? 0 : other[step]!) !== wanted) lhs.present[row * steps + step] = 0
    }
  }
  return lhs
}

function union(lhs: StepVector, rhs: StepVector, choice: LabelChoice): StepVector {
  const { steps } = lhs
  const there = presenceBySignature(lhs, choice)
  const builder = new VectorBuilder(steps, lhs.labels.length + rhs.labels.length)
  for (let row = 0; row < lhs.labels.length; row++) builder.addRow(builder.row(lhs.labels[row]!), lhs, row)
  for (let row = 0; row < rhs.labels.length; row++) {
    const other = there.get(choice.keyOf(rhs.labels[row]!))
    let any = false
    for (let step = 0; step < steps; step++) {
      const at = row * steps + step
      if (other !== undefined && other[step] === 1) rhs.present[at] = 0
      any ||= rhs.present[at] === 1
    }
    if (any) builder.addRow(builder.row(rhs.labels[row]!), rhs, row)
  }
  return builder.build()
}

function presenceBySignature(vector: StepVector, choice: LabelChoice): Map<string, Uint8Array> {
  const { steps, present } = vector
  const out = new Map<string, Uint8Array>()
  for (let row = 0; row < vector.labels.length; row++) {
    const key = choice.keyOf(vector.labels[row]!)
    let there = out.get(key)
    if (there === undefined) out.set(key, (there = new Uint8Array(steps)))
    for (let step = 0; step < steps; step++) if (present[row * steps + step] === 1) there[step] = 1
  }
  return out
}
