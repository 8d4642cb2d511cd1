import fc from 'fast-check'
import t from 'tap'
import {
  assert,
  CodedError,
  describeError,
  ExitCode,
  formatDuration,
  formatSeconds,
  GrowableFloat64,
  GrowableUint32,
  parseDuration,
  Prng,
} from '../../base/index.ts'

/** First draws of the seed `golden`. */
const GOLDEN = [2859016503, 3624390361, 897321542, 1662673375, 2856548042]

t.test('durations are read as Prometheus and k6 write them', t => {
  for (const [text, ms] of [
    ['0', 0],
    ['250ms', 250],
    ['1m30s', 90_000],
    ['1.5s', 1500],
    ['2d', 172_800_000],
    ['1h', 3_600_000],
  ] as const) {
    t.equal(parseDuration(text), ms, text)
  }
  for (const text of ['', '5', 'banana', '-1s', '1 s', 's', '1m-5s']) {
    t.throws(() => parseDuration(text), { code: 'CHURN_DURATION', exitCode: ExitCode.usage }, JSON.stringify(text))
  }
  t.equal(formatDuration(90_250), '1m30s250ms')
  t.equal(formatDuration(0), '0s')
  t.end()
})

t.test('what is formatted reads back as the same duration', t => {
  fc.assert(fc.property(fc.nat(10_000_000_000), ms => parseDuration(formatDuration(ms)) === ms))
  t.end()
})

t.test('seconds are written with a fitting unit', t => {
  t.same([0, 2.5e-7, 0.000212, 0.0461, 4.612, 600].map(formatSeconds), [
    '0 s',
    '250 ns',
    '212 µs',
    '46.1 ms',
    '4.61 s',
    '10.0 min',
  ])
  t.end()
})

t.test('a generator repeats itself, and its children know only their names', t => {
  const draws = (prng: Prng): number[] => Array.from({ length: 5 }, () => prng.u32())
  t.same(draws(new Prng('7')), draws(new Prng(7)))
  t.notSame(draws(new Prng(7)), draws(new Prng(8)))
  const parent = new Prng(7)
  const before = draws(parent.fork('pod/a'))
  parent.u32()
  t.same(draws(parent.fork('pod/a')), before, 'drawing from the parent changes no child')
  t.notSame(draws(parent.fork('pod/b')), before)
  t.match(new Prng(1).uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  // The sequence itself is a contract: traces are compared by hash across versions.
  t.same(draws(new Prng('golden')), GOLDEN)
  t.end()
})

t.test('draws stay in their bounds and reach them', t => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: -50, max: 50 }), fc.nat(20), (seed, low, span) => {
      const prng = new Prng(seed)
      return Array.from({ length: 20 }, () => prng.between(low, low + span)).every(n => n >= low && n <= low + span)
    }),
  )
  const prng = new Prng('coverage')
  t.equal(new Set(Array.from({ length: 500 }, () => prng.below(10))).size, 10)
  const units = Array.from({ length: 1000 }, () => prng.unit())
  t.ok(units.every(unit => unit >= 0 && unit < 1))
  const shuffled = prng.shuffle([1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.same(
    shuffled.toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
  t.equal(Array.from({ length: 300 }, () => prng.chance(1, 3)).filter(Boolean).length > 60, true)
  t.throws(() => prng.below(0), /below\(0\)/)
  t.end()
})

t.test('errors carry code and exit code, and describe their causes in one line', t => {
  const error = new CodedError('CHURN_X', 'the file cannot be read', {
    cause: new Error('EACCES'),
    exitCode: ExitCode.usage,
  })
  t.match(error, { code: 'CHURN_X', exitCode: 2, message: 'the file cannot be read' })
  t.equal(describeError(error), 'the file cannot be read: EACCES')
  t.equal(describeError('text'), 'text')
  t.throws(() => assert(false, () => 'broken promise'), /broken promise/)
  t.end()
})

t.test('growable arrays keep what was pushed', t => {
  fc.assert(
    fc.property(fc.array(fc.double()), values => {
      const floats = new GrowableFloat64(1)
      for (const value of values) floats.push(value)
      return floats.length === values.length && floats.view().every((value, i) => Object.is(value, values[i]))
    }),
  )
  const words = new GrowableUint32(1)
  for (let i = 0; i < 100; i++) words.push(i)
  t.same([...words.view()], [...Array(100).keys()])
  words.clear()
  t.equal(words.length, 0)
  const floats = new GrowableFloat64(2)
  t.equal(floats.extend(5), 0)
  t.equal(floats.extend(3), 5)
  t.equal(floats.length, 8)
  t.end()
})
