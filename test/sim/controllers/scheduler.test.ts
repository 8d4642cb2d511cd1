import fc from 'fast-check'
import type { Event, Node, Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Events, Nodes, Pods, type Stored, type StoreEvent } from '../../../sim/cluster/index.ts'
import { compareNodes, NodeTable } from '../../../sim/controllers/scheduling/node-table.ts'
import { podRequests } from '../../../sim/controllers/scheduling/pod-requests.ts'
import { type Sim, simulate } from './harness.ts'

interface PodInput extends Partial<PodSpec> {
  readonly cpu?: string
  readonly memory?: string
  readonly labels?: Record<string, string>
  readonly namespace?: string
}

/** Creates a pod as the API would, with what it asks for. */
function pod(
  sim: Sim,
  name: string,
  { cpu, memory, labels = {}, namespace = 'default', ...spec }: PodInput = {},
): void {
  const requests = { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) }
  sim.store.create<Pod>(Pods, {
    metadata: { namespace, name, labels },
    spec: { containers: [{ name: 'main', resources: { requests } }], ...spec },
  })
}

const placeOf = (sim: Sim, name: string): string | undefined => sim.pod(name).spec?.nodeName
/** Where the pods of a name are, '' for nowhere. */
const places = (sim: Sim, prefix: string): string[] =>
  sim
    .pods()
    .filter(({ metadata }) => metadata.name.startsWith(prefix))
    .map(({ spec }) => spec?.nodeName ?? '')

function whyNot(sim: Sim, name: string): string | undefined {
  return sim.pod(name).status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message
}

function label(sim: Sim, node: string, labels: Record<string, string>): void {
  sim.store.modify<Node>(Nodes, undefined, node, current => ({
    ...current,
    metadata: { ...current.metadata, labels: { ...current.metadata.labels, ...labels } },
  }))
}

const spread = (topologyKey: string, whenUnsatisfiable = 'DoNotSchedule', more: object = {}): PodInput => ({
  labels: { app: 'web' },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey, whenUnsatisfiable, labelSelector: { matchLabels: { app: 'web' } }, ...more },
  ],
})

const ZONE = 'topology.kubernetes.io/zone'
const HOST = 'kubernetes.io/hostname'

