import t from 'tap'
import { Prng } from '../../base/index.ts'
import {
  compareReports,
  type CompareOptions,
  differencesBetween,
  type Report,
  type Run,
  verdictOfComparison,
} from '../../reports/index.ts'
import { sampleReport } from './sample-report.ts'

/** A report of so many trials whose CPU time and losses are given; the rest is made up. */
function of(
  cpu: readonly number[],
  {
    seed = 'base',
    lost = 0,
    gates = GATES,
  }: { seed?: string; lost?: number; gates?: Report['scenario']['gates'] } = {},
): Report {
  const sample = sampleReport({ seed: '42', runsPerArm: 1, pods: 40, seconds: 20 })
  const runs = cpu.map((value, index): Run => ({
    ...sample.runs[0]!,
    index,
    metrics: { cpu_seconds_per_million_samples: { value }, samples_lost: { value: lost } },
  }))
  const { gates: _none, ...scenario } = sample.scenario
  return {
    ...sample,
    id: new Prng(seed).uuid(),
    runs,
    scenario: { ...scenario, ...(gates === undefined ? {} : { gates }) },
  }
}

const GATES = { cpu_seconds_per_million_samples: ['value'] } as const
const EIGHT = [4, 4.05, 3.95, 4.1, 3.9, 4.02, 3.98, 4.07]
const times = (factor: number): number[] => EIGHT.map(value => value * factor).toReversed()

const judged = (base: Report, head: Report, options: CompareOptions & { strict?: boolean } = {}) => {
  const comparison = compareReports(base, head, options)
  const cpu = comparison.rows.find(({ metric }) => metric === 'cpu_seconds_per_million_samples')!
  return { comparison, cpu, verdict: verdictOfComparison(comparison, { strict: options.strict ?? false }) }
}

void t.test('trials of two reports are two samples, with twice the smallest effect', async t => {
  const { comparison, cpu, verdict } = judged(of(EIGHT), of(times(1.3), { seed: 'head' }))
  t.match(comparison, {
    method: 'unpaired',
    base: { label: 'A embedded 0.1.0', trials: 8, excluded: 0 },
    differences: [],
    informational: false,
  })
  t.match(cpu, { verdict: 'regressed', gate: true, minEffect: 0.1 })
  t.ok(Math.abs(cpu.p! - 2 / 12870) < 1e-12)
  t.match(verdict, { status: 'regressed', exitCode: 3 })
  t.match(judged(of(EIGHT), of(times(0.7), { seed: 'head' })).verdict, { status: 'improved', exitCode: 0 })
  const slight = judged(of(EIGHT), of(times(1.08), { seed: 'head' })).cpu
  t.equal(slight.verdict === 'regressed', false, '8 % between two reports may be the machine')
  const measured = { 'cpu_seconds_per_million_samples value': 0.06 }
  t.equal(judged(of(EIGHT), of(times(1.3), { seed: 'head' }), { minEffects: measured }).cpu.minEffect, 0.12)
  t.same(judged(of(EIGHT), of(times(1.3), { seed: 'head' })), judged(of(EIGHT), of(times(1.3), { seed: 'head' })))
})

void t.test('one trial a side describes; exact counts decide all the same', async t => {
  const one = judged(of([4]), of([9], { seed: 'head' }))
  t.match(one.cpu, { verdict: 'inconclusive', note: 'needs 8 trials, has 1', change: 1.25, interval: null })
  t.match(one.verdict, { status: 'inconclusive', exitCode: 0 })
  t.equal(judged(of([4]), of([9], { seed: 'head' }), { strict: true }).verdict.exitCode, 4)
  const lost = judged(of([4]), of([4], { seed: 'head', lost: 3 }))
  t.match(lost.verdict, {
    status: 'regressed',
    exitCode: 3,
    reasons: [/samples_lost regressed: 0 to 3/, /needs 8 trials/],
  })
})

