// Whatever is in a trace: scrubbed, it is still one, of the same events, and no two things in it became one.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type ChurnEvent, type Labels, TraceReader, TraceState, TraceWriter } from '../../../../sim/trace/index.ts'
import { AddressPseudonyms } from '../../../../sim/trace/scrub/addresses.ts'
import { fingerprint, FingerprintMap } from '../../../../sim/trace/scrub/fingerprints.ts'
import { parseKeep, scrubTrace } from '../../../../sim/trace/scrub/index.ts'
import { Pseudonyms } from '../../../../sim/trace/scrub/pseudonyms.ts'
import { ScrubLedger } from '../../../../sim/trace/scrub/scrub-ledger.ts'
import { eventFault } from '../../../../sim/trace/trace-shape.ts'

const KEY = Buffer.alloc(32, 'properties')
const dir = mkdtempSync(join(tmpdir(), 'churnbench-scrub-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

/** Names as they are and as they should not be; few, so that events meet. */
const name = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('cart', 'cart-7d9f', 'cart-7d9f-x2x1z', 'cart-0', 'cart-1-2', 'cart-28373820'),
  },
  { weight: 2, arbitrary: fc.constantFrom('default', 'lobster7k2fqz', 'true', 'http', 'registry.example', '10.1.2.3') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('Größe', '__proto__', 'a/b', ' ', '-', '--------', '{"t":1}', '🐳', 'x'.repeat(253)),
  },
)
const key = fc.oneof(
  fc.constantFrom('app', 'pod-template-hash', 'controller-revision-hash', 'statefulset.kubernetes.io/pod-name'),
  fc.constantFrom(
    'topology.kubernetes.io/zone',
    'kubernetes.io/hostname',
    'job-name',
    'acme.example/team',
    'team',
    '/',
  ),
  name,
)
const labels: fc.Arbitrary<Labels> = fc.array(fc.tuple(key, fc.oneof(name, fc.constant(''))), { maxLength: 3 }).map(
  // As JSON.parse makes them: a key may be called `__proto__`.
  pairs => Object.fromEntries(pairs),
)
const uid = fc.constantFrom('uid-1', 'uid-2', 'cart-0', '6f1c2d3e-0000-4000-8000-000000000001')
const port = fc.integer({ min: 1, max: 65_535 })
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })
const containers = fc.array(
  fc.record(
    {
      name,
      image: fc.oneof(name, fc.constantFrom('ghcr.io/acme/cart:v1', '/x', 'x@sha256:0', 'a:5000/b/c:d@e', ':')),
      ports: fc.array(fc.record({ name, port }, { requiredKeys: ['port'] }), { maxLength: 2 }),
    },
    { requiredKeys: ['name', 'ports'] },
  ),
  { maxLength: 2 },
)
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('10.0.0.1', '10.0.0.2', '0.0.0.0', '::', ':::', '1.2', 'abcdef'),
)
const podId = { namespace: fc.constantFrom('shop', 'cart'), name, uid }
const kind = fc.constantFrom('Deployment', 'ReplicaSet', 'StatefulSet', 'Job', 'Rollout', 'Node')
const owner = fc.tuple(kind, fc.constantFrom('cart', 'cart-7d9f', 'cart-1')).map(parts => parts.join('/'))

/** Fields by shape of the event. */
const SHAPES: Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<unknown>>>>> = {
  'node added': { name, labels: optional(labels) },
  'node not-ready': { name, reason: optional(name) },
  'node removed': { name },
  'workload applied': {
    namespace: name,
    name,
    type: fc.oneof(kind, name),
    selector: labels,
    labels,
    annotations: optional(labels),
    containers,
    strategy: optional(
      fc.record({ type: fc.constant('RollingUpdate'), maxSurge: fc.oneof(fc.nat(), fc.constant('25%'), name) }),
    ),
  },
  'service applied': {
    namespace: name,
    name,
    labels,
    selector: labels,
    ports: fc.array(fc.record({ name, port, targetPort: fc.oneof(port, name) }), { maxLength: 2 }),
  },
  'pod created': { ...podId, owner: optional(owner), labels, annotations: optional(labels), containers },
  'pod relabelled': { ...podId, labels },
  'pod bound': { ...podId, node: name },
  'pod addressed': { ...podId, address: optional(address) },
  'pod ready': podId,
  'pod failed': { ...podId, reason: optional(name) },
  'pod deleted': podId,
  action: {
    op: fc.oneof(fc.constant('scale'), name),
    args: fc.dictionary(
      fc.oneof(fc.constantFrom('workload', 'replicas'), name),
      fc.oneof(name, fc.integer(), fc.boolean()),
    ),
  },
}

