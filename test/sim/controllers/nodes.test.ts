import type { Lease } from 'kubernetes-types/coordination/v1.js'
import type { Event, Node, Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Events, Leases, Nodes, Pods, type Stored } from '../../../sim/cluster/index.ts'
import { isTolerated } from '../../../sim/controllers/taints.ts'
import { isReady, type Sim, simulate, workload } from './harness.ts'

function node(sim: Sim, name = 'node-0'): Stored<Node> {
  return sim.store.get<Node>(Nodes, undefined, name)!
}

function ready(sim: Sim, name = 'node-0'): string | undefined {
  return node(sim, name)?.status?.conditions?.find(({ type }) => type === 'Ready')?.status
}

function taints(sim: Sim, name = 'node-0'): string[] {
  return (node(sim, name).spec?.taints ?? []).map(({ key, effect }) => `${key.split('/')[1]}:${effect}`).sort()
}

function podsOn(sim: Sim, name = 'node-0'): Stored<Pod>[] {
  return sim.pods().filter(pod => pod.spec?.nodeName === name)
}

/** Planned times at which something was committed, in milliseconds since `fromMs`. */
function times(sim: Sim, fromMs: number, wanted: (event: Sim['events'][number]['event']) => boolean): number[] {
  return sim.events.filter(({ atMs, event }) => atMs >= fromMs && wanted(event)).map(({ atMs }) => atMs - fromMs)
}

function cordon(sim: Sim, name: string, unschedulable: boolean): void {
  sim.store.modify<Node>(Nodes, undefined, name, current => ({ ...current, spec: { ...current.spec, unschedulable } }))
}

