import fc from 'fast-check'
import type { Event, Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { PacedClock, Prng } from '../../../base/index.ts'
import { Events, Nodes, ObjectStore, Pods, type StoreEvent } from '../../../sim/cluster/index.ts'
import { createCluster } from '../../../sim/controllers/index.ts'
import type { PodRuntime, TargetSpec } from '../../../sim/kubelet/index.ts'
import { PodNetwork } from '../../../sim/kubelet/pod-network.ts'
import { targetSpecs } from '../../../sim/kubelet/target-spec.ts'
import { isReady, type Sim, simulate, TIMINGS, workload } from '../controllers/harness.ts'

const FIXED = {
  scheduleMs: { base: 10, jitter: 0 },
  startMs: { base: 1000, jitter: 0 },
  readyMs: { base: 500, jitter: 0 },
  terminateMs: { base: 2000, jitter: 0 },
}

/** What a watcher of one pod sees: planned time and what is new. */
function story(sim: Sim, fromMs = 0): string[] {
  return sim.events
    .filter(({ atMs, event }) => atMs >= fromMs && event.resource === Pods)
    .map(({ atMs, event }) => `${atMs - fromMs} ${event.type} ${describe(event as StoreEvent<Pod>)}`)
}

function describe({ object: { spec, status, metadata } }: StoreEvent<Pod>): string {
  const { state = {} } = status?.containerStatuses?.[0] ?? {}
  return [
    status?.phase,
    spec?.nodeName === undefined ? 'unbound' : 'bound',
    state.waiting?.reason ?? Object.keys(state)[0] ?? '-',
    status?.podIP === undefined ? 'no address' : 'address',
    status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' ? 'ready' : 'not ready',
    ...(metadata.deletionTimestamp === undefined ? [] : ['terminating']),
  ].join(', ')
}

t.test('the writes of a pod from birth to end, at their planned times', async t => {
  const sim = simulate({ nodes: 1, timings: FIXED })
  sim.cluster.applyWorkload(workload('web', 1))
  sim.clock.advance(5000)
  t.same(story(sim), [
    '0 ADDED Pending, unbound, -, no address, not ready',
    '10 MODIFIED Pending, bound, -, no address, not ready',
    '10 MODIFIED Pending, bound, ContainerCreating, no address, not ready',
    '1010 MODIFIED Running, bound, running, address, not ready',
    '1510 MODIFIED Running, bound, running, address, ready',
  ])
  const [pod] = sim.pods()
  t.match(pod?.status, {
    hostIP: '127.2.0.1',
    podIP: '127.2.0.2',
    startTime: '2026-01-01T00:00:00Z',
    containerStatuses: [{ ready: true, started: true, restartCount: 0, containerID: /^containerd:\/\/[0-9a-f]{64}$/ }],
  })
  const removedMs = sim.clock.elapsedMs
  sim.cluster.scale('shop', 'web', 0)
  sim.clock.advance(5000)
  const end = story(sim, removedMs)
  t.same(end.slice(0, 2), [
    '0 MODIFIED Running, bound, running, address, ready, terminating',
    '2000 MODIFIED Succeeded, bound, terminated, address, not ready, terminating',
  ])
  t.match(end[2], /^20[2-4]\d DELETED Succeeded/)
  t.equal(end.length, 3)
  t.same(
    sim.runtime.log.map(line => line.split(' ').slice(0, 3).join(' ')),
    ['open 0 127.2.0.2', 'close 0 127.2.0.2'],
  )
  t.ok(
    sim.store
      .list<Event>(Events)
      .some(({ reason, message }) => reason === 'Killing' && message === 'Stopping container web'),
  )
})

t.test('containers that outlast the grace period are killed when it ends', async t => {
  const sim = simulate({ nodes: 1, timings: { ...FIXED, terminateMs: { base: 60_000, jitter: 0 } } })
  sim.cluster.applyWorkload(workload('web', 1))
  sim.clock.advance(5000)
  const { name } = sim.pods()[0]!.metadata
  sim.store.delete(Pods, 'shop', name)
  sim.clock.advance(29_999)
  t.equal(sim.pod(name).status?.phase, 'Running')
  t.equal(sim.pod(name).metadata.deletionGracePeriodSeconds, 30)
  sim.clock.advance(1)
  t.match(sim.pod(name).status, { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 137 } } }] })
  sim.clock.advance(100)
  t.notOk(sim.pods().some(pod => pod.metadata.name === name))

  const next = sim.pods()[0]!.metadata.name
  sim.store.delete(Pods, 'shop', next)
  sim.clock.advance(1000)
  sim.store.delete(Pods, 'shop', next, { gracePeriodSeconds: 3 })
  sim.clock.advance(2999)
  t.equal(sim.pod(next).status?.phase, 'Running')
  sim.clock.advance(1)
  t.equal(sim.pod(next).status?.phase, 'Failed', 'a second, shorter grace period counts')
})

