import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import * as fc from 'fast-check'
import t from 'tap'
import { Labels } from '../../../scraper/model/index.ts'
import { openStorage, type HeadStorage, type StorageOptions } from '../../../scraper/tsdb/index.ts'
import { appendValue, contentOf, ModelStore, newClock, STALE, type Value, withDir } from './support.ts'

const clock = newClock()
const OPTIONS: StorageOptions = { walSync: 'never', walSegmentBytes: 400, retentionMs: Infinity }

function open(dir: string): Promise<HeadStorage> {
  return openStorage(clock, { ...OPTIONS, dir })
}

/** A commit: how large each segment was behind it, and what it added. */
interface Commit {
  readonly sizes: ReadonlyMap<string, number>
  readonly samples: readonly { readonly series: string; readonly sample: string }[]
}

function walSizes(dir: string): Map<string, number> {
  const wal = path.join(dir, 'wal')
  return new Map(
    fs
      .readdirSync(wal)
      .sort()
      .map(name => [name, fs.statSync(path.join(wal, name)).size]),
  )
}

const schedule = fc.array(
  fc.record({
    targets: fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }),
    value: fc.constantFrom<Value>(0, 1, 2.5, -0, NaN, STALE, 1e300),
    end: fc.constantFrom('commit', 'commit', 'commit', 'commit', 'rollback', 'reopen'),
  }),
  { minLength: 3, maxLength: 40 },
)
const harm = fc.record({
  type: fc.constantFrom('cut', 'flip', 'zeros'),
  file: fc.nat(1000),
  at: fc.nat(1_000_000),
  bit: fc.nat(7),
})

void t.test('a log cut or flipped anywhere: nothing wrong, nothing before it lost, and the loss is told', async () => {
  await fc.assert(
    fc.asyncProperty(schedule, harm, (steps, harm) =>
      withDir(async dir => {
        let storage = await open(dir)
        const model = new ModelStore()
        const commits: Commit[] = []
        let nowMs = clock.unixMs()
        for (const { targets, value, end } of steps) {
          nowMs += 15_000
          const appender = storage.appender()
          const added: { series: string; sample: string }[] = []
          for (const target of targets) {
            const labels = Labels.fromRecord({ __name__: 'up', pod: `pod-${target}` })
            model.create(labels)
            const tMs = nowMs + target
            appendValue(appender, appender.series(labels), tMs, value)
            if (model.append(labels, tMs, value) === 0) added.push({ series: labels.toString(), sample: `${tMs}` })
          }
          if (end === 'rollback') {
            appender.rollback()
            model.rollback()
            continue
          }
          appender.commit()
          model.commit()
          commits.push({ sizes: walSizes(dir), samples: added })
          if (end === 'reopen') {
            await storage.close()
            storage = await open(dir)
          }
        }
        await storage.close()
        if (commits.length === 0) return

        const names = [...walSizes(dir).keys()]
        const name = names[harm.file % names.length]!
        const file = path.join(dir, 'wal', name)
        const bytes = fs.readFileSync(file)
        const at = harm.at % bytes.length
        if (harm.type === 'cut') fs.truncateSync(file, at)
        else if (harm.type === 'flip') {
          bytes[at]! ^= 1 << harm.bit
          fs.writeFileSync(file, bytes)
        } else fs.writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(1 + (harm.at % 100))]))
        const goodUntil = harm.type === 'zeros' ? bytes.length : at

        storage = await open(dir)
        const content = await contentOf(storage)
        const truth = model.content()
        for (const [series, samples] of content) {
          const known = new Set(truth.get(series))
          for (const sample of samples) assert.ok(known.has(sample), `${series} ${sample} was never committed`)
        }
        for (const { sizes, samples } of commits) {
          const [last] = [...sizes.keys()].slice(-1)
          if (last! > name || (last === name && sizes.get(name)! > goodUntil)) break
          for (const { series, sample } of samples) {
            assert.ok(
              content.get(series)?.some(text => text.startsWith(`${sample}=`)),
              `${series} ${sample} was committed before the damage`,
            )
          }
        }
        const boundary = at === 0 || at === 20 || commits.some(commit => commit.sizes.get(name) === at)
        // A cut between two records of one commit leaves the series without their samples: no record is broken.
        if (harm.type !== 'cut') assert.equal(storage.replay.damage.length, 1)
        else if (storage.replay.damage.length === 0) assert.ok(boundary || isRecordBoundary(bytes, at))
        for (const { lostBytes, offsetBytes } of storage.replay.damage)
          assert.ok(lostBytes > 0 && offsetBytes <= at + 1 + bytes.length)

        // It goes on: what comes now stays, and the damage is not found again.
        nowMs += 3_600_000
        const appender = storage.appender()
        const labels = Labels.fromRecord({ __name__: 'after', pod: 'pod-0' })
        appender.append(appender.series(labels), nowMs, 42)
        appender.append(appender.series(Labels.fromRecord({ __name__: 'up', pod: 'pod-0' })), nowMs, 43)
        appender.commit()
        const before = await contentOf(storage)
        await storage.close()
        storage = await open(dir)
        assert.deepEqual(storage.replay.damage, [])
        assert.deepEqual(await contentOf(storage), before)
        await storage.close()
      }),
    ),
    { numRuns: 150 },
  )
})

