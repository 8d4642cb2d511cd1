import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import t from 'tap'
import { Labels, Matcher, type MatchType } from '../../../scraper/model/index.ts'
import { openStorage, type HeadStorage } from '../../../scraper/tsdb/index.ts'
import { appendValue, contentOf, ModelStore, newClock, STALE, type Value, withDir } from './support.ts'

const SERIES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((pod, i) =>
  Labels.fromRecord({ __name__: i % 2 === 0 ? 'up' : 'requests_total', pod, ...(i < 3 ? { zone: `z${i}` } : {}) }),
)

const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 50 }) },
  fc.constantFrom<Value>(STALE, NaN, -0, 0, Infinity, -Infinity, 1.5),
  fc.double(),
)
const sample = fc.record({
  series: fc.nat(SERIES.length - 1),
  // Mostly on; sometimes the same instant again, sometimes back, sometimes over the end of a chunk's range.
  stepMs: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -20_000, max: -1 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 7_200_000 }) },
  ),
  value,
})
const matcher = fc
  .tuple(
    fc.constantFrom<MatchType>('=', '!=', '=~', '!~'),
    fc.constantFrom('__name__', 'pod', 'zone', 'absent'),
    fc.constantFrom('up', 'a', 'z1', '', 'a|b|z2', '.*', '.+', '[a-d]', 'u.*|.*_total'),
  )
  .map(([type, name, text]) => new Matcher(type, name, text))

type Command =
  | {
      readonly type: 'batch'
      readonly samples: readonly { series: number; stepMs: number; value: Value }[]
      readonly keep: boolean
    }
  /** One series, many samples: whole chunks. */
  | {
      readonly type: 'run'
      readonly series: number
      readonly count: number
      readonly stepMs: number
      readonly seed: number
    }
  | { readonly type: 'select'; readonly matchers: readonly Matcher[]; readonly from: number; readonly to: number }
  | { readonly type: 'sweep' }
  | { readonly type: 'reopen' }

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.array(sample, { minLength: 1, maxLength: 30 }), fc.integer({ min: 0, max: 4 }))
      .map(([samples, keep]) => ({ type: 'batch', samples, keep: keep > 0 }) as const),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(SERIES.length - 1), fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 30_000 }), fc.nat())
      .map(([series, count, stepMs, seed]) => ({ type: 'run', series, count, stepMs, seed }) as const),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.array(matcher, { maxLength: 3 }), fc.nat(1000), fc.nat(1000))
      .map(([matchers, a, b]) => ({ type: 'select', matchers, from: Math.min(a, b), to: Math.max(a, b) }) as const),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'sweep' } as const) },
  { weight: 2, arbitrary: fc.constant({ type: 'reopen' } as const) },
)

async function play(commands: readonly Command[], dir: string | undefined): Promise<void> {
  const clock = newClock()
  const open = (): Promise<HeadStorage> =>
    openStorage(clock, {
      ...(dir === undefined ? {} : { dir }),
      walSync: 'never',
      walSegmentBytes: 2048,
      retentionMs: Infinity,
      appendWindowMs: Infinity,
      idleMs: 60_000,
      sweepIntervalMs: 1000,
    })
  let storage = await open()
  const model = new ModelStore()
  const startMs = clock.unixMs()
  const nowMs = new Map<number, number>()
  let endMs = startMs
  const timeOf = (series: number, stepMs: number): number => {
    const tMs = (nowMs.get(series) ?? startMs) + stepMs
    if (stepMs > 0) nowMs.set(series, tMs)
    endMs = Math.max(endMs, tMs)
    return tMs
  }

  for (const step of commands) {
    if (step.type === 'batch') {
      const appender = storage.appender()
      for (const { series, stepMs, value } of step.samples) {
        const labels = SERIES[series]!
        const tMs = timeOf(series, stepMs)
        model.create(labels)
        const status = appendValue(appender, appender.series(labels), tMs, value)
        assert.equal(status, model.append(labels, tMs, value))
      }
      const before = model.content()
      assert.deepEqual(await contentOf(storage), before, 'nothing is visible before the commit')
      if (step.keep) {
        appender.commit()
        model.commit()
      } else {
        appender.rollback()
        model.rollback()
      }
    } else if (step.type === 'run') {
      const labels = SERIES[step.series]!
      model.create(labels)
      const appender = storage.appender()
      const ref = appender.series(labels)
      for (let i = 0; i < step.count; i++) {
        const tMs = timeOf(step.series, step.stepMs + ((step.seed >>> (i % 16)) & 1))
        const value: Value = i % 50 === 49 ? STALE : (step.seed % 1000) + i * ((step.seed & 7) / 8)
        assert.equal(appendValue(appender, ref, tMs, value), model.append(labels, tMs, value))
      }
      appender.commit()
      model.commit()
    } else if (step.type === 'select') {
      const span = endMs - startMs
      const from = startMs + Math.floor((span * step.from) / 1000)
      const to = startMs + Math.floor((span * step.to) / 1000)
      assert.deepEqual(
        await contentOf(storage, step.matchers, from, to),
        model.content(step.matchers, from, to),
        step.matchers.join(','),
      )
    } else if (step.type === 'sweep') {
      await clock.advanceAsync(1000)
    } else if (dir !== undefined) {
      await storage.close()
      storage = await open()
      assert.deepEqual(storage.replay.damage, [])
      assert.equal(storage.replay.samplesWithoutSeries, 0)
    }
  }
  assert.deepEqual(await contentOf(storage), model.content())
  await storage.close()
}

void t.test('in memory it does what a map of lists does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), commands => play(commands, undefined)),
    { numRuns: 150 },
  )
})

void t.test('with a log it does the same across restarts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), commands =>
      withDir(dir => play(commands, dir)),
    ),
    { numRuns: 100 },
  )
})