t.test('a pod goes where its requests fit, and says what is missing', async t => {
  // 15 920m and 62 GiB of each machine are for pods.
  const sim = simulate({ nodes: 3 })
  for (let i = 0; i < 6; i++) pod(sim, `half-${i}`, { cpu: '7', memory: '1Gi' })
  sim.clock.advance(100)
  t.same(places(sim, 'half-').toSorted(), ['node-0', 'node-0', 'node-1', 'node-1', 'node-2', 'node-2'])
  pod(sim, 'third', { cpu: '2' })
  pod(sim, 'small', { cpu: '1900m' })
  pod(sim, 'vast', { cpu: '17', memory: '65Gi', tolerations: [] })
  sim.clock.advance(100)
  t.ok(placeOf(sim, 'small'))
  t.equal(
    whyNot(sim, 'third'),
    '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.',
  )
  t.equal(
    whyNot(sim, 'vast'),
    '0/3 nodes are available: 3 Insufficient cpu, 3 Insufficient memory. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  )
  t.ok(sim.store.list<Event>(Events).some(({ message }) => message === whyNot(sim, 'third')))
  sim.store.delete(Pods, 'default', 'half-1', { gracePeriodSeconds: 0 })
  sim.clock.advance(1100)
  t.equal(placeOf(sim, 'third'), 'node-1', 'room was made')
})

t.test('requests are those of containers, sidecars, the largest init container and the overhead', async t => {
  const requests = (cpu: string, more: object = {}) => ({ name: 'c', resources: { requests: { cpu } }, ...more })
  const of = (spec: Partial<PodSpec>) => podRequests({ spec: { containers: [], ...spec } })
  t.match(of({ containers: [requests('100m'), requests('0.25')] }), { cpuMilli: 350 })
  t.match(
    of({ containers: [requests('70m'), requests('0.07')] }),
    { cpuMilli: 140 },
    'exact, whatever floats make of it',
  )
  t.match(of({ containers: [requests('100m')], initContainers: [requests('2'), requests('1')] }), { cpuMilli: 2000 })
  const sidecar = requests('300m', { restartPolicy: 'Always' })
  t.match(of({ containers: [requests('1')], initContainers: [sidecar] }), { cpuMilli: 1300 })
  t.match(of({ containers: [requests('1')], initContainers: [sidecar, requests('2')] }), { cpuMilli: 2300 })
  t.match(of({ containers: [requests('1')], overhead: { cpu: '250m' } }), { cpuMilli: 1250 })
  t.match(of({ containers: [{ name: 'c' }, { name: 'd' }] }), {
    cpuMilli: 0,
    memoryBytes: 0,
    scoredCpuMilli: 200,
    scoredMemoryBytes: 2 * 200 * 1024 * 1024,
  })
  const limits = { name: 'c', resources: { limits: { memory: '1.5Gi', 'example.com/gpu': '2' } } }
  t.match(of({ containers: [limits] }), { memoryBytes: 1.5 * 2 ** 30, others: [['example.com/gpu', 2]] })
  t.match(of({ containers: [{ name: 'c', ports: [{ containerPort: 80 }, { containerPort: 90, hostPort: 9100 }] }] }), {
    hostPorts: ['TCP/9100'],
  })
})

t.test('extended resources and ports of the host are taken once', async t => {
  const sim = simulate({ nodes: 2 })
  sim.store.modify<Node>(Nodes, undefined, 'node-1', node => ({
    ...node,
    status: { ...node.status, allocatable: { ...node.status?.allocatable, 'example.com/gpu': '1' } },
  }))
  const gpu = { containers: [{ name: 'c', resources: { limits: { 'example.com/gpu': '1' } } }] }
  pod(sim, 'gpu-0', gpu)
  sim.clock.advance(100)
  pod(sim, 'gpu-1', gpu)
  const port = { containers: [{ name: 'c', ports: [{ containerPort: 9100, hostPort: 9100 }] }] }
  for (let i = 0; i < 3; i++) pod(sim, `port-${i}`, port)
  sim.clock.advance(100)
  t.equal(placeOf(sim, 'gpu-0'), 'node-1')
  t.match(whyNot(sim, 'gpu-1'), /^0\/2 nodes are available: 2 Insufficient example\.com\/gpu\./)
  t.match(
    whyNot(sim, 'gpu-1'),
    '1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
  )
  t.equal(new Set(places(sim, 'port-')).size, 3, 'one on each, and one nowhere')
  const left = ['port-0', 'port-1', 'port-2'].find(name => placeOf(sim, name) === undefined)!
  t.match(whyNot(sim, left), "2 node(s) didn't have free ports for the requested pod ports")
})

t.test('required node affinity: terms, expressions and fields', async t => {
  const sim = simulate({ nodes: 6, zones: 3 })
  label(sim, 'node-4', { disk: 'ssd', cores: '16' })
  label(sim, 'node-5', { disk: 'hdd', cores: '8' })
  const required = (...nodeSelectorTerms: object[]): PodInput => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  })
  const expect = (name: string, input: PodInput, wanted: readonly string[]): void => {
    for (let i = 0; i < wanted.length; i++) pod(sim, `${name}-${i}`, input)
    sim.clock.advance(100)
    t.same(places(sim, `${name}-`).toSorted(), wanted, name)
  }
  const expression = (key: string, operator: string, ...values: string[]) => ({
    matchExpressions: [{ key, operator, values }],
  })
  expect('in', required(expression(ZONE, 'In', 'region-1b', 'region-1c')), ['node-1', 'node-2', 'node-4', 'node-5'])
  expect('exists', required(expression('disk', 'Exists')), ['node-4', 'node-5'])
  expect('gt', required(expression('cores', 'Gt', '8')), ['node-4', 'node-4'])
  expect('lt', required(expression('cores', 'Lt', '9')), ['node-5'])
  expect('notin', required(expression('disk', 'NotIn', 'ssd', 'hdd')), ['node-0', 'node-1', 'node-2', 'node-3'])
  expect('absent', required(expression('disk', 'DoesNotExist')), ['node-0', 'node-3'])
  expect('either', required(expression('disk', 'In', 'hdd'), expression(ZONE, 'In', 'region-1a')), ['node-0', 'node-3'])
  const named = (...values: string[]) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values }] })
  expect('named', required(named('node-2')), ['node-2', 'node-2'])
  expect('both', { ...required(named('node-4')), nodeSelector: { disk: 'ssd' } }, ['node-4'])
  pod(sim, 'nowhere', { ...required(named('node-4')), nodeSelector: { disk: 'hdd' } })
  pod(sim, 'gone', required(named('node-9')))
  sim.clock.advance(100)
  t.equal(
    whyNot(sim, 'nowhere'),
    "0/6 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 5 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: 0/6 nodes are available: 6 Preemption is not helpful for scheduling.",
  )
  t.match(whyNot(sim, 'gone'), "6 node(s) didn't satisfy plugin(s) [NodeAffinity]")
  sim.store.create<Node>(Nodes, { metadata: { name: 'node-9' } })
  sim.clock.advance(2000)
  t.equal(placeOf(sim, 'gone'), 'node-9')
})

