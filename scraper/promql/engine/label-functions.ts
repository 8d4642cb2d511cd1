import { AnchoredRegex, LabelsBuilder } from '../../model/index.ts'
import { executionError } from '../errors.ts'
import { isLabelName } from '../label-name.ts'
import { type Call, unwrap } from '../parse/ast.ts'
import { relabel, type StepVector } from './vector.ts'

/** `label_replace(v, dst, replacement, src, regex)`. */
export function labelReplace(expr: Call, vector: StepVector): StepVector {
  const [dst = '', replacement = '', src = '', pattern = ''] = expr.args.slice(1).map((_, i) => stringArg(expr, i + 1))
  let regex: AnchoredRegex
  try {
    regex = new AnchoredRegex(pattern)
  } catch {
    throw executionError(`invalid regular expression in label_replace(): ${pattern}`)
  }
  if (!isLabelName(dst)) throw executionError(`invalid destination label name in label_replace(): ${dst}`)
  const builder = new LabelsBuilder()
  return relabel(
    vector,
    vector.labels.map(labels => {
      const value = regex.expand(labels.get(src), replacement)
      return value === undefined ? labels : builder.reset(labels).set(dst, value).build()
    }),
  )
}

/** `label_join(v, dst, separator, src…)`. */
export function labelJoin(expr: Call, vector: StepVector): StepVector {
  const dst = stringArg(expr, 1)
  const separator = stringArg(expr, 2)
  const sources = expr.args.slice(3).map((_, i) => stringArg(expr, i + 3))
  const bad = sources.find(name => !isLabelName(name))
  if (bad !== undefined) throw executionError(`invalid source label name in label_join(): ${bad}`)
  if (!isLabelName(dst)) throw executionError(`invalid destination label name in label_join(): ${dst}`)
  const builder = new LabelsBuilder()
  return relabel(
    vector,
    vector.labels.map(labels => {
      const joined = sources.map(name => labels.get(name)).join(separator)
      return builder.reset(labels).set(dst, joined).build()
    }),
  )
}

function stringArg(expr: Call, index: number): string {
  const literal = unwrap(expr.args[index]!)
  return literal.kind === 'string' ? literal.value : ''
}
