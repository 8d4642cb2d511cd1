// Goal: what a remote-write sender sends is what the sink answers, bit for bit and once; what is not 1.0 is refused as the
// protocol wants it. Method: golden bytes made by hand, an encoder of our own with random data, and real senders where present.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import * as fc from 'fast-check'
import snappy from 'snappyjs'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { SystemClock } from '../../../base/index.ts'
import { findProgram } from '../../../harness/peers/index.ts'
import { RemoteWriteSink } from '../../../harness/sink/index.ts'
import { SampleStore } from '../../../harness/sink/sample-store.ts'
import { parseSelector } from '../../../harness/sink/selector.ts'
import { WriteRequestReader } from '../../../harness/sink/write-request.ts'
import { prometheusSubject, type RawSeries } from '../../../harness/subjects/index.ts'
import { fakeTarget } from '../subjects/fake-kubernetes.ts'
import { plainRequest, STALE, writeRequest, type WrittenSeries } from './write-bytes.ts'

/**
 * `up{job="a"}`: 1.5 at 1700000000000 and the stale marker a second later. Written by hand after the protocol's text:
 *
 *   40            Snappy: 64 bytes follow          f0 3f   … as one literal
 *   0a 3e         timeseries, 62 bytes
 *     0a 0e         label, 14 bytes: 0a 08 __name__ 12 02 up          0a 08 … job, a
 *     12 10         sample, 16 bytes: 09 double 10 varint
 */
const GOLDEN =
  '40f03f0a3e0a0e0a085f5f6e616d655f5f120275700a080a036a6f62120161' +
  '121009000000000000f83f1080d095ffbc31121009020000000000f07f10e8d795ffbc31'

const T0 = 1_700_000_000_000

async function sinkOf(t: Test): Promise<RemoteWriteSink> {
  const sink = await RemoteWriteSink.start()
  t.teardown(() => sink.stop())
  return sink
}

async function post(
  sink: RemoteWriteSink,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
  url = sink.url,
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', ...headers },
    body,
  })
  return { status: answer.statusCode, text: await answer.body.text() }
}

const flat = (series: readonly RawSeries[]): unknown[] =>
  series.map(({ labels, tMs, values }) => [labels, [...tMs], [...values]])

void t.test('golden bytes: samples, the stale marker, the look back of five minutes', async t => {
  const sink = await sinkOf(t)
  t.match(sink.url, /^http:\/\/127\.0\.0\.1:\d+\/api\/v1\/write$/)
  t.strictSame(await post(sink, Buffer.from(GOLDEN, 'hex')), { status: 204, text: '' })
  const labels = { __name__: 'up', job: 'a' }
  t.strictSame(flat(await sink.range('up', 0, 2e12)), [[labels, [T0], [1.5]]], 'without the marker')
  t.strictSame(await sink.instant('up', T0), [{ labels, value: 1.5 }])
  t.strictSame(await sink.instant('up', T0 + 999), [{ labels, value: 1.5 }])
  t.strictSame(await sink.instant('up', T0 + 1000), [], 'stale')
  t.strictSame(await sink.instant('up', T0 - 1), [], 'not yet')
  t.equal(
    plainRequest([
      {
        labels: [
          ['__name__', 'up'],
          ['job', 'a'],
        ],
        samples: [
          [1.5, T0],
          [STALE, T0 + 1000],
        ],
      },
    ]).toString('hex'),
    GOLDEN.slice(6),
  )

  await post(sink, writeRequest([{ labels: [['__name__', 'once']], samples: [[7, T0]] }]))
  t.equal((await sink.instant('once', T0 + 299_999)).length, 1)
  t.equal((await sink.instant('once', T0 + 300_000)).length, 0)
  t.match(await sink.counts(), { requests: 2, samples: 3, repeated: 0, series: 2, histograms: 0, refused: 0 })
  const ratio = sink.busyRatio()
  t.ok(ratio >= 0 && ratio <= 1)
})

