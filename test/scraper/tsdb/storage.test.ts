import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { Labels, Matcher } from '../../../scraper/model/index.ts'
import { AppendStatus } from '../../../scraper/storage/interfaces.ts'
import { openStorage, type HeadStorage, StorageError } from '../../../scraper/tsdb/index.ts'
import { WalError } from '../../../scraper/wal/index.ts'
import { bitsOf, contentOf, newClock, STALE, withDir } from './support.ts'

const up = Labels.fromRecord({ __name__: 'up', pod: 'a' })
const HOUR_MS = 3_600_000

function put(storage: HeadStorage, labels: Labels, tMs: number, value: number): AppendStatus {
  const appender = storage.appender()
  const status = appender.append(appender.series(labels), tMs, value)
  appender.commit()
  return status
}

void t.test('append rules', async t => {
  const clock = newClock()
  const storage = await openStorage(clock, { appendWindowMs: HOUR_MS })
  const nowMs = clock.unixMs()
  t.equal(put(storage, up, nowMs, 1), AppendStatus.ok)
  t.equal(put(storage, up, nowMs, 1), AppendStatus.ok, 'the same again')
  t.equal(put(storage, up, nowMs, 2), AppendStatus.duplicate)
  t.equal(put(storage, up, nowMs - 1, 1), AppendStatus.outOfOrder)
  t.equal(put(storage, Labels.fromRecord({ pod: 'b' }), nowMs - HOUR_MS, 1), AppendStatus.ok)
  t.equal(put(storage, Labels.fromRecord({ pod: 'c' }), nowMs - HOUR_MS - 1, 1), AppendStatus.tooOld)
  t.equal(put(storage, up, 2 ** 53, 1), AppendStatus.tooOld)
  t.equal(storage.appender().append(12_345, nowMs, 1), AppendStatus.unknownSeries)
  t.equal(storage.appender().append(0, nowMs, 1), AppendStatus.unknownSeries)
  t.throws(() => put(storage, up, nowMs + 0.5, 1), /whole number/)
  t.throws(() => put(storage, Labels.empty, nowMs, 1), /needs a label/)

  const appender = storage.appender()
  const ref = appender.series(up)
  t.equal(appender.append(ref, nowMs + 1, 0), AppendStatus.ok)
  t.equal(appender.append(ref, nowMs + 1, -0), AppendStatus.duplicate, 'bits decide')
  t.equal(appender.append(ref, nowMs + 2, NaN), AppendStatus.ok)
  t.equal(appender.append(ref, nowMs + 2, NaN), AppendStatus.ok)
  t.equal(appender.appendStale(ref, nowMs + 2), AppendStatus.duplicate, 'a marker is not just any NaN')
  t.equal(appender.append(ref, nowMs + 1, 0), AppendStatus.outOfOrder, 'within one batch')
  appender.rollback()
  t.throws(() => appender.append(ref, nowMs + 5, 1), /ended/)
  t.throws(() => appender.commit(), /ends once/)
  t.equal(put(storage, up, nowMs + 1, 5), AppendStatus.ok, 'rolled back')
  t.match(storage.stats(), { series: 3, samplesAppended: 3, outOfOrderSamples: 2, seriesCreated: 3, maxMs: nowMs + 1 })
  await storage.close()
})

void t.test('two appenders on one series: the second to commit finds its sample too old, and says so', async t => {
  const storage = await openStorage(newClock())
  const first = storage.appender()
  const second = storage.appender()
  const ref = first.series(up)
  t.equal(first.append(ref, 1000, 1), AppendStatus.ok)
  t.equal(second.append(ref, 2000, 2), AppendStatus.ok)
  second.commit()
  first.commit()
  t.same([...(await contentOf(storage)).values()], [[`2000=${bitsOf(2)}`]])
  t.match(storage.stats(), { samplesAppended: 1, outOfOrderSamples: 1 })
})

void t.test('stale markers keep their bits through chunks and log', async t => {
  await withDir(async dir => {
    let storage = await openStorage(newClock(), { dir, retentionMs: Infinity })
    const appender = storage.appender()
    const ref = appender.series(up)
    const expected: string[] = []
    for (let i = 0; i < 300; i++) {
      if (i % 3 === 0) appender.appendStale(ref, i)
      else appender.append(ref, i, i % 3 === 1 ? NaN : i)
      expected.push(`${i}=${bitsOf(i % 3 === 0 ? STALE : i % 3 === 1 ? NaN : i)}`)
    }
    appender.commit()
    t.same((await contentOf(storage)).get(up.toString()), expected)
    await storage.close()
    storage = await openStorage(newClock(), { dir, retentionMs: Infinity })
    t.same((await contentOf(storage)).get(up.toString()), expected)
    t.match(storage.replay, { samples: 300, series: 1, damage: [] })
    await storage.close()
  })
})

