import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { FastifyInstance, InjectOptions } from 'fastify'
import t from 'tap'
import { parse as parseYaml } from 'yaml'
import { VirtualClock } from '../../../base/index.ts'
import { type ApiDeps, createApi } from '../../../scraper/api/index.ts'
import { Labels } from '../../../scraper/model/index.ts'
import { QueryEngine } from '../../../scraper/promql/index.ts'
import { MemoryStorage } from '../../promql/memory-storage.ts'

const CONTRACT = path.resolve('../shared/peer-data/prometheus/api/openapi_3.1_golden.yaml')
const START_MS = Date.UTC(2026, 0, 1)
const START_S = START_MS / 1000

/** Three series over ten minutes; one of them has a name that is no identifier. */
function filled(): MemoryStorage {
  const storage = new MemoryStorage()
  for (let i = 0; i <= 10; i++) {
    const tMs = START_MS + i * 60_000
    storage.add(Labels.fromRecord({ __name__: 'up', job: 'a', instance: 'x:1' }), tMs, 1)
    storage.add(Labels.fromRecord({ __name__: 'up', job: 'b', instance: 'y"1\n' }), tMs, i === 5 ? 'stale' : 0)
    storage.add(Labels.fromRecord({ __name__: 'a.b', 'dotted.label': 'v' }), tMs, i * 1e20)
  }
  return storage
}

function api(changes: Partial<ApiDeps> = {}): FastifyInstance {
  const clock = new VirtualClock(START_MS + 600_000)
  const labels = Labels.fromRecord({ instance: 'x:1', job: 'a' })
  return createApi({
    clock,
    queryable: filled(),
    engine: new QueryEngine(clock),
    targets: {
      activeTargets: () => [
        {
          scrapePool: 'a',
          scrapeUrl: 'http://x:1/metrics',
          globalUrl: 'http://x:1/metrics',
          discoveredLabels: Labels.fromRecord({ __address__: 'x:1' }),
          labels,
          health: 'up',
          lastError: '',
          lastScrapeMs: START_MS + 1,
          lastScrapeDurationS: 0.25,
          scrapeIntervalMs: 15_000,
          scrapeTimeoutMs: 500,
        },
        {
          scrapePool: 'a',
          scrapeUrl: 'http://y:1/metrics',
          globalUrl: 'http://y:1/metrics',
          discoveredLabels: labels,
          labels,
          health: 'unknown',
          lastError: 'none yet',
          lastScrapeMs: undefined,
          lastScrapeDurationS: 0,
          scrapeIntervalMs: 90_000,
          scrapeTimeoutMs: 10_000,
        },
      ],
      droppedTargets: () => [{ scrapePool: 'b', discoveredLabels: labels }],
      droppedTargetCounts: () => new Map([['b', 7]]),
    },
    storage: {
      stats: () => ({
        series: 3,
        chunks: 4,
        minMs: START_MS,
        maxMs: START_MS + 1,
        labelPairs: 6,
        samplesAppended: 33,
        outOfOrderSamples: 0,
        seriesCreated: 3,
        seriesRemoved: 0,
        walBytes: 0,
      }),
      cardinality: limit => {
        const list = [
          { name: 'up', value: 2 },
          { name: 'a.b', value: 1 },
        ].slice(0, limit)
        return {
          seriesCountByMetricName: list,
          labelValueCountByLabelName: list,
          memoryInBytesByLabelName: list,
          seriesCountByLabelValuePair: list,
        }
      },
    },
    metrics: { render: () => '# TYPE x counter\nx 1\n' },
    build: { version: '1', revision: 'r', branch: 'b', buildUser: 'u', buildDate: 'd', goVersion: 'node' },
    flags: { 'log.level': 'info' },
    configText: () => 'global: {}\n',
    runtime: () => ({
      startMs: START_MS,
      reloadSuccess: true,
      lastConfigMs: START_MS,
      corruptions: 0,
      storageRetention: '15d',
    }),
    isReady: () => true,
    reload: undefined,
    ...changes,
  })
}

async function get(app: FastifyInstance, url: string): Promise<{ status: number; body: any }> {
  const response = await app.inject(url)
  return { status: response.statusCode, body: response.json() }
}