function isRecordBoundary(bytes: Buffer, at: number): boolean {
  let end = 20
  while (end < at) end += 9 + bytes.readUInt32LE(end + 1)
  return end === at
}

void t.test('a lost segment is told once, and costs only its own samples and series', async t => {
  await withDir(async dir => {
    let storage = await open(dir)
    let nowMs = clock.unixMs()
    const up = Labels.fromRecord({ __name__: 'up' })
    for (let i = 0; i < 100; i++) {
      const appender = storage.appender()
      nowMs += 1000
      appender.append(appender.series(up), nowMs, Math.sqrt(i))
      appender.commit()
    }
    await storage.close()
    const names = [...walSizes(dir).keys()]
    t.ok(names.length > 3)
    fs.rmSync(path.join(dir, 'wal', names[2]!))
    storage = await open(dir)
    t.match(storage.replay.damage, [{ file: path.join(dir, 'wal', names[2]!), reason: /1 segments are missing/ }])
    const samples = (await contentOf(storage)).get('up')!
    t.ok(samples.length > 50 && samples.length < 100)
    await storage.close()
    storage = await open(dir)
    t.same(storage.replay.damage, [])
    t.same((await contentOf(storage)).get('up'), samples)
    await storage.close()
  })
})

void t.test('series whose definition was lost are counted, and their numbers never mean others', async t => {
  await withDir(async dir => {
    let storage = await open(dir)
    let nowMs = clock.unixMs()
    const append = (labels: Labels, value: number): void => {
      const appender = storage.appender()
      nowMs += 1000
      appender.append(appender.series(labels), nowMs, value)
      appender.commit()
    }
    const lost = Labels.fromRecord({ __name__: 'lost', filler: 'x'.repeat(400) })
    append(lost, 1)
    for (let i = 0; i < 10; i++) append(lost, 2 + i)
    await storage.close()
    const [first] = walSizes(dir).keys()
    fs.truncateSync(path.join(dir, 'wal', first!), 20 + 50)
    storage = await open(dir)
    t.equal(storage.replay.samplesWithoutSeries, 10)
    t.equal(storage.replay.damage.length, 1)
    t.same([...(await contentOf(storage))], [])
    t.ok(storage.appender().series(Labels.fromRecord({ __name__: 'other' })) > 1, 'number 1 is in the log still')
    append(Labels.fromRecord({ __name__: 'other' }), 7)
    await storage.close()
    storage = await open(dir)
    t.equal((await contentOf(storage)).get('other')!.length, 1)
    await storage.close()
  })
})
