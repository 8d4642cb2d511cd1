// The commands `trace inspect` and `trace diff` as they are typed: what is answered, where, and with which exit code.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { simulatedChurn, writeTrace } from '../sim/trace/inspect/simulated-trace.ts'
import { type Outcome, start } from '../support/program.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-inspect-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const run = (...args: string[]): Promise<Outcome> => start(['trace', ...args], undefined, { cwd: dir }).ended

type Asserts = Pick<typeof t, 'equal' | 'match' | 'notMatch'>

/** Each is one sentence on stderr. */
async function refusals(t: Asserts, cases: readonly (readonly [words: string, pattern: RegExp])[]): Promise<void> {
  const outcomes = await Promise.all(cases.map(([words]) => run(...words.split(' '))))
  cases.forEach(([words, pattern], i) => {
    const { code, stderr, stdout } = outcomes[i]!
    t.equal(code, 2, `${words}: ${stderr}`)
    t.match(stderr, pattern)
    t.notMatch(stderr, /\n\s+at .*:\d+:\d+/, 'no stack trace')
    t.equal(stdout, '')
  })
}

const events = simulatedChurn({ durationMs: 120_000 })
await writeTrace(join(dir, 'a.jsonl.gz'), events, 120_000)
await writeTrace(
  join(dir, 'b.jsonl'),
  events.filter(event => event.op !== 'scaled'),
  120_000,
)
await writeTrace(
  join(dir, 'late.jsonl'),
  events.map(event => (event.t === 0 ? event : { ...event, t: event.t + 3 })),
  120_000,
)
writeFileSync(
  join(dir, 'faulty.jsonl'),
  readFileSync(join(dir, 'b.jsonl'), 'utf8').replace('"op":"bound"', '"op":"bond"'),
)
mkdirSync(join(dir, 'folder'))

void t.test('inspect: a summary, a page, all figures', async t => {
  const outcome = await run('inspect', 'a.jsonl.gz', '--html', 'out/deep/page.html', '--top', '3')
  t.equal(outcome.code, 0, outcome.stderr)
  t.match(outcome.stdout, /a\.jsonl\.gz\n[^]*Churn by owner, the first 3 of 7/)
  t.equal(outcome.stderr, 'page: out/deep/page.html\n')
  t.match(readFileSync(join(dir, 'out', 'deep', 'page.html'), 'utf8'), /<h1>a\.jsonl\.gz<\/h1>/)
  const json = await run('inspect', 'a.jsonl.gz', '--json', '--window', '30s')
  const found = JSON.parse(json.stdout) as Record<string, unknown>
  t.match(found, { schema: 'churnbench/trace-inspection/v1', events: events.length, bursts: { windowMs: 30_000 } })
  t.match(json.stderr, /Bursts/, 'the summary goes to stderr')
})

void t.test('inspect: what cannot be done is one sentence that shows the way out', async t => {
  await refusals(t, [
    ['inspect absent.jsonl', /absent\.jsonl cannot be read.*\[CHURN_TRACE_FILE\]/],
    ['inspect folder', /folder cannot be read: it is a folder/],
    ['inspect faulty.jsonl', /line \d+: unknown op "bond" of a pod; did you mean bound\?.*--lenient/],
    ['inspect a.jsonl.gz --html b.jsonl/page.html', /page b\.jsonl\/page\.html cannot be written; .*--html/],
    ['inspect a.jsonl.gz --window 0s', /at least 1ms/],
    ['inspect a.jsonl.gz --window soon', /"soon" is not a duration/],
  ])
  const lenient = await run('inspect', 'faulty.jsonl', '--lenient')
  t.equal(lenient.code, 0, lenient.stderr)
  t.match(lenient.stdout, /Damaged\. \d+ lines/)
})

void t.test('diff: exit codes, ignored fields, and a form for programs', async t => {
  const codes: readonly [string, number][] = [
    ['a.jsonl.gz a.jsonl.gz --exit-code', 0],
    // That they differ is no failure.
    ['a.jsonl.gz b.jsonl', 0],
    ['a.jsonl.gz b.jsonl --exit-code', 3],
    ['a.jsonl.gz late.jsonl --exit-code', 3],
    ['a.jsonl.gz late.jsonl --exit-code --ignore times,uids', 0],
    ['a.jsonl.gz late.jsonl --exit-code --ignore uids --ignore times', 0],
    ['a.jsonl.gz late.jsonl --exit-code --tolerance 3ms', 0],
  ]
  const found = await Promise.all(codes.map(([words]) => run('diff', ...words.split(' '))))
  codes.forEach(([words, code], i) => t.equal(found[i]!.code, code, `${words}: ${found[i]!.stderr}`))
  t.match(found[0]!.stdout, /The same [\d,]+ events/)
  const json = await run('diff', 'a.jsonl.gz', 'b.jsonl', '--json')
  t.match(JSON.parse(json.stdout), { schema: 'churnbench/trace-diff/v1', same: false, a: { path: 'a.jsonl.gz' } })
  t.match(json.stderr, /They differ from event/)
  await refusals(t, [
    ['diff a.jsonl.gz late.jsonl --ignore clocks', /give some of times,uids,addresses,names,nodes/],
    ['diff a.jsonl.gz b.jsonl --pods --ignore names', /leave out --pods/],
    ['diff a.jsonl.gz faulty.jsonl', /faulty\.jsonl: line \d+/],
  ])
})
