import type { Schema } from '../schema/index.ts'
import { commonForm, isEmptyValue, isObject, itemElement, itemsByElement, type JsonObject } from './elements.ts'
import type { FieldSet } from './field-set.ts'

/**
 * Lays a configuration over an object: its leaves win, lists with keys and sets are merged item by item. Neither is changed;
 * the result shares structure with both.
 */
export function merge(schema: Schema | undefined, live: unknown, config: unknown): unknown {
  if (config === undefined) return live
  if (live === undefined) return config
  const form = commonForm(schema, live, config)
  if (form === 'leaf' || (isEmptyValue(live) && isEmptyValue(config))) return config
  if (form === 'list') return mergeItems(schema!, live, config)
  const out: JsonObject = { ...(live as JsonObject) }
  for (const [name, value] of Object.entries(isObject(config) ? config : {})) {
    out[name] = merge(schema?.member(name), out[name], value)
  }
  return out
}

/**
 * The items of both, in the configuration's order where it says one; items that only the object has stay where they were
 * among those of the configuration.
 */
function mergeItems(schema: Schema, live: unknown, config: unknown): unknown[] {
  const wanted = itemsByElement(schema, config)
  const there = itemsByElement(schema, live)
  const out: unknown[] = []
  const taken = new Set<string>()
  const take = (element: string): void => {
    taken.add(element)
    out.push(merge(schema.element, there.get(element), wanted.get(element)))
  }
  const order = [...wanted.keys()]
  let next = 0
  for (const element of there.keys()) {
    if (!wanted.has(element)) {
      take(element)
      continue
    }
    if (taken.has(element)) continue
    // All that the configuration names before it comes before it.
    while (next < order.length) {
      const candidate = order[next++]!
      if (!taken.has(candidate)) take(candidate)
      if (candidate === element) break
    }
  }
  for (const element of order) if (!taken.has(element)) take(element)
  return out
}

/**
 * The object without the paths of a set; `undefined` when nothing is left. It is not changed.
 *
 * What loses all that it contains is null, as in Kubernetes: it is still somebody's. `withoutNulls` takes it out in the end.
 */
export function without(schema: Schema | undefined, value: unknown, paths: FieldSet): unknown {
  const form = commonForm(schema, value, undefined)
  if (form === 'leaf') return value
  if (isEmptyValue(value)) return undefined
  if (form === 'list') {
    const items = (value as unknown[]).flatMap(item => {
      const element = itemElement(schema!, item)
      if (paths.has(element)) return []
      const below = paths.below(element)
      return [below.isEmpty ? item : (without(schema!.element, item, below) ?? null)]
    })
    return items.length === 0 ? undefined : items
  }
  const out: JsonObject = {}
  for (const [name, inner] of Object.entries(value as JsonObject)) {
    const element = `f:${name}`
    if (paths.has(element)) continue
    const below = paths.below(element)
    out[name] = below.isEmpty ? inner : (without(schema?.member(name), inner, below) ?? null)
  }
  return Object.keys(out).length === 0 ? undefined : out
}

export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => (inner === null ? [] : [[name, withoutNulls(inner)]])),
  )
}
