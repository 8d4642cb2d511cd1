import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { peersByName, programsOf } from '../../harness/peers/index.ts'
import { type Report, readK6Files, reportOfK6, validateReport } from '../../reports/index.ts'
import { K6Points } from '../../reports/import/k6-points.ts'
import { type K6Summary, parseK6Summary } from '../../reports/import/k6-summary.ts'
import { sampleReport } from '../reports/sample-report.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SCRIPTS = join(ROOT, 'scenarios', 'k6')

interface Ran {
  readonly code: number
  readonly text: string
}

function run(file: string, args: readonly string[], cwd = ROOT): Promise<Ran> {
  return new Promise(resolve => {
    const env = { ...process.env, K6_NO_USAGE_REPORT: 'true' }
    execFile(file, args, { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, text: stdout + stderr }),
    )
  })
}

const { tool, environment } = sampleReport()

async function imported(files: readonly string[]): Promise<Report> {
  const read = await readK6Files(files)
  const report = reportOfK6({
    name: 'imported',
    ...read,
    tool,
    environment,
    id: '7f1b5b1e-5b0a-4d64-9b9a-0d6a3c1c1a11',
    nowUnixMs: Date.UTC(2026, 10, 23),
  })
  read.points?.destroy()
  return report
}

const reportOf = (summary: K6Summary | undefined): Report =>
  reportOfK6({ name: 'n', ...(summary && { summary }), tool, environment, id: 'x', nowUnixMs: 0 })

const TREND = { avg: 20, min: 1, med: 10, 'p(90)': 30, 'p(95)': 40, 'p(99)': 50, 'p(99.9)': 55, max: 60, count: 100 }

/** As k6 hands it to `handleSummary`. */
function handleSummary(dropped: number, more: object = {}): object {
  return {
    state: { testRunDurationMs: 10_000 },
    metrics: {
      iterations: { type: 'counter', contains: 'default', values: { count: 1000, rate: 100 } },
      dropped_iterations: {
        type: 'counter',
        contains: 'default',
        values: { count: dropped, rate: dropped / 10 },
        thresholds: { 'count==0': { ok: dropped === 0 } },
      },
      http_reqs: { type: 'counter', contains: 'default', values: { count: 1000, rate: 100 } },
      http_req_duration: { type: 'trend', contains: 'time', values: TREND },
      'http_req_duration{class:series}': {
        type: 'trend',
        contains: 'time',
        values: TREND,
        thresholds: { 'p(99)<500': { ok: true }, 'max < 59': { ok: false }, 'max>=0': { ok: true } },
      },
      'http_req_duration{expected_response:true}': { type: 'trend', contains: 'time', values: TREND },
      http_req_failed: { type: 'rate', contains: 'default', values: { rate: 0.003, passes: 3, fails: 997 } },
      ...more,
    },
  }
}

t.test('a summary becomes a report: percentiles as metrics of their own, in seconds', async t => {
  const report = reportOf(parseK6Summary(handleSummary(0)))
  t.same(validateReport({ ...report, id: '7f1b5b1e-5b0a-4d64-9b9a-0d6a3c1c1a11' }), [])
  const { metrics, durationS } = report.runs[0]!
  t.equal(durationS, 10)
  t.same(metrics['query_service_time_p99{class=series}'], { value: 0.05 })
  t.same(metrics['query_service_time_mean{class=series}'], { value: 0.02 })
  t.same(metrics.queries_failed, { value: 3 }, 'passes of a rate of failures')
  t.same(metrics.queries_dropped, { value: 0 })
  t.same(metrics.query_rate, { value: 100 })
  t.notOk(Object.keys(metrics).some(key => key.includes('expected_response') || key === 'query_service_time_p99'))
  t.match(report.metrics['query_service_time_p99'], { unit: 's', kind: 'value', direction: 'lower' })
  t.match(report.warnings, [{ code: 'k6-latency-from-send' }, { code: 'k6-environment' }])
  t.match(report.thresholds, [
    { metric: 'dropped_iterations', expression: 'count==0', value: 0, ok: true },
    { metric: 'query_service_time{class=series}', expression: 'p(99)<0.5', value: 0.05, ok: true },
    { metric: 'query_service_time{class=series}', expression: 'max<0.059', value: 0.06, ok: false },
  ])
  t.equal(report.thresholds.length, 3, 'what is written to keep a sub-metric is no threshold')
  t.match(report.verdict, { status: 'fail', exitCode: 99, reasons: [/^query_service_time\{class=series\} max<0\.059/] })
})

