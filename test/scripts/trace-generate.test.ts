// `trace generate` and `trace fit` as their users type them, and the reference trace that was made with them.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test as Tap } from 'tap'
import { TraceReader, type TraceHeader } from '../../sim/trace/index.ts'
import { run } from '../support/program.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-generate-cli-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const generate = (...args: string[]): ReturnType<typeof run> => run('trace', 'generate', ...args)

/** Reads the whole trace: every line is judged, and the checksum. */
async function headerOf(path: string): Promise<TraceHeader> {
  const reader = await TraceReader.open(path)
  for await (const _ of reader.batches());
  return reader.header
}

void t.test('the reference trace working-day is what its README says, to the byte', async t => {
  const readme = readFileSync('scenarios/traces/README.md', 'utf8')
  const command = /^npm run trace -- generate (.*working-day\.trace\.jsonl\.gz)$/m.exec(readme)
  t.ok(command, 'the README tells the command')
  const args = command![1]!.split(' ')
  const out = join(dir, 'working-day.trace.jsonl.gz')
  const { code, stdout } = await generate(...args.slice(0, -1), out)
  t.equal(code, 0)
  const committed = await headerOf('scenarios/traces/working-day.trace.jsonl.gz')
  // Over the lines: what gzip makes of them may differ between versions of zlib.
  t.equal((await headerOf(out)).sha256, committed.sha256)
  t.match(stdout, committed.sha256!)
  t.match(readme, committed.sha256!)
  t.equal(committed.targets, 'annotated')
  const { nodes, pods } = committed.scale!
  t.ok(nodes >= 60 && pods > 600 && pods < 1_000)
  t.ok(readFileSync('scenarios/traces/working-day.trace.jsonl.gz').length < 1_000_000)
})

void t.test('a trace is generated, learned from, and generated again', async t => {
  const [steady, again, model] = [join(dir, 'steady.jsonl.gz'), join(dir, 'again.jsonl'), join(dir, 'model.json')]
  const first = await generate('--preset', 'steady', '--events-per-second', '140', '--duration', '30s', '--out', steady)
  t.equal(first.code, 0, first.stderr)
  t.match(first.stderr, /^repeat with: npm run trace -- generate --preset steady --seed 1 --events-per-second 140/)
  t.match(first.stdout, /events in 30s/)
  const fit = await run('trace', 'fit', steady, '--name', 'learned')
  t.equal(fit.code, 0, fit.stderr)
  writeFileSync(model, fit.stdout)
  const second = await generate('--from', model, '--seed', '5', '--scale', '2', '--json', '--out', again)
  t.equal(second.code, 0, second.stderr)
  const header = JSON.parse(second.stdout) as TraceHeader
  t.same(header, await headerOf(again))
  t.same(header.source.details, { model: 'learned', scale: '2', seed: '5' })
  const one = (await headerOf(steady)).counts!.events
  t.ok(header.counts!.events > 1.6 * one && header.counts!.events < 2.4 * one, 'twice as large')
  const printed = await generate('--from', model, '--set', 'cluster.nodes=77', '--print-model')
  t.equal((JSON.parse(printed.stdout) as { cluster: { nodes: number } }).cluster.nodes, 77)
})

async function refused(
  t: Pick<Tap, 'equal' | 'match' | 'notMatch'>,
  args: readonly string[],
  pattern: RegExp,
): Promise<void> {
  const { code, stderr, stdout } = await run('trace', ...args)
  t.equal(code, 2, args.join(' '))
  t.match(stderr, pattern)
  t.notMatch(stderr, /\n\s+at .*:\d+:\d+/, 'no stack')
  t.equal(stdout, '')
}

void t.test('what cannot be done is refused with a sentence, and loses nothing', async t => {
  const [kept, empty, torn, out] = ['kept.jsonl', 'empty.jsonl', 'torn.json', 'out.jsonl'].map(name =>
    join(dir, name),
  ) as [string, string, string, string]
  writeFileSync(kept, 'precious\n')
  writeFileSync(torn, '{"model":')
  writeFileSync(
    empty,
    `${JSON.stringify({ trace: 'churnbench', version: 1, source: { kind: 'generated' }, targets: 'all' })}\n`,
  )
  const cases: [string[], RegExp][] = [
    [['generate'], /name the trace to write with --out \[CHURN_TRACE_OPTIONS\]/],
    [['generate', '--out', kept], /is there already; name another file, or say --force/],
    [['generate', '--from', join(dir, 'absent.json'), '--out', out], /absent\.json cannot be read/],
    [['generate', '--from', torn, '--out', out], /torn\.json is no JSON/],
    [['generate', '--events-per-second', '9', '--out', out], /is for --preset steady/],
    [['generate', '--set', 'cluster.nodes=none', '--out', out], /cluster\.nodes: must be integer/],
    [['fit', kept], /is no churnbench trace/],
    [['fit', empty], /there is nothing to learn/],
  ]
  await Promise.all(cases.map(([args, pattern]) => refused(t, args, pattern)))
  t.equal(readFileSync(kept, 'utf8'), 'precious\n')
  t.notOk(existsSync(out), 'nothing was left behind')
})
