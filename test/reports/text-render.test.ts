import t from 'tap'
import { type ComparisonRow, type Report, renderMarkdown, renderTerminal } from '../../reports/index.ts'
import { formatChange, formatProbability, formatShare } from '../../reports/render/format.ts'
import { sampleAb, sampleCalibration, sampleCapacity, sampleCompare } from './sample-comparison.ts'
import { sampleReport } from './sample-report.ts'

const KINDS: Readonly<Record<string, Report>> = {
  ab: sampleAb({ confirmed: true }),
  'ab, three blocks': sampleAb({ blocks: 3 }),
  'ab, cut short': { ...sampleReport({ arms: ['A', 'B'], runsPerArm: 2, status: 'aborted' }), kind: 'ab' },
  'ab, nothing in common': { ...sampleAb(), comparison: { ...sampleAb().comparison!, rows: [] } },
  compare: sampleCompare(),
  calibration: sampleCalibration(),
  'calibration, nothing': { ...sampleCalibration(), calibration: { blocks: 0, noise: {} } },
  capacity: sampleCapacity(),
  'capacity, none': {
    ...sampleCapacity(),
    capacity: {
      field: 'x.y',
      steps: [{ load: 5, run: 0, sustained: false, reasons: ['no'] }],
      sustained: null,
      failed: 5,
    },
  },
  'several trials': sampleReport({ runsPerArm: 4 }),
  'one run': sampleReport(),
}

const terminal = (report: Report, width = 120): string => renderTerminal(report, { color: false, width })

