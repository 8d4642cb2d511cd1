/**
 * PromQL query load with the real k6 on anything that speaks the Prometheus HTTP API:
 *
 *   k6 run -e BASE_URL=http://127.0.0.1:9090 -e RATE=20 -e DURATION=1m scenarios/k6/query-load.ts
 *   npm run import -- k6-summary.json
 *
 * BASE_URL    default http://127.0.0.1:9090
 * RATE        queries per second of each class, default 10
 * DURATION    default 30s
 * VUS         queries of each class that can be under way at once, default 50
 * P99_MS      threshold on the p99 of each class, in milliseconds, default 1000
 * SELECTOR    which series of the default metrics are asked for, default {job=~".+"}
 * METRIC      a counter to take rates of, default http_requests_total
 * WINDOW      of rates, default 1m
 * SUMMARY     file of the summary, default k6-summary.json
 *
 * The arrival rate is constant and open: when the subject is slow, k6 takes more users, not fewer requests. What it could
 * not start is in dropped_iterations, and a run with any is no measurement.
 */
import http, { type RefinedResponse, type ResponseType } from 'k6/http'
import type { Options } from 'k6/options'
import { lagMs, observe } from './open-model.ts'
import { type ScriptInfo, type SummaryData, summaryOf } from './summary.ts'

const BASE_URL = (__ENV.BASE_URL ?? 'http://127.0.0.1:9090').replace(/\/+$/, '')
const RATE = Number(__ENV.RATE ?? 10)
const DURATION = __ENV.DURATION ?? '30s'
const VUS = Number(__ENV.VUS ?? 50)
const P99_MS = Number(__ENV.P99_MS ?? 1000)
const METRIC = __ENV.METRIC ?? 'http_requests_total'
const SELECTOR = __ENV.SELECTOR ?? '{job=~".+"}'
const WINDOW = __ENV.WINDOW ?? '1m'
const SUMMARY = __ENV.SUMMARY ?? 'k6-summary.json'

/** What each class asks; the path below /api/v1 and its form. Times are filled in when it is asked. */
const CLASSES: Readonly<
  Record<string, { readonly path: string; readonly form: Readonly<Record<string, string>>; readonly rangeS: number }>
> = {
  'instant-selector': { path: 'query', form: { query: `up${SELECTOR}` }, rangeS: 0 },
  'instant-rate': { path: 'query', form: { query: `rate(${METRIC}${SELECTOR}[${WINDOW}])` }, rangeS: 0 },
  'instant-aggregate': {
    path: 'query',
    form: { query: `sum by (job) (rate(${METRIC}${SELECTOR}[${WINDOW}]))` },
    rangeS: 0,
  },
  'range-aggregate': {
    path: 'query_range',
    form: { query: `sum by (job) (rate(${METRIC}${SELECTOR}[${WINDOW}]))`, step: '15' },
    rangeS: 900,
  },
  series: { path: 'series', form: { 'match[]': `up${SELECTOR}` }, rangeS: 300 },
  labels: { path: 'labels', form: { 'match[]': SELECTOR }, rangeS: 300 },
}

const NAMES = Object.keys(CLASSES)

export const options = {
  scenarios: Object.fromEntries(
    NAMES.map(name => [
      name,
      {
        executor: 'constant-arrival-rate',
        rate: RATE,
        timeUnit: '1s',
        duration: DURATION,
        preAllocatedVUs: VUS,
        maxVUs: VUS,
        gracefulStop: '30s',
        env: { CLASS: name },
        tags: { class: name },
      },
    ]),
  ),
  thresholds: {
    dropped_iterations: ['count==0'],
    queries_failed: ['count==0'],
    // k6 keeps a sub-metric only where a threshold names it.
    ...Object.fromEntries(
      NAMES.flatMap(name => [
        [`query_latency{class:${name}}`, [`p(99)<${P99_MS}`]],
        [`http_req_duration{class:${name}}`, ['max>=0']],
        [`queries_failed{class:${name}}`, ['count==0']],
        [`queries_empty{class:${name}}`, ['count>=0']],
      ]),
    ),
  },
  summaryTrendStats: ['count', 'avg', 'min', 'med', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max'],
  // Bodies are read in full and only looked at, not kept.
  noConnectionReuse: false,
  userAgent: 'churnbench-k6',
} satisfies Options

interface Setup {
  readonly subject: { readonly kind: string; readonly version: string } | null
}

/** Asks the subject what it is. */
export function setup(): Setup {
  const response = http.get(`${BASE_URL}/api/v1/status/buildinfo`, { responseType: 'text' })
  if (response.status !== 200) return { subject: null }
  const version = response.json('data.version')
  return {
    subject: { kind: 'prometheus-api', version: typeof version === 'string' && version !== '' ? version : 'unknown' },
  }
}

export default function ask(): void {
  const name = __ENV.CLASS!
  const { path, form, rangeS } = CLASSES[name]!
  const nowS = Date.now() / 1000
  const times: Record<string, string> =
    path === 'query' ? { time: nowS.toFixed(3) } : { start: (nowS - rangeS).toFixed(3), end: nowS.toFixed(3) }
  const waitedMs = lagMs(RATE)
  const response = http.post(
    `${BASE_URL}/api/v1/${path}`,
    { ...form, ...times },
    { responseType: 'text', tags: { name: `/api/v1/${path}` } },
  )
  observe(response, waitedMs, judge(response), { class: name })
}

function judge(response: RefinedResponse<ResponseType | undefined>): { failed: boolean; empty: boolean } {
  const head = typeof response.body === 'string' ? response.body.slice(0, 1024) : ''
  return {
    failed: response.status !== 200 || !/^\s*\{\s*"status"\s*:\s*"success"/.test(head),
    empty: /"(?:result|data)"\s*:\s*(?:\[\s*\]|null)/.test(head),
  }
}

export function handleSummary(data: SummaryData & { readonly setup_data?: Setup }): Record<string, string> {
  const script: ScriptInfo = {
    name: 'k6-query-load',
    description: 'PromQL queries by the real k6 at a constant arrival rate for each class.',
    settings: { RATE, DURATION, VUS, METRIC, SELECTOR, WINDOW },
    ...(data.setup_data?.subject ? { subject: data.setup_data.subject } : {}),
  }
  return summaryOf(data, script, SUMMARY)
}
