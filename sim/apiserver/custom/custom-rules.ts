import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { RE2JS } from 're2js'
import { FieldErrors, type KubeObject, type ResourceType } from '../../cluster/index.ts'
import type { OpenApiNode } from '../../schema/index.ts'
import type { DefinitionVersion } from './definition.ts'

const validators = new WeakMap<ResourceType, ValidateFunction>()

/**
 * Patterns are RE2 with Kubernetes, and come from whoever writes definitions: they must not be able to hold up the server.
 * The function that ajv wants is one that makes regular expressions of texts.
 */
const re2 = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(pattern)
    return { test: (text: string) => compiled.matcher(text).find() }
  },
  { code: 'new RE2' },
)

/** Takes over what the schema of a version asks of values. */
export function declareRules(type: ResourceType, { schema }: DefinitionVersion): void {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false, code: { regExp: re2 } })
  addFormats.default(ajv)
  validators.set(type, ajv.compile(ajvSchema(schema?.openAPIV3Schema ?? {})))
}

/**
 * Fills in the defaults of a custom object's schema, in place, and judges it.
 *
 * @throws ApiError Invalid
 */
export function completeCustom(type: ResourceType, object: KubeObject): void {
  const judge = validators.get(type)
  const isGood: boolean = judge?.(object) ?? true
  if (judge === undefined || isGood) return
  const errors = new FieldErrors()
  for (const error of judge.errors ?? []) report(error, object, errors)
  errors.throwIfAny(type, object.metadata?.name ?? '')
}

/** What JSON Schema knows of a node; Kubernetes' own extensions become what they mean. */
function ajvSchema(node: OpenApiNode): object {
  const { properties, additionalProperties, items, nullable, ...rest } = node
  const out: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).filter(
      ([key]) => !key.startsWith('x-kubernetes-') && key !== 'description' && key !== 'example',
    ),
  )
  if (node['x-kubernetes-int-or-string'] === true) out.type = ['integer', 'string']
  // The decoder has taken out nulls that may not be.
  else if (nullable === true && typeof out.type === 'string') out.type = [out.type, 'null']
  if (properties !== undefined) {
    out.properties = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, ajvSchema(inner)]))
  }
  if (typeof additionalProperties === 'object') out.additionalProperties = ajvSchema(additionalProperties)
  if (items !== undefined) out.items = ajvSchema(items)
  return out
}

function report(error: ErrorObject, object: KubeObject, errors: FieldErrors): void {
  const path = pathOf(error.instancePath)
  const value = valueAt(object, error.instancePath)
  const params = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'required': {
      const name = String(params.missingProperty)
      errors.required(path === '' ? name : `${path}.${name}`)
      break
    }
    case 'type':
      errors.invalid(
        path,
        typeName(value),
        `${path} in body must be of type ${String(params.type)}: ${JSON.stringify(typeName(value))}`,
      )
      break
    case 'enum':
      errors.notSupported(path, value, (params.allowedValues as unknown[]).map(String))
      break
    case 'minimum':
    case 'maximum':
      errors.invalid(
        path,
        value,
        `${path} in body should be ${error.keyword === 'minimum' ? 'greater' : 'less'} than or equal to ${String(params.limit)}`,
      )
      break
    case 'pattern':
      errors.invalid(path, value, `${path} in body should match '${String(params.pattern)}'`)
      break
    case 'minLength':
    case 'maxLength':
      errors.invalid(
        path,
        value,
        `${path} in body should be at ${error.keyword === 'minLength' ? 'least' : 'most'} ${String(params.limit)} chars long`,
      )
      break
    default:
      errors.invalid(path, value, `${path} in body ${error.message ?? 'is invalid'}`)
  }
}

/** `/spec/items/0/name` as Kubernetes writes it: `spec.items[0].name`. */
function pathOf(pointer: string): string {
  return segmentsOf(pointer).reduce((path, segment) => {
    if (/^\d+$/.test(segment)) return `${path}[${segment}]`
    return path === '' ? segment : `${path}.${segment}`
  }, '')
}

function segmentsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map(segment => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function valueAt(object: unknown, pointer: string): unknown {
  return segmentsOf(pointer).reduce(
    (value, segment) => (value as Record<string, unknown> | undefined)?.[segment],
    object,
  )
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (value === null) return 'null'
  return typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value
}