void t.test('instant queries', async t => {
  const app = api()
  const vector = await get(app, `/api/v1/query?query=up&time=${START_S + 0.25}`)
  t.same(vector.body, {
    status: 'success',
    data: {
      resultType: 'vector',
      result: [
        { metric: { __name__: 'up', job: 'a', instance: 'x:1' }, value: [START_S + 0.25, '1'] },
        { metric: { __name__: 'up', job: 'b', instance: 'y"1\n' }, value: [START_S + 0.25, '0'] },
      ],
    },
  })
  t.same((await get(app, '/api/v1/query?query=1/0')).body.data, {
    resultType: 'scalar',
    result: [START_S + 600, '+Inf'],
  })
  t.same((await get(app, `/api/v1/query?query="a"&time=2026-01-01T01:00:00.5%2B01:00`)).body.data, {
    resultType: 'string',
    result: [START_S + 0.5, 'a'],
  })
  const raw = await get(app, `/api/v1/query?query=up{job="b"}[3m]&time=${START_S + 360}`)
  t.same(raw.body.data.result[0].values, [
    [START_S + 240, '0'],
    [START_S + 360, '0'],
  ])
  const large = await get(app, `/api/v1/query?query={"a.b"}&time=${START_S + 600}`)
  t.equal(large.body.data.result[0].value[1], '1e+21', 'values as Go prints them')
})

void t.test('range queries, GET and POST', async t => {
  const app = api()
  const query = `query=sum(up)&start=${START_S}&end=${START_S + 180}&step=1m`
  const expected = {
    resultType: 'matrix',
    result: [{ metric: {}, values: [0, 60, 120, 180].map(offset => [START_S + offset, '1']) }],
  }
  t.same((await get(app, `/api/v1/query_range?${query}`)).body.data, expected)
  const posted = await app.inject({
    method: 'POST',
    url: '/api/v1/query_range?step=5m',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: query,
  })
  t.same(posted.json().data, expected, 'the form comes before the URL')
  const limited = await get(
    app,
    `/api/v1/query_range?query=up&start=${START_S}&end=${START_S}&step=1&limit=1&stats=all`,
  )
  t.equal(limited.body.data.result.length, 1)
  t.same(limited.body.warnings, ['results truncated due to limit'])
  t.equal(limited.body.data.stats.samples.totalQueryableSamples, 2)
  const noted = await get(app, `/api/v1/query?query=rate(up[5m])`)
  t.match(noted.body.infos, [/^PromQL info: metric might not be a counter/])
})

void t.test('faults are told in Prometheus’ words', async t => {
  const app = api()
  const cases: [string, number, string, RegExp][] = [
    ['query?query=foo(x)', 400, 'bad_data', /^invalid parameter "query": 1:1: parse error: unknown function/],
    ['query', 400, 'bad_data', /no expression found in input/],
    [
      'query?query=1&time=x',
      400,
      'bad_data',
      /^invalid parameter "time": invalid time value for 'time': cannot parse "x" to a valid timestamp$/,
    ],
    ['query?query=1&limit=-1', 400, 'bad_data', /^invalid parameter "limit": limit must be non-negative$/],
    ['query?query=1&timeout=x', 400, 'bad_data', /^invalid parameter "timeout": cannot parse "x" to a valid duration$/],
    ['query?query=up%2Bon()up', 422, 'execution', /^found duplicate series for the match group \{\} on the right/],
    ['query_range?query=1&start=2&end=1&step=1', 400, 'bad_data', /end timestamp must not be before start time/],
    ['query_range?query=1&start=1&end=2&step=0', 400, 'bad_data', /zero or negative query resolution/],
    ['query_range?query=1&start=1&end=2', 400, 'bad_data', /^invalid parameter "step"/],
    ['query_range?query=1&start=0&end=11001&step=1', 400, 'bad_data', /exceeded maximum resolution of 11,000 points/],
    ['query_range?query=up[1m]&start=0&end=1&step=1', 400, 'bad_data', /invalid expression type "range vector"/],
    ['series', 400, 'bad_data', /no match\[\] parameter provided/],
    ['series?match[]={a=""}', 400, 'bad_data', /at least one non-empty matcher/],
    ['status/tsdb?limit=0', 400, 'bad_data', /limit must be a positive number/],
    ['query?query=1&lookback_delta=x', 400, 'bad_data', /^error parsing lookback delta duration: cannot parse "x"/],
  ]
  for (const [url, status, errorType, message] of cases) {
    const answer = await get(app, `/api/v1/${url}`)
    t.equal(answer.status, status, url)
    t.match(answer.body, { status: 'error', errorType, error: message }, url)
    t.same(Object.keys(answer.body), ['status', 'errorType', 'error'])
  }
  const unknown = await app.inject('/api/v1/nothing')
  t.same([unknown.statusCode, unknown.body], [404, '404 page not found\n'])
  const points = await get(app, '/api/v1/query_range?query=1&start=0&end=11000&step=1')
  t.equal(points.status, 200, '11 001 points are the most')
  const slow = await get(app, '/api/v1/query?query=up&timeout=0')
  t.match(slow, { status: 200 }, 'time stands still in this test')
})

