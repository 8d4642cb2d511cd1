// What was seen of misbehaving targets against what is documented: the classes of errors, the differences, and how a trial asks.
import t from 'tap'
import { VirtualClock } from '../../../base/index.ts'
import { scrapeErrorClass } from '../../../harness/misbehaviour/error-class.ts'
import { MisbehaviourPart } from '../../../harness/misbehaviour/misbehaviour-part.ts'
import { disagreements, type ObservedOutcome } from '../../../harness/misbehaviour/outcomes.ts'
import type { RawSeries } from '../../../harness/subjects/index.ts'
import type { TrialContext } from '../../../harness/trial-part.ts'
import type { MetricValue } from '../../../reports/index.ts'
import { misbehaviourOrder, SEQUENCE_SERIES, type TruthEvent } from '../../../sim/index.ts'
import { sampleReport } from '../../reports/sample-report.ts'
import { renderHtml, renderMarkdown, renderTerminal } from '../../../reports/index.ts'

t.test('errors of Prometheus, VictoriaMetrics and the embedded scraper are told apart', t => {
  const texts = {
    timeout: [
      'Get "http://127.0.0.1:1/metrics": context deadline exceeded',
      'Get "http://127.0.0.1:1/metrics": no complete answer within the scrape timeout',
      'error when scraping "http://127.0.0.1:1/metrics": timeout',
    ],
    'connection lost': [
      'Get "http://127.0.0.1:1/metrics": read tcp 127.0.0.1:2->127.0.0.1:1: read: connection reset by peer',
      'Get "http://127.0.0.1:1/metrics": EOF',
      'unexpected EOF',
      'Get "http://127.0.0.1:1/metrics": the connection was lost before the answer was complete',
      'Get "http://127.0.0.1:1/metrics": connect ECONNRESET 127.0.0.1:1',
    ],
    'HTTP status': [
      'server returned HTTP status 503 Service Unavailable',
      'server returned HTTP status 302 Found, a redirect, and follow_redirects is off',
      'unexpected status code returned when scraping "http://127.0.0.1:1/metrics": 404; expecting 200',
    ],
    redirects: [
      'Get "/metrics/again": stopped after 10 redirects',
      'error when scraping "http://127.0.0.1:1/metrics": too many redirects',
    ],
    'content type': [
      'received unsupported Content-Type "text/html; charset=utf-8" and no fallback_scrape_protocol specified for target',
      'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target',
    ],
    'too large': [
      'body size limit exceeded',
      'the response from "http://127.0.0.1:1/metrics" exceeds -promscrape.maxScrapeSize=16777216',
    ],
    'headers too large': [
      'error when scraping "http://127.0.0.1:1/metrics": error when reading response headers: small read buffer. Increase ReadBufferSize',
    ],
    syntax: [
      'expected value after metric, got "line" ("INVALID") while parsing: "this line"',
      'line 56: invalid value "line"',
    ],
    'sample limit': ['sample limit exceeded'],
    'label limit': [
      'label_limit exceeded (metric: a, number of labels: 104, limit: 40)',
      'label_value_length_limit exceeded (metric: a, label name: value, limit: 2000)',
    ],
  }
  for (const [known, said] of Object.entries(texts)) {
    for (const text of said) t.equal(scrapeErrorClass(text), known, text)
  }
  t.equal(scrapeErrorClass('dog ate my homework'), undefined)
  t.end()
})

t.test('an outcome is the expected one in all respects, or it is said in which it is not', t => {
  const seen: ObservedOutcome = { scrapes: 5, up: 5, pages: 5, extra: 5 }
  const good = { up: 1, page: true, source: '' } as const
  t.same(disagreements(good, seen), [])
  t.same(disagreements({ ...good, extra: 'each' }, seen), [])
  t.same(disagreements({ ...good, extra: 'first' }, { ...seen, extra: 1 }), [])
  t.same(disagreements(good, { ...seen, scrapes: 0, up: 0 }), ['was not scraped'])
  t.same(disagreements(good, { ...seen, up: 4, pages: 4 }), [], 'one answer came too late')
  t.same(disagreements(good, { ...seen, up: 3, pages: 3 }), ['up is 1 in 3 of 5 scrapes'])
  t.same(disagreements(good, { ...seen, pages: 3 }), ['3 pages of 5 good scrapes are stored'])
  t.same(disagreements({ ...good, extra: 'none' }, seen), ['5 further samples are stored'])
  t.same(disagreements({ ...good, extra: 'first' }, seen), ['5 further samples are stored'])
  t.same(disagreements({ ...good, extra: 'each' }, { ...seen, extra: 1 }), [
    '1 further samples are stored in 5 scrapes',
  ])
  const bad = { up: 0, error: 'timeout', page: false, source: '' } as const
  const failed: ObservedOutcome = { scrapes: 5, up: 0, pages: 0, extra: 0 }
  t.same(disagreements(bad, failed), [], 'a subject that does not say why is not held to it')
  t.same(disagreements(bad, { ...failed, error: 'context deadline exceeded' }), [])
  t.match(disagreements(bad, { ...failed, error: 'EOF' }), ['it says "EOF", which is about connection lost'])
  t.match(disagreements(bad, { ...failed, up: 1, pages: 1 }), ['up is 1 in 1 of 5', '1 pages are stored'])
  t.end()
})