t.test('a forced deletion removes the object at once and the container within a second', async t => {
  const sim = simulate({ nodes: 1, timings: FIXED })
  sim.cluster.applyWorkload(workload('web', 1))
  sim.clock.advance(5000)
  const { name, uid } = sim.pods()[0]!.metadata
  sim.store.delete(Pods, 'shop', name, { gracePeriodSeconds: 0 })
  t.notOk(sim.pods().some(pod => pod.metadata.uid === uid))
  t.ok(sim.runtime.open_.has(uid))
  sim.clock.advance(1000)
  t.notOk(sim.runtime.open_.has(uid))
})

t.test('a pod that is deleted before it runs never answers', async t => {
  const sim = simulate({ nodes: 1, timings: FIXED })
  sim.cluster.applyWorkload(workload('web', 1))
  sim.clock.advance(500)
  const { name, uid } = sim.pods()[0]!.metadata
  t.ok(sim.runtime.open_.has(uid), 'its listener is there before its address is published')
  t.equal(sim.pod(name).status?.podIP, undefined)
  sim.cluster.scale('shop', 'web', 0)
  sim.clock.advance(100)
  t.same(sim.pods(), [])
  t.same([...sim.runtime.open_], [])
})

t.test('a finalizer keeps a pod that has ended', async t => {
  const sim = simulate({ nodes: 1, timings: FIXED })
  sim.store.create<Pod>(Pods, {
    metadata: { namespace: 'default', name: 'kept', finalizers: ['example.org/mine'] },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  })
  sim.clock.advance(5000)
  sim.store.delete(Pods, 'default', 'kept')
  sim.clock.advance(60_000)
  t.match(sim.pod('kept').status, { phase: 'Succeeded' })
  sim.store.modify<Pod>(Pods, 'default', 'kept', ({ metadata: { finalizers: _, ...metadata }, ...pod }) => ({
    ...pod,
    metadata,
  }))
  t.same(sim.pods(), [])
})

t.test('addresses rest as long as possible before they are used again', async t => {
  const sim = simulate({ nodes: 1, timings: FIXED })
  sim.cluster.applyWorkload(workload('web', 10))
  sim.clock.advance(5000)
  const order: string[] = []
  for (let i = 0; i < 30; i++) {
    for (const { metadata } of sim.pods()) sim.store.delete(Pods, 'shop', metadata.name)
    sim.clock.advance(4000)
  }
  for (const line of sim.runtime.log) if (line.startsWith('open')) order.push(line.split(' ')[2]!)
  t.equal(order.length, 310)
  t.equal(new Set(order.slice(0, 253)).size, 253, 'all 253 are used once before one is used twice')
  const reused = order.slice(253)
  const freed = sim.events
    .filter(({ event }) => event.resource === Pods && event.type === 'DELETED')
    .map(({ event }) => (event.object as Pod).status?.podIP)
  t.same(reused, freed.slice(0, reused.length), 'then the one that has been free the longest')
})

t.test('a pod that asks for no scraping gets an address but no listener', async t => {
  const sim = simulate({ nodes: 1, timings: FIXED })
  sim.store.create<Pod>(Pods, {
    metadata: { namespace: 'default', name: 'quiet' },
    spec: { containers: [{ name: 'c', image: 'busybox' }] },
  })
  sim.clock.advance(5000)
  t.ok(isReady(sim.pod('quiet')))
  t.equal(sim.pod('quiet').status?.podIP, '127.2.0.2')
  t.same(sim.runtime.log, [])
})

t.test('what a pod serves follows from its object', async t => {
  const place = { address: '127.2.0.9', node: 'n', seed: 's', startedUnixMs: 5 }
  const pod = (
    annotations: Record<string, string>,
    ports: { name?: string; containerPort: number; protocol?: string }[],
  ): TargetSpec | undefined =>
    targetSpecs(
      {
        metadata: {
          name: 'p',
          namespace: 'd',
          uid: 'u',
          resourceVersion: '1',
          creationTimestamp: '',
          annotations,
          labels: { app: 'shop' },
        },
        spec: { containers: [{ name: 'main', image: 'i', ports }] },
      },
      place,
    )[0]
  t.match(
    pod({ 'churnbench.io/profile': 'redis' }, [{ containerPort: 6379 }, { name: 'http-metrics', containerPort: 9121 }]),
    {
      ...place,
      uid: 'u',
      namespace: 'd',
      pod: 'p',
      container: 'main',
      app: 'shop',
      profile: 'redis',
      ports: [9121],
    },
  )
  t.match(pod({ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8081' }, [{ containerPort: 80 }]), {
    profile: 'web-service',
    ports: [8081],
  })
  t.same(
    pod({ 'prometheus.io/scrape': 'true' }, [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP' }])?.ports,
    [80],
  )
  t.equal(pod({}, [{ containerPort: 80 }]), undefined)
})

t.test('slices of the pod network do not overlap and stay within loopback', async t => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), podsMax => {
      const network = new PodNetwork(podsMax)
      const seen = new Set<string>()
      for (let i = 0; i < 20; i++) {
        const slice = network.nextSlice()
        if (seen.has(slice.nodeAddress)) throw new Error('node address twice')
        seen.add(slice.nodeAddress)
        for (let pod = 0; pod < Math.min(podsMax * 2, 300); pod++) {
          const address = slice.take()
          if (seen.has(address)) throw new Error(`${address} twice`)
          if (!address.startsWith('127.') || /^127\.[01]\./.test(address)) throw new Error(address)
          seen.add(address)
        }
      }
    }),
    { numRuns: 20 },
  )
  t.equal(new PodNetwork(110).nextSlice().cidr, '127.2.0.0/24')
  t.equal(new PodNetwork(500).nextSlice().cidr, '127.2.0.0/22')
  t.equal(new PodNetwork(110, { first: '127.77.0.0' }).nextSlice().nodeAddress, '127.77.0.1')
  const small = new PodNetwork(110, { first: '127.255.255.0' })
  const slice = small.nextSlice()
  t.throws(() => small.nextSlice(), /has room for 1 nodes of 256 addresses/)
  for (let i = 0; i < 253; i++) slice.take()
  t.throws(() => slice.take(), /all 253 pod addresses of 127.255.255.0\/24 are in use/)
})

