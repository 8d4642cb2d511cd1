import * as fc from 'fast-check'
import t from 'tap'
import { Prng } from '../../base/index.ts'
import {
  blocksNeeded,
  calibrationOf,
  type Comparable,
  compareArms,
  type CompareOptions,
  type Comparison,
  type ComparisonRow,
  confirm,
  describeMetrics,
  gatesFault,
  gatesSupported,
  METRICS,
  type MetricValue,
  type Run,
  verdictOfComparison,
} from '../../reports/index.ts'
import { gateFor, policyOf } from '../../reports/compare/policy.ts'
import { standardNormal } from '../../reports/statistics/random.ts'
import { sampleRun } from './sample-report.ts'

type Values = Readonly<Record<string, MetricValue>>

const template = sampleRun(new Prng('template'), { arm: 'A', index: 0, pods: 40, seconds: 20, status: 'pass' })

/** Blocks of one trial of each arm; what is not of interest is the same everywhere. */
function report(
  blocks: readonly (readonly [Values, Values])[],
  gates: Comparable['scenario']['gates'] = {},
  change: (run: Run) => Run = run => run,
): Comparable {
  const runs = blocks.flatMap((values, block) =>
    values.map((metrics, i): Run =>
      change({ ...template, index: 2 * block + i, arm: i === 0 ? 'A' : 'B', block, set: 0, metrics }),
    ),
  )
  return { runs, metrics: describeMetrics(runs), scenario: { seed: '42', gates } }
}

const value = (figure: number): MetricValue => ({ value: figure })
const latency = (seconds: number, count = 6000): MetricValue => ({
  count,
  min: seconds / 2,
  max: seconds * 4,
  mean: seconds,
  p50: seconds,
  p90: seconds * 1.5,
  p95: seconds * 2,
  p99: seconds * 3,
  p999: seconds * 4,
  hdr: '',
})

/** One value metric: `base` and `head` by block. */
const of = (
  metric: string,
  base: readonly number[],
  head: readonly number[],
  options: CompareOptions = {},
  gated = true,
): Comparison =>
  compareArms(
    report(
      base.map((a, i) => [{ [metric]: value(a) }, { [metric]: value(head[i]!) }]),
      gated ? { [metric]: ['value'] } : {},
    ),
    options,
  )

const row = ({ rows }: Comparison, metric: string, statistic = 'value'): ComparisonRow => {
  const found = rows.find(row => row.metric === metric && row.statistic === statistic)
  if (found === undefined) throw new Error(`no row ${metric} ${statistic}`)
  return found
}

const NOISE = [1, 1.02, 0.99, 1.01, 0.98, 1.015, 0.985, 1.005]
const around = (centre: number, n = 8): number[] => Array.from({ length: n }, (_, i) => centre * NOISE[i % 8]!)
const turned = (values: readonly number[]): number[] => values.toReversed()

void t.test('the decision rule, by direction', async t => {
  const rate = METRICS.ingest_rate
  t.equal(rate.direction, 'higher')
  for (const [metric, factor, verdict] of [
    ['cpu_seconds_per_million_samples', 1.2, 'regressed'],
    ['cpu_seconds_per_million_samples', 0.8, 'improved'],
    ['ingest_rate', 1.2, 'improved'],
    ['ingest_rate', 0.8, 'regressed'],
    ['ingest_rate', 1, 'unchanged'],
    ['cpu_seconds_per_million_samples', 1, 'unchanged'],
  ] as const) {
    const comparison = of(metric, around(100), turned(around(100 * factor)))
    const { change, interval, p, pAdjusted, gate, exact, baseTrials } = row(comparison, metric)
    t.equal(row(comparison, metric).verdict, verdict, `${metric} × ${factor}`)
    t.ok(Math.abs(change! - (factor - 1)) < 0.01)
    t.ok(interval![0] <= change! && change! <= interval![1])
    t.ok(p! > 0 && p! <= 1 && pAdjusted === p, 'one gate: nothing to adjust')
    t.match({ gate, exact }, { gate: true, exact: false })
    t.same(baseTrials, around(100), 'in the order of blocks')
    t.equal(comparison.method, 'paired')
  }
})

