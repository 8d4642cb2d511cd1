import * as fc from 'fast-check'
import t from 'tap'
import { DurationHistogram, Prng } from '../../base/index.ts'
import { changePoints } from '../../reports/index.ts'
import { outliers, twoModes } from '../../reports/statistics/anomalies.ts'
import { bootstrapRatio } from '../../reports/statistics/bootstrap.ts'
import {
  hodgesLehmann,
  median,
  medianAbsoluteDeviation,
  pseudomedian,
  quartiles,
  relativeSpread,
  standardDeviation,
} from '../../reports/statistics/descriptive.ts'
import { detectableShift } from '../../reports/statistics/detectable.ts'
import { normalUpperTail, studentTwoSided } from '../../reports/statistics/distributions.ts'
import { mannWhitney, mannWhitneyFloor } from '../../reports/statistics/mann-whitney.ts'
import { benjaminiHochberg, holm } from '../../reports/statistics/multiplicity.ts'
import { standardNormal } from '../../reports/statistics/random.ts'
import { redrawFrom } from '../../reports/statistics/redraw.ts'
import { signFlip, signFlipFloor } from '../../reports/statistics/sign-flip.ts'

const prng = (): Prng => new Prng('test')
const close = (
  t: { readonly ok: (condition: boolean, message: string) => unknown },
  found: number,
  wanted: number,
  tolerance: number,
  what: string,
): void => {
  t.ok(Math.abs(found - wanted) <= tolerance, `${what}: ${found}, wanted ${wanted}`)
}
void t.test('order statistics', async t => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.ok(Number.isNaN(median([])))
  t.same(quartiles([1, 2, 3, 4]), [1.75, 2.5, 3.25], 'as R does by default')
  t.equal(medianAbsoluteDeviation([1, 1, 2, 2, 4, 6, 9]), 1)
  t.equal(relativeSpread([90, 100, 110]), 0.05)
  t.equal(relativeSpread([0, 0, 0]), null, 'relative to nothing is nothing')
  t.equal(relativeSpread([1, 2]), null, 'two trials have no quartiles')
  t.equal(hodgesLehmann([1, 2, 3], [11, 12, 1000]), 10, 'an outlier moves it little')
  t.equal(pseudomedian([1, 2, 3, 100]), 2.75, 'of 1 1.5 2 2 2.5 3 50.5 51 51.5 100')
})

void t.test('distributions agree with their tables', async t => {
  for (const [z, p] of [
    [0, 0.5],
    [1, 0.15865525393145707],
    [1.959963984540054, 0.025],
    [2, 0.022750131948179195],
    [3, 0.0013498980316300933],
    [6, 9.865876450376946e-10],
  ] as const) {
    close(t, normalUpperTail(z), p, 1e-12 * p + 1e-16, `P(Z > ${z})`)
    close(t, normalUpperTail(-z), 1 - p, 1e-12, `P(Z > -${z})`)
  }
  for (const [x, df, p] of [
    [2.364624251592785, 7, 0.05],
    [12.706204736432095, 1, 0.05],
    [2.228138851964939, 10, 0.05],
    [3.16927267261695, 10, 0.01],
    [0, 5, 1],
    [2.570581835636314, 5, 0.05],
  ] as const) {
    close(t, studentTwoSided(x, df), p, 1e-10, `P(|T${df}| > ${x})`)
    close(t, studentTwoSided(-x, df), p, 1e-10, 'both sides')
  }
})

void t.test('Mann-Whitney: the smallest p-values are those of the table', async t => {
  for (const [n, floor] of [
    [3, 0.1],
    [4, 2 / 70],
    [5, 2 / 252],
    [6, 2 / 924],
    [8, 2 / 12870],
    [10, 2 / 184756],
    [12, 2 / 2704156],
  ] as const) {
    const low = Array.from({ length: n }, (_, i) => i)
    const high = low.map(value => value + 100)
    close(t, mannWhitney(low, high).p, floor, 1e-15, `n = ${n}`)
    close(t, mannWhitneyFloor(n, n), floor, 1e-15, 'as announced')
    t.equal(mannWhitney(low, high).u, n * n)
  }
})

