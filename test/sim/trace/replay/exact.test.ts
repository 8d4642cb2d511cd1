// Everything at the time that the trace says: what the cluster shows is the trace again.
import { join } from 'node:path'
import t from 'tap'
import type { ChurnEvent } from '../../../../sim/trace/index.ts'
import { clusterOf, dir, eventsOf, fold, record, replay, write } from './support.ts'

const PLAN = [
  { atMs: 1500, stream: 'a/0', action: 'scale', args: { workload: 'shop/api', replicas: 12 } },
  { atMs: 2500, stream: 'b/0', action: 'restart', args: { workload: 'shop/cart' } },
  { atMs: 3000, stream: 'c/0', action: 'fail-node', args: { node: 'node-1' } },
  { atMs: 4000, stream: 'd/0', action: 'drop-watches', args: {} },
  { atMs: 5000, stream: 'e/0', action: 'partition-node', args: { node: 'node-2' } },
  { atMs: 6000, stream: 'f/0', action: 'heal-node', args: { node: 'node-2' } },
  { atMs: 9000, stream: 'g/0', action: 'recover-node', args: { node: 'node-1' } },
  {
    atMs: 10_000,
    stream: 'h/0',
    action: 'relabel',
    args: { workload: 'billing/bills', label: 'track', value: 'canary' },
  },
  { atMs: 11_000, stream: 'i/0', action: 'delete-workload', args: { workload: 'shop/cart' } },
  { atMs: 11_500, stream: 'j/0', action: 'delete-node', args: { node: 'node-3' } },
] as const
const CLUSTER = clusterOf([
  { name: 'api', replicas: 5 },
  { name: 'cart', replicas: 4 },
  { name: 'bills', replicas: 6 },
])

const path = join(dir, 'run.jsonl.gz')
const own = record('run.jsonl.gz', CLUSTER, PLAN, 15_000)

for (const speed of [1, 10, 7, 0.3]) {
  void t.test(`a run's own trace, at ${speed} times its speed, has the run's hash`, async t => {
    const { traceSha256, header } = await own
    t.equal(header?.sha256, traceSha256)
    const run = await replay(path, { speed })
    t.equal(run.traceSha256, traceSha256)
    const report = run.replay!
    t.equal(report.plannedSha256, traceSha256)
    t.equal(report.achievedSha256, traceSha256)
    t.match(report.finalState, { equal: true, different: 0 })
    t.ok(report.finalState.compared > 20)
    t.same(report.events.skipped, {})
    t.equal(report.events.played, header?.counts?.events)
  })
}

void t.test('a part of a trace begins with what there is then', async t => {
  await own
  const events = await eventsOf(path)
  const run = await replay(path, { fromMs: 4000, toMs: 10_000 })
  t.equal(run.replay!.plannedSha256, run.replay!.achievedSha256)
  t.match(run.replay!.finalState, { equal: true })
  const before = [...fold(events.filter(event => event.t < 4000)).transitions()].length
  const within = events.filter(event => event.t >= 4000 && event.t < 10_000)
  t.equal(run.shown.length, before + within.length)
  t.same(
    run.shown.slice(before).map(event => event.t),
    within.map(event => event.t - 4000),
  )
  const end = fold(events.filter(event => event.t < 10_000))
  t.same([...fold(run.shown).pods.keys()].toSorted(), [...end.pods.keys()].toSorted())
})

void t.test('clones are clusters of their own side by side', async t => {
  await own
  const once = await eventsOf(path)
  const run = await replay(path, { scale: 3 })
  t.equal(run.replay!.plannedSha256, run.replay!.achievedSha256)
  t.match(run.replay!.finalState, { equal: true })
  const [single, triple] = [fold(once), fold(run.shown)]
  for (const kind of ['nodes', 'workloads', 'services', 'pods'] as const) {
    t.equal(triple[kind].size, 3 * single[kind].size, kind)
  }
  const addresses = [...triple.pods.values()].map(pod => pod.address)
  t.equal(new Set(addresses).size, addresses.length, 'addresses of their own')
  t.same(
    [...new Set([...triple.pods.values()].map(pod => pod.namespace))]
      .filter(name => name.startsWith('shop'))
      .toSorted(),
    ['shop', 'shop-clone1', 'shop-clone2'],
  )
})

