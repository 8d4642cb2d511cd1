import * as fc from 'fast-check'
import t from 'tap'
import {
  METRICS,
  type Report,
  renderHtml,
  renderMarkdown,
  renderTerminal,
  toHistogramValue,
} from '../../reports/index.ts'
import { DurationHistogram } from '../../base/index.ts'
import { formatBytes, formatNumber, formatValue } from '../../reports/render/format.ts'
import { GROUPS } from '../../reports/render/layout.ts'
import { htmlFaults, OUTSIDE, unscripted } from './html-faults.ts'
import { sampleReport } from './sample-report.ts'

const renderers = {
  html: renderHtml,
  markdown: renderMarkdown,
  terminal: (report: Report) => renderTerminal(report, { color: false }),
} as const

const one = sampleReport()

/** A variety of reports that have to be drawn. */
const VARIETY = variety()

function variety(): Readonly<Record<string, Report>> {
  const run = one.runs[0]!
  return {
    'one run': one,
    'two arms': sampleReport({ arms: ['A', 'B'], runsPerArm: 3, status: 'fail' }),
    'only arm B': sampleReport({ arms: ['B'] }),
    invalid: sampleReport({ status: 'invalid' }),
    aborted: sampleReport({ status: 'aborted' }),
    'no runs': { ...one, runs: [], thresholds: [], warnings: [], metrics: {} },
    'no metrics': { ...one, runs: [{ ...run, metrics: {} }] },
    'no time line': { ...one, runs: [{ ...run, timeline: { intervalS: 1, columns: ['t_s'], rows: [] }, events: [] }] },
    'nothing but gaps': {
      ...one,
      runs: [
        {
          ...run,
          timeline: {
            intervalS: 1,
            columns: ['t_s', 'pods_ready'],
            rows: [
              [0, null],
              [null, 3],
            ],
          },
        },
      ],
    },
    'one sample': {
      ...one,
      runs: [{ ...run, timeline: { intervalS: 1, columns: ['t_s', 'pods_ready', 'own_bytes'], rows: [[0, 0, 5]] } }],
    },
    'empty histogram': { ...one, runs: [{ ...run, metrics: { discovery_latency: emptyHistogram() } }] },
    'a metric that is a histogram in one arm only': {
      ...one,
      runs: [run, { ...run, arm: 'B', index: 1, metrics: { discovery_latency: { value: 3 } } }],
    },
  }
}

function emptyHistogram(): ReturnType<typeof toHistogramValue> {
  const histogram = new DurationHistogram()
  const value = toHistogramValue(histogram, 0)
  histogram.destroy()
  return value
}

