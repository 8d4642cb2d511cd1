import type { Schema } from '../schema/index.ts'
import { isObject, type JsonObject } from './elements.ts'

/** What may be null in Go. */
const REFERENCES: ReadonlySet<Schema['kind']> = new Set(['list', 'map', 'object'])

/**
 * An object of a built-in kind as Kubernetes compares it: what is a struct in its types is there, though empty, when nobody
 * has set it, and what else must be there is null. So nobody owns `spec` itself, only what it set in it.
 *
 * Their schemas say so: such fields have the default `{}`. Shares with `value` what is not completed.
 */
export function withZeroValues(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) {
    return schema.kind === 'list' && !schema.isAtomic
      ? value.map(item => withZeroValues(schema.element, item))
      : (value as unknown)
  }
  if (!isObject(value) || schema.isAtomic) return value
  const out: JsonObject = { ...value }
  if (schema.kind === 'map') {
    for (const [name, inner] of Object.entries(value)) out[name] = withZeroValues(schema.element, inner)
  } else if (schema.kind === 'object') {
    const required = new Set(schema.node.required)
    for (const name of Object.keys(schema.node.properties ?? {})) {
      const field = schema.field(name)!
      const inner = value[name]
      if ((inner === undefined || inner === null) && isStruct(field)) out[name] = withZeroValues(field, {})
      else if (inner !== undefined) out[name] = withZeroValues(field, inner)
      else if (required.has(name) && REFERENCES.has(field.kind)) out[name] = null
    }
  }
  return out
}

function isStruct({ kind, node }: Schema): boolean {
  return kind === 'object' && isObject(node.default) && Object.keys(node.default).length === 0
}
