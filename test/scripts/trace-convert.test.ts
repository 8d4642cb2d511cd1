// `trace convert` as its users type it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { ConversionReport } from '../../sim/trace/convert/convert.ts'
import { run, start } from '../support/program.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-trace-convert-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const arrivals = join(dir, 'requests.csv')
writeFileSync(arrivals, `timestamp\n${Array.from({ length: 60 }, (_, i) => i / 2).join('\n')}`)

void t.test('says what it read, wrote, concluded and left out', async t => {
  const out = join(dir, 'a.jsonl.gz')
  const { code, stdout, stderr } = await run('trace', 'convert', arrivals, '--out', out, '--per-pod', '1', '--json')
  t.equal(code, 0, stderr)
  t.match(stderr, /requests\.csv: arrivals \(as it looks\); read: 60 requests/)
  t.match(stderr, /a\.jsonl\.gz: 2 events over 29s500ms: 1 workload applied, 1 workload scaled/)
  const report = JSON.parse(stdout) as ConversionReport
  t.match(report, { format: 'arrivals', detected: true, read: { requests: 60 }, written: { events: 2 }, leftOut: [] })
  const again = join(dir, 'b.jsonl')
  t.equal((await run('trace', 'convert', out, '--out', again)).code, 0)
  const header = JSON.parse(readFileSync(again, 'utf8').split('\n', 1)[0]!) as Record<string, unknown>
  t.match(header, {
    source: { kind: 'converted', tool: /^churnbench \d/, details: { format: 'arrivals', file: 'requests.csv' } },
    sha256: report.written.sha256,
  })
})

void t.test('reads the standard input', async t => {
  const out = join(dir, 'stdin.jsonl')
  const piped = start(
    [],
    ['sh', '-c', `"${process.execPath}" "$0" trace convert - --out "${out}" --per-pod 2 < "${arrivals}"`],
  )
  const { code, stderr } = await piped.ended
  t.equal(code, 0, stderr)
  t.match(stderr, /the standard input: arrivals/)
  t.match(readFileSync(out, 'utf8'), /"file":"stdin"/)
})

void t.test('refuses with one sentence and exit code 2', async t => {
  const out = join(dir, 'refused.jsonl')
  const cases: [string[], RegExp][] = [
    [[join(dir, 'absent'), '--out', out], /absent cannot be read.*\[CHURN_TRACE_FILE\]/],
    [[arrivals, '--out', out, '--per-pod', '0'], /give a number from 0\.001 on/],
    [[arrivals, '--out', arrivals, '--per-pod', '1'], /is there already.*--force/],
  ]
  for (const [args, pattern] of cases) {
    const { code, stderr, stdout } = await run('trace', 'convert', ...args)
    t.equal(code, 2)
    t.match(stderr, pattern)
    t.notMatch(stderr, /\n\s+at .*:\d+:\d+/, 'no stack trace')
    t.equal(stdout, '')
  }
})
