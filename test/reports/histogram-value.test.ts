import * as fc from 'fast-check'
import t from 'tap'
import { DurationHistogram } from '../../base/index.ts'
import {
  type HistogramValue,
  mergeHistogramValues,
  percentileOf,
  spectrum,
  toHistogramValue,
} from '../../reports/index.ts'

function valueOf(ns: readonly number[], censored?: number, unit?: string): HistogramValue {
  const histogram = new DurationHistogram()
  for (const value of ns) histogram.record(value)
  const out = toHistogramValue(histogram, censored, unit)
  histogram.destroy()
  return out
}

const durations = fc.array(fc.integer({ min: 0, max: 60e9 }), { minLength: 1, maxLength: 80 })

void t.test('quantiles are in seconds, or in the unit that the metric names', async t => {
  const ns = Array.from({ length: 1000 }, (_, i) => (i + 1) * 1e6)
  const value = valueOf(ns, 3)
  t.match(value, { count: 1000, max: 1, censored: 3 })
  for (const [quantile, seconds] of [
    ['min', 0.001],
    ['mean', 0.5005],
    ['p50', 0.5],
    ['p90', 0.9],
    ['p95', 0.95],
    ['p99', 0.99],
    ['p999', 0.999],
  ] as const) {
    t.ok(Math.abs(value[quantile] - seconds) <= seconds * 0.001, `${quantile} ${value[quantile]}`)
  }
  t.notOk('censored' in valueOf([1]), 'absent where nothing can be censored')
  t.equal(valueOf([200], undefined, 'ns').max, 200)
})

void t.test('merging parts equals recording everything in one', async t => {
  fc.assert(
    fc.property(fc.array(durations, { minLength: 1, maxLength: 5 }), parts => {
      const merged = mergeHistogramValues(parts.map(part => valueOf(part, 1)))
      const single = valueOf(parts.flat(), parts.length)
      return (
        merged.hdr === single.hdr &&
        merged.count === single.count &&
        merged.censored === single.censored &&
        merged.min === single.min &&
        merged.max === single.max &&
        merged.p50 === single.p50 &&
        merged.p999 === single.p999 &&
        Math.abs(merged.mean - single.mean) <= 1e-9 + single.mean * 1e-9
      )
    }),
    { numRuns: 60 },
  )
  t.same(mergeHistogramValues([valueOf([]), valueOf([])]), valueOf([]), 'of nothing is nothing')
  t.equal(mergeHistogramValues([valueOf([]), valueOf([5e9])]).min, valueOf([5e9]).min, 'an empty part has no minimum')
  t.equal(mergeHistogramValues([valueOf([100], 0, 'ns'), valueOf([300], 2, 'ns')], 'ns').max, 300)
})

void t.test('any percentile can be read back, the printed ones as printed', async t => {
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 100, noNaN: true }), (ns, percentile) => {
      const value = valueOf(ns)
      const read = percentileOf(value, percentile)
      return read >= value.min && read <= value.max
    }),
    { numRuns: 60 },
  )
  const value = valueOf([1e9, 2e9, 3e9])
  t.equal(percentileOf(value, 50), value.p50)
  t.equal(percentileOf(value, 99.9), value.p999)
  t.throws(() => percentileOf({ ...value, hdr: 'broken' }, 42), { code: 'CHURN_HISTOGRAM' })
})

void t.test('a spectrum rises from the first rank to the maximum with no more points than asked for', async t => {
  fc.assert(
    fc.property(durations, fc.integer({ min: 2, max: 150 }), (ns, points) => {
      const value = valueOf(ns)
      const curve = spectrum(value, points)
      return (
        curve.length >= 1 &&
        curve.length <= points &&
        curve.at(-1)!.share === 1 &&
        curve.at(-1)!.value === value.max &&
        curve.every((point, i) => i === 0 || (point.share > curve[i - 1]!.share && point.value >= curve[i - 1]!.value))
      )
    }),
    { numRuns: 100 },
  )
  t.same(spectrum(valueOf([])), [])
  t.same(spectrum(valueOf([1e9, 2e9])), [
    { share: 0.5, value: valueOf([1e9, 2e9]).p50 },
    { share: 1, value: 2 },
  ])
})
