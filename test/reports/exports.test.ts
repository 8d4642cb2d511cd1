import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import t from 'tap'
import { type Report, type Run, prepareExports, writeExports } from '../../reports/index.ts'
import { renderBenchmarkAction } from '../../reports/render/benchmark-action.ts'
import { renderCsv } from '../../reports/render/csv.ts'
import { renderJUnit } from '../../reports/render/junit.ts'
import { renderOpenMetrics } from '../../reports/render/openmetrics.ts'
import { renderPerfdash } from '../../reports/render/perfdash.ts'
import { Entry, parseSeriesLabels, TextParser } from '../../scraper/textparse/index.ts'
import { sampleAb, sampleCalibration, sampleCapacity, sampleCompare } from './sample-comparison.ts'
import { sampleReport } from './sample-report.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-exports-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const one = sampleReport()

const VARIETY: Readonly<Record<string, Report>> = {
  'one run': one,
  'several trials': sampleReport({ runsPerArm: 3 }),
  invalid: sampleReport({ status: 'invalid' }),
  aborted: sampleReport({ status: 'aborted' }),
  'failed threshold': sampleReport({
    status: 'fail',
    thresholds: { samples_lost: ['value>0'], rss_peak: ['value<1'] },
  }),
  ab: sampleAb({ confirmed: true }),
  'three blocks': sampleAb({ blocks: 3 }),
  compare: sampleCompare(),
  calibration: sampleCalibration(),
  capacity: sampleCapacity(),
  'no runs': { ...one, runs: [], thresholds: [], metrics: {} },
  'a metric that is a histogram in one run only': {
    ...one,
    runs: [one.runs[0]!, { ...one.runs[0]!, index: 1, metrics: { discovery_latency: { value: 3 } } }],
  },
}

/** Names and values as nobody should write them, in every place where they come from outside. */
function hostile(evil: string): Report {
  const run = one.runs[0]!
  const subject: Run['subject'] = { ...run.subject, kind: evil, version: evil }
  return {
    ...one,
    scenario: { ...one.scenario, name: evil, profile: evil, seed: evil },
    tool: { ...one.tool, version: evil, gitSha: evil },
    metrics: { ...one.metrics, own: { kind: 'value', unit: evil, direction: 'lower', help: evil } },
    runs: [{ ...run, subject, metrics: { ...run.metrics, [`own{a=${JSON.stringify(evil)}}`]: { value: 1 } } }],
    thresholds: [{ metric: evil, expression: evil, value: 1, ok: false, noData: false }],
    verdict: { status: 'invalid', exitCode: 5, reasons: [evil] },
  }
}

const HOSTILE = [
  '<a b="c">&amp;]]>',
  'two\nlines\r\n"quoted", and\ttabs',
  '\\" back\\slash\\',
  '\u0000\u001b[2J\ud800',
  'ä €😀',
]

/** What a program says, given text on stdin; undefined when there is no such program. */
function ask(
  program: string,
  args: readonly string[],
  stdin: string,
): Promise<{ code: number; out: string } | undefined> {
  return new Promise(resolve => {
    const child = execFile(program, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : (error as NodeJS.ErrnoException).code
      resolve(code === 'ENOENT' ? undefined : { code: Number(code), out: stdout + stderr })
    })
    child.stdin!.on('error', () => {})
    child.stdin!.end(stdin)
  })
}

const XML = `
import sys, json, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
assert root.tag == 'testsuites', root.tag
suites = []
for suite in root:
    cases = [dict(c.attrib, outcome=[dict(o.attrib, kind=o.tag, text=o.text) for o in c]) for c in suite.iter('testcase')]
    suites.append(dict(suite.attrib, cases=cases, properties={p.get('name'): p.get('value') for p in suite.iter('property')}))
json.dump(suites, sys.stdout)
`

interface Suite {
  readonly name: string
  readonly tests: string
  readonly failures: string
  readonly errors: string
  readonly skipped: string
  readonly properties: Readonly<Record<string, string>>
  readonly cases: readonly {
    readonly name: string
    readonly classname: string
    readonly outcome: readonly { readonly kind: string; readonly message: string; readonly type?: string }[]
  }[]
}

const noPython =
  (await ask('python3', ['--version'], '')) === undefined && 'python3, whose XML parser is used, is not installed'

