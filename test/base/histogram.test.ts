import * as fc from 'fast-check'
import * as hdr from 'hdr-histogram-js'
import t from 'tap'
import { CodedError, decodeBuckets, DurationHistogram } from '../../base/index.ts'

const HOUR_NS = 3.6e12

function filled(values: readonly number[]): DurationHistogram {
  const histogram = new DurationHistogram()
  for (const value of values) histogram.record(value)
  return histogram
}

void t.test('what cannot be recorded is moved or refused, and counted; nothing ever throws', async t => {
  const histogram = filled([NaN, -5, 1e20, Infinity, -Infinity, 0, 0.4, 1.6])
  t.equal(histogram.count, 7)
  t.equal(histogram.rejected, 1, 'NaN')
  t.equal(histogram.clamped, 4)
  t.equal(histogram.min, 0)
  t.equal(histogram.max, HOUR_NS)
  // A caught range error of the WebAssembly module costs the module itself after some hundreds: there must be none.
  for (let i = 0; i < 5000; i++) histogram.record(i % 2 === 0 ? -1 : 1e30)
  t.equal(histogram.count, 5007)
  t.equal(filled([1]).count, 1, 'others still work')
  histogram.reset()
  t.same([histogram.count, histogram.clamped, histogram.rejected], [0, 0, 0])
  histogram.destroy()
})

void t.test('an empty histogram reads as zeros and survives its encoding', async t => {
  const empty = new DurationHistogram()
  t.same([empty.count, empty.min, empty.max, empty.mean, empty.atPercentile(99)], [0, 0, 0, 0, 0])
  const again = DurationHistogram.decode(empty.encode())
  t.equal(again.count, 0)
  again.record(7)
  again.addEncoded(empty.encode())
  t.equal(again.count, 1)
})

void t.test('percentiles lie between min and max and within 0.1 % of the rank', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: HOUR_NS }), { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (values, percentile) => {
        const histogram = filled(values)
        const ascending = values.toSorted((a, b) => a - b)
        const rank = Math.max(1, Math.floor((percentile / 100) * values.length + 0.5))
        const wanted = ascending[rank - 1]!
        const read = histogram.atPercentile(percentile)
        const ok =
          Math.abs(read - wanted) <= 1 + wanted * 0.001 &&
          histogram.min <= read &&
          read <= histogram.max &&
          histogram.mean <= histogram.max &&
          histogram.max === ascending.at(-1)
        histogram.destroy()
        return ok
      },
    ),
    { numRuns: 200 },
  )
  t.throws(() => filled([1]).atPercentile(NaN), /percentile/)
  t.throws(() => filled([1]).atPercentile(100.1), /percentile/)
})

void t.test('merged encodings equal the histogram of all values', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: 0, max: HOUR_NS }), { maxLength: 40 }), { maxLength: 6 }),
      parts => {
        const single = filled(parts.flat())
        const merged = new DurationHistogram()
        for (const part of parts) {
          const one = filled(part)
          merged.addEncoded(one.encode())
          one.destroy()
        }
        const equal = merged.count === single.count && merged.encode() === single.encode()
        merged.destroy()
        single.destroy()
        return equal
      },
    ),
    { numRuns: 100 },
  )
})

void t.test('counts beyond 2^32 survive merging', async t => {
  let histogram = filled([1000, 2000])
  for (let i = 0; i < 33; i++) histogram.addEncoded(histogram.encode())
  t.equal(histogram.count, 2 ** 34)
  t.equal(histogram.atPercentile(50), 1000)
  histogram = DurationHistogram.decode(histogram.encode())
  t.equal(histogram.count, 2 ** 34)
})

void t.test('buckets are read as the library itself reads them', async t => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: HOUR_NS }), { minLength: 1, maxLength: 60 }), values => {
      const encoded = filled(values).encode()
      const library = hdr.decodeFromCompressedBase64(encoded, 64, false)
      let below = 0
      let ok = true
      decodeBuckets(encoded, (highestValue, count) => {
        below += count
        // The library's reading of the same rank is the same bucket's highest value.
        ok &&= library.getValueAtPercentile((100 * below) / values.length) === highestValue
      })
      return ok && below === values.length
    }),
    { numRuns: 100 },
  )
  const coarse = hdr.build({
    numberOfSignificantValueDigits: 2,
    lowestDiscernibleValue: 1000,
    highestTrackableValue: 1e9,
  })
  coarse.recordValueWithCount(1_234_567, 3)
  const seen: number[][] = []
  decodeBuckets(hdr.encodeIntoCompressedBase64(coarse), (value, count) => seen.push([value, count]))
  t.same(seen, [[coarse.getValueAtPercentile(100), 3]], 'other digits and units as well')
})

void t.test('the highest value can be encoded, decoded and merged again and again', async t => {
  const top = filled([HOUR_NS, HOUR_NS * 2])
  const twice = DurationHistogram.decode(DurationHistogram.decode(top.encode()).encode())
  t.equal(twice.count, 2)
  t.ok(Math.abs(twice.max - HOUR_NS) / HOUR_NS < 0.001)
})

void t.test('what is no encoding is a coded error and adds nothing', async t => {
  const histogram = filled([5])
  for (const text of ['', 'x', 'garbage!', 'HISTFAAAAB542pNp', 'AAAAAAAAAAAAAAAAAAAAAAAA']) {
    t.throws(() => histogram.addEncoded(text), { name: 'CodedError', code: 'CHURN_HISTOGRAM', exitCode: 2 }, text)
  }
  t.throws(() => DurationHistogram.decode('HIST'), CodedError)
  histogram.record(6)
  t.equal(histogram.count, 2)
})