void t.test('Mann-Whitney: examples from R', async t => {
  // Hollander and Wolfe, permeability of the placenta; wilcox.test(x, y): W = 35, p = 0.2544
  const x = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
  const y = [1.15, 0.88, 0.9, 0.74, 1.21]
  t.same(mannWhitney(y, x).u, 35)
  close(t, mannWhitney(x, y).p, 764 / 3003, 1e-12, 'exact')
  t.equal(mannWhitney(x, y).exact, true)
  // airquality, ozone of May against August, with ties: W = 127.5, p-value = 0.0001208
  const may = [41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37]
  const august = [
    39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85,
  ]
  const ozone = mannWhitney(august, may)
  t.equal(ozone.u, 127.5)
  t.equal(ozone.exact, false)
  close(t, ozone.p, 0.0001208, 5e-8, 'normal approximation with ties and continuity')
})

void t.test('Mann-Whitney: exact with ties, by counting every arrangement', async t => {
  const brute = (a: readonly number[], b: readonly number[]): number => {
    const all = [...a, ...b]
    const distance = (chosen: readonly number[]): number => {
      const inB = new Set(chosen)
      let u = 0
      all.forEach((x, i) => {
        if (!inB.has(i)) for (const j of chosen) u += all[j]! > x ? 1 : all[j] === x ? 0.5 : 0
      })
      return Math.abs(u - (a.length * b.length) / 2)
    }
    const seen = distance(b.map((_, i) => a.length + i))
    let ways = 0
    let beyond = 0
    for (let mask = 0; mask < 1 << all.length; mask++) {
      const chosen = all.flatMap((_, i) => ((mask >> i) & 1 ? [i] : []))
      if (chosen.length !== b.length) continue
      ways++
      if (distance(chosen) >= seen) beyond++
    }
    return beyond / ways
  }
  const few = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(few, few, (a, b) => Math.abs(mannWhitney(a, b).p - brute(a, b)) < 1e-12),
    { numRuns: 60 },
  )
  t.equal(mannWhitney([], [1, 2]).p, 1, 'nothing to compare with')
  t.equal(mannWhitney([5, 5, 5], [5, 5, 5]).p, 1, 'identical data')
  t.equal(mannWhitney(Array<number>(20).fill(5), Array<number>(20).fill(5)).p, 1, 'identical data, many')
})

void t.test('Mann-Whitney: properties', async () => {
  const long = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 16 })
  fc.assert(
    fc.property(long, long, (a, b) => {
      const { p } = mannWhitney(a, b)
      const grown = mannWhitney(
        a.map(value => Math.exp(value / 3)),
        b.map(value => Math.exp(value / 3)),
      )
      return (
        p > 0 &&
        p <= 1 &&
        Math.abs(mannWhitney(b, a).p - p) < 1e-12 &&
        grown.p === p &&
        mannWhitney(a.toReversed(), b.slice(1).concat(b.slice(0, 1))).p === p
      )
    }),
  )
})

void t.test('sign flips: the smallest p-values are those of the table, and Fisher is right about maize', async t => {
  for (const [n, floor] of [
    [1, 1],
    [3, 0.25],
    [4, 0.125],
    [5, 0.0625],
    [6, 0.03125],
    [8, 0.0078125],
    [10, 0.001953125],
    [16, 2 ** -15],
  ] as const) {
    const all = Array.from({ length: n }, (_, i) => 1 + i / 7)
    t.equal(signFlip(prng(), all), floor, `n = ${n}`)
    t.equal(signFlipFloor(n), floor)
  }
  // Design of Experiments, 1935, section 21: crossed and self-fertilised maize. 863 of 32768 sums are at least 314.
  const maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
  t.equal(signFlip(prng(), maize), (2 * 863) / 32768)
})