void t.test('retention drops chunks, series and old segments; what lives is known after a restart', async t => {
  await withDir(async dir => {
    const clock = newClock()
    const options = { dir, retentionMs: 4 * HOUR_MS, walSegmentBytes: 4096, sweepIntervalMs: 60_000 }
    let storage = await openStorage(clock, options)
    const labels = (pod: string): Labels => Labels.fromRecord({ __name__: 'up', job: 'api', pod })
    const startMs = clock.unixMs()
    let appender = storage.appender()
    const shortLived = appender.series(labels('short'))
    appender.append(shortLived, startMs, 1)
    appender.append(appender.series(labels('returns')), startMs, 1)
    const never = appender.series(labels('never'))
    appender.commit()
    const oldSet = await storage.querier(0, Infinity).select([new Matcher('=', 'pod', 'short')])
    t.equal(oldSet.length, 1)
    let oldName: string | undefined
    for (let i = 1; i <= 12 * 60; i++) {
      const nowMs = startMs + i * 60_000
      appender = storage.appender()
      for (let k = 0; k < 10; k++) appender.append(appender.series(labels(`steady-${k}`)), nowMs, i * k)
      if (i === 10 * 60) {
        appender.append(appender.series(labels('returns')), nowMs, 2)
        t.equal(appender.append(shortLived, nowMs, 1), AppendStatus.unknownSeries)
        t.equal(appender.append(never, nowMs, 1), AppendStatus.unknownSeries)
      }
      appender.commit()
      await clock.advanceAsync(60_000)
      if (oldName === undefined && storage.stats().seriesRemoved > 1) oldName = oldSet.labelsAt(0).get('pod')
    }
    t.equal(oldName, 'short', 'a series that has just gone still has its labels')
    // A truncation takes what the disk takes; closing waits for it.
    await storage.close()
    storage = await openStorage(clock, options)
    t.same(storage.replay.damage, [])
    t.equal(storage.replay.samplesWithoutSeries, 0)
    await clock.advanceAsync(60_000)
    t.equal(storage.stats().series, 11)
    t.ok(storage.stats().minMs! >= startMs + 8 * HOUR_MS - 2 * HOUR_MS, 'whole chunks go')
    const before = await contentOf(storage)
    t.notOk(before.has(labels('short').toString()))
    await storage.close()
    const names = fs.readdirSync(path.join(dir, 'wal')).sort()
    t.ok(Number(names[0]) >= 4, 'old segments go')
    t.equal(names.filter(name => name.startsWith('checkpoint')).length, 1)

    storage = await openStorage(clock, options)
    t.same(storage.replay.damage, [])
    t.equal(storage.replay.samplesWithoutSeries, 0)
    const after = await contentOf(storage, [], startMs + 8 * HOUR_MS)
    for (const [series, samples] of after) {
      const recent = before.get(series)!.filter(text => Number(text.split('=')[0]) >= startMs + 8 * HOUR_MS)
      t.same(samples, recent, series)
    }
    t.equal(after.size, 11)
    t.same(put(storage, labels('returns'), startMs + 12 * HOUR_MS, 3), AppendStatus.ok)
    await storage.close()
    storage = await openStorage(clock, options)
    t.equal(
      (await contentOf(storage, [new Matcher('=', 'pod', 'returns')])).get(labels('returns').toString())!.length,
      2,
    )
    await storage.close()
  })
})

