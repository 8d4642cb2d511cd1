import { Prng } from '../../base/index.ts'
import type {
  Capacity,
  Comparison,
  ComparisonRow,
  Heatmap,
  Noise,
  Report,
  RowVerdict,
  Run,
  Statistic,
} from '../../reports/index.ts'
import { sampleReport, sampleRun, type SampleOptions } from './sample-report.ts'

export interface ComparisonOptions extends SampleOptions {
  readonly blocks?: number
  /** head / base of latencies. */
  readonly factor?: number
  readonly confirmed?: boolean
}

/** A report of two arms, its figures made up from a seed: for tests of what draws comparisons. */
export function sampleAb({
  seed = '7',
  blocks = 8,
  factor = 1.17,
  confirmed,
  ...options
}: ComparisonOptions = {}): Report {
  const prng = new Prng(seed)
  const report = sampleReport({ seed, status: 'regressed', ...options })
  const size = { pods: options.pods ?? 120, seconds: options.seconds ?? 55, status: 'pass' as const }
  const runs: Run[] = []
  for (let block = 0; block < blocks; block++) {
    for (const arm of block % 2 === 0 ? (['A', 'B'] as const) : (['B', 'A'] as const)) {
      const index = runs.length
      const run = sampleRun(prng.fork(`run/${index}`), { arm, index, ...size })
      runs.push({
        ...run,
        block,
        set: 0,
        order: index,
        heatmaps: {
          discovery_latency: sampleHeatmap(prng.fork(`heat/${index}`), size.seconds, arm === 'B' ? factor : 1),
        },
      })
    }
  }
  const found = sampleRows(prng.fork('rows'), blocks, factor)
  const again = found.filter(row => row.gate && row.verdict === 'regressed')
  const rows = found.map((row): ComparisonRow =>
    confirmed === false && again.includes(row)
      ? { ...row, verdict: 'inconclusive', note: 'regressed, but not in the second set of blocks' }
      : row,
  )
  const comparison: Comparison = {
    method: 'paired',
    base: { label: 'embedded 0.1.0', trials: blocks, excluded: 0 },
    head: { label: 'victoriametrics 1.79.5', trials: blocks, excluded: 1 },
    alpha: 0.05,
    confidence: 0.95,
    seed,
    rows,
    differences: [],
    informational: false,
    ...(confirmed === undefined
      ? {}
      : {
          confirmation: {
            rows: again.map(row => (confirmed ? row : { ...row, verdict: 'inconclusive' })),
            confirmed: confirmed ? again.map(row => `${row.metric} ${row.statistic}`) : [],
          },
        }),
  }
  return {
    ...report,
    kind: 'ab',
    scenario: {
      ...report.scenario,
      gates: {
        discovery_latency: ['p50', 'p99'],
        visibility_latency: ['p95'],
        cpu_seconds_per_million_samples: ['value'],
      },
    },
    runs,
    comparison,
  }
}

/** Two saved reports put side by side: unpaired, with more trials in one of them, and not quite comparable. */
export function sampleCompare(options: ComparisonOptions = {}): Report {
  const report = sampleAb({ seed: '11', ...options })
  const comparison = report.comparison!
  return {
    ...report,
    kind: 'compare',
    runs: report.runs.map(({ block: _block, set: _set, order: _order, ...run }) => run),
    comparison: {
      ...comparison,
      method: 'unpaired',
      base: { label: 'reports/baselines/main.json', trials: 8, excluded: 0 },
      head: { label: 'reports/out/rollout-20261123-071530', trials: 7, excluded: 1 },
      rows: comparison.rows.map(row => ({ ...row, headTrials: row.headTrials.slice(1) })),
      differences: ['cpuModel: Example CPU 2.45GHz against Other CPU 3.10GHz', 'memBytes: 7.75 GiB against 15.6 GiB'],
      informational: true,
    },
  }
}

export function sampleCalibration({ seed = '5', blocks = 8, ...options }: ComparisonOptions = {}): Report {
  const report = sampleAb({ seed, blocks, factor: 1, status: 'pass', ...options })
  const prng = new Prng(seed).fork('noise')
  const noise: Record<string, Noise> = {}
  for (const [name, least] of [
    ['discovery_latency p50', 0.05],
    ['discovery_latency p99', 0.1],
    ['visibility_latency p95', 0.07],
    ['cpu_seconds_per_million_samples value', 0.05],
    ['rss_peak value', 0.1],
    ['query_latency{class=range} p95', 0.07],
  ] as const) {
    const variation = 0.01 + prng.unit() * 0.05
    const change95 = variation * (1.6 + prng.unit())
    const detectable = Object.fromEntries([6, 8, 10, 12].map(n => [String(n), (3.1 * variation) / Math.sqrt(n / 2)]))
    noise[name] = { variation, change95, minEffect: Math.max(least, 1.5 * change95), detectable }
  }
  return { ...report, kind: 'calibration', calibration: { blocks, noise } }
}

export function sampleCapacity({ seed = '3', ...options }: SampleOptions = {}): Report {
  const report = sampleReport({ seed, ...options })
  const prng = new Prng(seed)
  const size = { arm: 'A', pods: 60, seconds: 40, status: 'pass' } as const
  const loads = [50, 100, 200, 400, 800, 600, 500, 550, 525]
  const runs = loads.map((_, index) => sampleRun(prng.fork(`run/${index}`), { ...size, index }))
  const steps: Capacity['steps'] = loads.map((load, run) => ({
    load,
    run,
    sustained: load <= 525,
    reasons: load <= 525 ? [] : [`scrapes_missed value<1 was ${load - 500}`],
  }))
  return {
    ...report,
    kind: 'capacity',
    runs,
    capacity: { field: 'cluster.workloads.load.replicas', steps, sustained: 525, failed: 550 },
  }
}

