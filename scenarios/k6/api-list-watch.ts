/**
 * Load on a Kubernetes API server with the real k6: what a crowd of discoveries asks of it when all of them start again.
 *
 *   npm run cluster -- --port 6443
 *   k6 run -e BASE_URL=http://127.0.0.1:6443 -e TOKEN=… -e RATE=5 -e DURATION=1m scenarios/k6/api-list-watch.ts
 *
 * BASE_URL    default http://127.0.0.1:6443; for https, `--insecure-skip-tls-verify` where the CA is not trusted
 * TOKEN       bearer token, when the server wants one; the kubeconfig has it
 * RATE        of each class per second, default 5
 * DURATION    default 30s
 * VUS         requests of each class that can be under way at once, default 50
 * WATCH_S     how long a watch is kept open, default 5
 * P99_MS      threshold on the p99 of each class of lists, in milliseconds, default 1000
 * SUMMARY     file of the summary, default k6-summary.json
 */
import http, { type RefinedResponse, type ResponseType } from 'k6/http'
import type { Options } from 'k6/options'
import { lagMs, observe } from './open-model.ts'
import { type SummaryData, summaryOf } from './summary.ts'

const BASE_URL = (__ENV.BASE_URL ?? 'http://127.0.0.1:6443').replace(/\/+$/, '')
const TOKEN = __ENV.TOKEN ?? ''
const RATE = Number(__ENV.RATE ?? 5)
const DURATION = __ENV.DURATION ?? '30s'
const VUS = Number(__ENV.VUS ?? 50)
const WATCH_S = Number(__ENV.WATCH_S ?? 5)
const P99_MS = Number(__ENV.P99_MS ?? 1000)
const SUMMARY = __ENV.SUMMARY ?? 'k6-summary.json'

/** Path and query of each class. A watch ends by itself, as a client asks it to. */
const CLASSES: Readonly<Record<string, string>> = {
  'list-pods': '/api/v1/pods?resourceVersion=0',
  'list-pods-page': '/api/v1/pods?limit=500',
  'list-nodes': '/api/v1/nodes?resourceVersion=0',
  'list-endpointslices': '/apis/discovery.k8s.io/v1/endpointslices?resourceVersion=0',
  'watch-pods': `/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=${WATCH_S}`,
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
        maxVUs: name === 'watch-pods' ? VUS + RATE * WATCH_S * 2 : VUS,
        gracefulStop: `${WATCH_S + 30}s`,
        env: { CLASS: name },
        tags: { class: name },
      },
    ]),
  ),
  thresholds: {
    dropped_iterations: ['count==0'],
    queries_failed: ['count==0'],
    ...Object.fromEntries(
      NAMES.flatMap(name => [
        // A watch lasts as long as it was asked to: nothing to be judged.
        [`query_latency{class:${name}}`, [name === 'watch-pods' ? 'max>=0' : `p(99)<${P99_MS}`]],
        [`http_req_duration{class:${name}}`, ['max>=0']],
        [`queries_failed{class:${name}}`, ['count==0']],
      ]),
    ),
  },
  summaryTrendStats: ['count', 'avg', 'min', 'med', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max'],
  userAgent: 'churnbench-k6',
} satisfies Options

export default function ask(): void {
  const name = __ENV.CLASS!
  const path = CLASSES[name]!
  const waitedMs = lagMs(RATE)
  const response = http.get(`${BASE_URL}${path}`, {
    headers: { Accept: 'application/json', ...(TOKEN === '' ? {} : { Authorization: `Bearer ${TOKEN}` }) },
    responseType: 'text',
    tags: { name: path.split('?')[0]! },
  })
  observe(response, waitedMs, judge(response, name), { class: name })
}

function judge(response: RefinedResponse<ResponseType | undefined>, name: string): { failed: boolean; empty: boolean } {
  const body = typeof response.body === 'string' ? response.body : ''
  if (name === 'watch-pods') return { failed: response.status !== 200, empty: body === '' }
  return {
    failed: response.status !== 200 || !body.includes('"items":'),
    empty: /"items":\s*(?:\[\s*\]|null)/.test(body.slice(-200)),
  }
}

export function handleSummary(data: SummaryData): Record<string, string> {
  return summaryOf(
    data,
    {
      name: 'k6-api-list-watch',
      description:
        'Lists and watches of a Kubernetes API server by the real k6 at a constant arrival rate for each class.',
      settings: { RATE, DURATION, VUS, WATCH_S },
    },
    SUMMARY,
  )
}