t.test('nodes look like machines, keep their lease and post their status', async t => {
  const sim = simulate({ nodes: 4, zones: 2 })
  t.same(sim.cluster.nodeNames(), ['node-0', 'node-1', 'node-2', 'node-3'])
  t.match(node(sim, 'node-1'), {
    metadata: {
      labels: {
        'kubernetes.io/hostname': 'node-1',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/os': 'linux',
        'topology.kubernetes.io/zone': 'region-1b',
        'topology.kubernetes.io/region': 'region-1',
        'node.kubernetes.io/instance-type': String,
      },
    },
    spec: { podCIDR: '127.2.1.0/24' },
    status: {
      allocatable: { pods: '110' },
      addresses: [
        { type: 'InternalIP', address: '127.2.1.1' },
        { type: 'Hostname', address: 'node-1' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    },
  })
  sim.clock.advance(100_000)
  for (const name of sim.cluster.nodeNames()) {
    const renewals = times(sim, 0, ({ resource, object }) => resource === Leases && object.metadata.name === name)
    const gaps = renewals.slice(2).map((at, i) => at - renewals[i + 1]!)
    t.ok(gaps.length >= 8 && gaps.every(gap => gap === 10_000), `every 10 s after the first: ${renewals.join()}`)
  }
  const lease = sim.store.get<Lease>(Leases, 'kube-node-lease', 'node-0')!
  t.match(lease.spec, { holderIdentity: 'node-0', leaseDurationSeconds: 40 })
  t.match(lease.spec?.renewTime, /^2026-01-01T00:01:3\d\.\d{6}Z$/)
  const before = sim.events.length
  sim.clock.advance(600_000)
  const posts = sim.events.slice(before).filter(({ event }) => event.resource === Nodes)
  t.equal(posts.length, 8, 'two status posts of each node in ten minutes')
})

t.test("a silent node's timeline with Kubernetes' own times", async t => {
  const sim = simulate({ nodes: 4 })
  sim.cluster.applyWorkload(workload('web', 8))
  sim.clock.advance(31_000)
  const doomed = podsOn(sim)
  t.equal(doomed.length, 2)
  const uids = new Set(doomed.map(pod => pod.metadata.uid))
  const failedMs = sim.clock.elapsedMs
  sim.cluster.failNode('node-0')
  t.same(sim.runtime.partitioned, uids, 'its pods hang at once')
  sim.clock.advance(400_000)

  const lastRenewal = Math.max(
    ...sim.events
      .filter(
        ({ atMs, event }) => atMs <= failedMs && event.resource === Leases && event.object.metadata.name === 'node-0',
      )
      .map(({ atMs }) => atMs),
  )
  // The monitor looks every 5 s, counted from the start; it noticed the last renewal at its next look.
  const noticedMs = Math.ceil(lastRenewal / 5000) * 5000
  const [unknownMs] = times(sim, 0, ({ resource, object }) => {
    const found = (object as Node).status?.conditions?.find(({ type }) => type === 'Ready')
    return resource === Nodes && object.metadata.name === 'node-0' && found?.status === 'Unknown'
  })
  t.equal(unknownMs, noticedMs + 50_000)
  t.ok(
    unknownMs! - failedMs >= 40_000 && unknownMs! - failedMs <= 55_000,
    `${unknownMs! - failedMs} ms after the failure`,
  )
  t.same(taints(sim), ['unreachable:NoExecute', 'unreachable:NoSchedule'])
  const [noSchedule] = times(
    sim,
    unknownMs!,
    ({ resource, object }) => resource === Nodes && (object as Node).spec?.taints !== undefined,
  )
  t.equal(noSchedule, 0, 'tainted in the same second')

  const notReady = times(
    sim,
    unknownMs!,
    ({ resource, object, previous }) =>
      resource === Pods &&
      uids.has(object.metadata.uid) &&
      previous !== undefined &&
      isReady(previous as Pod) &&
      !isReady(object as Pod),
  )
  t.same(notReady, [0, 1], 'its pods stop being ready one after the other')
  const marked = times(
    sim,
    unknownMs!,
    ({ resource, type, object, previous }) =>
      resource === Pods &&
      type === 'MODIFIED' &&
      uids.has(object.metadata.uid) &&
      object.metadata.deletionTimestamp !== undefined &&
      previous?.metadata.deletionTimestamp === undefined,
  )
  t.same(marked, [300_000, 300_001], 'evicted when their toleration of 300 s is used up')
  const replaced = times(sim, unknownMs! + 300_000, ({ resource, type }) => resource === Pods && type === 'ADDED')
  t.ok(replaced.length === 2 && replaced.every(at => at < 50), `replaced at once: ${replaced.join()}`)

  t.equal(podsOn(sim).length, 2, 'marked, and there they stay')
  t.ok(podsOn(sim).every(pod => pod.metadata.deletionTimestamp !== undefined))
  t.ok(podsOn(sim).every(pod => pod.status?.conditions?.some(({ type }) => type === 'DisruptionTarget')))
  t.equal(sim.pods().filter(isReady).length, 8)
  const reasons = new Set(sim.store.list<Event>(Events).map(({ reason }) => reason))
  t.ok(reasons.has('NodeNotReady') && reasons.has('TaintManagerEviction'))

  sim.cluster.recoverNode('node-0')
  t.equal(sim.runtime.partitioned.size, 0)
  t.equal(ready(sim), 'True')
  sim.clock.advance(2000)
  t.equal(podsOn(sim).length, 0, 'the kubelet ends what was marked')
  t.equal(sim.runtime.open_.size, 8)
  sim.clock.advance(5000)
  t.same(taints(sim), [])
})

t.test('the same timeline with scaled times, to the millisecond', async t => {
  const timings = { leaseRenewMs: 100, nodeMonitorGraceMs: 500, nodeMonitorPeriodMs: 50, evictionMs: 1500 }
  const sim = simulate({ nodes: 3, timings })
  sim.cluster.applyWorkload(workload('web', 6))
  sim.clock.advance(5000)
  const uids = new Set(podsOn(sim).map(pod => pod.metadata.uid))
  const failedMs = sim.clock.elapsedMs
  sim.cluster.failNode('node-0')
  sim.clock.advance(5000)
  const [unknownMs = 0] = times(sim, failedMs, ({ resource, object }) => {
    const found = (object as Node).status?.conditions?.find(({ type }) => type === 'Ready')
    return resource === Nodes && found?.status === 'Unknown'
  })
  t.ok(unknownMs > 400 && unknownMs <= 550, `${unknownMs} ms`)
  const [marked] = times(
    sim,
    failedMs + unknownMs,
    ({ resource, object }) =>
      resource === Pods && uids.has(object.metadata.uid) && object.metadata.deletionTimestamp !== undefined,
  )
  t.equal(marked, 1500, 'the exact eviction time, though the API shows whole seconds')
  t.equal(sim.pods()[0]?.spec?.tolerations?.[0]?.tolerationSeconds, 2)
  t.equal(sim.pods().filter(isReady).length, 6)
})

t.test('a node that returns in time keeps its pods', async t => {
  const sim = simulate({ nodes: 3 })
  sim.cluster.applyWorkload(workload('web', 6))
  sim.clock.advance(10_000)
  const uids = podsOn(sim).map(pod => pod.metadata.uid)
  sim.cluster.failNode('node-0')
  sim.cluster.failNode('node-0')
  sim.clock.advance(120_000)
  t.equal(ready(sim), 'Unknown')
  t.ok(podsOn(sim).every(pod => !isReady(pod)))
  sim.cluster.recoverNode('node-0')
  sim.clock.advance(10)
  t.ok(podsOn(sim).every(isReady), 'what runs is ready again')
  t.same(taints(sim), ['unreachable:NoExecute'], 'new pods may come at once')
  sim.clock.advance(400_000)
  t.same(
    podsOn(sim).map(pod => pod.metadata.uid),
    uids,
  )
  t.same(taints(sim), [])
  t.equal(sim.pods().length, 6)
  const reasons = sim.store.list<Event>(Events).map(({ message }) => message)
  t.ok(reasons.some(message => message?.startsWith('Cancelling deletion of Pod')))
})

t.test('pods that are bound to a silent node start when it returns', async t => {
  const sim = simulate({ nodes: 1 })
  sim.clock.advance(1000)
  sim.cluster.failNode('node-0')
  sim.cluster.applyWorkload(workload('web', 3))
  sim.clock.advance(5000)
  t.ok(sim.pods().every(pod => pod.spec?.nodeName === 'node-0' && pod.status?.startTime === undefined))
  t.equal(sim.runtime.open_.size, 0)
  sim.cluster.recoverNode('node-0')
  sim.clock.advance(5000)
  t.equal(sim.pods().filter(isReady).length, 3)
})

t.test('pods of a Node that is deleted are collected', async t => {
  const sim = simulate({ nodes: 3 })
  sim.cluster.applyWorkload(workload('web', 6))
  sim.clock.advance(10_000)
  const gone = podsOn(sim).map(pod => pod.metadata.uid)
  sim.cluster.failNode('node-0')
  sim.cluster.deleteNode('node-0')
  sim.clock.advance(30_000)
  t.equal(podsOn(sim).length, 2, 'not before the quarantine is over')
  t.equal(sim.store.get(Leases, 'kube-node-lease', 'node-0'), undefined, 'its lease goes with it')
  sim.clock.advance(60_000)
  t.notOk(sim.pods().some(pod => gone.includes(pod.metadata.uid)))
  t.equal(sim.pods().filter(isReady).length, 6)
  t.ok(
    gone.every(uid => sim.runtime.partitioned.has(uid)),
    'on the dead machine nothing answers',
  )
  sim.cluster.recoverNode('node-0')
  sim.clock.advance(5000)
  t.equal(ready(sim), 'True', 'registered again')
  t.equal(sim.runtime.open_.size, 6, 'and what ran there is ended')
})

t.test('a cordoned node gets no more pods but keeps its own', async t => {
  const sim = simulate({ nodes: 2 })
  sim.cluster.applyWorkload(workload('web', 4))
  sim.clock.advance(5000)
  cordon(sim, 'node-0', true)
  sim.clock.advance(100)
  t.same(taints(sim), ['unschedulable:NoSchedule'])
  sim.cluster.scale('shop', 'web', 10)
  sim.clock.advance(5000)
  t.equal(podsOn(sim).length, 2)
  t.equal(podsOn(sim, 'node-1').length, 8)
  cordon(sim, 'node-0', false)
  sim.clock.advance(100)
  t.same(taints(sim), [])
})

t.test('pods are spread evenly, and wait when there is no room', async t => {
  const sim = simulate({ nodes: 4, podsPerNodeMax: 5 })
  sim.cluster.applyWorkload(workload('web', 18))
  sim.clock.advance(5000)
  const counts = sim.cluster.nodeNames().map(name => podsOn(sim, name).length)
  t.same(
    counts.toSorted((a, b) => a - b),
    [4, 4, 5, 5],
  )
  sim.cluster.scale('shop', 'web', 23)
  sim.clock.advance(5000)
  const waiting = sim.pods().filter(pod => pod.spec?.nodeName === undefined)
  t.equal(waiting.length, 3)
  const condition = waiting[0]?.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  t.match(condition, {
    status: 'False',
    reason: 'Unschedulable',
    message: /^0\/4 nodes are available: 4 Too many pods\./,
  })
  t.ok(sim.store.list<Event>(Events).some(({ reason }) => reason === 'FailedScheduling'))
  sim.store.create<Node>(Nodes, { metadata: { name: 'extra' } })
  sim.clock.advance(15_000)
  t.equal(podsOn(sim, 'extra').length, 3, 'a node that somebody adds gets a kubelet and the waiting pods')
  t.equal(sim.pods().filter(isReady).length, 23)
  t.match(node(sim, 'extra').spec?.podCIDR, /^127\.2\.4\.0\/24$/)
})

t.test('node selectors and taints are respected', async t => {
  const sim = simulate({ nodes: 3 })
  sim.store.modify<Node>(Nodes, undefined, 'node-1', current => ({
    ...current,
    metadata: { ...current.metadata, labels: { ...current.metadata.labels, disk: 'ssd' } },
    spec: { ...current.spec, taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] },
  }))
  const pod = (name: string, spec: Partial<NonNullable<Pod['spec']>>): void => {
    sim.store.create<Pod>(Pods, { metadata: { namespace: 'default', name }, spec: { containers: [], ...spec } })
  }
  const nodeSelector = { disk: 'ssd' }
  pod('picky', { nodeSelector })
  pod('tolerant', { nodeSelector, tolerations: [{ key: 'dedicated', operator: 'Exists' }] })
  pod('other', { schedulerName: 'mine' })
  sim.clock.advance(5000)
  t.equal(sim.pod('tolerant').spec?.nodeName, 'node-1')
  t.equal(sim.pod('picky').spec?.nodeName, undefined)
  const { message } = sim.pod('picky').status!.conditions![0]!
  t.match(message, '1 node(s) had untolerated taint {dedicated: db}')
  t.match(message, "2 node(s) didn't match Pod's node affinity/selector")
  t.equal(sim.pod('other').status?.conditions, undefined, "another scheduler's pod is left alone")
})

t.test('a pod that does not tolerate a NoExecute taint goes at once', async t => {
  const sim = simulate({ nodes: 2 })
  sim.cluster.applyWorkload(workload('web', 4))
  sim.clock.advance(5000)
  sim.store.modify<Node>(Nodes, undefined, 'node-0', current => ({
    ...current,
    spec: { ...current.spec, taints: [{ key: 'maintenance', effect: 'NoExecute' }] },
  }))
  sim.clock.advance(10)
  t.ok(podsOn(sim).every(pod => pod.metadata.deletionTimestamp !== undefined))
  sim.clock.advance(5000)
  t.equal(podsOn(sim, 'node-1').filter(isReady).length, 4)
  t.same(taints(sim), ['undefined:NoExecute'], "others' taints are left alone")
})

t.test('tolerations match as Kubernetes says', async t => {
  const taint = { key: 'k', value: 'v', effect: 'NoExecute' }
  t.ok(isTolerated(taint, [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoExecute' }]))
  t.ok(isTolerated(taint, [{ key: 'k', operator: 'Exists' }]))
  t.ok(isTolerated(taint, [{ operator: 'Exists' }]))
  t.notOk(isTolerated(taint, [{ key: 'k', value: 'w' }]))
  t.notOk(isTolerated(taint, [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }]))
  t.notOk(isTolerated(taint, undefined))
})

t.test('unknown nodes are refused by name', async t => {
  const sim = simulate({ nodes: 1 })
  t.throws(() => sim.cluster.failNode('node-7'), /nodes "node-7" not found/)
  t.throws(() => sim.cluster.recoverNode('node-7'), /nodes "node-7" not found/)
  t.throws(() => sim.cluster.deleteNode('node-7'), /nodes "node-7" not found/)
})