t.test('a slow runtime holds planned time and changes nothing else', async t => {
  const run = async (delayTurns: () => number): Promise<string[]> => {
    const log: string[] = []
    const clock = new PacedClock({ speed: 200 })
    const prng = new Prng('slow')
    const store = new ObjectStore(clock, prng.fork('store'))
    const open = new Set<string>()
    const closed = new Set<string>()
    const later = async (then: () => void): Promise<void> => {
      for (let i = delayTurns(); i > 0; i--) await new Promise(resolve => setImmediate(resolve))
      then()
    }
    const runtime: PodRuntime = {
      open: ({ uid }) => later(() => open.add(uid)),
      close: uid => later(() => closed.add(uid)),
      setPartitioned() {},
      misbehave() {},
    }
    const cluster = createCluster(clock, prng.fork('cluster'), store, runtime, {
      spec: {
        nodes: 2,
        zones: 1,
        podsPerNodeMax: 50,
        workloads: [],
        timings: { ...TIMINGS, startMs: { base: 0, jitter: 5 }, terminateMs: { base: 0, jitter: 3 } },
      },
      seed: 'slow',
      hold: promise => clock.hold(promise),
      onFailure: error => t.fail(String(error)),
    })
    const premature: string[] = []
    store.subscribe(({ type, resource, object }) => {
      log.push(
        `${clock.elapsedMs} ${type} ${resource.plural} ${object.metadata.name} ${object.metadata.resourceVersion}`,
      )
      if (resource !== Pods) return
      const { uid } = object.metadata
      if ((object as Pod).status?.podIP !== undefined && !open.has(uid)) premature.push(`published ${uid}`)
      if (type === 'DELETED' && !closed.has(uid)) premature.push(`removed ${uid}`)
    })
    cluster.start()
    clock.schedule(0, () => cluster.applyWorkload(workload('web', 20)))
    clock.schedule(2000, () => cluster.restart('shop', 'web'))
    clock.schedule(9000, () => cluster.scale('shop', 'web', 0))
    await new Promise<void>(resolve => {
      clock.schedule(12_000, () => {
        clock.stop()
        resolve()
      })
      clock.start()
    })
    t.same(premature, [], 'published only when it listens, removed only when it refuses')
    return log
  }
  const draws = new Prng('delays')
  const fast = await run(() => 0)
  const slow = await run(() => draws.below(40))
  t.ok(fast.length > 300)
  t.same(slow, fast)
})

t.test('a listener that cannot be opened ends the run instead of a pod that does not exist', async t => {
  const failures: unknown[] = []
  const clock = new PacedClock({ speed: 200 })
  const prng = new Prng('x')
  const store = new ObjectStore(clock, prng.fork('store'))
  const runtime: PodRuntime = {
    open: () => Promise.reject(new Error('EADDRINUSE')),
    close: () => Promise.resolve(),
    setPartitioned() {},
    misbehave() {},
  }
  const failed = new Promise<void>(resolve => {
    const cluster = createCluster(clock, prng.fork('cluster'), store, runtime, {
      spec: { nodes: 1, zones: 1, podsPerNodeMax: 10, workloads: [], timings: TIMINGS },
      seed: 'x',
      hold: promise => clock.hold(promise),
      onFailure: error => {
        failures.push(error)
        resolve()
      },
    })
    cluster.start()
    clock.schedule(0, () => cluster.applyWorkload(workload('web', 1)))
    clock.start()
  })
  await failed
  clock.stop()
  t.match(String(failures[0]), 'EADDRINUSE')
  t.ok(store.list<Pod>(Pods).every(pod => pod.status?.podIP === undefined))
})

t.test('each node has its own ids, and registers where it stands', async t => {
  const sim = simulate({ nodes: 3 })
  const infos = sim.store.list<Event & { status: { nodeInfo: { systemUUID: string } } }>(Nodes)
  t.equal(new Set(infos.map(({ status }) => status.nodeInfo.systemUUID)).size, 3)
})
