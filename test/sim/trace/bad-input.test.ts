// What may be wrong with a trace: each is told in one sentence with its line, or left out and counted, and nothing is ever read
// that was not written.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isDeepStrictEqual } from 'node:util'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { canonicalLine, type ChurnEvent, TraceError, TraceReader, TraceWriter } from '../../../sim/trace/index.ts'
import { gzipMember } from '../../../sim/trace/gzip-members.ts'
import { ORIGIN, readTrace, smallTrace, TraceFolder } from './trace-samples.ts'

const folder = new TraceFolder()
t.teardown(() => rmSync(folder.dir, { recursive: true, force: true }))

const EVENTS = smallTrace()
const HEADER = '{"trace":"churnbench","version":1,"source":{"kind":"generated"},"targets":"all"}'
const NODE = '{"t":0,"kind":"node","op":"added","name":"n-0"}'
const POD = '"namespace":"a","name":"b","uid":"u"'

/** The error that strict reading ends with, and the events before it. */
async function strictly(path: string): Promise<{ readonly error: unknown; readonly events: ChurnEvent[] }> {
  const events: ChurnEvent[] = []
  try {
    const reader = await TraceReader.open(path)
    for await (const batch of reader.batches()) events.push(...batch)
    return { error: undefined, events }
  } catch (error) {
    return { error, events }
  }
}

function isClear(error: unknown): boolean {
  return error instanceof TraceError && error.exitCode === 2 && /^CHURN_TRACE_(FORMAT|FILE)$/.test(error.code)
}

function isPrefix(events: readonly ChurnEvent[], whole: readonly ChurnEvent[] = EVENTS): boolean {
  return isDeepStrictEqual(events, whole.slice(0, events.length))
}

/** Every place in the bytes, but not each within the header's padding. */
function places(bytes: Buffer): number[] {
  const padding = bytes.indexOf(' '.repeat(100))
  return Array.from(bytes.keys()).filter(at => at < padding + 8 || at > bytes.lastIndexOf(' '.repeat(100)) + 92)
}

for (const name of ['small.jsonl', 'small.jsonl.gz', 'foreign.jsonl.gz']) {
  /** `foreign`: compressed again by another program. */
  const bytesOf = async (finish: boolean): Promise<Buffer> => {
    const written = name.startsWith('foreign') ? 'for-gzip.jsonl' : name
    const bytes = readFileSync(await folder.write(written, EVENTS, { finish, flushEach: 4 }))
    return written === name ? bytes : gzipSync(bytes)
  }

  void t.test(`${name}: cut off at every byte, a complete trace is refused`, async t => {
    const bytes = await bytesOf(true)
    const wrong: unknown[] = []
    for (const length of places(bytes)) {
      const path = folder.file(bytes.subarray(0, length))
      const { error, events } = await strictly(path)
      if (!isClear(error) || !isPrefix(events)) wrong.push([length, error, events.length])
      if (!/cut off|is empty|no churnbench trace/.test(String(error))) wrong.push([length, error])
      rmSync(path)
    }
    t.same(wrong, [])
  })

  void t.test(`${name}: cut off at every byte, a recording is read to its last whole line`, async t => {
    const bytes = await bytesOf(false)
    const wrong: unknown[] = []
    const counts = new Set<number>()
    for (const length of [...places(bytes), bytes.length]) {
      const path = folder.file(bytes.subarray(0, length))
      const { error, events } = await strictly(path)
      if (error === undefined) counts.add(events.length)
      if ((error !== undefined && !isClear(error)) || !isPrefix(events)) wrong.push([length, error, events.length])
      if (error !== undefined && events.length > 0) wrong.push([length, error])
      if (length === bytes.length && events.length !== EVENTS.length) wrong.push([length, events.length])
      rmSync(path)
    }
    t.same(wrong, [])
    t.ok(counts.has(0) && counts.has(4) && counts.has(EVENTS.length))
  })

  void t.test(`${name}: with any one bit another, it is refused or means the same`, async t => {
    const bytes = await bytesOf(true)
    const wrong: unknown[] = []
    let refused = 0
    const headerBytes = name === 'small.jsonl' ? bytes.indexOf('\n') : 0
    for (const at of places(bytes)) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1 << (at % 8)
      const path = folder.file(changed)
      const { error, events } = await strictly(path)
      if (error !== undefined && !isClear(error)) wrong.push([at, error])
      if (error === undefined && !isDeepStrictEqual(events, EVENTS)) wrong.push([at, events])
      if (error !== undefined) refused++
      else if (at > headerBytes && name === 'small.jsonl') wrong.push([at, 'the checksum is over it'])
      const { reader } = await readTrace(path, { lenient: true }).catch((failure: unknown) => {
        if (!isClear(failure)) wrong.push([at, failure])
        return { reader: undefined }
      })
      if (error === undefined && reader?.faults.count !== 0) wrong.push([at, reader?.faults])
      rmSync(path)
    }
    t.same(wrong, [])
    t.ok(refused > bytes.length / 4, `${refused} of ${bytes.length}`)
  })
}

