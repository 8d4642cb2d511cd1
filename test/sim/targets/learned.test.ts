// Profiles learned from real pages: what is read, what is refused with its line, and how values go on.
import * as fc from 'fast-check'
import t from 'tap'
import { learnPage, learnPages, type MetricsPage, parsePage, profileByName } from '../../../sim/targets/index.ts'
import { specOf, START_UNIX_MS } from './fixtures.ts'

const FIRST = `# HELP jobs_total Jobs done.
# TYPE jobs_total counter
jobs_total{queue="a",pod="worker-7",namespace="prod"} 1000
jobs_total{queue="b",pod="worker-7",namespace="prod"} 50
# HELP queue_depth How many wait.
# TYPE queue_depth gauge
queue_depth 200
# TYPE temperature_celsius gauge
temperature_celsius -3.25
# TYPE big_bytes gauge
big_bytes 1.2288e+07
# TYPE broken gauge
broken NaN
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.76e+09
# HELP took_seconds How long \\\\ it\\ntook.
# TYPE took_seconds histogram
took_seconds_bucket{le="0.1"} 80
took_seconds_bucket{le="1"} 95
took_seconds_bucket{le="+Inf"} 100
took_seconds_sum 25.5
took_seconds_count 100
# TYPE ask_seconds summary
ask_seconds{quantile="0.5"} 0.02
ask_seconds_sum 4
ask_seconds_count 200
no_type 7
`
const LATER = FIRST.replace('} 1000', '} 1150')
  .replace('queue_depth 200', 'queue_depth 260')
  .replace('le="0.1"} 80', 'le="0.1"} 140')
  .replace('le="1"} 95', 'le="1"} 165')
  .replace('le="+Inf"} 100', 'le="+Inf"} 180')
  .replace('took_seconds_sum 25.5', 'took_seconds_sum 45.5')
  .replace('took_seconds_count 100', 'took_seconds_count 180')

function learned(name: string, first: string, later?: string): MetricsPage {
  const after = later === undefined ? undefined : { families: parsePage(later, 'later'), seconds: 10 }
  const page = learnPage(parsePage(first, 'first'), after)
  // What it holds travels to threads and processes as plain data.
  learnPages({ [name]: structuredClone(page) })
  return profileByName(name).page(specOf(1, { profile: name, pod: 'mine-1', namespace: 'shop' }))
}

const valueOf = (page: MetricsPage, text: string, ms: number): number => {
  const index = page.series.findIndex(
    ({ name, labels }) =>
      `${name}${Object.values(labels)
        .map(value => `/${value}`)
        .join('')}` === text,
  )
  return page.valueAt(index, START_UNIX_MS + ms, 3)
}

void t.test('names, types, HELP and labels are those of the page; the pod’s labels are its own', async t => {
  const page = learned('from:a', FIRST)
  const families = parsePage(page.render(START_UNIX_MS + 1000, 1).toString('utf8'), 'ours').slice(2)
  const real = parsePage(FIRST, 'real').filter(({ name }) => name !== 'broken')
  const shape = (each: readonly { name: string; type: string; help: string }[]): string[] =>
    each.map(({ name, type, help }) => `${name} ${type} ${help}`).toSorted()
  t.same(shape(families), shape(real))
  const jobs = page.series.filter(({ name }) => name === 'jobs_total')
  t.same(
    jobs.map(({ labels }) => labels),
    [
      { queue: 'a', pod: 'mine-1', namespace: 'shop' },
      { queue: 'b', pod: 'mine-1', namespace: 'shop' },
    ],
  )
  t.equal(learnPage(parsePage(FIRST, 'first')).leftOut, 1, 'NaN is left out and counted')
})

void t.test('labels that tell of several pods are left as they are', async t => {
  const page = learned('from:ksm', 'kube_pod_info{pod="a",node="n1"} 1\nkube_pod_info{pod="b",node="n1"} 1\n')
  t.same(
    page.series.slice(2).map(({ labels }) => labels),
    [
      { pod: 'a', node: 'node-1' },
      { pod: 'b', node: 'node-1' },
    ],
  )
})