t.test('what k6 could not start makes a run invalid', async t => {
  t.match(reportOf(parseK6Summary(handleSummary(1))).runs[0], { valid: true }, '1 of 1001')
  const report = reportOf(parseK6Summary(handleSummary(2)))
  t.match(report.runs[0], { valid: false, invalidReasons: [/could not start 2 of 1002 iterations \(0\.20 %/] })
  t.match(report.verdict, { status: 'invalid', exitCode: 5 })
})

t.test('our own scripts measure from when a query was due, and say what they are', async t => {
  const json = {
    ...handleSummary(0, {
      query_latency: { type: 'trend', contains: 'time', values: { ...TREND, count: 990 } },
      'query_latency{class:series}': { type: 'trend', contains: 'time', values: TREND },
      'query_latency{class:never}': { type: 'trend', contains: 'time', values: { ...TREND, count: 0 } },
      'queries_failed{class:series}': { type: 'counter', contains: 'default', values: { count: 1, rate: 0.1 } },
      queries_failed: { type: 'counter', contains: 'default', values: { count: 1, rate: 0.1 } },
    }),
    churnbench: {
      name: 'k6-query-load',
      description: 'd',
      settings: { RATE: 10 },
      subject: { kind: 'prometheus-api', version: '3.1' },
    },
  }
  const report = reportOf(parseK6Summary(json))
  const { metrics, subject } = report.runs[0]!
  t.match(report.scenario, { name: 'k6-query-load', resolved: { RATE: 10, tool: 'k6' } })
  t.equal(subject.version, 'prometheus-api 3.1')
  t.same(metrics['query_latency_p99{class=series}'], { value: 0.05 })
  t.same(metrics['queries_failed{class=series}'], { value: 1 })
  t.same(metrics.query_rate, { value: 99 }, 'without what setup asked')
  t.notOk('query_latency_p99{class=never}' in metrics)
  t.match(report.warnings, [{ code: 'k6-environment' }])
  const other = reportOf(parseK6Summary({ ...json, churnbench: { ...json.churnbench, settings: { RATE: 20 } } }))
  t.not(other.scenario.sha256, report.scenario.sha256, 'another load is another scenario')
})

t.test('--summary-export: values lie elsewhere, and true means crossed', async t => {
  const flat = {
    metrics: {
      iterations: { count: 50, rate: 5 },
      http_reqs: { count: 50, rate: 5 },
      'http_req_duration{class:series}': { ...TREND, thresholds: { 'p(99)<500': false, 'max<59': true } },
    },
  }
  const report = reportOf(parseK6Summary(flat))
  t.equal(report.runs[0]!.durationS, 10, 'by rates')
  t.same(report.runs[0]!.metrics['query_service_time_p50{class=series}'], { value: 0.01 })
  t.same(
    report.thresholds.map(({ ok }) => ok),
    [true, false],
  )
  for (const other of [
    null,
    [],
    {},
    { metrics: 1 },
    { metrics: { a: { count: 1 } } },
    { metrics: { iterations: 3 } },
  ]) {
    t.equal(parseK6Summary(other), undefined, JSON.stringify(other))
  }
})

const point = (metric: string, value: number, tags: object, second = 0): string =>
  JSON.stringify({
    metric,
    type: 'Point',
    data: { time: `2026-11-23T10:00:${String(second).padStart(2, '0')}.123456789Z`, value, tags },
  })

t.test('points become histograms', async t => {
  const points = new K6Points()
  t.teardown(() => points.destroy())
  const lines = [
    '{"type":"Metric","data":{"name":"http_req_duration","type":"trend"},"metric":"http_req_duration"}',
    point('http_req_duration', 900, { group: '::setup', class: 'series' }),
    ...Array.from({ length: 100 }, (_, i) =>
      point('http_req_duration', i + 1, { class: 'series', status: '200' }, i % 50),
    ),
    ...Array.from({ length: 100 }, (_, i) => point('query_latency', i + 2, { class: 'series' }, i % 50)),
    point('query_latency', 5, { class: 'labels' }),
    point('http_req_failed', 1, { class: 'series' }),
    point('http_req_failed', 0, { class: 'series' }),
    point('iterations', 1, { scenario: 'a' }),
    point('dropped_iterations', 3, { scenario: 'b' }),
    point('iteration_duration', 3, {}),
    '',
  ]
  for (const line of lines) t.ok(points.add(line), line.slice(0, 60))
  for (const bad of ['{', 'null', '3', '{"metric":"x"}', '{"metric":"x","type":"Point","data":{}}']) {
    t.notOk(points.add(bad), bad)
  }
  const report = reportOfK6({ name: 'n', points, tool, environment, id: 'x', nowUnixMs: 0 })
  const { metrics, durationS, startedAt } = report.runs[0]!
  t.match(metrics, {
    'query_latency{class=series}': { count: 100, hdr: String },
    'query_latency{class=labels}': { count: 1 },
    'query_service_time{class=series}': { count: 100 },
    'queries_failed{class=series}': { value: 1 },
    queries_dropped: { value: 3 },
  })
  const series = metrics['query_latency{class=series}'] as { p99: number; max: number }
  t.ok(Math.abs(series.p99 - 0.1) < 0.001)
  t.ok(Math.abs(series.max - 0.101) < 0.001, 'nothing of setup')
  t.equal(durationS, 49)
  t.equal(startedAt, '2026-11-23T10:00:00.123Z')
  t.match(report.verdict, { status: 'invalid', exitCode: 5 }, '3 of 4 iterations dropped')
})

t.test('files that are none of k6 are refused, with the line', async t => {
  const dir = t.testdir({
    'text.txt': 'hello',
    'empty.json': '',
    'other.json': '{"a":1}',
    'summary.json': JSON.stringify(handleSummary(0)),
    'half.json': `${point('iterations', 1, {})}\nnonsense\n`,
  })
  const refused = (files: string[], message: RegExp): Promise<unknown> =>
    t.rejects(readK6Files(files.map(file => join(dir, file))), { code: 'CHURN_IMPORT', exitCode: 2, message })
  await refused(['text.txt'], /text\.txt is no file of k6: line 1/)
  await refused(['half.json'], /half\.json is no file of k6: line 2/)
  await refused(['other.json'], /line 1 is neither/)
  await refused(['empty.json'], /holds no points/)
  await refused(['none.json'], /cannot be read/)
  await refused(['summary.json', 'summary.json'], /second summary/)
})

t.test('the real k6', async t => {
  const [k6] = programsOf(peersByName(['k6'])[0]!, process.env)
  if (k6 === undefined) {
    t.comment('skipped: there is no k6 on this machine; npm run peers -- --install --only k6 builds one')
    return
  }

  t.test('query-load.ts asks, judges and is imported', async t => {
    const asked = new Set<string>()
    const url = await prometheusStub(t, path => {
      asked.add(path)
      return 200
    })
    const { summary, points, ran } = await runScript(t, k6, 'query-load.ts', { BASE_URL: url })
    t.ok([0, 99].includes(ran.code), ran.text)
    t.same(
      [...asked].toSorted(),
      ['labels', 'query', 'query_range', 'series', 'status/buildinfo'].map(path => `/api/v1/${path}`),
    )
    const report = await imported([summary, points])
    t.same(validateReport(report), [])
    const { metrics, valid, subject } = report.runs[0]!
    for (const name of [
      'instant-selector',
      'instant-rate',
      'instant-aggregate',
      'range-aggregate',
      'series',
      'labels',
    ]) {
      const latency = metrics[`query_latency{class=${name}}`] as { count: number; min: number } | undefined
      const service = metrics[`query_service_time{class=${name}}`] as { count: number; min: number } | undefined
      t.ok(latency !== undefined && latency.count > 0, name)
      t.equal(service?.count, latency?.count)
      t.ok(latency!.min >= service!.min)
    }
    t.equal(subject.version, 'prometheus-api 9.9')
    t.same(metrics['queries_failed{class=series}'], { value: 0 })
    t.same(metrics['queries_empty{class=series}'] ?? { value: 0 }, { value: 0 })
    // k6 on a busy machine may drop iterations; then, and only then, the run is no measurement.
    t.equal(valid, (metrics.queries_dropped as { value: number }).value === 0)
    const again = await imported([summary])
    t.same(validateReport(again), [])
    t.match(again.runs[0]!.metrics, { 'query_latency_p99{class=series}': { value: Number } })
  })

  t.test('a subject that refuses fails the thresholds', async t => {
    const url = await prometheusStub(t, path => (path.endsWith('/series') ? 503 : 200))
    const { summary, ran } = await runScript(t, k6, 'query-load.ts', { BASE_URL: url })
    t.equal(ran.code, 99, ran.text)
    const report = await imported([summary])
    const { metrics, valid } = report.runs[0]!
    t.ok((metrics['queries_failed{class=series}'] as { value: number }).value > 0)
    t.same(metrics['queries_failed{class=labels}'], { value: 0 })
    t.equal(report.verdict.exitCode, valid ? 99 : 5)
  })

  t.test('api-list-watch.ts asks an API server', async t => {
    const asked = new Set<string>()
    const url = await stub(t, path => {
      asked.add(path)
      return [200, path.includes('watch=true') ? '{"type":"BOOKMARK"}\n' : '{"kind":"PodList","items":[{}]}']
    })
    const { summary, ran } = await runScript(t, k6, 'api-list-watch.ts', { BASE_URL: url, WATCH_S: '0' })
    t.ok([0, 99].includes(ran.code), ran.text)
    t.equal(asked.size, 5)
    const report = await imported([summary])
    t.match(report.runs[0]!.metrics, {
      'query_latency_p99{class=list-pods}': { value: Number },
      'queries_failed{class=watch-pods}': { value: 0 },
    })
  })
})

async function runScript(
  t: Test,
  k6: string,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<{ summary: string; points: string; ran: Ran }> {
  const dir = t.testdir({})
  const settings = { RATE: '5', DURATION: '1s', P99_MS: '60000', SUMMARY: join(dir, 'summary.json'), ...env }
  const ran = await run(
    k6,
    [
      'run',
      '--quiet',
      '--address',
      '',
      '--out',
      `json=${join(dir, 'points.json')}`,
      ...Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
      join(SCRIPTS, script),
    ],
    dir,
  )
  if (!existsSync(settings.SUMMARY)) writeFileSync(settings.SUMMARY, ran.text)
  t.ok(readFileSync(settings.SUMMARY, 'utf8').startsWith('{'), ran.text)
  return { summary: settings.SUMMARY, points: join(dir, 'points.json'), ran }
}

function prometheusStub(t: Test, status: (path: string) => number): Promise<string> {
  return stub(t, whole => {
    const path = whole.split('?')[0]!
    const data = path.endsWith('/buildinfo')
      ? { version: '9.9' }
      : path.includes('/query')
        ? { resultType: 'vector', result: [{ metric: {}, value: [1, '1'] }] }
        : ['a']
    return [status(path), JSON.stringify({ status: 'success', data })]
  })
}

async function stub(t: Test, answer: (path: string) => readonly [number, string]): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      const [status, body] = answer(request.url ?? '')
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
