// Parts of traces, through the real program.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readTraceHeader } from '../../sim/index.ts'
import { TraceReader } from '../../sim/trace/index.ts'
import { run } from '../support/program.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-cut-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))
const incident = fileURLToPath(new URL('../../../scenarios/traces/incident.trace.jsonl.gz', import.meta.url))

void t.test('a part is a sound trace that begins with what there was', async t => {
  const out = join(dir, 'part.jsonl')
  const { code, stderr } = await run('trace', 'cut', incident, '--out', out, '--from', '80s', '--to', '160s')
  t.equal(code, 0, stderr)
  t.match(stderr, /part\.jsonl: \d+ events over 1m20s/)
  const reader = await TraceReader.open(out)
  let first: number | undefined
  for await (const batch of reader.batches()) first ??= batch[0]?.t
  t.equal(first, 0)
  t.match(reader.header, { durationMs: 80_000, targets: 'annotated', source: { kind: 'run' } })
  t.equal([...reader.state.nodes.values()].filter(node => node.failed).length, 8, 'the zone that fails at 85 s')

  const copies = join(dir, 'copies.jsonl.gz')
  const { code: second } = await run('trace', 'cut', out, '--out', copies, '--scale', '2', '--only', 'namespace=shop')
  t.equal(second, 0)
  const { scale } = readTraceHeader(copies)
  t.match(scale, { nodes: 48, workloads: 10 })
})

void t.test('what cannot be cut is told', async t => {
  const out = join(dir, 'none.jsonl')
  const { code, stderr } = await run('trace', 'cut', incident, '--out', out, '--from', '2h')
  t.equal(code, 2)
  t.match(stderr, /--from lies beyond the trace's end.*\[CHURN_TRACE_OPTIONS\]/)
  t.equal((await run('trace', 'cut', incident, '--out', incident)).code, 2, 'an existing file is kept')
})
