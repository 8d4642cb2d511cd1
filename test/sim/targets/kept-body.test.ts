// A body that is changed in place is, after every scrape, byte for byte the one that would be written anew.
import * as fc from 'fast-check'
import t from 'tap'
import { expositionOf } from '../../../sim/targets/exposition-format.ts'
import { ExpositionTemplate, type Family } from '../../../sim/targets/exposition-template.ts'
import { HEAD_ROOM, TextBody, TextShape } from '../../../sim/targets/text-body.ts'

const own: Family = { name: 'own_total', help: '', type: 'counter', samples: [{}] }

function families(decimals: readonly number[]): Family[] {
  return [
    {
      name: 'a',
      help: 'x',
      type: 'gauge',
      samples: decimals.map((decimals, i) => ({ labels: { i: `${i}` }, decimals })),
    },
    {
      name: 'b_seconds',
      help: 'y',
      type: 'histogram',
      samples: [
        { suffix: '_bucket', labels: { le: '1' }, exemplar: { idLabel: 'trace_id', decimals: 2 } },
        { suffix: '_bucket', labels: { le: '+Inf' }, exemplar: { idLabel: 'trace_id', labels: { from: 'test' } } },
        { suffix: '_sum', decimals: 3 },
        { suffix: '_count' },
      ],
    },
  ]
}

const mantissas = fc.oneof(
  fc.nat(12),
  fc.integer({ min: -200, max: 2000 }),
  fc.maxSafeInteger(),
  fc.constantFrom(NaN, Infinity, -Infinity, 0, 9, 10, 99_999_999, 2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER),
)
const ids = fc.oneof(fc.constant(NaN), fc.maxSafeNat())
const CREATED_MS = 1_767_225_600_123

interface Case {
  readonly decimals: readonly number[]
  readonly rows: readonly Float64Array[]
}

const cases: fc.Arbitrary<Case> = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 })
  .chain(decimals => {
    const samples = fc.array(mantissas, { minLength: decimals.length + 5, maxLength: decimals.length + 5 })
    const exemplar = fc.tuple(ids, fc.nat(100_000), fc.integer({ min: 1, max: 2e12 }))
    const row = fc
      .tuple(samples, exemplar, exemplar)
      .map(([values, a, b]) => Float64Array.from([...values, ...a, ...b]))
    return fc.array(row, { minLength: 2, maxLength: 6 }).map(rows => ({ decimals, rows }))
  })

for (const format of ['text-0.0.4', 'openmetrics-1.0.0'] as const) {
  void t.test(`${format}: any values after any others`, async t => {
    const exposition = expositionOf(format, 'allow-utf-8', { created: true, native: false })
    fc.assert(
      fc.property(cases, ({ decimals, rows }) => {
        const layouts = [[own], families(decimals)].map(all => new ExpositionTemplate(all).text(exposition))
        const shape = new TextShape(layouts, [0, 1], format !== 'text-0.0.4')
        const body = new TextBody(shape)
        const fresh = Buffer.alloc(shape.bytesMax)
        for (const [i, row] of rows.entries()) {
          const before = body.stableVersion
          const heldMemory = body.memory
          const held = heldMemory.toString('latin1', HEAD_ROOM, body.end)
          const heldEnd = body.end
          if (i % 3 === 2) body.hold()
          body.update(row, CREATED_MS)
          const written = fresh.toString('utf8', 0, shape.write(fresh, 0, row, CREATED_MS))
          if (body.memory.toString('utf8', HEAD_ROOM, body.end) !== written) return false
          if (i % 3 === 2 && heldMemory.toString('latin1', HEAD_ROOM, heldEnd) !== held) return false
          if (body.end > body.memory.length) return false
          // The part that all but the first template make begins where it says, and its version tells of every change.
          const stable = body.memory.toString('utf8', body.stableFrom, body.end)
          if (!stable.startsWith('# HELP a x')) return false
          body.update(row, CREATED_MS)
          const isSame = body.memory.toString('utf8', body.stableFrom, body.end) === stable
          if (!isSame || body.stableVersion <= before) return i === 0 || isSame
        }
        return true
      }),
      { numRuns: 400 },
    )
    t.pass('all the same')
  })
}

void t.test('the stable part has another version only when it changed', async t => {
  const exposition = expositionOf('text-0.0.4', 'allow-utf-8', { created: false, native: false })
  const layouts = [[own], families([0, 2])].map(all => new ExpositionTemplate(all).text(exposition))
  const body = new TextBody(new TextShape(layouts, [0, 1], false))
  const row = Float64Array.of(8, 1, 250, 1, 2, 3, 4)
  const versions: number[] = []
  for (const change of [() => {}, () => (row[0] = 9), () => (row[0] = 10), () => (row[2] = 251), () => (row[1] = 22)]) {
    change()
    body.update(row, NaN)
    versions.push(body.stableVersion)
  }
  t.same(versions, [1, 1, 1, 2, 3], 'a longer number of the scrape moves it and changes nothing')
})