async function readJUnit(xml: string): Promise<Suite> {
  const said = (await ask('python3', ['-c', XML], xml))!
  if (said.code !== 0) throw new Error(said.out)
  return (JSON.parse(said.out) as Suite[])[0]!
}

t.test('JUnit XML is read by an XML parser, and its totals agree with its cases', { skip: noPython }, async t => {
  for (const [name, report] of [...Object.entries(VARIETY), ...HOSTILE.map(evil => [evil, hostile(evil)] as const)]) {
    const suite = await readJUnit(renderJUnit(report))
    const kinds = suite.cases.flatMap(({ outcome }) => outcome.map(({ kind }) => kind))
    t.equal(Number(suite.tests), suite.cases.length, name)
    t.equal(Number(suite.failures), kinds.filter(kind => kind === 'failure').length, name)
    t.equal(Number(suite.errors), kinds.filter(kind => kind === 'error').length, name)
    t.equal(Number(suite.skipped), kinds.filter(kind => kind === 'skipped').length, name)
    t.equal(suite.properties.exitCode, String(report.verdict.exitCode))
    const names = suite.cases.map(each => `${each.classname} ${each.name}`)
    t.equal(new Set(names).size, names.length, `${name}: cases are told apart`)
  }
  const evil = await readJUnit(renderJUnit(hostile(HOSTILE[1]!)))
  t.match(evil.cases[1]!.name, 'two\nlines\r\n"quoted", and\ttabs', 'line breaks and quotes survive in attributes')
})

t.test('JUnit: what failed, what is an error and what is only skipped', { skip: noPython }, async t => {
  const outcomes = async (report: Report): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await readJUnit(renderJUnit(report))).cases.map(({ name, outcome }) => [name, outcome[0]?.kind ?? 'passed']),
    )
  t.match(await outcomes(VARIETY['failed threshold']!), {
    'the run is complete and valid': 'passed',
    'samples_lost value>0': 'failure',
    'rss_peak value<1': 'failure',
  })
  t.match(await outcomes(VARIETY.invalid!), { 'the run is complete and valid': 'error' })
  t.match(await outcomes(VARIETY.aborted!), { 'the run is complete and valid': 'error' })
  t.match(await outcomes(VARIETY.ab!), {
    'discovery_latency p50': 'passed',
    'discovery_latency p99': 'failure',
    'visibility_latency p95': 'failure',
    cpu_seconds_per_million_samples: 'passed',
  })
  const undecided = sampleAb()
  const comparison = undecided.comparison!
  const rows = comparison.rows.map((row, i) =>
    i === 0 ? { ...row, verdict: 'inconclusive' as const } : i === 1 ? { ...row, verdict: 'no-data' as const } : row,
  )
  t.match(await outcomes({ ...undecided, comparison: { ...comparison, rows } }), {
    'discovery_latency p50': 'skipped',
    'discovery_latency p99': 'skipped',
  })
  t.match(await outcomes(VARIETY.compare!), { 'discovery_latency p99': 'skipped' }, 'what only informs fails nothing')
})

/** RFC 4180, strictly. */
function parseCsv(text: string): string[][] {
  const records: string[][] = []
  let at = 0
  while (at < text.length) {
    const record: string[] = []
    for (;;) {
      const match = /"((?:[^"]|"")*)"|([^",\r\n]*)/y
      match.lastIndex = at
      const [whole, quoted, plain] = match.exec(text)!
      record.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'))
      at += whole.length
      if (text[at] === ',') at++
      else break
    }
    if (text.slice(at, at + 2) !== '\r\n') throw new Error(`no line end at ${at}: ${text.slice(at, at + 20)}`)
    at += 2
    records.push(record)
  }
  return records
}

