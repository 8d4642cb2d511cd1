// Series of arrivals become the sizes of a Deployment.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { NEEDS_PEER_TRACES, peerTrace } from '../../../support/peer-traces.ts'
import { brief, convert, file, leftOut } from './converting.ts'

const requests = (times: readonly number[]): string =>
  ['TIMESTAMP,tokens', ...times.map(time => `${time},7`)].join('\n')

void t.test('a row is a request', async t => {
  // 15 s at 2/s, 15 s at 6/s, then nothing for a while; a pod serves 1/s.
  const times = [
    ...Array.from({ length: 30 }, (_, i) => i / 2),
    ...Array.from({ length: 90 }, (_, i) => 15 + i / 6),
    400,
  ]
  const { events, header, report } = await convert(file(requests(times)), { perPod: 1 })
  t.same(brief(events), [
    '0 workload applied arrivals 1',
    '15000 workload scaled arrivals 2',
    '30000 workload scaled arrivals 6',
    '330000 workload scaled arrivals 1',
  ])
  t.equal(header.durationMs, 400_000, 'to the last request')
  t.equal(header.start, undefined, 'seconds since the start have no date')
  t.same(report.read, { requests: 121 })
})

void t.test('a row is a rate, which holds until the next', async t => {
  const csv =
    'time,rate\n2026-01-01T00:00:00Z,4.0\n2026-01-01T00:01:00Z,30\n2026-01-01T00:01:30Z,0\n2026-01-01T00:10:00Z,0\n'
  const options = { perPod: 2, minReplicas: 2, maxReplicas: 12, workload: 'shop/cart', nodes: 2 }
  const { events, header } = await convert(file(csv), options)
  t.same(brief(events), [
    '0 node added node-0',
    '0 node added node-1',
    '0 workload applied cart 2',
    '75000 workload scaled cart 6',
    '90000 workload scaled cart 12',
    '390000 workload scaled cart 2',
  ])
  t.match(events[2], { namespace: 'shop', selector: { app: 'cart' }, labels: { app: 'cart' } })
  t.equal(header.start, '2026-01-01T00:00:00.000Z')
  t.equal(header.durationMs, 600_000 + 510_000, 'the last rate holds as long as the one before it')
})

void t.test('times of other kinds', async t => {
  const starts: Record<string, string> = {
    '1700000000': '2023-11-14T22:13:20.000Z',
    '1700000000.25': '2023-11-14T22:13:20.250Z',
    '1700000000123': '2023-11-14T22:13:20.123Z',
    '2023-11-14 22:13:20.1239999': '2023-11-14T22:13:20.123Z',
    '2023-11-14T23:13:20+01:00': '2023-11-14T22:13:20.000Z',
    '2023-11-14 22:13': '2023-11-14T22:13:00.000Z',
  }
  for (const [time, start] of Object.entries(starts)) {
    t.equal((await convert(file(`timestamp\n${time}`), { perPod: 1 })).header.start, start, time)
  }
})

void t.test('what is wrong is told with its line, or counted', async t => {
  const csv = 'timestamp\n100\nsoon\n110\n50\n111,2\n'
  await t.rejects(convert(file(csv), { perPod: 1 }), {
    code: 'CHURN_TRACE_CONVERT',
    message: /line 3: timestamp is "soon"/,
  })
  const { report } = await convert(file(csv), { perPod: 1, lenient: true })
  t.same(leftOut(report), { malformed: 3 })
  t.same(report.read, { requests: 2 })
  t.match(report.leftOut[0]!.examples[1], /line 5: time goes back/)
  await t.rejects(convert(file('time,rate\n0,1\n60,-1\n'), { perPod: 1 }), /line 3: rate is "-1"/)
  await t.rejects(convert(file(csv)), { code: 'CHURN_TRACE_OPTIONS', message: /--per-pod/ })
  await t.rejects(convert(file(csv), { perPod: 1, minReplicas: 5, maxReplicas: 2 }), /--min-replicas 5/)
  await t.rejects(convert(file('tokens,x\n1,2\n'), { perPod: 1, format: 'arrivals' }), /the first column is "tokens"/)
  await t.rejects(
    convert(file('timestamp\n0\n999999999\n'), { perPod: 1 }),
    /line 3: is 11574 days after the first row/,
  )
  await t.rejects(convert(file('timestamp\n'), { perPod: 1 }), /nothing in it became an event/)
})

void t.test('the Azure samples: as many windows and requests as they hold', NEEDS_PEER_TRACES, async t => {
  for (const name of ['code', 'conv']) {
    const path = peerTrace('azure-llm-2023', `AzureLLMInferenceTrace_${name}.csv`)
    const rows = readFileSync(path, 'utf8').split('\n').slice(1).filter(Boolean)
    const times = rows.map(row => Date.parse(`${row.slice(0, 10)}T${row.slice(11, 23)}Z`))
    const { events, header, report } = await convert(path, { perPod: 0.5 })
    t.same(report.read, { requests: rows.length })
    t.equal(header.durationMs, times.at(-1)! - times[0]!)
    const sizes = new Map(events.map(event => [event.t, (event as { replicas: number }).replicas]))
    // Whatever was recommended, it never fell below what the last five minutes needed, beyond the tolerance.
    const needed = (endMs: number): number => {
      const from = times[0]! + endMs - 15_000
      return times.filter(time => time >= from && time < from + 15_000).length / 15 / 0.5
    }
    let size = 1
    for (let endMs = 15_000; endMs <= header.durationMs!; endMs += 15_000) {
      const before = size
      size = sizes.get(endMs) ?? size
      const wanted = needed(endMs)
      t.ok(
        size >= Math.min(Math.ceil(wanted), before + 4) || wanted <= before * 1.1001,
        `${size} pods at ${endMs} ms, ${wanted} needed`,
      )
      t.ok(size <= Math.max(before * 2, before + 4), 'no faster than the policies allow')
    }
  }
})
