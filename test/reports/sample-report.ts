import { createHash } from 'node:crypto'
import { DurationHistogram, Prng } from '../../base/index.ts'
import {
  canonicalJson,
  describeMetrics,
  evaluateThresholds,
  metricKey,
  type HistogramValue,
  type MetricValue,
  parseThresholds,
  type Report,
  type Run,
  type ThresholdsInput,
  type Timeline,
  type TimelineEvent,
  toHistogramValue,
} from '../../reports/index.ts'

export interface SampleOptions {
  readonly seed?: string
  readonly arms?: readonly ('A' | 'B')[]
  readonly runsPerArm?: number
  readonly pods?: number
  readonly seconds?: number
  readonly status?: Report['verdict']['status']
  readonly thresholds?: ThresholdsInput
  /** Seed of the figures, where it shall not be the scenario's: another execution of the same. */
  readonly trialSeed?: string
  /** Factor on latencies; default 1 for arm A, 3 for arm B. */
  readonly slower?: number
  readonly gates?: Report['scenario']['gates']
}

/**
 * A report as a run could have left it, made up from a seed: for tests of what reads and draws reports. Its figures are
 * plausible and mean nothing.
 */
export function sampleReport({
  seed = '42',
  arms = ['A'],
  runsPerArm = 1,
  pods = 300,
  seconds = 55,
  status = 'pass',
  thresholds = {
    discovery_latency: ['p(99)<8', 'med<5'],
    samples_lost: ['value==0'],
    samples_wrong: ['count==0'],
    'query_latency{class:instant}': ['p(95)<0.05'],
  },
  trialSeed = seed,
  slower,
  gates,
}: SampleOptions = {}): Report {
  const prng = new Prng(trialSeed)
  const resolved = { cluster: { nodes: 8, workloads: { frontend: { replicas: 6 } } }, duration: '40s', name: 'rollout' }
  const runs: Run[] = []
  for (let trial = 0; trial < runsPerArm; trial++) {
    for (const arm of arms) {
      runs.push(sampleRun(prng.fork(`${arm}/${trial}`), { arm, index: runs.length, pods, seconds, status, slower }))
    }
  }
  return {
    schema: 'churnbench/report/v1',
    kind: 'run',
    id: prng.uuid(),
    startedAt: '2026-11-23T06:50:12.345Z',
    endedAt: '2026-11-23T06:51:10.001Z',
    tool: { name: 'churnbench', version: '0.1.0', gitSha: hash('commit').slice(0, 40), gitDirty: true },
    scenario: {
      name: 'rollout',
      description: 'How soon does a monitor see pods come and go while several services are scaled up and rolled?',
      profile: 'quick',
      seed,
      sha256: hash(canonicalJson(resolved)),
      resolved,
      ...(gates === undefined ? {} : { gates }),
      scale: { nodes: 8, pods, seriesPerPod: 84, scrapeIntervalS: 5 },
    },
    environment: {
      os: 'Linux',
      kernel: '6.1.0-28-amd64',
      arch: 'x64',
      cpuModel: 'Example CPU 2.45GHz',
      cpuCount: 2,
      memBytes: 8_321_499_136,
      node: 'v20.20.2',
      v8: '11.3.244.8-node.30',
      ulimitNofile: 1_048_576,
      loadAvgBefore: 0.21,
      containerized: true,
      podNetwork: 'address-per-pod',
      fingerprint: hash('machine'),
    },
    metrics: describeMetrics(runs),
    runs,
    thresholds: evaluateThresholds(parseThresholds(thresholds), runs),
    warnings: [{ code: 'LOAD_BEFORE', message: 'The machine was busy before the start: load average 0.21 on 2 CPUs.' }],
    verdict: {
      status,
      exitCode: {
        pass: 0,
        fail: 99,
        invalid: 5,
        aborted: 105,
        regressed: 3,
        improved: 0,
        unchanged: 0,
        inconclusive: 0,
      }[status],
      reasons: status === 'invalid' ? ['generator_lag p99 was 12.4 ms, above 5 ms'] : [],
    },
  }
}

interface RunOptions {
  readonly arm: 'A' | 'B'
  readonly index: number
  readonly pods: number
  readonly seconds: number
  readonly status: Report['verdict']['status']
  readonly slower?: number | undefined
}

