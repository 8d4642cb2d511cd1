import t from 'tap'
import { DurationHistogram, ExitCode, VirtualClock } from '../../base/index.ts'
import { LiveThresholds } from '../../harness/live-thresholds.ts'
import { PodHistories } from '../../harness/probes/index.ts'
import type { Scenario } from '../../harness/scenario.ts'
import { checkSubMetrics, podTags, SubMetrics } from '../../harness/sub-metrics.ts'
import type { Ending } from '../../harness/trial.ts'
import type { TrialContext } from '../../harness/trial-part.ts'
import { verdictOf } from '../../harness/verdict.ts'
import {
  checkThresholds,
  evaluateThresholds,
  type MetricValue,
  parseThresholds,
  type Run,
  toHistogramValue,
} from '../../reports/index.ts'
import { type ClusterSpec, type TargetSpec, type TruthEvent, TruthTable } from '../../sim/index.ts'

function latencies(...seconds: number[]): MetricValue {
  const histogram = new DurationHistogram()
  for (const each of seconds) histogram.record(each * 1e9)
  const value = toHistogramValue(histogram)
  histogram.destroy()
  return value
}

/** A trial of which only what thresholds see is real. */
function trialWith(thresholds: Scenario['thresholds']) {
  const clock = new VirtualClock()
  const probes: Record<string, MetricValue> = {}
  const others: Record<string, MetricValue> = {}
  const endings: Ending[] = []
  const asked: string[][] = []
  let looks = 0
  const part = new LiveThresholds(thresholds, wanted => {
    asked.push(['query_latency', 'queries_failed', 'rss_peak'].filter(wanted))
    return others
  })
  part.onStart({
    clock,
    startNs: clock.monotonicNs(),
    measuredSoFar: () => {
      looks++
      return probes
    },
    end: (ending: Ending) => endings.push(ending),
  } as unknown as TrialContext)
  const run = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1000)
      part.onSecond()
    }
  }
  return { probes, others, endings, asked, run, looks: () => looks }
}

t.test('long form of a threshold', async t => {
  t.same(
    checkThresholds({ discovery_latency: [{ threshold: 'p(99)<8', abortOnFail: true, delayAbortEval: '10s' }] }),
    [],
  )
  const [plain, long] = parseThresholds({
    discovery_latency: ['p(99)<8', { threshold: 'p(95)<4', abortOnFail: true, delayAbortEval: '1m' }],
  })
  t.equal(plain?.abort, undefined)
  t.match(long, { expression: 'p(95)<4', abort: { afterMs: 60_000 } })
  t.same(parseThresholds({ discovery_latency: [{ threshold: 'max<1', abortOnFail: false }] })[0]?.abort, undefined)
  t.same(parseThresholds({ discovery_latency: [{ threshold: 'max<1', abortOnFail: true }] })[0]?.abort, { afterMs: 0 })
  const faults = checkThresholds({
    discovery_latency: [
      { threshold: 'p(99)<8', abortOnfail: true },
      { threshold: 'p(99)<8', abortOnFail: 'yes' },
      { threshold: 'p(99)<8', abortOnFail: true, delayAbortEval: 'soon' },
      { threshold: 'p(99)<8', delayAbortEval: '1s' },
      { threshold: 'quick' },
    ] as never,
  })
  const wanted = [/unknown field "abortOnfail"/, /true or false/, /"soon" is not a duration/, /says nothing/, /"quick"/]
  t.equal(faults.length, wanted.length)
  wanted.forEach((each, i) => t.match(faults[i], each))
})

t.test('a crossed threshold ends the run, once what it asks for is there', async t => {
  const { probes, endings, run, looks } = trialWith({
    discovery_latency: ['p(99)<0.5', { threshold: 'p(99)<1', abortOnFail: true }],
  })
  run(10)
  t.equal(looks(), 5, 'every two seconds')
  t.same(endings, [], 'no data yet is no failure yet')
  probes.discovery_latency = latencies(0.7)
  run(2)
  t.same(endings, [], 'the first threshold is judged at the end')
  probes.discovery_latency = latencies(0.7, 3)
  run(2)
  t.match(endings, [
    {
      kind: 'threshold',
      crossed: { metric: 'discovery_latency', expression: 'p(99)<1', atS: 14 },
      error: {
        code: 'CHURN_THRESHOLD_ABORT',
        exitCode: ExitCode.thresholds,
        message: /^discovery_latency p\(99\)<1 was crossed after 14\.0 s: 3\.00 s; abortOnFail ended the run$/,
      },
    },
  ])
})