void t.test('a change that is certain but small, and a large one that is not certain, are inconclusive', async t => {
  // Certain: +5.4 % in every block, while 10 % is what matters.
  const certain = row(of('rss_peak', around(100e6), around(106e6)), 'rss_peak')
  t.equal(certain.minEffect, 0.1)
  t.ok(certain.p! <= 0.05)
  t.equal(certain.verdict, 'unchanged', 'the interval is inside')
  const wide = [100, 140, 80, 120, 90, 130, 70, 110].map(x => x * 1e6)
  const noisy = row(of('rss_peak', wide, turned(wide.map(x => x * 1.12))), 'rss_peak')
  t.equal(noisy.verdict, 'inconclusive')
  t.match(noisy.note, /^the interval is .* either side/)
  t.ok(noisy.detectable! > 0.12, 'and could not have been found')
})

void t.test('a gate is judged after Holm, other rows after Benjamini-Hochberg, and only gates decide', async t => {
  const three = around(1).map((x, i): readonly [Values, Values] => [
    { discovery_latency: latency(x), rss_peak: value(200e6 * x) },
    { discovery_latency: latency(x * 1.3), rss_peak: value(300e6 * NOISE[7 - i]!) },
  ])
  const comparison = compareArms(report(three, { discovery_latency: ['p50', 'p95', 'p99'] }))
  for (const statistic of ['p50', 'p95', 'p99']) {
    const gate = row(comparison, 'discovery_latency', statistic)
    t.match(gate, { p: 2 / 256, pAdjusted: 6 / 256, verdict: 'regressed', gate: true })
  }
  const other = row(comparison, 'rss_peak')
  t.match(other, { gate: false, pAdjusted: null, verdict: 'regressed' })
  t.match(verdictOfComparison(comparison), { status: 'regressed', exitCode: 3 })
  const without = compareArms(report(three, {}))
  t.match(verdictOfComparison(without), { status: 'pass', exitCode: 0, reasons: [/no gates are declared/] })
  t.equal(row(without, 'rss_peak').verdict, 'regressed', 'shown all the same')
})

void t.test('of a few blocks nothing is claimed', async t => {
  for (const n of [1, 2, 3, 4, 5]) {
    const comparison = of('ingest_rate', around(100, n), around(50, n))
    const found = row(comparison, 'ingest_rate')
    t.equal(found.verdict, 'inconclusive')
    t.equal(found.note, `needs 8 blocks, has ${n}`)
    t.equal(found.detectable, null)
    t.match(verdictOfComparison(comparison), { status: 'inconclusive', exitCode: 0 })
    t.match(verdictOfComparison(comparison, { strict: true }), { status: 'inconclusive', exitCode: 4 })
  }
  t.equal(row(of('ingest_rate', around(100, 3), around(50, 3), {}, false), 'ingest_rate').verdict, 'info')
  t.equal(row(of('ingest_rate', around(100, 6), around(50, 6)), 'ingest_rate').verdict, 'regressed')
})

void t.test('exact counts gate always, by equality, whatever the number of trials', async t => {
  for (const n of [1, 8]) {
    const zeros = Array<number>(n).fill(0)
    const once = [3, ...zeros.slice(1)]
    const worse = of('targets_missed', zeros, once, {}, false)
    t.match(row(worse, 'targets_missed'), {
      verdict: 'regressed',
      gate: true,
      exact: true,
      base: 0,
      head: 3,
      p: null,
      change: null,
      note: `in 1 of ${n} trial${n === 1 ? '' : 's'} of the head, none of the base`,
    })
    t.match(verdictOfComparison(worse), { status: 'regressed', exitCode: 3 })
    t.match(row(of('samples_lost', once, zeros), 'samples_lost'), { verdict: 'improved', base: 3, head: 0 })
    t.match(row(of('samples_wrong', zeros, zeros), 'samples_wrong'), { verdict: 'unchanged', exact: true })
  }
  // Both have faults: a figure like any other, and a gate only where it is one.
  const both = of('samples_lost', around(100), around(200), {}, false)
  t.match(row(both, 'samples_lost'), { exact: false, gate: false })
  t.equal(row(of('samples_lost', around(100), around(200)), 'samples_lost').verdict, 'regressed')
})

