// The incident that comes with churnbench is what its scenario says; working-day has a test of its own.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readTraceHeader } from '../../../sim/index.ts'
import { run } from '../../support/program.ts'

const folder = fileURLToPath(new URL('../../../../scenarios/traces/', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'churnbench-reference-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

void t.test('the incident is made again as its README says', async t => {
  const kept = readTraceHeader(join(folder, 'incident.trace.jsonl.gz'))
  t.match(readFileSync(join(folder, 'README.md'), 'utf8'), kept.sha256!)
  const out = join(dir, 'incident.trace.jsonl.gz')
  const { code, stderr } = await run('trace', 'simulate', join(folder, 'incident.scenario.json'), '--out', out)
  t.equal(code, 0, stderr)
  const made = readTraceHeader(out)
  t.equal(made.sha256, kept.sha256, 'when the control plane behaves otherwise, make it anew and say so')
  t.same(made.counts, kept.counts)
})
