// Recording a run and replaying it, through the real program.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readReport } from '../../reports/index.ts'
import { readTraceHeader } from '../../sim/index.ts'
import { run } from '../support/program.ts'
import { TINY } from '../support/tiny-scenario.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-replay-cli-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const tiny = join(dir, 'tiny.json')
const trace = join(dir, 'tiny.jsonl.gz')
writeFileSync(tiny, JSON.stringify(TINY))

void t.test('a run that is recorded and replayed has the same trace hash', async t => {
  const recorded = await run('scenario', tiny, '--record', trace, '--out', join(dir, 'recorded'))
  t.ok([0, 5].includes(recorded.code ?? -1), recorded.stderr)
  const before = (await readReport(join(dir, 'recorded'))).runs[0]!
  const header = readTraceHeader(trace)
  t.equal(header.sha256, before.traceSha256)
  t.match(header, { source: { kind: 'run', details: { scenario: 'tiny', seed: '1' } }, durationMs: 2000 })

  const out = join(dir, 'replayed')
  const replayed = await run(
    'replay',
    trace,
    '--speed',
    '2',
    '--set',
    'settle=2s',
    '--set',
    'scrapeInterval=500ms',
    '--out',
    out,
  )
  // A busy machine may make the harness late; that is an answer.
  t.ok([0, 5].includes(replayed.code ?? -1), replayed.stderr)
  t.match(replayed.stderr, /^npm run replay -- .*tiny\.jsonl\.gz --speed 2 /m)
  t.match(replayed.stdout, /tiny\.jsonl\.gz at 2×, exactly: \d+ events, all as the trace has them/)
  const report = await readReport(out)
  const after = report.runs[0]!
  t.equal(after.traceSha256, before.traceSha256)
  t.match(after.replay, {
    trace: 'tiny.jsonl.gz',
    mode: 'exact',
    speed: 2,
    played: header.counts?.events,
    plannedSha256: before.traceSha256,
    achievedSha256: before.traceSha256,
    different: 0,
    skipped: {},
  })
  // What there is at time 0 is set up before it, and is not late.
  const { replay_lateness: lateness } = after.metrics
  t.ok(lateness !== undefined && 'count' in lateness && lateness.count > 0 && lateness.count < header.counts!.events)
  t.match(after.metrics.targets_missed, { value: 0 })
  t.match(after.metrics.samples_lost, { value: 0 })
  t.match(readFileSync(join(out, 'report.html'), 'utf8'), /all as the trace has them/)
  t.match(readFileSync(join(out, 'report.md'), 'utf8'), /Trace: .*tiny/)
  t.match((report.scenario.resolved as { trace: object }).trace, { file: trace, sha256: header.sha256 })
})

void t.test('what cannot be replayed or recorded is told in a sentence, with exit code 2', async t => {
  const cut = join(dir, 'cut.jsonl')
  writeFileSync(cut, '{"trace":"churnbench","version":1,"source":{"kind":"run"},"targets":"all"}\n')
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['replay', join(dir, 'absent.jsonl')], /absent\.jsonl cannot be read.*\[CHURN_TRACE_FILE\]/],
    [['replay', tiny], /is no churnbench trace.*\[CHURN_TRACE_FORMAT\]/],
    [['replay', cut], /was never completed.*trace -- convert.*\[CHURN_TRACE_OPTIONS\]/],
    [['replay', trace, '--from', '1h'], /from 3600000 to 2000 ms is empty; .* lasts 2000 ms/],
    [['replay', trace, '--speed', '-1'], /a number above 0/],
    [['replay', trace, '--only', 'shop'], /--only shop: write key=value/],
    [['scenario', tiny, '--record', trace], /is there already.*--force/],
    [['scenario', tiny, '--record', join(dir, 'x.jsonl'), '--trials', '2'], /--record is for a single run/],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await run(...args, '--out', join(dir, 'none'))
    t.equal(code, 2, args.join(' '))
    t.match(stderr, message, args.join(' '))
  }
})
