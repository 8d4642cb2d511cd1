// A trace of our own, written again.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { join } from 'node:path'
import t from 'tap'
import { convertTrace } from '../../../../sim/trace/convert/convert.ts'
import { type ChurnEvent, TraceReader, TraceWriter } from '../../../../sim/trace/index.ts'
import { convert, dir, file, leftOut } from './converting.ts'

const ORIGIN = {
  start: '2026-01-01T00:00:00.000Z',
  source: { kind: 'run', tool: 'churnbench 0', details: { scenario: 'rollout', seed: '7' } },
  targets: 'annotated',
  scrubbed: ['names'],
} as const
const pod = { kind: 'pod', namespace: 'shop', name: 'cart', uid: 'u' } as const
const EVENTS: readonly ChurnEvent[] = [
  { t: 0, kind: 'node', op: 'added', name: 'n-0', labels: { zone: 'a' } },
  { t: 5, ...pod, op: 'created', labels: { app: 'cart' }, containers: [] },
  { t: 6, ...pod, op: 'bound', node: 'n-0' },
  { t: 7, ...pod, op: 'addressed', address: '10.0.0.1' },
  { t: 8, ...pod, op: 'ready' },
]

async function trace(name: string): Promise<string> {
  const path = join(dir, name)
  const writer = TraceWriter.create(path, ORIGIN, { force: true })
  for (const event of EVENTS) t.equal(writer.write(event), undefined)
  await writer.finish(60_000)
  return path
}

void t.test('a sound trace comes out as it went in, byte by byte', async t => {
  const path = await trace('sound.jsonl')
  const { report, output } = await convert(path)
  t.equal(readFileSync(output, 'utf8'), readFileSync(path, 'utf8'))
  t.same(report.read, { events: 5 })
  t.same(report.leftOut, [])
  const packed = join(dir, 'packed.jsonl.gz')
  await convertTrace(path, packed, { seed: '1' })
  t.equal(gunzipSync(readFileSync(packed)).toString(), readFileSync(path, 'utf8'))
  t.same((await convert(packed)).report.written, report.written)
})

void t.test('after an edit by hand it is sound again', async t => {
  const text = readFileSync(await trace('edited.jsonl'), 'utf8').replace('"zone":"a"', '"zone" : "b"')
  const edited = file(`${text}{"kind":"pod","t":70000,"op":"deleted","uid":"u","name":"cart","namespace":"shop"}\n`)
  await t.rejects(
    (async () => {
      for await (const _ of (await TraceReader.open(edited)).batches());
    })(),
    /trace convert/,
  )
  const { events, header } = await convert(edited)
  t.match(events[0], { labels: { zone: 'b' } })
  t.equal(header.durationMs, 70_000)
  t.match(header, ORIGIN, 'where it comes from stays')
})

void t.test('what makes no sense is an error, or left out and counted', async t => {
  const lines = readFileSync(await trace('broken.jsonl'), 'utf8').split('\n')
  lines.splice(3, 1, '{"t":6,"kind":"pod","op":"bund"}', 'x')
  const broken = file(lines.join('\n'))
  await t.rejects(convert(broken), {
    code: 'CHURN_TRACE_FORMAT',
    message: /line 4: unknown op "bund".*did you mean bound/,
  })
  const { events, report } = await convert(broken, { lenient: true })
  // Without its node the pod can have no address, and without an address it is not ready.
  t.same(
    events.map(event => event.op),
    ['added', 'created'],
  )
  t.same(leftOut(report), { malformed: 4 })
  t.match(report.leftOut[0]!.examples[0], /line 4: unknown op/)
})

void t.test('in its own place, with --force', async t => {
  const path = await trace('place.jsonl')
  const before = readFileSync(path, 'utf8')
  await t.rejects(convertTrace(path, path, { seed: '1' }), { code: 'CHURN_TRACE_FILE', message: /--force/ })
  await convertTrace(path, path, { seed: '1', force: true })
  t.equal(readFileSync(path, 'utf8'), before)
})