t.test('preferred node affinity and PreferNoSchedule taints draw and repel, and forbid nothing', async t => {
  const sim = simulate({ nodes: 4 })
  label(sim, 'node-2', { disk: 'ssd' })
  sim.store.modify<Node>(Nodes, undefined, 'node-0', node => ({
    ...node,
    spec: { ...node.spec, taints: [{ key: 'old', effect: 'PreferNoSchedule' }] },
  }))
  const preference = { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }
  const fond: PodInput = {
    affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, preference }] } },
  }
  for (let i = 0; i < 5; i++) pod(sim, `fond-${i}`, { ...fond, cpu: '100m' })
  sim.clock.advance(100)
  t.same(
    places(sim, 'fond-'),
    Array.from({ length: 5 }, () => 'node-2'),
  )
  for (let i = 0; i < 8; i++) pod(sim, `plain-${i}`, { cpu: '100m' })
  sim.clock.advance(100)
  t.notOk(places(sim, 'plain-').includes('node-0'))
  pod(sim, 'bound', { nodeSelector: { [HOST]: 'node-0' } })
  sim.clock.advance(100)
  t.equal(placeOf(sim, 'bound'), 'node-0')
})

t.test('spread constraints hold the skew, by zone and by node', async t => {
  const sim = simulate({ nodes: 5, zones: 3 })
  // Zones have 2, 2 and 1 nodes.
  for (let i = 0; i < 9; i++) pod(sim, `web-${i}`, spread(ZONE))
  sim.clock.advance(200)
  const zones = (): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const place of places(sim, 'web-')) {
      const zone = sim.store.get<Node>(Nodes, undefined, place)?.metadata.labels?.[ZONE] ?? 'none'
      counts[zone] = (counts[zone] ?? 0) + 1
    }
    return counts
  }
  t.same(zones(), { 'region-1a': 3, 'region-1b': 3, 'region-1c': 3 })
  sim.store.modify<Node>(Nodes, undefined, 'node-2', node => ({ ...node, spec: { ...node.spec, unschedulable: true } }))
  sim.clock.advance(1)
  for (let i = 9; i < 13; i++) pod(sim, `web-${i}`, spread(ZONE))
  sim.clock.advance(200)
  t.same(zones(), { 'region-1a': 4, 'region-1b': 4, 'region-1c': 3, none: 2 })
  const waiting = sim.pods().find(({ spec: { nodeName } = {} }) => nodeName === undefined)!.metadata.name
  t.match(whyNot(sim, waiting), "4 node(s) didn't match pod topology spread constraints")
  t.match(whyNot(sim, waiting), '1 node(s) were unschedulable')
  sim.store.modify<Node>(Nodes, undefined, 'node-2', node => {
    const { unschedulable: _, ...rest } = node.spec!
    return { ...node, spec: rest }
  })
  sim.clock.advance(20_000)
  t.same(
    Object.values(zones()).toSorted((a, b) => a - b),
    [4, 4, 5],
  )

  for (let i = 0; i < 3; i++)
    pod(sim, `few-${i}`, { ...spread(HOST, 'DoNotSchedule', { minDomains: 9 }), namespace: 'b' })
  sim.clock.advance(200)
  t.equal(new Set(places(sim, 'few-')).size, 3, 'with too few domains the least counts as 0')
  label(sim, 'node-0', { rack: 'r1' })
  pod(sim, 'racked', { ...spread('rack'), namespace: 'c' })
  sim.clock.advance(100)
  t.equal(placeOf(sim, 'racked'), 'node-0', 'only nodes with the label')
})