void t.test('a damaged part of a compressed trace costs what is in it', async t => {
  const nodes = Array.from({ length: 40 }, (_, t): ChurnEvent => ({ t, kind: 'node', op: 'added', name: `n-${t}` }))
  const bytes = readFileSync(await folder.write('parts.jsonl.gz', nodes, { flushEach: 10, finish: false }))
  const starts: number[] = []
  for (let at = bytes.indexOf('CB'); at !== -1; at = bytes.indexOf('CB', at + 1)) starts.push(at - 12)
  t.equal(starts.length, 5, 'the header and four parts')
  // In the data, in the length, in the head.
  for (const offset of [40, 17, 19, 3]) {
    const changed = Buffer.from(bytes)
    changed[starts[2]! + offset]! ^= 0x10
    const path = folder.file(changed)
    const message = new RegExp(`line 12: the compressed data are damaged from byte ${starts[2]} on .*--lenient`)
    t.match((await strictly(path)).error, { code: 'CHURN_TRACE_FORMAT', message })
    const { reader, events } = await readTrace(path, { lenient: true })
    t.same(events, [...nodes.slice(0, 10), ...nodes.slice(20)], `byte ${offset} of the part`)
    t.equal(reader.faults.count, 1)
    t.notOk(reader.isTorn)
  }
  const zeros = folder.file(Buffer.concat([bytes, Buffer.alloc(5000)]))
  t.same((await strictly(zeros)).events, nodes, 'zeros behind it are padding')
  const garbage = folder.file(Buffer.concat([bytes, Buffer.from('garbage')]))
  t.match((await strictly(garbage)).error, { message: /line 42: .*damaged from byte/ })
  t.equal((await readTrace(garbage, { lenient: true })).events.length, 40)
})

