import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '../cluster/index.ts'
import { type JsonObject, isObject } from './json.ts'
import type { Schema } from '../schema/index.ts'

const DIRECTIVE = '$patch'
const RETAIN_KEYS = '$retainKeys'
const DELETE_FROM = '$deleteFromPrimitiveList/'
const SET_ORDER = '$setElementOrder/'

/**
 * Applies a strategic merge patch and returns the result; neither argument is changed.
 *
 * Beyond a merge patch (`null` deletes, objects merge, the rest replaces) lists are merged by the keys that the schema names, and
 * there are directives: `$patch: replace | merge | delete` in objects and list elements, `$retainKeys`,
 * `$deleteFromPrimitiveList/<field>` and `$setElementOrder/<field>`.
 *
 * @throws ApiError BadRequest for a patch that is not one.
 */
export function strategicMerge(current: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const directive = patch[DIRECTIVE]
  if (directive === 'replace') return cleaned(patch, schema)
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') throw unknownDirective(directive)
  const out: JsonObject = { ...current }
  const retained = patch[RETAIN_KEYS]
  if (Array.isArray(retained)) for (const key of Object.keys(out)) if (!retained.includes(key)) delete out[key]

  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    if (value === null) delete out[key]
    else out[key] = mergeValue(out[key], value, fieldOf(schema, key), patch[SET_ORDER + key], key)
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) {
      const field = key.slice(DELETE_FROM.length)
      const list = out[field]
      if (Array.isArray(list) && Array.isArray(value)) out[field] = list.filter(item => !value.includes(item))
    } else if (key.startsWith(SET_ORDER) && patch[key.slice(SET_ORDER.length)] === undefined) {
      const field = key.slice(SET_ORDER.length)
      const list = out[field]
      if (Array.isArray(list)) out[field] = ordered(list, value, fieldOf(schema, field))
    }
  }
  return out
}

function mergeValue(
  current: unknown,
  patch: unknown,
  schema: Schema | undefined,
  order: unknown,
  key: string,
): unknown {
  if (isObject(patch)) {
    const isWhole = patch[DIRECTIVE] === 'replace' || !isObject(current)
    return isWhole ? cleaned(patch, schema) : strategicMerge(current, patch, schema)
  }
  if (!Array.isArray(patch)) return patch
  if (schema?.patchStrategies.includes('merge') !== true) {
    return patch.map(item => (isObject(item) ? cleaned(item, undefined) : item))
  }
  const { patchMergeKey } = schema
  if (patchMergeKey === undefined) {
    const merged: unknown[] = Array.isArray(current) ? [...current] : []
    for (const item of patch) if (!merged.includes(item)) merged.push(item)
    return ordered(merged, order, schema)
  }
  return ordered(mergeList(Array.isArray(current) ? current : [], patch, schema, patchMergeKey, key), order, schema)
}

function mergeList(
  current: readonly unknown[],
  patch: readonly unknown[],
  schema: Schema,
  mergeKey: string,
  field: string,
): unknown[] {
  const replaces = patch.some(item => isObject(item) && item[DIRECTIVE] === 'replace')
  let out: unknown[] = replaces ? [] : [...current]
  for (const item of patch) {
    if (!isObject(item)) throw new ApiError('BadRequest', `invalid patch: elements of ${field} must be objects`)
    const directive = item[DIRECTIVE]
    // It speaks about the list, whatever else it says: the list is what the other elements are.
    if (directive === 'replace') continue
    const id = item[mergeKey]
    if (id === undefined) {
      throw new ApiError('BadRequest', `map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`)
    }
    const same = (other: unknown): boolean => isObject(other) && isDeepStrictEqual(other[mergeKey], id)
    if (directive === 'delete') {
      out = out.filter(other => !same(other))
      continue
    }
    if (directive !== undefined && directive !== 'merge') throw unknownDirective(directive)
    const index = out.findIndex(same)
    if (index < 0) out.push(cleaned(item, schema.element))
    else out[index] = strategicMerge(out[index] as JsonObject, item, schema.element)
  }
  return out
}

/**
 * Puts the elements that `order` names into its order. Elements that only the server knows keep their place behind the
 * element that they followed.
 */
function ordered(list: readonly unknown[], order: unknown, schema: Schema | undefined): unknown[] {
  if (!Array.isArray(order)) return [...list]
  const mergeKey = schema?.patchMergeKey
  const idOf = (item: unknown): unknown => (mergeKey === undefined ? item : isObject(item) ? item[mergeKey] : undefined)
  const wanted = order.map(idOf)
  const rank = (item: unknown): number => wanted.findIndex(id => isDeepStrictEqual(id, idOf(item)))
  const named = list.filter(item => rank(item) >= 0).sort((a, b) => rank(a) - rank(b))
  const out: unknown[] = []
  let next = 0
  for (const item of list) {
    // A place that a named element held goes to the named element whose turn it is.
    out.push(rank(item) >= 0 ? named[next++] : item)
  }
  return out
}

/** A patch taken as the value itself: directives and deletions have nothing to act upon and are left out. */
function cleaned(patch: JsonObject, schema: Schema | undefined): JsonObject {
  const out: JsonObject = {}
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$') || value === null) continue
    const inner = fieldOf(schema, key)
    if (isObject(value)) out[key] = cleaned(value, inner)
    else if (Array.isArray(value)) {
      out[key] = value
        .filter(item => !isObject(item) || item[DIRECTIVE] !== 'delete')
        .map((item: unknown) => (isObject(item) ? cleaned(item, inner?.element) : item))
    } else out[key] = value
  }
  return out
}

function fieldOf(schema: Schema | undefined, key: string): Schema | undefined {
  return schema?.member(key)
}

function unknownDirective(directive: unknown): ApiError {
  return new ApiError('BadRequest', `Unknown patch type: ${String(directive)}`)
}
