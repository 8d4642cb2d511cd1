// What pods expose: text that parses back to exactly the values it was made of, and values that behave like a service's.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as fc from 'fast-check'
import t from 'tap'
import { Prng } from '../../../base/index.ts'
import { writeDecimal } from '../../../sim/targets/decimal.ts'
import { expositionOf } from '../../../sim/targets/exposition-format.ts'
import { ExpositionTemplate } from '../../../sim/targets/exposition-template.ts'
import {
  type MetricsPage,
  profileByName,
  SEQUENCE_SERIES,
  type SeriesDescription,
  TIME_SERIES,
  UID_LABEL,
} from '../../../sim/targets/index.ts'
import { waveIntegral, wavePeriodMs, waveRate } from '../../../sim/targets/profiles/load-wave.ts'
import { BUCKET_BOUNDS_US, BUCKET_COLUMN, OUTCOMES, RequestDeck } from '../../../sim/targets/profiles/request-deck.ts'
import { TextPage } from '../../../sim/targets/text-page.ts'
import { specOf, START_UNIX_MS } from './fixtures.ts'

const PROMTOOL = '/usr/bin/promtool'
const webService = profileByName('web-service')

/** Milliseconds after the start of a pod: within a minute, or within three years. */
const elapsed = fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 100_000_000_000 }))
const sequences = fc.integer({ min: 1, max: 1_000_000_000 })
const podIndex = fc.integer({ min: 0, max: 500 })

void t.test('a written number parses back to exactly the quotient that it stands for', async t => {
  const out = Buffer.alloc(32)
  const text = (mantissa: number, decimals: number): string =>
    out.toString('latin1', 0, writeDecimal(out, 0, mantissa, decimals))
  for (const [mantissa, decimals, expected] of [
    [0, 0, '0'],
    [0, 3, '0.000'],
    [5, 3, '0.005'],
    [999_999_999, 0, '999999999'],
    [1_000_000_000, 0, '1000000000'],
    [1_000_000_000_000_000, 0, '1000000000000000'],
    [Number.MAX_SAFE_INTEGER, 0, '9007199254740991'],
    [Number.MAX_SAFE_INTEGER, 9, '9007199.254740991'],
    [1_767_225_600_123, 3, '1767225600.123'],
  ] as const) {
    t.equal(text(mantissa, decimals), expected)
  }
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 0, max: 9 }), (mantissa, decimals) => {
      return Number(text(mantissa, decimals)) === mantissa / 10 ** decimals
    }),
    { numRuns: 2000 },
  )
})

void t.test('templates write names, HELP and TYPE once per family, and escape what must be', async t => {
  const template = new ExpositionTemplate([
    {
      name: 'a_total',
      help: 'back\\slash and\nline',
      type: 'counter',
      samples: [{ labels: { x: 'q"uote\\ and\nline', ü: 'é' } }, { labels: { x: 'b' } }],
    },
    { name: 'b', help: '', type: 'summary', samples: [{ suffix: '_sum', decimals: 2 }] },
  ])
  const page = new TextPage([template], { compute: row => row.set([1, 2, 345]) })
  t.equal(
    page.render(0, 1, expositionOf('text-0.0.4', 'allow-utf-8', { created: false, native: false })).toString('utf8'),
    '# HELP a_total back\\\\slash and\\nline\n# TYPE a_total counter\n' +
      'a_total{x="q\\"uote\\\\ and\\nline","ü"="é"} 1\na_total{x="b"} 2\n# HELP b \n# TYPE b summary\nb_sum 3.45\n',
  )
  t.equal(template.valueOf(2, 345), 3.45)
})

void t.test('the wave’s integral is the sum of its rate', async t => {
  let sum = 0
  let wrong = 0
  for (let ms = 0; ms < 2 * wavePeriodMs(7); ms++) {
    if (waveIntegral(ms, 7) !== sum) wrong++
    sum += waveRate(ms, 7)
  }
  t.equal(wrong, 0)
  t.equal(sum / (2 * wavePeriodMs(7)), 1000, 'its mean is 1000')
})