void t.test('what is not asked for is left out and counted', async t => {
  await own
  const events = await eventsOf(path)
  const run = await replay(path, { only: ['namespace=shop', 'app=api'] })
  const report = run.replay!
  t.equal(report.plannedSha256, report.achievedSha256)
  const pods = [...fold(run.shown).pods.values()]
  t.ok(pods.length > 0)
  t.ok(pods.every(pod => pod.namespace === 'shop' && pod.labels['app'] === 'api'))
  t.equal(report.leftOut + report.events.planned, events.length)
  t.equal(fold(run.shown).nodes.size, fold(events).nodes.size, 'nodes stay')
})

const NODES: ChurnEvent[] = ['n-0', 'n-1'].map(name => ({
  t: 0,
  kind: 'node',
  op: 'added',
  name,
  labels: { pool: 'a' },
}))
const pod = (name: string, uid = `uid-${name}`) => ({ kind: 'pod', namespace: 'default', name, uid }) as const

/** Of a real cluster: things that no simulated one does. */
const FOREIGN: ChurnEvent[] = [
  ...NODES,
  // A batch job without ports or annotations, on an address that the next pod takes over.
  { t: 0, ...pod('job-1'), op: 'created', owner: 'Job/job', labels: {}, containers: [{ name: 'main', ports: [] }] },
  { t: 0, ...pod('job-1'), op: 'bound', node: 'n-0' },
  { t: 0, ...pod('job-1'), op: 'addressed', address: '172.16.3.4' },
  { t: 0, ...pod('job-1'), op: 'ready' },
  { t: 100, ...pod('job-1'), op: 'relabelled', labels: { stage: 'late' } },
  { t: 200, ...pod('job-1'), op: 'not-ready' },
  { t: 200, ...pod('job-1'), op: 'succeeded' },
  { t: 300, ...pod('job-1'), op: 'terminating', graceS: 0 },
  { t: 350, ...pod('job-1'), op: 'deleted' },
  { t: 400, ...pod('db-0', 'first'), op: 'created', owner: 'StatefulSet/db', labels: { app: 'db' } },
  { t: 400, ...pod('db-0', 'first'), op: 'relabelled', labels: { app: 'db', role: 'primary' } },
  { t: 500, ...pod('db-0', 'first'), op: 'bound', node: 'n-1' },
  { t: 600, ...pod('db-0', 'first'), op: 'addressed', address: '172.16.3.4' },
  { t: 700, ...pod('db-0', 'first'), op: 'restarted', restarts: 2 },
  { t: 800, ...pod('db-0', 'first'), op: 'ready' },
  { t: 800, kind: 'workload', op: 'applied', namespace: 'default', name: 'db', type: 'StatefulSet', replicas: 1 },
  { t: 800, kind: 'workload', op: 'applied', namespace: 'default', name: 'web', type: 'Rollout', replicas: 1 },
  // Host network: the same address, at the same time.
  { t: 900, ...pod('proxy'), op: 'created', labels: {} },
  { t: 900, ...pod('proxy'), op: 'bound', node: 'n-1' },
  { t: 900, ...pod('proxy'), op: 'addressed', address: '172.16.3.4' },
  // A converter that knew no address.
  { t: 950, ...pod('unknown'), op: 'created', labels: {} },
  { t: 950, ...pod('unknown'), op: 'bound', node: 'n-0' },
  { t: 950, ...pod('unknown'), op: 'addressed' },
  { t: 950, ...pod('unknown'), op: 'ready' },
  { t: 950, ...pod('unknown'), op: 'not-ready' },
  { t: 950, ...pod('unknown'), op: 'ready' },
  { t: 1000, kind: 'node', op: 'not-ready', name: 'n-1', reason: 'KubeletStopped' },
  { t: 1000, ...pod('db-0', 'first'), op: 'failed', reason: 'Evicted' },
  { t: 1100, ...pod('db-0', 'first'), op: 'deleted' },
  { t: 1100, ...pod('db-0', 'second'), op: 'created', labels: { app: 'db' } },
  { t: 1100, ...pod('db-0', 'second'), op: 'terminating', graceS: 30 },
  {
    t: 1200,
    kind: 'service',
    op: 'applied',
    namespace: 'default',
    name: 'db',
    selector: { app: 'db' },
    labels: {},
    ports: [{ port: 5432 }],
  },
  { t: 1300, kind: 'node', op: 'ready', name: 'n-1' },
  { t: 1400, kind: 'node', op: 'removed', name: 'n-0' },
  { t: 1500, kind: 'action', op: 'something-of-a-later-version', args: { x: 1 } },
]