void t.test('sign flips: properties, ties and zeros', async t => {
  const few = fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 9 })
  fc.assert(
    fc.property(few, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (differences, scale) => {
      const p = signFlip(prng(), differences)
      // By counting, in the order of binary numbers.
      const seen = Math.abs(differences.reduce((a, b) => a + b, 0))
      let beyond = 0
      for (let mask = 0; mask < 1 << differences.length; mask++) {
        const sum = differences.reduce((a, b, i) => a + ((mask >> i) & 1 ? -b : b), 0)
        if (Math.abs(sum) >= seen) beyond++
      }
      const counted = beyond / (1 << differences.length)
      return (
        p > 0 &&
        p <= 1 &&
        p === counted &&
        signFlip(
          prng(),
          differences.map(value => -value * scale),
        ) === p &&
        signFlip(prng(), [...differences, 0]) === p &&
        signFlip(prng(), differences.toReversed()) === p
      )
    }),
  )
  t.equal(signFlip(prng(), [0, 0, 0, 0, 0, 0, 0, 0]), 1, 'identical data')
  t.equal(signFlip(prng(), []), 1)
  t.equal(signFlip(prng(), [0.1, 0.2, -0.3]), 1, 'a sum of nothing but rounding is zero')
})

void t.test('sign flips: beyond 16 blocks by drawing, close to the exact share', async t => {
  const differences = Array.from({ length: 18 }, (_, i) => (i % 3 === 0 ? -1 : 1.2) * (1 + i / 10))
  let beyond = 0
  const seen = differences.reduce((a, b) => a + b, 0)
  for (let mask = 0; mask < 1 << 18; mask++) {
    let sum = 0
    for (let i = 0; i < 18; i++) sum += (mask >> i) & 1 ? -differences[i]! : differences[i]!
    if (Math.abs(sum) >= seen - 1e-9) beyond++
  }
  const p = signFlip(prng(), differences)
  close(t, p, beyond / (1 << 18), 0.003, 'drawn')
  t.equal(signFlip(prng(), differences), p, 'the same seed draws the same')
  t.ok(signFlip(prng(), Array<number>(40).fill(1)) > 0, 'never 0')
})

void t.test('Holm and Benjamini-Hochberg as p.adjust of R', async t => {
  const p = [0.01, 0.04, 0.03, 0.005]
  const same = (found: readonly number[], wanted: readonly number[]): void => {
    found.forEach((value, i) => close(t, value, wanted[i]!, 1e-12, `p ${i}`))
  }
  same(holm(p), [0.03, 0.06, 0.06, 0.02])
  same(benjaminiHochberg(p), [0.02, 0.04, 0.04, 0.02])
  t.same(holm([]), [])
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1e-9, max: 1, noNaN: true }), { maxLength: 12 }), all => {
      const [byHolm, byBh] = [holm(all), benjaminiHochberg(all)]
      return all.every(
        (raw, i) =>
          byHolm[i]! >= raw &&
          byHolm[i]! <= 1 &&
          byBh[i]! >= raw - 1e-15 &&
          byBh[i]! <= byHolm[i]! + 1e-15 &&
          all.every((other, j) => raw > other || (byHolm[i]! <= byHolm[j]! && byBh[i]! <= byBh[j]!)),
      )
    }),
  )
})

void t.test('bootstrap: same seed, same interval; the order of trials plays no part', async t => {
  const of = (values: readonly number[]) => values.map(value => ({ value }))
  const base = [1.84, 1.91, 1.79, 1.88, 1.8, 1.86, 1.83, 1.95]
  const head = [2.05, 2.11, 1.96, 2.08, 2.01, 2.04, 2.09, 2.13]
  const paired = { paired: true, confidence: 0.95 }
  const interval = bootstrapRatio(prng(), of(base), of(head), paired)
  t.same(interval, GOLDEN_INTERVAL, 'on any machine')
  const order = [3, 1, 7, 0, 6, 2, 5, 4]
  const shuffled = (values: readonly number[]) => of(order.map(i => values[i]!))
  t.same(bootstrapRatio(prng(), shuffled(base), shuffled(head), paired), interval)
  const unpaired = { paired: false, confidence: 0.95 }
  const two = bootstrapRatio(prng(), of(base), of(head.slice(2)), unpaired)!
  t.same(bootstrapRatio(prng(), shuffled(base), of(head.slice(2).toReversed()), unpaired), two)
  t.ok(two[0] < 0.11 && two[1] > 0.11)
  const wide = bootstrapRatio(prng(), of(base), of(head), { paired: true, confidence: 0.99 })!
  t.ok(wide[0] <= interval![0] && wide[1] >= interval![1])
  t.same(bootstrapRatio(prng(), of(base), of(base), paired), [0, 0], 'identical data')
  t.equal(bootstrapRatio(prng(), of([0, 0, 1]), of([1, 1, 1]), paired), null, 'a base that may be 0 has no ratio')
  t.equal(bootstrapRatio(prng(), [], [], paired), null)
})