void t.test('honest details: zero, identical, missing, NaN, no direction', async t => {
  const zeros = Array<number>(8).fill(0)
  t.match(row(of('scrapes_missed', zeros, zeros), 'scrapes_missed'), {
    verdict: 'unchanged',
    base: 0,
    head: 0,
    change: null,
    interval: null,
    p: 1,
  })
  t.match(row(of('scrapes_missed', zeros, around(50)), 'scrapes_missed'), {
    verdict: 'regressed',
    change: null,
    note: 'the base is 0',
  })
  t.equal(row(of('scrapes_missed', zeros, around(3)), 'scrapes_missed').verdict, 'unchanged', 'below the floor')
  t.match(row(of('ingest_rate', around(7), around(7)), 'ingest_rate'), { p: 1, change: 0, interval: [0, 0] })
  t.equal(row(of('samples_served', around(7), around(9), {}, false), 'samples_served').verdict, 'info')
  t.match(row(of('samples_served', around(7), around(9)), 'samples_served'), { verdict: 'info', note: /cannot gate/ })

  const only = compareArms(
    report(
      around(1).map(x => [{ ingest_rate: value(x) }, {}]),
      { ingest_rate: ['value'], recovery_time: ['value'] },
    ),
  )
  t.match(row(only, 'ingest_rate'), { verdict: 'no-data', note: 'only the base has it', head: null, p: null })
  t.match(row(only, 'recovery_time'), { verdict: 'no-data', base: null, note: /neither arm/ })
  t.match(verdictOfComparison(only, { strict: true }), { status: 'inconclusive', exitCode: 4 })

  const gap = of('ingest_rate', [...around(100, 8), NaN], [...around(100, 8), 5])
  t.equal(row(gap, 'ingest_rate').headTrials.length, 8, 'a block without a number on one side is left out')
  t.equal(row(gap, 'ingest_rate').verdict, 'unchanged')
})

void t.test('changes below the floor of a metric are no changes', async t => {
  const tiny = around(1).map((x): readonly [Values, Values] => [
    { query_latency: latency(100e-6 * x) },
    { query_latency: latency(130e-6 * x) },
  ])
  const comparison = compareArms(report(tiny, { query_latency: ['p50'] }))
  const p50 = row(comparison, 'query_latency', 'p50')
  t.equal(p50.verdict, 'unchanged')
  t.ok(Math.abs(p50.minEffect - 0.5) < 0.01, '50 µs of 100 µs')
})

void t.test(
  'quantiles gate only with enough observations beyond them; the next lower one takes their place',
  async t => {
    for (const [statistic, count, gate] of [
      ['p99', 1000, 'p99'],
      ['p99', 999, 'p95'],
      ['p99', 200, 'p95'],
      ['p99', 199, 'p90'],
      ['p95', 100, 'p90'],
      ['p99', 99, 'p50'],
      ['p50', 3, 'p50'],
      ['mean', 3, 'mean'],
      ['value', 1, 'value'],
    ] as const) {
      t.equal(gateFor(statistic, count), gate, `${statistic} of ${count}`)
    }
    const few = around(1).map((x): readonly [Values, Values] => [
      { discovery_latency: latency(x, 300) },
      { discovery_latency: latency(x * 1.3, 320) },
    ])
    const moved = compareArms(report(few, { discovery_latency: ['p50', 'p99'] }))
    t.match(row(moved, 'discovery_latency', 'p99'), {
      gate: false,
      note: '300 observations of a trial are too few to gate p99: p95 gates instead',
    })
    t.match(row(moved, 'discovery_latency', 'p95'), { gate: true, verdict: 'regressed', note: 'gates in place of p99' })
    const enough = around(1).map((x): readonly [Values, Values] => [
      { discovery_latency: latency(x, 2000) },
      { discovery_latency: latency(x, 2000) },
    ])
    const gated = compareArms(report(enough, { 'discovery_latency{}': ['p99'] }))
    t.match(row(gated, 'discovery_latency', 'p99'), { gate: true, note: 'rests on 20 observations of a trial' })
  },
)

