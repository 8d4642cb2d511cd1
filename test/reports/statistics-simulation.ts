import type { Prng } from '../../base/index.ts'
import { describeMetrics } from '../../reports/metrics.ts'
import type { HistogramValue, Run } from '../../reports/report.ts'
import { quantileOfSorted } from '../../reports/statistics/descriptive.ts'
import { standardNormal } from '../../reports/statistics/random.ts'

export interface Experiment {
  readonly blocks: number
  /** Requests of a trial. */
  readonly requests: number
  /** Standard deviation of the logarithm of a request's latency. */
  readonly sigma: number
  /** Standard deviation of the factor that all latencies of a trial share: from trial to trial. */
  readonly variation: number
  /** Factor of arm B from its `from`-th share of the distribution on: 1.1 from 0.95 makes the tail slower and nothing else. */
  readonly effect: { readonly factor: number; readonly from: number }
  /** By how much the machine gets slower from the first trial to the last. */
  readonly drift: number
  readonly gates: Readonly<Record<string, readonly ('p50' | 'p95' | 'p99')[]>>
}

/** What `compareArms` reads of a report, made up: interleaved blocks in an order that is drawn, latencies log-normal. */
export function experiment(prng: Prng, options: Experiment) {
  const runs: Run[] = []
  for (let block = 0; block < options.blocks; block++) {
    for (const arm of prng.shuffle(['A', 'B'] as const)) {
      const order = runs.length
      const drift = 1 + (options.drift * order) / (2 * options.blocks - 1)
      const factor = Math.exp(options.variation * standardNormal(prng)) * drift
      runs.push(trial(arm, block, order, latencies(prng, factor, arm === 'B' ? options.effect : undefined, options)))
    }
  }
  return { runs, metrics: describeMetrics(runs), scenario: { seed: prng.seed, gates: options.gates } }
}

function latencies(
  prng: Prng,
  factor: number,
  effect: Experiment['effect'] | undefined,
  { requests, sigma }: Experiment,
): Float64Array {
  const values = new Float64Array(requests)
  for (let i = 0; i < requests; i += 2) {
    // Box and Muller's pair: half the work of drawing them one by one.
    const radius = sigma * Math.sqrt(-2 * Math.log(1 - prng.unit()))
    const angle = 2 * Math.PI * prng.unit()
    values[i] = factor * Math.exp(radius * Math.cos(angle))
    if (i + 1 < requests) values[i + 1] = factor * Math.exp(radius * Math.sin(angle))
  }
  values.sort()
  if (effect !== undefined) {
    for (let i = Math.floor(effect.from * requests); i < requests; i++) values[i] = values[i]! * effect.factor
  }
  return values
}

/** The encoded histogram is not read by a comparison that does not resample within trials. */
function trial(arm: 'A' | 'B', block: number, order: number, sorted: Float64Array): Run {
  const at = (share: number): number => quantileOfSorted(sorted, share)
  const query_latency: HistogramValue = {
    count: sorted.length,
    min: sorted[0]!,
    max: sorted.at(-1)!,
    mean: sorted.reduce((a, b) => a + b, 0) / sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    hdr: '',
  }
  return {
    index: order,
    arm,
    block,
    set: 0,
    order,
    startedAt: '2026-11-23T06:50:14.000Z',
    durationS: 60,
    subject: { kind: 'embedded', version: '0.1.0', configSha256: '', command: [], files: [] },
    traceSha256: 'same',
    valid: true,
    invalidReasons: [],
    aborted: false,
    metrics: { query_latency },
    timeline: { intervalS: 1, columns: ['t_s'], rows: [] },
    events: [],
  }
}
