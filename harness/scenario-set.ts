import { nearest } from '../base/index.ts'
import { SCENARIO_SCHEMA } from './scenario-schema.ts'

/** What is used of a JSON Schema to find the way through a scenario. */
interface Shape {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: boolean | Shape
  readonly items?: Shape
}

/**
 * Applies one `path.to.field=value` and returns the changed copy; notes a fault and returns `target` itself when it cannot.
 *
 * Elements of lists go by their number: `scenarios.load.stages.0.target=5`. The value is JSON where it parses as such and the
 * field is not a text, otherwise the text itself. Names on the way must exist, so that a typing error is no new entry.
 */
export function applySet(target: unknown, assignment: string, faults: string[]): unknown {
  const equals = assignment.indexOf('=')
  if (equals < 1) {
    faults.push(`--set ${assignment}: write it as field=value, for instance --set cluster.nodes=50`)
    return target
  }
  const path = assignment.slice(0, equals)
  const text = assignment.slice(equals + 1)
  try {
    return withField(target, SCENARIO_SCHEMA, '', path, text)
  } catch (error) {
    if (!(error instanceof NoSuchField)) throw error
    faults.push(`--set ${path}: ${error.message}`)
    return target
  }
}

/** The value at a path as `--set` writes it; `undefined` where there is none. */
export function fieldAt(target: unknown, path: string): unknown {
  if (path === '') return target
  if (typeof target !== 'object' || target === null) return undefined
  const key = firstKey(Object.keys(target), path)
  if (!Object.hasOwn(target, key)) return undefined
  return fieldAt((target as Readonly<Record<string, unknown>>)[key], path.slice(key.length + 1))
}

class NoSuchField extends Error {}

/** @param at the path so far, for messages. */
function withField(target: unknown, shape: Shape | undefined, at: string, path: string, text: string): unknown {
  if (path === '') return valueOf(text, shape, target)
  if (Array.isArray(target)) {
    const key = firstKey([], path)
    const index = /^\d+$/.test(key) ? Number(key) : Number.NaN
    if (!(index < target.length)) {
      throw new NoSuchField(`${at} has elements 0 to ${target.length - 1}, not "${key}"`)
    }
    const out: unknown[] = [...target]
    out[index] = withField(target[index], shape?.items, `${at}.${key}`, path.slice(key.length + 1), text)
    return out
  }
  if (target !== undefined && (typeof target !== 'object' || target === null)) {
    throw new NoSuchField(`${at} is ${JSON.stringify(target)}, which has no fields`)
  }
  const record = (target ?? {}) as Readonly<Record<string, unknown>>
  const known = [...new Set([...Object.keys(record), ...Object.keys(shape?.properties ?? {})])]
  const key = firstKey(known, path)
  const rest = path.slice(key.length + 1)
  const inner = shapeOf(shape, key)
  if (!Object.hasOwn(record, key) && !mayBeAdded(shape, key, rest)) {
    const near = nearest(key, known)
    const where = at === '' ? 'a scenario' : at
    throw new NoSuchField(
      `${where} has no "${key}"; ${near === undefined ? `it has ${known.join(', ')}` : `did you mean ${near}?`}`,
    )
  }
  const path_ = at === '' ? key : `${at}.${key}`
  return { ...record, [key]: withField(record[key], inner, path_, rest, text) }
}

/** The first key of a path: of those that are there the longest one that fits (labels have dots), else up to the first dot. */
function firstKey(known: readonly string[], path: string): string {
  const fitting = known.filter(key => path === key || path.startsWith(`${key}.`))
  return fitting.toSorted((a, b) => b.length - a.length)[0] ?? path.split('.', 1)[0]!
}

function shapeOf(shape: Shape | undefined, key: string): Shape | undefined {
  const known = shape?.properties?.[key]
  if (known !== undefined) return known
  return typeof shape?.additionalProperties === 'object' ? shape.additionalProperties : undefined
}

/** A field that the schema names, or a whole new entry of a map; never something within an entry that does not exist. */
function mayBeAdded(shape: Shape | undefined, key: string, rest: string): boolean {
  if (shape?.properties !== undefined && Object.hasOwn(shape.properties, key)) return true
  return typeof shape?.additionalProperties === 'object' && rest === ''
}

function valueOf(text: string, shape: Shape | undefined, current: unknown): unknown {
  const isText = typeof current === 'string' || shape?.type === 'string'
  try {
    const value: unknown = JSON.parse(text)
    return isText && typeof value !== 'string' ? text : value
  } catch {
    // Not JSON: the text is meant as it stands.
    return text
  }
}
