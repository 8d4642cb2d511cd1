// The synthetic profile: as many series as asked for, which come and go as avalanche's do, at no cost that grows with time.
import * as fc from 'fast-check'
import t from 'tap'
import { type MetricsPage, pageAt, profileByName, profileFaults } from '../../../sim/targets/index.ts'
import { parsePage } from '../../../sim/targets/profiles/learn/parse-page.ts'
import { parseProfileText, profileText } from '../../../sim/targets/profiles/profile-text.ts'
import { generationAt } from '../../../sim/targets/profiles/synthetic/generation.ts'
import { type Knobs, knobsOf } from '../../../sim/targets/profiles/synthetic/knobs.ts'
import { specOf, START_UNIX_MS } from './fixtures.ts'

const page = (options: string, index = 1): MetricsPage => profileByName(`synthetic?${options}`).page(specOf(index))
const knobs = (options: string): Knobs => knobsOf(parseProfileText(`synthetic?${options}`).options)
/** Series of each metric, tick by tick. */
const counts = (options: string, ticks: number): number[] =>
  Array.from({ length: ticks }, (_, i) => generationAt(knobs(options), i * 1000).seriesCount)

void t.test('a page has what its knobs say', async t => {
  const options =
    'gauges=3&counters=2&histograms=1&histogramBuckets=4&summaries=1&summaryObjectives=3&seriesPerMetric=5&labels=4' +
    '&metricNameLength=9&labelNameLength=2&labelValueLength=30&constLabel=tenant%3Da&constLabel=zone%3Db%3Dc'
  const families = parsePage(
    page(options)
      .render(START_UNIX_MS + 1000, 1)
      .toString('utf8'),
    'page',
  ).slice(2)
  t.same(
    families.map(({ type, samples }) => `${type} ${samples.length}`),
    ['gauge 5', 'gauge 5', 'gauge 5', 'counter 5', 'counter 5', 'histogram 35', 'summary 25'],
  )
  t.match(families[0]?.name, /^synthetic_gauge_metric_m{9}_0_0$/)
  const { labels } = families[0]!.samples[0]!
  t.match(labels, { series_id: '0', cycle_id: '0', tenant: 'a', zone: 'b=c' })
  const drawn = Object.entries(labels).filter(([name]) => /^label_key_kk_\d$/.test(name))
  t.equal(drawn.length, 4)
  t.ok(drawn.every(([, value]) => value.length === 30))
})

void t.test('series are counted as avalanche counts them', async t => {
  const every = 'seriesChangeInterval=1s'
  t.same(counts(`${every}&seriesPerMetric=6`, 4), [6, 6, 6, 6])
  t.same(counts(`${every}&seriesPerMetric=6&mode=double-halve`, 5), [6, 12, 6, 12, 6])
  t.same(counts(`${every}&seriesPerMetric=6&mode=spike&spikeMultiplier=2.5`, 5), [6, 15, 6, 15, 6])
  t.same(
    counts(`${every}&seriesPerMetric=3&mode=gradual-change&seriesChangeRate=4&seriesMin=2&seriesMax=10`, 9),
    [3, 7, 10, 6, 2, 6, 10, 6, 2],
  )
})

void t.test('intervals replace series, names and values', async t => {
  const changing = page('gauges=1&seriesPerMetric=2&seriesInterval=10s&metricInterval=30s&valueInterval=5s')
  const at = (ms: number): MetricsPage => pageAt(changing, START_UNIX_MS + ms, 1)
  const name = (ms: number): string => at(ms).series.at(-1)!.name
  const cycle = (ms: number): string => at(ms).series.at(-1)!.labels['cycle_id']!
  t.equal(at(0), at(9_999), 'the same page for the same series')
  t.same([cycle(9_999), cycle(10_000), cycle(25_000)], ['0', '1', '2'])
  t.equal(name(0), name(29_999))
  t.not(name(0), name(30_000))
  const value = (ms: number): number => at(ms).valueAt(3, START_UNIX_MS + ms, 1)
  t.equal(value(5_000), value(9_999))
  const values = Array.from({ length: 20 }, (_, i) => value(60_000 + i * 5_000))
  t.ok(new Set(values).size > 5, 'values change')
  t.ok(values.every(each => each >= 0 && each < 100))
})

void t.test('never is never, for as long as it may be', async t => {
  const still = page('gauges=2&seriesInterval=0s&valueInterval=0s')
  const later = START_UNIX_MS + 400 * 86_400_000
  t.equal(pageAt(still, later, 1), pageAt(still, START_UNIX_MS, 1))
  t.equal(pageAt(still, later, 1).valueAt(9, later, 1), pageAt(still, START_UNIX_MS, 1).valueAt(9, START_UNIX_MS, 1))
})

void t.test('a page is the same wherever and whenever it is built, and counters never fall', async () => {
  const options =
    'gauges=1&counters=2&histograms=1&summaries=1&seriesPerMetric=3&labels=1&mode=double-halve&seriesChangeInterval=1s&seriesInterval=3s&valueInterval=500ms'
  const kept = page(options)
  fc.assert(
    fc.property(fc.nat(20_000), fc.nat(2_000), (ms, laterMs) => {
      const then = START_UNIX_MS + ms
      const now = then + laterMs
      if (page(options).render(then, 1).toString() !== kept.render(then, 1).toString()) return false
      const [before, after] = [pageAt(kept, then, 1), pageAt(kept, now, 1)]
      const indexOf = new Map(after.series.map((series, i) => [JSON.stringify(series), i]))
      return before.series.every((series, i) => {
        const index = indexOf.get(JSON.stringify(series))
        if (index === undefined || !/_(?:total|bucket|count|sum)$/.test(series.name)) return true
        return after.valueAt(index, now, 2) >= before.valueAt(i, then, 1)
      })
    }),
    { numRuns: 60 },
  )
})

void t.test('options and their text are the same thing', async t => {
  const options = { gauges: 3, mode: 'spike', constLabel: ['a=b', 'c=d&e'] }
  const text = profileText('synthetic', options)
  t.same(
    [...parseProfileText(text).options],
    [
      ['gauges', ['3']],
      ['mode', ['spike']],
      ['constLabel', ['a=b', 'c=d&e']],
    ],
  )
  t.equal(profileText('redis', {}), 'redis')
})

void t.test('all faults are told at once', async t => {
  t.same(
    profileFaults('synthetic?gagues=2&labels=x&mode=up&seriesInterval=5ms&constLabel=a&gauges=1&gauges=2').map(
      fault => fault.split(':')[0],
    ),
    ['gagues', 'labels', 'mode', 'seriesInterval', 'constLabel', 'gauges'],
  )
  t.match(profileFaults('synthetic?gauges=0'), [/there must be a metric/])
  t.match(profileFaults('synthetic?mode=gradual-change&seriesMin=9&seriesMax=9'), [/seriesMax: 9 must be more/])
  t.match(profileFaults('synthetic?gauges=1000&seriesPerMetric=1000'), [/would have 1000000 samples/])
  t.match(profileFaults('redis?a=1'), [/takes no options/])
  t.match(profileFaults('from:page.prom'), [/only the workloads of a scenario/])
  t.throws(() => profileByName('synthetic?gauges=x&labels=y'), {
    code: 'CHURN_PROFILE_OPTIONS',
    exitCode: 2,
    message: /gauges: .*\n.*labels: /,
  })
  t.same(profileFaults('synthetic'), [])
})