void t.test('a deck counts what dealing its cards one by one would', async t => {
  const deck = new RequestDeck(new Prng('deck'))
  fc.assert(
    fc.property(fc.nat(255), fc.nat(2000), fc.nat(15), (start, count, column) => {
      let sum = 0
      for (let i = 0; i < count; i++) sum += deck.dealt(column, (start + i) % 256, 1)
      return deck.dealt(column, start, count) === sum
    }),
    { numRuns: 100 },
  )
  t.ok(deck.dealt(BUCKET_COLUMN + BUCKET_BOUNDS_US.length - 1, 0, 256) >= 250, 'few requests take more than 10 s')
})

void t.test('a rendered page parses back to valueAt for every series, at any time and scrape', async () => {
  fc.assert(
    fc.property(podIndex, elapsed, sequences, (index, ms, sequence) => {
      const page = webService.page(specOf(index, { app: `app-${index % 3}` }))
      const unixMs = START_UNIX_MS + ms
      const parsed = parse(page.render(unixMs, sequence).toString('utf8'))
      if (parsed.length !== page.series.length || parsed.length !== page.sampleCount) return false
      return parsed.every(
        ({ key, value }, i) => key === keyOf(page.series[i]!) && value === page.valueAt(i, unixMs, sequence),
      )
    }),
    { numRuns: 200 },
  )
})

void t.test('a page is a function of its spec: built again, anywhere, it says the same', async t => {
  const spec = specOf(3)
  const first = webService.page(spec)
  const body = first.render(START_UNIX_MS + 123_456, 7).toString('utf8')
  const again = webService.page({ ...spec, node: 'elsewhere', slot: 99, address: '127.9.9.9' })
  again.render(START_UNIX_MS + 5, 1)
  t.equal(again.render(START_UNIX_MS + 123_456, 7).toString('utf8'), body)
  t.equal(
    webService
      .page({ ...spec, seed: '43' })
      .render(START_UNIX_MS + 123_456, 7)
      .toString('utf8') === body,
    false,
  )
  t.equal(
    first.valueAt(5, START_UNIX_MS + 999, 8),
    again.valueAt(5, START_UNIX_MS + 999, 8),
    'whatever was asked before',
  )
})

void t.test('replicas share names and labels but not values; apps share neither', async t => {
  const [a, b, other] = [specOf(1), specOf(2), specOf(3, { app: 'cart' })].map(spec => webService.page(spec)) as [
    MetricsPage,
    MetricsPage,
    MetricsPage,
  ]
  t.same(keys(a).slice(2), keys(b).slice(2))
  t.notSame(keys(a), keys(other))
  const at = START_UNIX_MS + 600_000
  const differing = a.series.filter((_, i) => a.valueAt(i, at, 9) !== b.valueAt(i, at, 9))
  t.ok(differing.length > a.series.length / 2)
  t.ok(a.series.length >= 60 && a.series.length <= 120, `${a.series.length} series`)
  t.equal(new Set(keys(a)).size, a.series.length, 'no series twice')
})

void t.test('a row explains itself: scrape number, time and uid', async t => {
  const spec = specOf(4)
  const page = webService.page(spec)
  const at = START_UNIX_MS + 1_234
  for (const [name, value] of [
    [SEQUENCE_SERIES, 17],
    [TIME_SERIES, at / 1000],
  ] as const) {
    const index = page.series.findIndex(series => series.name === name)
    t.same(page.series[index]?.labels, { [UID_LABEL]: spec.uid })
    t.equal(page.valueAt(index, at, 17), value)
  }
})

void t.test('counters never fall, and all of a route’s metrics tell the same story', async () => {
  fc.assert(
    fc.property(podIndex, elapsed, fc.nat(10_000_000), sequences, (index, ms, laterMs, sequence) => {
      const page = webService.page(specOf(index))
      const then = START_UNIX_MS + ms
      const before = valuesOf(page, then, sequence)
      const after = valuesOf(page, then + laterMs, sequence + 1)
      page.series.forEach(({ name }, i) => {
        const key = keyOf(page.series[i]!)
        if (!Number.isFinite(after.get(key)!) || after.get(key)! < 0) throw new Error(`${key} is ${after.get(key)}`)
        if (/_(total|bucket|count|sum)$/.test(name) && after.get(key)! < before.get(key)!)
          throw new Error(`${key} fell`)
      })
      checkConsistency(page, after)
    }),
    { numRuns: 200 },
  )
})

