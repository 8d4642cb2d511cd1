import { createHash } from 'node:crypto'
import fc from 'fast-check'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Prng, VirtualClock } from '../../../base/index.ts'
import {
  Deployments,
  Endpoints,
  EndpointSlices,
  Events,
  type KubeObject,
  Leases,
  Nodes,
  ObjectStore,
  Pods,
  ReplicaSets,
  type StoreEvent,
} from '../../../sim/cluster/index.ts'
import { createCluster } from '../../../sim/controllers/index.ts'
import { FakeRuntime, isReady, type Sim, simulate, TIMINGS, workload } from './harness.ts'

/** A few minutes in the life of a cluster, with about everything that a scenario can do. */
function drive(sim: Sim): void {
  const { cluster, clock, store } = sim
  cluster.applyWorkload(workload('web', 12))
  cluster.applyWorkload(workload('api', 8, { namespace: 'backend', maxSurge: 1, maxUnavailable: 0 }))
  clock.advance(3000)
  cluster.restart('shop', 'web')
  clock.advance(700)
  cluster.scale('shop', 'web', 20)
  clock.advance(2000)
  cluster.failNode('node-2')
  clock.advance(1000)
  cluster.scale('backend', 'api', 2)
  store.delete(Pods, 'shop', sim.pods('web')[3]!.metadata.name)
  clock.advance(60_000)
  cluster.restart('backend', 'api')
  clock.advance(30_000)
  cluster.recoverNode('node-2')
  clock.advance(10_000)
  cluster.deleteNode('node-0')
  clock.advance(90_000)
  cluster.deleteWorkload('shop', 'web')
  clock.advance(20_000)
}

/** Large objects that say what others say already. */
const BULKY = new Set([Endpoints, EndpointSlices, Events])

/** Everything that was committed, with its planned time; stamps are left out, for they follow from the clock's epoch. */
function digest(seed: string, epochMs: number): { readonly hash: string; readonly events: number } {
  const hash = createHash('sha256')
  let events = 0
  const clock = new VirtualClock(epochMs)
  const prng = new Prng(seed)
  const store = new ObjectStore(clock, prng.fork('store'))
  const runtime = new FakeRuntime()
  const timings = { ...TIMINGS, evictionMs: 40_000, nodeMonitorGraceMs: 20_000 }
  const cluster = createCluster(clock, prng.fork('cluster'), store, runtime, {
    spec: { nodes: 6, zones: 2, podsPerNodeMax: 30, workloads: [], timings },
    seed,
    onFailure: error => {
      throw error
    },
  })
  store.subscribe(({ type, resource, object, resourceVersion }: StoreEvent) => {
    events++
    const { namespace, name, uid } = object.metadata
    hash.update(`${clock.elapsedMs} ${type} ${resource.plural} ${resourceVersion} ${namespace}/${name} ${uid}\n`)
    if (!BULKY.has(resource)) hash.update(JSON.stringify(object, withoutStamps))
  })
  cluster.start()
  const pods = (app?: string): ReturnType<Sim['pods']> =>
    store.list<Pod>(Pods).filter(pod => app === undefined || pod.metadata.labels?.app === app)
  drive({
    clock,
    store,
    runtime,
    cluster,
    events: [],
    pods,
    pod: name => pods().find(pod => pod.metadata.name === name)!,
  })
  hash.update(runtime.log.join('\n'))
  return { hash: hash.digest('hex'), events }
}

function withoutStamps(key: string, value: unknown): unknown {
  const isStamp = /Time$|Timestamp$|[aA]t$|timeAdded|last-change-trigger-time/.test(key)
  return isStamp && typeof value === 'string' ? '' : value
}

t.test('the same seed gives the same commits, whenever the run is started; another seed does not', async t => {
  const seen = new Set<string>()
  let total = 0
  for (let i = 0; i < 20; i++) {
    const { hash, events } = digest(`seed-${i}`, Date.UTC(2026, 0, 1))
    const again = digest(`seed-${i}`, Date.UTC(2031, 6, 7, 3, 2, 1, 345 + i * 37))
    if (again.hash !== hash) t.fail(`seed-${i}`)
    seen.add(hash)
    total += events
  }
  t.equal(seen.size, 20)
  t.comment(`${total} commits`)
})

