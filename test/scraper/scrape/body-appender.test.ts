import fc from 'fast-check'
import t from 'tap'
import { loadConfig } from '../../../scraper/config/index.ts'
import { MetricsRegistry } from '../../../scraper/metrics.ts'
import { Labels } from '../../../scraper/model/index.ts'
import { BodyAppender, type BodyOutcome } from '../../../scraper/scrape/body-appender.ts'
import { ScrapeMetrics } from '../../../scraper/scrape/scrape-metrics.ts'
import { ScrapeRow } from '../../../scraper/scrape/scrape-row.ts'
import { TextParser } from '../../../scraper/textparse/index.ts'
import { RecordingStorage } from '../recording-storage.ts'

/** A target's bodies, scraped one after another at 1000, 2000, … */
class Bodies {
  readonly storage = new RecordingStorage()
  readonly registry = new MetricsRegistry()
  readonly appender: BodyAppender
  #tMs = 0

  constructor(options: object = {}, labels: Record<string, string> = { job: 'j' }) {
    const config = loadConfig(JSON.stringify({ scrape_configs: [{ job_name: 'j', ...options }] }), { baseDir: '/' })
    const scratch = { parser: new TextParser(), row: new ScrapeRow(2) }
    const metrics = new ScrapeMetrics(this.registry)
    this.appender = new BodyAppender(config.scrapeConfigs[0]!, Labels.fromRecord(labels), scratch, metrics)
  }