t.test('a spread that is only wished for gives way', async t => {
  const sim = simulate({ nodes: 6, zones: 3 })
  for (let i = 0; i < 6; i++) pod(sim, `web-${i}`, spread(ZONE, 'ScheduleAnyway'))
  sim.clock.advance(100)
  t.equal(new Set(places(sim, 'web-')).size, 6)
  for (let i = 6; i < 12; i++) {
    pod(sim, `web-${i}`, { ...spread(ZONE, 'ScheduleAnyway'), nodeSelector: { [ZONE]: 'region-1a' } })
  }
  sim.clock.advance(100)
  t.ok(places(sim, 'web-').every(place => place !== ''))
  for (let i = 12; i < 18; i++) pod(sim, `web-${i}`, spread(ZONE, 'ScheduleAnyway'))
  sim.clock.advance(100)
  const late = sim
    .pods()
    .slice(-6)
    .map(({ spec }) => spec?.nodeName)
  t.notOk(
    late.some(place => place === 'node-0' || place === 'node-3'),
    'the full zone is avoided',
  )
})

const near = (kind: 'podAffinity' | 'podAntiAffinity', topologyKey: string, more: object = {}): PodInput => ({
  labels: { app: 'db' },
  affinity: {
    [kind]: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey, labelSelector: { matchLabels: { app: 'db' } }, ...more },
      ],
    },
  },
})

t.test('pods that exclude each other have a node each, and keep others of their kind away', async t => {
  const sim = simulate({ nodes: 3 })
  for (let i = 0; i < 4; i++) pod(sim, `db-${i}`, near('podAntiAffinity', HOST))
  sim.clock.advance(100)
  t.equal(new Set(places(sim, 'db-')).size, 4, 'three have a node, one has none')
  const left = sim.pods().find(({ spec }) => spec?.nodeName === undefined)!.metadata.name
  t.match(whyNot(sim, left), "3 node(s) didn't match pod anti-affinity rules")
  pod(sim, 'guest', { labels: { app: 'db' } })
  pod(sim, 'stranger', { labels: { app: 'other' } })
  pod(sim, 'abroad', { labels: { app: 'db' }, namespace: 'elsewhere' })
  sim.clock.advance(100)
  t.match(whyNot(sim, 'guest'), "3 node(s) didn't satisfy existing pods anti-affinity rules")
  t.ok(placeOf(sim, 'stranger'))
  t.ok(placeOf(sim, 'abroad'), 'terms speak of their own namespace')
  const first = sim.pods().find(({ metadata }) => metadata.name.startsWith('db-') && metadata.name !== left)!
  sim.store.delete(Pods, 'default', first.metadata.name, { gracePeriodSeconds: 0 })
  sim.clock.advance(1100)
  t.ok(
    [placeOf(sim, left), placeOf(sim, 'guest')].includes(first.spec?.nodeName),
    'one of those who wait takes the place',
  )
})