void t.test('load goes up and down but comes to what was planned', async t => {
  const page = webService.page(specOf(5))
  const total = (ms: number): number => {
    const values = valuesOf(page, START_UNIX_MS + ms, 1)
    return [...values].reduce((sum, [key, value]) => sum + (key.startsWith('http_requests_total') ? value : 0), 0)
  }
  const minutes = Array.from({ length: 24 * 60 }, (_, i) => total((i + 1) * 60_000) - total(i * 60_000))
  t.ok(Math.max(...minutes) > 1.5 * Math.min(...minutes), 'there is a day and a night')
  t.equal(total(-5), 0, 'nothing has happened before the start')
  t.equal(total(86_400_000 * 2) > 1.9 * total(86_400_000), true, 'two days bring twice as much')
})

void t.test('before its planned start a target stands still', async t => {
  const page = webService.page(specOf(6))
  const early = parse(page.render(START_UNIX_MS - 3, 1).toString('utf8'))
  const start = parse(page.render(START_UNIX_MS, 1).toString('utf8'))
  t.same(
    early.filter(({ key }) => !key.startsWith(TIME_SERIES)),
    start.filter(({ key }) => !key.startsWith(TIME_SERIES)),
  )
})

void t.test('an unknown profile is told with those that exist', async t => {
  t.throws(() => profileByName('nope'), { code: 'CHURN_PROFILE_UNKNOWN', exitCode: 2, message: /"nope".*web-service/ })
})

void t.test(
  'promtool finds nothing to complain about',
  { skip: existsSync(PROMTOOL) ? false : `${PROMTOOL} is not installed` },
  async t => {
    const page = webService.page(specOf(7))
    const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'metrics'], {
      input: page.render(START_UNIX_MS + 3_600_000, 240),
      encoding: 'utf8',
    })
    t.equal(status, 0, stdout + stderr)
    t.equal(stdout + stderr, '')
  },
)

interface Parsed {
  readonly key: string
  readonly value: number
}

/** A parser of our own for what the profile writes: `name{labels} value` lines, nothing escaped. */
function parse(body: string): Parsed[] {
  const lines = body.split('\n')
  if (lines.pop() !== '') throw new Error('the last line has no end')
  return lines
    .filter(line => !line.startsWith('#'))
    .map(line => {
      const space = line.lastIndexOf(' ')
      return { key: line.slice(0, space), value: Number(line.slice(space + 1)) }
    })
}

function keyOf({ name, labels }: SeriesDescription): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

function keys(page: MetricsPage): string[] {
  return page.series.map(series => keyOf(series))
}

function valuesOf(page: MetricsPage, unixMs: number, sequence: number): Map<string, number> {
  return new Map(page.series.map((series, i) => [keyOf(series), page.valueAt(i, unixMs, sequence)]))
}

function checkConsistency(page: MetricsPage, values: ReadonlyMap<string, number>): void {
  const routes = new Set(page.series.flatMap(({ labels }) => labels.route ?? []))
  for (const route of routes) {
    const of = (name: string): number[] =>
      page.series
        .filter(series => series.name === name && series.labels.route === route)
        .map(series => values.get(keyOf(series))!)
    const buckets = of('http_request_duration_seconds_bucket')
    const [count] = of('http_request_duration_seconds_count')
    const [sum] = of('http_request_duration_seconds_sum')
    const outcomes = of('http_requests_total')
    const fail = (what: string): never => {
      throw new Error(`${route}: ${what}`)
    }
    if (buckets.length !== BUCKET_BOUNDS_US.length + 1) fail('number of buckets')
    buckets.forEach((value, i) => i > 0 && value < buckets[i - 1]! && fail('buckets are not cumulative'))
    if (buckets.at(-1) !== count) fail('+Inf is not the count')
    if (outcomes.length !== OUTCOMES || outcomes.reduce((a, b) => a + b, 0) !== count) fail('outcomes do not add up')
    if (of('http_response_size_bytes_count')[0] !== count) fail('sizes are not counted alike')
    // The sum must be possible for these buckets: each request lies between the bounds of its bucket.
    let least = 0
    let most = 0
    buckets.forEach((value, i) => {
      const here = value - (buckets[i - 1] ?? 0)
      least += here * ((BUCKET_BOUNDS_US[i - 1] ?? 0) / 1e6)
      most += here * ((BUCKET_BOUNDS_US[i] ?? Infinity) / 1e6)
    })
    if (count === 0 ? sum !== 0 : sum! < least * (1 - 1e-12) || sum! > most * (1 + 1e-12)) fail('sum of latencies')
  }
}
