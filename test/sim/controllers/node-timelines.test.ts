import fc from 'fast-check'
import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Nodes, Pods, type StoreEvent } from '../../../sim/cluster/index.ts'
import { conditionStatus } from '../../../sim/informers/index.ts'
import { isReady, type Sim, simulate, TIMINGS, workload } from './harness.ts'

/** Planned times at which nodes came to be so, by name; the first time only. */
function firstTimes(sim: Sim, isSo: (node: Node) => boolean): Map<string, number> {
  const times = new Map<string, number>()
  for (const { atMs, event } of sim.events) {
    const { name } = event.object.metadata
    if (event.resource === Nodes && event.type !== 'DELETED' && !times.has(name) && isSo(event.object as Node)) {
      times.set(name, atMs)
    }
  }
  return times
}

const isUnknown = (node: Node): boolean => conditionStatus(node.status?.conditions, 'Ready') === 'Unknown'
const hasTaint =
  (effect: string, key = 'unreachable') =>
  (node: Node): boolean =>
    node.spec?.taints?.some(taint => taint.key === `node.kubernetes.io/${key}` && taint.effect === effect) ?? false

function taintedNow(sim: Sim): string[] {
  return sim.store
    .list<Node>(Nodes)
    .filter(hasTaint('NoExecute'))
    .map(({ metadata }) => metadata.name)
}

/** Planned times at which pods on a node were marked for deletion. */
function markedTimes(sim: Sim, node: string): number[] {
  return sim.events
    .filter(({ event }) => event.resource === Pods && isMark(event as StoreEvent<Pod>))
    .filter(({ event }) => (event.object as Pod).spec?.nodeName === node)
    .map(({ atMs }) => atMs)
}

function isMark({ type, object, previous }: StoreEvent<Pod>): boolean {
  return (
    type === 'MODIFIED' &&
    object.metadata.deletionTimestamp !== undefined &&
    previous?.metadata.deletionTimestamp === undefined
  )
}

/**
 * A cluster whose kubelets renew as often as the monitor looks, so that nodes that fail together are found out together; at
 * the instant after a look.
 */
function justLookedAt(nodes: number, zones: number, replicas = 0): Sim {
  const sim = simulate({ nodes, zones, timings: { leaseRenewMs: 5000 } })
  if (replicas > 0) sim.cluster.applyWorkload(workload('web', replicas))
  sim.clock.advance(60_000)
  return sim
}

const FOUND_OUT_MS = 60_000 + 50_000