for (const targets of ['annotated', 'all'] as const) {
  void t.test(`a real cluster's trace is shown as it is; targets: ${targets}`, async t => {
    const foreign = await write(`foreign-${targets}.jsonl`, FOREIGN, targets)
    const run = await replay(foreign)
    const report = run.replay!
    const played = FOREIGN.filter(event => event.kind !== 'workload' || event.type !== 'Rollout')
    t.same(
      run.shown.map(event => ({ containers: [], labels: {}, ...event })),
      played.map(event => ({ containers: [], labels: {}, ...event })),
    )
    t.same(report.events.skipped, { 'Rollout has no API here; its pods are played': 1 })
    t.ok(report.events.merged > 5, 'what happened at one instant is one write')
    t.equal(report.addressesShared, 1)
    t.match(report.finalState, { equal: true, examples: [] })
  })
}

void t.test('an address that is taken over at once is taken over, at any speed', async t => {
  const lives = Array.from({ length: 12 }, (_, i): ChurnEvent[] => [
    { t: 1000 * i, ...pod(`p-${i}`), op: 'created', labels: {}, containers: [] },
    { t: 1000 * i, ...pod(`p-${i}`), op: 'bound', node: `n-${i % 2}` },
    { t: 1000 * i + 10, ...pod(`p-${i}`), op: 'addressed', address: '172.16.3.4' },
    { t: 1000 * i + (i % 3 === 0 ? 1000 : 990), ...pod(`p-${i}`), op: 'deleted' },
  ])
  const path = await write('taken-over.jsonl', [...NODES, ...lives.flat().toSorted((a, b) => a.t - b.t)])
  for (const speed of [1, 50]) {
    const { replay: report } = await replay(path, { speed })
    t.equal(report!.addressesShared, 0, `${speed}×`)
    t.equal(report!.plannedSha256, report!.achievedSha256)
  }
})

void t.test('a node that the control plane lost takes its pods with it', async t => {
  const lost = { kind: 'node', op: 'not-ready', name: 'n-0', reason: 'NodeStatusUnknown' } as const
  const path = await write('lost.jsonl', [
    ...NODES,
    { t: 100, ...lost },
    { t: 900, kind: 'node', op: 'ready', name: 'n-0' },
    { t: 1000, kind: 'node', op: 'failed', name: 'n-0' },
    { t: 1100, ...lost },
    { t: 1200, kind: 'node', op: 'ready', name: 'n-0' },
    { t: 1200, kind: 'node', op: 'recovered', name: 'n-0' },
  ])
  const { shown, replay: report } = await replay(path)
  t.same(
    shown.filter(event => event.kind === 'node' && event.name === 'n-0').map(event => `${event.t} ${event.op}`),
    '0 added, 100 failed, 100 not-ready, 900 ready, 900 recovered, 1000 failed, 1100 not-ready, 1200 ready, 1200 recovered'.split(
      ', ',
    ),
    'the second time the trace knows the cause itself',
  )
  t.equal(report!.plannedSha256, report!.achievedSha256)
})

void t.test('what differs in the end is told object by object', async t => {
  const { compareStates, EXACT_FIELDS } = await import('../../../../sim/trace/replay/compare-states.ts')
  const wanted = fold(FOREIGN)
  const found = fold(FOREIGN.filter(event => event.t < 1300))
  t.match(compareStates(wanted, found, EXACT_FIELDS), {
    equal: false,
    different: 2,
    examples: ['node n-1 differs in ready', 'node n-0 is in the cluster and not in the trace'],
  })
})

void t.test('what a trace leaves out is no difference', async t => {
  const pod = { kind: 'pod', namespace: 'shop', name: 'api-0', uid: 'u-0' } as const
  const bare = await write('bare.jsonl', [
    { t: 0, kind: 'node', op: 'added', name: 'node-0' },
    { t: 10, kind: 'workload', op: 'applied', namespace: 'shop', name: 'api', type: 'Deployment', replicas: 1 },
    { t: 20, kind: 'service', op: 'applied', namespace: 'shop', name: 'api' },
    { t: 30, ...pod, op: 'created' },
    { t: 40, ...pod, op: 'bound', node: 'node-0' },
    { t: 500, ...pod, op: 'addressed' },
    { t: 600, ...pod, op: 'ready' },
    { t: 1000, kind: 'node', op: 'added', name: 'node-1' },
  ])
  const { replay: report, shown } = await replay(bare)
  t.match(report!.finalState, { equal: true })
  t.equal(report!.achievedSha256, report!.plannedSha256, shown.map(event => JSON.stringify(event)).join('\n'))
})