void t.test('every kind of report is drawn as a whole page that needs nothing else', async t => {
  for (const [name, report] of Object.entries(VARIETY)) {
    const page = unscripted(renderHtml(report))
    t.same(htmlFaults(page), [], name)
    t.notMatch(page, OUTSIDE, name)
    t.notMatch(page, /https?:\/\//, name)
    t.notMatch(page, /NaN|Infinity|undefined|\[object/, name)
    t.match(
      page,
      /Content-Security-Policy" content="default-src &#39;none&#39;; [^"]*style-src &#39;unsafe-inline&#39;"/,
    )
    t.match(page, '@media (prefers-color-scheme:dark)')
    t.match(page, '@media print')
    for (const svg of page.match(
      /<svg viewBox[^>]* role="img"[^>]*>\s*<title[^>]*>[^<]+<\/title>\s*<desc[^>]*>[^<]+<\/desc>/g,
    ) ?? []) {
      const [, title, desc] = /aria-labelledby="(\S+) (\S+)"/.exec(svg)!
      t.ok(
        svg.includes(`id="${title}"`) && svg.includes(`id="${desc}"`),
        `${name}: figures have a title and a description`,
      )
    }
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(match => match[1])
    t.equal(new Set(ids).size, ids.length, `${name}: identifiers are given once`)
    t.equal(page.match(/<svg[^>]* role="img"/g)?.length ?? 0, page.match(/<desc/g)?.length ?? 0, name)
  }
})

void t.test('text for terminals and pull requests is drawn for every kind of report', async t => {
  for (const [name, report] of Object.entries(VARIETY)) {
    t.notMatch(renderMarkdown(report), /NaN|Infinity|undefined|\[object/, name)
    t.notMatch(renderers.terminal(report), /NaN|Infinity|undefined|\[object/, name)
    t.match(renderMarkdown(report), /^<!-- churnbench:rollout -->\n/, name)
    const columns = renderMarkdown(report)
      .split('\n')
      .filter(line => line.startsWith('|'))
      .map(line => line.split(' | ').length)
    t.ok(
      columns.every(count => count >= 2 && count <= 6),
      `${name}: cells are separate`,
    )
  }
})

void t.test('every metric appears, under its name and with its help', async t => {
  const [page, markdown, terminal] = [renderHtml(one), renderMarkdown(one), renderers.terminal(one)]
  for (const key of Object.keys(one.runs[0]!.metrics)) {
    t.ok(page.includes(`<code>${key}</code>`), `${key} in HTML`)
    t.ok(markdown.includes(`\`${key}\``), `${key} in Markdown`)
    t.ok(terminal.includes(`  ${key} `), `${key} on the terminal`)
  }
  for (const { help } of Object.values(one.metrics)) t.ok(page.includes(help.replaceAll("'", '&#39;')), help)
  const report = one
  const own: Report = {
    ...report,
    metrics: { ...report.metrics, my_metric: { kind: 'value', unit: 'widgets', direction: 'none', help: 'Mine.' } },
    runs: [{ ...report.runs[0]!, metrics: { my_metric: { value: 1234.5 } } }],
  }
  for (const [name, render] of Object.entries(renderers)) t.match(render(own), /1,235 widgets/, `one's own in ${name}`)
  t.match(renderHtml(own), 'Mine.')
})

void t.test('the catalogue and the layout hold the same metrics, each once', async t => {
  const placed = GROUPS.flatMap(group => group.names)
  t.same(placed.toSorted(), Object.keys(METRICS).toSorted())
})

const HOSTILE = [
  '</script><img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  "' onmouseover='x",
  '--><b>x</b><!--',
  '`|`| @everyone [x](javascript:y) \\',
  '\u001b[2J\u001b]0;x\u0007\u009b31m\u202etxt',
  '${7*7}\r\n\n# heading\n- list',
] as const

void t.test('hostile names change nothing about the page', async t => {
  const plain = unscripted(renderHtml(one))
  for (const evil of HOSTILE) {
    const report = one
    const run = report.runs[0]!
    const hostile: Report = {
      ...report,
      scenario: {
        ...report.scenario,
        name: evil,
        description: evil,
        profile: evil,
        seed: evil,
        resolved: { [evil]: [evil] },
      },
      tool: { ...report.tool, version: evil, gitSha: evil },
      environment: { ...report.environment, cpuModel: evil, os: evil, podNetwork: evil, fingerprint: evil },
      metrics: { ...report.metrics, [evil]: { kind: 'value', unit: evil, direction: 'none', help: evil } },
      runs: [
        {
          ...run,
          subject: { kind: evil, version: evil, configSha256: evil, command: [evil], files: [evil] },
          metrics: {
            ...run.metrics,
            [evil]: { value: 1 },
            [`query_latency{class=${JSON.stringify(evil)}}`]: run.metrics.discovery_latency!,
          },
          timeline: {
            intervalS: 1,
            columns: ['t_s', evil],
            rows: [
              [0, 1],
              [1, 2],
            ],
          },
          events: [{ atS: 0.5, label: evil }],
          invalidReasons: [evil],
        },
      ],
      thresholds: [{ metric: evil, expression: evil, value: 1, ok: false, noData: false }],
      warnings: [{ code: evil, message: evil }],
      verdict: { status: 'fail', exitCode: 99, reasons: [evil] },
    }
    const page = unscripted(renderHtml(hostile))
    t.same(htmlFaults(page), [], evil)
    const tags = (html: string): string => [...new Set(html.match(/<\/?[a-z][\w-]*/g))].toSorted().join(' ')
    t.equal(tags(page.replaceAll('<circle', '')), tags(plain.replaceAll('<circle', '')), 'no new element')
    t.notMatch(page.replace(/>[^<]*</g, '><'), OUTSIDE, evil)
    // oxlint-disable-next-line no-control-regex -- none may be left
    const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/
    t.notMatch(renderers.terminal(hostile), control, 'no control reaches the terminal')
    const markdown = renderMarkdown(hostile)
    const uncoded = markdown.replace(/`[^`\n]*`/g, '')
    t.notMatch(uncoded, /<(?:img|svg|script|b)\b|@everyone|\]\(javascript/, 'no markup in Markdown')
    t.equal(uncoded.match(/<!--|-->/g)?.length, 2, 'one comment, closed once')
    t.equal(markdown.match(/^#/gm)?.length, 1, 'one heading')
  }
})

void t.test('what makes the figures doubtful comes before any figure', async t => {
  for (const status of ['invalid', 'aborted', 'fail'] as const) {
    const report = sampleReport({ status, thresholds: { samples_lost: ['value>0'] } })
    const word = { invalid: 'invalid', aborted: 'aborted', fail: 'failed' }[status]
    for (const [name, render] of Object.entries(renderers)) {
      const text = render(report).toLowerCase()
      const body = text.slice(Math.max(0, text.indexOf('<body')))
      const said = body.indexOf(word)
      t.ok(said > 0 && said < body.indexOf('517 ms'), `${name}: ${word}`)
    }
  }
  t.match(renderHtml(sampleReport({ status: 'invalid' })), 'generator_lag p99 was 12.4 ms, above 5 ms')
})

void t.test('two arms are two curves, told apart by more than colour', async t => {
  const page = renderHtml(sampleReport({ arms: ['A', 'B'], runsPerArm: 2 }))
  const discovery =
    /<title id="f0[^>]*>Percentile spectrum: Discovery latency<\/title>[^]*?<\/svg>/.exec(page)?.[0] ?? ''
  t.match(discovery, /class="line s0"/)
  t.match(discovery, /class="line s1 dashed"/)
  t.match(discovery, />A embedded<\/text>/)
  t.match(discovery, />B victoriametrics<\/text>/)
  t.equal(discovery.match(/class="line s\d faint"/g)?.length, 4, 'a faint line for each trial')
})

void t.test('thresholds on a percentile are marked in its spectrum', async t => {
  const at = (limit: number): string =>
    renderHtml(sampleReport({ thresholds: { discovery_latency: [`p(99)<${limit}`] } }))
  t.match(at(0.6), /<g class="limit ok">[^]*?✓\s+p\(99\)&lt;0.6/)
  t.match(at(0.3), /<g class="limit bad">[^]*?✗\s+p\(99\)&lt;0.3/)
  t.notMatch(at(60), /<g class="limit/, 'one far off would squeeze the data')
})

void t.test('events are marked in the time lines and listed', async t => {
  const page = renderHtml(sampleReport())
  t.match(page, /<g class="mark">\s*<title>restart shop\/frontend<\/title>/)
  t.match(page, /What was done to the cluster \(6\)/)
})

void t.test('a page stays below 400 KB, however long the run and however many the trials', async t => {
  const report = sampleReport({ arms: ['A', 'B'], runsPerArm: 12, seconds: 3600 })
  const run = report.runs[0]!
  const tagged = Object.fromEntries(
    Array.from({ length: 150 }, (_, i) => [`apiserver_requests{resource=r${i},verb=list}`, { value: i }]),
  )
  const events = Array.from({ length: 300 }, (_, i) => ({ atS: i * 12, label: `scale shop/frontend to ${i} replicas` }))
  const long: Report = {
    ...report,
    scenario: {
      ...report.scenario,
      resolved: { workloads: Array.from({ length: 5000 }, (_, i) => ({ name: `w${i}` })) },
    },
    runs: [{ ...run, metrics: { ...run.metrics, ...tagged }, events }, ...report.runs.slice(1)],
  }
  const bytes = Buffer.byteLength(renderHtml(long))
  t.ok(bytes < 400 * 1024, `${bytes} bytes`)
})

void t.test('any finite figures can be drawn', async () => {
  const base = sampleReport({ pods: 20 })
  const run = base.runs[0]!
  const number = fc.oneof(fc.double({ min: -1e15, max: 1e15, noNaN: true }), fc.constantFrom(0, -0, 5e-324, 1e-9, 1e15))
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('rss_peak', 'ingest_rate', 'samples_lost', 'discovery_floor', 'x'), number),
      fc.array(fc.tuple(fc.nat(5000), fc.option(number), fc.option(number)), { maxLength: 30 }),
      fc.array(fc.integer({ min: 0, max: 3.6e12 }), { maxLength: 20 }),
      (scalars, rows, durations) => {
        const histogram = new DurationHistogram()
        for (const ns of durations) histogram.record(ns)
        const metrics = {
          discovery_latency: toHistogramValue(histogram, 0),
          ...Object.fromEntries(Object.entries(scalars).map(([key, value]) => [key, { value }])),
        }
        histogram.destroy()
        const whole = renderHtml({
          ...base,
          runs: [{ ...run, metrics, timeline: { intervalS: 1, columns: ['t_s', 'pods_ready', 'y_bytes'], rows } }],
        })
        const page = unscripted(whole)
        return !/NaN|Infinity|undefined/.test(page) && htmlFaults(page).length === 0
      },
    ),
    { numRuns: 40 },
  )
})

void t.test('values are written for people', async t => {
  for (const [value, unit, text] of [
    [4.6123, 's', '4.61 s'],
    [212, 'ns', '212 ns'],
    [438_304_768, 'bytes', '418 MiB'],
    [1536, 'bytes', '1.5 KiB'],
    [0, 'bytes', '0 B'],
    [1.9, 'bytes', '1.9 B'],
    [1_234_567, '1', '1,234,567'],
    [-1234, '1', '-1,234'],
    [0.12345, '1', '0.123'],
    [5040.4, '1/s', '5,040/s'],
    [0.5, '1/s', '0.5/s'],
    [2048, 'bytes/s', '2 KiB/s'],
    [0.25, 'cores', '0.25 cores'],
  ] as const) {
    t.equal(formatValue(value, unit), text)
  }
  t.equal(formatBytes(1023.9), '1 KiB', 'never 1024 of a unit')
  t.equal(formatNumber(1e15), '1.000e+15')
})

void t.test('colour is an option, and off leaves no escape', async t => {
  // oxlint-disable-next-line no-control-regex -- that is what colours are made of
  const escape = /\u001b\[/
  t.match(renderTerminal(sampleReport(), { color: true }), escape)
  t.notMatch(renderTerminal(sampleReport(), { color: false }), escape)
})