void t.test('one sample is one sample, in whatever order and however often it comes', async t => {
  const value = fc.oneof(
    fc.double(),
    fc.constantFrom<number | bigint>(0, -0, NaN, Infinity, STALE, 0x7ff8000000000001n, 0xfff8000000000000n),
  )
  // A time belongs to one value, as with a real sender.
  const sent = fc.uniqueArray(fc.tuple(value, fc.integer({ min: -1000, max: 1000 })), {
    selector: ([, tMs]) => tMs,
    minLength: 1,
  })
  const bits = (values: Float64Array): string =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex')
  await fc.assert(
    fc.asyncProperty(sent, fc.infiniteStream(fc.nat()), async (samples, chance) => {
      const store = new SampleStore()
      const reader = new WriteRequestReader(store)
      const shuffled = [...samples, ...samples.slice(0, 3)]
        .map(sample => ({ sample, at: chance.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ sample }) => sample)
      let repeated = 0
      for (const sample of shuffled) {
        repeated += reader.read(plainRequest([{ labels: [['__name__', 'm']], samples: [sample] }])).repeated
      }
      const wanted = samples.filter(([each]) => each !== STALE).sort((a, b) => a[1] - b[1])
      const [series] = store.range(parseSelector('m'), -1000, 1000)
      const raw = Buffer.alloc(8 * wanted.length)
      wanted.forEach(([each], i) => {
        if (typeof each === 'bigint') raw.writeBigUInt64LE(each, 8 * i)
        else raw.writeDoubleLE(each, 8 * i)
      })
      return (
        repeated === Math.min(3, samples.length) &&
        (series === undefined
          ? wanted.length === 0
          : bits(series.values) === raw.toString('hex') &&
            [...series.tMs].join() === wanted.map(([, tMs]) => tMs).join())
      )
    }),
  )
  const store = new SampleStore()
  const reader = new WriteRequestReader(store)
  for (const each of [1, 2]) reader.read(plainRequest([{ labels: [['__name__', 'm']], samples: [[each, 5]] }]))
  t.strictSame(
    flat(store.range(parseSelector('m'), 0, 9)),
    [[{ __name__: 'm' }, [5, 5], [1, 2]]],
    'two values at one time show',
  )
})

void t.test('labels: any order, any text, empty ones, and bytes that look alike', async t => {
  const store = new SampleStore()
  const reader = new WriteRequestReader(store)
  const read = (labels: WrittenSeries['labels'], value: number, tMs: number): void =>
    void reader.read(plainRequest([{ labels, samples: [[value, tMs]] }]))
  read(
    [
      ['__name__', 'm'],
      ['a', 'ü😀'],
      ['b', ''],
    ],
    1,
    1,
  )
  read(
    [
      ['a', 'ü😀'],
      ['__name__', 'm'],
    ],
    2,
    2,
  )
  read(
    [
      ['__name__', 'm'],
      ['a', 'Ã¼'],
    ],
    3,
    3,
  )
  t.strictSame(flat(store.range(parseSelector('m'), 0, 9)), [
    [{ __name__: 'm', a: 'ü😀' }, [1, 2], [1, 2]],
    [{ __name__: 'm', a: 'Ã¼' }, [3], [3]],
  ])
  // Samples before labels, and labels on both sides of them: protobuf does not mind.
  const split = Buffer.concat([
    message(1, [label('__name__', 's'), Buffer.from('12021007', 'hex'), label('x', '1')]),
    message(1, [Buffer.from('12021008', 'hex'), label('__name__', 's'), label('x', '1')]),
  ])
  t.strictSame(reader.read(split), { samples: 2, repeated: 0, histograms: 0 })
  t.strictSame(flat(store.range(parseSelector('s'), 0, 9)), [[{ __name__: 's', x: '1' }, [7, 8], [0, 0]]])
  // Metadata, exemplars, a native histogram and a field of the future are passed over.
  const more = Buffer.concat([
    message(1, [
      label('__name__', 'h'),
      Buffer.from('1a00', 'hex'),
      Buffer.from('22021001', 'hex'),
      Buffer.from('7807', 'hex'),
    ]),
    Buffer.from('1a03120161', 'hex'),
  ])
  t.strictSame(reader.read(more), { samples: 0, repeated: 0, histograms: 1 })
})

function message(field: number, parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([(field << 3) | 2, content.length]), content])
}

function label(name: string, value: string): Buffer {
  return message(1, [message(1, [Buffer.from(name)]), message(2, [Buffer.from(value)])])
}

