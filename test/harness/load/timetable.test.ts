import fc from 'fast-check'
import t from 'tap'
import { Prng } from '../../../base/index.ts'
import { RateCurve, type RateStage } from '../../../harness/load/rate-curve.ts'
import { timetable } from '../../../harness/load/timetable.ts'

const prng = new Prng('timetable')

function constant(rate: number, unitMs: number, durationMs: number): number[] {
  return timetable(new RateCurve(rate, unitMs, [{ durationMs, target: rate }]), 0, 'even', prng)
}

function ramping(startRate: number, stages: readonly RateStage[], unitMs = 1000): number[] {
  return timetable(new RateCurve(startRate, unitMs, stages), 1, 'even', prng)
}

const rounded = (times: readonly number[]): number[] => times.map(time => Math.floor(time))

/** Whole seconds and small rates, jumps included; never without any iteration. */
const curves = fc
  .record({
    startRate: fc.integer({ min: 0, max: 40 }),
    stages: fc.array(
      fc.record({
        durationMs: fc.constantFrom(0, 0, 1, 250, 1000, 1500, 7777),
        target: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.double({ min: 0, max: 40, noNaN: true })),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    unitMs: fc.constantFrom(100, 1000, 60_000),
  })
  .map(shape => ({ ...shape, lengthMs: shape.stages.reduce((sum, { durationMs }) => sum + durationMs, 0) }))

/** The integral of the rate until `untilMs`, summed piece by piece from values of the rate alone. */
function integral(startRate: number, stages: readonly RateStage[], unitMs: number, untilMs: number): number {
  let sum = 0
  let from = startRate
  let atMs = 0
  for (const { durationMs, target } of stages) {
    const length = Math.min(durationMs, untilMs - atMs)
    if (length > 0) {
      // Midpoints are exact for straight lines; many of them, so that nothing of the closed form is shared.
      const slices = 16
      for (let i = 0; i < slices; i++) {
        const x = (length * (i + 0.5)) / slices
        sum += ((from + ((target - from) * x) / durationMs) * length) / slices / unitMs
      }
    }
    atMs += durationMs
    from = target
  }
  return sum
}

t.test('a constant rate begins at once, does not drift and ends before the end', t => {
  t.same(rounded(constant(3, 1000, 2000)), [0, 333, 666, 1000, 1333, 1666])
  t.same(constant(1, 60_000, 150_000), [0, 60_000, 120_000])
  t.same(constant(1, 1000, 3000), [0, 1000, 2000])
  t.equal(constant(0.3, 1000, 10_000).length, 3)
  t.equal(constant(7, 1000, 100).length, 1)
  const long = constant(3, 1000, 3_600_000)
  t.equal(long.length, 10_800)
  for (let i = 0; i < long.length; i++) {
    if (Math.abs(long[i]! - (i * 1000) / 3) > 1e-6) t.fail(`iteration ${i} is at ${long[i]}`)
  }
  t.end()
})

t.test('a ramping rate starts iterations where k6 does', t => {
  // The stages and times of k6's own test of its calculation.
  const stages = [
    { durationMs: 5000, target: 1 },
    { durationMs: 1000, target: 1 },
    { durationMs: 5000, target: 0 },
  ]
  t.same(rounded(ramping(0, stages)), [3162, 4472, 5500, 6527, 7837, 11_000])
  t.same(ramping(2, [{ durationMs: 5000, target: 2 }]).slice(0, 3), [500, 1000, 1500])
  // A jump: nothing for a second, then at full rate from there.
  const jump = [
    { durationMs: 1000, target: 0 },
    { durationMs: 0, target: 10 },
    { durationMs: 300, target: 10 },
  ]
  t.same(ramping(0, jump), [1100, 1200, 1300])
  t.same(ramping(0, [{ durationMs: 5000, target: 0 }]), [])
  t.end()
})

t.test('a million iterations are no matter', t => {
  const times = ramping(0, [{ durationMs: 1000_000, target: 2000 }])
  t.equal(times.length, 1_000_000)
  t.equal(times.at(-1), 1000_000)
  t.end()
})

t.test('iteration i is where the integral reaches i: counted, ascending and within bounds for any stages', t => {
  fc.assert(
    fc.property(curves, ({ startRate, stages, unitMs, lengthMs }) => {
      const times = ramping(startRate, stages, unitMs)
      const total = integral(startRate, stages, unitMs, lengthMs)
      const exact = Math.abs(total - Math.round(total)) < 1e-6 ? Math.round(total) : Math.floor(total)
      if (times.length !== exact) throw new Error(`${times.length} iterations, the integral is ${total}`)
      let previous = 0
      // Each one for order, some hundred for the integral.
      const every = Math.ceil(times.length / 100)
      for (const [i, time] of times.entries()) {
        if (time < previous || time > lengthMs) throw new Error(`iteration ${i} at ${time}, after ${previous}`)
        previous = time
        if (i % every !== 0) continue
        const reached = integral(startRate, stages, unitMs, time)
        if (Math.abs(reached - (i + 1)) > 1e-5) throw new Error(`iteration ${i + 1} where the integral is ${reached}`)
      }
    }),
    { numRuns: 1000 },
  )
  t.end()
})

t.test('counting from 0 is counting from 1, with one at the start and none at the end', t => {
  fc.assert(
    fc.property(curves, ({ startRate, stages, unitMs }) => {
      const curve = new RateCurve(startRate, unitMs, stages)
      const fromZero = timetable(curve, 0, 'even', prng)
      const fromOne = timetable(curve, 1, 'even', prng)
      const isWhole = Math.abs(curve.total - Math.round(curve.total)) < 1e-9 * Math.max(1, curve.total)
      if (curve.total < 1e-9) return fromZero.length === 0
      return fromZero[0] === 0 && fromZero.length === fromOne.length + (isWhole ? 0 : 1)
    }),
  )
  t.end()
})

t.test('Poisson arrivals follow the rate, come from the seed, and have gaps of the right spread', t => {
  const curve = new RateCurve(0, 1000, [
    { durationMs: 1000_000, target: 20 },
    { durationMs: 500_000, target: 20 },
  ])
  const times = timetable(curve, 1, 'poisson', new Prng('a'))
  // As text: a comparison of long lists is slow.
  const text = times.join()
  t.equal(timetable(curve, 1, 'poisson', new Prng('a')).join(), text, 'the same seed, the same times')
  t.not(timetable(curve, 1, 'poisson', new Prng('b')).join(), text)
  t.equal(times.toSorted((a, b) => a - b).join(), text)
  // 20 000 are expected; the standard deviation is their root, 141.
  t.ok(Math.abs(times.length - 20_000) < 5 * 141, `${times.length} arrivals`)
  const early = times.filter(time => time < 500_000).length
  t.ok(Math.abs(early - 2500) < 5 * 50, `${early} in the first third, where the rate is low`)
  const level = times.filter(time => time > 1000_000)
  const gaps = level.slice(1).map((time, i) => time - level[i]!)
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  t.ok(Math.abs(mean - 50) < 2.5, `mean gap ${mean}`)
  t.ok(Math.abs(Math.sqrt(variance) / mean - 1) < 0.05, 'deviation equals mean, as of an exponential')
  t.end()
})
