// Goal: what `trace scrub` answers, in words, files and exit codes, to people who type at it.
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { TraceWriter } from '../../sim/trace/index.ts'
import { type Outcome, start } from '../support/program.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-scrub-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const scrub = (...args: string[]): Promise<Outcome> => start(['trace', 'scrub', ...args], undefined, { cwd: dir }).ended
const read = (name: string): string => readFileSync(join(dir, name), 'utf8')

const writer = TraceWriter.create(join(dir, 'shop.jsonl'), {
  start: '2026-01-05T08:00:00Z',
  source: { kind: 'cluster', details: { context: 'acme' } },
  targets: 'all',
})
for (const name of ['acme-rack-1', 'acme-rack-2']) {
  writer.write({
    t: 0,
    kind: 'node',
    op: 'added',
    name,
    labels: { 'acme.example/rack': 'R7', 'kubernetes.io/os': 'linux' },
  })
}
await writer.finish(1000)

void t.test('a trace is scrubbed, and the report says what is in it', async t => {
  const { code, stdout, stderr } = await scrub('shop.jsonl', '--out', 'safe.jsonl', '--report', 'report.json')
  t.equal(code, 0)
  t.equal(stdout, '')
  t.match(stderr, /shop\.jsonl → safe\.jsonl: 2 events; read again, and no original text is left/)
  t.match(stderr, /replaced by pseudonyms[^]*nodes +2\n[^]*kept[^]*label values +1 +linux\n[^]*visible[^]*times/)
  t.notMatch(read('safe.jsonl'), /acme|rack|R7|2026/)
  t.match(JSON.parse(read('report.json')), { events: 2, kept: [{ field: 'label keys' }, { examples: ['linux'] }] })
  t.notMatch(read('report.json'), /acme|rack|R7/, 'the report can be published too')

  const other = await scrub('shop.jsonl', '--out', 'other.jsonl', '--json')
  t.equal(JSON.parse(other.stdout).trace, 'other.jsonl')
  t.not(read('other.jsonl').split('\n')[1], read('safe.jsonl').split('\n')[1], 'each has a key of its own')
})

void t.test('a key file makes traces agree', async t => {
  const first = await scrub('shop.jsonl', '--out', 'first.jsonl', '--key-file', 'key', '--keep', 'start,zones')
  t.match(first.stderr, /made the key key/)
  t.equal(statSync(join(dir, 'key')).mode & 0o777, 0o600)
  t.match(read('first.jsonl'), '2026-01-05T08:00:00Z')
  const second = await scrub(
    'shop.jsonl',
    '--out',
    'second.jsonl',
    '--key-file',
    'key',
    '--keep',
    'start',
    '--keep',
    'zones',
  )
  t.notMatch(second.stderr, /key key/)
  t.equal(read('second.jsonl'), read('first.jsonl'))
  chmodSync(join(dir, 'key'), 0o644)
  t.match((await scrub('shop.jsonl', '--out', 'third.jsonl', '--key-file', 'key')).stderr, /others can read.*chmod 600/)
})

void t.test('what cannot be done is told in one sentence, and leaves nothing behind', async t => {
  writeFileSync(join(dir, 'short'), 'secret\n')
  writeFileSync(join(dir, 'simple'), 'a'.repeat(64))
  const files = readdirSync(dir)
  const cases: [string[], RegExp][] = [
    [['shop.jsonl', '--out', 'shop.jsonl'], /shop\.jsonl is there already; .*--force .*CHURN_TRACE_FILE/],
    [['shop.jsonl', '--out', 'new.jsonl', '--report', 'report.json'], /report\.json is there already/],
    [['shop.jsonl', '--out', 'new.jsonl', '--key-file', 'short'], /too short: 6 bytes where 32/],
    [['shop.jsonl', '--out', 'new.jsonl', '--key-file', 'simple'], /no random secret/],
    [['shop.jsonl', '--out', 'new.jsonl', '--key-file', 'no/such/folder'], /key no\/such\/folder cannot be made/],
    [['shop.jsonl', '--out', 'new.jsonl', '--keep', 'names'], /did you mean nodes\?/],
    [['nowhere.jsonl', '--out', 'new.jsonl'], /nowhere\.jsonl cannot be read/],
    [['short', '--out', 'new.jsonl'], /is no churnbench trace/],
    [['shop.jsonl'], /--out <file>' not specified/],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await scrub(...args)
    t.equal(code, 2, args.join(' '))
    t.match(stderr, message)
    t.equal(stderr.trim().split('\n').length, 1)
  }
  t.notOk(existsSync(join(dir, 'new.jsonl')))
  t.same(readdirSync(dir), files)
})
