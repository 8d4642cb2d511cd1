// Goal: two witnesses of the samples that a subject stored, its own counter and ours, agree.
// Method: the arithmetic with a subject made of a number; then a real Prometheus, where there is one, against real targets.
import { PassThrough } from 'node:stream'
import t from 'tap'
import { SystemClock, VirtualClock } from '../../base/index.ts'
import { executeTrial } from '../../harness/execute-trial.ts'
import { detectPeers, peersByName } from '../../harness/peers/index.ts'
import { PodHistories, SelfCount } from '../../harness/probes/index.ts'
import { resolveScenario } from '../../harness/scenario.ts'
import type { RawSeries } from '../../harness/subjects/index.ts'
import type { MetricValue, Warning } from '../../reports/index.ts'
import {
  profileByName,
  SEQUENCE_SERIES,
  type TargetSpec,
  type TruthEvent,
  TruthTable,
  UID_LABEL,
} from '../../sim/index.ts'
import { valueOf } from './calibration-run.ts'

const OWN = 5
const INTERVAL_MS = 1000

const TARGET: TargetSpec = {
  uid: 'u9',
  slot: 9,
  address: '127.9.9.9',
  ports: [8080],
  profile: 'web-service',
  namespace: 'shop',
  pod: 'api-0',
  node: 'node-0',
  container: 'app',
  app: 'api',
  seed: 'test',
  startedUnixMs: 1_700_000_000_000,
}
const PAGE = profileByName(TARGET.profile).page(TARGET).sampleCount

/** What it keeps of a target: what that exposed, and some series of its own. */
function storedOf(selector: string, own: number): RawSeries[] {
  const series = (labels: Record<string, string>): RawSeries => ({
    labels: { ...labels, pod: 'api-0' },
    tMs: Float64Array.of(1),
    values: Float64Array.of(1),
  })
  if (selector.includes(UID_LABEL)) return [series({ __name__: SEQUENCE_SERIES, [UID_LABEL]: 'u9' })]
  const exposed = profileByName('web-service').page(TARGET).series
  return [
    ...exposed.map(({ name, labels }) => series({ ...labels, __name__: name })),
    ...Array.from({ length: own }, (_, i) => series({ __name__: `scrape_own_${i}` })),
  ]
}

/** Ten targets, each scraped once a second, by a subject that also counts what it adds itself. */
class World {
  readonly clock = new VirtualClock()
  readonly truth = new TruthTable(16)
  readonly pods = new PodHistories()
  readonly warnings: Warning[] = []
  readonly part = new SelfCount()
  appended = 0
  /** Of the subject's counter, what is missing in each hundred scrapes. */
  uncounted = 0
  #scrapes = 0

  constructor(answers: { readonly own?: number; readonly counter?: boolean } = {}) {
    for (let slot = 0; slot < 10; slot++)
      this.event({ type: 'target-opened', target: { ...TARGET, slot, uid: `u${slot}` } })
    const { own = OWN, counter = true } = answers
    this.part.onStart({
      clock: this.clock,
      scenario: { scrapeIntervalMs: INTERVAL_MS },
      simulation: { truth: this.truth },
      pods: this.pods,
      subject: {
        ...(counter ? { samplesAppended: () => Promise.resolve(this.appended) } : {}),
        rawSamples: selector => Promise.resolve(own === 0 ? [] : storedOf(selector, own)),
      },
      warn: warning => this.warnings.push(warning),
    })
  }

  event(event: Record<string, unknown>): void {
    const at = this.clock.monotonicNs()
    const whole = { plannedMs: 0, plannedNs: at, committedNs: at, ...event } as unknown as TruthEvent
    this.pods.apply(whole)
    this.part.onEvents([whole])
  }

  /** Targets are scraped 40 ms apart. */
  async seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      for (let slot = 0; slot < 10; slot++) {
        await this.clock.advanceAsync(slot === 0 ? INTERVAL_MS - 9 * 40 : 40)
        this.truth.recordServed(slot, PAGE, 9000)
        this.appended += PAGE + OWN
        if (++this.#scrapes % 100 === 0) this.appended -= this.uncounted
      }
      this.part.onSecond()
    }
  }

  /** A scrape every 10 ms, without a pause; the counter is always one scrape behind what was served. */
  async busySeconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      for (let scrape = 0; scrape < 100; scrape++) {
        await this.clock.advanceAsync(10)
        this.appended += PAGE + OWN
        this.truth.recordServed(scrape % 10, PAGE, 9000)
      }
      this.appended -= second === 20 ? PAGE + OWN : 0
      this.part.onSecond()
    }
  }

  async end(lost = 0): Promise<Record<string, MetricValue>> {
    const stopped = this.part.onStop()
    await this.clock.advanceAsync(1000)
    await stopped
    const metrics: Record<string, MetricValue> = { samples_lost: { value: lost } }
    this.part.onMeasured(metrics)
    return metrics
  }
}

