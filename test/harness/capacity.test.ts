import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { SystemClock } from '../../base/index.ts'
import { runCapacity } from '../../harness/capacity/capacity.ts'
import { searchHighest } from '../../harness/capacity/search.ts'
import type { TrialOutcome } from '../../harness/execute-trial.ts'
import { resolveScenario } from '../../harness/scenario.ts'
import type { Report } from '../../reports/index.ts'
import { fakeOutcome, invalid } from './ab/fake-trial.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-capacity-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

t.test('the search brackets any limit to within its resolution, in few attempts', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 20_000 }),
      fc.constantFrom(0.01, 0.05, 0.2),
      async (from, limit, resolution) => {
        const to = 10_000
        let attempts = 0
        const result = await searchHighest({ from, to, resolution }, load => {
          attempts++
          return Promise.resolve(load <= limit)
        })
        if (limit >= to) t.same(result, { sustained: to, failed: null })
        else if (limit < from) t.same(result, { sustained: null, failed: from })
        else {
          const { sustained, failed } = result as { sustained: number; failed: number }
          t.ok(sustained <= limit && failed > limit)
          t.ok(failed - sustained <= Math.max(1, sustained * resolution))
        }
        t.ok(attempts <= 2 * (Math.log2(to / from) + 2 + Math.log2(to)), `${attempts} attempts`)
      },
    ),
    { numRuns: 60 },
  )
})

t.test('one bad moment of the machine is no limit', async t => {
  let failures = 0
  const result = await searchHighest({ from: 10, to: 40, resolution: 0.1 }, load =>
    Promise.resolve(!(load === 20 && failures++ === 0)),
  )
  t.same(result, { sustained: 40, failed: null })
})

const INPUT = {
  name: 'how-much',
  description: 'How many pods?',
  cluster: { nodes: 1, workloads: { load: { replicas: 10 } } },
  scenarios: {},
  duration: '1s',
  settle: '1s',
  scrapeInterval: '1s',
  search: {
    field: 'cluster.workloads.load.replicas',
    from: 10,
    to: 80,
    resolution: 0.1,
    sustained: { samples_lost: ['value==0'] },
  },
} as const
const options = { profile: 'quick', seed: '1', set: [] } as const

/** A run of the search against a subject that is played by `outcome`. */
async function search(name: string, outcome: (load: number) => TrialOutcome): Promise<Report> {
  const report = await runCapacity(new SystemClock(), {
    scenario: resolveScenario(INPUT, options),
    atLoad: load => resolveScenario(INPUT, { ...options, set: [`${INPUT.search.field}=${load}`] }),
    subject: { kind: 'embedded', args: [] },
    outDir: join(dir, name),
    readyTimeoutMs: 1000,
    profileSubject: false,
    stderr: new PassThrough().resume() as unknown as NodeJS.WriteStream,
    signal: new AbortController().signal,
    root: new URL('../../../', import.meta.url),
    execute: ({ scenario }) => Promise.resolve(outcome(scenario.cluster.workloads[0]!.replicas)),
  })
  t.equal(JSON.parse(readFileSync(join(dir, name, 'report.json'), 'utf8')).id, report.id, 'the report was written')
  return report
}

t.test('the capacity is the rate of the best run that was sustained', async t => {
  const report = await search('found', load =>
    fakeOutcome({ samples_lost: load > 33 ? 7 : 0, ingest_rate: load * 100 }),
  )
  t.equal(report.kind, 'capacity')
  t.match(report.verdict, { status: 'pass', exitCode: 0 })
  const { sustained, failed, steps } = report.capacity!
  t.ok(sustained! <= 33 && failed! > 33 && failed! - sustained! <= 3)
  t.match(
    steps.find(step => !step.sustained),
    { load: 40, reasons: ['samples_lost value==0: 7'] },
  )
  const best = report.runs.filter(run => 'ingest_capacity' in run.metrics)
  t.equal(best.length, 1)
  t.same(best[0]!.metrics.ingest_capacity, { value: sustained! * 100 })
})

t.test('a search that finds nothing fails, and one that the harness ended says so', async t => {
  const none = await search('none', () => fakeOutcome({ samples_lost: 1, ingest_rate: 1 }))
  t.match(none.verdict, { status: 'fail', exitCode: 99 })
  t.equal(none.capacity!.sustained, null)
  const limited = await search('limited', load => {
    const outcome = fakeOutcome({ samples_lost: 0, ingest_rate: load })
    return load > 20 ? invalid(outcome) : outcome
  })
  t.match(limited.warnings, [{ code: 'harness-limit' }])
  t.match(limited.verdict, { exitCode: 0 })
})

t.test('an interruption keeps what was found until then', async t => {
  const report = await search('cut', load =>
    fakeOutcome({ samples_lost: 0, ingest_rate: load }, load > 10 ? { ending: { kind: 'interrupted' } } : {}),
  )
  t.match(report.verdict, { status: 'aborted', exitCode: 105 })
  t.equal(report.capacity!.sustained, 10)
})