void t.test('sub-metrics: k6 spelling of gates; rows where the policy says so', async t => {
  const tagged = around(1).map((x): readonly [Values, Values] => [
    {
      'query_latency{class=range}': latency(x),
      apiserver_requests: value(50),
      'apiserver_requests{resource=pods}': value(20),
    },
    {
      'query_latency{class=range}': latency(x * 1.3),
      apiserver_requests: value(50),
      'apiserver_requests{resource=pods}': value(20),
    },
  ])
  const comparison = compareArms(report(tagged, { 'query_latency{class:range}': ['p95'] }))
  t.match(row(comparison, 'query_latency{class=range}', 'p95'), { gate: true, verdict: 'regressed' })
  t.notOk(comparison.rows.some(({ metric }) => metric === 'apiserver_requests{resource=pods}'))
  t.ok(comparison.rows.some(({ metric }) => metric === 'apiserver_requests'))
})

void t.test('only valid, complete trials count, and a block only with both', async t => {
  const make = (change: (run: Run) => Run): Comparison =>
    compareArms(
      report(
        around(100, 10).map((x, i) => [{ ingest_rate: value(x) }, { ingest_rate: value(100 * NOISE[(i + 3) % 8]!) }]),
        { ingest_rate: ['value'] },
        change,
      ),
    )
  const fewer = make(run => {
    if (run.block === 2 && run.arm === 'A') return { ...run, valid: false, metrics: { ingest_rate: value(1) } }
    if (run.block === 5 && run.arm === 'B') return { ...run, aborted: true, metrics: { ingest_rate: value(1) } }
    return run
  })
  t.match(fewer.base, { trials: 8, excluded: 2 })
  t.match(fewer.head, { trials: 8, excluded: 2 })
  t.equal(row(fewer, 'ingest_rate').verdict, 'unchanged')
  t.match(verdictOfComparison(fewer), { status: 'unchanged', exitCode: 0 })
  const invalid = make(run => ({ ...run, valid: run.block! > 2 }))
  t.match(verdictOfComparison(invalid), {
    status: 'invalid',
    exitCode: 5,
    reasons: [/^3 of 10 trials of the base/, /of the head/],
  })
  const none = make(run => ({ ...run, valid: false }))
  t.match(verdictOfComparison(none), { status: 'invalid', reasons: ['the base has no valid trial', /head/] })
  t.same(
    none.rows.map(({ verdict }) => verdict).filter(verdict => verdict !== 'no-data'),
    [],
  )
})

void t.test('arms of a block that saw different churn are not comparable', async t => {
  const made = report(
    around(100).map(x => [{ ingest_rate: value(x) }, { ingest_rate: value(2 * x) }]),
    { ingest_rate: ['value'] },
    run => ({ ...run, traceSha256: run.block === 3 && run.arm === 'B' ? 'other' : 'same' }),
  )
  const refused = compareArms(made)
  t.same(refused.differences, ['the two trials of 1 block saw different churn: 3'])
  t.match(verdictOfComparison(refused), { status: 'invalid', exitCode: 5 })
  const allowed = compareArms(made, { allowDifferences: true })
  t.equal(allowed.informational, true)
  t.equal(row(allowed, 'ingest_rate').gate, false)
  t.match(verdictOfComparison(allowed), { status: 'pass', exitCode: 0, reasons: [/information only/, /churn/] })
})

void t.test('the same seed gives the same comparison; order of runs and further rows change nothing', async t => {
  const seeds = new Prng('determinism')
  const values = Array.from({ length: 8 }, (): readonly [Values, Values] => {
    const draw = (): MetricValue => latency(Math.exp(0.05 * standardNormal(seeds)))
    return [{ discovery_latency: draw() }, { discovery_latency: draw() }]
  })
  const gates = { discovery_latency: ['p99'] } as const
  const made = report(values, gates)
  const once = compareArms(made)
  t.same(compareArms(made), once)
  t.same(compareArms({ ...made, runs: seeds.shuffle(made.runs) }), once, 'in any order of the list')
  const renumbered = made.runs.map(run => ({ ...run, block: 7 - run.block! }))
  t.same(row(compareArms({ ...made, runs: renumbered }), 'discovery_latency', 'p99').interval, rowOf(once).interval)
  const more = report(
    values.map(([a, b]) => [
      { ...a, rss_peak: value(1e9) },
      { ...b, rss_peak: value(1e9) },
    ]),
    gates,
  )
  t.same(rowOf(compareArms(more)), rowOf(once))
  t.equal(compareArms(made, { seed: 'another' }).seed, 'another')
})