t.test('every kind of report fits into 80 and 120 columns', async t => {
  // The figures of two arms below each other need a hundred columns; they are shown where there is no comparison.
  const wide = ['ab, cut short', 'ab, nothing in common']
  for (const [name, report] of Object.entries(KINDS)) {
    for (const width of wide.includes(name) ? [120] : [80, 120]) {
      const long = terminal(report, width)
        .split('\n')
        .filter(line => line.length > width)
        // One word that is longer, and the heads of a single run, which are as they always were.
        .filter(line => !line.startsWith('  rollout  ') && !/^ {2}(?:apiserver_requests|query_latency)\{/.test(line))
      t.same(long, [], `${name} at ${width}`)
      t.notMatch(terminal(report, width), /NaN|Infinity|undefined|null|\[object| +\n/, name)
    }
    t.notMatch(renderMarkdown(report), /NaN|Infinity|undefined|null|\[object/, name)
    const tables = renderMarkdown(report).match(/(?:^\|.*\n)+/gm) ?? []
    for (const table of tables) {
      const cells = table
        .trimEnd()
        .split('\n')
        .map(line => line.split(' | ').length)
      t.equal(new Set(cells).size, 1, `${name}: every row of a table has as many cells`)
    }
  }
})

t.test(
  'a comparison: figures with spread, interval, p, verdict; the end says it once more with the exit code',
  async t => {
    const text = terminal(KINDS.ab!)
    t.match(text, /^ {2}metric +base +head +change +95% interval +p\(holm\) +verdict$/m)
    t.match(
      text,
      /^ {2}discovery_latency p99 +4\.61 s ±2% +5\.37 s ±2% +\+16\.4% +\[\+13%, \+19%\] +0\.031 +REGRESSED$/m,
    )
    t.match(text, /^ {2}discovery_latency p50 .* unchanged \(<5%\)$/m)
    t.match(text, /^ {2}targets_missed +0 +0 += +exact$/m)
    t.match(text, /^ {2}samples_lost +0 +84 +\+84 +worse \(exact\)$/m)
    t.match(text, /would be found four times out of five: discovery_latency p50 ±4\.5%/)
    t.match(text, /\n {2}=> REGRESSED \(2 regressed and confirmed, 1 improved, 1 unchanged of 4 gates\) {2}exit 3\n$/)
    const narrow = terminal(KINDS.ab!, 80)
    t.match(narrow, /^ {2}discovery_latency p99 +4\.61 s +5\.37 s +\+16\.4% +REGRESSED$/m, 'what matters stays')
    t.match(terminal(KINDS['ab, three blocks']!), /needs 8 blocks, has 3 \(all rows\)/)
    t.equal(
      terminal(KINDS['ab, three blocks']!).match(/needs 8 blocks/g)!.length,
      1,
      'what all rows share is told once',
    )
  },
)

t.test('warnings of one kind are told once, with how many there are', async t => {
  const warnings = [1, 2, 3, 4].map(n => ({ code: 'busy-machine', message: `others used 9${n} %` }))
  const report = { ...KINDS.ab!, warnings: [...warnings, { code: 'steal', message: 'stolen' }] }
  t.match(
    terminal(report),
    /others used 91 % \(and 3 more of this kind\) \[busy-machine\]\n {2}warning +stolen \[steal\]\n/,
  )
  t.match(renderMarkdown(report), /> \[!WARNING\]\n> - others used 91 % \(and 3 more of this kind\) .*\n> - stolen/)
})

t.test('colours say good and bad, and only when they are wanted', async t => {
  const painted = renderTerminal(KINDS.ab!, { color: true, width: 120 })
  const escape = '\u001b['
  const line = (of: string): string => painted.split('\n').find(each => each.includes(of))!
  t.ok(line('discovery_latency p99').startsWith(`  ${escape}31m`), 'red')
  t.ok(line('cpu_seconds_per_million').startsWith(`  ${escape}32m`), 'green')
  t.notOk(terminal(KINDS.ab!).includes(escape))
})

t.test('Markdown: what changed or failed is open, the rest is folded away', async t => {
  const markdown = renderMarkdown(KINDS.ab!)
  t.match(markdown, /^<!-- churnbench:rollout -->\n\n### 🔻 churnbench `rollout`: regressed\n/)
  const open = markdown.slice(0, markdown.indexOf('<details>'))
  t.match(open, /\| 🔻 \| `discovery_latency p99` \| .* \| \*\*REGRESSED\*\* \|\n/)
  t.ok(open.indexOf('discovery_latency p99') < open.indexOf('cpu_seconds'), 'failures before good news')
  t.notMatch(open, '`discovery_latency p50`')
  t.match(markdown.slice(open.length), '`discovery_latency p50`')
  t.equal(markdown.match(/<details>/g)!.length, markdown.match(/<\/details>/g)!.length)
  const failed = renderMarkdown({
    ...KINDS.ab!,
    thresholds: [{ metric: 'samples_lost', expression: 'value==0', value: 84, ok: false, noData: false }],
  })
  t.ok(failed.indexOf('❌') < failed.indexOf('discovery_latency p99'), 'a failed threshold comes first')
  const unchanged = sampleAb({ factor: 1 })
  const rows = unchanged.comparison!.rows.map((row): ComparisonRow => ({ ...row, verdict: 'unchanged' }))
  const quiet = renderMarkdown({
    ...unchanged,
    comparison: { ...unchanged.comparison!, rows },
    verdict: { status: 'unchanged', exitCode: 0, reasons: [] },
  })
  t.match(quiet, /: unchanged\n[^]*Nothing to report: 4 gates unchanged/)
})

t.test('names and notes from outside change nothing about text, table or terminal', async t => {
  for (const evil of [
    '</details>--><b>',
    '`|` @everyone [x](javascript:y)',
    '\u001b[2J\u009b31m\u202e',
    'two\r\n\n# lines',
  ]) {
    const report = KINDS.ab!
    const hostile: Report = {
      ...report,
      comparison: {
        ...report.comparison!,
        base: { ...report.comparison!.base, label: evil },
        seed: evil,
        rows: report.comparison!.rows.map((row, i) =>
          i < 2 ? { ...row, metric: evil + i, unit: evil, note: evil } : row,
        ),
      },
      calibration: { blocks: 2, noise: { [evil]: { variation: 1, change95: 1, minEffect: 1, detectable: {} } } },
      capacity: {
        field: evil,
        steps: [{ load: 1, run: 0, sustained: false, reasons: [evil] }],
        sustained: 1,
        failed: 2,
      },
    }
    for (const each of [hostile, { ...hostile, calibration: undefined } as unknown as Report]) {
      // oxlint-disable-next-line no-control-regex -- none may be left
      t.notMatch(terminal(each), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
      const uncoded = renderMarkdown(each).replace(/`[^`\n]*`/g, '')
      t.notMatch(uncoded, /<b>|@everyone|\]\(javascript|^# lines/m)
      t.equal(uncoded.match(/<!--|-->/g)?.length, 2)
      t.equal(uncoded.match(/<details>/g)!.length, uncoded.match(/<\/details>/g)!.length)
    }
  }
})

t.test('the noise of a machine, and the answer of a search', async t => {
  const calibration = terminal(KINDS.calibration!)
  t.match(calibration, /^ {2}noise of +variation +change +min effect +found by 6 +8 +10 +12$/m)
  t.match(calibration, /^ {2}discovery_latency p99 +\d\S*% +\d\S*% +\d\S*% +±/m)
  t.match(calibration, /Self-test: the two arms were the same/)
  t.match(terminal(KINDS.calibration!, 80), /^ {2}noise of +variation +change +min effect +found by 1?\d/m)
  const capacity = terminal(KINDS.capacity!)
  t.match(capacity, /^ {4}50 {2}✓\n[^]* 800 {2}✗ {2}scrapes_missed value<1 was 300\n/m)
  t.match(capacity, 'Highest load sustained: cluster.workloads.load.replicas = 525; the lowest that was not: 550.')
  t.match(terminal(KINDS['capacity, none']!), 'No load was sustained: x.y failed already at 5.')
  t.match(renderMarkdown(KINDS.capacity!), /\| 800 \| ❌ \| scrapes&#95;missed value&lt;1 was 300 \|/)
  t.match(terminal(KINDS['several trials']!), /^ {2}rss_peak +\d+ MiB {2}\d+ MiB … \d+ MiB$/m)
})

t.test('changes, shares and probabilities as people write them', async t => {
  for (const [value, text] of [
    [0.165, '+16.5%'],
    [-0.193, '-19.3%'],
    [0, '0%'],
    [-0, '0%'],
    [0.0001, '+<0.1%'],
    [2.154, '+215%'],
    [8.94, '+894%'],
    [11.4, '×12'],
    [1324.2, '×1,325'],
  ] as const) {
    t.equal(formatChange(value), text)
  }
  t.equal(formatShare(0.05), '5%')
  t.equal(formatProbability(0.0390625), '0.039')
  t.equal(formatProbability(0.0001), '<0.001')
})