/** Waits of about a second that are longer after each of the story's events. */
export function sampleHeatmap(prng: Prng, seconds: number, factor: number): Heatmap {
  const intervalS = 0.5
  const counts = new Map<string, [number, number, number]>()
  for (const [share, count, medianS] of [
    [0.0, 40, 0.15],
    [0.15, 50, 0.3],
    [0.2, 60, 0.5],
    [0.35, 70, 0.9],
    [0.45, 40, 0.4],
    [0.7, 8, 0.2],
  ] as const) {
    for (let i = 0; i < count; i++) {
      const column = Math.floor((share * seconds + prng.unit() * 3) / intervalS)
      const value = medianS * factor * Math.exp((prng.unit() + prng.unit() + prng.unit() - 1.5) * 1.6)
      const bucket = Math.floor(10 * Math.log10(value))
      const cell = counts.get(`${column} ${bucket}`)
      if (cell === undefined) counts.set(`${column} ${bucket}`, [column, bucket, 1])
      else cell[2]++
    }
  }
  return { intervalS, cells: [...counts.values()].toSorted((a, b) => a[0] - b[0] || a[1] - b[1]) }
}

interface Made {
  readonly metric: string
  readonly statistic: Statistic
  readonly unit: string
  readonly median: number
  readonly noise: number
  readonly factor: number
  readonly gate?: boolean
  readonly direction?: ComparisonRow['direction']
}

function sampleRows(prng: Prng, blocks: number, factor: number): ComparisonRow[] {
  const made: Made[] = [
    {
      metric: 'discovery_latency',
      statistic: 'p50',
      unit: 's',
      median: 1.84,
      noise: 0.015,
      factor: 1 + (factor - 1) / 20,
      gate: true,
    },
    { metric: 'discovery_latency', statistic: 'p99', unit: 's', median: 4.61, noise: 0.03, factor, gate: true },
    {
      metric: 'visibility_latency',
      statistic: 'p95',
      unit: 's',
      median: 5.2,
      noise: 0.03,
      factor: 1 + (factor - 1) * 0.7,
      gate: true,
    },
    {
      metric: 'cpu_seconds_per_million_samples',
      statistic: 'value',
      unit: 's',
      median: 4.1,
      noise: 0.05,
      factor: 0.79,
      gate: true,
    },
    {
      metric: 'ingest_rate',
      statistic: 'value',
      unit: '1/s',
      median: 51_200,
      noise: 0.002,
      factor: 1.001,
      direction: 'higher',
    },
    { metric: 'rss_peak', statistic: 'value', unit: 'bytes', median: 182e6, noise: 0.02, factor: 0.35 },
    { metric: 'query_latency{class=instant}', statistic: 'p95', unit: 's', median: 0.0042, noise: 0.09, factor: 1.06 },
    { metric: 'query_latency{class=range}', statistic: 'p95', unit: 's', median: 0.021, noise: 0.08, factor: 1.9 },
  ]
  const rows = made.map(one => madeRow(prng.fork(`${one.metric} ${one.statistic}`), blocks, one))
  for (const metric of ['targets_missed', 'samples_lost']) {
    const head = metric === 'samples_lost' && factor > 1 ? 84 : 0
    rows.push({
      ...rows[0]!,
      metric,
      statistic: 'value',
      unit: '1',
      gate: false,
      exact: true,
      base: 0,
      head,
      baseSpread: 0,
      headSpread: 0,
      change: null,
      interval: null,
      p: null,
      pAdjusted: null,
      minEffect: 0,
      detectable: null,
      baseTrials: Array.from({ length: blocks }, () => 0),
      headTrials: Array.from({ length: blocks }, () => head),
      verdict: head === 0 ? 'unchanged' : 'regressed',
    })
  }
  return rows
}

function madeRow(prng: Prng, blocks: number, made: Made): ComparisonRow {
  const { metric, statistic, unit, gate = false, direction = 'lower', factor, noise } = made
  const draw = (): number => prng.unit() + prng.unit() + prng.unit() - 1.5
  const drift = Array.from({ length: blocks }, () => 1 + noise * draw())
  const trials = (by: number): number[] => drift.map(own => made.median * by * own * (1 + 0.6 * noise * draw()))
  const [baseTrials, headTrials] = [trials(1), trials(factor)]
  const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
  const change = middle(headTrials) / middle(baseTrials) - 1
  const half = (2.4 * noise) / Math.sqrt(blocks)
  const minEffect = unit === 'bytes' ? 0.1 : statistic === 'p99' ? 0.1 : 0.05
  const worse = direction === 'higher' ? -change : change
  const sure = Math.abs(change) > half
  const verdict: RowVerdict = !gate
    ? 'info'
    : sure && Math.abs(change) >= minEffect
      ? worse > 0
        ? 'regressed'
        : 'improved'
      : Math.abs(change) + half < minEffect
        ? 'unchanged'
        : 'inconclusive'
  const p = sure ? 2 ** (1 - blocks) : 0.21
  return {
    metric,
    statistic,
    unit,
    direction,
    gate,
    exact: false,
    base: middle(baseTrials),
    head: middle(headTrials),
    baseSpread: noise * 0.6,
    headSpread: noise * 0.7,
    change,
    interval: [change - half * (1 + change), change + half * (1 + change)],
    p,
    pAdjusted: gate ? Math.min(1, p * 4) : null,
    minEffect,
    detectable: 3 * noise,
    baseTrials,
    headTrials,
    verdict,
    ...(blocks < 8 ? { note: `needs 8 blocks, has ${blocks}` } : {}),
  }
}
