// What is published about the format is what the code does: its schema, its documentation, its example.
import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import t from 'tap'
import { canonicalLine, TRACE_LINE_SCHEMA } from '../../../sim/trace/index.ts'
import { arbitraryTrace } from '../../support/arbitrary-trace.ts'
import { readTrace, TraceFolder } from './trace-samples.ts'

const folder = new TraceFolder()
t.teardown(() => rmSync(folder.dir, { recursive: true, force: true }))

const PAGE = readFileSync('docs/formats/trace.md', 'utf8')
const SCHEMA = JSON.parse(readFileSync('docs/formats/trace.schema.json', 'utf8')) as {
  readonly $defs: Record<
    string,
    { readonly title?: string; readonly description?: string; readonly properties?: object }
  >
}
const EXAMPLE = /```jsonl\n([^]*?)```/.exec(PAGE)![1]!

void t.test('the published schema is the one that traces are judged by', async t => {
  t.ok(isDeepStrictEqual(SCHEMA, TRACE_LINE_SCHEMA), 'out of date: npm run docs, then read the diff')
})

void t.test('each line of any trace satisfies the schema, and nothing else does', async t => {
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(SCHEMA)
  for (const line of EXAMPLE.trimEnd().split('\n')) {
    t.ok(validate(JSON.parse(line)), line)
    t.notOk(validate({ ...(JSON.parse(line) as object), colour: 'red' }))
  }
  fc.assert(
    fc.property(arbitraryTrace(), events => {
      for (const event of events) {
        if (!validate(JSON.parse(canonicalLine(event)))) throw new Error(JSON.stringify(validate.errors))
      }
    }),
    { numRuns: 50 },
  )
})

void t.test('the documentation names every operation, every field, and what each means', async t => {
  for (const { title, description, properties } of Object.values(SCHEMA.$defs)) {
    if (title === undefined) continue
    t.ok(description !== undefined && description !== '', `${title} is described in the schema`)
    const [kind, op] = title.split(' ')
    const row = op === undefined ? PAGE : PAGE.split('\n').find(line => line.startsWith(`| ${kind} \`${op}\` |`))
    t.ok(row, `${title} has a row`)
    const identity = ['t', 'kind', 'op', 'namespace', 'name', 'type', 'uid']
    for (const field of Object.keys(properties ?? {})) {
      if (op !== undefined && identity.includes(field)) continue
      t.ok(row?.includes(`\`${field}\``), `${title}: ${field}`)
    }
  }
})

void t.test('the documented example is a trace, written as this program writes it', async t => {
  const { reader, events } = await readTrace(folder.file(EXAMPLE))
  t.ok(reader.isComplete)
  t.equal(events.length, 13)
  const [, ...lines] = EXAMPLE.trimEnd().split('\n')
  t.same(events.map(canonicalLine), lines)
  t.same(new Set(events.map(({ kind }) => kind)), new Set(['node', 'workload', 'service', 'pod', 'action']))
})

void t.test('the checksum is over the bytes after the first line feed, as it is documented', async t => {
  const { events } = await readTrace(folder.file(EXAMPLE))
  for (const name of ['sum.jsonl', 'sum.jsonl.gz']) {
    const path = await folder.write(name, events, { flushEach: 5 })
    const bytes = name.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path)
    const sha256 = createHash('sha256')
      .update(bytes.subarray(bytes.indexOf('\n') + 1))
      .digest('hex')
    t.equal((await readTrace(path)).reader.header.sha256, sha256)
  }
})

void t.test('members of a compressed trace lie as they are drawn', async t => {
  const { events } = await readTrace(folder.file(EXAMPLE))
  const bytes = readFileSync(await folder.write('drawn.jsonl.gz', events, { flushEach: 5 }))
  const members: string[] = []
  for (let at = 0; at < bytes.length;) {
    t.equal(bytes.toString('hex', at, at + 16), '1f8b08040000000000ff080043420400')
    const end = at + bytes.readUInt32LE(at + 16)
    const text = gunzipSync(bytes.subarray(at, end)).toString()
    t.equal(bytes.readUInt32LE(end - 4), Buffer.byteLength(text))
    members.push(text)
    at = end
  }
  t.same(
    members.map(text => text.split('\n').length - 1),
    [1, 5, 5, 3],
    'each of whole lines',
  )
})
