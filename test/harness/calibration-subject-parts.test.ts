import fc from 'fast-check'
import t from 'tap'
import { SystemClock } from '../../base/index.ts'
import { parseExposition, parseLabels } from '../../harness/calibration-subject/exposition.ts'
import { parseOptions, UsageError } from '../../harness/calibration-subject/options.ts'
import { EveryNth, parseRatio } from '../../harness/calibration-subject/ratio.ts'
import { parseSelector } from '../../harness/calibration-subject/selector.ts'
import { defaultPrometheusConfig, subjectByKind } from '../../harness/subjects/index.ts'

const NEEDED = ['--config-file=c', '--ledger-file=l', '--port=1']

t.test('k of every n, exactly', t => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(200), fc.nat(2000), (n, most, events) => {
      const k = Math.min(most, n)
      const every = new EveryNth(parseRatio(`${k}/${n}`))
      let hits = 0
      for (let i = 0; i < events; i++) if (every.next()) hits++
      return hits === Math.floor((events * k) / n)
    }),
  )
  t.equal(new EveryNth(undefined).next(), false)
  for (const text of ['', '1', '2/1', '1/0', '-1/2', '0.5', '1/1000000000']) t.equal(parseRatio(text), undefined, text)
  t.end()
})

t.test('arguments are read, and all that is wrong with them is told at once', t => {
  const options = parseOptions([
    ...NEEDED,
    '--discovery-delay=0s,1m30s',
    '--late=2/3,40ms',
    '--stall=1s,2s',
    '--stall=9s,1s',
  ])
  t.match(options, {
    discoveryDelaysMs: [0, 90_000],
    late: { ratio: { k: 2, n: 3 }, byMs: 40 },
    stalls: [
      { atMs: 1000, forMs: 2000 },
      { atMs: 9000, forMs: 1000 },
    ],
    firstScrape: 'at-once',
    scrapesPerPodMax: Infinity,
  })
  let message = ''
  try {
    parseOptions(['--port=x', '--stall=5s', '--lose-samples=3', '--frobnicate=1', 'now', '--discovery-delay=soon'])
  } catch (error) {
    t.ok(error instanceof UsageError)
    message = (error as Error).message
  }
  for (const what of [
    'port',
    'stall',
    'lose-samples',
    'frobnicate',
    'now',
    'discovery-delay',
    'config-file',
    'ledger-file',
  ])
    t.match(message, new RegExp(what), what)
  t.end()
})

t.test('selectors as the harness asks with them', t => {
  const labels = { __name__: 'up', pod: 'a-1', path: 'a"b\\c' }
  const matches = (text: string) => parseSelector(text)?.matches(labels)
  for (const yes of [
    'up',
    'up{}',
    '{pod="a-1"}',
    'up{pod=~"b|a-1"}',
    '{pod=~"a.+", path="a\\"b\\\\c"}',
    '{pod!="b"}',
    '{none=""}',
  ])
    t.equal(matches(yes), true, yes)
  for (const no of ['down', '{pod="a"}', '{pod=~"a"}', '{pod!~"a-.",}', '{none!=""}']) t.equal(matches(no), false, no)
  for (const none of ['', '{}x', 'sum(up)', 'up{pod}', 'up{pod="a"', '{pod="a" path="b"}'])
    t.equal(matches(none), undefined, none)
  t.equal(parseSelector('up[1500ms]')?.rangeMs, 1500)
  t.end()
})

t.test('an exposition is read back', t => {
  const samples = parseExposition('# HELP a x\n# TYPE a gauge\na{x="1 } 2",y="q\\"\\n\\\\"} 3.5\nb +Inf\nc NaN 17\n')
  t.same(
    samples.map(({ value }) => value),
    [3.5, Infinity, NaN],
  )
  t.same(parseLabels(samples[0]!.series), { __name__: 'a', x: '1 } 2', y: 'q"\n\\' })
  t.same(parseLabels('b'), { __name__: 'b' })
  t.throws(() => parseExposition('{x="1"} 1'), /not a sample: /)
  t.end()
})

t.test('wrong arguments are refused as a configuration is, before anything runs', async t => {
  await t.rejects(
    subjectByKind('calibration').start(new SystemClock(), {
      config: defaultPrometheusConfig({ scrapeIntervalMs: 1000, role: 'pod' }),
      api: { url: 'https://127.0.0.1:1', token: 'x', caPem: 'x' },
      workDir: t.testdir(),
      readyTimeoutMs: 30_000,
      args: ['--lose-samples=all', '--late=1/2'],
    }),
    {
      code: 'CHURN_SUBJECT_CONFIG',
      message: /--late=1\/2: not a ratio and a duration[^]*--lose-samples=all: not a ratio/,
    },
  )
  await t.rejects(
    subjectByKind('calibration').start(new SystemClock(), {
      config: defaultPrometheusConfig({ scrapeIntervalMs: 1000, role: 'endpointslice' }),
      api: { url: 'https://127.0.0.1:1', token: 'x', caPem: 'x' },
      workDir: t.testdir(),
      readyTimeoutMs: 30_000,
      args: [],
    }),
    { code: 'CHURN_SUBJECT_CONFIG', message: /no job with kubernetes_sd_configs of role pod/ },
  )
})