t.test('delayAbortEval is a time of grace', async t => {
  const { probes, endings, run } = trialWith({
    targets_missed: [{ threshold: 'value==0', abortOnFail: true, delayAbortEval: '7s' }],
  })
  probes.targets_missed = { value: 1 }
  run(7)
  t.same(endings, [])
  run(1)
  t.match(endings, [{ kind: 'threshold', crossed: { value: 1, atS: 8 } }])
})

t.test('measurements of other parts are asked for by name only', async t => {
  const { others, endings, asked, run } = trialWith({
    'query_latency{class=series}': [{ threshold: 'p(99)<1', abortOnFail: true }],
    queries_failed: [{ threshold: 'rate<0.5', abortOnFail: true }],
    rss_peak: ['value<1'],
  })
  others['query_latency{class=series}'] = latencies(0.1)
  others['queries_failed{class=series}'] = { value: 1 }
  others['queries_failed{class=labels}'] = { value: 0 }
  run(2)
  t.same(asked, [['query_latency', 'queries_failed']])
  t.match(endings, [{ crossed: { metric: 'queries_failed', value: 0.5, expression: 'rate<0.5' } }], '1 in 2 s')
})

t.test('only scenarios that want it have it', async t => {
  t.notOk(LiveThresholds.wantedBy({ rss_peak: ['value<1', { threshold: 'value<2' }] }))
  t.ok(LiveThresholds.wantedBy({ rss_peak: ['value<1', { threshold: 'value<2', abortOnFail: true }] }))
})

t.test('the report tells which threshold ended the run, whatever became of the metric', async t => {
  const thresholds = parseThresholds({
    discovery_latency: ['p(99)<0.5', { threshold: 'p(99)<1', abortOnFail: true }],
    samples_lost: ['value==0'],
  })
  const crossed = { metric: 'discovery_latency', expression: 'p(99)<1', value: 3, atS: 14 }
  const run = { durationS: 15, crossed, metrics: { discovery_latency: latencies(0.1), samples_lost: { value: 0 } } }
  const results = evaluateThresholds(thresholds, [run])
  t.match(results, [
    { expression: 'p(99)<0.5', ok: true },
    { expression: 'p(99)<1', ok: false, value: 3, noData: false, aborted: true },
    { metric: 'samples_lost', ok: true },
  ])
  t.notOk('aborted' in results[0]!)
  const ending: Ending = { kind: 'threshold', crossed, error: new Error('crossed') }
  const valid = { valid: true, invalidReasons: [] } satisfies Partial<Run>
  t.match(verdictOf(ending, valid, results), { status: 'fail', exitCode: 99, reasons: ['crossed'] })
  const late = { valid: false, invalidReasons: ['late'] }
  t.match(
    verdictOf(ending, late, results),
    { status: 'invalid', exitCode: 5, reasons: ['late', 'crossed'] },
    'a late harness may have crossed it itself',
  )
})

const CLUSTER = {
  nodes: 4,
  zones: 2,
  workloads: [
    { namespace: 'default', name: 'frontend', labels: { app: 'frontend', track: 'stable' } },
    { namespace: 'default', name: 'frontend-canary', labels: { app: 'frontend', track: 'canary' } },
    { namespace: 'shop', name: 'cart', labels: { app: 'cart' } },
  ],
} as unknown as ClusterSpec

const target = (slot: number, more: Partial<TargetSpec>): TargetSpec =>
  ({
    uid: `uid-${slot}`,
    slot,
    namespace: 'default',
    node: `node-${slot % 4}`,
    app: 'frontend',
    ...more,
  }) as TargetSpec

const POD_A = target(0, { pod: 'frontend-5d8f9c7b6d-abcde' })
const POD_B = target(1, { pod: 'frontend-canary-7c6b5d8f9d-fghij' })
const POD_C = target(2, { pod: 'cart-66b7c8d9f5-klmno', namespace: 'shop', app: 'cart' })

t.test('what pods are told by', async t => {
  t.match(podTags(CLUSTER, POD_A), { workload: 'frontend', track: 'stable', app: 'frontend', node: 'node-0' })
  t.match(podTags(CLUSTER, POD_B), {
    workload: 'frontend-canary',
    track: 'canary',
    app: 'frontend',
    namespace: 'default',
  })
  t.match(podTags(CLUSTER, POD_C), { workload: 'cart', namespace: 'shop', zone: podTags(CLUSTER, POD_A).zone! })
  t.not(podTags(CLUSTER, POD_A).zone, podTags(CLUSTER, POD_B).zone)
})

