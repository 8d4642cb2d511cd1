import type { Schema } from './schema.ts'
import { isObject, type JsonObject } from './json-object.ts'

/** What is wrong with the form of a value. */
export interface FormFaults {
  /** The first value of a wrong type, in the words of Go's decoder; `undefined` when all types are right. */
  readonly mismatch: string | undefined
  /** Paths of fields that there are not, `spec.template.spec.containers[0].imagee`; they have been taken out. */
  readonly unknown: readonly string[]
}

/**
 * Brings a decoded value into the form of its schema, in place: `null`s and unknown fields are taken out, quantities that
 * are numbers become texts. Stops at the first value of a wrong type.
 */
export function conform(schema: Schema, value: unknown): FormFaults {
  const unknown: string[] = []
  const mismatch = visit(schema, value, '', '', unknown)
  return { mismatch, unknown }
}

/** @param goPath the path as Go tells it, without places in lists. */
function visit(schema: Schema, value: unknown, path: string, goPath: string, unknown: string[]): string | undefined {
  switch (schema.kind) {
    case 'any':
    case 'quantity':
      return undefined
    case 'string':
      return typeof value === 'string' ? undefined : cannot(value, goPath, 'string')
    case 'boolean':
      return typeof value === 'boolean' ? undefined : cannot(value, goPath, 'bool')
    case 'integer':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return undefined
      return cannot(value, goPath, schema.node.format ?? 'int64')
    case 'number':
      return typeof value === 'number' ? undefined : cannot(value, goPath, 'float64')
    case 'int-or-string':
      if (typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value))) return undefined
      return cannot(value, goPath, 'int32')
    case 'list':
      return Array.isArray(value) ? visitItems(schema, value, path, goPath, unknown) : cannot(value, goPath, 'list')
    case 'map':
    case 'object':
      return isObject(value) ? visitMembers(schema, value, path, goPath, unknown) : cannot(value, goPath, 'object')
  }
}

function visitItems(
  schema: Schema,
  list: unknown[],
  path: string,
  goPath: string,
  unknown: string[],
): string | undefined {
  for (const [i, item] of list.entries()) {
    if (schema.element.kind === 'quantity' && typeof item === 'number') list[i] = String(item)
    if (item === null) continue
    const fault = visit(schema.element, item, `${path}[${i}]`, goPath, unknown)
    if (fault !== undefined) return fault
  }
  return undefined
}

function visitMembers(
  schema: Schema,
  object: JsonObject,
  path: string,
  goPath: string,
  unknown: string[],
): string | undefined {
  for (const [name, value] of Object.entries(object)) {
    const inside = path === '' ? name : `${path}.${name}`
    const inner = schema.member(name)
    if (inner === undefined) {
      if (schema.keepsUnknown) continue
      delete object[name]
      unknown.push(inside)
    } else if (value === null) {
      // To Go's decoder an absent field; the null of a map's value stays what its type's zero is.
      if (schema.kind === 'map' && inner.kind === 'string') object[name] = ''
      else delete object[name]
    } else if (inner.kind === 'quantity' && typeof value === 'number') {
      object[name] = String(value)
    } else {
      const fault = visit(inner, value, inside, goPath === '' ? name : `${goPath}.${name}`, unknown)
      if (fault !== undefined) return fault
    }
  }
  return undefined
}

function cannot(value: unknown, path: string, type: string): string {
  const what = describe(value, type)
  return path === ''
    ? `cannot unmarshal ${what} into Go value of type ${type}`
    : `cannot unmarshal ${what} into Go struct field ${path} of type ${type}`
}

function describe(value: unknown, type: string): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'number' && type.startsWith('int') ? `number ${value}` : typeof value
}