t.test('in a quiet run both counts are the same, to the sample', async t => {
  const world = new World()
  // What the warm-up left behind: markers that belong to nothing that was served.
  world.appended += 3000
  await world.seconds(60)
  const metrics = await world.end()
  t.same(metrics.self_count_error, { value: 0 })
  const { reported, expected } = world.part.window!
  t.equal(reported, expected)
  t.ok(reported > 40 * 10 * (PAGE + OWN), 'all but the first seconds count')
  t.same(metrics.samples_self_reported, { value: reported })
  t.same(world.warnings, [])
})

t.test('while pods misbehave nothing is compared, nor shortly after', async t => {
  const order = { kind: 'new-series', params: { series: 7 } }
  const world = new World()
  world.event({ type: 'pods-misbehave', uids: ['u1', 'u2'], order })
  for (let i = 0; i < 20; i++) {
    await world.seconds(1)
    world.appended += 7
  }
  world.event({ type: 'pods-misbehave', uids: ['u1'] })
  await world.seconds(20)
  world.appended += 7
  world.event({ type: 'pods-misbehave', uids: ['u2'] })
  await world.seconds(12)
  t.equal((await world.end()).self_count_error, undefined)
  await world.seconds(20)
  t.same((await world.end()).self_count_error, { value: 0 }, 'and then it is again')
  t.same(world.warnings, [])
})

t.test('scrapes that are under way when the counter is read are no miscount', async t => {
  const world = new World()
  await world.busySeconds(24)
  const metrics = await world.end()
  const { reported, expected, slack } = world.part.window!
  t.not(reported, expected)
  t.ok(Math.abs(reported - expected) <= slack, `${reported}, ${expected} expected, ${slack} tolerated`)
  t.ok((metrics.self_count_error as { value: number }).value > 0.001, 'the distance is told as it is')
  t.same(world.warnings, [])
})

t.test('what a departing target leaves behind is not in the window', async t => {
  const world = new World()
  await world.seconds(40)
  world.event({ type: 'pod-terminating', uid: 'u3' })
  world.appended += 5000
  await world.seconds(10)
  world.event({ type: 'node-silent', node: 'node-1' })
  world.appended += 70
  await world.seconds(20)
  const metrics = await world.end()
  t.same(metrics.self_count_error, { value: 0 })
  t.ok(world.part.window!.expected < 40 * 10 * (PAGE + OWN), 'the longer one of the two quiet parts')
})

t.test('a counter that disagrees is told, but only when nothing is lost', async t => {
  const lossy = new World()
  lossy.uncounted = 500
  await lossy.seconds(60)
  const metrics = await lossy.end()
  t.ok((metrics.self_count_error as { value: number }).value > 0.03)
  t.match(lossy.warnings, [{ code: 'self-count', message: /where \d+ were to be expected/ }])

  const known = new World()
  known.uncounted = 500
  await known.seconds(60)
  await known.end(4000)
  t.same(known.warnings, [])
})

t.test('nothing is said where nothing can be', async t => {
  const short = new World()
  await short.seconds(12)
  t.notHas(await short.end(), { self_count_error: {} }, 'the warm-up is too near')
  const mute = new World({ counter: false })
  await mute.seconds(30)
  t.notHas(await mute.end(), { self_count_error: {} }, 'no counter')
  const deaf = new World({ own: 0 })
  await deaf.seconds(30)
  t.notHas(await deaf.end(), { self_count_error: {} }, 'it does not say what it adds itself')
})

const [prometheus] = await detectPeers(peersByName(['prometheus']))
const skip = prometheus?.missing === undefined ? false : 'no Prometheus with kubernetes_sd was found'

t.test("samples that we count and Prometheus' own counter agree within 0.1 %", { skip }, async t => {
  const scenario = resolveScenario(
    {
      name: 'steady',
      description: 'Some pods that stay.',
      cluster: { nodes: 2, workloads: { api: { namespace: 'shop', replicas: 20 } } },
      scenarios: {},
      duration: '30s',
      settle: '2s',
      scrapeInterval: '1s',
    },
    { profile: 'quick', seed: '1', set: [] },
  )
  const { run, warnings } = await executeTrial(new SystemClock(), {
    scenario,
    subject: { kind: 'prometheus', args: [] },
    outDir: t.testdir(),
    readyTimeoutMs: 60_000,
    stderr: new PassThrough() as unknown as NodeJS.WriteStream,
    signal: new AbortController().signal,
  })
  t.equal(valueOf(run, 'samples_lost'), 0)
  t.equal(valueOf(run, 'samples_wrong'), 0)
  t.equal(valueOf(run, 'samples_stored'), valueOf(run, 'samples_served'))
  t.ok(valueOf(run, 'samples_self_reported') > 10_000)
  const error = valueOf(run, 'self_count_error')
  t.ok(
    error <= 0.001,
    `${run.subject?.version}: own counter +${valueOf(run, 'samples_self_reported')}, off by ${error}`,
  )
  t.notOk(
    warnings.some(({ code }) => code === 'self-count'),
    'no warning',
  )
})
