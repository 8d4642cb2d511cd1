import { assert } from '../../../base/index.ts'
import { type Labels, LabelsBuilder, METRIC_NAME } from '../../model/index.ts'
import { executionError } from '../errors.ts'
import { type Binary, isComparison, isSetOperation, type VectorMatching } from '../parse/ast.ts'
import { LabelChoice } from './grouping.ts'
import { arithmetic, comparison } from './operators.ts'
import { setOperation } from './set-operations.ts'
import { emptyVector, type StepVector, VectorBuilder } from './vector.ts'

const ONE_TO_ONE_CLASH = 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
const GROUP_CLASH = 'multiple matches for labels: grouping labels must ensure unique matches'

/**
 * A binary operation between two vectors.
 *
 * Signatures are computed once per series, not per step; a "one" side with a single series per signature, which is
 * nearly always so, needs no look at the others. For `group_right` the sides are swapped and values swapped back.
 */
export function vectorVector(expr: Binary, lhs: StepVector, rhs: StepVector): StepVector {
  const { op, matching } = expr
  if (isSetOperation(op)) return setOperation(op, lhs, rhs, matching)
  if (lhs.labels.length === 0 || rhs.labels.length === 0) return emptyVector(lhs.steps)
  return new Join(expr, lhs, rhs).run()
}

class Join {
  readonly #expr: Binary
  readonly #matching: VectorMatching
  readonly #many: StepVector
  readonly #one: StepVector
  readonly #swapped: boolean
  readonly #steps: number
  readonly #choice: LabelChoice
  readonly #dropName: boolean

  constructor(expr: Binary, lhs: StepVector, rhs: StepVector) {
    this.#expr = expr
    this.#matching = expr.matching
    this.#swapped = expr.matching.card === 'one-to-many'
    this.#many = this.#swapped ? rhs : lhs
    this.#one = this.#swapped ? lhs : rhs
    this.#steps = lhs.steps
    this.#choice = new LabelChoice(expr.matching.labels, expr.matching.on)
    this.#dropName = expr.bool || !isComparison(expr.op)
  }

  run(): StepVector {
    const partners = this.#rowsBySignature(this.#one)
    const rivals = this.#rowsBySignature(this.#many)
    for (const rows of partners.values()) if (rows.length > 1) this.#checkOneSide(rows)
    const builder = new VectorBuilder(this.#steps, this.#many.labels.length)
    for (const [signature, rows] of rivals) {
      const matches = partners.get(signature)
      if (matches === undefined) continue
      if (rows.length > 1) this.#checkManySide(rows, matches)
      for (const row of rows) for (const match of matches) this.#combine(builder, row, match)
    }
    return builder.build()
  }

  #rowsBySignature(vector: StepVector): Map<string, number[]> {
    const out = new Map<string, number[]>()
    for (let row = 0; row < vector.labels.length; row++) {
      const key = this.#choice.keyOf(vector.labels[row]!)
      const rows = out.get(key)
      if (rows === undefined) out.set(key, [row])
      else rows.push(row)
    }
    return out
  }

  /** Two series with one signature on the "one" side must not meet, unless the other side is empty at that step. */
  #checkOneSide(rows: readonly number[]): void {
    const { present, labels } = this.#one
    for (let step = 0; step < this.#steps; step++) {
      let first = -1
      for (const row of rows) {
        if (present[row * this.#steps + step] === 0) continue
        if (first === -1) {
          first = row
        } else if (this.#manyHasAny(step)) {
          const group = this.#choice.of(labels[row]!).toString()
          const names = [listLabels(labels[first]!), listLabels(labels[row]!)].toSorted()
          const side = this.#swapped ? 'left' : 'right'
          throw executionError(
            `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: ` +
              `[${names.join(', ')}];many-to-many matching not allowed: matching labels must be unique on one side`,
          )
        }
      }
    }
  }

  #manyHasAny(step: number): boolean {
    const { labels, present } = this.#many
    for (let row = 0; row < labels.length; row++) if (present[row * this.#steps + step] === 1) return true
    return false
  }

  /** Several series with one signature on the "many" side need `group_left`, and must differ in their results. */
  #checkManySide(rows: readonly number[], matches: readonly number[]): void {
    const grouped = this.#matching.card !== 'one-to-one'
    const results = new Map<string, Set<number>>()
    for (const match of matches) {
      for (const row of rows) {
        const key = grouped ? this.#resultLabels(row, match).key() : ''
        let seen = results.get(key)
        if (seen === undefined) results.set(key, (seen = new Set()))
        for (let step = 0; step < this.#steps; step++) {
          if (!this.#meet(row, match, step)) continue
          if (seen.has(step)) throw executionError(grouped ? GROUP_CLASH : ONE_TO_ONE_CLASH)
          seen.add(step)
        }
      }
    }
  }

  #meet(row: number, match: number, step: number): boolean {
    return this.#many.present[row * this.#steps + step] === 1 && this.#one.present[match * this.#steps + step] === 1
  }

  // hot: once per pair of series and step.
  #combine(builder: VectorBuilder, row: number, match: number): void {
    const { op, bool } = this.#expr
    assert(!isSetOperation(op), 'handled before')
    const steps = this.#steps
    const many = this.#many.values
    const one = this.#one.values
    const compare = isComparison(op) ? comparison(op) : undefined
    const compute = isComparison(op) ? undefined : arithmetic(op)
    let target = -1
    for (let step = 0; step < steps; step++) {
      if (!this.#meet(row, match, step)) continue
      const a = this.#swapped ? one[match * steps + step]! : many[row * steps + step]!
      const b = this.#swapped ? many[row * steps + step]! : one[match * steps + step]!
      let value = a
      if (compute !== undefined) {
        value = compute(a, b)
      } else {
        const holds = compare!(a, b)
        if (bool) value = holds ? 1 : 0
        else if (!holds) continue
      }
      if (target === -1) target = builder.row(this.#resultLabels(row, match))
      builder.set(target, step, value)
    }
  }

  #resultLabels(row: number, match: number): Labels {
    const labels = this.#many.labels[row]!
    const { card, on, labels: names, include } = this.#matching
    const builder = new LabelsBuilder(labels)
    if (this.#dropName) builder.delete(METRIC_NAME)
    if (card === 'one-to-one') {
      const chosen = new Set(names)
      for (const name of builder.names()) if (chosen.has(name) !== on) builder.delete(name)
    }
    for (const name of include) builder.set(name, this.#one.labels[match]!.get(name))
    return builder.build()
  }
}

/** All labels in braces, the name among them, as the message about duplicates has it. */
function listLabels(labels: Labels): string {
  return `{${[...labels].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
}