/** Lines after the header, and what is said of them. */
const FAULTY: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'a field nobody knows',
    ['{"t":0,"kind":"node","op":"added","name":"n","lables":{}}'],
    /line 2: node added: unknown field "lables" \(did you mean labels\?\)/,
  ],
  [
    'a nested one',
    [`{"t":0,"kind":"pod","op":"created",${POD},"containers":[{"name":"c","ports":[{"port":1,"prt":2}]}]}`],
    /line 2: pod created: containers.0.ports.0 unknown field "prt" \(did you mean port\?\)/,
  ],
  [
    'a field of another event',
    [NODE, NODE.replace('added', 'removed').replace('}', ',"node":"x"}')],
    /line 3: node removed: unknown field "node"/,
  ],
  ['a field that is missing', ['{"t":0,"kind":"node","op":"added"}'], /line 2: node added: name is missing/],
  [
    'a kind nobody knows',
    ['{"t":0,"kind":"nod","op":"added","name":"n"}'],
    /line 2: unknown kind "nod"; did you mean node\?/,
  ],
  ['no kind', ['{"t":0}'], /line 2: unknown kind none; known are node, workload, service, pod, action/],
  [
    'an operation nobody knows',
    ['{"t":0,"kind":"pod","op":"bind"}'],
    /line 2: unknown op "bind" of a pod; did you mean bound\?/,
  ],
  ['inherited names', ['{"t":0,"kind":"constructor","op":"toString"}'], /unknown kind "constructor"/],
  ['an array', ['[1,2]'], /line 2: is no event: not a JSON object/],
  ['a number', ['17'], /line 2: is no event/],
  ['null', ['null'], /line 2: is no event/],
  ['no JSON', [NODE, '{"t":1,'], /line 3: is no JSON: [^\n]*JSON/],
  ['half a line', [NODE.slice(9)], /line 2: is no JSON/],
  ['two on one line', [`${NODE}${NODE}`], /line 2: is no JSON/],
  ['a NUL', ['{"t":0,"kind":"node","op":"added","name":"a\0b"}'], /line 2: is no JSON: [^\p{Cc}]*$/u],
  ['a terminal escape', ['\u001b[2J{}'], /line 2: is no JSON: [^\p{Cc}]*\\u001b[^\p{Cc}]*$/u],
  ['a negative time', [NODE.replace('0', '-1')], /line 2: node added: t must be >= 0/],
  ['half a millisecond', [NODE.replace('0', '0.5')], /line 2: node added: t must be integer/],
  ['a time that is no number', [NODE.replace('0', '"0"')], /line 2: node added: t must be integer/],
  ['NaN', [NODE.replace('0', 'NaN')], /line 2: is no JSON/],
  ['no time', [NODE.replace('0', 'null')], /line 2: node added: t must be integer/],
  ['nanoseconds', [NODE.replace('0', '1700000000000000000')], /line 2: node added: t must be <= 3162240000000/],
  ['a time beyond all numbers', [NODE.replace('0', '1e400')], /line 2: node added: t must be/],
  [
    'time that goes back',
    [NODE.replace('0', '7'), '{"t":6,"kind":"node","op":"removed","name":"n-0"}'],
    /line 3: time goes back from 7 to 6 ms/,
  ],
  ['a node that is not there', ['{"t":0,"kind":"node","op":"ready","name":"n-1"}'], /line 2: there is no node n-1/],
  ['a node that is there', [NODE, NODE], /line 3: node n-0 is there already/],
  ['a node that is ready', [NODE, NODE.replace('added', 'ready')], /line 3: node n-0 is ready already/],
  ['a node that has not failed', [NODE, NODE.replace('added', 'recovered')], /line 3: node n-0 has recovered already/],
  ['a pod that is not there', [`{"t":0,"kind":"pod","op":"ready",${POD}}`], /line 2: there is no pod a\/b with uid u/],
  [
    'a pod that is there',
    [`{"t":0,"kind":"pod","op":"created",${POD}}`, `{"t":0,"kind":"pod","op":"created",${POD}}`],
    /line 3: pod a\/b with uid u is there already/,
  ],
  [
    'a name that is taken',
    [`{"t":0,"kind":"pod","op":"created",${POD}}`, `{"t":0,"kind":"pod","op":"created",${POD.replace('"u"', '"v"')}}`],
    /line 3: the name a\/b belongs to pod u/,
  ],
  [
    'a pod on no node',
    [`{"t":0,"kind":"pod","op":"created",${POD}}`, `{"t":0,"kind":"pod","op":"bound",${POD},"node":"n"}`],
    /line 3: pod a\/b is bound to n, and there is no such node/,
  ],
  [
    'a workload that is not there',
    ['{"t":0,"kind":"workload","op":"scaled","namespace":"a","name":"b","type":"Deployment","replicas":1}'],
    /line 2: there is no Deployment a\/b/,
  ],
  [
    'a service that is not there',
    ['{"t":0,"kind":"service","op":"deleted","namespace":"a","name":"b"}'],
    /line 2: there is no Service a\/b/,
  ],
  [
    'a port beyond all ports',
    [`{"t":0,"kind":"pod","op":"created",${POD},"containers":[{"name":"c","ports":[{"port":70000}]}]}`],
    /containers.0.ports.0.port must be <= 65535/,
  ],
  ['a huge number', [`{"t":0,"kind":"pod","op":"restarted",${POD},"restarts":${'9'.repeat(400)}}`], /restarts must be/],
  ['a label that is no text', [NODE.replace('}', ',"labels":{"a/b":1}}')], /node added: labels.a\/b must be string/],
  ['brackets as deep as the line is long', ['['.repeat(500_000)], /line 2: is no JSON/],
  ['a deep kind', [`{"t":0,"kind":${'['.repeat(100_000)}${']'.repeat(100_000)}}`], /unknown kind an array/],
  [
    'a deep label',
    [NODE.replace('}', `,"labels":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`)],
    /labels.a must be string/,
  ],
  [
    'a hundred thousand fields',
    [NODE.replace('}', `,${Array.from({ length: 50_000 }, (_, i) => `"f${i}":0`).join(',')}}`)],
    /unknown field "f0".*; and 49997 more/,
  ],
  [
    'a field with a name as long as a line',
    [NODE.replace('}', `,"${'x'.repeat(900_000)}":0}`)],
    /unknown field "x{300,}…/,
  ],
]

