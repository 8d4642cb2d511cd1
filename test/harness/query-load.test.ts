import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { DurationHistogram, SystemClock, VirtualClock } from '../../base/index.ts'
import type { ClosedLoad, QueryLoad } from '../../harness/load/planned-load.ts'
import { checkQuery, QUERY_ARGS } from '../../harness/load/query-action.ts'
import { QueryArrivals } from '../../harness/load/query-arrivals.ts'
import { QUERY_CLASSES } from '../../harness/load/query-classes.ts'
import { keysOf } from '../../harness/load/query-keys.ts'
import { factsOf, QueryLoadPart } from '../../harness/load/query-load.ts'
import { QueryMeasurements } from '../../harness/load/query-measurements.ts'
import { httpQuery, type QueryRequest, requestOf } from '../../harness/load/query-request.ts'
import { HttpQuerySender, type QueryAnswer, type QuerySender } from '../../harness/load/query-sender.ts'
import { vuSteps } from '../../harness/load/vu-levels.ts'
import { VirtualUsers } from '../../harness/load/vus.ts'
import type { Scenario } from '../../harness/scenario.ts'
import type { Subject } from '../../harness/subjects/index.ts'
import type { TrialContext } from '../../harness/trial-part.ts'
import { harnessFaults } from '../../harness/verdict.ts'
import type { HistogramValue, MetricValue } from '../../reports/index.ts'

const KEY = '{class=test}'
const REQUEST: QueryRequest = { endpoint: 'query', expr: 'up', rangeMs: 0, stepMs: 0, promisesData: true }
const query = () => ({ key: KEY, request: REQUEST })
const OK: QueryAnswer = { empty: false }

/** A subject that takes `serviceMs` for each query, whatever their number, and does nothing at all during its stall. */
class StallingSubject implements QuerySender {
  readonly #clock: VirtualClock
  readonly #stall: readonly [number, number]
  readonly #serviceMs: number
  sent = 0
  underWayMax = 0
  #underWay = 0

  constructor(clock: VirtualClock, serviceMs: number, stall: readonly [number, number] = [0, 0]) {
    this.#clock = clock
    this.#serviceMs = serviceMs
    this.#stall = stall
  }

