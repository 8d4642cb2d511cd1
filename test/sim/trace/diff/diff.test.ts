// How two traces differ. Method: a trace and what was done to it on purpose, so that what must be found is known.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type ChurnEvent, diffTraces, type TraceDiff, TraceReader } from '../../../../sim/trace/index.ts'
import { randomTrace } from '../inspect/random-trace.ts'
import { simulatedChurn, writeTrace } from '../inspect/simulated-trace.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-diff-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

let files = 0

interface Options extends Partial<Parameters<typeof diffTraces>[2]> {
  readonly durationMs?: readonly [number, number]
}

async function diff(a: Iterable<ChurnEvent>, b: Iterable<ChurnEvent>, options: Options = {}): Promise<TraceDiff> {
  const { durationMs = [0, 0], ignored = [], toleranceMs = 0, byPod = false } = options
  const paths = ['a', 'b'].map(name => join(dir, `${files++}-${name}.jsonl`))
  await writeTrace(paths[0]!, a, durationMs[0])
  await writeTrace(paths[1]!, b, durationMs[1])
  return diffTraces(await TraceReader.open(paths[0]!), await TraceReader.open(paths[1]!), {
    ignored,
    toleranceMs,
    byPod,
  })
}

/** Everything that a diff may find. */
const found = ({ parting, objects, counts, states, times }: TraceDiff) => ({
  parting: parting !== undefined,
  onlyA: objects.onlyA.count,
  onlyB: objects.onlyB.count,
  changed: objects.changed.count,
  counts: counts.filter(({ a, b }) => a !== b).map(({ what }) => what),
  states: states.filter(({ a, b }) => a !== b).map(({ what }) => what),
  times: times.filter(({ onlyA, onlyB, later, earlier }) => onlyA + onlyB + later + earlier > 0).map(({ op }) => op),
})
const NOTHING = { parting: false, onlyA: 0, onlyB: 0, changed: 0, counts: [], states: [], times: [] }

const BASE = simulatedChurn({ durationMs: 240_000 })

void t.test('a trace does not differ from itself', async t => {
  for (const byPod of [false, true]) {
    const same = await diff(BASE, BASE, { byPod })
    t.ok(same.same)
    t.same(found(same), NOTHING)
    t.equal(
      same.times.reduce((sum, { matched }) => sum + matched, 0),
      BASE.length,
      'every event has its counterpart',
    )
  }
})

void t.test('random traces: no difference with themselves, and both ways the same differences', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1 }),
      fc.string(),
      fc.integer({ min: 5, max: 120 }),
      async (x, y, wanted) => {
        const [a, b] = [randomTrace(x, wanted, 50), randomTrace(`${x}${y}`, wanted, 50)]
        const [there, back] = [await diff(a, b), await diff(b, a)]
        const turned = {
          ...found(back),
          onlyA: back.objects.onlyB.count,
          onlyB: back.objects.onlyA.count,
        }
        const order = (of: ReturnType<typeof found>) => ({
          ...of,
          counts: of.counts.toSorted(),
          times: of.times.toSorted(),
        })
        if (JSON.stringify(order(found(there))) !== JSON.stringify(order(turned))) return false
        if (there.parting?.index !== back.parting?.index) return false
        return y !== '' || JSON.stringify(found(there)) === JSON.stringify(NOTHING)
      },
    ),
    { numRuns: 40 },
  )
})

/** Other identities and addresses, the same story. */
function renamed(events: readonly ChurnEvent[]): ChurnEvent[] {
  return events.map(event => {
    if (event.kind !== 'pod') return event
    const { address, ...rest } = event
    const other = {
      ...rest,
      uid: `other-${event.uid}`,
      name: `${event.name.slice(0, -5)}zzzzz${event.uid.slice(0, 8)}`,
    }
    return address === undefined ? other : { ...other, address: address.replace('127.', '10.') }
  })
}

void t.test('names, identities and addresses can be ignored', async t => {
  const other = renamed(BASE)
  const strict = await diff(BASE, other)
  t.notOk(strict.same)
  t.same(strict.parting!.fields.toSorted(), ['name', 'uid'])
  t.equal(
    strict.parting!.index,
    BASE.findIndex(event => event.kind === 'pod'),
  )
  const loose = await diff(BASE, other, { ignored: ['names', 'uids', 'addresses'] })
  t.ok(loose.same)
  t.same(found(loose), NOTHING)
  const byPod = await diff(BASE, other, { byPod: true })
  const pods = new Set(BASE.flatMap(event => (event.kind === 'pod' ? [event.uid] : []))).size
  t.equal(byPod.objects.onlyA.count, pods)
  t.equal(byPod.objects.onlyB.count, pods)
  await t.rejects(diff(BASE, other, { byPod: true, ignored: ['names'] }), { code: 'CHURN_TRACE_OPTIONS' })
})

void t.test('times: shifted events are matched, measured, and can be ignored or tolerated', async t => {
  const late = BASE.map(event => (event.t > 60_000 ? { ...event, t: event.t + 250 } : event))
  const moved = late.filter(event => event.t > 60_000).length
  const strict = await diff(BASE, late)
  t.same(strict.parting!.fields, ['t'])
  t.equal(strict.objects.changed.count, 0)
  t.equal(
    strict.times.reduce((sum, { later }) => sum + later, 0),
    moved,
  )
  t.equal(
    strict.times.reduce((sum, { earlier, onlyA, onlyB }) => sum + earlier + onlyA + onlyB, 0),
    0,
  )
  for (const { ms, later } of strict.times) t.equal(ms!.max, later > 0 ? 250 : 0)
  t.ok((await diff(BASE, late, { toleranceMs: 250 })).same)
  t.notOk((await diff(BASE, late, { toleranceMs: 249 })).same)
  t.ok((await diff(BASE, late, { ignored: ['times'] })).same)
  const longer = await diff(BASE, BASE, { durationMs: [300_000, 400_000] })
  t.notOk(longer.same, 'one lasts longer')
  t.equal(longer.parting, undefined)
  t.match(longer.header, [{ field: 'durationMs', a: '300000', b: '400000' }])
})

