// Goal: every answer of a Prometheus-like API becomes samples or one coded error, whatever its size and however it is cut.
import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as fc from 'fast-check'
import t, { type Test } from 'tap'
import { SystemClock, VirtualClock } from '../../../base/index.ts'
import { ExportLines } from '../../../harness/subjects/export-lines.ts'
import { QueryClient, SubjectError } from '../../../harness/subjects/index.ts'
import { ResultSplitter } from '../../../harness/subjects/result-splitter.ts'

async function server(t: Test, listener: RequestListener): Promise<string> {
  const http = createServer(listener)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.teardown(() => {
    http.closeAllConnections()
    http.close()
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

async function clientOf(t: Test, listener: RequestListener, clock = new SystemClock()): Promise<QueryClient> {
  const client = new QueryClient(clock, 'fake', await server(t, listener))
  t.teardown(() => client.close())
  return client
}

/** Answers each query with what `respond` makes of its form. */
function answering(
  respond: (form: URLSearchParams) => { readonly code?: number; readonly body: string },
): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { code = 200, body } = respond(new URLSearchParams(Buffer.concat(chunks).toString()))
      response.writeHead(code, { 'content-type': 'application/json' }).end(body)
    })
  }
}

const success = (resultType: string, result: unknown): string =>
  JSON.stringify({ status: 'success', data: { resultType, result }, warnings: ['"result":[{'] })

async function refusal(t: Test, promise: Promise<unknown>): Promise<SubjectError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof SubjectError)) throw new Error('it was not refused', { cause: error })
  t.equal(error.code, 'CHURN_SUBJECT_QUERY')
  t.equal(error.exitCode, 6)
  return error
}

void t.test('instant queries: vectors, scalars, odd values, a given time', async t => {
  let form = new URLSearchParams()
  const client = await clientOf(
    t,
    answering(received => {
      form = received
      if (received.get('query') === '1') return { body: success('scalar', [1, '1.5']) }
      return {
        body: success('vector', [
          { metric: { a: 'x"}],{[\\' }, value: [1, '-Inf'] },
          { metric: {}, value: [1, 'NaN'] },
          { metric: { h: 'y' }, histogram: [1, { count: '1' }] },
          { metric: { z: 'ü' }, value: [1.5, '1e3'] },
        ]),
      }
    }),
  )
  t.strictSame(await client.instant('up{a="b+c"}', 1_795_416_964_007), [
    { labels: { a: 'x"}],{[\\' }, value: -Infinity },
    { labels: {}, value: NaN },
    { labels: { z: 'ü' }, value: 1000 },
  ])
  t.equal(form.get('query'), 'up{a="b+c"}')
  t.equal(form.get('time'), '1795416964.007')
  t.strictSame(await client.instant('1'), [{ labels: {}, value: 1.5 }])
  t.equal(form.get('time'), null)
})

void t.test('raw samples: the window is closed on both sides, for subjects of either persuasion', async t => {
  let form = new URLSearchParams()
  const client = await clientOf(
    t,
    answering(received => {
      form = received
      const values = [999, 1000, 1500, 2000, 2001].map(ms => [ms / 1000, `${ms}`])
      return {
        body: success('matrix', [
          { metric: { a: 'b' }, values },
          { metric: {}, values: [[0.9, '1']] },
        ]),
      }
    }),
  )
  const series = await client.rawRange('{a="b"}', 1000, 2000)
  t.equal(form.get('query'), '{a="b"}[1001ms]')
  t.equal(form.get('time'), '2.000')
  t.equal(series.length, 1, 'a series without samples in the window is left out')
  t.strictSame([...series[0]!.tMs], [1000, 1500, 2000])
  t.strictSame([...series[0]!.values], [1000, 1500, 2000])
  t.strictSame(await client.rawRange('x', 2000, 1000), [], 'an empty window asks nobody')
})

void t.test('an answer of half a million samples', async t => {
  const values = Array.from({ length: 1000 }, (_, i) => [1_795_416_964 + i, `${i}.25`])
  const result = Array.from({ length: 500 }, (_, i) => ({ metric: { __name__: 'm', i: `${i}` }, values }))
  const body = success('matrix', result)
  const client = await clientOf(
    t,
    answering(() => ({ body })),
  )
  const series = await client.rawRange('m', 0, 2_000_000_000_000)
  t.equal(series.length, 500)
  t.equal(
    series.reduce((sum, each) => sum + each.tMs.length, 0),
    500_000,
  )
  t.equal(series[499]!.labels['i'], '499')
  t.equal(series[499]!.values[999], 999.25)
})

