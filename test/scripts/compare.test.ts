import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { prettyJson, readReport, type Report, validateReport } from '../../reports/index.ts'
import { type Outcome, start } from '../support/program.ts'
import { sampleReport, type SampleOptions } from '../reports/sample-report.ts'

// Goal: what `compare` and `baseline` answer, in words, files and exit codes, to people who type at them.
// Method: saved reports whose figures are made up, with a regression put into some, and the real program.
const dir = mkdtempSync(join(tmpdir(), 'churnbench-compare-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

/** In a folder of its own, so that nobody's baselines or calibrations are found. */
const run = (...args: string[]): Promise<Outcome> => start(args, undefined, { cwd: dir }).ended

const GATES = { discovery_latency: ['p50', 'p95'] } as const
const THRESHOLDS = { discovery_latency: ['p(99)<8'], samples_lost: ['value==0'] }

const made = (options: SampleOptions = {}): Report =>
  sampleReport({ runsPerArm: 8, pods: 400, gates: GATES, thresholds: THRESHOLDS, ...options })

/** A run with a threshold that does not hold, as its own command would have left it. */
const failing = (report: Report): Report => ({
  ...report,
  thresholds: report.thresholds.map((each, i) => (i === 1 ? { ...each, ok: false, value: 84 } : each)),
  verdict: { status: 'fail', exitCode: 99, reasons: ['samples_lost value==0: 84'] },
})

const elsewhere = (report: Report): Report => ({
  ...report,
  environment: { ...report.environment, cpuModel: 'Other CPU 3.10GHz', fingerprint: '0'.repeat(64) },
})

const base = made()
const same = made({ trialSeed: 'again' })
const slow = made({ trialSeed: 'again', slower: 1.5 })

const REPORTS: Readonly<Record<string, Report>> = {
  base,
  same,
  slow,
  fast: made({ trialSeed: 'again', slower: 0.6 }),
  few: made({ trialSeed: 'again', runsPerArm: 3 }),
  failing: failing(same),
  'slow-failing': failing(slow),
  elsewhere: elsewhere(same),
  'elsewhere-failing': failing(elsewhere(same)),
  'other-seed': { ...same, scenario: { ...same.scenario, seed: '43' } },
  invalid: { ...same, runs: same.runs.map((each, i) => ({ ...each, valid: i > 3 })) },
}
for (const [name, report] of Object.entries(REPORTS)) writeFileSync(join(dir, `${name}.json`), prettyJson(report))
writeFileSync(join(dir, 'broken.json'), '{"schema": ')
writeFileSync(join(dir, 'other.json'), '{"schema": 1}')
mkdirSync(join(dir, 'folder'))
writeFileSync(join(dir, 'folder', 'report.json'), prettyJson(base))

type Asserts = Pick<typeof t, 'equal' | 'match' | 'notMatch'>

/** One clear message on stderr, no stack. */
function refused(t: Asserts, outcome: Outcome, pattern: RegExp): void {
  t.equal(outcome.code, 2, outcome.stderr)
  t.match(outcome.stderr, pattern)
  t.notMatch(outcome.stderr, /\n\s+at .*:\d+:\d+/, 'no stack trace')
}

t.test('every exit code, and the most serious wins', async t => {
  for (const [from, to, options, code, says] of [
    ['base', 'same', [], 0, /=> (UNCHANGED|INCONCLUSIVE) \(/],
    ['base', 'fast', [], 0, /=> IMPROVED \(2 improved/],
    ['base', 'slow', [], 3, /=> REGRESSED \(2 regressed.* of \d gates\) {2}exit 3/],
    ['base', 'few', [], 0, /=> INCONCLUSIVE/],
    ['base', 'few', ['--strict'], 4, /=> INCONCLUSIVE .* exit 4/],
    ['base', 'other-seed', [], 5, /=> INVALID[^]*exit 5/],
    ['base', 'elsewhere', [], 5, /The two are not comparable[^]*Other CPU/],
    ['base', 'invalid', [], 5, /4 of 8 trials of the head/],
    ['base', 'failing', [], 99, /✗ samples_lost[^]*=> FAIL \(.*; 1 of 2 thresholds failed\) {2}exit 99/],
    ['base', 'slow-failing', [], 99, /discovery_latency p95 .* REGRESSED[^]*=> FAIL/],
    ['base', 'elsewhere-failing', [], 5, /=> INVALID/],
    ['base', 'elsewhere', ['--allow-differences'], 0, /informs and decides nothing[^]*=> PASS/],
    ['slow', 'slow', ['--strict'], 0, /both are the same report/],
    ['folder', 'slow.json', ['--alpha', '0.01', '--seed', '7'], 3, /Holm at 1%, 95% intervals, seed 7/],
  ] as const) {
    const outcome = await run(
      'compare',
      from === 'folder' ? from : `${from}.json`,
      to.replace(/(\.json)?$/, '.json'),
      ...options,
    )
    t.equal(outcome.code, code, `${from} ${to} ${options.join(' ')}: ${outcome.stdout}${outcome.stderr}`)
    t.match(outcome.stdout, says, `${from} ${to} ${options.join(' ')}`)
    // oxlint-disable-next-line no-control-regex -- that is what colours are made of
    t.notMatch(outcome.stdout, /\u001b/, 'no colours in a pipe')
  }
})

t.test('what cannot be compared is one sentence that shows the way out', async t => {
  refused(
    t,
    await run('compare', 'missing.json', 'base.json'),
    /missing\.json is no file, .* no baseline; there are none yet/,
  )
  refused(t, await run('compare', 'base.json', 'broken.json'), /broken\.json is not JSON/)
  refused(t, await run('compare', 'base.json', 'other.json'), /other\.json is not a churnbench report:\n {2}/)
  refused(t, await run('compare', 'base.json'), /missing required argument 'head'/)
  refused(t, await run('compare', 'base.json', 'same.json', '--alpha', '2'), /alpha/)
  refused(t, await run('compare', 'base.json', 'same.json', '--junit', 'base.json/x.xml'), /cannot write .*x\.xml/)
  refused(t, await run('compare', 'base.json', 'same.json', '--out', 'base.json'), /cannot write a report/)
  refused(t, await run('compare', 'base.json', 'same.json', '--calibration', 'absent.json'), /absent\.json/)
  refused(t, await run('compare', 'baseline:main', 'same.json'), /there is no baseline "main"/)
  t.notOk(existsSync(join(dir, 'base.json', 'x.xml')))
})

t.test('the comparison in every form at once', async t => {
  const out = (name: string): string => join(dir, 'out', name)
  const words =
    'compare base.json slow.json --json --out out/compare --markdown out/c.md --junit out/c.xml --html out/c.html ' +
    '--csv out/c.csv --openmetrics out/c.prom --benchmark-json out/bench.json --perfdash out/perf.json'
  const outcome = await run(...words.split(' '))
  t.equal(outcome.code, 3, outcome.stderr)
  const report = JSON.parse(outcome.stdout) as Report
  t.same(validateReport(report), [])
  t.match(report, {
    kind: 'compare',
    verdict: { status: 'regressed', exitCode: 3 },
    comparison: {
      method: 'unpaired',
      base: { label: 'base.json', trials: 8 },
      head: { label: 'slow.json', trials: 8 },
    },
  })
  t.equal(report.runs.length, 16)
  t.match(outcome.stderr, /=> REGRESSED/, 'the summary goes to stderr')
  t.same(await readReport(out('compare')), report)
  t.same(readdirSync(out('compare')).toSorted(), ['report.html', 'report.json', 'report.md'])
  const text = (name: string): string => readFileSync(out(name), 'utf8')
  t.match(text('c.md'), /^<!-- churnbench:rollout -->\n[^]*🔻 \| `discovery_latency p95` .* \*\*REGRESSED\*\*/)
  t.match(
    text('c.xml'),
    /<testcase classname="churnbench.rollout.gates" name="discovery_latency p95" time="0">\s*<failure /,
  )
  t.match(text('c.html'), /^<!doctype html>/)
  t.match(text('c.csv'), /^report,kind,[^]*,discovery_latency,,p99,/)
  t.match(text('c.prom'), /^churnbench_comparison_regressed\{.*statistic="p95".*\} 1$/m)
  t.match(JSON.parse(text('bench.json')), [{ unit: 'ms' }])
  t.match(JSON.parse(text('bench.bigger.json')), [{ name: /ingest_rate/ }])
  t.match(JSON.parse(text('perf.json')), { version: 'v1' })
  const again = await run('compare', 'base.json', 'slow.json', '--json')
  const rows = (of: Report): unknown => of.comparison!.rows
  t.same(rows(JSON.parse(again.stdout) as Report), rows(report), 'the same figures every time')
})

t.test('a saved comparison can be shown and exported again', async t => {
  const shown = await run('export', 'out/compare', '--junit', 'again.xml')
  t.equal(shown.code, 0, shown.stderr)
  t.match(shown.stdout, /=> REGRESSED/)
  const cases = (xml: string): string[] => xml.match(/<testcase [^>]*>/g) ?? []
  t.same(cases(readFileSync(join(dir, 'again.xml'), 'utf8')), cases(readFileSync(join(dir, 'out', 'c.xml'), 'utf8')))
})

t.test('the noise of the machine raises what a comparison believes in', async t => {
  const calibration = (fingerprint: string): string =>
    prettyJson({
      schema: 'churnbench/calibration/v1',
      takenAt: base.startedAt,
      fingerprint,
      scenario: { name: base.scenario.name, sha256: base.scenario.sha256 },
      calibration: {
        blocks: 8,
        noise: Object.fromEntries(
          ['discovery_latency p50', 'discovery_latency p95'].map(name => [
            name,
            { variation: 0.3, change95: 0.6, minEffect: 0.9, detectable: {} },
          ]),
        ),
      },
    })
  writeFileSync(join(dir, 'noisy.json'), calibration(base.environment.fingerprint))
  writeFileSync(join(dir, 'foreign.json'), calibration('1'.repeat(64)))
  const noisy = await run('compare', 'base.json', 'slow.json', '--calibration', 'noisy.json')
  t.equal(noisy.code, 0, noisy.stdout)
  t.match(noisy.stdout, /discovery_latency p95 .*(unchanged \(<\d+%\)|inconclusive)/)
  const foreign = await run('compare', 'base.json', 'slow.json', '--calibration', 'foreign.json')
  t.equal(foreign.code, 3)
  t.match(foreign.stdout, /warning[^]*another machine/)
})

t.test('baselines are saved, listed, shown, compared with and removed', async t => {
  const file = join(dir, 'reports', 'baselines', 'main.json')
  t.match((await run('baseline', 'list')).stdout, /No baselines in reports\/baselines; npm run baseline -- save/)
  const saved = await run('baseline', 'save', 'main', 'folder')
  t.equal(saved.code, 0, saved.stderr)
  t.equal(saved.stdout, 'reports/baselines/main.json\n')
  const text = readFileSync(file, 'utf8')
  const kept = JSON.parse(text) as Report
  t.same(validateReport(kept), [])
  t.equal(text, prettyJson(kept), 'sorted keys, for diff')
  t.ok(
    kept.runs.every(
      ({ timeline, events, subject }) => timeline.rows.length + events.length + subject.command.length === 0,
    ),
  )
  t.ok(text.length < prettyJson(base).length * 0.8, 'without what no comparison needs')

  refused(t, await run('baseline', 'save', 'main', 'same.json'), /there is a baseline "main" already; .*--force/)
  refused(t, await run('baseline', 'save', '../main', 'same.json'), /is no name for a baseline/)
  refused(t, await run('baseline', 'save', 'bad', 'out/compare'), /a comparison is no baseline/)
  writeFileSync(join(dir, 'poor.json'), prettyJson(sampleReport({ status: 'invalid' })))
  refused(t, await run('baseline', 'save', 'poor', 'poor.json'), /calls itself invalid.*--force/)
  t.equal((await run('baseline', 'save', 'poor', 'poor.json', '--force')).code, 0)
  refused(t, await run('baseline', 'show', 'mian'), /there is no baseline "mian"; did you mean the baseline main\?/)
  refused(t, await run('baseline', 'rm', 'nothing-like-it'), /baselines are: main, poor/)
  refused(t, await run('baseline', 'drop', 'main'), /drop/)

  const list = (await run('baseline', 'list')).stdout
  t.match(
    list,
    /^name +scenario +profile .*\nmain +rollout +quick +42 +embedded 0\.1\.0 +8 +pass +2026-11-23 .*\npoor .*\n$/,
  )
  t.match(JSON.parse((await run('baseline', 'list', '--json')).stdout), [{ name: 'main', trials: 8 }, { name: 'poor' }])
  t.match((await run('baseline', 'show', 'main')).stdout, /8 runs, 55s each[^]*discovery_latency /)
  t.same(validateReport(JSON.parse((await run('baseline', 'show', 'main', '--json')).stdout)), [])

  const direct = JSON.parse((await run('compare', 'base.json', 'slow.json', '--json')).stdout) as Report
  for (const name of ['main', 'baseline:main', file]) {
    const outcome = await run('compare', name, 'slow.json', '--json')
    t.equal(outcome.code, 3, outcome.stderr)
    const rows = (JSON.parse(outcome.stdout) as Report).comparison!.rows
    t.same(rows, direct.comparison!.rows, 'a baseline compares as its report did')
  }
  t.equal((await run('baseline', 'save', 'main', 'slow.json', '--force')).code, 0)
  t.equal((await run('compare', 'main', 'slow.json')).code, 0, 'replaced')
  t.equal((await run('baseline', 'rm', 'main')).stdout, 'reports/baselines/main.json\n')
  t.notOk(existsSync(file))
})