  scrape(body: string): BodyOutcome {
    const appender = this.storage.appender()
    this.#tMs += 1000
    const outcome = this.appender.append(appender, Buffer.from(body), this.#tMs)
    appender.commit()
    return outcome
  }

  fail(): void {
    const appender = this.storage.appender()
    this.#tMs += 1000
    this.appender.markAllStale(appender, this.#tMs)
    appender.commit()
  }
}

t.test('known series are found again without their labels', async t => {
  const bodies = new Bodies()
  t.match(bodies.scrape('# TYPE a gauge\na{x="1"} 1\nb 2\n'), { scraped: 2, kept: 2, seriesAdded: 2 })
  t.equal(bodies.storage.seriesCalls, 2)
  t.match(bodies.scrape('a{x="1"} 3\nb 4\n'), { scraped: 2, kept: 2, seriesAdded: 0 })
  t.match(bodies.scrape('b 6\n# moved\na{x="1"} 5'), { seriesAdded: 0 })
  t.equal(bodies.storage.seriesCalls, 2)
  t.same(bodies.storage.of('a{job="j", x="1"}'), ['1@1000', '3@2000', '5@3000'])
  t.same(bodies.storage.of('b{job="j"}'), ['2@1000', '4@2000', '6@3000'])
})

t.test('a series that is missing ends, once, and begins anew when it comes back', async t => {
  const bodies = new Bodies()
  bodies.scrape('a 1\nb 1\n')
  t.match(bodies.scrape('a 2\n'), { seriesAdded: 0 })
  bodies.scrape('a 3\n')
  t.match(bodies.scrape('a 4\nb 4\n'), { seriesAdded: 1 })
  t.same(bodies.storage.of('b{job="j"}'), ['1@1000', 'stale@2000', '4@4000'])
})

t.test('a failed scrape ends everything; afterwards nothing counts as added', async t => {
  const bodies = new Bodies()
  bodies.scrape('a 1\n')
  bodies.fail()
  bodies.fail()
  t.match(bodies.scrape('a 4\n'), { seriesAdded: 0 })
  t.same(bodies.storage.of('a{job="j"}'), ['1@1000', 'stale@2000', '4@4000'])
})

t.test('a broken body leaves only markers', async t => {
  const bodies = new Bodies()
  bodies.scrape('a 1\n')
  const outcome = bodies.scrape('a 2\nb 2\nc{ 3\n')
  t.match(outcome, { scraped: 2, kept: 2, seriesAdded: 0, problem: /^line 3:/ })
  t.same(bodies.storage.of('a{job="j"}'), ['1@1000', 'stale@2000'])
  t.same(bodies.storage.of('b{job="j"}'), [])
  bodies.scrape('a 3\nb 3\n')
  t.same(bodies.storage.values('b{job="j"}'), [3])
})

t.test('an empty body ends the series and is no failure', async t => {
  const bodies = new Bodies()
  bodies.scrape('a 1\n')
  t.match(bodies.scrape(''), { scraped: 0, kept: 0, problem: undefined })
  t.same(bodies.storage.values('a{job="j"}'), [1, 'stale'])
})

t.test('explicit timestamps are honoured, and such series do not end by absence', async t => {
  const bodies = new Bodies()
  bodies.scrape('a 1 500\n')
  bodies.scrape('b 1\n')
  t.same(bodies.storage.of('a{job="j"}'), ['1@500'])
  const tracked = new Bodies({ track_timestamps_staleness: true })
  tracked.scrape('a 1 500\n')
  tracked.scrape('b 1\n')
  t.same(tracked.storage.of('a{job="j"}'), ['1@500', 'stale@2000'])
  const ignored = new Bodies({ honor_timestamps: false })
  ignored.scrape('a 1 500\n')
  ignored.scrape('b 1\n')
  t.same(ignored.storage.of('a{job="j"}'), ['1@1000', 'stale@2000'])
})

t.test('samples that the storage refuses are counted and harm no other', async t => {
  const bodies = new Bodies()
  bodies.scrape('a 1 900\na 1 800\nb 1\nb 2\nc 1 999999999\n')
  t.same(bodies.storage.of('a{job="j"}'), ['1@900'])
  t.same(bodies.storage.of('b{job="j"}'), ['1@1000'])
  const text = bodies.registry.render()
  t.match(text, /sample_out_of_order_total 1\n/)
  t.match(text, /sample_duplicate_timestamp_total 1\n/)
  t.match(text, /sample_out_of_bounds_total 1\n/)
})

t.test('a series that the storage has forgotten is made again from its text', async t => {
  const bodies = new Bodies()
  bodies.scrape('a{x="1"} 1\n')
  bodies.storage.forget('a{job="j", x="1"}')
  t.equal(bodies.scrape('a{x="1"} 2\n').problem, undefined)
  t.same(bodies.storage.values('a{job="j", x="1"}'), [1, 2])
})

t.test('labels of target and body: renamed, or honoured', async t => {
  const labels = { job: 'j', instance: 'i' }
  const renamed = new Bodies({}, labels)
  renamed.scrape('a{job="own",exported_job="x"} 1\n')
  t.same(renamed.storage.samples[0]!.series, 'a{exported_exported_job="own", exported_job="x", instance="i", job="j"}')
  const honoured = new Bodies({ honor_labels: true }, labels)
  honoured.scrape('a{job="own",instance=""} 1\n')
  t.same(honoured.storage.samples[0]!.series, 'a{job="own"}')
})

t.test('metric relabelling drops and changes; what it drops is remembered', async t => {
  const bodies = new Bodies({
    metric_relabel_configs: [
      { source_labels: ['__name__'], regex: 'go_.*', action: 'drop' },
      { regex: 'x', action: 'labeldrop' },
    ],
  })
  t.match(bodies.scrape('go_a 1\nb{x="1"} 2\n'), { scraped: 2, kept: 1, seriesAdded: 1 })
  t.match(bodies.scrape('go_a 1\nb{x="1"} 3\n'), { scraped: 2, kept: 1, seriesAdded: 0 })
  t.same(bodies.storage.values('b{job="j"}'), [2, 3])
  // Two texts, one series: it lives while either is told.
  bodies.scrape('b{x="2"} 4\n')
  t.same(bodies.storage.values('b{job="j"}'), [2, 3, 4])
})

t.test('limits fail the scrape as a whole', async t => {
  const samples = new Bodies({ sample_limit: 2 })
  samples.scrape('a 1\nb 1\n')
  t.match(samples.scrape('a 1\nb 1\nc 1\n'), { scraped: 3, kept: 3, problem: 'sample limit exceeded' })
  t.same(samples.storage.values('a{job="j"}'), [1, 'stale'])
  t.match(new Bodies({ label_limit: 2 }).scrape('a{x="1"} 1\n').problem, /^label_limit exceeded .*number of labels: 3/)
  t.match(new Bodies({ label_name_length_limit: 8 }).scrape('a{long_name="1"} 1\n').problem, /label_name_length_limit/)
  t.match(new Bodies({ label_value_length_limit: 3 }).scrape('a{x="äß"} 1\n').problem, /label_value_length_limit/)
  t.match(new Bodies({ metric_name_validation_scheme: 'legacy' }).scrape('{"a.b"} 1\n').problem, /invalid metric name/)
})

t.test('the cache stays bounded under churn and forgets nothing that is in use', async t => {
  const bodies = new Bodies()
  const before = bodies.appender.cacheSizeBytes
  for (let round = 0; round < 200; round++) {
    const churning = Array.from({ length: 50 }, (_, i) => `churn{round="${round}",i="${i}"} ${i}`).join('\n')
    t.equal(bodies.scrape(`a ${round}\n${churning}\n`).seriesAdded, round === 0 ? 51 : 50) || t.bailout()
  }
  t.ok(bodies.appender.cacheSizeBytes < before + 400_000, `${bodies.appender.cacheSizeBytes} bytes`)
  t.equal(bodies.storage.values('a{job="j"}').length, 200)
  t.equal(bodies.storage.samples.filter(sample => sample.value === 'stale').length, 199 * 50)
})

t.test('any sequence of bodies gives what a plain model gives', async t => {
  const name = fc.constantFrom('a', 'aa', 'b', 'a{x="1"}', 'a{x="11"}', 'b{x="long enough for several words"}')
  const body = fc.oneof(
    { weight: 5, arbitrary: fc.uniqueArray(name) },
    { weight: 1, arbitrary: fc.constant('broken' as const) },
  )
  fc.assert(
    fc.property(fc.array(body, { maxLength: 12 }), rounds => {
      const bodies = new Bodies()
      const model = new Map<string, (number | 'stale')[]>()
      let alive = new Set<string>()
      rounds.forEach((names, round) => {
        const told: string[] = names === 'broken' ? [] : names
        bodies.scrape(names === 'broken' ? 'a 1\nb{ 1\n' : told.map(text => `${text} ${round}\n`).join(''))
        for (const text of told) model.set(text, [...(model.get(text) ?? []), round])
        for (const text of alive) if (!told.includes(text)) model.get(text)!.push('stale')
        alive = new Set(told)
      })
      for (const [text, values] of model) {
        const series = text.includes('{') ? text.replace('{', '{job="j", ') : `${text}{job="j"}`
        if (JSON.stringify(bodies.storage.values(series)) !== JSON.stringify(values)) return false
      }
      return true
    }),
    { numRuns: 500 },
  )
  t.pass()
})
