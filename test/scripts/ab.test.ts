import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readReport } from '../../reports/index.ts'
import { run, start } from '../support/program.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-ab-cli-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

/** A few pods for two seconds: long enough for a trial, short enough for four of them. */
const steady = join(dir, 'steady.json')
writeFileSync(
  steady,
  JSON.stringify({
    name: 'steady',
    description: 'A few pods that stay.',
    cluster: {
      nodes: 1,
      workloads: { api: { replicas: 4 } },
      timings: { start: ['50ms', '100ms'], ready: ['50ms', '100ms'] },
    },
    scenarios: {},
    duration: '2s',
    settle: '1s',
    scrapeInterval: '500ms',
    thresholds: { samples_lost: ['value==0'], targets_missed: ['value==0'] },
    gates: { cpu_seconds_per_million_samples: ['value'], rss_peak: ['value'] },
  }),
)

/** Processes of trials and subjects that work in the given folder. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
      } catch {
        return false
      }
    })
}

t.test('two arms in interleaved blocks of fresh processes, compared in one report', async t => {
  const out = join(dir, 'ab')
  const { code, stdout, stderr } = await run(
    'ab',
    steady,
    '--a',
    'embedded',
    '--b',
    'embedded',
    '--blocks',
    '2',
    '--out',
    out,
  )
  const report = await readReport(out)
  t.equal(code, report.verdict.exitCode, stderr)
  t.equal(report.kind, 'ab')
  t.match(stderr, /^npm run ab -- .*--seed 1/, 'the first line says how to repeat it')
  t.match(stderr, /block 2 of 2: [AB] embedded/)
  const valid = report.runs.filter(run => run.valid)
  t.equal(new Set(report.runs.map(run => run.traceSha256)).size, 1, 'the same events in every trial')
  for (const { arm, block, order } of report.runs) t.ok(arm !== undefined && block !== undefined && order !== undefined)
  t.ok(report.runs.length >= 4)
  for (const { metrics } of valid) t.same(metrics.samples_lost, { value: 0 })
  const { comparison } = report
  t.equal(comparison?.method, 'paired')
  t.ok(comparison!.rows.every(row => !row.gate || !['regressed', 'improved'].includes(row.verdict)))
  t.match(stdout, /cpu_seconds_per_million_samples/)
  for (const file of ['report.json', 'report.md', 'report.html']) t.ok(existsSync(join(out, file)), file)
  t.equal(readdirSync(join(out, 'trials')).length, report.runs.length, 'each trial has its folder')
  t.same(processesIn(out), [], 'nothing is left running')
})

t.test('Ctrl-C keeps what was measured, and nothing runs on', async t => {
  const out = join(dir, 'cut')
  const interrupted = start(['ab', steady, '--a', 'embedded', '--b', 'embedded', '--blocks', '2', '--out', out])
  await interrupted.said(/block 2 of 2/)
  interrupted.child.kill('SIGINT')
  const { code, stderr } = await interrupted.ended
  t.equal(code, 105, stderr)
  const report = await readReport(out).catch(() => undefined)
  // The interruption can come before the third trial has measured anything; the first block is kept in both cases.
  if (report !== undefined) t.match(report.verdict, { status: 'aborted', exitCode: 105 })
  t.same(processesIn(out), [], 'nothing is left running')
})

t.test('a time-out ends the command with an exit code of its own', async t => {
  const out = join(dir, 'late')
  const { code } = await run('scenario', steady, '--timeout', '8s', '--set', 'duration=60s', '--out', out)
  t.equal(code, 124)
  t.same(processesIn(out), [])
})

t.test('what cannot be compared is refused before anything is started', async t => {
  const two = ['--a', 'embedded', '--b', 'embedded']
  for (const [args, pattern] of [
    [['ab', steady, '--a', 'embedded'], /--b/],
    [['ab', steady, '--a', 'embedded', '--b', 'nagios'], /nagios/],
    [['ab', steady, '--a', 'embedded', '--b', 'embedded,colour=red'], /"colour" is not known/],
    [['ab', 'nope', ...two], /there is no scenario "nope"/],
    [['ab', steady, ...two, '--blocks', '0'], /whole number/],
    [['ab', steady, ...two, '--calibration', join(dir, 'none.json')], /cannot be read/],
    [['ab', 'capacity', ...two], /is a search/],
    [
      ['ab', steady, ...two, '--blocks', '6', '--out', join(dir, 'x')],
      /steady: 6 blocks can support 1 gate, 2 are declared; run 7 blocks/,
    ],
  ] as const) {
    const { code, stderr } = await run(...args)
    t.equal(code, 2, stderr)
    t.match(stderr, pattern)
    t.notMatch(stderr, /\n\s+at .*:\d+:\d+/, 'no stack trace')
  }
})
