// Goal: each misbehaviour has in the real programs the outcome that the catalogue quotes from their documentation, and in the
// embedded scraper that of Prometheus. Method: one process of each, all scraping the same kinds of pods by static
// configuration, until all outcomes are there. Skipped, and said so, where a program is absent.
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { SystemClock } from '../../../base/index.ts'
import { disagreements, observedOutcome } from '../../../harness/misbehaviour/outcomes.ts'
import { detectPeers, peersByName } from '../../../harness/peers/index.ts'
import { measureSamples, readIdentities } from '../../../harness/probes/index.ts'
import {
  embeddedSubject,
  prometheusSubject,
  type Subject,
  type SubjectDefinition,
  victoriaMetricsSubject,
} from '../../../harness/subjects/index.ts'
import type { TargetSpec } from '../../../sim/kubelet/pod-runtime.ts'
import {
  type Misbehaviour,
  misbehaviourOrder,
  type MisbehaviourOutcome,
  MISBEHAVIOURS,
  TargetServer,
  TruthTable,
} from '../../../sim/targets/index.ts'
import { freePort, specOf } from '../../sim/targets/fixtures.ts'
import { optionsFor } from '../subjects/finds-the-pod.ts'

const SCRAPES = 3
const PATIENCE_MS = 60_000
/** Smaller than by default, for they come every two seconds, and still beyond the limits that matter: VictoriaMetrics' own and the job's. */
const LARGE = {
  prometheus: { 'oversized-body': { bytes: 2 << 20 }, 'gzip-bomb': { bytes: 3 << 20 } },
  victoriametrics: { 'oversized-body': { bytes: 17 << 20 }, 'gzip-bomb': { bytes: 20 << 20 } },
} as const

const LIMITED: MisbehaviourOutcome = { up: 0, page: false, source: 'the limit of the job' }
const LIMITS = {
  body_size_limit: ['1MB', 'too large'],
  sample_limit: ['200', 'sample limit'],
  label_limit: ['40', 'label limit'],
  label_value_length_limit: ['2000', 'label limit'],
} as const

const clock = new SystemClock()
t.jobs = 3
const [prometheus, victoria] = await detectPeers(peersByName(['prometheus', 'victoria-metrics']))
const port = await freePort()

/** A job that takes what others refuse, and leaves what others follow; with what comes of it. */
const LENIENT = ['fallback_scrape_protocol: PrometheusText0.0.4', 'honor_timestamps: false', 'follow_redirects: false']
const LENIENT_OUTCOMES: Readonly<Record<string, MisbehaviourOutcome>> = {
  'wrong-content-type': { up: 1, page: true, source: '' },
  'no-content-type': { up: 1, page: true, source: '' },
  'old-timestamps': { up: 1, page: true, extra: 'each', source: '' },
  'future-timestamps': { up: 1, page: true, extra: 'each', source: '' },
  redirect: { up: 0, error: 'HTTP status', page: false, source: '' },
}

interface Case {
  readonly job: 'plain' | 'limited' | 'lenient'
  readonly misbehaviour: Misbehaviour | undefined
  readonly expected: MisbehaviourOutcome
  readonly spec: TargetSpec
}

/** A pod for each misbehaviour that befalls answers, another one where a limit can refuse it, and two that behave. */
function casesFor(system: 'prometheus' | 'victoriametrics', firstIndex: number): Case[] {
  const cases: Omit<Case, 'spec'>[] = []
  const well: MisbehaviourOutcome = { up: 1, page: true, source: '' }
  for (const misbehaviour of MISBEHAVIOURS) {
    if (misbehaviour.stage !== 'readiness') {
      cases.push({ job: 'plain', misbehaviour, expected: misbehaviour[system] })
    }
    // VictoriaMetrics does not know all of these settings.
    if (system !== 'prometheus') continue
    const { limit, name } = misbehaviour
    if (limit !== undefined) {
      cases.push({ job: 'limited', misbehaviour, expected: { ...LIMITED, error: LIMITS[limit][1] } })
    }
    const lenient = LENIENT_OUTCOMES[name]
    if (lenient !== undefined) cases.push({ job: 'lenient', misbehaviour, expected: lenient })
  }
  for (const job of ['plain', 'limited'] as const) cases.push({ job, misbehaviour: undefined, expected: well })
  return cases.map((each, i) => ({ ...each, spec: specOf(firstIndex + i, { ports: [port] }) }))
}

function configOf(cases: readonly Case[]): string {
  const job = (name: Case['job'], limits: readonly string[]): string[] => [
    `  - job_name: ${name}`,
    ...limits.map(limit => `    ${limit}`),
    '    static_configs:',
    ...cases.filter(each => each.job === name).map(({ spec }) => `      - targets: ['${spec.address}:${port}']`),
  ]
  const limits = Object.entries(LIMITS).map(([name, [value]]) => `${name}: ${value}`)
  const known = cases.some(each => each.job === 'lenient')
  return [
    'global:',
    '  scrape_interval: 2s',
    '  scrape_timeout: 2s',
    'scrape_configs:',
    ...job('plain', []),
    ...job('limited', known ? limits : []),
    ...(known ? job('lenient', LENIENT) : []),
    '',
  ].join('\n')
}

