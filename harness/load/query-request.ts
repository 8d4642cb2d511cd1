import { parseDuration, Prng } from '../../base/index.ts'
import type { QueryLoad } from './planned-load.ts'
import { type QueryEndpoint, queryClass } from './query-classes.ts'

/** What expressions are filled in with. */
export interface QueryFacts {
  readonly seed: string
  /** Applications that queries may ask for; never empty. */
  readonly apps: readonly { readonly namespace: string; readonly app: string }[]
  /** Value of `$__rate_interval`. */
  readonly rateIntervalMs: number
}

/** One query, complete but for the time at which it is asked. */
export interface QueryRequest {
  readonly endpoint: QueryEndpoint
  readonly expr: string
  readonly label?: string
  /** 0 for an instant query. */
  readonly rangeMs: number
  /** 0 for anything but `query_range`. */
  readonly stepMs: number
  /** Whether an answer without data is worth counting. */
  readonly promisesData: boolean
}

/** Grafana's default where a panel says nothing. */
const RANGE_MS = 300_000
const STEP_MS = 15_000

type Scalar = string | number | boolean

/** The arguments of iteration `i`. */
export function argsOf({ args, each }: Pick<QueryLoad, 'args' | 'each'>, i: number): Readonly<Record<string, Scalar>> {
  const out: Record<string, Scalar> = { ...args }
  for (const [name, values] of Object.entries(each)) if (values.length > 0) out[name] = values[i % values.length]!
  return out
}

/** The tags under which iteration `i` is measured: the entry's own, and a class if these name none. */
export function tagsOf(load: QueryLoad, i: number): Readonly<Record<string, string>> {
  return { class: String(argsOf(load, i).class ?? load.name), ...load.tags }
}

/**
 * The request of iteration `i`: a function of the seed, the entry's name and `i` only.
 *
 * The arguments have been judged by `checkQuery`.
 */
export function requestOf(facts: QueryFacts, load: QueryLoad, i: number): QueryRequest {
  const args = argsOf(load, i)
  const prng = new Prng(facts.seed).fork(`query/${load.name}/${i}`)
  const { namespace, app } = prng.pick(facts.apps)
  const known = args.class === undefined ? undefined : queryClass(String(args.class))
  const endpoint = known?.endpoint ?? ((args.endpoint ?? 'query') as QueryEndpoint)
  const template = known === undefined ? String(args.expr) : prng.pick(known.exprs)
  const label = known?.labels === undefined ? args.label : prng.pick(known.labels)
  const ms = (given: Scalar | undefined, otherwise: number): number =>
    given === undefined ? otherwise : parseDuration(String(given))
  return {
    endpoint,
    expr: fillIn(template, {
      namespace: quotable(namespace),
      app: quotable(app),
      __rate_interval: `${facts.rateIntervalMs}ms`,
    }),
    ...(label === undefined ? {} : { label: String(label) }),
    rangeMs: endpoint === 'query' ? 0 : ms(args.range, known?.rangeMs ?? RANGE_MS),
    stepMs: endpoint === 'query_range' ? ms(args.step, known?.stepMs ?? STEP_MS) : 0,
    promisesData: known !== undefined,
  }
}

function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\$(namespace|app|__rate_interval)\b/g, (_, name: string) => values[name]!)
}

/** Inside the double quotes of PromQL. */
function quotable(text: string): string {
  return text.replaceAll(/["\\]/g, String.raw`\$&`)
}

/** How a request stands in HTTP. */
export interface HttpQuery {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Form, absent for GET. */
  readonly body?: string
}

/** As Grafana asks: forms by POST, except where the API knows GET only. */
export function httpQuery(request: QueryRequest, nowUnixMs: number): HttpQuery {
  const { endpoint, expr, label, rangeMs, stepMs } = request
  const end = (nowUnixMs / 1000).toFixed(3)
  const start = ((nowUnixMs - rangeMs) / 1000).toFixed(3)
  switch (endpoint) {
    case 'query':
      return post('/api/v1/query', { query: expr, time: end })
    case 'query_range':
      return post('/api/v1/query_range', { query: expr, start, end, step: String(stepMs / 1000) })
    case 'series':
    case 'labels':
      return post(`/api/v1/${endpoint}`, { 'match[]': expr, start, end })
    case 'label_values': {
      const form = new URLSearchParams({ 'match[]': expr, start, end })
      return { method: 'GET', path: `/api/v1/label/${encodeURIComponent(label!)}/values?${form.toString()}` }
    }
  }
}

function post(path: string, form: Readonly<Record<string, string>>): HttpQuery {
  return { method: 'POST', path, body: new URLSearchParams(form).toString() }
}