t.test('pods that want company follow the first, which may go anywhere', async t => {
  const sim = simulate({ nodes: 6, zones: 3 })
  for (let i = 0; i < 4; i++) pod(sim, `db-${i}`, near('podAffinity', ZONE))
  sim.clock.advance(200)
  const zones = places(sim, 'db-').map(place => sim.store.get<Node>(Nodes, undefined, place)?.metadata.labels?.[ZONE])
  t.equal(new Set(zones).size, 1)
  const term = { topologyKey: HOST, labelSelector: { matchLabels: { app: 'cache' } } }
  const follower: PodInput = {
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
  }
  pod(sim, 'follower', follower)
  sim.clock.advance(100)
  t.match(whyNot(sim, 'follower'), "6 node(s) didn't match pod affinity rules")
  pod(sim, 'cache', { labels: { app: 'cache' } })
  sim.clock.advance(1100)
  t.equal(placeOf(sim, 'follower'), placeOf(sim, 'cache'), 'tried again when a pod came')
  const anywhere: PodInput = {
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ ...term, namespaceSelector: {} }],
      },
    },
    namespace: 'elsewhere',
  }
  pod(sim, 'foreigner', anywhere)
  sim.clock.advance(100)
  t.equal(placeOf(sim, 'foreigner'), placeOf(sim, 'cache'))
})

t.test('preferred affinity draws pods together or apart', async t => {
  const sim = simulate({ nodes: 5 })
  pod(sim, 'cache', { labels: { app: 'cache' }, nodeName: 'node-3' })
  const podAffinityTerm = { topologyKey: HOST, labelSelector: { matchLabels: { app: 'cache' } } }
  const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 50, podAffinityTerm }] }
  pod(sim, 'close', { affinity: { podAffinity: preferred } })
  sim.clock.advance(100)
  t.equal(placeOf(sim, 'close'), 'node-3')
  for (let i = 0; i < 8; i++) pod(sim, `apart-${i}`, { affinity: { podAntiAffinity: preferred } })
  sim.clock.advance(100)
  t.notOk(places(sim, 'apart-').includes('node-3'))
})

t.test('a gated pod waits until its last gate is gone', async t => {
  const sim = simulate({ nodes: 1 })
  pod(sim, 'gated', { schedulingGates: [{ name: 'example.com/quota' }] })
  sim.clock.advance(1000)
  t.equal(placeOf(sim, 'gated'), undefined)
  sim.store.modify<Pod>(Pods, 'default', 'gated', current => {
    const { schedulingGates: _, ...spec } = current.spec as PodSpec & { schedulingGates?: unknown }
    return { ...current, spec }
  })
  sim.clock.advance(100)
  t.equal(placeOf(sim, 'gated'), 'node-0')
})

t.test('pods that ask for nothing, or all for the same, are spread by number, equals in turn', async t => {
  for (const input of [{}, { cpu: '100m', memory: '128Mi' }, { cpu: '300m' }]) {
    const sim = simulate({ nodes: 7, timings: { scheduleMs: { base: 5, jitter: 0 } } })
    for (let i = 0; i < 21; i++) pod(sim, `p-${i}`, input)
    sim.clock.advance(5)
    const wanted = Array.from({ length: 21 }, (_, i) => `node-${i % 7}`)
    t.same(places(sim, 'p-'), wanted)
  }
})

t.test('larger machines take more', async t => {
  const sim = simulate({ nodes: 2 })
  sim.store.modify<Node>(Nodes, undefined, 'node-1', node => ({
    ...node,
    status: { ...node.status, allocatable: { ...node.status?.allocatable, cpu: '5', memory: '20Gi' } },
  }))
  for (let i = 0; i < 24; i++) pod(sim, `p-${i}`, { cpu: '500m', memory: '2Gi' })
  sim.clock.advance(100)
  const count = (node: string): number => places(sim, 'p-').filter(place => place === node).length
  t.ok(count('node-0') >= 17 && count('node-0') <= 19, `${count('node-0')} of 24 on three quarters of the room`)
})

