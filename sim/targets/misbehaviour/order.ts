import { assert } from '../../../base/index.ts'
import { misbehaviourByName } from './catalogue.ts'
import type { MisbehaviourOrder, MisbehaviourParamName } from './misbehaviour.ts'

export type GivenParams = Readonly<Partial<Record<MisbehaviourParamName, number>>>

/** What is wrong with parameters of a known kind, or `undefined`. */
export function faultOfParams(kind: string, given: GivenParams): string | undefined {
  const known = misbehaviourByName(kind)!.params
  for (const name of Object.keys(given)) {
    if (known.some(param => param.name === name)) continue
    const takes = known.length === 0 ? 'it takes none' : `it takes ${known.map(param => param.name).join(', ')}`
    return `has no use for ${name} with the kind ${kind}; ${takes}`
  }
  for (const { name, min, max, unit } of known) {
    const value = given[name]
    const shown = unit === 'ms' ? ' ms' : unit === 'bytes' ? ' bytes' : ''
    if (value !== undefined && !(value >= min && value <= max)) {
      return `takes a ${name} from ${min} to ${max}${shown} with the kind ${kind}`
    }
  }
  return undefined
}

/** The kind with all its parameters, defaults applied. @param given without faults. */
export function misbehaviourOrder(kind: string, given: GivenParams = {}): MisbehaviourOrder {
  const misbehaviour = misbehaviourByName(kind)
  assert(misbehaviour !== undefined, () => `unknown misbehaviour ${kind}`)
  const params = Object.fromEntries(misbehaviour.params.map(({ name, default: usual }) => [name, given[name] ?? usual]))
  return { kind, params }
}
