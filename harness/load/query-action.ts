import { parseDuration } from '../../base/index.ts'
import { QUERY_CLASSES, QUERY_ENDPOINTS, type QueryEndpoint, queryClass } from './query-classes.ts'

/** An argument of `exec: 'query'`; the form is that of the actions on the cluster. */
export interface QueryArg {
  readonly name: string
  readonly type: 'string'
  readonly description: string
  readonly optional: true
}

const arg = (name: string, description: string): QueryArg => ({ name, type: 'string', description, optional: true })

/** What `exec: 'query'` takes: a class by name, or an expression of one's own. */
export const QUERY_ARGS: readonly QueryArg[] = [
  arg('class', `a class of queries: ${QUERY_CLASSES.map(({ name }) => name).join(', ')}`),
  arg('expr', 'PromQL, or a selector for series, labels and label_values; knows $namespace, $app, $__rate_interval'),
  arg('endpoint', `where \`expr\` goes: ${QUERY_ENDPOINTS.join(', ')}; default query`),
  arg('label', 'whose values are asked for, with endpoint label_values'),
  arg('range', 'how far back, with every endpoint but query; default 5m, or what the class says'),
  arg('step', 'between the points of query_range; default 15s, or what the class says'),
]

/**
 * All faults of a query's arguments, each `path.name: what is wrong`; empty when it can be asked.
 *
 * @param args of one iteration: `args` with what `each` puts over them.
 */
export function checkQuery(args: Readonly<Record<string, string | number | boolean>>, path: string): string[] {
  const faults: string[] = []
  const fault = (name: string, what: string): unknown => faults.push(`${path}.${name}: ${what}`)
  for (const [name, value] of Object.entries(args)) {
    if (!QUERY_ARGS.some(known => known.name === name)) {
      fault(name, `"query" takes no such argument; it takes ${QUERY_ARGS.map(known => known.name).join(', ')}`)
    } else if (typeof value !== 'string') {
      fault(name, 'must be a string')
    }
  }
  const { class: name, expr, endpoint, label, range, step } = args
  if ((name === undefined) === (expr === undefined)) {
    faults.push(`${path}: give either a class or an expr`)
  }
  const known = typeof name === 'string' ? queryClass(name) : undefined
  if (typeof name === 'string' && known === undefined) {
    fault('class', `unknown class "${name}"; known are ${QUERY_CLASSES.map(each => each.name).join(', ')}`)
  }
  if (expr === '') fault('expr', 'is empty')
  if (name !== undefined) {
    for (const [given, value] of Object.entries({ endpoint, label })) {
      if (value !== undefined) fault(given, 'belongs to an expr; a class has its own')
    }
  } else if (endpoint !== undefined && !isEndpoint(endpoint)) {
    fault('endpoint', `must be one of ${QUERY_ENDPOINTS.join(', ')}`)
  }
  const target = known?.endpoint ?? (name === undefined ? (endpoint ?? 'query') : undefined)
  if (target === undefined || !isEndpoint(target)) return faults
  if (name === undefined && (target === 'label_values') !== (label !== undefined)) {
    fault('label', target === 'label_values' ? 'is missing: whose values?' : 'goes with endpoint label_values only')
  }
  if (target === 'query' && range !== undefined) fault('range', 'an instant query has none')
  if (target !== 'query_range' && step !== undefined) fault('step', 'goes with query_range only')
  for (const [given, value] of Object.entries({ range, step })) {
    if (typeof value === 'string' && !isPositiveDuration(value)) fault(given, `"${value}" is no duration above 0`)
  }
  return faults
}

function isEndpoint(value: unknown): value is QueryEndpoint {
  return (QUERY_ENDPOINTS as readonly unknown[]).includes(value)
}

function isPositiveDuration(text: string): boolean {
  try {
    return parseDuration(text) > 0
  } catch {
    return false
  }
}