const GOLDEN_INTERVAL = [0.09677419354838701, 0.1389645776566757]

void t.test('bootstrap: the interval holds the truth about as often as it says', async t => {
  const seeds = new Prng('coverage')
  let held = 0
  for (let i = 0; i < 200; i++) {
    const draw = (): { value: number }[] =>
      Array.from({ length: 8 }, () => ({ value: Math.exp(0.04 * standardNormal(seeds)) }))
    const [low, high] = bootstrapRatio(seeds.fork(String(i)), draw(), draw(), { paired: true, confidence: 0.95 })!
    if (low <= 0 && high >= 0) held++
  }
  t.comment(`${held} of 200`)
  t.ok(held >= 180, `${held} of 200`)
})

void t.test('the inner level draws what another sample of the same distribution would have shown', async t => {
  const histogram = new DurationHistogram()
  const seeds = new Prng('inner')
  for (let i = 0; i < 4000; i++) histogram.record(1e6 * Math.exp(0.5 * standardNormal(seeds)))
  const hdr = histogram.encode()
  const [p50, p99, mean] = [histogram.atPercentile(50) / 1e9, histogram.atPercentile(99) / 1e9, histogram.mean / 1e9]
  histogram.destroy()
  const drawn = (share: number | 'mean'): number[] => {
    const redraw = redrawFrom(hdr, share, 1e9)!
    return Array.from({ length: 2000 }, () => redraw(seeds))
  }
  // Standard errors of the logarithm by theory: sqrt(q (1 − q) / n) / density, times sigma.
  for (const [share, centre, error] of [
    [0.5, p50, 0.5 * (Math.sqrt(0.25 / 4000) / 0.398942)],
    [0.99, p99, 0.5 * (Math.sqrt(0.0099 / 4000) / 0.026652)],
  ] as const) {
    const logs = drawn(share).map(value => Math.log(value))
    close(t, Math.exp(median(logs)), centre, 0.01 * centre, `p${share * 100}`)
    close(t, standardDeviation(logs), error, 0.25 * error, 'its error')
  }
  close(t, median(drawn('mean')), mean, 0.002 * mean, 'mean')
  const empty = new DurationHistogram()
  t.equal(redrawFrom(empty.encode(), 0.5, 1e9), undefined)
  empty.destroy()
  t.throws(() => redrawFrom('broken', 0.5, 1e9), { code: 'CHURN_HISTOGRAM' })
  const within = bootstrapRatio(
    prng(),
    [1, 1, 1, 1, 1].map(value => ({ value, redraw: redrawFrom(hdr, 0.5, 1e9)! })),
    [1, 1, 1, 1, 1].map(value => ({ value, redraw: redrawFrom(hdr, 0.5, 1e9)! })),
    { paired: true, confidence: 0.95 },
  )!
  t.ok(within[0] < 0 && within[1] > 0, 'equal trials still differ by what they observed')
})

void t.test('the smallest shift that is found is found four times out of five', async t => {
  for (const [method, n, alpha] of [
    ['paired', 6, 0.05],
    ['paired', 8, 0.05],
    ['paired', 8, 0.05 / 6],
    ['paired', 10, 0.05],
    ['unpaired', 8, 0.05],
    ['unpaired', 12, 0.01],
  ] as const) {
    const shift = detectableShift(method, n, alpha)!
    const seeds = new Prng(`power/${method}/${n}`)
    const draw = (by: number): number[] => Array.from({ length: n }, () => standardNormal(seeds) + by)
    let found = 0
    for (let i = 0; i < 400; i++) {
      const p = method === 'paired' ? signFlip(seeds, draw(shift)) : mannWhitney(draw(0), draw(shift)).p
      if (p <= alpha) found++
    }
    close(t, found / 400, 0.8, 0.07, `${method} ${n} ${alpha}: shift ${shift}`)
  }
  t.equal(detectableShift('paired', 5, 0.05), null, 'five blocks find nothing')
  t.equal(detectableShift('unpaired', 3, 0.05), null)
  const [at12, at24] = [detectableShift('paired', 12, 0.05)!, detectableShift('paired', 24, 0.05)!]
  close(t, at24, at12 / Math.SQRT2, 1e-12, 'beyond twelve by the root of n')
  t.ok(detectableShift('paired', 8, 0.05)! > detectableShift('paired', 10, 0.05)!)
})

