import fc from 'fast-check'
import {
  type ChurnEvent,
  type Labels,
  type TraceContainer,
  TraceState,
  type Transition,
} from '../../sim/trace/index.ts'

/**
 * Traces that can have happened: a small cluster in which at each step one of the things happens that can. Names are few, so
 * that they are taken again; texts are whatever JSON can hold.
 */
export function arbitraryTrace(
  options: { readonly minLength?: number; readonly maxLength?: number } = {},
): fc.Arbitrary<ChurnEvent[]> {
  return fc.array(step, { maxLength: 60, ...options }).map(steps => {
    const state = new TraceState()
    const events: ChurnEvent[] = []
    let t = 0
    for (const [i, { dt, pick, facts }] of steps.entries()) {
      t += dt
      const possible = transitions(state, facts, i)
      const event = { t, ...possible[pick % possible.length]! }
      const fault = state.apply(event)
      if (fault !== undefined) throw new Error(`${JSON.stringify(event)}: ${fault}`)
      events.push(event)
    }
    return events
  })
}

/** As the unit `binary`, which would make a table of all of them for each arbitrary: seconds. */
const anyCharacter = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map(code => String.fromCodePoint(code))
/** Any text, and those that trap careless programs. */
const text = fc.oneof(
  fc.constantFrom(
    'app',
    '__proto__',
    'constructor',
    '10',
    '9',
    '',
    'a"b\\c',
    'two\nlines\r\n',
    '\u2028',
    'naïve ☸ 日本',
    '\ud800',
  ),
  fc.string({ unit: anyCharacter, maxLength: 8 }),
)
export const arbitraryLabels: fc.Arbitrary<Labels> = fc
  .array(fc.tuple(text, text), { maxLength: 4 })
  .map(entries => Object.fromEntries(entries))

const name = fc.oneof(fc.constantFrom('main', 'a.b', '{"t":0}', 'é\n'), fc.string({ minLength: 1, maxLength: 6 }))
const port = fc.integer({ min: 1, max: 65_535 })
const containers: fc.Arbitrary<TraceContainer[]> = fc.array(
  fc.record(
    {
      name,
      image: name,
      ports: fc.array(fc.record({ name, port }, { requiredKeys: ['port'], noNullPrototype: true }), { maxLength: 2 }),
    },
    { requiredKeys: ['name', 'ports'], noNullPrototype: true },
  ),
  { maxLength: 2 },
)
const surge = fc.oneof(fc.nat(9), fc.constantFrom('25%', '1'))

const factsOf = fc.record({
  labels: arbitraryLabels,
  selector: arbitraryLabels,
  containers,
  name,
  count: fc.integer({ min: 1, max: 5 }),
  namespace: fc.constantFrom('shop', 'kube-system'),
  annotations: fc.option(arbitraryLabels, { nil: undefined }),
  strategy: fc.option(
    fc.record(
      { type: fc.constantFrom('RollingUpdate' as const, 'Recreate' as const), maxSurge: surge, maxUnavailable: surge },
      { requiredKeys: ['type'], noNullPrototype: true },
    ),
    { nil: undefined },
  ),
  ports: fc.array(
    fc.record({ name, port, targetPort: fc.oneof(port, name) }, { requiredKeys: ['port'], noNullPrototype: true }),
    { maxLength: 2 },
  ),
  args: fc
    .array(fc.tuple(text, fc.oneof(text, fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }))), {
      maxLength: 3,
    })
    // There is no -0 in what is written.
    .map(entries => Object.fromEntries(entries.map(([key, value]) => [key, Object.is(value, -0) ? 0 : value]))),
})
type Facts = typeof factsOf extends fc.Arbitrary<infer T> ? T : never

const step = fc.record({ dt: fc.oneof(fc.constant(0), fc.nat(5000)), pick: fc.nat(), facts: factsOf })

/** Everything that can happen next. Those that make something are there more than once, so that there is something. */
function transitions(state: TraceState, facts: Facts, i: number): Transition[] {
  const { namespace, labels, selector, annotations, strategy, count, name: word } = facts
  const out: Transition[] = [{ kind: 'action', op: word, args: facts.args }]
  for (const nodeName of ['n-0', 'n-1', 'n-2']) {
    const node = { kind: 'node', name: nodeName } as const
    const known = state.nodes.get(nodeName)
    if (known === undefined) {
      out.push({ ...node, op: 'added', labels }, { ...node, op: 'added' })
    } else {
      out.push({ ...node, op: 'removed' })
      out.push(known.failed ? { ...node, op: 'recovered' } : { ...node, op: 'failed', reason: word })
      out.push(known.ready ? { ...node, op: 'not-ready' } : { ...node, op: 'ready' })
    }
  }
  for (const type of ['Deployment', 'DaemonSet']) {
    const workload = { kind: 'workload', namespace, name: 'cart', type } as const
    const template = { labels, ...(annotations === undefined ? {} : { annotations }), containers: facts.containers }
    const isThere = state.workloads.has(`${type}/${namespace}/cart`)
    if (type === 'DaemonSet') out.push({ ...workload, op: 'applied', selector, ...template })
    else out.push({ ...workload, op: 'applied', replicas: count, ...(strategy && { strategy }), ...template })
    if (isThere) out.push({ ...workload, op: 'scaled', replicas: count }, { ...workload, op: 'deleted' })
  }
  const service = { kind: 'service', namespace, name: 'cart' } as const
  out.push({ ...service, op: 'applied', labels, selector, ports: facts.ports })
  if (state.services.has(`${namespace}/cart`)) out.push({ ...service, op: 'deleted' })
  for (const podName of ['cart-0', 'cart-1', word]) {
    if (state.podByName(namespace, podName) !== undefined) continue
    const created = { kind: 'pod', op: 'created', namespace, name: podName, uid: `uid-${i}` } as const
    const owner = { owner: `ReplicaSet/cart-${count}` }
    out.push(
      { ...created, ...owner, labels, ...(annotations && { annotations }), containers: facts.containers },
      created,
    )
  }
  for (const pod of state.pods.values()) {
    const known = { kind: 'pod', namespace: pod.namespace, name: pod.name, uid: pod.uid } as const
    out.push({ ...known, op: 'deleted' }, { ...known, op: 'relabelled', labels })
    if (pod.node === undefined) {
      for (const node of state.nodes.keys()) out.push({ ...known, op: 'bound', node })
    } else {
      out.push({ ...known, op: 'addressed', address: `10.0.0.${count}` }, { ...known, op: 'addressed' })
    }
    if (pod.ready) out.push({ ...known, op: 'not-ready' })
    else if (pod.addressed) out.push({ ...known, op: 'ready' })
    out.push({ ...known, op: 'restarted', restarts: pod.restarts + count })
    if (pod.ended === undefined) out.push({ ...known, op: 'succeeded' }, { ...known, op: 'failed', reason: word })
    if (pod.graceS === undefined)
      out.push({ ...known, op: 'terminating', graceS: count }, { ...known, op: 'terminating' })
  }
  return out
}