void t.test('damaged requests are refused, at once and every one', async t => {
  const whole = plainRequest([{ labels: [['__name__', 'up']], samples: [[1.5, T0]] }])
  const read = (bytes: Buffer): unknown => new WriteRequestReader(new SampleStore()).read(bytes)
  for (let length = 1; length < whole.length; length++) {
    t.throws(() => read(whole.subarray(0, length)), { name: 'WriteRequestError' }, `cut after ${length} bytes`)
  }
  t.throws(() => read(Buffer.from('0affffffffffffffff7f', 'hex')), { name: 'WriteRequestError' }, 'an endless message')
  t.throws(() => read(Buffer.from('0802', 'hex')), { name: 'WriteRequestError' }, 'a number where series are')
  t.throws(() => read(message(1, [message(1, [message(2, [Buffer.from('x')])])])), { message: /no name/ })
  // Whatever the bytes, it ends, and throws nothing but errors.
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      try {
        read(Buffer.from(bytes))
      } catch (error) {
        return error instanceof Error
      }
      return true
    }),
  )
})

void t.test('HTTP: what is refused, and how the sender is told', async t => {
  const sink = await sinkOf(t)
  const body = writeRequest([{ labels: [['__name__', 'up']], samples: [[1, T0]] }])
  const status = async (...args: Parameters<typeof post>): Promise<number> => (await post(...args)).status
  t.equal(await status(sink, body, { 'content-type': 'application/x-protobuf;proto=prometheus.WriteRequest' }), 204)
  const v2 = await post(sink, body, { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' })
  t.equal(v2.status, 415, 'remote write 2.0: the sender falls back')
  t.match(v2.text, /prometheus\.WriteRequest/)
  t.equal(await status(sink, body, { 'content-type': 'application/json' }), 415)
  t.equal(await status(sink, body, { 'content-encoding': 'zstd' }), 415, 'vmagent falls back, too')
  t.equal(await status(sink, body, {}, sink.url.replace('write', 'read')), 404)
  t.equal((await request(sink.url)).statusCode, 405)
  t.match(await post(sink, Buffer.from('not snappy')), { status: 400, text: /^not a snappy-compressed WriteRequest: / })
  t.match(await post(sink, snappy.compress(Buffer.from('0a', 'hex'))), {
    status: 400,
    text: /^not a snappy-compressed WriteRequest: /,
  })
  t.equal(await status(sink, Buffer.alloc(33 * 1024 * 1024)), 413)
  t.match(await sink.counts(), { requests: 9, samples: 1, refused: 8, lastRefusal: /^HTTP 413: / })
})

void t.test('selectors', async t => {
  const sink = await sinkOf(t)
  const series = [
    ['a', 'x'],
    ['a', 'y'],
    ['b', 'x'],
    ['b', 'x.y'],
    ['b', 'line\nbreak "quoted" \\ ü'],
  ].map(([name, v]) => ({
    labels: [
      ['__name__', name!],
      ['v', v!],
    ] as const,
    samples: [[1, T0]] as const,
  }))
  await post(sink, writeRequest([...series, { labels: [['__name__', 'bare']], samples: [[1, T0]] }]))
  const found = async (selector: string): Promise<string[]> =>
    (await sink.instant(selector, T0)).map(({ labels }) => `${labels['__name__']} ${labels['v'] ?? '-'}`)
  t.strictSame(await found('a'), ['a x', 'a y'])
  t.strictSame(await found(' a { v = "x" , } '), ['a x'])
  t.strictSame(await found('{v="x"}'), ['a x', 'b x'])
  t.strictSame(await found('{__name__="b",v=~"x|nothing|y"}'), ['b x'])
  t.strictSame(await found('b{v=~"x.y"}'), ['b x.y'])
  t.strictSame(await found('b{v=~`x\\.?y?`}'), ['b x', 'b x.y'], 'RE2, anchored')
  t.strictSame(await found('b{v=~".*reak.*"}'), ['b line\nbreak "quoted" \\ ü'], 'the dot matches line breaks')
  t.strictSame(await found('{v!="x"}'), ['a y', 'b x.y', 'b line\nbreak "quoted" \\ ü', 'bare -'])
  t.strictSame(await found('{__name__!~"a|b"}'), ['bare -'])
  t.strictSame(await found('{v=""}'), ['bare -'])
  t.strictSame(await found('{v=~"|y"}'), ['a y', 'bare -'], 'nothing is a value, too')
  t.strictSame(await found(String.raw`b{v="line\nbreak \"quoted\" \\ \u00fc"}`), ['b line\nbreak "quoted" \\ ü'])
  t.strictSame(await found(`b{v=${JSON.stringify('line\nbreak "quoted" \\ ü')}}`), ['b line\nbreak "quoted" \\ ü'])
  t.strictSame(await found(String.raw`a{v='\x78'}`), ['a x'])
  t.strictSame(await found('nothing'), [])
  t.strictSame(await found('{}'), ['a x', 'a y', 'b x', 'b x.y', 'b line\nbreak "quoted" \\ ü', 'bare -'])

  for (const [refused, why] of [
    ['sum(a)', /the end of the selector is expected at "\(a\)"/],
    ['a[5m]', /the end of the selector/],
    ['a offset 5m', /the end of the selector/],
    ['', /a metric name or \{ is expected at the end/],
    ['a{v}', /=, !=, =~ or !~ is expected at "}"/],
    ['a{v=x}', /a string is expected at "x}"/],
    ['a{v="x" w="y"}', /a comma or } is expected/],
    ['a{,}', /a label is expected/],
    ['a{v="x', /a string is expected/],
    ['a{v=~"("}', /the pattern "\(" is not RE2/],
    [String.raw`a{v="\q"}`, /an escape that PromQL does not know/],
    ['1', /a metric name/],
  ] as const) {
    await t.rejects(sink.instant(refused, T0), { name: 'SelectorError', message: why }, refused)
  }
  await sink.stop()
  await t.rejects(sink.instant('a', T0), { code: 'CHURN_SINK_FAILED' })
  await sink.stop()
})

const prometheus = findProgram('prometheus')

void t.test(
  'a real Prometheus: what arrives is what it has stored, stale markers included',
  { skip: prometheus === undefined ? 'there is no prometheus on PATH' : false },
  async t => {
    const clock = new SystemClock()
    const sink = await sinkOf(t)
    const target = await fakeTarget(t)
    const workDir = t.testdir()
    const file = path.join(workDir, 'targets.json')
    const targets = (list: readonly string[]): void => writeFileSync(file, JSON.stringify([{ targets: list }]))
    targets([`127.0.0.1:${target.port}`])
    const own = `remote_write:
  - url: ${sink.url}
    queue_config: { batch_send_deadline: 100ms, min_backoff: 30ms }
`
    const jobs = `scrape_configs:
  - job_name: files
    metrics_path: /custom
    scrape_interval: 100ms
    scrape_timeout: 100ms
    file_sd_configs:
      - files: [${JSON.stringify(file)}]
        refresh_interval: 100ms
`
    const subject = await prometheusSubject().start(clock, {
      config: own + jobs,
      api: { url: 'http://127.0.0.1:1', token: 'x', caPem: '' },
      workDir,
      readyTimeoutMs: 30_000,
      ...(prometheus === undefined ? {} : { bin: prometheus }),
    })
    t.teardown(() => subject.stop())
    t.comment(`prometheus ${subject.version}`)
    const eventually = async (look: () => Promise<boolean>): Promise<void> => {
      while (!(await look())) await new Promise<void>(resolve => clock.schedule(50, resolve))
    }
    await eventually(async () => ((await sink.range('hits_total', 0, 9e12))[0]?.tMs.length ?? 0) >= 5)
    t.equal((await sink.instant('up{job="files"}', clock.unixMs()))[0]?.value, 1)
    targets([])
    await eventually(async () => (await sink.instant('hits_total', clock.unixMs())).length === 0)
    t.ok((await sink.range('hits_total', 0, 9e12)).length === 1, 'stale, not gone')
    // Nothing is scraped any more: both hold the same for ever.
    const until = clock.unixMs()
    let stored: RawSeries[] = []
    await eventually(async () => {
      stored = await subject.rawSamples('{job="files"}', until - 60_000, until)
      const counts = await sink.counts()
      return (await subject.samplesAppended!()) === counts.samples
    })
    const key = ({ labels }: RawSeries): string =>
      JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
    const sorted = (series: RawSeries[]): unknown[] => flat(series.sort((a, b) => (key(a) < key(b) ? -1 : 1)))
    t.strictSame(sorted(await sink.range('{job="files"}', until - 60_000, until)), sorted(stored))
    t.ok(stored.length >= 7)
    t.comment(`${(await sink.counts()).samples} samples in ${(await sink.counts()).requests} requests`)
  },
)

void t.test('whoever asks while it is being stopped gets an answer or an error', async t => {
  const sink = await RemoteWriteSink.start()
  const [asked] = await Promise.allSettled([sink.instant('a', T0), sink.stop(), sink.stop()])
  t.ok(asked.status === 'fulfilled' || (asked.reason as { code: string }).code === 'CHURN_SINK_FAILED')
  await t.rejects(sink.counts(), { code: 'CHURN_SINK_FAILED', exitCode: 1 })
})