const event = fc.oneof(
  ...Object.entries(SHAPES).map(([shape, fields]) => {
    const [kindOf, op] = shape.split(' ')
    return fc
      .record({ step: fc.nat(100), ...fields })
      .map(({ step, ...rest }) => ({ step, kind: kindOf, ...(op === undefined ? {} : { op }), ...rest }))
  }),
)

/** Those events that can have happened, one after the other; what happens to a pod happens to one that there is. */
const trace: fc.Arbitrary<ChurnEvent[]> = fc.array(event, { minLength: 20, maxLength: 150, size: 'max' }).map(drawn => {
  const state = new TraceState()
  let now = 0
  return drawn.flatMap(({ step, ...rest }) => {
    now += step
    const made = JSON.parse(JSON.stringify({ t: now, ...rest, ...livingPod(rest, state, step) })) as ChurnEvent
    return eventFault(made) === undefined && state.apply(made) === undefined ? [made] : []
  })
})

function livingPod(drawn: object, state: TraceState, step: number): object {
  const { kind: drawnKind, op } = drawn as { kind?: string; op?: string }
  const pods = [...state.pods.values()]
  const nodes = [...state.nodes.keys()]
  if (drawnKind !== 'pod' || op === 'created' || pods.length === 0) return {}
  const pod = pods[step % pods.length]!
  const node = op === 'bound' ? { node: nodes[step % Math.max(1, nodes.length)] } : {}
  return { namespace: pod.namespace, name: pod.name, uid: pod.uid, ...node }
}

const ACTIONS = [
  {
    name: 'scale',
    args: [
      { name: 'workload', type: 'string', means: 'workload' },
      { name: 'replicas', type: 'number' },
    ],
  },
] as const

async function readAll(path: string): Promise<ChurnEvent[]> {
  const events: ChurnEvent[] = []
  for await (const batch of (await TraceReader.open(path)).batches()) events.push(...batch)
  return events
}

void t.test(
  'any trace: as many events, of the same kinds, operations and times; the same things stay the same',
  async t => {
    const path = join(dir, 'any.jsonl')
    const out = join(dir, 'scrubbed.jsonl')
    const seen = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(trace, async events => {
        for (const { kind, op } of events) seen.set(`${kind} ${op}`, (seen.get(`${kind} ${op}`) ?? 0) + 1)
        const writer = TraceWriter.create(path, { source: { kind: 'generated' }, targets: 'all' }, { force: true })
        for (const each of events) writer.write(each)
        const before = await writer.finish()
        const options = { key: KEY, keep: parseKeep([]), actions: ACTIONS, profiles: [], force: true }
        const { header } = await scrubTrace(path, out, options)
        const scrubbed = await readAll(out)
        t.same(header.counts, before.counts)
        t.same(header.scale, before.scale)
        t.same(
          scrubbed.map(each => [each.t, each.kind, each.kind === 'action' ? '' : each.op]),
          events.map(each => [each.t, each.kind, each.kind === 'action' ? '' : each.op]),
        )
        for (const of of [
          nodesOf,
          namespacesOf,
          servicesOf,
          uidsOf,
          podNamesOf,
          portsOf,
          imagesOf,
          ownersOf,
          labelSetsOf,
        ]) {
          t.same(equalities(of(scrubbed)), equalities(of(events)), of.name)
        }
      }),
      { numRuns: 100 },
    )
    for (const shape of Object.keys(SHAPES)) {
      if (shape !== 'action') t.ok(seen.get(shape)! >= 20, `${shape} occurred ${seen.get(shape)} times`)
    }
  },
)

/** For each value, which one it is by first occurrence: equal for two lists when one is the other with its values renamed. */
function equalities(values: readonly string[]): number[] {
  const seen = new Map<string, number>()
  return values.map(value => {
    if (!seen.has(value)) seen.set(value, seen.size)
    return seen.get(value)!
  })
}

type Values = (events: readonly ChurnEvent[]) => string[]
const nodesOf: Values = events =>
  events.flatMap(each => (each.kind === 'node' ? [each.name] : each.kind === 'pod' && each.node ? [each.node] : []))
const namespacesOf: Values = events => events.flatMap(each => ('namespace' in each ? [each.namespace] : []))
const servicesOf: Values = events => events.flatMap(each => (each.kind === 'service' ? [each.name] : []))
const uidsOf: Values = events => events.flatMap(each => (each.kind === 'pod' ? [each.uid] : []))
/** A pod is known by its owner and its name. */
const podNamesOf: Values = events => {
  const owners = new Map<string, string | undefined>()
  return events.flatMap(each => {
    if (each.kind !== 'pod') return []
    if (each.op === 'created') owners.set(each.uid, each.owner)
    return [`${owners.get(each.uid)} ${each.name}`]
  })
}
const ownersOf: Values = events =>
  events.flatMap(each => (each.kind === 'pod' && each.owner !== undefined ? [each.owner] : []))