function rowOf(comparison: Comparison): ComparisonRow {
  return row(comparison, 'discovery_latency', 'p99')
}

void t.test('properties of any comparison', async () => {
  const figure = fc.oneof(fc.constant(0), fc.constant(NaN), fc.double({ min: 0.001, max: 1e6, noNaN: true }))
  const metric = fc.constantFrom(...(Object.keys(METRICS) as (keyof typeof METRICS)[]))
  fc.assert(
    fc.property(metric, fc.array(fc.tuple(figure, figure), { maxLength: 9 }), (name, blocks) => {
      const measured = (x: number): MetricValue => (METRICS[name].kind === 'histogram' ? latency(x) : value(x))
      const statistic = METRICS[name].kind === 'histogram' ? 'p50' : 'value'
      const made = report(
        blocks.map(([a, b]) => [{ [name]: measured(a) }, { [name]: measured(b) }]),
        { [name]: [statistic] },
      )
      const comparison = compareArms(made)
      const verdict = verdictOfComparison(comparison)
      return (
        comparison.rows.every(
          ({ p, pAdjusted, change, interval, base, head, minEffect, detectable }) =>
            (p === null || (p > 0 && p <= 1)) &&
            (pAdjusted === null || (pAdjusted >= p! && pAdjusted <= 1)) &&
            [change, base, head, minEffect, detectable, ...(interval ?? [])].every(
              x => x === null || Number.isFinite(x),
            ) &&
            (interval === null || interval[0] <= interval[1]),
        ) && [0, 3, 5].includes(verdict.exitCode)
      )
    }),
    { numRuns: 200 },
  )
})

void t.test('gates and the blocks that they need', async t => {
  t.same(
    [3, 5, 6, 7, 8, 10].map(n => gatesSupported(n)),
    [0, 0, 1, 3, 6, 25],
  )
  t.same(
    [3, 4, 5].map(n => gatesSupported(n, 0.05, 'unpaired')),
    [0, 1, 6],
  )
  t.equal(blocksNeeded(9), 9)
  t.equal(blocksNeeded(6), 8)
  const nine = { discovery_latency: ['p50', 'p95', 'p99'], visibility_latency: ['p50', 'p95', 'p99'] } as const
  const more = { ...nine, staleness_latency: ['p50', 'p95', 'p99'] } as const
  t.equal(gatesFault(8, nine), undefined)
  t.equal(gatesFault(8, more), '8 blocks can support 6 gates, 9 are declared; run 9 blocks or declare fewer gates')
  t.equal(gatesFault(8, { ...nine, samples_lost: ['value'] }), undefined, 'exact counts cost nothing')
  t.equal(gatesFault(5, { rss_peak: ['value'] }), '5 blocks can support no gate, 1 is declared; run 6 blocks')
})

void t.test('a regression that is seen again is confirmed, another becomes inconclusive', async t => {
  const pair = (cpu: number, rss: number): Comparison =>
    compareArms(
      report(
        around(1).map((x, i) => [
          { cpu_seconds_per_million_samples: value(x), rss_peak: value(1e9 * x), samples_lost: value(0) },
          {
            cpu_seconds_per_million_samples: value(cpu * NOISE[7 - i]!),
            rss_peak: value(rss * 1e9 * NOISE[7 - i]!),
            samples_lost: value(rss > 1.2 && i === 0 ? 2 : 0),
          },
        ]),
        { cpu_seconds_per_million_samples: ['value'], rss_peak: ['value'] },
      ),
    )
  const first = pair(1.2, 1.3)
  t.same(
    first.rows.filter(({ verdict }) => verdict === 'regressed').map(({ metric }) => metric),
    ['samples_lost', 'cpu_seconds_per_million_samples', 'rss_peak'],
  )
  const half = confirm(first, pair(1.2, 1))
  t.same(half.confirmation?.confirmed, ['cpu_seconds_per_million_samples value'])
  t.match(row(half, 'rss_peak'), { verdict: 'inconclusive', note: /^regressed, but not in the second set of blocks/ })
  t.match(row(half, 'samples_lost'), { verdict: 'inconclusive' })
  t.equal(row(half, 'cpu_seconds_per_million_samples').verdict, 'regressed')
  t.match(verdictOfComparison(half), { status: 'regressed', exitCode: 3 })
  t.match(verdictOfComparison(confirm(first, pair(1, 1)), { strict: true }), { status: 'inconclusive', exitCode: 4 })
  t.equal(confirm(first, first).confirmation?.confirmed.length, 3)
  t.match(verdictOfComparison(confirm(first, pair(0.8, 0.8))), { status: 'inconclusive', exitCode: 0 })
  const notComparable = { ...pair(1.2, 1.3), differences: ['saw different churn'] }
  t.same(confirm(first, notComparable).confirmation?.confirmed, [], 'what is not comparable confirms nothing')
})

