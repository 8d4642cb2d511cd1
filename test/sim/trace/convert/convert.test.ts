// What is true of every conversion: formats are told by their content, options must fit, nothing is lost.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { convertTrace } from '../../../../sim/trace/convert/convert.ts'
import { detectFormat } from '../../../../sim/trace/convert/detect-format.ts'
import { convert, dir, file } from './converting.ts'

const ARRIVALS = 'timestamp\n0\n20\n'

void t.test('formats are told by how they begin', async t => {
  const heads: Record<string, string | undefined> = {
    '{"trace":"churnbench","version":1}': 'churnbench',
    '{"version":1, "trace" : "churnbench"}': 'churnbench',
    '{"apiVersion":"v1","items":[{"involvedObject":{}}]}': 'events',
    '[{"kind": "Event"}]': 'events',
    '{"apiVersion":"v1","items":[],"kind":"List"}': 'events',
    '{"apiVersion":"v1","items":[{"kind":"Pod"}]}': undefined,
    'apiVersion: v1\nkind: Node\n': 'kwok',
    '---\n# recorded\nkind: Pod\n': 'kwok',
    '\uFEFFTIMESTAMP,ContextTokens\n': 'arrivals',
    'name,pod_phase,creation_time\n': 'openb',
    'sn,cpu_milli,memory_mib,gpu,model\n': undefined,
    '\x85\xa7version\x02': 'simkube',
    'hello world': undefined,
    '': undefined,
  }
  for (const [head, format] of Object.entries(heads)) {
    t.equal(detectFormat(Buffer.from(head, head.startsWith('\x85') ? 'latin1' : 'utf8')), format, JSON.stringify(head))
  }
  t.equal((await convert(file(ARRIVALS), { perPod: 1 })).report.detected, true)
  t.equal((await convert(file(ARRIVALS), { perPod: 1, format: 'arrivals' })).report.detected, false)
})

void t.test('what is of no known format is refused with those that are', async t => {
  const known = /churnbench, simkube, kwok, openb, events, arrivals/
  await t.rejects(convert(file('hello world')), { code: 'CHURN_TRACE_CONVERT', exitCode: 2, message: known })
  await t.rejects(convert(file('')), /is empty. Known are: churnbench/)
  await t.rejects(convert(join(dir, 'absent')), { code: 'CHURN_TRACE_FILE', message: /absent cannot be read/ })
  await t.rejects(convert(dir), { code: 'CHURN_TRACE_FILE' })
  await t.rejects(
    convert(file(ARRIVALS), { perPod: 1, format: 'simkube' }),
    /--per-pod is for arrivals; the input is simkube/,
  )
  await t.rejects(convert(file(ARRIVALS), { nodesFile: 'x', perPod: 1 }), {
    code: 'CHURN_TRACE_OPTIONS',
    message: /--nodes-file is for openb; the input is arrivals/,
  })
  for (const format of ['churnbench', 'simkube', 'kwok', 'events'] as const) {
    await t.rejects(convert(file(ARRIVALS), { format }), { name: 'TraceError' })
  }
})

void t.test('an existing file is kept, and a conversion that fails leaves nothing', async t => {
  const out = join(dir, 'kept', 'out.jsonl')
  await convertTrace(file(ARRIVALS), out, { perPod: 1, seed: '1' })
  const before = readFileSync(out, 'utf8')
  await t.rejects(convertTrace(file(ARRIVALS), out, { perPod: 2, seed: '1' }), { code: 'CHURN_TRACE_FILE' })
  const late = `timestamp\n${Array.from({ length: 200_000 }, (_, i) => i).join('\n')}\nlate\n`
  await t.rejects(convertTrace(file(late), out, { perPod: 2, seed: '1', force: true }), /line 200002/)
  t.equal(readFileSync(out, 'utf8'), before)
  t.same(readdirSync(join(dir, 'kept')), ['out.jsonl'])
  writeFileSync(join(dir, 'plain'), '')
  await t.rejects(convertTrace(file(ARRIVALS), join(dir, 'plain', 'x.jsonl'), { perPod: 2, seed: '1' }), {
    code: 'CHURN_TRACE_FILE',
  })
  t.notOk(existsSync(join(dir, 'x.jsonl')))
})

void t.test('what a trace cannot hold, or cannot have happened, is left out and counted', async t => {
  const long = 'n'.repeat(2000)
  const yaml = `kind: Node\nmetadata: {name: ${long}}\n---\nkind: Node\nmetadata: {name: n, labels: {a: 1}}\n---\nkind: Pod\nmetadata: {name: p, namespace: d}\nstatus: {conditions: [{type: Ready, status: "True"}]}\n`
  const { report, events } = await convert(file(yaml))
  t.same(
    events.map(event => event.op),
    ['not-ready', 'created'].slice(1),
  )
  t.match(report.leftOut, [
    { reason: 'node added: a trace cannot hold it', count: 2 },
    { reason: 'node not-ready: a trace cannot hold it', count: 1 },
    { reason: 'node not-ready: cannot have happened after what was before', count: 1 },
    { reason: 'pod addressed: cannot have happened after what was before', count: 1 },
    { reason: 'pod ready: cannot have happened after what was before', count: 1 },
  ])
})
