/** Where in the Prometheus HTTP API a query goes. */
export const QUERY_ENDPOINTS = ['query', 'query_range', 'series', 'labels', 'label_values'] as const

export type QueryEndpoint = (typeof QUERY_ENDPOINTS)[number]

/**
 * A kind of question that people and programs ask a Prometheus, so that scenarios can ask for it by name.
 *
 * Expressions are templates in Grafana's spelling: `$namespace` and `$app` are those of one workload of the scenario, drawn
 * anew for each query from the seed; `$__rate_interval` is four scrape intervals. They rely on the labels that the default
 * configuration gives (`namespace`, `pod`, `node`, `app`) and on the series of the profile web-service. Each promises data
 * as soon as its application has been scraped a few times.
 */
export interface QueryClass {
  readonly name: string
  /** Who asks this, and when. */
  readonly standsFor: string
  readonly endpoint: QueryEndpoint
  /** One of them is drawn: PromQL, or for the metadata endpoints a series selector. */
  readonly exprs: readonly string[]
  /** Of `label_values`: one of them is drawn. */
  readonly labels?: readonly string[]
  /** How far it looks back; of the metadata endpoints the time range in which series count. */
  readonly rangeMs?: number
  /** Of `query_range`. */
  readonly stepMs?: number
}

const MINUTE_MS = 60_000

/** Gauges that every web service exposes once per pod. */
const GAUGES = [
  'process_resident_memory_bytes',
  'process_open_fds',
  'go_goroutines',
  'go_memstats_alloc_bytes',
  'http_requests_in_flight',
] as const

export const QUERY_CLASSES: readonly QueryClass[] = [
  {
    name: 'instant-selector',
    standsFor: 'a stat panel or `kubectl top`-like table: the newest value of one gauge, of all pods of an application',
    endpoint: 'query',
    exprs: GAUGES.map(gauge => `${gauge}{namespace="$namespace",app="$app"}`),
  },
  {
    name: 'instant-rate',
    standsFor: 'an alerting rule: the rate of errors of one application, a result for every pod and route',
    endpoint: 'query',
    exprs: ['rate(http_requests_total{namespace="$namespace",app="$app",status=~"5.."}[$__rate_interval])'],
  },
  {
    name: 'instant-aggregate',
    standsFor: 'a recording rule: rates of a whole namespace, summed by a label',
    endpoint: 'query',
    exprs: ['app', 'status', 'node'].map(
      by => `sum by (${by}) (rate(http_requests_total{namespace="$namespace"}[$__rate_interval]))`,
    ),
  },
  {
    name: 'range-rate',
    standsFor: 'a graph with a line for every pod of one application, over five minutes',
    endpoint: 'query_range',
    exprs: ['process_cpu_seconds_total', 'go_memstats_alloc_bytes_total'].map(
      counter => `rate(${counter}{namespace="$namespace",app="$app"}[$__rate_interval])`,
    ),
    rangeMs: 5 * MINUTE_MS,
    stepMs: 15_000,
  },
  {
    name: 'range-aggregate',
    standsFor: 'the usual dashboard panel: rates of one application summed by a label, a quarter of an hour',
    endpoint: 'query_range',
    exprs: ['route', 'status', 'pod'].map(
      by => `sum by (${by}) (rate(http_requests_total{namespace="$namespace",app="$app"}[$__rate_interval]))`,
    ),
    rangeMs: 15 * MINUTE_MS,
    stepMs: 15_000,
  },
  {
    name: 'histogram-quantile',
    standsFor: 'a latency objective: a quantile by route out of the buckets of all pods of one application',
    endpoint: 'query',
    exprs: ['0.5', '0.9', '0.99'].map(
      q =>
        `histogram_quantile(${q}, sum by (le, route) (rate(http_request_duration_seconds_bucket{namespace="$namespace",app="$app"}[$__rate_interval])))`,
    ),
  },
  {
    name: 'series',
    standsFor: 'a dashboard variable or an exploring person: which series are there of one metric and application',
    endpoint: 'series',
    exprs: [...GAUGES, 'http_requests_total'].map(metric => `${metric}{namespace="$namespace",app="$app"}`),
    rangeMs: 5 * MINUTE_MS,
  },
  {
    name: 'labels',
    standsFor: 'the editor that completes label names for one application',
    endpoint: 'labels',
    exprs: ['{namespace="$namespace",app="$app"}'],
    rangeMs: 5 * MINUTE_MS,
  },
  {
    name: 'label-values',
    standsFor: 'the drop-down menus at the top of a dashboard: all values of one label in a namespace',
    endpoint: 'label_values',
    exprs: ['{namespace="$namespace"}'],
    labels: ['pod', 'instance', 'node', 'app', 'route', '__name__'],
    rangeMs: 5 * MINUTE_MS,
  },
]

export function queryClass(name: string): QueryClass | undefined {
  return QUERY_CLASSES.find(known => known.name === name)
}
