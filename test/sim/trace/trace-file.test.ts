// A trace as a file: what is written is read again, plain and compressed, whole and cut off, sound and damaged.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { type ChurnEvent, TraceReader, type TraceReaderOptions, TraceWriter } from '../../../sim/trace/index.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-trace-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const ORIGIN = { source: { kind: 'generated' }, targets: 'all' } as const

const node: ChurnEvent = { t: 0, kind: 'node', op: 'added', name: 'n-0', labels: { zone: 'a' } }

function life(i: number): ChurnEvent[] {
  const pod = { kind: 'pod', namespace: 'shop', name: `cart-${i}`, uid: `uid-${i}` } as const
  return [
    {
      t: 10 * i,
      ...pod,
      op: 'created',
      labels: { app: 'cart' },
      containers: [{ name: 'main', ports: [{ port: 80 }] }],
    },
    { t: 10 * i + 1, ...pod, op: 'bound', node: 'n-0' },
    { t: 10 * i + 2, ...pod, op: 'addressed', address: `10.0.0.${i % 250}` },
    { t: 10 * i + 3, ...pod, op: 'ready' },
    { t: 10 * i + 9, ...pod, op: 'deleted' },
  ]
}

const EVENTS = [node, ...Array.from({ length: 2000 }, (_, i) => life(i)).flat()]

async function write(name: string, events: readonly ChurnEvent[] = EVENTS, finish = true): Promise<string> {
  const path = join(dir, name)
  const writer = TraceWriter.create(path, ORIGIN, { live: true, force: true })
  t.same(
    events.filter(event => writer.write(event) !== undefined),
    [],
  )
  if (finish) await writer.finish(30_000)
  else await writer.flush()
  return path
}

async function read(
  path: string,
  options: TraceReaderOptions = {},
): Promise<{ reader: TraceReader; events: ChurnEvent[] }> {
  const reader = await TraceReader.open(path, options)
  const events: ChurnEvent[] = []
  for await (const batch of reader.batches()) events.push(...batch)
  return { reader, events }
}

for (const name of ['plain.jsonl', 'packed.jsonl.gz']) {
  void t.test(`${name}: what is written is read again`, async t => {
    const path = await write(name)
    const { reader, events } = await read(path)
    t.same(events, EVENTS)
    t.equal(reader.header.counts?.events, EVENTS.length)
    t.equal(reader.header.counts?.podsCreated, 2000)
    t.equal(reader.header.durationMs, 30_000)
    t.same(reader.header.scale, { nodes: 1, workloads: 0, services: 0, pods: 1, podsPerNode: 1 })
    t.ok(reader.isComplete)
    const bytes = readFileSync(path)
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
    t.equal(text.split('\n').length, EVENTS.length + 2, 'any tool that reads lines or gzip reads it')
  })

  void t.test(`${name}: a recording that was killed is read to its last whole line`, async t => {
    const path = await write(`killed-${name}`, EVENTS, false)
    const whole = await read(path)
    t.same(whole.events, EVENTS, 'all that was flushed is there')
    t.notOk(whole.reader.isComplete)
    truncateSync(path, readFileSync(path).length - 20)
    const { reader, events } = await read(path)
    t.ok(reader.isTorn)
    t.ok(events.length < EVENTS.length)
    t.same(events, EVENTS.slice(0, events.length))
  })

  void t.test(`${name}: a complete trace that lost its end is refused, and read leniently`, async t => {
    const path = await write(`short-${name}`)
    truncateSync(path, readFileSync(path).length - 20)
    await t.rejects(read(path), { code: 'CHURN_TRACE_FORMAT', message: /line \d+: .*cut off/ })
    const { reader, events } = await read(path, { lenient: true })
    t.equal(reader.faults.count, 1)
    t.same(events, EVENTS.slice(0, events.length))
  })
}

void t.test('a trace that was changed by hand is told from a sound one', async t => {
  const path = await write('edited.jsonl')
  writeFileSync(path, readFileSync(path, 'utf8').replace('"name":"cart-7"', '"name":"kart-7"'))
  await t.rejects(read(path), /line \d+: .*pod uid-7 is shop\/kart-7, not shop\/cart-7/)
  const other = await write('edited-well.jsonl')
  writeFileSync(other, readFileSync(other, 'utf8').replace('"zone":"a"', '"zone":"b"'))
  await t.rejects(read(other), /checksum.*trace convert/)
  appendFileSync(other, `${JSON.stringify({ t: 30_000, kind: 'node', op: 'removed', name: 'n-0' })}\n`)
  await t.rejects(read(other), /has 10002 events where its header says 10001/)
})

void t.test('an existing file is kept unless it may be replaced', async t => {
  const path = await write('kept.jsonl')
  t.throws(() => TraceWriter.create(path, ORIGIN), { code: 'CHURN_TRACE_FILE', message: /--force/ })
  const writer = TraceWriter.create(path, ORIGIN, { force: true })
  writer.write(node)
  t.equal((await read(path)).events.length, EVENTS.length, 'until the new one is complete')
  await writer.finish()
  t.equal((await read(path)).events.length, 1)
  TraceWriter.create(path, ORIGIN, { force: true }).abort()
  t.equal((await read(path)).events.length, 1, 'giving up leaves what was there')
})

void t.test('what cannot have happened is refused by the writer', async t => {
  const writer = TraceWriter.create(join(dir, 'refused.jsonl'), ORIGIN)
  t.match(writer.write(life(1)[1]!), /there is no pod shop\/cart-1/)
  t.equal(writer.write({ ...node, t: 5 }), undefined)
  t.match(writer.write({ ...node, t: 4, name: 'n-1' }), /time goes back from 5 to 4 ms/)
  t.equal((await writer.finish()).counts?.events, 1)
})
