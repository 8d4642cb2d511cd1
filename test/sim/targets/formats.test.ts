// Every profile in every format: what was meant is what a stranger reads.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import t, { type Test } from 'tap'
import { expositionOf, type Format } from '../../../sim/targets/exposition-format.ts'
import { ExpositionTemplate, type Family } from '../../../sim/targets/exposition-template.ts'
import { type MetricsPage, PROFILES } from '../../../sim/targets/index.ts'
import { type PageOptions, TextPage } from '../../../sim/targets/text-page.ts'
import { specOf, START_UNIX_MS } from './fixtures.ts'
import { decodeFamilies, samplesOf, seriesKey } from './metrics-proto.ts'

const PROMTOOL = '/usr/bin/promtool'
const AT = START_UNIX_MS + 123_456

const everything: readonly Family[] = [
  {
    name: 'plain',
    help: 'says "hello" \\ and\nmore',
    type: 'gauge',
    samples: [{ decimals: 2 }, { labels: { a: 'q"\n\\' } }],
  },
  {
    name: 'hits_total',
    help: 'h',
    type: 'counter',
    unit: 'hits',
    samples: [{ exemplar: { idLabel: 'trace_id' } }, { labels: { b: '1' } }],
  },
  { name: 'hits_without', help: 'h', type: 'counter', samples: [{}] },
  { name: 'who', help: 'h', type: 'info', samples: [{ suffix: '_info', labels: { version: '1' } }] },
  { name: 'mood', help: 'h', type: 'stateset', samples: [{ labels: { mood: 'good' } }, { labels: { mood: 'bad' } }] },
  { name: 'odd', help: 'h', type: 'unknown', samples: [{}] },
  {
    name: 'wait_seconds',
    help: 'h',
    type: 'summary',
    unit: 'seconds',
    samples: [{ labels: { quantile: '0.5' }, decimals: 1 }, { suffix: '_sum', decimals: 3 }, { suffix: '_count' }],
  },
  {
    name: 'work_seconds',
    help: 'h',
    type: 'histogram',
    unit: 'seconds',
    samples: [
      {
        suffix: '_bucket',
        labels: { x: 'y', le: '1' },
        exemplar: { idLabel: 'trace_id', labels: { p: 'q' }, decimals: 2 },
      },
      { suffix: '_bucket', labels: { x: 'y', le: '+Inf' } },
      { suffix: '_sum', labels: { x: 'y' }, decimals: 1 },
      { suffix: '_count', labels: { x: 'y' } },
    ],
    native: [{ labels: { x: 'y' }, schema: 0, zeroThreshold: 0.001, firstIndex: -1, buckets: 3 }],
  },
  { name: 'böse.name', help: 'h', type: 'gauge', samples: [{ labels: { 'lab el': 'v' } }] },
]

const ROW = [125, 7, 300, 4, 5, 1, 1, 0, NaN, 15, 1500, 3, 2, 6, 45, 6, 6]
/** Exemplar of the counter; exemplar of the first bucket; the native buckets, the zero bucket first. */
const EXTRAS = [0xabc, 1, AT, 0xfedcba9876543, 75, AT + 1, 1, 2, 0, 3]

function everythingPage(options: PageOptions = { createdUnixMs: START_UNIX_MS + 1 }): MetricsPage {
  return new TextPage([new ExpositionTemplate(everything)], { compute: row => row.set([...ROW, ...EXTRAS]) }, options)
}

function body(page: MetricsPage, format: Format, created = true, native = true): Buffer {
  return Buffer.from(page.render(AT, 7, expositionOf(format, 'allow-utf-8', { created, native })))
}

void t.test('OpenMetrics, line by line', async t => {
  t.equal(
    body(everythingPage(), 'openmetrics-1.0.0').toString('utf8'),
    [
      '# HELP plain says \\"hello\\" \\\\ and\\nmore',
      '# TYPE plain gauge',
      'plain 1.25',
      'plain{a="q\\"\\n\\\\"} 7.0',
      '# HELP hits h',
      '# TYPE hits counter',
      '# UNIT hits hits',
      'hits_total 300.0 # {trace_id="0000000000000abc"} 1.0 1767225723.456',
      'hits_created 1767225600.001',
      'hits_total{b="1"} 4.0',
      'hits_created{b="1"} 1767225600.001',
      '# HELP hits_without h',
      '# TYPE hits_without unknown',
      'hits_without 5.0',
      'hits_without_created 1767225600.001',
      '# HELP who h',
      '# TYPE who info',
      'who_info{version="1"} 1.0',
      '# HELP mood h',
      '# TYPE mood stateset',
      'mood{mood="good"} 1.0',
      'mood{mood="bad"} 0.0',
      '# HELP odd h',
      '# TYPE odd unknown',
      'odd NaN',
      '# HELP wait_seconds h',
      '# TYPE wait_seconds summary',
      '# UNIT wait_seconds seconds',
      'wait_seconds{quantile="0.5"} 1.5',
      'wait_seconds_sum 1.500',
      'wait_seconds_count 3',
      'wait_seconds_created 1767225600.001',
      '# HELP work_seconds h',
      '# TYPE work_seconds histogram',
      '# UNIT work_seconds seconds',
      'work_seconds_bucket{x="y",le="1.0"} 2 # {p="q",trace_id="000fedcba9876543"} 0.75 1767225723.457',
      'work_seconds_bucket{x="y",le="+Inf"} 6',
      'work_seconds_sum{x="y"} 4.5',
      'work_seconds_count{x="y"} 6',
      'work_seconds_created{x="y"} 1767225600.001',
      '# HELP "böse.name" h',
      '# TYPE "böse.name" gauge',
      '{"böse.name","lab el"="v"} 6.0',
      '# EOF',
      '',
    ].join('\n'),
  )
  const without = body(everythingPage({}), 'openmetrics-1.0.0').toString('utf8')
  t.notMatch(without, /_created/, 'nothing began that nobody knows the beginning of')
  t.equal(body(everythingPage(), 'openmetrics-0.0.1').equals(body(everythingPage(), 'openmetrics-1.0.0')), true)
})