void t.test('what makes the figures of one subject differ is refused, or informs only', async t => {
  const base = of(EIGHT)
  const head = of(times(1.5), { seed: 'head' })
  const scenario = (change: Partial<Report['scenario']>): Report => ({
    ...head,
    scenario: { ...head.scenario, ...change },
  })
  const machine = (change: Partial<Report['environment']>): Report => ({
    ...head,
    environment: { ...head.environment, fingerprint: 'other', ...change },
  })
  const runs = (change: (run: Run, i: number) => Partial<Run>): Report => ({
    ...head,
    runs: head.runs.map((run, i) => ({ ...run, ...change(run, i) })),
  })
  const resolved = head.scenario.resolved as Record<string, unknown>
  for (const [other, sentence] of [
    [scenario({ name: 'node-failure' }), 'different scenarios: rollout and node-failure'],
    [scenario({ profile: 'ci' }), 'different profiles: quick and ci'],
    [scenario({ seed: '43' }), 'different seeds: 42 and 43'],
    [
      scenario({ sha256: 'other', resolved: { ...resolved, duration: '60s', settle: '5s' } }),
      'the scenario itself differs: duration, settle',
    ],
    [scenario({ sha256: 'other' }), 'the scenario itself differs'],
    [scenario({ scale: { ...head.scenario.scale, nodes: 9 } }), 'different scale: 8 and 9 nodes'],
    [scenario({ scale: { ...head.scenario.scale, seriesPerPod: 85 } }), 'different scale: 84 and 85 series per pod'],
    [scenario({ scale: { ...head.scenario.scale, scrapeIntervalS: 15 } }), 'different scrape intervals: 5 s and 15 s'],
    [scenario({ scale: { ...head.scenario.scale, pods: 80 } }), 'different scale: 40 and 80 pods at once'],
    [machine({ cpuModel: 'Another CPU' }), 'different processors: Example CPU 2.45GHz and Another CPU'],
    [machine({ cpuCount: 8 }), 'different numbers of processors: 2 and 8'],
    [machine({ memBytes: 2e9 }), 'different memory: 7.75 GiB and 1.86 GiB'],
    [machine({ podNetwork: 'port-per-pod' }), 'different pod networks: address-per-pod and port-per-pod'],
    [machine({ kernel: '6.8.0-1' }), 'different kernels: 6.1.0-28-amd64 and 6.8.0-1'],
    [machine({ node: 'v22.1.0' }), 'different versions of Node: v20.20.2 and v22.1.0'],
    [machine({}), 'different machines, by their fingerprints'],
    [runs(() => ({ traceSha256: 'other' })), 'the trials saw different churn: their traces are not the same'],
    [
      runs((_, i) => (i < 3 ? { valid: false, invalidReasons: ['late'] } : {})),
      '3 of 8 trials of the head are not valid (late)',
    ],
    [{ ...head, runs: [] }, 'the head has no trials'],
    [{ ...head, kind: 'capacity' as const }, 'one is a search for capacity, the other is not'],
  ] as const) {
    t.same(differencesBetween(base, other).fatal, [sentence])
    const refused = judged(base, other)
    t.match(refused.verdict, { status: 'invalid', exitCode: 5, reasons: [sentence] })
    const allowed = judged(base, other, { allowDifferences: true })
    t.match(allowed.verdict, { status: 'pass', exitCode: 0 }, `${sentence}, allowed`)
    t.equal(allowed.comparison.informational, true)
    t.equal(
      allowed.comparison.rows.some(({ gate }) => gate),
      false,
      'and nothing gates',
    )
  }
})

void t.test('what differs on purpose, or hardly matters, is told', async t => {
  const base = of(EIGHT)
  const head = of(EIGHT, { seed: 'head' })
  const [run] = head.runs
  const environment = { ...head.environment, fingerprint: 'other' }
  const resolved = { ...(head.scenario.resolved as object), thresholds: { samples_lost: ['count==0'] } }
  const subject = (change: Partial<Run['subject']>): Report => ({
    ...head,
    runs: head.runs.map(other => ({ ...other, subject: { ...run!.subject, ...change } })),
  })
  for (const [other, message] of [
    [subject({ version: '0.2.0' }), undefined],
    [subject({ kind: 'prometheus' }), 'different subjects: embedded and prometheus'],
    [subject({ configSha256: 'other' }), 'the subject was given different configurations'],
    [{ ...head, tool: { ...head.tool, gitSha: 'abc' } }, undefined],
    [{ ...head, tool: { ...head.tool, version: '0.2.0' } }, 'the harness itself differs: churnbench 0.1.0 and 0.2.0'],
    [
      { ...head, environment: { ...environment, kernel: '6.1.0-31-amd64' } },
      'different kernels: 6.1.0-28-amd64 and 6.1.0-31-amd64',
    ],
    [
      { ...head, environment: { ...environment, node: 'v20.20.1' } },
      'different versions of Node: v20.20.2 and v20.20.1',
    ],
    [{ ...head, environment: { ...environment, containerized: false } }, 'the base was taken in a container'],
    [{ ...head, environment: { ...environment, memBytes: 8_300_000_000 } }, undefined],
    [
      { ...head, scenario: { ...head.scenario, sha256: 'other', resolved } },
      "the scenario differs in how it is judged: thresholds; the head's holds",
    ],
    [
      { ...head, startedAt: '2027-02-01T00:00:00.000Z' },
      'they were taken 69 days apart: a machine may change meanwhile',
    ],
    [{ ...head, id: base.id }, 'both are the same report'],
  ] as const) {
    const { fatal, warnings } = differencesBetween(base, other)
    t.same(fatal, [])
    t.same(
      warnings.map(({ message }) => message),
      message === undefined ? [] : [message],
    )
  }
})

void t.test('the head of an A/B report, all of a calibration, the find of a search', async t => {
  const plain = of(times(1.3), { seed: 'head' })
  const two = of([...EIGHT, ...times(1.3)])
  const runs = two.runs.map((run, i): Run => ({ ...run, arm: i < 8 ? 'A' : 'B', block: i % 8, set: 0, order: i }))
  const ab = judged({ ...two, kind: 'ab', runs }, plain)
  t.match(ab.comparison, { method: 'unpaired', base: { trials: 8 } })
  t.match(ab.cpu, { verdict: 'unchanged', change: 0 })
  t.equal(judged({ ...two, kind: 'calibration', runs }, plain).comparison.base.trials, 16)

  const search = (capacity: number, seed: string): Report => {
    const report = of([4, 4, 4], { seed, gates: { ingest_capacity: ['value'] } })
    return {
      ...report,
      kind: 'capacity',
      runs: report.runs.map((run, i) => ({
        ...run,
        traceSha256: `load ${i} ${seed}`,
        metrics: i === 1 ? { ...run.metrics, ingest_capacity: { value: capacity } } : run.metrics,
      })),
    }
  }
  const found = compareReports(search(10_000, 'a'), search(8000, 'b'))
  t.same(found.differences, [])
  t.match(found.rows, [
    { metric: 'ingest_capacity', base: 10_000, head: 8000, verdict: 'inconclusive', note: 'needs 8 trials, has 1' },
  ])
})