void t.test('outliers are flagged, modes are seen', async t => {
  t.same(outliers([1, 1.1, 0.9, 1.05, 0.95, 5]), [5])
  t.same(outliers([1, 1.1, 0.9, 1.05, 0.95, 1.2]), [])
  t.same(outliers([1, 1, 1, 1, 1, 1.0005]), [], 'the resolution of a histogram is no outlier')
  t.same(outliers([0, 0, 0, 0, 0]), [])
  t.same(outliers([1, 100]), [], 'two values say nothing')
  t.same(twoModes([1, 2.01, 1.01, 2, 0.99, 2.02, 1.02, 1.98]), [1.005, 2.005])
  t.equal(twoModes([1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7]), undefined, 'even')
  t.equal(twoModes([1, 1.01, 1.02, 0.99, 0.98, 5]), undefined, 'one is an outlier and not a mode')
  t.equal(twoModes([1, 1, 1, 1.001, 1.001, 1.001]), undefined, 'one digit of a histogram is no mode')
  const seeds = new Prng('modes')
  let seen = 0
  for (let i = 0; i < 500; i++) {
    if (twoModes(Array.from({ length: 8 }, () => 100 + standardNormal(seeds))) !== undefined) seen++
  }
  t.comment(`${seen} of 500 samples of one mode`)
  t.ok(seen <= 25, `${seen} of 500 samples without modes`)
})

void t.test('change points: a step, two steps, none', async t => {
  const seeds = new Prng('series')
  const level = (length: number, at: number, spread = 0.02): number[] =>
    Array.from({ length }, () => at * (1 + spread * standardNormal(seeds)))
  const [step, ...none] = changePoints([...level(15, 100), ...level(12, 120)])
  t.same(none, [])
  t.equal(step!.index, 15)
  close(t, step!.change!, 0.2, 0.03, 'change')
  t.ok(step!.p < 0.001)
  const two = changePoints([...level(20, 100), ...level(20, 80), ...level(20, 100)])
  t.same(
    two.map(({ index }) => index),
    [20, 40],
    'there and back, which hides the one behind the other',
  )
  const long = [...level(60, 100), ...level(60, 112), ...level(60, 100), ...level(7, 130)]
  t.same(
    changePoints(long).map(({ index }) => index),
    [60, 120, 180],
    'in windows',
  )
  t.same(changePoints(long), changePoints(long), 'nothing is drawn')
  const small = [...level(20, 100), ...level(20, 104)]
  t.same(changePoints(small), [], 'certain, but smaller than the magnitude')
  const [drifted, ...further] = changePoints(small, { magnitudeMin: 0.01 })
  t.same(further, [])
  close(t, drifted!.index, 20, 1, 'a small step')
  for (const nothing of [[], [1], [1, 2], Array<number>(30).fill(7), Array<number>(30).fill(0)]) {
    t.same(changePoints(nothing), [])
  }
  t.match(changePoints([0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 5]), [{ index: 6, before: 0, after: 5, change: null, p: 0 }])
  const gaps = [...level(10, 100), null, NaN, ...level(10, 150)]
  t.equal(changePoints(gaps)[0]!.index, 12, 'positions are those of the series as given')
})

void t.test('change points: few false alarms on noise', async t => {
  const seeds = new Prng('noise')
  let alarms = 0
  for (let i = 0; i < 300; i++) {
    const series = Array.from({ length: 40 }, () => 100 * (1 + 0.1 * standardNormal(seeds)))
    if (changePoints(series).length > 0) alarms++
  }
  t.comment(`${alarms} of 300 series of noise`)
  t.ok(alarms <= 15, `${alarms} of 300`)
})
