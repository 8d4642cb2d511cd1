import type { ErrorObject, ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { assert, nearest } from '../../base/index.ts'
import type { ChurnEvent } from './churn-event.ts'
import { definitionName, KINDS, SCHEMA_ID, SHAPES, TRACE_LINE_SCHEMA } from './trace-schema.ts'

/** Faults that are told of one line. */
const FAULTS_MAX = 3
/** Unknown names that are shorter are near to everything, longer ones are no slip of somebody's fingers. */
const NEAR_CHARS = { min: 3, max: 100 }

/** Made when the first of them is needed: that takes a third of a second, and most programs read no trace. */
let ajv: Ajv2020 | undefined

function compiled(name: string): ValidateFunction {
  ajv ??= new Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true }).addSchema(TRACE_LINE_SCHEMA)
  const validate = ajv.getSchema(`${SCHEMA_ID}#/$defs/${name}`)
  assert(validate !== undefined, () => `the schema defines ${name}`)
  return validate
}

/** By kind and operation; compiled when it is first needed. */
const validators = new Map(KINDS.map(kind => [kind, new Map<string, ValidateFunction | undefined>()]))
for (const title of Object.keys(SHAPES)) {
  const [kind, op] = title.split(' ')
  validators.get(kind!)!.set(op!, undefined)
}
let action: ValidateFunction | undefined
let header: ValidateFunction | undefined

/** What is wrong with the shape of an event, in one sentence; `undefined` when it is one. */
// hot: once per event.
export function eventFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no event: not a JSON object'
  const validate = validatorOf(value)
  if (validate === undefined) return unknownShape(value)
  if (validate(value)) return undefined
  return `${titleOf(value)}: ${sentences(validate.errors ?? [])}`
}

/**
 * Takes fields that nobody knows out of an event and says which, when it is sound without them; `undefined` when it is not.
 */
export function mendEvent(value: unknown): string | undefined {
  const fault = eventFault(value)
  if (fault === undefined || typeof value !== 'object' || value === null) return undefined
  const errors = validatorOf(value)?.errors ?? []
  for (const error of errors) if (!deleteUnknown(value, error)) return undefined
  return eventFault(value) === undefined ? `${fault}: left out` : undefined
}

function validateHeader(): ValidateFunction {
  return (header ??= compiled('header'))
}

/** What is wrong with a header. */
export function headerFault(value: unknown): string | undefined {
  return validateHeader()(value) ? undefined : sentences(validateHeader().errors ?? [])
}

/**
 * The same; and takes out of the header what nobody knows or can be, so far as it can do without.
 */
export function mendHeader(value: Record<string, unknown>): { readonly fault?: string; readonly isMended: boolean } {
  const fault = headerFault(value)
  if (fault === undefined) return { isMended: true }
  for (const error of validateHeader().errors ?? []) {
    const field = error.instancePath.split('/')[1]
    if (!deleteUnknown(value, error) && field !== undefined) delete value[field]
  }
  return { fault, isMended: validateHeader()(value) }
}

function deleteUnknown(value: object, { keyword, instancePath, params }: ErrorObject): boolean {
  if (keyword !== 'additionalProperties') return false
  let holder = value
  for (const step of instancePath.split('/').slice(1)) {
    const inner = (holder as Record<string, unknown>)[step.replaceAll('~1', '/').replaceAll('~0', '~')]
    // Left out with what it was in.
    if (typeof inner !== 'object' || inner === null) return true
    holder = inner
  }
  return Reflect.deleteProperty(holder, (params as { additionalProperty: string }).additionalProperty)
}

function validatorOf({ kind, op }: Partial<ChurnEvent>): ValidateFunction | undefined {
  if (kind === 'action') return (action ??= compiled('action'))
  const ops = validators.get(kind as string)
  const known = ops?.get(op as string)
  if (known !== undefined || ops?.has(op as string) !== true) return known
  const validate = compiled(definitionName(`${kind} ${op}`))
  ops.set(op as string, validate)
  return validate
}

function titleOf({ kind, op }: ChurnEvent): string {
  return kind === 'action' ? kind : `${kind} ${op}`
}

function unknownShape({ kind, op }: { readonly kind?: unknown; readonly op?: unknown }): string {
  const ops = typeof kind === 'string' ? validators.get(kind) : undefined
  if (ops === undefined) return `unknown kind ${told(kind)}; ${known(kind, KINDS)}`
  return `unknown op ${told(op)} of a ${kind as string}; ${known(op, [...ops.keys()])}`
}

function known(name: unknown, names: readonly string[]): string {
  const near = nearestName(name, names)
  return near === undefined ? `known are ${names.join(', ')}` : `did you mean ${near}?`
}

function nearestName(name: unknown, names: readonly string[]): string | undefined {
  if (typeof name !== 'string' || name.length < NEAR_CHARS.min || name.length > NEAR_CHARS.max) return undefined
  return nearest(name, names)
}

/** A value from a file for a sentence. Not what is in it: it may be nested as deep as a line is long. */
export function told(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return value === undefined ? 'none' : JSON.stringify(value)
}

function sentences(errors: readonly ErrorObject[]): string {
  const faults = [...new Set(errors.slice(0, FAULTS_MAX).map(sentence))]
  const more = errors.length - FAULTS_MAX
  return `${faults.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}

function sentence({ keyword, instancePath, params, parentSchema, message }: ErrorObject): string {
  const path = instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')
  const at = path === '' ? '' : `${path} `
  switch (keyword) {
    case 'additionalProperties': {
      const { additionalProperty } = params as { additionalProperty: string }
      const near = nearestName(additionalProperty, Object.keys((parentSchema?.['properties'] as object) ?? {}))
      const name = told(additionalProperty)
      return `${at}unknown field ${name}${near === undefined ? '' : ` (did you mean ${near}?)`}`
    }
    case 'required':
      return `${at}${(params as { missingProperty: string }).missingProperty} is missing`
    case 'enum':
      return `${at}must be one of ${(params as { allowedValues: string[] }).allowedValues.join(', ')}`
    case 'const':
      return `${at}must be ${JSON.stringify((params as { allowedValue: unknown }).allowedValue)}`
    default:
      return `${at}${message ?? 'is not valid'}`
  }
}
