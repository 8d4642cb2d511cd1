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
 * The items of both. Those of the configuration stand in its order, those that only the object has keep their place among
 * what they stood behind; items of both whose turn it is not are passed over in the object, and come when it is.
 */
function mergeItems(schema: Schema, live: unknown, config: unknown): unknown[] {
  const wanted = itemsByElement(schema, config)
  const there = itemsByElement(schema, live)
  const left = [...there.keys()]
  const right = [...wanted.keys()]
  const shared = right.filter(element => there.has(element))
  const out: unknown[] = []
  const taken = new Set<string>()
  const take = (element: string): void => {
    taken.add(element)
    out.push(merge(schema.element, there.get(element), wanted.get(element)))
  }
  let [l, r, nextShared] = [0, 0, 0]
  while (l < left.length || r < right.length) {
    const old = left[l]
    const said = right[r]
    if (old !== undefined && said !== undefined && old !== said) {
      const isOutOfTurn = wanted.has(old) && nextShared < shared.length && old !== shared[nextShared]
      if (isOutOfTurn) {
        l++
        continue
      }
    }
    if (old !== undefined && old !== said) {
      if (!wanted.has(old)) {
        take(old)
        l++
        continue
      }
      if (taken.has(old)) l++
    }
    if (said === undefined) continue
    take(said)
    r++
    if (old === said) l++
    if (said === shared[nextShared]) nextShared++
  }
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