void t.test('series, labels and their values', async t => {
  const app = api()
  const series = await get(app, '/api/v1/series?match[]=up{job="a"}&match[]={job=~".%2B"}&match[]={"a.b"}')
  t.same(series.body.data, [
    { __name__: 'up', instance: 'x:1', job: 'a' },
    { __name__: 'up', instance: 'y"1\n', job: 'b' },
    { __name__: 'a.b', 'dotted.label': 'v' },
  ])
  t.same((await get(app, `/api/v1/series?match[]=up&end=${START_S - 1}`)).body.data, [])
  t.same((await get(app, '/api/v1/labels')).body.data, ['__name__', 'dotted.label', 'instance', 'job'])
  t.same((await get(app, '/api/v1/labels?match[]=up&limit=1')).body, {
    status: 'success',
    data: ['__name__'],
    warnings: ['results truncated due to limit'],
  })
  t.same((await get(app, '/api/v1/label/job/values')).body.data, ['a', 'b'])
  t.same((await get(app, '/api/v1/label/job/values?match[]=up{instance="x:1"}')).body.data, ['a'])
  t.same((await get(app, '/api/v1/label/U__dotted_2e_label/values')).body.data, ['v'])
})

void t.test('targets', async t => {
  const app = api()
  const all = (await get(app, '/api/v1/targets')).body.data
  t.same(all.activeTargets[0], {
    discoveredLabels: { __address__: 'x:1' },
    labels: { instance: 'x:1', job: 'a' },
    scrapePool: 'a',
    scrapeUrl: 'http://x:1/metrics',
    globalUrl: 'http://x:1/metrics',
    lastError: '',
    lastScrape: '2026-01-01T00:00:00.001Z',
    lastScrapeDuration: 0.25,
    health: 'up',
    scrapeInterval: '15s',
    scrapeTimeout: '500ms',
  })
  t.equal(all.activeTargets[1].lastScrape, '0001-01-01T00:00:00Z')
  t.equal(all.activeTargets[1].scrapeInterval, '1m30s')
  t.same(all.droppedTargetCounts, { b: 7 })
  const count = async (state: string): Promise<number[]> => {
    const { data } = (await get(app, `/api/v1/targets?state=${state}`)).body
    return [data.activeTargets.length, data.droppedTargets.length]
  }
  t.same(
    [await count('any'), await count('active'), await count('dropped')],
    [
      [2, 1],
      [2, 0],
      [0, 1],
    ],
  )
  t.same((await get(app, '/api/v1/scrape_pools')).body.data, { scrapePools: ['a', 'b'] })
})

void t.test('long answers come in pieces, compressed when asked for', async t => {
  const storage = new MemoryStorage()
  for (let i = 0; i < 60; i++) storage.add(Labels.fromRecord({ __name__: 'm', i: String(i) }), START_MS, Math.PI * i)
  const app = api({ queryable: storage })
  const url = `/api/v1/query_range?query=m&start=${START_S}&end=${START_S + 299}&step=1`
  const plain = await app.inject(url)
  t.ok(plain.body.length > 500_000, `${plain.body.length} characters`)
  const { result } = plain.json().data
  t.equal(result.length, 60)
  t.ok(result.every((series: any) => series.values.length === 300 && series.values[299][0] === START_S + 299))
  t.ok(result.every((series: any) => series.values[0][1] === String(Math.PI * Number(series.metric.i))))
  const packed = await app.inject({ url, headers: { 'accept-encoding': 'deflate, gzip' } })
  t.equal(packed.headers['content-encoding'], 'gzip')
  t.equal(gunzipSync(packed.rawPayload).toString(), plain.body)
  const short = await app.inject({ url: '/api/v1/query?query=1', headers: { 'accept-encoding': 'gzip' } })
  t.notOk(short.headers['content-encoding'], 'not worth it')
  const refused = await app.inject({ url, headers: { 'accept-encoding': 'gzip;q=0' } })
  t.notOk(refused.headers['content-encoding'])
})

