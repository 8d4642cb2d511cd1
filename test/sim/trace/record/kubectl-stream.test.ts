// What kubectl prints, as files: sound, without watch events, damaged, dated by its objects.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { SystemClock } from '../../../../base/index.ts'
import { recordKubectl } from '../../../../sim/trace/record/index.ts'
import { JsonValueSplitter } from '../../../../sim/trace/record/json-values.ts'
import { readTrace } from './fake-cluster.ts'

type Options = Parameters<typeof recordKubectl>[1]

const T0 = Date.UTC(2026, 0, 1)
const at = (s: number): string => new Date(T0 + s * 1000).toISOString().replace('.000Z', 'Z')

const node = (name: string, s: number, ready = true, since = s): object => ({
  kind: 'Node',
  apiVersion: 'v1',
  metadata: { name, uid: `uid-${name}`, creationTimestamp: at(s), labels: { zone: 'a' } },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown', lastTransitionTime: at(since) }] },
})

interface Life {
  readonly created: number
  readonly bound?: number
  readonly ready?: number
  readonly marked?: number
  readonly ended?: number
  readonly graceS?: number
}

const pod = (name: string, uid: string, life: Life, on = 'n-0'): object => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: {
    name,
    namespace: 'shop',
    uid,
    creationTimestamp: at(life.created),
    ...(life.marked === undefined
      ? {}
      : { deletionTimestamp: at(life.marked + (life.graceS ?? 30)), deletionGracePeriodSeconds: life.graceS ?? 30 }),
  },
  spec: { containers: [{ name: 'app' }], ...(life.bound === undefined ? {} : { nodeName: on }) },
  status: {
    ...(life.ready === undefined ? {} : { podIP: '10.0.0.7', startTime: at(life.bound!) }),
    conditions: [
      ...(life.bound === undefined
        ? []
        : [{ type: 'PodScheduled', status: 'True', lastTransitionTime: at(life.bound) }]),
      ...(life.ready === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: at(life.ready) }]),
    ],
    ...(life.ended === undefined
      ? {}
      : { containerStatuses: [{ restartCount: 0, state: { terminated: { finishedAt: at(life.ended) } } }] }),
  },
})

const event = (type: string, object: object): object => ({ type, object })
/** As kubectl prints it. */
const print = (values: readonly object[]): string => values.map(value => `${JSON.stringify(value, null, 4)}\n`).join('')

async function record(
  t: Test,
  texts: readonly (string | Buffer)[],
  options: Partial<Options> = {},
): Promise<{ path: string; done: ReturnType<typeof recordKubectl> }> {
  const dir = t.testdir({})
  const sources = texts.map((text, i) => {
    const file = join(dir, `${i}.json`)
    writeFileSync(file, text)
    return file
  })
  const path = join(dir, 'out.jsonl')
  const done = recordKubectl(new SystemClock(), {
    path,
    sources,
    lenient: false,
    force: false,
    tool: 'test',
    signal: new AbortController().signal,
    ...options,
  })
  await done.catch(() => {})
  return { path, done }
}

async function linesOf(path: string): Promise<string[]> {
  const { events } = await readTrace(path)
  return events.map(e => `${e.t / 1000} ${e.kind} ${e.op} ${'name' in e ? e.name : ''}`)
}

