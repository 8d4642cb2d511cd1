import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import * as fc from 'fast-check'
import t from 'tap'
import { VirtualClock } from '../../../base/index.ts'
import { Labels } from '../../../scraper/model/index.ts'
import { ByteReader } from '../../../scraper/wal/byte-reader.ts'
import { ByteWriter } from '../../../scraper/wal/byte-writer.ts'
import { crc32c } from '../../../scraper/wal/crc32c.ts'
import {
  type ByteReader as Payload,
  decodeSamples,
  decodeSeries,
  type LoggedSeries,
  type LogVisitor,
  replayLog,
  SampleBatch,
  Wal,
  type WalSync,
} from '../../../scraper/wal/index.ts'
import { encodeSamples } from '../../../scraper/wal/samples-payload.ts'
import { encodeSeries } from '../../../scraper/wal/series-payload.ts'
import { segmentHeader } from '../../../scraper/wal/segment-format.ts'

const word = fc.integer({ min: 0, max: 0xffff_ffff })
const sample = fc.record({
  ref: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 0xffff_fffd })),
  tMs: fc.oneof(fc.constant(1_700_000_000_000), fc.integer({ min: -(2 ** 51), max: 2 ** 51 })),
  words: fc.oneof(fc.constant([0, 0] as const), fc.tuple(fc.constant(0), word), fc.tuple(word, word)),
  base: fc.oneof(fc.constant([0, 0] as const), fc.tuple(word, word)),
})

void t.test('sample payloads give back refs, times and words', async () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60 }), fc.boolean(), (samples, neighbours) => {
      const batch = new SampleBatch(1)
      const bases = new Uint32Array(samples.length * 2)
      samples.forEach(({ ref, tMs, words, base }, i) => {
        batch.push(neighbours ? 7 + i : ref, tMs)
        batch.words.set(words, 2 * i)
        bases.set(base, 2 * i)
      })
      const out = new ByteWriter(1)
      encodeSamples(out, batch, bases)
      const back = new SampleBatch(1)
      back.push(99, 99)
      const reader = new ByteReader(out.bytes, 0, out.length)
      decodeSamples(reader, back)
      assert.equal(reader.left, 0)
      assert.equal(back.length, samples.length)
      for (let i = 0; i < samples.length; i++) {
        assert.equal(back.refs.array[i], batch.refs.array[i])
        assert.equal(back.tMs[i], batch.tMs[i])
        for (const k of [2 * i, 2 * i + 1]) assert.equal((back.words[k]! ^ bases[k]!) >>> 0, batch.words[k])
      }
    }),
    { numRuns: 500 },
  )
})

void t.test('a steady scrape costs next to nothing in the log', async t => {
  const batch = new SampleBatch()
  for (let i = 0; i < 1000; i++) batch.values[batch.push(5000 + i, 1_700_000_000_000)] = i
  const out = new ByteWriter()
  encodeSamples(out, batch, batch.words)
  t.ok(out.length < 150, `${out.length} bytes for 1000 samples`)
})

void t.test('series payloads give back refs and labels', async () => {
  const labels = fc
    .dictionary(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ minLength: 1, unit: 'grapheme' }), {
      maxKeys: 6,
    })
    .map(record => Labels.fromRecord(record))
  fc.assert(
    fc.property(fc.array(fc.record({ ref: fc.integer({ min: 1, max: 0xffff_fffd }), labels })), series => {
      const out = new ByteWriter(1)
      encodeSeries(out, series)
      const back = decodeSeries(new ByteReader(out.bytes, 0, out.length))
      assert.deepEqual(
        back.map(({ ref, labels }) => [ref, labels.flat]),
        series.map(({ ref, labels }) => [ref, labels.flat]),
      )
    }),
  )
})