t.test('whatever comes and goes: no pod is bound where a look at everything says that it may not be', async t => {
  const input = fc.record({
    cpu: fc.constantFrom('100m', '2', '6', undefined),
    memory: fc.constantFrom('64Mi', '20Gi', undefined),
    rule: fc.constantFrom('none', 'zone', 'host', 'apart', 'together'),
    act: fc.constantFrom('create', 'create', 'create', 'delete', 'relabel', 'cordon', 'node'),
    pick: fc.nat(1000),
    waitMs: fc.integer({ min: 0, max: 400 }),
  })
  let bound = 0
  fc.assert(
    fc.property(fc.array(input, { minLength: 20, maxLength: 70 }), acts => {
      const sim = simulate({
        nodes: 5,
        zones: 3,
        podsPerNodeMax: 8,
        keep: false,
        onEvent(event, { store }) {
          if (event.resource !== Pods || !isBinding(event as StoreEvent<Pod>)) return
          bound++
          check(event.object as Stored<Pod>, store.list<Node>(Nodes), store.list<Pod>(Pods))
        },
      })
      const rules: Record<string, PodInput> = {
        none: {},
        zone: spread(ZONE),
        host: spread(HOST),
        apart: near('podAntiAffinity', HOST),
        together: near('podAffinity', ZONE),
      }
      for (const [i, { cpu, memory, rule, act, pick, waitMs }] of acts.entries()) {
        const pods = sim.pods()
        const name = `node-${pick % 5}`
        if (act === 'create') {
          const room = { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) }
          pod(sim, `p-${i}`, { ...room, ...rules[rule] })
        } else if (act === 'delete' && pods.length > 0) {
          const { namespace, name: doomed } = pods[pick % pods.length]!.metadata
          sim.store.delete(Pods, namespace, doomed, { gracePeriodSeconds: pick % 2 === 0 ? 0 : 30 })
        } else if (act === 'relabel' && pods.length > 0) {
          const { namespace, name: changed } = pods[pick % pods.length]!.metadata
          sim.store.modify<Pod>(Pods, namespace, changed, current => ({
            ...current,
            metadata: { ...current.metadata, labels: { app: pick % 2 === 0 ? 'web' : 'db' } },
          }))
        } else if (act === 'cordon') {
          sim.cluster.cordonNode(name, pick % 2 === 0)
        } else if (act === 'node') {
          label(sim, name, { [ZONE]: `region-1${'abc'[pick % 3]}` })
        }
        sim.clock.advance(waitMs)
      }
      sim.clock.advance(30_000)
    }),
    { numRuns: 60 },
  )
  t.ok(bound > 500, `${bound} pods were bound`)
})

function isBinding({ type, object, previous }: StoreEvent<Pod>): boolean {
  return type === 'MODIFIED' && object.spec?.nodeName !== undefined && previous?.spec?.nodeName === undefined
}

