import * as fc from 'fast-check'
import t from 'tap'
import { DurationHistogram } from '../../base/index.ts'
import {
  checkThresholds,
  evaluateThresholds,
  type Measured,
  METRICS,
  metricKey,
  parseMetricKey,
  parseThresholds,
  toHistogramValue,
} from '../../reports/index.ts'
import { parseExpression } from '../../reports/thresholds.ts'

const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.]{0,12}$/)

void t.test('a metric key reads back as the name and tags it was made of', async t => {
  fc.assert(
    fc.property(word, fc.dictionary(word, fc.string(), { maxKeys: 4 }), (name, tags) => {
      const read = parseMetricKey(metricKey(name, tags))
      return (
        read.name === name &&
        JSON.stringify(Object.entries(read.tags)) ===
          JSON.stringify(Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      )
    }),
  )
  t.equal(metricKey('a', { z: '1', b: 'x y' }), 'a{b=x y,z=1}', 'tags in order, plain where plain is enough')
  t.equal(metricKey('a', { b: 'x,y' }), 'a{b="x,y"}')
  t.same(parseMetricKey('q{class:instant, k = v}'), { name: 'q', tags: { class: 'instant', k: 'v' } }, "k6's spelling")
  for (const broken of ['', '1a', 'a{', 'a{b}', 'a{b=}', 'a{b=1,b=2}', 'a{b=1}x', 'a{b=1,}', 'a b']) {
    t.same(parseMetricKey(broken), { name: broken, tags: {} }, `${broken} is a name`)
    t.match(checkThresholds({ [broken]: ['value==0'] }), [/is no metric/], broken)
  }
})

void t.test('every expression of the grammar is read as it was written', async () => {
  const aggregation = fc.oneof(
    fc.constantFrom('avg', 'min', 'max', 'med', 'count', 'rate', 'value').map(name => ({ name, n: 0, text: name })),
    fc.double({ min: 0, max: 100, noNaN: true }).map(raw => {
      const n = Number(raw.toFixed(3))
      return { name: 'p', n, text: `p(${n})` }
    }),
  )
  const operator = fc.constantFrom('<', '<=', '>', '>=', '==', '===', '!=')
  const blank = fc.constantFrom('', ' ', '  ')
  fc.assert(
    fc.property(
      aggregation,
      operator,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      blank,
      (a, op, limit, b) => {
        const read = parseExpression(`${b}${a.text}${b}${op}${b}${limit}${b}`)
        return (
          read !== undefined &&
          read.aggregation === a.name &&
          read.percentile === a.n &&
          read.operator === op &&
          read.limit === limit + 0
        )
      },
    ),
  )
})

void t.test('whatever else is written is refused, and nothing makes the parser throw', async t => {
  for (const text of [
    '',
    'p(99)',
    'p(99)<',
    'p(101)<1',
    'p(-1)<1',
    'p()<1',
    'p99<1',
    'avg=1',
    'avg<>1',
    'avg<1ms',
    'avg<1 2',
    'avg<1e999',
    'avg<NaN',
    'mean<1',
    '1<avg',
    'avg<1;x',
  ]) {
    t.equal(parseExpression(text), undefined, text)
  }
  fc.assert(fc.property(fc.string(), text => (parseExpression(text), true)))
})

void t.test('all faults are told at once, with what to write instead', async t => {
  const input = {
    discovery_latencies: ['p(99)<8'],
    samples_lost: ['p(99)<1', 'value==0'],
    discovery_latency: ['p(99 <<< x', 'value<1', 'med<1'],
    nonsense: ['value==0'],
    rss_peak: 'value<1' as unknown as string[],
    generator_lag: [7 as unknown as string],
  }
  const faults = checkThresholds(input)
  t.equal(faults.length, 7)
  t.match(faults[0], /discovery_latencies: there is no metric .* did you mean discovery_latency\?/)
  t.match(faults[1], /samples_lost: .*asks for p\(N\), but a count has count, value, rate/)
  t.match(faults.join('\n'), /nonsense: there is no metric "nonsense"$/m)
  t.throws(() => parseThresholds(input), { code: 'CHURN_THRESHOLD', exitCode: 2 })
  try {
    parseThresholds(input)
  } catch (error) {
    for (const fault of faults) t.ok((error as Error).message.includes(fault))
  }
  t.same(checkThresholds({ own: ['value<1'] }, { own: { ...METRICS.rss_peak } }), [], 'a catalogue of ones own')
  t.same(checkThresholds({ constructor: ['value<1'] }).length, 1, 'no prototype is taken for a metric')
})

function histogramOf(seconds: readonly number[]): ReturnType<typeof toHistogramValue> {
  const histogram = new DurationHistogram()
  for (const value of seconds) histogram.record(value * 1e9)
  const value = toHistogramValue(histogram)
  histogram.destroy()
  return value
}

const thousand = Array.from({ length: 1000 }, (_, i) => (i + 1) / 100)
const run: Measured = {
  durationS: 20,
  metrics: {
    discovery_latency: histogramOf(thousand),
    visibility_latency: histogramOf([]),
    samples_lost: { value: 40 },
    rss_peak: { value: 5e8 },
    'query_latency{class=instant,kind=x}': histogramOf([1, 1, 1]),
    'query_latency{class=range,kind=x}': histogramOf([9]),
    'apiserver_requests{verb=list}': { value: 3 },
    'apiserver_requests{verb=watch}': { value: 4 },
    append_ns: toHistogramValue(DurationHistogram.decode(histogramOf([200e-9]).hdr), undefined, 'ns'),
  },
}

function judge(metric: string, expression: string, runs: readonly Measured[] = [run]) {
  return evaluateThresholds(parseThresholds({ [metric]: [expression] }), runs)[0]!
}

void t.test('aggregations are in base units, any percentile from the histogram', async t => {
  const cases: readonly (readonly [string, string, number, boolean])[] = [
    ['discovery_latency', 'p(99)<9.95', 9.9, true],
    ['discovery_latency', 'p(42.5)<=4.3', 4.25, true],
    ['discovery_latency', 'p(0)>0', 0.01, true],
    ['discovery_latency', 'p(100)<10', 10, false],
    ['discovery_latency', 'med<5', 5, false],
    ['discovery_latency', 'avg>5', 5.005, true],
    ['discovery_latency', 'min<0.02', 0.01, true],
    ['discovery_latency', 'max!=3', 10, true],
    ['discovery_latency', 'count===1000', 1000, true],
    ['samples_lost', 'value==0', 40, false],
    ['samples_lost', 'count>=40', 40, true],
    ['samples_lost', 'rate<2', 2, false],
    ['rss_peak', 'value<6e8', 5e8, true],
    ['append_ns', 'p(75)<201', 200, true],
  ]
  for (const [metric, expression, value, ok] of cases) {
    const result = judge(metric, expression)
    t.equal(result.ok, ok, `${metric} ${expression}`)
    t.equal(result.noData, false)
    t.ok(Math.abs(result.value! - value) <= Math.abs(value) * 0.001, `${metric} ${expression} was ${result.value}`)
  }
})

void t.test('sub-metrics are selected by their tags and pooled where several match', async t => {
  t.equal(judge('query_latency{class=instant,kind=x}', 'max<2').ok, true)
  t.equal(judge('query_latency{class:range}', 'max<2').ok, false, "k6's spelling, some of the tags")
  t.equal(judge('query_latency', 'count==4').ok, true, 'all of them')
  t.equal(judge('query_latency{kind:x}', 'max<2').ok, false)
  t.equal(judge('query_latency{class:other}', 'max<2').noData, true)
  t.equal(judge('apiserver_requests', 'value==7').ok, true, 'counts add up')
  t.equal(judge('apiserver_requests{verb:list}', 'value==3').ok, true)
})

void t.test('no data fails', async t => {
  for (const [metric, expression] of [
    ['recovery_time', 'value<1'],
    ['visibility_latency', 'p(99)<1'],
    ['removal_latency', 'count>=0'],
  ] as const) {
    t.same(judge(metric, expression), { metric, expression, value: null, ok: false, noData: true })
  }
  t.equal(judge('visibility_latency', 'count==0').ok, true, 'an empty histogram does have a count')
  t.equal(judge('rss_peak', 'value<1e9', []).noData, true, 'without runs')
  t.equal(judge('samples_lost', 'rate<1', [{ ...run, durationS: 0 }]).noData, true)
})

void t.test('with several runs a threshold must hold in each, and the worst value is told', async t => {
  const runs = [3, 9, 5].map(value => ({ durationS: 1, metrics: { rss_peak: { value } } }))
  t.match(judge('rss_peak', 'value<9', runs), { value: 9, ok: false })
  t.match(judge('rss_peak', 'value<=9', runs), { value: 9, ok: true })
  t.match(judge('rss_peak', 'value>=3', runs), { value: 3, ok: true })
  t.match(judge('rss_peak', 'value==5', runs), { value: 9, ok: false })
  t.match(judge('rss_peak', 'value!=5', runs), { value: 5, ok: false })
  t.match(judge('rss_peak', 'value<99', [...runs, { durationS: 1, metrics: {} }]), { value: null, noData: true })
})