t.test('tags that nothing can carry are faults before the run', async t => {
  const queries = [{ class: 'series' }, { class: 'labels', team: 'a' }]
  const { zone } = podTags(CLUSTER, POD_A)
  const good = [
    'discovery_latency',
    'discovery_latency{workload=frontend}',
    'targets_missed{namespace:shop}',
    `scrape_lateness{zone=${zone},track=canary}`,
    'query_latency{class=labels}',
    'queries_failed{team=a}',
    'generator_lag{source=queries}',
  ]
  t.same(checkSubMetrics(good, CLUSTER, queries), [])
  const bad: [string, RegExp][] = [
    ['discovery_latency{workload=frontnd}', /no pod has workload "frontnd"; there are frontend, frontend-canary, cart/],
    [
      'discovery_latency{colour=blue}',
      /pods have no tag "colour"; they have app, track, namespace, workload, node, zone/,
    ],
    ['rss_peak{workload=cart}', /rss_peak has no sub-metrics/],
    ['query_latency{class=serie}', /no query carries these tags; there are \{class=series\}, \{class=labels,team=a\}/],
    ['query_latency{class=series,team=a}', /no query carries/],
    ['generator_lag{source=moon}', /no sub-metrics/],
  ]
  for (const [key, wanted] of bad) t.match(checkSubMetrics([key], CLUSTER, queries), [wanted], key)
  t.match(checkSubMetrics(['query_latency{class=series}'], CLUSTER, []), [/there are no queries/])
})

t.test('sub-metrics hold the pods that carry the tags', async t => {
  const pods = new PodHistories()
  const truth = new TruthTable(16)
  const ns = (seconds: number): bigint => BigInt(seconds * 1000) * 1_000_000n
  const tell = (event: object): void => pods.apply(event as TruthEvent)
  for (const [i, spec] of [POD_A, POD_B, POD_C].entries()) {
    tell({ type: 'target-opened', target: spec })
    tell({ type: 'pod-addressed', uid: spec.uid, plannedNs: ns(1 + i) })
  }
  truth.recordRequest(POD_A.slot, ns(3))
  truth.recordRequest(POD_C.slot, ns(8))
  const sub = new SubMetrics(
    [
      'discovery_latency',
      'discovery_latency{app:frontend}',
      'discovery_latency{workload=cart}',
      'targets_missed{track=canary}',
      'targets_missed{namespace=shop}',
      'visibility_latency{namespace=shop}',
      'visibility_latency{namespace=default}',
      'scrapes_missed{app=cart}',
      'rss_peak',
    ],
    { cluster: CLUSTER, pods, scrapeIntervalMs: 1000 },
  )
  sub.addWait('visibility_latency', POD_C.uid, 2e9)
  sub.addWait('visibility_latency', POD_C.uid, 4e9, true)
  sub.addWait('visibility_latency', 'nobody', 9e9)
  sub.addScrapes(POD_A.uid, Float64Array.of(0, 1000, 2000, 5000), 5500)
  sub.addScrapes(POD_C.uid, Float64Array.of(0, 1000, 2000, 4000), 4500)
  const soFar: Record<string, MetricValue> = {}
  sub.put(soFar, { truth, from: 'pod-addressed' })
  t.match(soFar['discovery_latency{app=frontend}'], { count: 1, censored: 0 })
  t.notOk('targets_missed{track=canary}' in soFar, 'known at the end only')
  for (const again of [1, 2]) {
    const metrics: Record<string, MetricValue> = {}
    sub.put(metrics, { truth, from: 'pod-addressed', untilNs: ns(20) })
    t.match(metrics['discovery_latency{app=frontend}'], { count: 2, censored: 1 }, `put ${again}`)
    t.ok(Math.abs((metrics['discovery_latency{app=frontend}'] as { max: number }).max - 18) < 0.05)
    t.ok(Math.abs((metrics['discovery_latency{workload=cart}'] as { p50: number }).p50 - 5) < 0.01)
    t.match(metrics, {
      'targets_missed{track=canary}': { value: 1 },
      'targets_missed{namespace=shop}': { value: 0 },
      'visibility_latency{namespace=shop}': { count: 2, censored: 1 },
      'scrapes_missed{app=cart}': { value: 1 },
    })
    t.notOk('visibility_latency{namespace=default}' in metrics, 'no data is no entry: its threshold fails')
    t.notOk('discovery_latency' in metrics, 'the whole is measured elsewhere')
  }
})
