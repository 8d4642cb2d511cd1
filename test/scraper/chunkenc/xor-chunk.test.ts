import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import t from 'tap'
import { Prng } from '../../../base/index.ts'
import { writeStale } from '../../../scraper/model/index.ts'
import {
  ChunkError,
  decodeXor,
  encodeXor,
  encodeXorChunk,
  HEADER_BYTES,
  SAMPLE_BYTES_MAX,
  TIME_MS_MAX,
  wordsOf,
  XorLanes,
} from '../../../scraper/chunkenc/index.ts'

const STALE = 'stale'
type Value = number | typeof STALE

function columns(times: readonly number[], values: readonly Value[]): { tMs: Float64Array; words: Uint32Array } {
  const column = new Float64Array(values.length)
  values.forEach((value, i) => {
    if (value === STALE) writeStale(column, i)
    else column[i] = value
  })
  return { tMs: Float64Array.from(times), words: wordsOf(column) }
}

function decoded(chunk: Uint8Array, count: number): { tMs: number[]; words: number[] } {
  const tMs = new Float64Array(count)
  const words = new Uint32Array(count * 2)
  assert.equal(decodeXor(chunk, 0, chunk.length, tMs, words, 0), count)
  return { tMs: [...tMs], words: [...words] }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Gaps of every bucket of the delta of deltas, their edges, and far beyond. */
const gap = fc.oneof(
  { weight: 6, arbitrary: fc.constant(15_000) },
  { weight: 3, arbitrary: fc.integer({ min: 14_990, max: 15_010 }) },
  fc.integer({ min: 1, max: 2 ** 20 + 10 }),
  fc.constantFrom(
    1,
    15_000 + 8192,
    15_000 + 8193,
    15_000 + 65_536,
    15_000 + 65_537,
    15_000 + 524_288,
    15_000 + 524_289,
  ),
  fc.maxSafeNat().map(n => 1 + (n % 2 ** 40)),
)
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(0, -0, 1, -1, Infinity, -Infinity, NaN, STALE, Number.MIN_VALUE, Number.MAX_VALUE),
  fc.integer({ min: 0, max: 1000 }),
  fc.double(),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map(bytes => new Float64Array(bytes.buffer.slice(0, 8))[0]!),
)

void t.test('decode after encode is the identity, to the bit', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
      fc.array(fc.tuple(gap, value), { minLength: 1, maxLength: 240 }),
      fc.nat(),
      (startMs, samples, split) => {
        let nowMs = startMs
        const times = samples.map(([gapMs]) => (nowMs += gapMs))
        const { tMs, words } = columns(
          times,
          samples.map(([, value]) => value),
        )
        const chunk = encodeXorChunk(tMs, words, 0, times.length)
        const back = decoded(chunk, times.length)
        assert.deepEqual(back.tMs, times)
        assert.deepEqual(back.words, [...words])

        // In two batches, as the head does it: the same bytes.
        const lanes = new XorLanes(2)
        const cut = split % (times.length + 1)
        const out = new Uint8Array(times.length * SAMPLE_BYTES_MAX + 1)
        const stream = new Uint8Array(HEADER_BYTES + out.length)
        for (const [from, to] of [
          [0, cut],
          [cut, times.length],
        ] as const) {
          const start = lanes.bits[1]! >>> 3
          out[0] = stream[start]!
          const bytes = encodeXor(lanes, 1, tMs, words, from, to, out)
          stream.set(out.subarray(0, bytes), start)
        }
        assert.equal(lanes.bytesAt(1), chunk.length)
        assert.equal(lanes.count[1], times.length)
        assert.equal(hex(stream.subarray(HEADER_BYTES, chunk.length)), hex(chunk.subarray(HEADER_BYTES)))
      },
    ),
    { numRuns: 200 },
  )
})

void t.test('known sequences have the bytes of Prometheus', async t => {
  const encode = (times: readonly number[], values: readonly Value[]): string => {
    const { tMs, words } = columns(times, values)
    return hex(encodeXorChunk(tMs, words, 0, times.length))
  }
  // Worked out by hand from the format: count, zigzag varint 1000, bits of 1.0.
  t.equal(encode([1000], [1]), '0001d00f3ff0000000000000')
  // + uvarint delta 15000, unchanged value (bit 0).
  t.equal(encode([1000, 16_000], [1, 1]), '0002d00f3ff0000000000000987500')
  // + delta of deltas 0 (bit 0), 1 xor 2 = 7ff0…: 11, 1 zero bit before (00001), 11 significant (001011), eleven ones.
  t.equal(encode([1000, 16_000, 31_000], [1, 1, 2]), '0003d00f3ff000000000000098753097ffc0')
  // A delta of deltas of +3: prefix 10 and 14 bits, behind the 0 of the unchanged value.
  t.equal(encode([1000, 16_000, 31_003], [1, 1, 1]), '0003d00f3ff00000000000009875400180')
  // Negative times, and one of -8192 which the 14-bit bucket does not hold: prefix 110, 17 bits.
  t.equal(encode([-1, 9999, 11_807], [0, 0, 0]), '0003010000000000000000904e6f0000')
})

void t.test('times and counts at their limits', async t => {
  for (const times of [[TIME_MS_MAX], [-TIME_MS_MAX, TIME_MS_MAX], [-TIME_MS_MAX, 0, 1, TIME_MS_MAX]]) {
    const { tMs, words } = columns(
      times,
      times.map(() => 1.5),
    )
    t.same(decoded(encodeXorChunk(tMs, words, 0, times.length), times.length).tMs, times)
  }
  const many = Array.from({ length: 65_535 }, (_, i) => i * 1000)
  const { tMs, words } = columns(many, many)
  assert.deepEqual(decoded(encodeXorChunk(tMs, words, 0, many.length), many.length).tMs, many)
})