void t.test('trials of another set are not mixed in', async t => {
  const first = report(around(100).map(x => [{ ingest_rate: value(x) }, { ingest_rate: value(x) }]))
  const again = report(
    around(100).map(x => [{ ingest_rate: value(x) }, { ingest_rate: value(x / 2) }]),
    {},
    run => ({ ...run, set: 1 }),
  )
  const both = { ...first, runs: [...first.runs, ...again.runs] }
  t.equal(row(compareArms(both), 'ingest_rate').verdict, 'unchanged')
  t.equal(row(compareArms(both, { set: 1 }), 'ingest_rate').verdict, 'regressed')
  t.equal(row(compareArms(again), 'ingest_rate').verdict, 'regressed', 'a set by itself needs no naming')
})

void t.test('calibration: noise of the machine, and what it can find', async t => {
  const seeds = new Prng('calibrate')
  const made = (variation: number): Comparable => {
    const draw = (): Values => ({
      discovery_latency: latency(Math.exp(variation * standardNormal(seeds))),
      samples_lost: value(0),
      generator_lag: latency(0.001),
    })
    return report(
      Array.from({ length: 12 }, () => [draw(), draw()] as const),
      { discovery_latency: ['p50', 'p99'] },
    )
  }
  const of = (variation: number) => {
    const a = made(variation)
    return calibrationOf(a.runs, compareArms(a))
  }
  const [quiet, noisy] = [of(0.005), of(0.08)]
  t.equal(quiet.blocks, 12)
  t.notOk('samples_lost value' in quiet.noise, 'what is exact has no noise')
  const [q, n] = [quiet.noise['discovery_latency p99']!, noisy.noise['discovery_latency p99']!]
  t.equal(q.minEffect, 0.05, 'on a quiet machine the default holds')
  t.ok(n.minEffect > 0.07 && n.minEffect < 0.3, `on a noisy one what chance brings: ${n.minEffect}`)
  t.ok(n.variation > 0.05 && n.variation < 0.12 && n.change95 > n.variation)
  t.same(
    Object.keys(n.detectable),
    ['6', '8', '10', '12'].filter(key => key in n.detectable),
  )
  t.ok(n.detectable['8']! > n.detectable['12']! && n.detectable['8']! > n.minEffect)
  t.notOk('6' in n.detectable, 'six blocks support one gate, two are declared')
  t.same(JSON.parse(JSON.stringify(noisy)), noisy, 'nothing that JSON has not')
  const raised = compareArms(made(0.08), { minEffects: { 'discovery_latency p99': n.minEffect } })
  t.equal(row(raised, 'discovery_latency', 'p99').minEffect, n.minEffect)
})

void t.test('every metric of the catalogue has a policy that fits it', async t => {
  for (const [name, info] of Object.entries(METRICS)) {
    const { statistics, minEffect, floor, exact } = policyOf(name, info)
    t.ok(statistics.length > 0 && minEffect >= 0 && floor >= 0, name)
    t.equal(statistics.includes('value'), info.kind !== 'histogram', `${name}: ${statistics.join()}`)
    if (exact === true) t.equal(info.kind, 'count')
  }
})