void t.test('saved files are put in the order of what their objects say', async t => {
  const life = { created: 10, bound: 11, ready: 14 }
  const pods = [
    event('ADDED', pod('web-0', 'a', life)),
    event('ADDED', pod('early', 'b', { created: 5, bound: 6, ready: 7 })),
    event('MODIFIED', pod('web-0', 'a', { ...life, marked: 20 })),
    event('MODIFIED', pod('web-0', 'a', { ...life, marked: 20 })),
    // It takes the name before the grace of the first was over.
    event('DELETED', pod('web-0', 'a', { ...life, marked: 20 })),
    event('ADDED', pod('web-0', 'c', { created: 23 })),
    event('MODIFIED', pod('web-0', 'c', { created: 23, bound: 24, ready: 29 })),
    event('DELETED', pod('early', 'b', { created: 5, bound: 6, ready: 7, marked: 30, ended: 31 })),
  ]
  const nodes = [
    event('ADDED', node('n-0', 1)),
    event('BOOKMARK', { kind: 'Node', metadata: { resourceVersion: '7' } }),
    event('MODIFIED', node('n-0', 1, false, 26)),
  ]
  const { path, done } = await record(t, [print(pods), print(nodes)])
  const summary = await done
  t.same(summary.leftOut, { count: 0, examples: [] })
  t.equal(summary.times, 'objects')
  t.strictSame(await linesOf(path), [
    '0 node added n-0',
    '4 pod created early',
    '5 pod bound early',
    '5 pod addressed early',
    '6 pod ready early',
    '9 pod created web-0',
    '10 pod bound web-0',
    '10 pod addressed web-0',
    '13 pod ready web-0',
    '19 pod terminating web-0',
    '22 pod deleted web-0',
    '22 pod created web-0',
    '23 pod bound web-0',
    '23 pod addressed web-0',
    '25 node not-ready n-0',
    '28 pod ready web-0',
    '29 pod terminating early',
    '30 pod deleted early',
  ])
  t.equal((await readTrace(path)).reader.header.start, '2026-01-01T00:00:01.000Z')

  const later = await record(t, [print(pods), print(nodes)], { startUnixMs: T0 + 20_000 })
  await later.done
  t.equal(
    (await linesOf(later.path)).filter(line => line.startsWith('0 ')).length,
    10,
    'what was before is at the start',
  )
  t.equal((await linesOf(later.path)).at(-1), '11 pod deleted early')
})