void t.test('text 0.0.4 and 1.0.0 know fewer types, and no exemplars', async t => {
  const text = body(everythingPage(), 'text-1.0.0').toString('utf8')
  t.equal(body(everythingPage(), 'text-0.0.4').toString('utf8'), text)
  t.match(text, /^# TYPE who_info gauge\nwho_info\{version="1"\} 1$/m)
  t.match(text, /^# TYPE mood gauge$/m)
  t.match(text, /^# TYPE odd untyped\nodd NaN$/m)
  t.match(text, /^# TYPE hits_total counter\nhits_total 300$/m)
  t.match(text, /^\{"böse\.name","lab el"="v"\} 6$/m)
  t.notMatch(text, /EOF|UNIT|_created|trace_id/)
  const escaped = everythingPage().render(AT, 7).toString('utf8')
  t.match(escaped, /^# TYPE b_se_name gauge\nb_se_name\{lab_el="v"\} 6$/m, 'for those who know no other names')
})

void t.test('protobuf: a decoder of others finds all of it', async t => {
  const families = decodeFamilies(body(everythingPage(), 'protobuf'))
  t.same(
    families.map(({ name, type, unit }) => [name, type, unit]),
    [
      ['plain', 'GAUGE', undefined],
      ['hits_total', 'COUNTER', 'hits'],
      ['hits_without', 'COUNTER', undefined],
      ['who_info', 'GAUGE', undefined],
      ['mood', 'GAUGE', undefined],
      ['odd', 'UNTYPED', undefined],
      ['wait_seconds', 'SUMMARY', 'seconds'],
      ['work_seconds', 'HISTOGRAM', 'seconds'],
      ['böse.name', 'GAUGE', undefined],
    ],
  )
  t.equal(families[0]!.help, 'says "hello" \\ and\nmore')
  const [hit] = families[1]!.metric
  const created = { seconds: START_UNIX_MS / 1000, nanos: 1_000_000 }
  t.same(hit!.counter, {
    value: 300,
    exemplar: {
      label: [{ name: 'trace_id', value: '0000000000000abc' }],
      value: 1,
      timestamp: { seconds: Math.floor(AT / 1000), nanos: 456_000_000 },
    },
    created_timestamp: created,
  })
  const { histogram } = families[7]!.metric[0]!
  t.match(histogram, {
    sample_count: 6,
    sample_sum: 4.5,
    bucket: [{ cumulative_count: 2, upper_bound: 1, exemplar: { value: 0.75 } }],
    created_timestamp: created,
    schema: 0,
    zero_threshold: 0.001,
    zero_count: 1,
    positive_span: [{ offset: -1, length: 3 }],
    positive_delta: [2, -2, 3],
  })
  const classic = decodeFamilies(body(everythingPage({}), 'protobuf', true, false))[7]!.metric[0]!.histogram!
  t.equal(classic.schema, undefined, 'native buckets are for targets that show them')
  t.equal(classic.created_timestamp, undefined)
  checkSamples(t, everythingPage(), samplesOf(families))
})

for (const profile of PROFILES) {
  // What is fed with the cluster's objects is text whatever is asked for, as of the real ones.
  if (profile.fedWith === undefined) {
    void t.test(`${profile.name} in protobuf says what valueAt says`, async t => {
      const page = profile.page(specOf(1, { profile: profile.name }))
      checkSamples(t, page, samplesOf(decodeFamilies(body(page, 'protobuf'))))
    })
  }

  void t.test(
    `${profile.name}: promtool can read it`,
    { skip: existsSync(PROMTOOL) ? false : `${PROMTOOL} is not installed` },
    async t => {
      const input = profile.page(specOf(2, { profile: profile.name })).render(AT, 3)
      const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'metrics'], { input, encoding: 'utf8' })
      // 3: advice about names, which real things do not always follow; 1: what cannot be parsed.
      t.ok(profile.name === 'web-service' ? status === 0 : status === 0 || status === 3, stdout + stderr)
    },
  )
}

/** The samples are exactly those of the page. */
function checkSamples(t: Pick<Test, 'same' | 'equal'>, page: MetricsPage, samples: ReadonlyMap<string, number>): void {
  const expected = new Map(
    page.series.map(({ name, labels }, i) => [seriesKey(name, labels), page.valueAt(i, AT, 7)] as const),
  )
  const differing = [...expected].filter(([key, value]) => !Object.is(samples.get(key), value))
  t.same(
    differing.slice(0, 5).map(([key, value]) => [key, value, samples.get(key)]),
    [],
  )
  t.equal(samples.size, expected.size)
}