t.test("a silent node with Kubernetes' own times, second by second", async t => {
  const sim = simulate({ nodes: 4 })
  sim.cluster.applyWorkload(workload('web', 8))
  // The kubelet renews its lease, then falls silent.
  let renewedMs = 0
  sim.store.subscribe(({ resource, object }) => {
    if (resource.plural === 'leases' && object.metadata.name === 'node-0') renewedMs = sim.clock.elapsedMs
  })
  sim.clock.advance(60_000)
  const beforeMs = renewedMs
  sim.clock.advance(beforeMs + 10_000 - sim.clock.elapsedMs)
  const silentMs = sim.clock.elapsedMs
  t.equal(renewedMs, silentMs)
  sim.cluster.failNode('node-0')
  const noticedMs = Math.ceil(silentMs / 5000) * 5000
  const foundMs = noticedMs + 50_000
  const condition = (): string | undefined =>
    conditionStatus(sim.store.get<Node>(Nodes, undefined, 'node-0')?.status?.conditions, 'Ready')
  sim.clock.advance(foundMs - 1 - silentMs)
  t.equal(condition(), 'True', 'a millisecond before its grace is over')
  t.ok(sim.pods().every(isReady))
  sim.clock.advance(1)
  const node = sim.store.get<Node>(Nodes, undefined, 'node-0')!
  for (const type of ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']) {
    t.match(
      node.status?.conditions?.find(found => found.type === type),
      {
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: new Date(sim.clock.unixMs()).toISOString().replace('.000Z', 'Z'),
      },
      type,
    )
  }
  t.match(node.spec?.taints, [
    { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule', timeAdded: String },
    { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: String },
  ])
  sim.clock.advance(1)
  const doomed = sim.pods().filter(pod => pod.spec?.nodeName === 'node-0')
  t.equal(doomed.length, 2)
  t.notOk(doomed.some(isReady), 'its pods are not ready within the same second')
  t.ok(foundMs - silentMs >= 50_000 && foundMs - silentMs <= 55_000, `${foundMs - silentMs} ms of silence`)
  sim.clock.advance(299_998)
  t.same(markedTimes(sim, 'node-0'), [], 'tolerated for 300 s')
  sim.clock.advance(1)
  t.same(markedTimes(sim, 'node-0'), [foundMs + 300_000])
  sim.clock.advance(10)
  t.same(markedTimes(sim, 'node-0'), [foundMs + 300_000, foundMs + 300_001])
})

t.test('a zone that is dark is drained one node every ten seconds; nothing is placed there meanwhile', async t => {
  const sim = justLookedAt(9, 3, 18)
  for (const name of sim.cluster.nodesOfZone('region-1b')) sim.cluster.failNode(name)
  sim.clock.advance(500_000)
  const all = (ms: number): [string, number][] => [
    ['node-1', ms],
    ['node-4', ms],
    ['node-7', ms],
  ]
  t.same([...firstTimes(sim, isUnknown)], all(FOUND_OUT_MS))
  t.same([...firstTimes(sim, hasTaint('NoSchedule'))], all(FOUND_OUT_MS))
  t.same(
    [...firstTimes(sim, hasTaint('NoExecute'))],
    [
      ['node-1', FOUND_OUT_MS],
      ['node-4', FOUND_OUT_MS + 10_000],
      ['node-7', FOUND_OUT_MS + 20_000],
    ],
  )
  t.same(markedTimes(sim, 'node-1'), [FOUND_OUT_MS + 300_000, FOUND_OUT_MS + 300_001])
  t.same(markedTimes(sim, 'node-7'), [FOUND_OUT_MS + 320_000, FOUND_OUT_MS + 320_001])
  t.equal(sim.pods().filter(isReady).length, 18, 'all of them run elsewhere')
})

t.test('zones are drained beside each other', async t => {
  const sim = justLookedAt(12, 3)
  for (const name of ['node-1', 'node-4', 'node-2', 'node-5']) sim.cluster.failNode(name)
  sim.clock.advance(100_000)
  t.same(Object.fromEntries(firstTimes(sim, hasTaint('NoExecute'))), {
    'node-1': FOUND_OUT_MS,
    'node-2': FOUND_OUT_MS,
    'node-4': FOUND_OUT_MS + 10_000,
    'node-5': FOUND_OUT_MS + 10_000,
  })
})

t.test('a small zone of which more than half is silent is not drained at all', async t => {
  const sim = justLookedAt(10, 2, 20)
  for (const name of ['node-0', 'node-2', 'node-4']) sim.cluster.failNode(name)
  sim.clock.advance(600_000)
  t.equal(firstTimes(sim, isUnknown).size, 3)
  t.equal(firstTimes(sim, hasTaint('NoSchedule')).size, 3)
  t.equal(firstTimes(sim, hasTaint('NoExecute')).size, 0)
  t.equal(markedTimes(sim, 'node-0').length, 0)
  sim.cluster.recoverNode('node-4')
  sim.clock.advance(5000)
  sim.clock.advance(30_000)
  t.same(taintedNow(sim).sort(), ['node-0', 'node-2'], 'two of five are no disruption: they are drained')
})

t.test('a large zone of which more than half is silent is drained a node every hundred seconds', async t => {
  const sim = justLookedAt(60, 1)
  for (let i = 0; i < 33; i++) sim.cluster.failNode(`node-${i}`)
  sim.clock.advance(360_000)
  t.equal(firstTimes(sim, isUnknown).size, 33, '55 %')
  const times = [...firstTimes(sim, hasTaint('NoExecute')).values()]
  t.same(
    times,
    [0, 100_000, 200_000, 300_000].map(ms => FOUND_OUT_MS + ms),
  )
})

t.test('just below the threshold the zone counts as healthy', async t => {
  const sim = justLookedAt(60, 1)
  for (let i = 0; i < 32; i++) sim.cluster.failNode(`node-${i}`)
  sim.clock.advance(80_000)
  const times = [...firstTimes(sim, hasTaint('NoExecute')).values()]
  t.same(
    times,
    [0, 10_000, 20_000, 30_000].map(ms => FOUND_OUT_MS + ms).filter(ms => ms <= 140_000),
  )
})

t.test('when all zones are dark nobody is evicted, and what was tainted before is taken back', async t => {
  const sim = justLookedAt(6, 2, 12)
  sim.cluster.failNode('node-0')
  sim.clock.advance(100_000)
  t.same(taintedNow(sim), ['node-0'])
  for (const name of sim.cluster.nodeNames()) sim.cluster.failNode(name)
  sim.clock.advance(60_000)
  t.same(taintedNow(sim), [], 'the last one that is found out ends it')
  t.ok(sim.store.list<Node>(Nodes).every(hasTaint('NoSchedule')))
  sim.clock.advance(900_000)
  t.same(taintedNow(sim), [])
  t.notOk(sim.pods().some(pod => pod.metadata.deletionTimestamp !== undefined))
  sim.cluster.recoverNode('node-1')
  sim.clock.advance(5000)
  t.same(taintedNow(sim), [], 'no token yet')
  sim.clock.advance(10_000)
  t.same(taintedNow(sim), ['node-0', 'node-3'], 'one of each zone')
})

t.test('a node that returns before its turn is not drained', async t => {
  const sim = justLookedAt(9, 3, 18)
  const dark = sim.cluster.nodesOfZone('region-1b')
  for (const name of dark) sim.cluster.failNode(name)
  sim.clock.advance(52_000)
  t.same(taintedNow(sim), ['node-1'])
  for (const name of dark) sim.cluster.recoverNode(name)
  sim.clock.advance(400_000)
  t.same([...firstTimes(sim, hasTaint('NoExecute')).keys()], ['node-1'])
  t.same(taintedNow(sim), [])
  t.ok(dark.every(name => markedTimes(sim, name).length === 0))
})

t.test('a node whose kubelet never posted a status has a longer grace', async t => {
  const sim = simulate({ nodes: 1 })
  sim.clock.advance(100_000)
  sim.cluster.failNode('node-0')
  sim.store.modify<Node>(Nodes, undefined, 'node-0', ({ status, ...node }) => ({
    ...node,
    status: { ...status, conditions: [] },
  }))
  const fromMs = sim.clock.elapsedMs
  sim.clock.advance(59_000)
  t.equal(firstTimes(sim, isUnknown).size, 0)
  sim.clock.advance(10_000)
  const [foundMs = 0] = firstTimes(sim, isUnknown).values()
  t.ok(foundMs - fromMs >= 60_000 - TIMINGS.leaseRenewMs && foundMs - fromMs <= 65_000)
  t.match(sim.store.get<Node>(Nodes, undefined, 'node-0')?.status?.conditions?.[0], {
    type: 'Ready',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
  })
})

t.test('pressure taints follow the conditions', async t => {
  const sim = simulate({ nodes: 1 })
  sim.clock.advance(1000)
  for (const [type, taint] of [
    ['MemoryPressure', 'memory-pressure'],
    ['DiskPressure', 'disk-pressure'],
    ['PIDPressure', 'pid-pressure'],
    ['NetworkUnavailable', 'network-unavailable'],
  ] as const) {
    const post = (status: string): void => {
      sim.store.modify<Node>(Nodes, undefined, 'node-0', node => ({
        ...node,
        status: {
          ...node.status,
          conditions: [
            ...(node.status?.conditions ?? []).filter(condition => condition.type !== type),
            { type, status },
          ],
        },
      }))
      sim.clock.advance(1)
    }
    const node = (): Node => sim.store.get<Node>(Nodes, undefined, 'node-0')!
    post('True')
    t.ok(hasTaint('NoSchedule', taint)(node()), taint)
    post('False')
    t.same(node().spec?.taints, undefined)
  }
})

t.test('pods that are to go from a node that is out of service are removed at once', async t => {
  const sim = justLookedAt(4, 1, 8)
  sim.cluster.failNode('node-0')
  sim.clock.advance(60_000)
  sim.store.modify<Node>(Nodes, undefined, 'node-0', node => ({
    ...node,
    spec: {
      ...node.spec,
      taints: [
        ...(node.spec?.taints ?? []),
        { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' },
      ],
    },
  }))
  sim.clock.advance(10)
  const there = (): Pod[] => sim.pods().filter(pod => pod.spec?.nodeName === 'node-0')
  t.equal(there().length, 2)
  t.ok(
    there().every(pod => pod.metadata!.deletionTimestamp !== undefined),
    'no toleration for it',
  )
  sim.clock.advance(20_000)
  t.equal(there().length, 0, 'the kubelet is not waited for')
  t.equal(sim.pods().filter(isReady).length, 8)
})

t.test('beyond a limit the oldest finished pods are removed', async t => {
  const sim = simulate({ nodes: 1, keep: false })
  for (let i = 0; i < 12_503; i++) {
    const name = `done-${String(i).padStart(5, '0')}`
    sim.store.create<Pod>(Pods, {
      metadata: { namespace: 'default', name },
      spec: { schedulerName: 'nobody', containers: [] },
      status: { phase: i % 2 === 0 ? 'Succeeded' : 'Failed' },
    })
    sim.clock.advance(1)
  }
  sim.clock.advance(21_000)
  const left = sim.pods().map(({ metadata }) => metadata.name)
  t.equal(left.length, 12_500)
  t.same(left.sort().slice(0, 2), ['done-00003', 'done-00004'])
})

t.test('whatever fails and returns: a node of a zone every 10 s, and no pod before its toleration is over', async t => {
  let evictions = 0
  const act = fc.record({
    node: fc.integer({ min: 0, max: 11 }),
    waitS: fc.integer({ min: 1, max: 120 }),
    up: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(act, { minLength: 5, maxLength: 25 }), fc.integer({ min: 1, max: 1000 }), (acts, seed) => {
      const drained = new Map<string, number>()
      const since = new Map<string, number>()
      const sim = simulate({
        nodes: 12,
        zones: 2,
        seed: String(seed),
        keep: false,
        onEvent(event, { clock }) {
          const nowMs = clock.elapsedMs
          if (event.resource === Nodes) {
            const node = event.object as Node
            const name = event.object.metadata.name
            const isTainted = hasTaint('NoExecute')(node)
            const was = event.previous !== undefined && hasTaint('NoExecute')(event.previous as Node)
            if (!isTainted) since.delete(name)
            if (isTainted && !was) {
              const zone = node.metadata?.labels?.['topology.kubernetes.io/zone'] ?? ''
              const lastMs = drained.get(zone) ?? -Infinity
              if (nowMs - lastMs < 10_000) throw new Error(`${zone} drained after ${nowMs - lastMs} ms`)
              drained.set(zone, nowMs)
              since.set(name, nowMs)
            }
          } else if (event.resource === Pods && isMark(event as StoreEvent<Pod>)) {
            const node = (event.object as Pod).spec?.nodeName ?? ''
            evictions++
            const tolerated = nowMs - (since.get(node) ?? nowMs)
            if (tolerated < 300_000) throw new Error(`evicted from ${node} after ${tolerated} ms`)
          }
        },
      })
      sim.cluster.applyWorkload(workload('web', 24))
      for (const { node, waitS, up } of acts) {
        sim.clock.advance(waitS * 1000)
        if (up) sim.cluster.recoverNode(`node-${node}`)
        else sim.cluster.failNode(`node-${node}`)
      }
      sim.clock.advance(400_000)
    }),
    { numRuns: 15 },
  )
  t.ok(evictions > 40, `${evictions} evictions`)
})