for (const end of ['\n', '\r\n']) {
  void t.test(`lines that are no events, ended by ${JSON.stringify(end)}`, async t => {
    for (const [what, lines, message] of FAULTY) {
      const text = `${[HEADER, ...lines, '', canonicalLine({ t: 9, kind: 'action', op: 'last', args: {} })].join(end)}${end}`
      for (const path of [folder.file(text), folder.file(gzipSync(text))]) {
        const { error } = await strictly(path)
        t.ok(isClear(error), what)
        const told = (error as Error).message
        t.match(told, message, what)
        t.match(told, /\(--lenient leaves out what cannot be read, and counts it\)$/)
        t.notMatch(told, /\n/, 'one line')
        t.ok(told.length < 700, `${told.length} characters`)
        const { reader, events } = await readTrace(path, { lenient: true })
        t.equal(reader.faults.count, 1, what)
        t.match(reader.faults.examples, [message])
        t.match(events.at(-1), { kind: 'action', op: 'last' }, `${what}: reading goes on`)
      }
    }
  })
}

void t.test('a field that nobody knows is left out of its event, and the event stays', async t => {
  const lines = [
    NODE.replace('}', ',"colour":"red","labels":{"colour":"red"}}'),
    NODE.replace('added', 'removed').replace('}', ',"x":1,"name":3}'),
  ]
  const { reader, events } = await readTrace(folder.file(`${[HEADER, ...lines].join('\n')}\n`), { lenient: true })
  t.same(events, [{ t: 0, kind: 'node', op: 'added', name: 'n-0', labels: { colour: 'red' } }])
  t.match(reader.faults, { count: 2, examples: [/line 2: .*"colour": left out/, /line 3: .*"x"; name must be string/] })
})

void t.test('headers', async t => {
  const cases: readonly (readonly [string, RegExp, boolean])[] = [
    [HEADER.replace('1', '0'), /is of version 0; this churnbench reads version 1/, true],
    [HEADER.replace('1', '2'), /line 1: is of version 2; this churnbench reads version 1/, true],
    [HEADER.replace('1', '"1"'), /is of version "1"; this churnbench reads version 1/, true],
    [HEADER.replace('"version":1,', ''), /is of no version/, true],
    [HEADER.replace('1', `${'['.repeat(9)}${']'.repeat(9)}`), /is of version an array/, true],
    [
      HEADER.replace('"all"', '"all","tragets":"all"'),
      /line 1: header: unknown field "tragets" \(did you mean targets\?\)/,
      true,
    ],
    [HEADER.replace('"generated"', '"generated","from":"x"'), /line 1: header: source unknown field "from"/, true],
    [HEADER.replace('"all"', '"all","durationMs":-1'), /line 1: header: durationMs must be >= 0/, true],
    [HEADER.replace('"all"', '"all","start":"2026-13-01T00:00:00Z"'), /line 1: header: start must match/, true],
    [HEADER.replace('"all"', '"all","sha256":"no"'), /line 1: header: sha256 must match/, true],
    [HEADER.replace('"all"', '"some"'), /line 1: header: targets must be one of annotated, all/, false],
    [HEADER.replace('"kind":"generated"', ''), /line 1: header: source kind is missing/, false],
    [HEADER.replace('"source":{"kind":"generated"},', ''), /line 1: header: source is missing/, false],
  ]
  for (const [header, message, isRecoverable] of cases) {
    const path = folder.file(`${header}\n${NODE}\n`)
    t.match((await strictly(path)).error, { code: 'CHURN_TRACE_FORMAT', message }, header)
    if (isRecoverable) {
      const { reader, events } = await readTrace(path, { lenient: true })
      t.equal(events.length, 1)
      t.match(reader.faults, { count: 1, examples: [message] })
      t.equal(reader.header.version, 1)
    } else {
      await t.rejects(readTrace(path, { lenient: true }), { code: 'CHURN_TRACE_FORMAT', message })
    }
  }
})