void t.test(
  'objects that come alone tell no deletions; a list is its items; what a trace knows not is passed over',
  async t => {
    const plain = [
      pod('web-0', 'a', { created: 1 }),
      pod('web-0', 'a', { created: 1, bound: 2, ready: 3 }),
      { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c', namespace: 'shop', uid: 'u' } },
      { kind: 'List', apiVersion: 'v1', items: [pod('web-1', 'b', { created: 4 })] },
      { kind: 'PodList', apiVersion: 'v1', items: [{ ...pod('web-2', 'c', { created: 5 }), kind: undefined }] },
    ]
    const { path, done } = await record(t, [JSON.stringify(plain[0]) + print(plain.slice(1))], { times: 'arrival' })
    const { counts, inferredNodes, times } = await done
    t.equal(times, 'arrival')
    t.equal(counts.plain, 4)
    t.same([...counts.foreign], [['ConfigMap', 1]])
    t.equal(inferredNodes, 1)
    t.strictSame(
      (await readTrace(path)).events.map(({ kind, op }) => `${kind} ${op}`),
      ['pod created', 'node added', 'pod bound', 'pod addressed', 'pod ready', 'pod created', 'pod created'],
    )
  },
)

void t.test('what cannot be read ends the recording, and keeps what came before; leniently it is counted', async t => {
  const sound = (name: string): string => print([event('ADDED', pod(name, `uid-${name}`, { created: 1 }))])
  const first = sound('first')
  const status = { kind: 'Status', message: 'too old resource version', reason: 'Expired', code: 410 }
  const cases: Record<string, [string, RegExp]> = {
    'an ERROR event': [
      print([event('ERROR', status)]),
      /object 2 at byte \d+ is an ERROR of the API server: too old resource version \(410\)/,
    ],
    'no JSON at all': ['Unable to connect\n', /object 2 at byte \d+ is no JSON object: it begins with "U"/],
    'an unknown type': [print([event('RENAMED', {})]), /unknown type "RENAMED"/],
    'no object of Kubernetes': ['{"a": 1}\n', /neither "type" nor "kind"/],
    'no uid': [print([event('ADDED', { kind: 'Pod', metadata: { name: 'x', namespace: 'y' } })]), /metadata.uid/],
    'no namespace': [print([event('ADDED', { kind: 'Pod', metadata: { name: 'x', uid: 'y' } })]), /metadata.namespace/],
    'fields of other types': [
      print([
        event('ADDED', { kind: 'Pod', metadata: { name: 'x', uid: 'x', namespace: 'y' }, spec: { containers: 7 } }),
      ]),
      /is not what it should be/,
    ],
    'one that was cut off': [`${sound('cut').slice(0, 150)}\n`, /is cut off|is damaged/],
    'bad JSON': ['{"type": "ADDED", }\n', /is not what it should be: .*JSON/],
    'one that is too long': [`{"type": "${'x'.repeat(17 * 1024 * 1024)}"}\n`, /is longer than 16777216 bytes/],
  }
  for (const [name, [text, pattern]] of Object.entries(cases)) {
    const all = first + text + sound('last')
    const { path, done } = await record(t, [all])
    await t.rejects(done, { code: 'CHURN_TRACE_RECORD', message: pattern }, name)
    t.equal((await linesOf(path)).length, 1, 'what came before is there')
    const lenient = await record(t, [all], { lenient: true })
    const { counts } = await lenient.done
    t.equal(counts.faults, 1, `${name} is counted`)
    t.match(counts.examples[0], pattern)
    t.equal((await linesOf(lenient.path)).length, 2, 'and what comes behind it is read')
  }
  const torn = await record(t, [first + sound('torn').slice(0, 100)])
  await t.rejects(torn.done, { message: /object 2 at byte \d+ has no end/ })
  t.equal((await linesOf(torn.path)).length, 1)
})

void t.test('what is no such stream leaves no file, and a file that is there stays', async t => {
  const sources: [string | Buffer, RegExp][] = [
    ['error: You must be logged in', /is no JSON object/],
    [Buffer.from('1f8b0800', 'hex'), /gzip.*zcat/],
    [Buffer.from('fffe7b00', 'hex'), /UTF-16.*iconv/],
  ]
  for (const [text, pattern] of sources) {
    const { path, done } = await record(t, [text], { times: 'arrival' })
    await t.rejects(done, { code: 'CHURN_TRACE_RECORD', message: pattern })
    t.notOk(existsSync(path))
  }
  const { path } = await record(t, [print([pod('x', 'x', { created: 1 })])])
  const again = recordKubectl(new SystemClock(), {
    path,
    sources: ['-'],
    lenient: false,
    force: false,
    tool: 'test',
    signal: new AbortController().signal,
  })
  await t.rejects(again, { code: 'CHURN_TRACE_FILE', message: /--force/ })
  t.equal((await linesOf(path)).length, 1)
  const absent = await record(t, [], { sources: ['/dev/fd/971'] })
  await t.rejects(absent.done, { message: /scripts\/run.mjs/ })
})

void t.test('objects are found in bytes however they are printed and cut into chunks', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { maxLength: 8 }),
      fc.array(fc.constantFrom('compact', 'pretty', 'glued')),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (objects, styles, sizes) => {
        const text = objects
          .map((value, i) => {
            const style = styles[i % Math.max(1, styles.length)]
            return style === 'pretty'
              ? `${JSON.stringify(value, null, 4)}\n`
              : JSON.stringify(value) + (style === 'glued' ? '' : '\n')
          })
          .join('')
        const bytes = Buffer.from(text)
        const splitter = new JsonValueSplitter(1e6)
        const values = []
        for (let i = 0, n = 0; i < bytes.length; n++) {
          const size = sizes[n % sizes.length]!
          values.push(...splitter.push(bytes.subarray(i, i + size)))
          i += size
        }
        if (splitter.end() !== undefined) return false
        return (
          JSON.stringify(values.map(value => JSON.parse(value.text) as unknown)) === JSON.stringify(objects) &&
          values.every(
            ({ offset, text: found }) => bytes.subarray(offset, offset + Buffer.byteLength(found)).toString() === found,
          )
        )
      },
    ),
  )
  t.pass('the same objects, at the bytes where they begin')
})