const INTERVAL_MS = 1000

/** A subject that is scraping one pod every second, and answers for it what it is told to. */
class World {
  readonly clock = new VirtualClock()
  readonly warnings: unknown[] = []
  readonly selectors: string[] = []
  readonly part: MisbehaviourPart
  lastError = ''
  stored: RawSeries[] = []

  constructor(kind = 'prometheus', hasDefaults = true) {
    this.part = new MisbehaviourPart(hasDefaults)
    const target = { namespace: 'shop', pod: 'web-1', address: '127.9.9.9', ports: [8080] }
    const labels = { job: 'pods', instance: '127.9.9.9:8080' }
    this.part.onStart({
      clock: this.clock,
      scenario: { scrapeIntervalMs: INTERVAL_MS },
      pods: { byUid: new Map([['u', { target }]]) },
      subject: {
        kind,
        targets: () =>
          Promise.resolve([
            { scrapeUrl: 'http://127.9.9.9:8080/metrics', labels, health: '', lastError: this.lastError },
          ]),
        rawSamples: (selector: string) => {
          this.selectors.push(selector)
          return Promise.resolve(this.stored)
        },
      },
      warn: (warning: unknown) => this.warnings.push(warning),
    } as unknown as TrialContext)
  }

  event(event: Record<string, unknown>): void {
    this.part.onEvents([{ plannedNs: this.clock.monotonicNs(), ...event } as unknown as TruthEvent])
  }

  /** Each with a scrape in its middle. */
  async seconds(count: number, up: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.clock.advanceAsync(500)
      for (const name of up === 1 ? ['up', SEQUENCE_SERIES] : ['up']) {
        const tMs = Float64Array.of(this.clock.unixMs())
        this.stored.push({ labels: { __name__: name, instance: '127.9.9.9:8080' }, tMs, values: Float64Array.of(up) })
      }
      await this.clock.advanceAsync(500)
      this.part.onSecond()
      await this.clock.advanceAsync(0)
    }
  }

  async end(): Promise<Record<string, MetricValue>> {
    await this.part.onStop()
    const metrics: Record<string, MetricValue> = {}
    this.part.onMeasured(metrics)
    return metrics
  }
}

t.test('a trial counts the scrapes that lie within, and keeps why they failed', async t => {
  const world = new World()
  await world.seconds(5, 1)
  world.lastError = 'context deadline exceeded'
  world.event({ type: 'pods-misbehave', uids: ['u'], order: misbehaviourOrder('hang-accept') })
  // The first and the last may belong to either side.
  await world.seconds(1, 1)
  await world.seconds(6, 0)
  world.lastError = ''
  await world.seconds(1, 1)
  world.event({ type: 'pods-misbehave', uids: ['u'] })
  world.lastError = 'something else, later'
  await world.seconds(5, 1)
  t.same(await world.end(), {
    'target_up{misbehaviour=hang-accept}': { value: 0 },
    misbehaviours_unexpected: { value: 0 },
  })
  t.match(world.part.results, [
    {
      kind: 'hang-accept',
      pods: 1,
      scrapes: 6,
      up: 0,
      pages: 0,
      error: 'context deadline exceeded',
      errorClass: 'timeout',
      expected: /^up 0, timeout, nothing stored \(/,
      disagreements: [],
    },
  ])
  t.match(world.selectors, ['{job="pods",instance="127.9.9.9:8080"}'])
  t.same(world.warnings, [])
})

t.test('what is otherwise is told; of who is not known, nothing is expected', async t => {
  const play = async (world: World, params = {}): Promise<Record<string, MetricValue>> => {
    world.event({ type: 'pods-misbehave', uids: ['u'], order: misbehaviourOrder('slow-body', params) })
    await world.seconds(8, 0)
    world.event({ type: 'pod-terminating', uid: 'u' })
    return world.end()
  }
  const odd = new World()
  t.match(await play(odd), { misbehaviours_unexpected: { value: 1 } })
  t.same(odd.part.results[0]!.disagreements, ['up is 1 in 0 of 6 scrapes', '0 pages are stored'])
  const report = sampleReport()
  const told = { ...report, runs: report.runs.map(run => ({ ...run, misbehaviours: odd.part.results })) }
  t.match(
    renderTerminal(told, { color: false }),
    /✗ slow-body +up 0 of 6, 0 pages stored\n +expected up 1, page stored/,
  )
  t.match(
    renderMarkdown(told),
    /\| ❌ \| `slow-body` \| up 0 of 6, 0 pages stored \| up 1, page stored .*; but up is 1 in 0/,
  )
  t.match(renderHtml(told), 'Targets that misbehaved')
  t.notMatch(renderHtml(report), 'Targets that misbehaved')
  for (const world of [new World('external'), new World('prometheus', false)]) {
    t.same(await play(world), { 'target_up{misbehaviour=slow-body}': { value: 0 } })
  }
  t.notOk('misbehaviours_unexpected' in (await play(new World(), { delay: 5000 })), 'other parameters, other outcomes')
})

t.test('a run without misbehaviour asks nothing', async t => {
  const world = new World()
  await world.seconds(5, 1)
  t.same(await world.end(), {})
  t.same(world.selectors, [])
  t.same(world.part.results, [])
})
