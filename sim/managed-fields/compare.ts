import type { Schema } from '../schema/index.ts'
import { commonForm, isEmptyValue, isObject, isSame, itemsByElement } from './elements.ts'
import { FieldSet } from './field-set.ts'

/** Which paths are in one version of an object and not in the other, and which have another value. */
export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

/**
 * Compares two versions of an object by the rules of server-side apply. Of something that is new or gone, all that it
 * contains is counted, and it itself.
 */
export function compare(schema: Schema, before: unknown, after: unknown): Comparison {
  const comparison = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() }
  visit(comparison, [], schema, before, after)
  return comparison
}

function visit(
  out: Comparison,
  path: readonly string[],
  schema: Schema | undefined,
  left: unknown,
  right: unknown,
): void {
  if (left === undefined) out.added.insert(path)
  else if (right === undefined) out.removed.insert(path)
  const form = commonForm(schema, left, right)
  if (form === 'leaf' || (isEmptyValue(left) && isEmptyValue(right))) {
    if (left !== undefined && right !== undefined && !isSame(left, right)) out.modified.insert(path)
  } else if (form === 'map') {
    const before = isObject(left) ? left : {}
    const after = isObject(right) ? right : {}
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      visit(out, [...path, `f:${name}`], schema?.member(name), before[name], after[name])
    }
  } else {
    const before = itemsByElement(schema!, left)
    const after = itemsByElement(schema!, right)
    for (const element of new Set([...before.keys(), ...after.keys()])) {
      visit(out, [...path, element], schema!.element, before.get(element), after.get(element))
    }
  }
}

/** All that a configuration says: its leaves, the items of its lists, and what is empty. */
export function fieldsOf(schema: Schema, value: unknown): FieldSet {
  const out = new FieldSet()
  collect(out, [], schema, value)
  return out
}

function collect(out: FieldSet, path: readonly string[], schema: Schema | undefined, value: unknown): void {
  const form = commonForm(schema, value, undefined)
  if (form === 'leaf') out.insert(path)
  else if (form === 'map') {
    for (const [name, inner] of Object.entries(value as object)) {
      const inside = [...path, `f:${name}`]
      const field = schema?.member(name)
      collect(out, inside, field, inner)
      if (isEmptyValue(inner) || schema?.kind !== 'object' || field === undefined) out.insert(inside)
    }
  } else {
    for (const [element, item] of itemsByElement(schema!, value)) {
      collect(out, [...path, element], schema!.element, item)
      out.insert([...path, element])
    }
  }
}