export function sampleRun(
  prng: Prng,
  { arm, index, pods, seconds, status, slower = arm === 'B' ? 3 : 1 }: RunOptions,
): Run {
  // Log-normal around `medianS`, by the sum of twelve uniform draws.
  const lognormal = (medianS: number, sigma: number): number => {
    let sum = -6
    for (let i = 0; i < 12; i++) sum += prng.unit()
    return medianS * Math.exp(sigma * sum)
  }
  const latency = (count: number, medianS: number, sigma: number, censored?: number): HistogramValue => {
    const histogram = new DurationHistogram()
    for (let i = 0; i < count; i++) histogram.record(lognormal(medianS, sigma) * 1e9)
    for (let i = 0; i < (censored ?? 0); i++) histogram.record(15e9)
    const value = toHistogramValue(histogram, censored)
    histogram.destroy()
    return value
  }
  const served = pods * 84 * Math.floor(seconds / 5)
  const metrics: Record<string, MetricValue> = {
    discovery_latency: latency(pods, 0.18 * slower, 0.5, 0),
    discovery_floor: { value: 0.002 },
    visibility_latency: latency(pods, 0.31 * slower, 0.4, arm === 'B' ? 3 : 0),
    removal_latency: latency(pods / 2, 0.12 * slower, 0.6),
    staleness_latency: latency(pods / 2, 5.2, 0.15),
    scrape_lateness: latency(pods * 10, 0.0004, 0.9),
    targets_missed: { value: 0 },
    scrapes_missed: { value: 0 },
    scrapes_duplicate: { value: 2 },
    samples_served: { value: served },
    samples_stored: { value: served },
    samples_lost: { value: 0 },
    samples_wrong: { value: 0 },
    ingest_rate: { value: served / seconds },
    cpu_seconds_per_million_samples: { value: lognormal(4.1 / slower, 0.05) },
    rss_peak: { value: Math.round(lognormal(180e6, 0.02)) },
    [metricKey('query_latency', { class: 'instant' })]: latency(400, 0.004, 0.5),
    [metricKey('query_latency', { class: 'range' })]: latency(400, 0.02, 0.7),
    apiserver_requests: { value: 61 },
    [metricKey('apiserver_requests', { resource: 'pods', verb: 'list' })]: { value: 21 },
    [metricKey('apiserver_requests', { resource: 'pods', verb: 'watch' })]: { value: 40 * slower },
    apiserver_watches: { value: 4 },
    apiserver_bytes: { value: 4_812_331 * slower },
    generator_lag: latency(5000, 0.00012, 0.8),
    eventloop_delay: latency(5000, 0.0003, 0.7),
  }
  return {
    index,
    arm,
    startedAt: '2026-11-23T06:50:14.000Z',
    durationS: seconds,
    subject: {
      kind: arm === 'A' ? 'embedded' : 'victoriametrics',
      version: arm === 'A' ? '0.1.0' : '1.79.5',
      configSha256: hash('config'),
      command: ['node', 'build/scraper/main.js', '--config.file=prometheus.yml'],
      files: ['embedded.log', 'prometheus.yml'],
    },
    traceSha256: hash('trace'),
    valid: status !== 'invalid',
    invalidReasons: status === 'invalid' ? ['generator_lag p99 was 12.4 ms, above 5 ms'] : [],
    aborted: status === 'aborted',
    metrics,
    ...story(prng, pods, seconds, slower),
  }
}

/** Pods that come, are rolled and go, and what the machine made of it. */
function story(
  prng: Prng,
  pods: number,
  seconds: number,
  slower: number,
): { readonly timeline: Timeline; readonly events: readonly TimelineEvent[] } {
  const start = Math.round(pods / 4)
  const steps = [
    { atS: 0.11, to: start, label: 'start' },
    { atS: 0.15, to: Math.round(pods / 2), label: 'scale shop/frontend to 18' },
    { atS: 0.2, to: pods, label: 'scale shop/catalog to 14' },
    { atS: 0.35, to: Math.round(pods * 0.93), label: 'restart shop/frontend' },
    { atS: 0.45, to: pods, label: 'restart shop/checkout' },
    { atS: 0.6, to: Math.round(pods / 2), label: 'scale shop/catalog to 4' },
    { atS: 0.63, to: start, label: 'scale shop/frontend to 6' },
  ].map(step => ({ ...step, atS: step.atS * seconds }))
  const podsAt = (s: number): number => steps.findLast(step => step.atS <= s)?.to ?? start
  const rows = Array.from({ length: seconds + 1 }, (_, s) => {
    const rate = (podsAt(s) * 84) / 5
    return [
      s,
      podsAt(s),
      podsAt(s - 0.6 * slower),
      podsAt(s - 1.4 * slower),
      Math.round(rate * (0.97 + prng.unit() * 0.06)),
      s % 20 === 19 ? null : Math.round(rate * (0.97 + prng.unit() * 0.06)),
      0.08 + 0.2 * prng.unit() + podsAt(s) / 2000 / slower,
      Math.round(120e6 + 60e6 * Math.min(1, s / 40) + prng.unit() * 3e6),
      0.0002 + prng.unit() * 0.0012,
      0.0004 + prng.unit() * 0.002,
    ]
  })
  return {
    timeline: {
      intervalS: 1,
      columns: [
        't_s',
        'pods_ready',
        'pods_scraped',
        'pods_visible',
        'samples_served_per_s',
        'samples_stored_per_s',
        'subject_cpu_cores',
        'subject_rss_bytes',
        'generator_lag_max_s',
        'eventloop_delay_max_s',
      ],
      rows,
    },
    events: steps.slice(1).map(({ atS, label }) => ({ atS, label })),
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