t.test('CSV: a line for each run, metric and statistic, with the same number of fields', async t => {
  for (const [name, report] of [...Object.entries(VARIETY), ...HOSTILE.map(evil => [evil, hostile(evil)] as const)]) {
    const [head, ...lines] = parseCsv(renderCsv(report))
    t.ok(
      lines.every(line => line.length === head!.length),
      name,
    )
    const expected = report.runs
      .flatMap(run => Object.values(run.metrics))
      .reduce((sum, value) => sum + ('hdr' in value ? 9 + Number(value.censored !== undefined) : 1), 0)
    t.equal(lines.length, expected, name)
  }
  const [head, ...lines] = parseCsv(renderCsv(VARIETY.ab!))
  const field = (line: readonly string[], name: string): string => line[head!.indexOf(name)]!
  const p99 = lines.filter(line => field(line, 'metric') === 'discovery_latency' && field(line, 'statistic') === 'p99')
  t.equal(p99.length, 16)
  t.same(
    p99.map(line => Number(field(line, 'value'))),
    VARIETY.ab!.runs.map(run => (run.metrics.discovery_latency as { p99: number }).p99),
    'values are exact',
  )
  t.equal(field(p99[3]!, 'block'), '1')
  t.ok(lines.some(line => field(line, 'tags') === 'class=range' && field(line, 'unit') === 's'))
})

t.test('any text survives in CSV', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (version, kind) => {
      const run = one.runs[0]!
      const own = { ...run, subject: { ...run.subject, version, kind }, metrics: { own: { value: 1.5 } } }
      const [head, line] = parseCsv(renderCsv({ ...one, runs: [own] }))
      return line![head!.indexOf('version')] === version && line![head!.indexOf('subject')] === kind
    }),
  )
})