void t.test('a query is given up when its client goes away', async t => {
  const engine = new QueryEngine(new VirtualClock())
  const aborted = new Promise<void>(resolve => {
    engine.instant = (_queryable, _text, _tMs, options) => {
      client.destroy()
      return new Promise((_, reject) => {
        options?.signal?.addEventListener('abort', () => {
          resolve()
          reject(new Error('given up'))
        })
      })
    }
  })
  const app = api({ engine })
  const address = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const client = request(new URL('/api/v1/query?query=1', address))
  client.on('error', () => {})
  client.end()
  await aborted
  t.pass('its signal was raised')
  await app.close()
})

void t.test('management pages, and what is answered before it is ready', async t => {
  let reloads = 0
  const inject = async (app: FastifyInstance, method: InjectOptions['method'] & string, url: string) => {
    const { statusCode, body } = await app.inject({ method: method as 'GET', url })
    return [statusCode, body]
  }
  const app = api()
  t.same(await inject(app, 'GET', '/-/ready'), [200, 'Prometheus Server is Ready.\n'])
  t.same(await inject(app, 'GET', '/metrics'), [200, '# TYPE x counter\nx 1\n'])
  t.same(await inject(app, 'POST', '/-/reload'), [403, 'Lifecycle API is not enabled.'])
  t.same(await inject(app, 'POST', '/-/quit'), [403, 'Lifecycle API is not enabled.'])
  const reloading = api({
    reload: async () => {
      if (++reloads === 2) throw new Error('line 3: bad')
    },
  })
  t.same(await inject(reloading, 'POST', '/-/reload'), [200, ''])
  t.same(await inject(reloading, 'POST', '/-/reload'), [500, 'failed to reload config: line 3: bad\n'])
  const starting = api({ isReady: () => false })
  t.same(await inject(starting, 'GET', '/-/ready'), [503, 'Service Unavailable'])
  t.same(await inject(starting, 'GET', '/api/v1/query?query=1'), [503, 'Service Unavailable'])
  t.same(await inject(starting, 'GET', '/-/healthy'), [200, 'Prometheus Server is Healthy.\n'])
})

void t.test("answers have the shape of Prometheus' published contract", async t => {
  if (!existsSync(CONTRACT)) {
    t.comment(`${CONTRACT} is not there: the shapes were not compared`)
    return
  }
  const contract = parseYaml(readFileSync(CONTRACT, 'utf8'))
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(contract, 'contract')
  const app = api()
  const range = `query=up&start=${START_S}&end=${START_S + 60}&step=15`
  const requests: [string, string][] = [
    ['/query', '/query?query=up'],
    ['/query', '/query?query=1'],
    // No string: the contract wants two strings where Prometheus itself answers a number and a string.
    ['/query', '/query?query=up[5m]&stats=all'],
    ['/query', '/query?query=foo('],
    ['/query_range', `/query_range?${range}`],
    ['/query_range', '/query_range?query=rate(up[5m])&start=1&end=2&step=1'],
    ['/series', '/series?match[]=up'],
    ['/labels', '/labels'],
    ['/label/{name}/values', '/label/job/values'],
    ['/targets', '/targets'],
    ['/scrape_pools', '/scrape_pools'],
    ['/metadata', '/metadata'],
    ['/status/tsdb', '/status/tsdb'],
    ['/status/config', '/status/config'],
    ['/status/flags', '/status/flags'],
    ['/status/buildinfo', '/status/buildinfo'],
    ['/status/runtimeinfo', '/status/runtimeinfo'],
  ]
  for (const [route, url] of requests) {
    const { status, body } = await get(app, `/api/v1${url}`)
    const { responses } = contract.paths[route].get
    const { schema } = (responses[status] ?? responses.default).content['application/json']
    const validate = ajv.compile({ $ref: `contract${schema.$ref}` })
    t.ok(validate(body), `${url}: ${ajv.errorsText(validate.errors)}`)
  }
})
