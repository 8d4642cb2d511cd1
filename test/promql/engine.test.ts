import * as fc from 'fast-check'
import t from 'tap'
import { SystemClock, VirtualClock } from '../../base/index.ts'
import { Labels } from '../../scraper/model/index.ts'
import { QueryEngine, type QueryResult } from '../../scraper/promql/index.ts'
import { MemoryStorage, type TestSample } from './memory-storage.ts'

function storageOf(series: Readonly<Record<string, readonly TestSample[]>>, stepMs = 1000): MemoryStorage {
  const storage = new MemoryStorage()
  for (const [name, samples] of Object.entries(series)) {
    const labels = Labels.fromRecord({ __name__: 'm', s: name })
    for (const [i, sample] of samples.entries()) storage.add(labels, i * stepMs, sample)
  }
  return storage
}

function manySeries(count: number): MemoryStorage {
  return storageOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`s${i}`, [1, 2, 3, 4]])))
}

void t.test('one select per selector, however many steps', async t => {
  const storage = storageOf({ a: [1, 2, 3, 4, 5] })
  const engine = new QueryEngine(new VirtualClock())
  await engine.range(storage, 'rate(m[3s]) + m', 0, 4000, 100)
  t.equal(storage.selects, 2)
  await engine.range(storage, 'm @ 3 + m', 0, 4000, 100)
  t.equal(storage.selects, 4)
})

void t.test('windows agree with the plain definition, for any samples, range, step and offset', async t => {
  const sample = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -5, max: 5 }) },
    fc.constant<TestSample>('stale'),
    fc.constant(NaN),
  )
  const engine = new QueryEngine(new VirtualClock())
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), sample), { maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: -5, max: 5 }),
      async (pairs, rangeS, stepS, offsetS) => {
        const storage = new MemoryStorage()
        const labels = Labels.fromRecord({ __name__: 'm' })
        const stored = new Map<number, TestSample>(pairs)
        for (const [second, value] of stored) storage.add(labels, second * 1000, value)
        const sorted = [...stored].toSorted(([a], [b]) => a - b)
        const offset = `offset ${offsetS}s`
        const counts = await engine.range(storage, `count_over_time(m[${rangeS}s] ${offset})`, 0, 70_000, stepS * 1000)
        const lasts = await engine.range(storage, `m ${offset}`, 0, 70_000, stepS * 1000, { lookbackMs: rangeS * 1000 })
        const countAt = points(counts)
        const lastAt = points(lasts)
        for (let now = 0; now <= 70; now += stepS) {
          const end = now - offsetS
          const inside = sorted.filter(([second]) => second > end - rangeS && second <= end)
          const count = inside.filter(([, value]) => value !== 'stale').length
          const last = inside.at(-1)?.[1]
          const same = (got: number | undefined, want: TestSample | undefined): boolean =>
            want === undefined || want === 'stale' ? got === undefined : Object.is(got, want)
          if ((countAt.get(now) ?? 0) !== count) throw new Error(`count at ${now}: ${countAt.get(now)} not ${count}`)
          if (!same(lastAt.get(now), last)) throw new Error(`last at ${now}: ${lastAt.get(now)} not ${String(last)}`)
        }
      },
    ),
    { numRuns: 300 },
  )
  t.pass('in 300 random storages')
})

void t.test('aggregations agree with the plain definition where series come and go', async t => {
  const engine = new QueryEngine(new VirtualClock())
  const row = fc.array(fc.option(fc.integer({ min: -100, max: 100 })), { minLength: 5, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 6 }), async rows => {
      const storage = new MemoryStorage()
      for (const [i, cells] of rows.entries()) {
        const labels = Labels.fromRecord({ __name__: 'm', i: String(i), parity: String(i % 2) })
        for (const [second, value] of cells.entries()) storage.add(labels, second * 1000, value ?? 'stale')
      }
      for (const [op, fold] of [
        ['sum', (v: number[]) => v.reduce((a, b) => a + b, 0)],
        ['count', (v: number[]) => v.length],
        ['min', (v: number[]) => Math.min(...v)],
        ['max', (v: number[]) => Math.max(...v)],
      ] as const) {
        const result = await engine.range(storage, `${op} by (parity) (m)`, 0, 4000, 1000)
        for (const parity of [0, 1]) {
          const got = points(result, `parity`, String(parity))
          for (let second = 0; second < 5; second++) {
            const values = rows.flatMap((cells, i) => {
              const cell = cells[second]
              return i % 2 === parity && typeof cell === 'number' ? [cell] : []
            })
            const want = values.length === 0 ? undefined : fold(values)
            if (got.get(second) !== want) throw new Error(`${op} at ${second}: ${got.get(second)} not ${want}`)
          }
        }
      }
    }),
    { numRuns: 100 },
  )
  t.pass('in 100 random storages')
})