void t.test('a series that went and came back is one series after a restart, to the bit', async t => {
  await withDir(async dir => {
    const clock = newClock()
    const options = { dir, retentionMs: HOUR_MS, sweepIntervalMs: 60_000 }
    let storage = await openStorage(clock, options)
    const startMs = clock.unixMs()
    const other = Labels.fromRecord({ __name__: 'other' })
    put(storage, up, startMs, 5)
    put(storage, other, startMs + 3 * HOUR_MS, 1)
    await clock.advanceAsync(60_000)
    t.equal(storage.stats().seriesRemoved, 1)
    put(storage, up, startMs + 3 * HOUR_MS + 1, 7)
    put(storage, up, startMs + 3 * HOUR_MS + 2, 8)
    const expected = [`${startMs + 3 * HOUR_MS + 1}=${bitsOf(7)}`, `${startMs + 3 * HOUR_MS + 2}=${bitsOf(8)}`]
    for (let restart = 0; restart < 3; restart++) {
      await storage.close()
      storage = await openStorage(clock, options)
      t.match(storage.replay, { damage: [], samplesWithoutSeries: 0, series: 2 })
      const content = await contentOf(storage, [], startMs + HOUR_MS)
      t.same(content.get(up.toString()), expected)
      const nextMs = startMs + 3 * HOUR_MS + 10 + restart
      put(storage, up, nextMs, restart)
      expected.push(`${nextMs}=${bitsOf(restart)}`)
    }
    await storage.close()
  })
})

void t.test('label queries and statistics', async t => {
  const storage = await openStorage(newClock())
  put(storage, up, 1000, 1)
  put(storage, Labels.fromRecord({ __name__: 'requests_total', pod: 'b', code: '200' }), 2000, 1)
  const querier = storage.querier(0, 5000)
  t.same(await querier.labelNames([]), ['__name__', 'code', 'pod'])
  t.same(await querier.labelNames([new Matcher('=', '__name__', 'up')]), ['__name__', 'pod'])
  t.same(await querier.labelValues('pod', []), ['a', 'b'])
  t.same(await querier.labelValues('pod', [new Matcher('=~', 'code', '2..')]), ['b'])
  t.same(await storage.querier(3000, 5000).labelNames([]), [], 'nothing in that time')
  t.same(
    [...(await contentOf(storage, [], 1001, 1999)).keys()],
    [],
    'a series without a sample in the range is not selected',
  )
  t.match(storage.cardinality(1).seriesCountByMetricName, [{ value: 1 }])
  t.match(storage.stats(), { series: 2, chunks: 2, minMs: 1000, maxMs: 2000, labelPairs: 5, walBytes: 0 })
  t.ok(storage.memory().seriesBytes > 0)
})

void t.test('a full disk: the commit fails whole, and later ones succeed', async t => {
  await withDir(async dir => {
    const clock = newClock()
    let storage = await openStorage(clock, { dir, retentionMs: Infinity })
    put(storage, up, 1000, 1)
    const writeSync = fs.writeSync
    const fail = (code: string): void => {
      fs.writeSync = ((fd: number, bytes: Buffer, at: number, length: number, position: number) => {
        if (length > 3) return writeSync(fd, bytes, at, length >> 1, position)
        throw Object.assign(new Error(code), { code })
      }) as typeof fs.writeSync
    }
    try {
      for (const [code, expected] of [
        ['ENOSPC', 'CHURN_WAL_FULL'],
        ['EROFS', 'CHURN_WAL_DENIED'],
        ['EIO', 'CHURN_WAL_IO'],
      ] as const) {
        fail(code)
        const appender = storage.appender()
        appender.append(appender.series(Labels.fromRecord({ pod: code })), 2000, 2)
        appender.append(appender.series(up), 2000, 2)
        t.throws(() => appender.commit(), WalError)
        t.throws(() => put(storage, up, 2001, 2), { code: expected })
      }
    } finally {
      fs.writeSync = writeSync
    }
    t.same([...(await contentOf(storage)).values()], [[`1000=${bitsOf(1)}`]])
    t.equal(storage.stats().series, 4)
    t.equal(put(storage, up, 3000, 3), AppendStatus.ok)
    const content = await contentOf(storage)
    await storage.close()
    storage = await openStorage(clock, { dir, retentionMs: Infinity })
    t.same(storage.replay.damage, [])
    t.same(await contentOf(storage), content)
    await storage.close()
  })
})

void t.test('a data directory that cannot be used is told plainly', async t => {
  await withDir(async dir => {
    const file = path.join(dir, 'file')
    fs.writeFileSync(file, '')
    for (const target of [file, path.join(file, 'below')]) {
      const error = await openStorage(newClock(), { dir: target }).then(
        () => undefined,
        (error: unknown) => error,
      )
      t.ok(error instanceof StorageError)
      t.match(error, { code: 'CHURN_TSDB_DIR', exitCode: 2 })
    }
    if (process.getuid?.() !== 0) {
      const closed = path.join(dir, 'closed')
      fs.mkdirSync(closed, { mode: 0o500 })
      await t.rejects(openStorage(newClock(), { dir: closed }), { code: 'CHURN_TSDB_DENIED', exitCode: 2 })
    } else t.comment('not tested: root may write everywhere')
  })
})