void t.test('a damaged chunk is an error or other samples, never a hang or a crash', async t => {
  const { tMs, words } = columns([1000, 2000, 3001, 4001], [1, 2.5, STALE, NaN])
  const chunk = encodeXorChunk(tMs, words, 0, 4)
  for (let length = 0; length < chunk.length; length++) {
    t.throws(() => decodeXor(chunk, 0, length, new Float64Array(4), new Uint32Array(8), 0), ChunkError)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
      try {
        decodeXor(bytes, 0, bytes.length, new Float64Array(65_535), new Uint32Array(131_070), 0)
      } catch (error) {
        if (!(error instanceof ChunkError)) throw error
      }
    }),
    { numRuns: 300 },
  )
})

/** Calls `use` with each chunk of a segment file: magic 85bd40dd, version, padding; uvarint length, encoding, data, CRC. */
function eachChunk(file: Buffer, use: (offset: number, length: number) => void): number {
  assert.equal(file.readUInt32BE(0), 0x85bd40dd)
  let chunks = 0
  for (let at = 8; at < file.length; chunks++) {
    let length = 0
    let shift = 0
    let byte: number
    do {
      byte = file[at++]!
      length |= (byte & 0x7f) << shift
      shift += 7
    } while (byte >= 0x80)
    assert.equal(file[at], 1, 'XOR')
    use(at + 1, length)
    at += 1 + length + 4
  }
  return chunks
}

void t.test('chunks that Prometheus wrote in 2017: one sample each', async t => {
  const path = '../shared/peer-data/prometheus/tsdb/index_format_v1/chunks/000001'
  if (!existsSync(path)) return t.comment(`not tested: ${path} is absent`)
  const file = readFileSync(path)
  const chunks = eachChunk(file, (offset, length) => {
    const chunk = file.subarray(offset, offset + length)
    const count = chunk.readUInt16BE(0)
    const tMs = new Float64Array(count)
    const words = new Uint32Array(count * 2)
    assert.equal(decodeXor(file, offset, length, tMs, words, 0), count)
    // Its writer began a spare byte when a chunk ended at a whole one.
    assert.match(hex(chunk), new RegExp(`^${hex(encodeXorChunk(tMs, words, 0, count))}(00)?$`))
  })
  t.equal(chunks, 102)
})

/** Series that meet every branch of the format; times in ms, two hours' worth at most. */
function samplesFor(kind: string, prng: Prng): (readonly [tMs: number, value: number])[] {
  const out: [number, number][] = []
  let tMs = 1_700_006_400_000
  let value = 0
  for (let i = 0; i < 300; i++) {
    if (kind === 'gaps') tMs += prng.pick([1, 5, 8192, 15_000, 23_192, 65_600, 90_000])
    else tMs += kind === 'jitter' ? 15_000 + prng.between(-20, 20) : 15_000
    if (kind === 'counter') value += prng.below(1000)
    else if (kind === 'decimal') value = prng.below(100_000) / 100
    else if (kind === 'special') value = prng.pick([0, -0, Infinity, -Infinity, NaN, 1e300, -1e-300, 1])
    else value = prng.unit() * 2 ** prng.between(-40, 40)
    if (tMs >= 1_700_006_400_000 + 7_200_000) break
    out.push([tMs, value])
  }
  return out
}

void t.test('chunks that the promtool at hand writes: read right, and written again the same', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'churn-chunks-'))
  try {
    const prng = new Prng('promtool')
    const kinds = ['jitter', 'gaps', 'counter', 'decimal', 'special', 'random']
    const given = new Map(kinds.map(kind => [kind, samplesFor(kind, prng.fork(kind))]))
    const lines = [...given].flatMap(([kind, samples]) => [
      `# TYPE ${kind} gauge`,
      ...samples.map(([tMs, value]) => {
        const text = Object.is(value, -0) ? '-0' : String(value).replace('Infinity', 'Inf').replace(/^Inf/, '+Inf')
        return `${kind} ${text} ${(tMs / 1000).toFixed(3)}`
      }),
    ])
    writeFileSync(join(dir, 'in.om'), `${lines.join('\n')}\n# EOF\n`)
    const run = spawnSync('promtool', [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      join(dir, 'in.om'),
      join(dir, 'out'),
    ])
    if (run.error !== undefined) return t.comment('not tested: promtool is absent')
    t.equal(run.status, 0, run.stderr.toString())

    const found: (readonly [tMs: number, bits: string])[] = []
    let chunks = 0
    for (const block of readdirSync(join(dir, 'out'))) {
      const file = join(dir, 'out', block, 'chunks', '000001')
      if (!existsSync(file)) continue
      const bytes = readFileSync(file)
      chunks += eachChunk(bytes, (offset, length) => {
        const count = bytes.readUInt16BE(offset)
        const tMs = new Float64Array(count)
        const words = new Uint32Array(count * 2)
        decodeXor(bytes, offset, length, tMs, words, 0)
        for (let i = 0; i < count; i++) found.push([tMs[i]!, `${words[2 * i]}:${words[2 * i + 1]}`])
        assert.equal(hex(encodeXorChunk(tMs, words, 0, count)), hex(bytes.subarray(offset, offset + length)))
      })
    }
    const expected = [...given.values()].flat().map(([tMs, value]) => {
      const { words } = columns([tMs], [value])
      // Prometheus' parser has a NaN of its own.
      return [tMs, Number.isNaN(value) ? '1:2146959360' : `${words[0]}:${words[1]}`] as const
    })
    const order = (a: readonly [number, string], b: readonly [number, string]): number =>
      a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0)
    t.same(found.sort(order), expected.sort(order))
    t.ok(chunks > kinds.length, `${chunks} chunks, ${found.length} samples`)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