async function battery(
  t: Test,
  definition: SubjectDefinition,
  system: 'prometheus' | 'victoriametrics',
  firstIndex: number,
  args: readonly string[] = [],
): Promise<void> {
  const truth = new TruthTable(1024)
  const originNs = clock.monotonicNs()
  const originUnixMs = clock.unixMs()
  const server = new TargetServer(clock, truth, { originNs })
  t.teardown(() => server.closeAll())
  const cases = casesFor(system, firstIndex)
  for (const { spec, misbehaviour } of cases) {
    await server.open(spec)
    if (misbehaviour === undefined) continue
    const given = LARGE[system][misbehaviour.name as keyof (typeof LARGE)['prometheus']] ?? {}
    server.misbehave([spec.uid], misbehaviourOrder(misbehaviour.name, given))
  }
  const subject = await definition.start(clock, optionsFor(t.testdir(), configOf(cases), { args }))
  t.teardown(() => subject.stop())
  t.comment(`${subject.kind} ${subject.version}`)
  t.strictSame(subject.warnings, [])

  // Each has its outcome when it was seen in some scrapes in a row: a machine that stalls may spoil one of them.
  let open = cases
  let faults: string[] = []
  while (open.length > 0 && clock.unixMs() - originUnixMs < PATIENCE_MS) {
    await pause(250)
    if (server.logs().some(log => log.requestMs.length <= SCRAPES)) continue
    const judged = await judge(subject, open, originUnixMs)
    open = judged.filter(each => each.faults.length > 0).map(each => each.case)
    faults = judged.flatMap(each => each.faults)
  }
  t.strictSame(faults, [])

  // What counts as served must be stored, whatever the neighbours do.
  const cutNs = clock.monotonicNs()
  await pause(1500)
  const range = {
    minUnixMs: Math.floor(originUnixMs) - 1000,
    maxUnixMs: Math.ceil(clock.unixMs()),
    rawSamples: (selector: string, min: number, max: number) => subject.rawSamples(selector, min, max),
  }
  const samples = await measureSamples({
    ...range,
    identities: await readIdentities(range.rawSamples, range.minUnixMs, range.maxUnixMs),
    targets: new Map(cases.map(({ spec }) => [spec.uid, spec])),
    logs: server.logs(),
    cutMs: Number(cutNs - originNs) / 1e6,
    originUnixMs,
    logsUntilUnixMs: Math.floor(clock.unixMs()),
    valueErrorRatioMax: subject.valueErrorRatioMax ?? 0,
  })
  const counted = cases.filter(({ misbehaviour }) => (misbehaviour?.samples ?? 'counted') === 'counted').length
  t.ok(samples.served >= counted * 100, `${samples.served} samples of ${counted} pods`)
  t.equal(samples.wrong, 0)
  const ups = await subject.rawSamples('up', range.minUnixMs, range.maxUnixMs)
  const gaveUp = cases.filter(({ misbehaviour, spec, expected }) => {
    if (expected.up === 0) return false
    const own = ups.find(({ labels }) => labels['instance'] === `${spec.address}:${port}`)
    return (misbehaviour?.samples ?? 'counted') === 'counted' && own?.values.includes(0) !== false
  })
  if (gaveUp.length === 0) t.strictSame(samples, { ...samples, lost: 0, examples: [] })
  else t.comment(`${gaveUp.length} good answers came too late on this machine: nothing is said of loss`)
  await subject.stop()
}

/** In what the outcomes are not the expected ones, by the last scrapes. */
async function judge(
  subject: Subject,
  cases: readonly Case[],
  sinceUnixMs: number,
): Promise<{ readonly case: Case; readonly faults: string[] }[]> {
  const targets = await subject.targets!()
  const told = new Map(targets.map(({ scrapeUrl, lastError }) => [new URL(scrapeUrl).host, lastError]))
  const from = Math.floor(sinceUnixMs) - 60_000
  const until = Math.ceil(clock.unixMs()) + 7_200_000
  const stored = await subject.rawSamples('{__name__=~"up|churnbench_.+"}', from, until)
  return cases.map(each => {
    const { job, misbehaviour, expected, spec } = each
    const instance = `${spec.address}:${port}`
    const own = stored.filter(({ labels }) => labels['instance'] === instance)
    const lastUps = own
      .filter(({ labels }) => labels['__name__'] === 'up')
      .map(series => ({ ...series, tMs: series.tMs.slice(-SCRAPES), values: series.values.slice(-SCRAPES) }))
    const others = own.filter(({ labels }) => labels['__name__'] !== 'up')
    const observed = observedOutcome(misbehaviour ?? MISBEHAVIOURS.at(-1)!, [...lastUps, ...others], told.get(instance))
    const faults = disagreements(expected, observed)
    if (observed.scrapes < SCRAPES) faults.push(`only ${observed.scrapes} scrapes so far`)
    return { case: each, faults: faults.map(fault => `${job} ${misbehaviour?.name ?? 'none'}: ${fault}`) }
  })
}

void t.test('the embedded scraper has Prometheus’ outcomes', t => battery(t, embeddedSubject(), 'prometheus', 0))

void t.test(
  'Prometheus has the outcomes that its documentation says',
  { skip: prometheus!.missing === undefined ? false : `prometheus: ${prometheus!.missing.reason}` },
  t => battery(t, prometheusSubject(), 'prometheus', 60, ['--scrape.discovery-reload-interval=100ms']),
)

void t.test(
  'VictoriaMetrics has the outcomes that its documentation says',
  { skip: victoria!.missing === undefined ? false : `victoria-metrics: ${victoria!.missing.reason}` },
  t => battery(t, victoriaMetricsSubject(), 'victoriametrics', 120),
)
