import { nearest, parseDuration } from '../base/index.ts'
import { type Action, type ActionArg, type ActionArgs, profileFaults } from '../sim/index.ts'
import { dnsLabel, labelName, labelValue } from './scenario-schema.ts'

type Scalar = string | number | boolean
type Sequences = Readonly<Record<string, readonly Scalar[]>>

/** The arguments of iteration i: those that change from iteration to iteration lie over the others. */
export function argsOf(args: ActionArgs, each: Sequences, i: number): ActionArgs {
  const own = Object.entries(each).map(([name, values]) => [name, values[i % values.length]!])
  return { ...args, ...(Object.fromEntries(own) as ActionArgs) }
}

/** Iterations after which nothing new comes, at most `max`: all values of every sequence have been seen. */
export function distinctIterations(each: Sequences, max: number): number {
  return Math.min(max, Math.max(1, ...Object.values(each).map(values => values.length)))
}

/**
 * All faults of an action's arguments, each `path: what is wrong`: what can be said without knowing what is there when it is
 * performed.
 */
export function checkAction(action: Action, args: ActionArgs, each: Sequences, path: string): string[] {
  const faults: string[] = []
  for (const arg of action.args) {
    if (Object.hasOwn(each, arg.name)) {
      each[arg.name]!.forEach((value, i) => faults.push(...checkArg(arg, value, `${path}.each.${arg.name}.${i}`)))
    } else if (args[arg.name] !== undefined) {
      faults.push(...checkArg(arg, args[arg.name]!, `${path}.args.${arg.name}`))
    } else if (arg.optional !== true) {
      faults.push(`${path}.args.${arg.name}: is missing (${arg.description})`)
    }
  }
  const known = action.args.map(({ name }) => name)
  for (const [where, given] of [
    ['args', args],
    ['each', each],
  ] as const) {
    for (const name of Object.keys(given)) {
      if (known.includes(name)) continue
      const near = nearest(name, known)
      const takes = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`
      const hint = near === undefined ? takes : `did you mean ${near}?`
      faults.push(`${path}.${where}.${name}: "${action.name}" takes no such argument; ${hint}`)
    }
  }
  if (faults.length > 0 || action.check === undefined) return faults
  for (let i = 0; i < distinctIterations(each, Infinity); i++) {
    const fault = action.check(argsOf(args, each, i))
    if (fault !== undefined) return [`${path}.args: "${action.name}" ${fault}`]
  }
  return faults
}

function checkArg(arg: ActionArg, value: Scalar, path: string): string[] {
  if (typeof value !== arg.type) return [`${path}: must be a ${arg.type}`]
  if (arg.values !== undefined && !(arg.values as readonly Scalar[]).includes(value)) {
    return [`${path}: must be one of ${arg.values.join(', ')}`]
  }
  if (typeof value === 'number') {
    const { min = -Infinity, max = Infinity, whole = false } = arg
    if (whole && !Number.isInteger(value)) return [`${path}: must be a whole number`]
    if (value < min || value > max) {
      return [`${path}: must be ${max === Infinity ? `at least ${min}` : `from ${min} to ${max}`}`]
    }
  }
  const fault = typeof value === 'string' ? checkText(arg.means, value) : undefined
  return fault === undefined ? [] : [`${path}: ${fault}`]
}

const NAME = new RegExp(dnsLabel)
const LABEL = new RegExp(labelName)
const LABEL_VALUE = new RegExp(labelValue)

function checkText(means: ActionArg['means'], text: string): string | undefined {
  switch (means) {
    case 'duration':
      try {
        return parseDuration(text) > 0 ? undefined : 'must be longer than 0'
      } catch (error) {
        return (error as Error).message
      }
    case 'profile': {
      const faults = profileFaults(text)
      return faults.length === 0 ? undefined : faults.join('; ')
    }
    case 'new-workload': {
      const parts = text.split('/')
      return parts.length <= 2 && parts.every(part => NAME.test(part))
        ? undefined
        : 'must be namespace/name in small letters'
    }
    case 'label':
      return LABEL.test(text) ? undefined : `"${text}" is no name of a label`
    case 'label-value':
      return LABEL_VALUE.test(text) ? undefined : `"${text}" is no value of a label`
    case 'workload':
    case 'service':
    case 'node':
    case 'zone':
    case undefined:
      return undefined
  }
}