const MODULES = {
  tsdb: new URL('../../../scraper/tsdb/index.js', import.meta.url).href,
  model: new URL('../../../scraper/model/index.js', import.meta.url).href,
  base: new URL('../../../base/index.js', import.meta.url).href,
}

/** A real process that opens `dir` and then does as `body` says. It prints a line whenever there is something to wait for. */
function child(dir: string, body: string): { readonly process: ChildProcess; readonly lines: AsyncIterator<string> } {
  const script = `
    import { openStorage } from '${MODULES.tsdb}'
    import { Labels } from '${MODULES.model}'
    import { SystemClock } from '${MODULES.base}'
    const say = text => process.stdout.write(text + '\\n')
    try {
      const storage = await openStorage(new SystemClock(), { dir: ${JSON.stringify(dir)}, retentionMs: Infinity })
      say('open')
      ${body}
    } catch (error) { say(error.code + ' ' + error.exitCode) }`
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]()
  return { process: process_, lines }
}

void t.test('one process at a time; the lock of a killed one is taken over', async t => {
  await withDir(async dir => {
    const clock = newClock()
    const storage = await openStorage(clock, { dir })
    await t.rejects(openStorage(clock, { dir }), { code: 'CHURN_TSDB_LOCKED', exitCode: 2 }, 'the same process')
    const second = child(dir, '')
    t.equal((await second.lines.next()).value, 'CHURN_TSDB_LOCKED 2', 'another process')
    await once(second.process, 'exit')
    await storage.close()
    t.notOk(fs.existsSync(path.join(dir, 'lock')))

    const third = child(dir, 'process.stdin.resume()')
    t.equal((await third.lines.next()).value, 'open')
    await t.rejects(openStorage(clock, { dir }), { code: 'CHURN_TSDB_LOCKED' })
    third.process.kill('SIGKILL')
    await once(third.process, 'exit')
    t.ok(fs.existsSync(path.join(dir, 'lock')), 'left behind')
    await (await openStorage(clock, { dir })).close()

    // In a container every start may have the same pid, and it is ours.
    fs.writeFileSync(path.join(dir, 'lock'), JSON.stringify({ pid: process.pid, started: 'another boot/1' }))
    await (await openStorage(clock, { dir })).close()
    fs.writeFileSync(path.join(dir, 'lock'), 'not a lock')
    await (await openStorage(clock, { dir })).close()
    t.same(fs.readdirSync(dir), ['wal'])
  })
})

void t.test('kill -9 under ingest: what was acknowledged is there', async t => {
  await withDir(async dir => {
    let acknowledged = 0
    for (let round = 0; round < 3; round++) {
      const writer = child(
        dir,
        `for (let i = ${acknowledged}; ; i++) {
           const appender = storage.appender()
           for (let k = 0; k < 20; k++) appender.append(appender.series(Labels.fromRecord({ __name__: 'up', pod: 'p' + k })), 1000 + i, i * k)
           appender.commit()
           if (i % 50 === 0) { say(String(i)); await new Promise(resolve => setImmediate(resolve)) }
         }`,
      )
      await writer.lines.next()
      for (let lines = 0; lines < 5; lines++) acknowledged = Number((await writer.lines.next()).value)
      writer.process.kill('SIGKILL')
      await once(writer.process, 'exit')
      for (;;) {
        const line = await writer.lines.next()
        if (line.done === true) break
        acknowledged = Number(line.value)
      }
      const storage = await openStorage(newClock(), { dir, retentionMs: Infinity })
      const content = await contentOf(storage)
      t.equal(content.size, 20)
      for (let k = 0; k < 20; k++) {
        const samples = content.get(`up{pod="p${k}"}`)!
        const expected = samples.map((_, i) => `${1000 + i}=${bitsOf(i * k)}`)
        t.ok(samples.length > acknowledged)
        t.same(samples, expected)
        if (k === 19) acknowledged = samples.length
      }
      await storage.close()
    }
  })
})
