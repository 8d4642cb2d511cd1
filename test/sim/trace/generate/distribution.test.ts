// What is drawn is what was asked for: moments and quantiles of each distribution, and rates by the hour.
import fc from 'fast-check'
import t from 'tap'
import { Prng } from '../../../../base/index.ts'
import { type Distribution, draw, drawMs, quantile } from '../../../../sim/trace/generate/distribution.ts'
import { normalQuantile } from '../../../../sim/trace/generate/normal-quantile.ts'
import { nextArrivalMs, type Rate } from '../../../../sim/trace/generate/rate.ts'

const DRAWS = 40_000

function sorted(distribution: Distribution): number[] {
  const prng = new Prng('distribution')
  return Array.from({ length: DRAWS }, () => draw(distribution, prng)).sort((a, b) => a - b)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function near(
  t: { ok(value: unknown, message: string): unknown },
  got: number,
  wanted: number,
  share: number,
  what: string,
): void {
  t.ok(Math.abs(got - wanted) <= Math.abs(wanted) * share, `${what}: ${got}, wanted ${wanted} ± ${share * 100} %`)
}

void t.test('quantiles of the normal distribution', t => {
  // From tables of the distribution, to the digits printed there.
  near(t, normalQuantile(0.975), 1.959963984540054, 1e-14, 'p97.5')
  near(t, normalQuantile(0.9), 1.2815515655446004, 1e-14, 'p90')
  near(t, normalQuantile(0.001), -3.090232306167814, 1e-14, 'p0.1')
  near(t, normalQuantile(1e-12), -7.034483825301132, 1e-9, 'far out')
  t.equal(normalQuantile(0.5), 0)
  t.end()
})

const SIGMA = 0.8
const CASES: readonly {
  readonly distribution: Distribution
  readonly mean?: number
  /** Probability and value. */
  readonly quantiles: readonly (readonly [number, number])[]
}[] = [
  { distribution: { kind: 'constant', value: 7 }, mean: 7, quantiles: [[0.5, 7]] },
  {
    distribution: { kind: 'uniform', min: 10, max: 30 },
    mean: 20,
    quantiles: [
      [0.25, 15],
      [0.9, 28],
    ],
  },
  { distribution: { kind: 'exponential', mean: 100 }, mean: 100, quantiles: [[0.5, 100 * Math.LN2]] },
  {
    distribution: { kind: 'lognormal', median: 50, sigma: SIGMA },
    mean: 50 * Math.exp(SIGMA ** 2 / 2),
    quantiles: [
      [0.5, 50],
      [0.9, 50 * Math.exp(SIGMA * 1.2815515655)],
    ],
  },
  {
    distribution: { kind: 'lognormal', median: 50, p90: 200 },
    quantiles: [
      [0.5, 50],
      [0.9, 200],
      [0.1, 12.5],
    ],
  },
  // Γ(1 + 1/2) = √π / 2
  {
    distribution: { kind: 'weibull', shape: 2, scale: 100 },
    mean: 50 * Math.sqrt(Math.PI),
    quantiles: [[1 - Math.exp(-1), 100]],
  },
  { distribution: { kind: 'pareto', min: 10, alpha: 3 }, mean: 15, quantiles: [[0.875, 20]] },
  {
    distribution: {
      kind: 'empirical',
      quantiles: [
        [0, 0],
        [0.5, 10],
        [1, 110],
      ],
    },
    mean: 0.5 * 5 + 0.5 * 60,
    quantiles: [
      [0.25, 5],
      [0.6, 30],
      [0.75, 60],
    ],
  },
]

for (const { distribution, mean: wanted, quantiles } of CASES) {
  void t.test(`${distribution.kind} ${JSON.stringify(distribution)}`, t => {
    const values = sorted(distribution)
    if (wanted !== undefined) near(t, mean(values), wanted, 0.025, 'mean')
    for (const [p, value] of quantiles) near(t, values[Math.floor(p * DRAWS)]!, value, 0.04, `p${p * 100}`)
    t.end()
  })
}

void t.test('a mixture draws of its parts by their weights', t => {
  const values = sorted({
    kind: 'mixture',
    of: [
      { weight: 3, of: { kind: 'uniform', min: 0, max: 1 } },
      { weight: 1, of: { kind: 'constant', value: 9 } },
      { weight: 4, of: { kind: 'never' } },
      { weight: 0, of: { kind: 'constant', value: 5 } },
    ],
  })
  near(t, values.filter(value => value <= 1).length / DRAWS, 3 / 8, 0.02, 'first')
  near(t, values.filter(value => value === 9).length / DRAWS, 1 / 8, 0.04, 'second')
  near(t, values.filter(value => value === Infinity).length / DRAWS, 4 / 8, 0.02, 'third')
  t.notOk(values.includes(5))
  near(t, mean(values.filter(value => value <= 1)), 0.5, 0.02, 'the first part is whole')
  t.end()
})

void t.test('an empirical distribution has the quantiles that it was given, and no distribution goes back', t => {
  const table = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 999 }), fc.nat(10_000)), { minLength: 1, maxLength: 20 })
    .map(pairs => {
      const ps = [...new Set(pairs.map(([p]) => p / 1000))].sort((a, b) => a - b)
      const values = pairs.map(([, value]) => value).sort((a, b) => a - b)
      const last = values.at(-1)! + 1
      return [[0, 0], ...ps.map((p, i) => [p, values[i]!]), [1, last]] as [number, number][]
    })
  fc.assert(
    fc.property(table, quantiles => {
      const distribution = { kind: 'empirical', quantiles } as const
      return quantiles.every(([p, value]) => quantile(distribution, p) === value)
    }),
  )
  const anyDistribution = fc.oneof(
    table.map((quantiles): Distribution => ({ kind: 'empirical', quantiles })),
    fc.constantFrom(...CASES.map(({ distribution }) => distribution)),
  )
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(anyDistribution, unit, unit, (distribution, a, b) => {
      const [low, high] = [quantile(distribution, Math.min(a, b)), quantile(distribution, Math.max(a, b))]
      return low >= 0 && low <= high
    }),
  )
  t.end()
})