void t.test('CRC-32C', async t => {
  t.equal(crc32c(Buffer.from('123456789'), 0, 9), 0xe306_9283)
  t.equal(crc32c(Buffer.alloc(32), 0, 32), 0x8a91_36aa)
  t.equal(crc32c(Buffer.from('xx123456789x'), 2, 11), 0xe306_9283)
  t.equal(crc32c(Buffer.alloc(0), 0, 0), 0)
})

/** Writes down what a log holds. */
class Recorder implements LogVisitor {
  readonly events: string[] = []
  segmentMaxMs = -Infinity
  readonly #batch = new SampleBatch()

  segment(number: number): void {
    this.events.push(`segment ${number}`)
    this.segmentMaxMs = -Infinity
  }

  series(payload: Payload): void {
    for (const { ref, labels } of decodeSeries(payload)) this.events.push(`series ${ref} ${labels.toString()}`)
  }

  samples(payload: Payload): void {
    decodeSamples(payload, this.#batch)
    for (let i = 0; i < this.#batch.length; i++) {
      this.events.push(`sample ${this.#batch.refs.array[i]} ${this.#batch.tMs[i]}`)
      this.segmentMaxMs = Math.max(this.segmentMaxMs, this.#batch.tMs[i]!)
    }
  }
}

async function withDir(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'churn-wal-'))
  try {
    await use(dir)
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

async function events(dir: string): Promise<{ events: string[]; damage: number; next: number }> {
  const recorder = new Recorder()
  const { damage, nextNumber } = await replayLog(dir, recorder)
  return { events: recorder.events, damage: damage.length, next: nextNumber }
}

function newWal(dir: string, sync: WalSync = 'never', clock = new VirtualClock(), number = 1): Wal {
  const options = { sync, syncIntervalMs: 1000, segmentBytes: 60 }
  return new Wal(clock, dir, options, [], { number, checkpointBytes: 0 })
}

function series(ref: number): LoggedSeries {
  return { ref, labels: Labels.fromRecord({ pod: `p${ref}` }) }
}

function write(wal: Wal, ref: number, tMs: number): void {
  wal.prepare()
  wal.addSeries([series(ref)])
  const batch = new SampleBatch()
  batch.push(ref, tMs)
  wal.addSamples(batch, new Uint32Array(2))
  wal.flush(tMs)
}

void t.test('segments, checkpoint, and what a crash between the steps of a truncation leaves', async t => {
  await withDir(async dir => {
    const wal = newWal(dir)
    for (let i = 1; i <= 6; i++) write(wal, i, i * 1000)
    t.same(fs.readdirSync(dir).sort(), ['00000001', '00000002', '00000003'])
    t.equal(wal.expired(2000), undefined, 'a segment goes only when all of it is old')
    t.equal(wal.expired(2001)!.number, 1)
    t.equal(wal.expired(Infinity)!.number, 2, 'the one being written stays')
    t.ok(wal.isWorthDropping(1))
    const left = fs.readFileSync(path.join(dir, '00000001'))
    const bytes = wal.bytes
    await wal.truncate(1, [[series(2)], [series(5)]])
    t.not(wal.bytes, bytes)
    t.notOk(wal.isWorthDropping(1))
    t.same(fs.readdirSync(dir).sort(), ['00000002', '00000003', 'checkpoint.00000001'])
    await wal.close()

    fs.writeFileSync(path.join(dir, '00000001'), left)
    fs.writeFileSync(path.join(dir, 'checkpoint.00000009.tmp'), 'half written')
    const found = await events(dir)
    t.same(found, {
      events: [
        'segment 0',
        'series 2 {pod="p2"}',
        'series 5 {pod="p5"}',
        'segment 2',
        'series 3 {pod="p3"}',
        'sample 3 3000',
        'series 4 {pod="p4"}',
        'sample 4 4000',
        'segment 3',
        'series 5 {pod="p5"}',
        'sample 5 5000',
        'series 6 {pod="p6"}',
        'sample 6 6000',
      ],
      damage: 0,
      next: 4,
    })
    t.same(fs.readdirSync(dir).sort(), ['00000002', '00000003', 'checkpoint.00000001'], 'and cleaned up')
  })
})

void t.test('a truncation that fails drops nothing', async t => {
  await withDir(async dir => {
    const wal = newWal(dir)
    for (let i = 1; i <= 4; i++) write(wal, i, i * 1000)
    const { events: before } = await events(dir)
    fs.mkdirSync(path.join(dir, 'checkpoint.00000001'))
    await t.rejects(wal.truncate(1, [[series(1)]]), { code: 'CHURN_WAL_IO' })
    fs.rmdirSync(path.join(dir, 'checkpoint.00000001'))
    t.same((await events(dir)).events, before)
    await wal.close()
  })
})

void t.test('durability: a disk that does not confirm is told once, by the next commit', async t => {
  await withDir(async dir => {
    const clock = new VirtualClock()
    const { fdatasync, fdatasyncSync } = fs
    let calls = 0
    try {
      const wal = newWal(dir, 'interval', clock)
      write(wal, 1, 1000)
      fs.fdatasync = ((_fd: number, done: (error: Error) => void) => {
        calls++
        done(new Error('lost it'))
      }) as typeof fs.fdatasync
      await clock.advanceAsync(999)
      t.equal(calls, 0)
      await clock.advanceAsync(1)
      t.equal(calls, 1)
      await clock.advanceAsync(5000)
      t.equal(calls, 1, 'nothing new to confirm')
      t.throws(() => write(wal, 2, 2000), { code: 'CHURN_WAL_SYNC' })
      fs.fdatasync = fdatasync
      write(wal, 3, 3000)
      await wal.close()
      t.same((await events(dir)).events.length, 5)

      const strict = newWal(dir, 'commit', clock, 5)
      fs.fdatasyncSync = () => {
        throw Object.assign(new Error('no'), { code: 'EIO' })
      }
      t.throws(() => write(strict, 4, 4000), { code: 'CHURN_WAL_IO' })
      fs.fdatasyncSync = fdatasyncSync
      write(strict, 5, 5000)
      await strict.close()
      t.same((await events(dir)).events.slice(-3), ['segment 5', 'series 5 {pod="p5"}', 'sample 5 5000'])
    } finally {
      Object.assign(fs, { fdatasync, fdatasyncSync })
    }
  })
})

void t.test('the log of a newer version is refused and left as it is', async t => {
  await withDir(async dir => {
    const header = segmentHeader(1)
    header.writeUInt32LE(2, 8)
    header.writeUInt32LE(crc32c(header, 0, 16), 16)
    fs.writeFileSync(path.join(dir, '00000001'), header)
    await t.rejects(replayLog(dir, new Recorder()), { code: 'CHURN_WAL_VERSION', exitCode: 2 })
    t.same(fs.readFileSync(path.join(dir, '00000001')), header)
    // The same byte damaged: the checksum tells the difference.
    header.writeUInt32LE(3, 8)
    fs.writeFileSync(path.join(dir, '00000001'), header)
    t.equal((await events(dir)).damage, 1)
    t.equal((await events(dir)).damage, 0)
  })
})

void t.test('intact records with unknown types or nonsense inside end a segment', async t => {
  await withDir(async dir => {
    for (const [type, payload] of [
      [9, 'ab'],
      [2, 'ffffffffffffff7f'],
      [2, '0101020a0000'],
      [1, '00010a0100'],
    ] as const) {
      const body = Buffer.concat([Buffer.alloc(9), Buffer.from(payload, 'hex')])
      body[0] = type
      body.writeUInt32LE(body.length - 9, 1)
      body.writeUInt32LE(crc32c(body, 0, body.length), 5)
      fs.writeFileSync(path.join(dir, '00000001'), Buffer.concat([segmentHeader(1), body]))
      const found = await events(dir)
      t.equal(found.damage, 1, `${type} ${payload}`)
      t.same(found.events, ['segment 1'])
      t.equal(fs.statSync(path.join(dir, '00000001')).size, 20, 'cut off')
    }
  })
})