void t.test('where two orders part: both lines, what comes before and after', async t => {
  const at = BASE.findIndex(event => event.t > 30_000 && event.kind === 'action')
  const without = BASE.toSpliced(at, 1)
  const { parting, same, a, b } = await diff(BASE, [...without, { t: 999_999, kind: 'action', op: 'more', args: {} }])
  t.notOk(same)
  t.equal(a.events, b.events)
  t.equal(parting!.index, at)
  t.equal(parting!.a!.line, at + 2, 'the header is line 1')
  t.equal(parting!.b!.line, at + 2)
  const line = (event: ChurnEvent): Record<string, unknown> => ({ t: event.t, op: event.op })
  t.match(JSON.parse(parting!.a!.text), line(BASE[at]!))
  t.match(JSON.parse(parting!.b!.text), line(BASE[at + 1]!))
  t.match(
    parting!.before.map(({ text }) => JSON.parse(text) as unknown),
    BASE.slice(at - 3, at).map(line),
  )
  t.match(
    parting!.afterA.map(({ text }) => JSON.parse(text) as unknown),
    BASE.slice(at + 1, at + 4).map(line),
  )
  t.equal(parting!.before[0]!.line, at - 1)
  const cut = await diff(BASE, BASE.slice(0, at))
  t.equal(cut.parting!.b, undefined, 'one is over')
  t.equal(cut.parting!.index, at)
})

const node: ChurnEvent = { t: 0, kind: 'node', op: 'added', name: 'n-0' }
const life = (
  name: string,
  owner: string,
  ...ops: ('bound' | 'addressed' | 'ready' | 'not-ready' | 'deleted')[]
): ChurnEvent[] => {
  const pod = { kind: 'pod', namespace: 'shop', name, uid: `uid-${name}` } as const
  return [
    { t: 5, ...pod, op: 'created', owner },
    ...ops.map((op): ChurnEvent => ({ t: 5, ...pod, op, ...(op === 'bound' ? { node: 'n-0' } : {}) })),
  ]
}

void t.test('objects: who is missing, and whose fate is another', async t => {
  const { objects, counts, states } = await diff(
    [
      node,
      { t: 1, kind: 'node', op: 'added', name: 'only-a' },
      ...life('p-0', 'StatefulSet/db', 'bound', 'addressed', 'ready'),
      ...life('p-1', 'StatefulSet/db', 'bound', 'addressed', 'ready'),
      ...life('q-0', 'StatefulSet/gone', 'bound'),
    ],
    [
      node,
      { t: 1, kind: 'service', op: 'applied', namespace: 'shop', name: 'only-b' },
      ...life('p-0', 'StatefulSet/db', 'bound', 'addressed', 'ready'),
      ...life('p-1', 'StatefulSet/db', 'bound', 'addressed', 'ready', 'not-ready', 'deleted'),
      ...life('p-2', 'StatefulSet/db'),
    ],
  )
  t.same(objects.onlyA.objects.map(({ object }) => object).toSorted(), ['node only-a', 'pods of shop/StatefulSet/gone'])
  t.same(
    objects.onlyB.objects.map(({ object }) => object),
    ['Service shop/only-b'],
  )
  t.same(objects.changed, {
    count: 1,
    objects: [
      {
        object: 'pods of shop/StatefulSet/db',
        seen: { a: 2, b: 3 },
        atEnd: { a: 2, b: 2 },
        sequences: [
          { sequence: 'created', a: 0, b: 1 },
          { sequence: 'created bound addressed ready', a: 2, b: 1 },
          { sequence: 'created bound addressed ready not-ready deleted', a: 0, b: 1 },
        ],
      },
    ],
  })
  t.equal(objects.compared, 5)
  t.match(
    counts.find(({ what }) => what === 'pod deleted'),
    { a: 0, b: 1 },
  )
  t.match(
    states.find(({ what }) => what === 'ready pods at the end'),
    { a: 2, b: 1 },
  )
  t.match(
    states.find(({ what }) => what === 'most pods'),
    { a: 3, b: 2 },
  )
})

void t.test('headers: what differs, as texts', async t => {
  const [a, b] = [join(dir, 'h-a.jsonl'), join(dir, 'h-b.jsonl')]
  await writeTrace(a, [node])
  const text = readFileSync(a, 'utf8')
  writeFileSync(
    b,
    text.replace('"targets":"all"', '"targets":"annotated","scrubbed":["names"]').replace('"generated"', '"run"'),
  )
  const options = { ignored: [], toleranceMs: 0, byPod: false }
  const { header, same } = await diffTraces(await TraceReader.open(a), await TraceReader.open(b), options)
  t.ok(same, 'their events are the same')
  t.same(header, [
    { field: 'targets', a: 'all', b: 'annotated' },
    { field: 'source', a: 'generated', b: 'run' },
    { field: 'scrubbed', a: null, b: '["names"]' },
  ])
})