void t.test('times are whole milliseconds and one draw each', t => {
  const prng = new Prng('times')
  const other = new Prng('times')
  for (const { distribution } of CASES) {
    t.ok(Number.isInteger(drawMs(distribution, prng)))
    other.unit()
  }
  t.equal(drawMs({ kind: 'never' }, prng), Infinity)
  other.unit()
  t.equal(prng.u32(), other.u32(), 'the stream has gone on by one number for each')
  t.end()
})

const HOUR_MS = 3_600_000

function arrivals(rate: Rate, fromMs: number, untilMs: number, work: () => number): number[] {
  const out: number[] = []
  for (let at = fromMs; ;) {
    at = nextArrivalMs(rate, at, work())
    if (at >= untilMs) return out
    out.push(at)
  }
}

void t.test('arrivals follow the rate of each hour, over midnight too', t => {
  const prng = new Prng('arrivals')
  const perHour = Array.from({ length: 24 }, (_, hour) => (hour >= 9 && hour < 17 ? 600 : hour === 3 ? 0 : 60))
  const at = arrivals({ perHour }, 0, 48 * HOUR_MS, () => -Math.log1p(-prng.unit()))
  const inHour = (hour: number): number => at.filter(ms => Math.floor(ms / HOUR_MS) % 24 === hour).length / 2
  near(t, inHour(12), 600, 0.1, 'noon')
  near(t, mean([18, 19, 20, 21, 22, 23, 0, 1].map(inHour)), 60, 0.1, 'evening and night')
  t.equal(inHour(3), 0)
  t.equal(nextArrivalMs({ perHour: [0, 0] }, 5, 1), Infinity)
  t.equal(nextArrivalMs(0, 5, 1), Infinity)
  t.end()
})

void t.test('a regular process keeps its distances, whatever the bins', t => {
  t.same(arrivals(3600, 500, 5_000, () => 1).map(Math.round), [1_500, 2_500, 3_500, 4_500])
  const bins = { perHour: [3600, 7200, 0], binMs: 1_000 }
  // One in the first second, two in the second, none in the third.
  t.same(arrivals(bins, 0, 6_500, () => 1).map(Math.round), [1_000, 1_500, 3_000, 4_000, 4_500, 6_000])
  t.end()
})