  send(_request: QueryRequest, signal: AbortSignal): Promise<QueryAnswer> {
    this.sent++
    this.#underWay++
    this.underWayMax = Math.max(this.underWayMax, this.#underWay)
    const nowMs = this.#clock.elapsedMs
    const [from, until] = this.#stall
    const doneMs = (nowMs + this.#serviceMs > from && nowMs < until ? until : nowMs) + this.#serviceMs
    return new Promise<QueryAnswer>((resolve, reject) => {
      const timer = this.#clock.schedule(doneMs - nowMs, () => resolve(OK))
      signal.addEventListener('abort', () => {
        timer.cancel()
        reject(new Error('aborted'))
      })
    }).finally(() => this.#underWay--)
  }
}

function measured(measurements: QueryMeasurements): Record<string, MetricValue> {
  const metrics: Record<string, MetricValue> = {}
  measurements.put(metrics)
  return metrics
}

function histogram(metrics: Readonly<Record<string, MetricValue>>, name: string): HistogramValue {
  const value = metrics[`${name}${KEY}`]
  if (value === undefined || !('hdr' in value)) throw new Error(`no histogram ${name}`)
  return value
}

const value = (metrics: Readonly<Record<string, MetricValue>>, name: string): number =>
  (metrics[name] as { value: number }).value

t.test('open model: a second of standstill in ten is in the tail, though each query is served fast', async t => {
  const clock = new VirtualClock()
  const subject = new StallingSubject(clock, 2, [3000, 4000])
  const measurements = new QueryMeasurements([KEY])
  const arrivals = new QueryArrivals(clock, subject, measurements, {
    load: { kind: 'open', atMs: Array.from({ length: 1000 }, (_, i) => i * 10) },
    startNs: clock.monotonicNs(),
    concurrencyMax: 1,
    deadlineMs: 30_000,
    query,
  })
  arrivals.start()
  await clock.advanceAsync(12_000)
  await arrivals.stop()
  const metrics = measured(measurements)
  const latency = histogram(metrics, 'query_latency')
  const service = histogram(metrics, 'query_service_time')
  t.equal(latency.count, 1000, 'nothing is dropped')
  t.ok(latency.p99 >= 0.8, `p99 from when queries were due: ${latency.p99} s`)
  t.ok(latency.p50 < 0.005, `p50: ${latency.p50} s`)
  t.ok(service.p99 < 0.005, `p99 from when they were sent: ${service.p99} s`)
  t.equal(subject.underWayMax, 1)
  t.equal(value(metrics, 'queries_failed'), 0)
  t.equal(value(metrics, 'queries_dropped'), 0)
  t.equal(histogram({ [`generator_lag${KEY}`]: metrics['generator_lag{source=queries}']! }, 'generator_lag').max, 0)
})

t.test('open model: the bound holds, and what waits beyond it counts its wait', async t => {
  const clock = new VirtualClock()
  const subject = new StallingSubject(clock, 1000)
  const measurements = new QueryMeasurements([KEY])
  const arrivals = new QueryArrivals(clock, subject, measurements, {
    load: { kind: 'open', atMs: Array.from({ length: 10 }, () => 0) },
    startNs: clock.monotonicNs(),
    concurrencyMax: 2,
    deadlineMs: 3500,
    query,
  })
  arrivals.start()
  await clock.advanceAsync(60_000)
  await arrivals.stop()
  const metrics = measured(measurements)
  const latency = histogram(metrics, 'query_latency')
  t.equal(subject.underWayMax, 2)
  t.equal(subject.sent, 8, 'what is past its deadline before its turn is not sent any more')
  t.equal(latency.count, 10)
  // Two each after 1, 2 and 3 seconds; two are broken off and two are never sent: all four at the deadline.
  t.equal(value(metrics, 'queries_failed'), 4)
  t.equal(latency.censored, 4)
  t.ok(Math.abs(latency.max - 3.5) < 0.01)
  t.equal(histogram(metrics, 'query_service_time').count, 6)
  t.same(measurements.reasons, ['it was not answered within 3s500ms'])
})

t.test('open model: errors that come fast count as queries that never came', async t => {
  const clock = new VirtualClock()
  const answers: (QueryAnswer | Error)[] = [
    { fault: 'HTTP 503: no', empty: false },
    new Error('connection refused'),
    { empty: true },
    OK,
  ]
  const measurements = new QueryMeasurements([KEY])
  const arrivals = new QueryArrivals(
    clock,
    {
      send: () => {
        const answer = answers.shift()!
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
      },
    },
    measurements,
    {
      load: { kind: 'open', atMs: [0, 1, 2, 3] },
      startNs: clock.monotonicNs(),
      concurrencyMax: 8,
      deadlineMs: 30_000,
      query,
    },
  )
  arrivals.start()
  await clock.advanceAsync(100)
  await arrivals.stop()
  const metrics = measured(measurements)
  t.equal(value(metrics, 'queries_failed'), 2)
  t.equal(value(metrics, 'queries_empty'), 1)
  t.match(histogram(metrics, 'query_latency'), { count: 4, censored: 2 })
  t.ok(Math.abs(histogram(metrics, 'query_latency').max - 30) < 0.1)
  t.same(measurements.reasons, ['HTTP 503: no', 'connection refused'])
})

t.test('open model: the end of the run is a deadline too', async t => {
  const clock = new VirtualClock()
  const subject = new StallingSubject(clock, 10_000)
  const measurements = new QueryMeasurements([KEY])
  const arrivals = new QueryArrivals(clock, subject, measurements, {
    load: { kind: 'open', atMs: [0, 100, 5000] },
    startNs: clock.monotonicNs(),
    concurrencyMax: 1,
    deadlineMs: 30_000,
    query,
  })
  arrivals.start()
  await clock.advanceAsync(1000)
  await arrivals.stop()
  await clock.advanceAsync(60_000)
  const latency = histogram(measured(measurements), 'query_latency')
  t.match(latency, { count: 2, censored: 2 }, 'one under way, one waiting; the one that was not due is none')
  t.ok(Math.abs(latency.max - 1) < 0.01)
  t.ok(Math.abs(latency.min - 0.9) < 0.01)
  t.equal(clock.pending, 0)
  t.match(measurements.reasons[0], /still unanswered when the run ended/)
})

t.test('closed model', async t => {
  const run = async (
    load: Omit<ClosedLoad, 'kind' | 'startMs' | 'gracefulStopMs'> & Partial<ClosedLoad>,
    serviceMs = 100,
    forMs = 60_000,
  ) => {
    const clock = new VirtualClock()
    const subject = new StallingSubject(clock, serviceMs)
    const measurements = new QueryMeasurements([KEY])
    const numbers: number[] = []
    const vus = new VirtualUsers(clock, subject, measurements, {
      load: { kind: 'closed', startMs: 0, gracefulStopMs: 30_000, ...load },
      startNs: clock.monotonicNs(),
      deadlineMs: 30_000,
      query: i => {
        numbers.push(i)
        return query()
      },
    })
    vus.start()
    await clock.advanceAsync(forMs)
    await vus.stop()
    return { metrics: measured(measurements), subject, numbers, clock }
  }

  t.test('users ask one query after the other while there is time', async t => {
    const { metrics, subject } = await run({ startVus: 3, stages: [{ untilMs: 1000, vus: 3 }] })
    t.equal(subject.underWayMax, 3)
    t.equal(subject.sent, 30)
    const latency = histogram(metrics, 'query_latency')
    t.equal(latency.count, 30)
    t.ok(Math.abs(latency.p99 - 0.1) < 0.001)
  })

  t.test('shared iterations are shared, per-user iterations are not', async t => {
    const stages = [{ untilMs: 600_000, vus: 4 }]
    const shared = await run({ startVus: 4, stages, iterations: { count: 10, of: 'all' } })
    t.equal(shared.subject.sent, 10)
    t.same(
      shared.numbers,
      Array.from({ length: 10 }, (_, i) => i),
    )
    const each = await run({ startVus: 4, stages, iterations: { count: 3, of: 'each' } })
    t.equal(each.subject.sent, 12)
    t.same(
      each.numbers.toSorted((a, b) => a - b),
      Array.from({ length: 12 }, (_, i) => i),
      'each user has numbers of its own',
    )
  })

  t.test('users come and go along the ramps; who is to go finishes first', async t => {
    const { subject } = await run({
      startVus: 0,
      stages: [
        { untilMs: 4000, vus: 4 },
        { untilMs: 8000, vus: 0 },
      ],
    })
    t.equal(subject.underWayMax, 4)
    // User k asks from k s to (9 − k) s: 70 + 50 + 30 + 10 queries of 100 ms.
    t.equal(subject.sent, 160)
  })

  t.test('gracefulStop bounds what may go on after the end', async t => {
    const { metrics, clock } = await run(
      { startVus: 2, stages: [{ untilMs: 1000, vus: 2 }], gracefulStopMs: 500 },
      10_000,
      1500,
    )
    const latency = histogram(metrics, 'query_latency')
    t.match(latency, { count: 2, censored: 2 })
    t.ok(Math.abs(latency.max - 1.5) < 0.01)
    t.equal(clock.pending, 0)
  })

  t.test('steps of whole users, as k6 solves them', async t => {
    // The example in k6's own documentation of ramping-vus.
    t.same(
      vuSteps({
        startMs: 0,
        startVus: 4,
        stages: [
          { untilMs: 2000, vus: 6 },
          { untilMs: 7000, vus: 1 },
          { untilMs: 8000, vus: 1 },
          { untilMs: 8000, vus: 5 },
        ],
      }).map(({ atMs, vus }) => [atMs, vus]),
      [
        [0, 4],
        [1000, 5],
        [2000, 6],
        [3000, 5],
        [4000, 4],
        [5000, 3],
        [6000, 2],
        [7000, 1],
        [8000, 5],
      ],
    )
    const stages = fc.array(fc.record({ forMs: fc.integer({ min: 0, max: 5000 }), vus: fc.nat(50) }), { minLength: 1 })
    fc.assert(
      fc.property(fc.nat(50), stages, (startVus, list) => {
        let untilMs = 0
        const ramps = list.map(({ forMs, vus }) => ({ untilMs: (untilMs += forMs), vus }))
        const steps = vuSteps({ startMs: 0, startVus, stages: ramps })
        const ascending = steps.every((step, i) => i === 0 || step.atMs > steps[i - 1]!.atMs)
        return ascending && steps.at(-1)!.vus === ramps.at(-1)!.vus && steps.at(-1)!.atMs <= untilMs
      }),
    )
  })
})

const LOAD: QueryLoad = {
  name: 'panels',
  load: { kind: 'open', atMs: [0] },
  args: { class: 'instant-rate' },
  each: {},
  tags: {},
}
const FACTS = {
  seed: '1',
  apps: [
    { namespace: 'default', app: 'frontend' },
    { namespace: 'shop', app: 'cart' },
  ],
  rateIntervalMs: 4000,
}

t.test('arguments of a query', async t => {
  for (const { name, endpoint } of QUERY_CLASSES) {
    t.same(checkQuery({ class: name }, 'args'), [], name)
    const range = checkQuery({ class: name, range: '1m' }, 'args')
    t.equal(range.length, endpoint === 'query' ? 1 : 0, `${name} with a range`)
  }
  t.same(checkQuery({ expr: 'up' }, 'args'), [])
  t.same(checkQuery({ expr: 'up', endpoint: 'query_range', range: '10m', step: '30s' }, 'args'), [])
  t.same(checkQuery({ expr: '{a="b"}', endpoint: 'label_values', label: 'pod' }, 'args'), [])
  const faulty: [Record<string, string | number>, RegExp][] = [
    [{}, /^p: give either a class or an expr/],
    [{ class: 'labels', expr: 'up' }, /^p: give either/],
    [{ class: 'nonsense' }, /^p.class: unknown class "nonsense"; known are instant-selector, /],
    [{ class: 'labels', endpoint: 'query' }, /^p.endpoint: belongs to an expr/],
    [{ expr: 'up', endpoint: 'admin' }, /^p.endpoint: must be one of query, /],
    [{ expr: 'up', step: '1s' }, /^p.step: goes with query_range only/],
    [{ expr: 'up', endpoint: 'query_range', step: '0s' }, /^p.step: "0s" is no duration above 0/],
    [{ expr: 'up', endpoint: 'label_values' }, /^p.label: is missing/],
    [{ expr: 'up', label: 'pod' }, /^p.label: goes with/],
    [{ expr: '' }, /^p.expr: is empty/],
    [{ expr: 'up', exrp: 'x' }, /^p.exrp: "query" takes no such argument; it takes class, /],
    [{ expr: 1 }, /^p.expr: must be a string/],
  ]
  for (const [args, wanted] of faulty) t.match(checkQuery(args, 'p')[0], wanted, JSON.stringify(args))
  t.same(
    QUERY_ARGS.map(({ name }) => name),
    ['class', 'expr', 'endpoint', 'label', 'range', 'step'],
  )
})

t.test('requests are drawn from the seed, and differ', async t => {
  const draw = (seed: string) => Array.from({ length: 50 }, (_, i) => requestOf({ ...FACTS, seed }, LOAD, i).expr)
  t.same(draw('1'), draw('1'))
  t.not(draw('1').join(), draw('2').join())
  t.equal(new Set(draw('1')).size, 2, 'one for each application')
  t.ok(draw('1').every(expr => expr.includes('[4000ms]') && !expr.includes('$')))
  for (const { name, endpoint } of QUERY_CLASSES) {
    const request = requestOf(FACTS, { ...LOAD, args: { class: name } }, 7)
    t.equal(request.endpoint, endpoint, name)
    t.ok(request.promisesData)
    t.notMatch(request.expr, /\$/)
    t.match(httpQuery(request, 1_000_000).path, /^\/api\/v1\/(query|query_range|series|labels|label\/\w+\/values\?.+)$/)
  }
  const own = { ...LOAD, args: { expr: 'sum(rate(x{app="$app",re=~"a$"}[$__rate_interval]))' }, each: {} }
  t.match(requestOf(FACTS, own, 0).expr, /^sum\(rate\(x\{app="(frontend|cart)",re=~"a\$"\}\[4000ms\]\)\)$/)
  t.notOk(requestOf(FACTS, own, 0).promisesData)
  const quoted = requestOf({ ...FACTS, apps: [{ namespace: 'n', app: 'a"b\\' }] }, own, 0)
  t.match(quoted.expr, String.raw`app="a\"b\\"`)
  const range = requestOf(FACTS, { ...LOAD, args: { class: 'range-rate', range: '1m', step: '2s' } }, 0)
  const form = new URLSearchParams(httpQuery(range, 1_000_000).body)
  t.same(
    ['start', 'end', 'step'].map(name => form.get(name)),
    ['940.000', '1000.000', '2'],
  )
})

t.test('queries are measured under their class, or what the tags call it', async t => {
  const loads: QueryLoad[] = [
    { ...LOAD, each: { class: ['series', 'labels'] } },
    { ...LOAD, name: 'own', args: { expr: 'up' } },
    { ...LOAD, name: 'tagged', tags: { class: 'alerts', team: 'a' } },
  ]
  t.same(keysOf(loads), ['{class=series}', '{class=labels}', '{class=own}', '{class=alerts,team=a}'])
})

t.test('facts: applications whose series the classes know', async t => {
  const workload = (name: string, more: object) => ({ namespace: 'default', name, labels: {}, replicas: 1, ...more })
  const facts = (workloads: unknown[]) =>
    factsOf({ seed: 's', scrapeIntervalMs: 500, cluster: { workloads } } as unknown as Scenario)
  t.match(
    facts([
      workload('a', { profile: 'web-service' }),
      workload('b', { profile: 'other' }),
      workload('c', { profile: 'web-service', labels: { app: 'shop' } }),
      workload('d', { profile: 'web-service', replicas: 0 }),
    ]),
    {
      apps: [
        { namespace: 'default', app: 'a' },
        { namespace: 'default', app: 'shop' },
      ],
      rateIntervalMs: 2000,
    },
  )
  t.match(facts([workload('b', { profile: 'other' })]).apps, [{ app: 'b' }])
  t.equal(facts([]).apps.length, 1)
})

/** A server that answers when the test says so, or at once with what `answer` returns. */
async function stubServer(t: Test, answer: (path: string, body: string, response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => answer(request.url ?? '', body, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('answers are read to their end and judged', async t => {
  const vector = (result: string) => `{"status":"success","data":{"resultType":"vector","result":[${result}]}}`
  const sample = '{"metric":{},"value":[1,"2"]}'
  const cases: [number, string, RegExp | undefined, boolean][] = [
    [200, vector(sample), undefined, false],
    [200, vector(Array.from({ length: 2000 }, () => sample).join(',')), undefined, false],
    [200, vector(''), undefined, true],
    [200, '{"status":"success","isPartial":false,"data":{"resultType":"vector","result":[]}}', undefined, true],
    [200, '{"status":"success","data":[]}', undefined, true],
    [200, '{ "status": "success", "data": [ "pod" ] }', undefined, false],
    [422, '{"status":"error","errorType":"execution","error":"too many samples"}', /^HTTP 422: .*too many/, false],
    [200, '{"status":"error","errorType":"x","error":"y"}', /^an answer that is no success/, false],
    [200, '<html>', /no success: <html>/, false],
  ]
  let next: readonly [number, string] = [200, '']
  const asked: string[] = []
  const url = await stubServer(t, (path, body, response) => {
    asked.push(path, body)
    response.writeHead(next[0]).end(next[1])
  })
  const sender = new HttpQuerySender(new VirtualClock(0), url, 2)
  t.teardown(() => sender.close())
  for (const [status, body, fault, empty] of cases) {
    next = [status, body]
    const answer = await sender.send(REQUEST, new AbortController().signal)
    t.equal(answer.empty, empty, body.slice(0, 60))
    if (fault === undefined) t.equal(answer.fault, undefined)
    else t.match(answer.fault, fault)
  }
  t.same(asked.slice(0, 2), ['/api/v1/query', 'query=up&time=0.000'])
})

t.test('a query that is given up is broken off, and its connection with it', async t => {
  let held: ServerResponse | undefined
  let arrived: () => void = () => {}
  const arrival = new Promise<void>(resolve => (arrived = resolve))
  const url = await stubServer(t, (_path, _body, response) => {
    // Half an answer: only its end is the answer.
    response.write('{"status":"success","data":')
    held = response
    arrived()
  })
  const sender = new HttpQuerySender(new VirtualClock(), url, 1)
  t.teardown(() => sender.close())
  const abort = new AbortController()
  const sending = sender.send(REQUEST, abort.signal)
  await arrival
  const closed = once(held!, 'close')
  abort.abort()
  await t.rejects(sending)
  await closed
})

t.test('the query thread asks a subject and tells what became of it', async t => {
  const paths = new Set<string>()
  const url = await stubServer(t, (path, _body, response) => {
    paths.add(path.split('?')[0]!)
    const data = path.includes('/query') ? { resultType: 'vector', result: [{}] } : []
    response.end(JSON.stringify({ status: 'success', data }))
  })
  const open: QueryLoad = {
    ...LOAD,
    load: { kind: 'open', atMs: [0, 1, 2, 3, 4] },
    each: { class: ['instant-rate', 'series'] },
  }
  const closed: QueryLoad = {
    ...LOAD,
    name: 'users',
    args: { expr: 'up' },
    load: {
      kind: 'closed',
      startMs: 0,
      startVus: 2,
      stages: [{ untilMs: 600_000, vus: 2 }],
      iterations: { count: 6, of: 'all' },
      gracefulStopMs: 0,
    },
  }
  const part = new QueryLoadPart({
    queries: [open, closed],
    thresholds: { 'queries_empty{class:series}': ['count<5'] },
    gates: {},
    seed: '1',
    scrapeIntervalMs: 1000,
    cluster: { workloads: [{ namespace: 'default', name: 'a', labels: {}, replicas: 1, profile: 'web-service' }] },
  } as unknown as Scenario)
  t.teardown(() => part.close())
  await part.onPrepare({ url } as Subject)
  t.ok(paths.has('/api/v1/series'), 'the way was tried before planned time')
  const clock = new SystemClock()
  part.onStart({ clock, startNs: clock.monotonicNs(), warn: () => {} } as unknown as TrialContext)
  const count = (metrics: Readonly<Record<string, MetricValue>>): number =>
    Object.entries(metrics).reduce((sum, [, each]) => sum + ('count' in each ? each.count : 0), 0)
  while (count(part.soFar(name => name === 'query_latency')) < 11) {
    await new Promise(resolve => clock.schedule(5, () => resolve(undefined)))
  }
  t.equal('query_rate' in part.soFar(name => name === 'query_latency'), false, 'only what is wanted')
  await part.onStop()
  const metrics: Record<string, MetricValue> = {}
  part.onMeasured(metrics)
  t.match(metrics, {
    'query_latency{class=instant-rate}': { count: 3, censored: 0 },
    'query_latency{class=series}': { count: 2 },
    'query_latency{class=users}': { count: 6 },
    'query_service_time{class=users}': { count: 6 },
    queries_failed: { value: 0 },
    queries_empty: { value: 2 },
    'queries_empty{class=instant-rate}': { value: 0 },
    'queries_empty{class=series}': { value: 2 },
    queries_dropped: { value: 0 },
    query_rate: { value: Number },
    // Five arrivals, and the step of the users.
    'generator_lag{source=queries}': { count: 6 },
  })
  t.notOk('queries_failed{class=users}' in metrics, 'a sub-metric that is 0 is there only where it is named')
})

t.test('a late generator of queries makes a run invalid', async t => {
  const simulation = new DurationHistogram()
  simulation.record(1e6)
  const lag = (p99: number) => ({ 'generator_lag{source=queries}': { p99, hdr: '' } as unknown as MetricValue })
  t.same(harnessFaults(simulation, {}, lag(0.004)), [])
  t.match(harnessFaults(simulation, {}, lag(0.006)), [/queries were late: .* p99 is 6\.00 ms, above 5\.00 ms/])
})
