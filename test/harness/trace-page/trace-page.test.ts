// What people are shown of a trace: the summary on a terminal, the page, the differences.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { renderDiffText, renderInspectHtml, renderInspectText } from '../../../harness/index.ts'
import { sparkLine } from '../../../harness/trace-page/spark.ts'
import { eventWords, instantOf, span, windowName } from '../../../harness/trace-page/words.ts'
import { diffTraces, type Inspection, inspectTrace, TraceReader } from '../../../sim/index.ts'
import type { ChurnEvent } from '../../../sim/trace/index.ts'
import { simulatedChurn, writeTrace } from '../../sim/trace/inspect/simulated-trace.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-trace-page-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

async function inspected(name: string, events: Iterable<ChurnEvent>, durationMs: number): Promise<Inspection> {
  const path = join(dir, `${name}.jsonl`)
  await writeTrace(path, events, durationMs)
  return inspectTrace(await TraceReader.open(path))
}

const FILE = { name: 'traces/monday.jsonl.gz', bytes: 123_456 }
const plain = { color: false, top: 5 }

void t.test('spans and instants as people write them', async t => {
  t.same([0, 7, 999, 1500, 119_000, 120_000, 3_600_000, 8_000_000, 200_000_000].map(span), [
    '0 ms',
    '7 ms',
    '999 ms',
    '1.5 s',
    '119 s',
    '2 min',
    '60 min',
    '2.22 h',
    '2.31 d',
  ])
  t.same([0, 7350, 65_000, 3_723_004, 273_906_000].map(instantOf), [
    '0:00',
    '0:07.350',
    '1:05',
    '1:02:03',
    '3d 04:05:06',
  ])
  t.same([1000, 60_000, 600_000, 3_600_000].map(windowName), ['1 s', '1 min', '10 min', '60 min'])
  t.equal(
    eventWords('{"t":20,"kind":"pod","op":"bound","namespace":"shop","name":"cart-1","uid":"u","node":"n-3"}'),
    '0:00.020 pod bound shop/cart-1 uid=u node=n-3',
  )
  const hostile = eventWords('{"t":1,"kind":"node","op":"added","name":"a\\u001b[31mb"}')
  t.equal(hostile, '0:00.001 node added a [31mb', 'nothing that a terminal obeys')
})

void t.test('a spark line shows the highest of each stretch, on an axis from 0', async t => {
  t.equal(sparkLine([0, 1, 2, 3, 4, 5, 6, 7], 8), '▁▂▃▄▅▆▇█')
  t.equal(sparkLine([0, 0, 0], 3), '▁▁▁')
  t.equal(sparkLine([0, 1000, 1], 3), '▁█▂', 'what is not 0 is not shown as 0')
  const values = Array.from({ length: 100 }, (_, i) => (i === 57 ? 9 : 1))
  t.equal(sparkLine(values, 10), '▂▂▂▂▂█▂▂▂▂')
  t.equal(sparkLine(values, 500).length, 100, 'no wider than there are values')
})