t.test('at every commit, live pods have addresses of their own and nodes hold what they can', async () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 6 }), seed => {
      const owners = new Map<string, string>()
      const sim = simulate({
        seed,
        nodes: 6,
        podsPerNodeMax: 12,
        keep: false,
        timings: { evictionMs: 40_000, nodeMonitorGraceMs: 20_000 },
        onEvent({ type, resource, object }, { runtime }) {
          if (resource !== Pods) return
          const pod = object as Pod & { metadata: { uid: string } }
          const ip = pod.status?.podIP
          if (ip === undefined) return
          const { uid } = pod.metadata
          if (type === 'DELETED') {
            owners.delete(ip)
            return
          }
          const owner = owners.get(ip)
          if (owner !== undefined && owner !== uid) throw new Error(`${ip} of ${owner} and of ${uid}`)
          owners.set(ip, uid)
          const isRunning = pod.status?.phase === 'Running'
          if (isRunning && runtime.open_.get(uid)?.address !== ip) throw new Error(`nobody listens at ${ip}`)
        },
      })
      drive(sim)
      const addresses = [...sim.runtime.open_.values()].map(({ address }) => address)
      if (new Set(addresses).size !== addresses.length) throw new Error('an address is open twice')
      for (const { address } of sim.runtime.open_.values()) {
        if (!/^127\.2\.[0-5]\.(?:[2-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])$/.test(address)) throw new Error(address)
      }
      const slots = sim.runtime.log.filter(line => line.startsWith('open')).map(line => Number(line.split(' ')[1]))
      if (slots.some((slot, i) => slot !== i)) throw new Error('slots are numbered from 0 upward, each given once')
      const wanted = sim.store.list<Deployment>(Deployments).reduce((sum, { spec }) => sum + (spec?.replicas ?? 0), 0)
      if (sim.pods().filter(isReady).length !== wanted) throw new Error('not settled')
    }),
    { numRuns: 10 },
  )
})

t.test('a Deployment that is deleted takes everything with it, in each of the three ways', async t => {
  const finalizer = (sim: Sim, name: string): void => {
    sim.store.modify<Deployment>(Deployments, 'shop', 'web', current => ({
      ...current,
      metadata: { ...current.metadata, finalizers: [name] },
    }))
  }
  for (const way of ['background', 'foregroundDeletion', 'orphan']) {
    const gone: string[] = []
    const sim = simulate({
      onEvent: ({ type, resource }) => {
        if (type === 'DELETED' && resource !== Events) gone.push(resource.plural)
      },
    })
    sim.cluster.applyWorkload(workload('web', 4))
    sim.clock.advance(5000)
    if (way !== 'background') finalizer(sim, way)
    sim.store.delete(Deployments, 'shop', 'web')
    sim.clock.advance(10_000)
    t.equal(sim.store.count(Deployments), 0, way)
    if (way === 'orphan') {
      t.equal(sim.store.count(ReplicaSets), 1)
      t.equal(sim.pods().length, 4)
    } else {
      t.equal(sim.store.count(ReplicaSets), 0)
      t.equal(sim.pods().length, 0)
      const order =
        way === 'background' ? ['deployments', 'replicasets', 'pods'] : ['pods', 'replicasets', 'deployments']
      t.same([...new Set(gone)], order)
    }
  }
})

t.test('an object whose owner never was is collected; one with another owner only loses the reference', async t => {
  const sim = simulate()
  const owner = (uid: string): object => ({ apiVersion: 'v1', kind: 'Pod', name: 'x', uid })
  const pod = (name: string, ownerReferences: object[]): void => {
    sim.store.create<KubeObject>(Pods, { metadata: { namespace: 'default', name, ownerReferences } } as KubeObject)
  }
  pod('root', [])
  pod('lost', [owner('nobody')])
  pod('shared', [owner('nobody'), owner(sim.pod('root').metadata.uid)])
  sim.clock.advance(1000)
  t.same(
    sim.pods().map(({ metadata }) => metadata.name),
    ['root', 'shared'],
  )
  t.equal(sim.pod('shared').metadata.ownerReferences?.length, 1)
})

t.test('a cluster that idles for a day stays small', async t => {
  const sim = simulate({ nodes: 3, keep: false, cluster: { events: { capacity: 50 } } })
  sim.cluster.applyWorkload(workload('web', 30))
  sim.clock.advance(10_000)
  t.equal(sim.store.count(Events), 50, 'the newest are kept')
  const pending = sim.clock.pending
  sim.clock.advance(86_400_000)
  t.equal(sim.store.count(Events), 0, 'and forgotten after an hour')
  t.equal(sim.clock.pending, pending, 'no calls pile up')
  t.equal(sim.store.count(Leases), 3)
  t.equal(sim.store.count(Nodes), 3)
})

t.test('many alike events about one object are combined', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 100))
  sim.clock.advance(10_000)
  const created = sim.store
    .list<KubeObject & { reason: string; count: number; message: string }>(Events)
    .filter(({ reason }) => reason === 'SuccessfulCreate')
  t.equal(created.length, 11)
  const combined = created.find(({ message }) =>
    message.startsWith('(combined from similar events): Created pod: web-'),
  )
  t.equal(combined?.count, 15, 'then the spam filter closes')
})
