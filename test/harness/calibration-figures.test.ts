// Goal: the figures behind "discovery latency is right to a millisecond", for the notes; they depend on the machine.
// Method: run by hand on a quiet machine, CHURNBENCH_FIGURES=1 with a --timeout of some minutes; asserts nothing of time.
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { SystemClock } from '../../base/index.ts'
import { executeTrial } from '../../harness/execute-trial.ts'
import { detectPeers, peersByName } from '../../harness/peers/index.ts'
import { resolveScenario } from '../../harness/scenario.ts'
import type { HistogramValue } from '../../reports/index.ts'
import type { ScenarioInput } from '../../scenarios/index.ts'
import { calibrationRun, valueOf } from './calibration-run.ts'

const skip = process.env['CHURNBENCH_FIGURES'] === '1' ? false : 'set CHURNBENCH_FIGURES=1 for the figures'

/** Two hundred pods, ten a second. */
const ARRIVING: ScenarioInput = {
  name: 'arriving',
  description: 'Pods that come one after the other.',
  cluster: {
    nodes: 10,
    workloads: { api: { namespace: 'shop', replicas: 0 } },
    timings: { start: ['100ms', '1s'], ready: ['50ms', '100ms'] },
  },
  scenarios: {
    up: {
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '1s',
      duration: '20s',
      exec: 'scale',
      args: { workload: 'shop/api' },
      each: { replicas: Array.from({ length: 20 }, (_, i) => (i + 1) * 10) },
    },
  },
  duration: '22s',
  settle: '10s',
  scrapeInterval: '2s',
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (p: number): string => sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!.toFixed(3)
  return `min ${at(0)}, p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} ms of ${sorted.length}`
}

t.test('measured discovery latency against the delay that was configured', { skip }, async t => {
  const { run, pods } = await calibrationRun(t, { args: ['--discovery-delay=0s,100ms,1s'], scenario: ARRIVING })
  const of = (value: (pod: (typeof pods)[number]) => number): string => spread(pods.map(value))
  const first = (pod: (typeof pods)[number]) => pod.entry!.asks[0]!
  const ms = (from: bigint | string, to: bigint | string): number => Number(BigInt(to) - BigInt(from)) / 1e6
  t.comment(`valid: ${run.valid} ${run.invalidReasons.join(' ')}`)
  t.comment(`measured − sent by the subject:            ${of(pod => ms(first(pod).sentNs, pod.truth.firstScrapeNs!))}`)
  t.comment(
    `answer read by the subject − measured:     ${of(pod => ms(pod.truth.firstScrapeNs!, first(pod).receivedNs!))}`,
  )
  t.comment(`sent − due, the subject's own timer:       ${of(pod => ms(first(pod).dueNs, first(pod).sentNs))}`)
  t.comment(
    `learnt of − planned, the way of the news:  ${of(pod => ms(pod.history.addressedNs!, pod.entry!.learntNs))}`,
  )
  for (const delayMs of [0, 100, 1000]) {
    const some = pods.filter(({ entry }) => entry!.delayMs === delayMs)
    const errors = some.map(pod => ms(pod.history.addressedNs!, pod.truth.firstScrapeNs!) - delayMs)
    t.comment(`measured − configured, delay of ${String(delayMs).padStart(4)} ms:   ${spread(errors)}`)
  }
  t.equal(run.metrics['discovery_latency'] !== undefined, true)
})

async function realSubject(t: Test, kind: string): Promise<void> {
  const { run } = await executeTrial(new SystemClock(), {
    scenario: resolveScenario(ARRIVING, { profile: 'quick', seed: '1', set: [] }),
    subject: { kind, args: [] },
    outDir: t.testdir(),
    readyTimeoutMs: 60_000,
    stderr: new PassThrough() as unknown as NodeJS.WriteStream,
    signal: new AbortController().signal,
  })
  const latency = run.metrics['discovery_latency'] as HistogramValue
  const lateness = run.metrics['scrape_lateness'] as HistogramValue
  t.comment(`${kind} ${run.subject?.version}, valid: ${run.valid}`)
  t.comment(`discovery_latency p50 ${latency.p50} s, p99 ${latency.p99} s; floor ${valueOf(run, 'discovery_floor')} s`)
  t.comment(`scrape_lateness p50 ${lateness.p50} s, p99 ${lateness.p99} s, missed ${valueOf(run, 'scrapes_missed')}`)
  t.comment(`samples lost ${valueOf(run, 'samples_lost')}, wrong ${valueOf(run, 'samples_wrong')}`)
  const error = run.metrics['self_count_error']
  t.comment(
    `self count: ${error === undefined ? 'no quiet window' : JSON.stringify([error, run.metrics['samples_self_reported']])}`,
  )
  t.ok(latency.count > 0)
}

const peers = await detectPeers(peersByName(['prometheus', 'victoria-metrics']))

t.test('the embedded subject', { skip }, t => realSubject(t, 'embedded'))
for (const { name, missing } of peers) {
  const kind = name === 'victoria-metrics' ? 'victoriametrics' : name
  t.test(kind, { skip: skip === false && missing !== undefined ? `${name} was not found` : skip }, t =>
    realSubject(t, kind),
  )
}