void t.test('counters go on at the rate that was seen, gauges around their value', async t => {
  const page = learned('from:b', FIRST, LATER)
  t.equal(valueOf(page, 'jobs_total/a/mine-1/shop', 0), 1000)
  const day = 86_400_000
  const perSecond = (valueOf(page, 'jobs_total/a/mine-1/shop', day) - 1000) / 86_400
  t.ok(Math.abs(perSecond - 15) < 0.5, `15 a second were seen, ${perSecond} are counted`)
  t.equal(valueOf(page, 'jobs_total/b/mine-1/shop', day), 50, 'what stood still goes on doing so')
  const depths = Array.from({ length: 200 }, (_, i) => valueOf(page, 'queue_depth', i * 5_000))
  t.ok(Math.min(...depths) >= 140 && Math.max(...depths) <= 260 && new Set(depths).size > 20)
  t.equal(valueOf(page, 'process_start_time_seconds', 5_000), START_UNIX_MS / 1000)
  t.equal(valueOf(page, 'no_type', 5_000), 7)
  t.equal(valueOf(page, 'temperature_celsius', 0) < 0, true)
  const mean = (valueOf(page, 'took_seconds_sum', day) - 25.5) / (valueOf(page, 'took_seconds_count', day) - 100)
  t.ok(Math.abs(mean - 0.25) < 0.01, 'what was observed is as long as it was')
})

void t.test('histograms stay whole and counters never fall', async () => {
  const page = learned('from:c', FIRST, LATER)
  fc.assert(
    fc.property(fc.nat(10_000_000), fc.nat(10_000), (ms, laterMs) => {
      const at = (when: number) => (text: string) => valueOf(page, text, when)
      const [before, after] = [at(ms), at(ms + laterMs)]
      const counted = [
        'took_seconds_bucket/0.1',
        'took_seconds_bucket/1',
        'took_seconds_bucket/+Inf',
        'took_seconds_sum',
        'ask_seconds_count',
        'ask_seconds_sum',
      ]
      return (
        counted.every(text => after(text) >= before(text)) &&
        after(counted[0]!) <= after(counted[1]!) &&
        after(counted[1]!) <= after(counted[2]!) &&
        after(counted[2]!) === after('took_seconds_count')
      )
    }),
    { numRuns: 100 },
  )
})

void t.test('OpenMetrics is read too', async t => {
  const families = parsePage(
    `# TYPE a counter
# HELP a Things.
a_total{x="1"} 5 1700000000.5 # {trace_id="z"} 1 1700000000
a_created{x="1"} 1700000000
# TYPE b info
b_info{version="1"} 1
# TYPE c stateset
c{c="on"} 1
# TYPE d_seconds gauge
# UNIT d_seconds seconds
d_seconds 1.5
# EOF
`,
    'page',
  )
  t.match(families, [
    { name: 'a_total', type: 'counter', help: 'Things.', samples: [{ name: 'a_total', value: '5' }] },
    { name: 'b_info', type: 'gauge' },
    { name: 'c', type: 'gauge' },
    { name: 'd_seconds', type: 'gauge' },
  ])
})

for (const [what, text, message] of [
  ['nothing', '', /page:0: the page has no samples/],
  ['HTML', '<html>\n', /page:1: a line begins with the name of a metric/],
  ['a value that is none', 'a 1\nb x\n', /page:2: "x" is no value/],
  ['no value', 'a\n', /page:1: a has no value/],
  ['labels that do not end', 'a{b="c" 1\n', /page:1: } or , is missing/],
  ['a text that does not end', 'a{b="c} 1\n', /page:1: the value of b does not end/],
  ['a label twice', 'a{b="c",b="d"} 1\n', /page:1: b is there twice/],
  ['a series twice', 'a{b="c"} 1\n\na{b="c"} 2\n', /page:3: a is there twice/],
  ['a timestamp that is none', 'a 1 soon\n', /page:1: "soon" is no timestamp/],
  ['a type that is none', '# TYPE a speed\na 1\n', /page:1: "speed" is no type/],
  ['a type that comes late', 'a 1\n# TYPE a gauge\n', /page:2: the type of a comes after its samples/],
  ['something after the end', 'a 1\n# EOF\nb 1\n', /page:3: something follows/],
] as const) {
  void t.test(`refuses ${what}, with the line`, async t => {
    t.throws(() => parsePage(text, 'page'), { code: 'CHURN_PROFILE_PAGE', exitCode: 2, message })
  })
}