t.test('OpenMetrics is accepted by promtool, and by our own scraper', async t => {
  const promtool = (await ask('promtool', ['--version'], '')) !== undefined
  if (!promtool) t.comment('promtool is not installed: npm run peers -- --install')
  for (const [name, report] of [...Object.entries(VARIETY), ...HOSTILE.map(evil => [evil, hostile(evil)] as const)]) {
    const text = renderOpenMetrics(report)
    t.match(text, /\n# EOF\n$/, name)
    if (promtool) {
      const said = (await ask('promtool', ['check', 'metrics'], text))!
      t.equal(said.code, 0, `${name}: ${said.out}`)
      t.equal(said.out, '', `${name}: nothing to complain about`)
    }
    // A family's lines stand together and it is declared once.
    const types = [...text.matchAll(/^# TYPE (\S+)/gm)].map(match => match[1]!)
    t.equal(new Set(types).size, types.length, name)
    t.same(familiesInOrder(text, types), types, `${name}: in one piece each`)
    const seen = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
    const series = seen.map(line => line.slice(0, line.lastIndexOf(' ')))
    t.equal(new Set(series).size, series.length, `${name}: no series twice`)
    t.equal(samplesReadBy(new TextParser(), text), seen.length, `${name}: our own parser reads every sample`)
  }
  const text = renderOpenMetrics(one)
  t.match(text, '# UNIT churnbench_discovery_latency_seconds seconds')
  t.match(text, /^churnbench_discovery_latency_seconds\{.*quantile="0.99"\} 0\.\d+$/m)
  t.match(text, /^churnbench_discovery_latency_seconds_count\{[^}]*\} 300$/m)
  t.match(text, /^churnbench_query_latency_seconds_sum\{.*class="range"\} \d+\.\d+$/m)
  t.match(text, /^churnbench_rss_peak_bytes\{.*\} \d+$/m)
  t.match(text, /^churnbench_cpu_seconds_per_million_samples\{/m)
  t.match(text, /^churnbench_threshold_held\{.*metric="query_latency\{class:instant\}".*\} 1$/m)
})

/** Reads a text to its end, labels and values; throws where it is not well-formed. */
function samplesReadBy(parser: TextParser, text: string): number {
  const bytes = Buffer.from(text)
  parser.reset(bytes, bytes.length)
  let samples = 0
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    if (entry !== Entry.series) continue
    parser.readSeries()
    const read = parseSeriesLabels(bytes, parser.seriesStart, parser.seriesEnd)
    if ('problem' in read) throw new Error(read.problem)
    parser.readValue()
    samples++
  }
  return samples
}

/** The families in the order in which their lines come. */
function familiesInOrder(text: string, types: readonly string[]): string[] {
  const out: string[] = []
  for (const line of text.split('\n')) {
    const name = /^(?:# (?:TYPE|UNIT|HELP) )?([a-zA-Z_:][\w:]*)/.exec(line)?.[1]
    if (name === undefined) continue
    const family = types.includes(name) ? name : name.replace(/_(sum|count)$/, '')
    if (out.at(-1) !== family) out.push(family)
  }
  return out
}

t.test('github-action-benchmark: entries by which way is better, in the units that people read', async t => {
  interface Bench {
    readonly name: string
    readonly unit: string
    readonly value: number
    readonly range?: string
  }
  const read = (report: Report, better: 'smaller' | 'bigger'): Bench[] =>
    JSON.parse(renderBenchmarkAction(report, better)) as Bench[]
  for (const [name, report] of Object.entries(VARIETY)) {
    for (const better of ['smaller', 'bigger'] as const) {
      for (const entry of read(report, better)) {
        t.ok(typeof entry.name === 'string' && typeof entry.unit === 'string' && Number.isFinite(entry.value), name)
      }
    }
  }
  const smaller = read(VARIETY['several trials']!, 'smaller')
  const names = smaller.map(entry => entry.name)
  t.equal(new Set(names).size, names.length, 'a name is a chart')
  t.match(
    smaller.find(({ name }) => name === 'rollout (embedded) discovery_latency p50'),
    { unit: 'ms', range: /^± \d/ },
  )
  t.ok(names.every(name => !name.includes('ingest_rate') && !name.includes('samples_served')))
  t.match(read(one, 'bigger'), [{ name: 'rollout (embedded) ingest_rate', unit: '1/s' }])
  t.equal(
    read(one, 'smaller').find(({ name }) => name.endsWith('rss_peak'))!.range,
    undefined,
    'one trial has no range',
  )
  t.ok(
    read(VARIETY.ab!, 'smaller').every(({ name }) => name.startsWith('rollout (victoriametrics) ')),
    'of two arms the head',
  )
})

t.test('perfdash: PerfData as the Kubernetes performance tests write it', async t => {
  const data = JSON.parse(renderPerfdash(one)) as {
    version: string
    dataItems: { data: Record<string, number>; unit: string; labels: Record<string, string> }[]
  }
  t.equal(data.version, 'v1')
  const item = data.dataItems.find(({ labels }) => labels.Metric === 'query_latency' && labels.class === 'range')!
  const { p50, p90, p99 } = one.runs[0]!.metrics['query_latency{class=range}'] as Record<'p50' | 'p90' | 'p99', number>
  t.same(item.data, { Perc50: p50 * 1000, Perc90: p90 * 1000, Perc99: p99 * 1000 })
  t.equal(item.unit, 'ms')
  for (const report of Object.values(VARIETY)) t.doesNotThrow(() => JSON.parse(renderPerfdash(report)) as unknown)
})

t.test('files are written whole, links are kept, and what cannot be written is one sentence', async t => {
  const into = join(dir, 'deep', 'er')
  await writeExports(one, { junit: join(into, 'junit.xml'), benchmarkJson: join(into, 'bench.json') })
  t.same(
    (await readdir(into)).toSorted(),
    ['bench.bigger.json', 'bench.json', 'junit.xml'],
    'nothing temporary is left',
  )
  writeFileSync(join(dir, 'summary.md'), 'old')
  symlinkSync(join(dir, 'summary.md'), join(dir, 'link.md'))
  await writeExports(one, { markdown: join(dir, 'link.md') })
  t.match(readFileSync(join(dir, 'summary.md'), 'utf8'), /^<!-- churnbench:rollout -->/, 'through the link')

  await mkdir(join(dir, 'taken.csv'))
  for (const [file, why] of [
    [join(dir, 'taken.csv'), /there is a folder of that name/],
    [join(dir, 'summary.md', 'below.csv'), /a part of the path is a file|of that name/],
  ] as const) {
    for (const attempt of [() => prepareExports({ csv: file }), () => writeExports(one, { csv: file })]) {
      await t.rejects(attempt, { code: 'CHURN_REPORT_WRITE', exitCode: 2, message: why })
    }
  }
  await prepareExports({ csv: join(dir, 'new', 'x.csv'), markdown: '/dev/null' })
  t.same(await readdir(join(dir, 'new')), [], 'trying leaves nothing behind')
  await writeExports(one, { markdown: '/dev/null' })
  t.equal(await readFile('/dev/null', 'utf8'), '', 'a device stays a device')
})
