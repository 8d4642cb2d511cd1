// What people asked for and what befell nodes follows the trace; pods follow the simulation.
import { join } from 'node:path'
import t from 'tap'
import type { ChurnEvent } from '../../../../sim/trace/index.ts'
import { clusterOf, dir, fold, record, replay, write } from './support.ts'

const containers = [{ name: 'main', ports: [{ name: 'http-metrics', port: 8080 }] }]
const deployment = { kind: 'workload', namespace: 'shop', name: 'api', type: 'Deployment' } as const
const applied = {
  ...deployment,
  op: 'applied',
  replicas: 3,
  selector: { app: 'api' },
  labels: { app: 'api' },
  containers,
} as const
const NODES: ChurnEvent[] = ['n-0', 'n-1', 'n-2'].map(name => ({ t: 0, kind: 'node', op: 'added', name, labels: {} }))
const END: ChurnEvent = { t: 20_000, kind: 'action', op: 'drop-watches', args: {} }

const counts = (events: readonly ChurnEvent[], kind: string, op: string): number =>
  events.filter(event => event.kind === kind && event.op === op).length

void t.test('workloads are applied, scaled and deleted; the controllers do the rest', async t => {
  const path = await write('intents.jsonl', [
    ...NODES,
    { t: 100, ...applied },
    {
      t: 200,
      kind: 'service',
      op: 'applied',
      namespace: 'shop',
      name: 'api',
      labels: {},
      selector: { app: 'api' },
      ports: [{ port: 80 }],
    },
    { t: 4000, ...deployment, op: 'scaled', replicas: 5 },
    { t: 8000, ...applied, replicas: 5 },
    { t: 14_000, ...deployment, op: 'deleted' },
    END,
  ])
  const until = await replay(path, { mode: 'controllers', toMs: 13_000 })
  const pods = [...fold(until.shown).pods.values()]
  t.equal(pods.length, 5)
  t.ok(pods.every(pod => pod.ready && pod.owner?.startsWith('ReplicaSet/api-')))
  t.equal(counts(until.shown, 'pod', 'created'), 10, 'applied again: all pods are replaced')
  const { traceSha256, shown, replay: report } = await replay(path, { mode: 'controllers' })
  t.equal(fold(shown).pods.size, 0)
  t.match(report, { finalState: { equal: true }, events: { played: 9, simulated: 0, skipped: {} } })
  t.equal((await replay(path, { mode: 'controllers' })).traceSha256, traceSha256, 'the same again')
})

void t.test("a run's own trace leaves its pods to the controllers", async t => {
  const plan = [{ atMs: 2000, stream: 'a/0', action: 'fail-node', args: { node: 'node-1' } }] as const
  const own = await record('own.jsonl', clusterOf([{ name: 'api', replicas: 6 }]), plan, 15_000)
  const { shown, replay: report } = await replay(join(dir, 'own.jsonl'), { mode: 'controllers' })
  const pods = own.header!.counts!.pod
  // Consequences of the failure are the controllers' as well.
  t.equal(report!.events.simulated, pods + counts(shown, 'node', 'not-ready'))
  t.equal(counts(shown, 'node', 'not-ready'), 1)
  t.match(report!.finalState, { equal: true })
  const ready = [...fold(shown).pods.values()].filter(pod => pod.ready)
  t.equal(ready.length, 6)
  t.notOk(ready.some(pod => pod.node === 'node-1'))
})

void t.test('where only the consequence is known, a node that is not ready has failed', async t => {
  const path = await write('consequence.jsonl', [
    ...NODES,
    { t: 0, ...applied },
    { t: 3000, kind: 'node', op: 'not-ready', name: 'n-1', reason: 'NodeStatusUnknown' },
    { t: 15_000, kind: 'node', op: 'ready', name: 'n-1' },
    END,
  ])
  const { shown } = await replay(path, { mode: 'controllers' })
  const node = shown.filter(event => event.kind === 'node' && event.name === 'n-1').map(event => event.op)
  t.same(node, ['added', 'failed', 'not-ready', 'ready', 'recovered'])
})

void t.test('StatefulSets and DaemonSets are left to their controllers, too', async t => {
  const set = (type: string, name: string, replicas?: number): ChurnEvent => ({
    t: 100,
    kind: 'workload',
    op: 'applied',
    namespace: 'shop',
    name,
    type,
    ...(replicas === undefined ? {} : { replicas }),
    selector: { app: name },
    labels: { app: name },
    containers,
  })
  const db = { kind: 'workload', namespace: 'shop', name: 'db', type: 'StatefulSet' } as const
  const traced = { kind: 'pod', op: 'created', namespace: 'shop', labels: {}, containers } as const
  const path = await write('sets.jsonl', [
    ...NODES,
    set('StatefulSet', 'db', 2),
    set('DaemonSet', 'log'),
    { t: 200, ...traced, name: 'db-0', uid: 'u-0', owner: 'StatefulSet/db' },
    { t: 200, ...traced, name: 'log-xyz', uid: 'u-1', owner: 'DaemonSet/log' },
    { t: 10_000, ...db, op: 'scaled', replicas: 4 },
    END,
  ])
  const { shown, replay: report } = await replay(path, { mode: 'controllers' })
  const pods = [...fold(shown).pods.values()]
  t.ok(pods.every(pod => pod.ready))
  t.same(
    pods.filter(pod => pod.owner === 'StatefulSet/db').map(({ name }) => name),
    ['db-0', 'db-1', 'db-2', 'db-3'],
  )
  const nodes = pods.filter(pod => pod.owner === 'DaemonSet/log').map(({ node }) => node)
  t.same(new Set(nodes), new Set(['n-0', 'n-1', 'n-2']))
  t.equal(nodes.length, 3)
  t.match(report, { finalState: { equal: true }, events: { played: 7, simulated: 2, skipped: {} } })
})

void t.test('pods that no controller here makes are created and deleted as the trace says', async t => {
  const pod = { kind: 'pod', namespace: 'batch', name: 'db-0', uid: 'u-0' } as const
  const path = await write('bare.jsonl', [
    ...NODES,
    { t: 0, kind: 'workload', op: 'applied', namespace: 'batch', name: 'db', type: 'Rollout', replicas: 1 },
    { t: 1000, ...pod, op: 'created', owner: 'Rollout/db', labels: { app: 'db' }, containers },
    { t: 1500, ...pod, op: 'bound', node: 'n-2' },
    { t: 9000, ...pod, op: 'terminating', graceS: 30 },
    { t: 9500, ...pod, op: 'deleted' },
    END,
  ])
  const { shown, replay: report } = await replay(path, { mode: 'controllers', targets: 'all' })
  const life = shown.filter(event => event.kind === 'pod').map(event => [event.op, event.uid])
  t.same(
    life.map(([op]) => op),
    ['created', 'bound', 'addressed', 'ready', 'terminating', 'not-ready', 'succeeded', 'deleted'],
  )
  t.ok(life.every(([, uid]) => uid === 'u-0'))
  t.same(report!.events.skipped, { 'Rollout has no controller here; its pods are created one by one': 1 })
})

void t.test('a trace without nodes is given some', async t => {
  const path = await write('nodeless.jsonl', [{ t: 0, ...applied }, END], 'all')
  const { shown, replay: report } = await replay(path, { mode: 'controllers', nodes: 2, targets: 'all' })
  t.equal(counts(shown, 'node', 'added'), 2)
  t.match(report!.finalState, { equal: true, compared: 1 }, 'what was made up for it is no difference')
  t.equal([...fold(shown).pods.values()].filter(pod => pod.ready).length, 3)
})
