import { isDeepStrictEqual } from 'node:util'
import { isObject, type JsonObject, type Schema } from '../schema/index.ts'

export { isObject, type JsonObject }

/** How a value is merged and owned. Values of no known type show what they are. */
export type Form = 'leaf' | 'map' | 'list'

/** `map` and `list` are looked into; everything else is a leaf: owned, replaced and removed as a whole. */
export function formOf(schema: Schema | undefined, value: unknown): Form {
  if (schema === undefined || schema.kind === 'any') return isObject(value) ? 'map' : 'leaf'
  switch (schema.kind) {
    case 'object':
    case 'map':
      return schema.isAtomic || !isObject(value) ? 'leaf' : 'map'
    case 'list':
      return schema.isAtomic || !Array.isArray(value) ? 'leaf' : 'list'
    default:
      return 'leaf'
  }
}

/** The form in which two versions of a value are merged: absent ones follow the other, two that differ are a leaf. */
export function commonForm(schema: Schema | undefined, left: unknown, right: unknown): Form {
  if (left === undefined || left === null) return formOf(schema, right)
  if (right === undefined || right === null) return formOf(schema, left)
  const form = formOf(schema, left)
  return form === formOf(schema, right) ? form : 'leaf'
}

/** The path element of an item of a list with keys or a set. */
export function itemElement(schema: Schema, item: unknown): string {
  const keys = schema.listKeys
  if (keys.length === 0 || !isObject(item)) return `v:${JSON.stringify(item)}`
  const values: JsonObject = {}
  for (const key of keys.toSorted()) {
    const value = item[key] ?? schema.element.field(key)?.node.default
    if (value !== undefined) values[key] = value
  }
  return `k:${JSON.stringify(values)}`
}

/** The items of a list by path element, in order; of those that are there twice, the first. */
export function itemsByElement(schema: Schema, list: unknown): Map<string, unknown> {
  const out = new Map<string, unknown>()
  for (const item of Array.isArray(list) ? (list as unknown[]) : []) {
    const element = itemElement(schema, item)
    if (!out.has(element)) out.set(element, item)
  }
  return out
}

export function isEmptyValue(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}

export const isSame = isDeepStrictEqual