void t.test('the summary fits the terminal and has no colours where they are not wanted', async t => {
  const inspection = await inspected('summary', simulatedChurn({ durationMs: 300_000 }), 300_000)
  for (const width of [60, 80, 120, 200]) {
    const lines = renderInspectText(inspection, FILE, { ...plain, width }).split('\n')
    // Words that are longer than the line stand alone; nothing else is.
    const wide = lines.filter(line => line.length > width && line.trim().includes('  '))
    t.same(wide, [], `${width} columns`)
  }
  const text = renderInspectText(inspection, FILE, plain)
  // oxlint-disable-next-line no-control-regex -- that is what colours are made of
  t.notMatch(text, /\u001b/)
  // oxlint-disable-next-line no-control-regex -- that is what colours are made of
  t.match(renderInspectText(inspection, FILE, { ...plain, color: true }), /\u001b\[1m/)
  t.match(text, /monday\.jsonl\.gz\n/)
  t.match(text, /state {8}Complete\./)
  t.match(text, /events\/s {5}[▁▂▃▄▅▆▇█]{20,} {2}mean /)
  t.match(text, /pods alive {3}[▁▂▃▄▅▆▇█]{20,} {2}mean \S+, most \d+\n/)
  t.match(text, /created → deleted .*not yet at the end/)
  t.match(text, /Churn by owner, the first 5 of 7\n/)
  t.match(text, /after action \w+ .*workload=/)
})

void t.test('what is wrong with a trace is said before its figures', async t => {
  const inspection = await inspected('wrong', simulatedChurn({ durationMs: 60_000 }), 60_000)
  const cut = { ...inspection, completeness: { complete: false, torn: true, faults: 0, examples: [] } }
  t.match(renderInspectText(cut, FILE, plain), /state {8}Cut off\. The recording ends within a line[^]*pods {9}/)
  const faulty = { ...inspection, completeness: { complete: true, torn: false, faults: 2, examples: ['line 4: bad'] } }
  t.match(renderInspectText(faulty, FILE, plain), /state {8}Damaged\. 2 lines[^]*left out\.\n {15}line 4: bad\n/)
  t.match(renderInspectHtml(faulty, FILE, plain), /verdict invalid[^]*Damaged[^]*<li>line 4: bad<\/li>/)
})

void t.test('the page: charts, tables and texts, and nothing from anywhere', async t => {
  const inspection = await inspected('page', simulatedChurn({ durationMs: 600_000 }), 600_000)
  const page = renderInspectHtml(inspection, FILE, plain)
  t.match(page, /^<!doctype html>/)
  t.match(page, /<title>monday\.jsonl\.gz · churnbench<\/title>/)
  t.notMatch(page, /<script|src=|https?:/, 'no script, nothing to load')
  t.equal(page.match(/<figure class="panel wide">/g)?.length, 4, 'events, pods, nodes, namespaces')
  t.equal(page.match(/class="lengths"/g)?.length, 1)
  for (const { owner } of inspection.owners.rows) t.ok(page.includes(owner!), owner!)
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
  t.equal(new Set(ids).size, ids.length, 'no id twice')
  t.notMatch(page, /NaN|undefined|Infinity/)
  t.ok(Buffer.byteLength(page) < 400 * 1024, 'small enough to mail')
})

void t.test('traces with little in them have a page, too', async t => {
  const node: ChurnEvent = { t: 0, kind: 'node', op: 'added', name: 'n <b>' }
  const pod = { kind: 'pod', namespace: '<i>', name: 'p', uid: 'u' } as const
  for (const [name, events, durationMs] of [
    ['empty', [], 0],
    ['nodes', [node], 1000],
    ['instant', [node, { t: 0, ...pod, op: 'created' }], 0],
    ['months', [node, { t: 10, ...pod, op: 'created' }, { t: 9e9, ...pod, op: 'deleted' }], 13e9],
  ] as const) {
    const inspection = await inspected(name, events, durationMs)
    const page = renderInspectHtml(inspection, FILE, plain)
    t.notMatch(page, /NaN|undefined|Infinity|<b>|<i>/, name)
    t.notMatch(renderInspectText(inspection, { name: '-' }, plain), /NaN|undefined|Infinity/, name)
  }
})

void t.test('differences as a person reads them', async t => {
  const events = simulatedChurn({ durationMs: 120_000 })
  const paths = ['same', 'other'].map(name => join(dir, `${name}.jsonl`))
  await writeTrace(paths[0]!, events)
  await writeTrace(
    paths[1]!,
    events.filter(event => event.op !== 'scaled'),
  )
  const text = async (a: string, b: string, width: number): Promise<string> => {
    const options = { ignored: [], toleranceMs: 0, byPod: false }
    const found = await diffTraces(await TraceReader.open(a), await TraceReader.open(b), options)
    return renderDiffText(found, { ...plain, width })
  }
  t.match(await text(paths[0]!, paths[0]!, 120), /The same [\d,]+ events in the same order\.[^]*are at the same times/)
  const other = await text(paths[0]!, paths[1]!, 90)
  t.match(other, /They differ from event \d+ on\./)
  t.match(other, /^ {2}- +\d+ {2}0:30 workload scaled shop\/checkout type=Deployment/m)
  t.match(other, /^ {2}\+ +\d+ {2}0:30 pod created shop\/checkout/m)
  t.match(other, /workload scaled +\d+ +0 +−\d+\n/)
  t.match(other, /A 0 × · B 1 × {2}applied\n/)
  t.same(
    other.split('\n').filter(line => line.length > 90 && !line.includes(dir)),
    [],
  )
})