void t.test('what is no trace at all is said to be none', async t => {
  const none = /is no churnbench trace: it does not begin with a header; "trace convert" reads what others recorded/
  const cases: readonly (readonly [string, Buffer | string, RegExp])[] = [
    ['nothing', '', /is empty; a trace begins with its header/],
    ['a million empty lines', '\n'.repeat(1_000_000), /is empty/],
    ['an array', '[{"t":0}]', none],
    ['YAML', 'apiVersion: v1\nkind: List\n', none],
    ['CSV', 'name,cpu\nn-0,4\n', none],
    ['text in UTF-16', Buffer.from(`${HEADER}\n`, 'utf16le'), none],
    ['bytes', Buffer.from([0xff, 0xfe, 0, 1, 2, 3, 0x80, 0x0a, 0xc0]), none],
    ['a trace without its header', `${NODE}\n`, none],
    ['another header', '{"trace":"other","version":1}\n', none],
    ['compressed text', gzipSync('hello\n'), none],
    [
      'something that is hardly gzip',
      Buffer.from('1f8b0001020304', 'hex'),
      /line 1: the compressed data are damaged here/,
    ],
    ['a line of a million bytes and more', 'x'.repeat(2_000_000), /line 1: is longer than 1048576 bytes/],
  ]
  for (const [what, bytes, message] of cases) {
    const path = folder.file(bytes)
    t.match((await strictly(path)).error, { code: 'CHURN_TRACE_FORMAT', exitCode: 2, message }, what)
    await t.rejects(readTrace(path, { lenient: true }), { code: 'CHURN_TRACE_FORMAT', message }, `${what}, leniently`)
  }
  const header = await readTrace(folder.file(`${HEADER}\n`))
  t.same(header.events, [], 'only a header is a recording of nothing')
  t.notOk(header.reader.isComplete)
})

void t.test('what cannot be opened', async t => {
  await t.rejects(readTrace(folder.path('missing')), {
    code: 'CHURN_TRACE_FILE',
    message: /missing cannot be read/,
  })
  await t.rejects(readTrace(folder.dir), { code: 'CHURN_TRACE_FILE', cause: { message: 'it is a folder' } })
  const secret = folder.file(`${HEADER}\n`)
  chmodSync(secret, 0)
  if (process.getuid?.() !== 0)
    await t.rejects(readTrace(secret), { code: 'CHURN_TRACE_FILE', cause: { code: 'EACCES' } })
})

void t.test('what editors and other systems do to text is no fault', async t => {
  const path = await folder.write('edited.jsonl', EVENTS)
  const text = readFileSync(path, 'utf8')
  const [header, ...lines] = text.split('\n')
  const versions = [
    text.replaceAll('\n', '\r\n'),
    `\uFEFF${text}`,
    text.replaceAll('\n', '\n\n\n'),
    `${header!.trim()}\n${lines.map(line => `${line} \t`).join('\n')}`,
  ]
  for (const version of versions) {
    for (const bytes of [Buffer.from(version), gzipSync(version)]) {
      const { reader, events } = await readTrace(folder.file(bytes))
      t.same(events, EVENTS)
      t.equal(reader.digest(), reader.header.sha256)
    }
  }
})