const containersOf = (events: readonly ChurnEvent[]): NonNullable<(ChurnEvent & { kind: 'pod' })['containers']> =>
  events.flatMap(each => ('containers' in each ? (each.containers ?? []) : []))
const imagesOf: Values = events => containersOf(events).flatMap(({ image }) => (image === undefined ? [] : [image]))
const portsOf: Values = events => [
  ...containersOf(events).flatMap(({ ports }) => ports.map(each => `${each.port} ${each.name}`)),
  ...events.flatMap(each =>
    each.kind === 'service' ? (each.ports ?? []).map(({ name, targetPort }) => `${name} ${typeof targetPort}`) : [],
  ),
]
/** Labels and selectors, each pair on its own: equal pairs are what a selector goes by. */
const labelSetsOf: Values = events =>
  events.flatMap(each => {
    const sets = ['labels' in each ? each.labels : undefined, 'selector' in each ? each.selector : undefined]
    return sets.flatMap(set => [`${Object.keys(set ?? {}).length}`, ...pairsOf(set ?? {})])
  })

/** Those of an object in no order: the names decide it, and they change. */
function pairsOf(set: Labels): string[] {
  return Object.keys(set).length === 1 ? Object.entries(set).map(pair => pair.join('=')) : []
}

void t.test('a table of fingerprints is a map', t => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.oneof(fc.nat(50), fc.maxSafeNat()), fc.nat()), { size: 'max', maxLength: 500 }),
      pairs => {
        const map = new FingerprintMap()
        const model = new Map<number, number>()
        for (const [print, value] of pairs) {
          map.set(print, value)
          model.set(print, value)
        }
        t.equal(map.size, model.size)
        for (const [print, value] of model) t.equal(map.get(print), value)
        for (const print of [0, 1, 51, 2 ** 52]) t.equal(map.has(print), model.has(print))
      },
    ),
    { numRuns: 30 },
  )
  const prints = new Set(Array.from({ length: 100_000 }, (_, i) => fingerprint(`pod-${i}`)))
  t.equal(prints.size, 100_000)
  t.end()
})

void t.test('two names never become one: the second takes another pseudonym', t => {
  const expected = new Pseudonyms(KEY, new ScrubLedger()).word('name', 'workloads', 'cart')
  const ledger = new ScrubLedger()
  t.ok(ledger.claim(expected, 'somebody else'))
  const pseudonyms = new Pseudonyms(KEY, ledger)
  const other = pseudonyms.word('name', 'workloads', 'cart')
  t.not(other, expected)
  for (let i = 0; i < 120_000; i++) pseudonyms.word('name', 'workloads', `other-${i}`)
  t.equal(pseudonyms.word('name', 'workloads', 'cart'), other, 'also once the caches have forgotten it')
  t.throws(() => ledger.keep('nodes', other), /is also a pseudonym/)
  t.end()
})

void t.test('thirty thousand pods of one owner have five characters each, and none clashes', t => {
  const pseudonyms = new Pseudonyms(KEY, new ScrubLedger())
  const names = Array.from({ length: 30_000 }, (_, i) => pseudonyms.suffixed('pods', 'cart', `cart-${i}`))
  t.equal(new Set(names).size, names.length)
  t.end()
})

void t.test('addresses: no two become one, neighbours part, the key alone decides within 10.0.0.0/8', t => {
  const addressesOf = (): AddressPseudonyms => {
    const ledger = new ScrubLedger()
    return new AddressPseudonyms(new Pseudonyms(KEY, ledger), ledger)
  }
  const addresses = addressesOf()
  const own = Array.from({ length: 30_000 }, (_, i) => `10.7.${i >> 8}.${i & 255}`)
  // As many as make some clash with those, and with each other.
  const others = Array.from({ length: 30_000 }, (_, i) => `172.20.${i >> 8}.${i & 255}`)
  const all = [...own, ...others].map(each => addresses.of(each))
  t.equal(new Set(all).size, all.length)
  t.ok(all.every(each => /^10\.\d+\.\d+\.\d+$/.test(each)))
  t.same(
    [...own, ...others].map(each => addresses.of(each)),
    all,
  )
  const again = addressesOf()
  t.same(
    own
      .toReversed()
      .map(each => again.of(each))
      .toReversed(),
    all.slice(0, own.length),
  )
  const networks = new Set(all.slice(0, 256).map(each => each.split('.').slice(0, 3).join('.')))
  t.ok(networks.size > 250, 'a /24 is all over the place')
  t.end()
})