/** Judges a binding by looking at everything, as the scheduler must not. */
function check(bound: Stored<Pod>, nodes: readonly Stored<Node>[], pods: readonly Stored<Pod>[]): void {
  const node = nodes.find(({ metadata }) => metadata.name === bound.spec?.nodeName)!
  const fail = (what: string): never => {
    throw new Error(`${bound.metadata.name} on ${node.metadata.name}: ${what}`)
  }
  if (node.spec?.unschedulable === true) fail('cordoned')
  const placed = pods.filter(
    ({ spec, status }) => spec?.nodeName !== undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
  )
  const here = placed.filter(({ spec }) => spec?.nodeName === node.metadata.name)
  const cpu = here.reduce((sum, other) => sum + podRequests(other).cpuMilli, 0)
  const memory = here.reduce((sum, other) => sum + podRequests(other).memoryBytes, 0)
  if (here.length > 8) fail(`${here.length} pods`)
  if (cpu > 15_920) fail(`${cpu}m of CPU`)
  if (memory > 62 * 2 ** 30) fail(`${memory} bytes`)
  const valueOf = (other: Pod, key: string): string | undefined =>
    nodes.find(({ metadata }) => metadata.name === other.spec?.nodeName)?.metadata.labels?.[key]
  const others = placed.filter(({ metadata }) => metadata.uid !== bound.metadata.uid)
  for (const { topologyKey } of bound.spec?.topologySpreadConstraints ?? []) {
    const counts = new Map(nodes.map(({ metadata }) => [metadata.labels![topologyKey]!, 0]))
    for (const other of others) {
      if (other.metadata.labels?.app !== 'web' || other.metadata.deletionTimestamp !== undefined) continue
      const value = valueOf(other, topologyKey)!
      counts.set(value, counts.get(value)! + 1)
    }
    const own = Number(bound.metadata.labels?.app === 'web')
    const skew = counts.get(valueOf(bound, topologyKey)!)! + own - Math.min(...counts.values())
    if (skew > 1) fail(`a skew of ${skew} by ${topologyKey}`)
  }
  const dbs = others.filter(({ metadata }) => metadata.labels?.app === 'db')
  if (bound.spec?.affinity?.podAntiAffinity !== undefined) {
    if (dbs.some(other => valueOf(other, HOST) === valueOf(bound, HOST))) fail('another db')
  }
  if (bound.metadata.labels?.app === 'db') {
    const strict = others.filter(({ spec }) => spec?.affinity?.podAntiAffinity !== undefined)
    if (strict.some(other => valueOf(other, HOST) === valueOf(bound, HOST))) fail('one that wants to be alone')
  }
  if (bound.spec?.affinity?.podAffinity !== undefined) {
    const isFirst = dbs.length === 0 && bound.metadata.labels?.app === 'db'
    if (!isFirst && !dbs.some(other => valueOf(other, ZONE) === valueOf(bound, ZONE))) fail('no company')
  }
}

t.test('the table keeps nodes in order, whatever comes and goes', async t => {
  const node = (name: string, cpu: string, labels: Record<string, string> = {}) =>
    ({
      metadata: { name, labels },
      status: { allocatable: { cpu, memory: '64Gi', pods: '110' } },
    }) as unknown as Stored<Node>
  const table = new NodeTable()
  const one = podRequests({ spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] } })
  const order = (): string[] => [...table.inOrder()].map(({ name }) => name)
  table.change('early', one, 1)
  t.equal(table.get('early'), undefined, 'a pod is there and its node is not known')
  table.setNode(node('early', '10'))
  table.setNode(node('b', '10'))
  t.same(order(), ['b', 'early'])
  table.change('b', one, 1)
  t.same(order(), ['early', 'b'], 'equals in turn')
  table.setNode(node('b', '100'))
  t.same(order(), ['b', 'early'], 'a larger one has more to give')
  table.setNode(node('b', '100', { disk: 'ssd' }))
  t.same(
    [...table.withLabel('disk', 'ssd')].map(({ name }) => name),
    ['b'],
  )
  table.setNode(node('early', '10', { disk: 'ssd' }))
  t.equal(table.withLabel('disk', 'ssd').size, 2)
  table.removeNode('early')
  t.equal(table.withLabel('disk', 'ssd').size, 1)
  t.equal(table.valueCount('disk'), 1)
  t.same(order(), ['b'])
  table.change('early', one, -1)
  table.setNode(node('early', '10'))
  t.match(table.get('early'), { pods: 0, cpuMilli: 0 })
  t.same(order(), ['early', 'b'])
  t.ok(compareNodes(table.get('early')!, table.get('b')!) < 0)
  t.equal(table.size, 2)
  table.removeNode('nobody')
  t.equal(table.size, 2)
})