void t.test('texts that trap careless programs come back as they are', async t => {
  const labels = '{"__proto__":"p","constructor":"c","a\\u0000\\u001b\\n\\"b":"\\ud800","\\u2028":"☸","":""}'
  const path = folder.file(`${HEADER}\n${NODE.replace('}', `,"labels":${labels}}`)}\n`)
  const { events } = await readTrace(path)
  const read = (events[0] as Extract<ChurnEvent, { kind: 'node' }>).labels!
  t.same(Object.entries(read), Object.entries(JSON.parse(labels) as object))
  t.equal(({} as Record<string, unknown>)['p'], undefined)
  t.equal(Object.getPrototypeOf(read), Object.prototype)
  const twice = folder.file(`${HEADER}\n${NODE.replace('{', '{"name":"first",')}\n`)
  t.match((await readTrace(twice)).events, [{ name: 'n-0' }], 'of a key that is there twice, the last counts')
  const invalid = Buffer.from(`${HEADER}\n${NODE}\n`)
  invalid[invalid.indexOf('n-0')] = 0xff
  t.match((await readTrace(folder.file(invalid))).events, [{ name: '\ufffd-0' }], 'what is no UTF-8 is replaced')
})

void t.test('a header that says something else than the events', async t => {
  const text = readFileSync(await folder.write('claims.jsonl', EVENTS), 'utf8')
  for (const [from, to] of [
    ['"durationMs":999', '"durationMs":998'],
    ['"pods":1', '"pods":2'],
    ['"podsCreated":1', '"podsCreated":7'],
  ] as const) {
    const path = folder.file(text.replace(from, to))
    t.match((await strictly(path)).error, { message: /another duration, other counts or another scale/ }, to)
    t.equal((await readTrace(path, { lenient: true })).reader.faults.count, 1)
  }
})

/** Reads what the parent sends, or a file, and says how that went and how much memory it took. */
const READ_AND_TELL = `
  import { readFileSync } from 'node:fs'
  import { TraceReader } from ${JSON.stringify(new URL('../../../sim/trace/trace-reader.js', import.meta.url).href)}
  let events = 0, told = '', reader
  try {
    reader = await TraceReader.open(process.argv[1], { lenient: process.argv[2] === 'lenient' })
    for await (const batch of reader.batches()) events += batch.length
  } catch (error) {
    if (error.exitCode !== 2) throw error
    told = error.message
  }
  // Of this program alone: what getrusage says may be the parent's.
  const rssMiB = Number(/VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
  console.log(JSON.stringify({ events, told, faults: reader?.faults, rssMiB }))
`

interface Told {
  readonly events: number
  readonly told: string
  readonly faults?: { readonly count: number; readonly examples: readonly string[] }
  readonly rssMiB: number
}

async function readElsewhere(
  path: string,
  mode: 'strict' | 'lenient',
  input?: Iterable<Buffer | string>,
): Promise<Told> {
  const args = ['--input-type=module', '-e', READ_AND_TELL, path, mode]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let text = ''
  child.stdout.on('data', (data: Buffer) => (text += data.toString()))
  // A reader that has seen enough hangs up.
  if (input !== undefined) await pipeline(Readable.from(input), child.stdin).catch(() => {})
  const [code] = (await closed) as [number]
  if (code !== 0) throw new Error(`the reader ended with ${code}`)
  return JSON.parse(text) as Told
}

function* repeated(count: number, chunk: Buffer, ...ends: readonly [string, string]): Generator<Buffer | string> {
  yield ends[0]
  for (let i = 0; i < count; i++) yield chunk
  yield ends[1]
}

const MIB = 1024 * 1024
/** What a process has open and takes is read from /proc. */
const LINUX_ONLY = { skip: process.platform === 'linux' ? false : 'needs /proc' }
/** Node itself takes some 50 MiB; buffers that wait for the collector are the rest. */
const RSS_MIB_MAX = 160