void t.test('a raw range has neither stale markers nor samples outside', async t => {
  const storage = storageOf({ a: [1, 'stale', NaN, 4, 5] })
  const { value } = await new QueryEngine(new VirtualClock()).instant(storage, 'm[3s]', 3000)
  if (value.type !== 'matrix') throw new Error(value.type)
  t.same([...value.series[0]!.tMs], [2000, 3000])
  t.same([...value.series[0]!.values], [NaN, 4])
})

void t.test('limits', async t => {
  void t.test('samples held', async t => {
    const engine = new QueryEngine(new VirtualClock(), { maxSamples: 20 })
    await t.rejects(engine.range(manySeries(10), 'm', 0, 3000, 1000), {
      kind: 'execution',
      message: 'query processing would load too many samples into memory in query execution',
    })
    const small = await engine.range(manySeries(5), 'm', 0, 3000, 1000)
    t.equal(small.stats.peakSamples, 20)
    t.equal(small.stats.totalSamples, 20)
  })

  void t.test('time, also within one selector', async t => {
    // A clock that moves by a second whenever it is looked at.
    let looks = 0n
    const clock = { unixMs: () => 0, monotonicNs: () => looks++ * 1_000_000_000n, schedule: () => ({ cancel() {} }) }
    const engine = new QueryEngine(clock, { timeoutMs: 5000 })
    await t.rejects(engine.instant(manySeries(500), 'sum(m)', 3000), {
      kind: 'timeout',
      message: /^query timed out in expression evaluation/,
    })
  })

  void t.test('a client that goes away', async t => {
    const engine = new QueryEngine(new SystemClock({ unref: true }))
    const controller = new AbortController()
    controller.abort()
    await t.rejects(engine.instant(manySeries(1), 'm', 3000, { signal: controller.signal }), /was canceled/)
  })

  void t.test('queries at once', async t => {
    const engine = new QueryEngine(new VirtualClock(), { maxConcurrency: 1 })
    const slow = new MemoryStorage()
    let go = (): void => {}
    const gate = new Promise<void>(resolve => (go = resolve))
    const held = {
      querier: (minMs: number, maxMs: number) => ({
        ...slow.querier(minMs, maxMs),
        select: async () => {
          await gate
          return slow.querier(minMs, maxMs).select([])
        },
      }),
    }
    const first = engine.instant(held, 'm', 0)
    const second = engine.instant(slow, '1', 0)
    const quitter = new AbortController()
    const third = engine.instant(slow, '2', 0, { signal: quitter.signal })
    quitter.abort()
    await t.rejects(third, /was canceled/)
    t.equal(engine.stats().running, 1)
    go()
    await first
    t.match(await second, { value: { value: 1 } })
    t.equal(engine.stats().running, 0)
  })
})

void t.test('a range query without steps, an empty storage, and a type that has no range', async t => {
  const engine = new QueryEngine(new VirtualClock())
  t.match(await engine.range(new MemoryStorage(), 'sum(rate(m[5m]))', 0, 0, 1000), { value: { series: [] } })
  t.match(await engine.range(new MemoryStorage(), 'vector(1)', 5, 0, 1000), { value: { series: [] } })
  await t.rejects(engine.range(new MemoryStorage(), 'm[5m]', 0, 1, 1), {
    kind: 'bad_data',
    message: 'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
  })
})

/** Seconds → value of the series (of the one whose `label` is `value`). */
function points({ value }: QueryResult, label = '', wanted = ''): Map<number, number> {
  if (value.type !== 'matrix') throw new Error(value.type)
  const series = value.series.find(({ labels }) => label === '' || labels.get(label) === wanted)
  return new Map(series === undefined ? [] : Array.from(series.tMs, (t, i) => [t / 1000, series.values[i]!]))
}