void t.test('refusals and accidents are coded errors', async t => {
  const client = await clientOf(
    t,
    answering(form => {
      switch (form.get('query')) {
        case 'bad':
          return { code: 400, body: '{"status":"error","errorType":"bad_data","error":"parse error: 1:4"}' }
        case 'html':
          return { code: 502, body: '<html>bad gateway</html>' }
        case 'cut':
          return { body: success('vector', [{ metric: {}, value: [1, '1'] }]).slice(0, -30) }
        case 'json':
          return { body: '{"status":"success"}' }
        default:
          return { body: success('matrix', []) }
      }
    }),
  )
  t.match((await refusal(t, client.instant('bad'))).message, /fake does not answer "bad": bad_data: parse error: 1:4/)
  t.match((await refusal(t, client.instant('html'))).message, /HTTP 502: <html>/)
  await refusal(t, client.instant('cut'))
  await refusal(t, client.instant('json'))
  t.match((await refusal(t, client.instant('range[1m]'))).message, /a matrix, not an instant vector/)
  const unreachable = new QueryClient(new SystemClock(), 'fake', 'http://127.0.0.1:1')
  t.teardown(() => unreachable.close())
  t.match((await refusal(t, unreachable.instant('up'))).message, /cannot be asked/)
})

void t.test('a subject that hangs is given up when the clock says so', async t => {
  const clock = new VirtualClock()
  let asked: () => void
  const request = new Promise<void>(resolve => (asked = resolve))
  const client = new QueryClient(clock, 'fake', await server(t, () => asked()), { timeoutMs: 5_000 })
  t.teardown(() => client.close())
  const refused = refusal(t, client.instant('up'))
  await request
  clock.advance(5_000)
  t.match((await refused).message, /did not answer within 5s/)
  t.equal(clock.pending, 0)
})

void t.test('a kept connection that the subject closes is no failed query', async t => {
  let count = 0
  const client = await clientOf(t, (request, response) => {
    request.resume()
    // The second request on a connection finds it closed without an answer.
    if (++count === 2) request.socket.destroy()
    else response.end(success('vector', []))
  })
  t.strictSame(await client.instant('up'), [])
  t.strictSame(await client.instant('up'), [])
  t.equal(count, 3)
})

void t.test('property: the splitter finds the same series wherever the answer is cut', async t => {
  const series = fc.record({
    metric: fc.dictionary(
      fc.string({ maxLength: 4 }),
      fc.string({ maxLength: 8, unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', 'é', ':') }),
    ),
    values: fc.array(fc.tuple(fc.nat(), fc.string({ maxLength: 3 })), { maxLength: 3 }),
  })
  const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(fc.array(series, { maxLength: 5 }), cuts, fc.boolean(), (result, sizes, spaced) => {
      const answer = { status: 'success', infos: [{ result: [{}] }], data: { resultType: 'matrix', result } }
      const bytes = Buffer.from(JSON.stringify(answer, undefined, spaced ? 2 : 0))
      const found: unknown[] = []
      const splitter = new ResultSplitter(json => found.push(JSON.parse(json)))
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length]!
        splitter.push(Buffer.from(bytes.subarray(at, at + size)))
        at += size
      }
      const envelope = JSON.parse(splitter.envelope)
      t.strictSame(found, JSON.parse(JSON.stringify(result)))
      t.equal(envelope.data.result.length, result.length)
    }),
    { numRuns: 100 },
  )
})

void t.test('export lines: bare numbers, stale markers, blocks of one series, any cut', async t => {
  const text = [
    '{"metric":{"__name__":"a","x":"\\"values\\":[NaN]"},"values":[1,null,+Inf,-Inf,3],"timestamps":[1,2,3,4,9]}',
    '{"metric":{"__name__":"b"},"values":[NaN],"timestamps":[2]}',
    '{"metric":{"__name__":"c"},"values":[6,7],"timestamps":[6,7]}',
    '',
    '{"metric":{"__name__":"c"},"values":["Infinity",5],"timestamps":[4,5]}',
  ].join('\n')
  for (const size of [1, 7, text.length]) {
    const lines = new ExportLines(1, 8)
    for (let at = 0; at < text.length; at += size) lines.push(Buffer.from(text.slice(at, at + size)))
    const series = lines.finish()
    t.strictSame(
      series.map(each => [each.labels['__name__'], [...each.tMs], [...each.values]]),
      [
        ['a', [1, 3, 4], [1, Infinity, -Infinity]],
        ['c', [4, 5, 6, 7], [Infinity, 5, 6, 7]],
      ],
    )
    t.equal(series[0]!.labels['x'], '"values":[NaN]')
  }
})