void t.test('a line without an end takes no memory, nor does a compressed one', LINUX_ONLY, async t => {
  const last = `\n${canonicalLine({ t: 9, kind: 'action', op: 'last', args: {} })}\n`
  const x = Buffer.alloc(MIB, 'x')
  const long = await readElsewhere('-', 'lenient', repeated(200, x, `${HEADER}\n`, last))
  t.match(long, { events: 1, faults: { count: 1, examples: ['line 2: is longer than 1048576 bytes'] } })
  t.ok(long.rssMiB < RSS_MIB_MAX, `${long.rssMiB} MiB`)
  const endless = await readElsewhere('-', 'strict', repeated(1_000_000, x, `${HEADER}\n`, last))
  t.match(endless.told, /-: line 2: is longer than/, 'told at once, however much follows')

  const member = gzipSync(Buffer.alloc(64 * MIB, ' '), { level: 9 })
  const bomb = folder.path('bomb.gz')
  await writeFile(bomb, [gzipSync(`${HEADER}\n`), ...Array.from({ length: 16 }, () => member), gzipSync(last)])
  const inflated = await readElsewhere(bomb, 'lenient')
  t.match(inflated, { events: 1, faults: { count: 1, examples: ['line 2: is longer than 1048576 bytes'] } })
  t.ok(inflated.rssMiB < RSS_MIB_MAX, `${inflated.rssMiB} MiB of 1 GiB of spaces`)

  const own = folder.path('own-bomb.gz')
  const parts = [Buffer.from(`${HEADER}\n`), Buffer.alloc(256 * MIB, ' '), Buffer.from(last)]
  await writeFile(own, await Promise.all(parts.map(gzipMember)))
  const judged = await readElsewhere(own, 'lenient')
  t.match(judged, { events: 1, faults: { count: 1, examples: [/line 2: the compressed data are damaged from byte/] } })
  t.ok(judged.rssMiB < RSS_MIB_MAX, `${judged.rssMiB} MiB of one part of 256 MiB`)
})

void t.test('a stream that comes in small pieces is read as one that does not', LINUX_ONLY, async t => {
  for (const name of ['pieces.jsonl', 'pieces.jsonl.gz']) {
    const bytes = readFileSync(await folder.write(name, EVENTS, { flushEach: 3 }))
    const told = await readElsewhere(
      '-',
      'strict',
      Array.from(bytes, byte => Buffer.from([byte])),
    )
    t.match(told, { events: EVENTS.length, told: '' }, `${name} on the standard input`)
    const pipe = folder.path(`${name}.pipe`)
    execFileSync('mkfifo', [pipe])
    const [{ events }] = await Promise.all([readTrace(pipe), writeFile(pipe, bytes)])
    t.same(events, EVENTS, `${name} in a named pipe`)
  }
})

/** Files that this process has open. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').length
}

void t.test('files are closed, however reading ends', LINUX_ONLY, async t => {
  const nodes = Array.from({ length: 20_000 }, (_, t): ChurnEvent => ({ t, kind: 'node', op: 'added', name: `n-${t}` }))
  const plain = await folder.write('long.jsonl', nodes)
  const packed = await folder.write('long.jsonl.gz', nodes, { flushEach: 1000 })
  const foreign = folder.file(gzipSync(readFileSync(plain)))
  const before = openFiles()
  for (const path of [plain, packed, foreign]) {
    const opened = await TraceReader.open(path)
    t.ok(openFiles() > before, 'it is open')
    await opened.close()
    await opened.close()
    t.equal(openFiles(), before, 'closed before anything was read')
    const broken = await TraceReader.open(path)
    for await (const batch of broken.batches()) if (batch.length > 0) break
    t.equal(openFiles(), before, 'given up after the first batch')
    await readTrace(path)
    t.equal(openFiles(), before, 'read to its end')
    const cut = folder.file(readFileSync(path).subarray(0, -50))
    t.ok(isClear((await strictly(cut)).error))
    t.equal(openFiles(), before, 'ended by an error')
  }
  await t.rejects(readTrace(folder.file('no trace')))
  t.equal(openFiles(), before, 'no trace')
})

void t.test('a recording is read while it goes on', async t => {
  for (const name of ['growing.jsonl', 'growing.jsonl.gz']) {
    const writer = TraceWriter.create(folder.path(name), ORIGIN, { live: true })
    for (const [i, event] of EVENTS.entries()) {
      writer.write(event)
      if (i === 6) await writer.flush()
    }
    const { reader, events } = await readTrace(folder.path(name))
    t.same(events, EVENTS.slice(0, 7))
    t.notOk(reader.isComplete || reader.isTorn)
    await writer.finish()
    t.ok((await readTrace(folder.path(name))).reader.isComplete)
  }
})
