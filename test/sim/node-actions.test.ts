import { join } from 'node:path'
import type { DaemonSet } from 'kubernetes-types/apps/v1.js'
import type { Event, Node, Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Prng } from '../../base/index.ts'
import { type ActionHands, actionByName } from '../../sim/actions.ts'
import { ApiError, DaemonSets, Events, Nodes, Pods } from '../../sim/cluster/index.ts'
import { conditionStatus } from '../../sim/informers/index.ts'
import type { ActionArgs } from '../../sim/messages.ts'
import type { TraceOrigin } from '../../sim/trace/index.ts'
import { runVirtually } from '../../sim/virtual-run.ts'
import { isReady, type Sim, simulate, type SimOptions, TIMINGS, workload } from './controllers/harness.ts'

const ORIGIN: TraceOrigin = { source: { kind: 'run' }, targets: 'annotated' }

interface Played {
  readonly sim: Sim
  /** What was told of nodes, beside the store. */
  readonly told: string[]
  readonly perform: (action: string, args: ActionArgs) => string
}

/** Four nodes with two pods each, a minute old, with Kubernetes' own times. */
function play(options: SimOptions = {}): Played {
  const told: string[] = []
  const sim = simulate({
    nodes: 4,
    zones: 2,
    ...options,
    cluster: {
      onNodeUnreachable: node => told.push(`${node} unreachable`),
      onNodeAnswering: node => told.push(`${node} answers`),
      ...options.cluster,
    },
  })
  sim.cluster.applyWorkload(workload('web', 8))
  sim.clock.advance(60_000)
  const api = {} as ActionHands['api']
  const perform = (action: string, args: ActionArgs): string =>
    actionByName(action)!.run({ clock: sim.clock, prng: new Prng('x'), cluster: sim.cluster, api }, args)
  return { sim, told, perform }
}

const node = (sim: Sim, name: string): Node | undefined => sim.store.get<Node>(Nodes, undefined, name)
const ready = (sim: Sim, name: string): string | undefined =>
  conditionStatus(node(sim, name)?.status?.conditions, 'Ready')
const onNode = (sim: Sim, name: string) => sim.pods().filter(pod => pod.spec?.nodeName === name)
const reasons = (sim: Sim): (string | undefined)[] => sim.store.list<Event>(Events).map(({ reason }) => reason)

/** When a node's Ready changed, in seconds, and what to. */
function readyChanges(sim: Sim, name: string, sinceMs: number): string[] {
  const changes: string[] = []
  let last: string | undefined
  for (const { atMs, event } of sim.events) {
    if (event.resource !== Nodes || event.object.metadata.name !== name) continue
    const status = conditionStatus((event.object as Node).status?.conditions, 'Ready')
    if (status !== last && atMs >= sinceMs) changes.push(`${Math.round((atMs - sinceMs) / 1000)} ${status}`)
    last = status
  }
  return changes
}

t.test('a kubelet that is cut off: its pods are moved in the end, and answer on until it is back', async t => {
  const { sim, told, perform } = play()
  const uids = onNode(sim, 'node-0').map(({ metadata }) => metadata.uid)
  perform('fail-kubelet', { node: 'node-0' })
  sim.clock.advance(60_000)
  t.equal(ready(sim, 'node-0'), 'Unknown')
  t.notOk(onNode(sim, 'node-0').some(isReady))
  t.equal(sim.runtime.partitioned.size, 0)
  sim.clock.advance(320_000)
  t.equal(sim.pods().filter(isReady).length, 8, 'replaced elsewhere')
  t.ok(onNode(sim, 'node-0').every(pod => pod.metadata.deletionTimestamp !== undefined))
  t.ok(
    uids.every(uid => sim.runtime.open_.has(uid)),
    'and there they are still: ten targets for eight pods',
  )
  t.same(told, [], 'nobody would say that they do not answer')
  perform('recover-node', { node: 'node-0' })
  sim.clock.advance(5000)
  t.notOk(uids.some(uid => sim.runtime.open_.has(uid)))
  t.equal(ready(sim, 'node-0'), 'True')
  t.same(told, [])

  perform('fail-kubelet', { node: 'node-1' })
  perform('fail-kubelet', { node: 'node-1' })
  perform('fail-node', { node: 'node-1' })
  t.equal(sim.runtime.partitioned.size, onNode(sim, 'node-1').length, 'then the machine fails too')
  perform('fail-kubelet', { node: 'node-1' })
  perform('recover-node', { node: 'node-1' })
  t.same(told, ['node-1 unreachable', 'node-1 answers'])
  t.equal(sim.runtime.partitioned.size, 0)
})

t.test('a cut off kubelet and a broken network to its pods are two things', async t => {
  const { sim, told, perform } = play()
  perform('fail-kubelet', { node: 'node-0' })
  perform('partition-node', { node: 'node-0' })
  t.equal(sim.runtime.partitioned.size, 2)
  perform('recover-node', { node: 'node-0' })
  t.equal(sim.runtime.partitioned.size, 2)
  perform('heal-node', { node: 'node-0' })
  t.equal(sim.runtime.partitioned.size, 0)
  t.same(told, ['node-0 unreachable', 'node-0 answers'])
})

t.test('a node that flaps faster than the grace is never found out', async t => {
  const { sim, told, perform } = play()
  const fromMs = sim.clock.elapsedMs
  perform('flap-node', { node: 'node-0', times: 3, down: '20s', up: '10s' })
  sim.clock.advance(200_000)
  t.same(told, Array.from({ length: 3 }, () => ['node-0 unreachable', 'node-0 answers']).flat())
  t.same(readyChanges(sim, 'node-0', fromMs), [])
  t.ok(onNode(sim, 'node-0').every(isReady))
})

t.test('one that flaps more slowly loses its readiness each time, and no pod', async t => {
  const { sim, perform } = play()
  const uids = onNode(sim, 'node-0').map(({ metadata }) => metadata.uid)
  const fromMs = sim.clock.elapsedMs
  perform('flap-node', { node: 'node-0', times: 2, down: '100s', up: '60s' })
  sim.clock.advance(500_000)
  const changes = readyChanges(sim, 'node-0', fromMs)
  t.equal(changes.length, 4)
  t.match(changes[0], /^(?:4\d|5[0-5]) Unknown$/)
  t.equal(changes[1], '100 True')
  t.match(changes[2], /^(?:20\d|21[0-5]) Unknown$/)
  t.equal(changes[3], '260 True')
  t.same(
    onNode(sim, 'node-0').map(({ metadata }) => metadata.uid),
    uids,
  )
  t.ok(onNode(sim, 'node-0').every(isReady))
})

t.test('a lease that is slower than the grace makes a node unready again and again; one below it does not', async t => {
  const { sim, told, perform } = play()
  let fromMs = sim.clock.elapsedMs
  perform('slow-lease', { node: 'node-0', every: '40s', for: '200s' })
  sim.clock.advance(220_000)
  t.same(readyChanges(sim, 'node-0', fromMs), [])
  fromMs = sim.clock.elapsedMs
  perform('slow-lease', { node: 'node-0', every: '300s', for: '280s' })
  sim.clock.advance(400_000)
  const changes = readyChanges(sim, 'node-0', fromMs).map(change => change.split(' ') as [string, string])
  const gaps = changes.slice(1).map(([at], i) => Number(at) - Number(changes[i]![0]))
  t.ok(changes.length >= 8, changes.join('; '))
  t.ok(changes.every(([, status], i) => status === (i % 2 === 0 ? 'Unknown' : 'True')))
  t.ok(
    gaps.every((gap, i) => (i % 2 === 0 ? gap <= 10 : gap >= 50 && gap <= 55)),
    'it says so within ten seconds, and is given its grace again',
  )
  t.ok(Number(changes.at(-1)![0]) <= 340, 'and then it is over')
  t.ok(onNode(sim, 'node-0').every(isReady))
  t.same(told, [])
  t.notOk(sim.events.some(({ event }) => event.resource === Pods && event.type === 'DELETED'))
})

t.test('a reboot: another boot id, the same pods with one restart more', async t => {
  const { sim, told, perform } = play()
  const before = onNode(sim, 'node-0')
  const bootId = node(sim, 'node-0')?.status?.nodeInfo?.bootID
  perform('reboot-node', { node: 'node-0', for: '20s' })
  sim.clock.advance(19_999)
  t.ok(before.every(({ metadata }) => sim.runtime.partitioned.has(metadata.uid)))
  sim.clock.advance(1)
  t.equal(sim.runtime.partitioned.size, 0)
  t.notOk(onNode(sim, 'node-0').some(isReady), 'not at once')
  sim.clock.advance(5000)
  t.not(node(sim, 'node-0')?.status?.nodeInfo?.bootID, bootId)
  const after = onNode(sim, 'node-0')
  t.same(
    after.map(({ metadata, status }) => [metadata.uid, status?.podIP]),
    before.map(({ metadata, status }) => [metadata.uid, status?.podIP]),
  )
  for (const [i, pod] of after.entries()) {
    const [was] = before[i]!.status!.containerStatuses!
    const [is] = pod.status!.containerStatuses!
    t.match(is, { restartCount: 1, ready: true, lastState: { terminated: { exitCode: 255, reason: 'Unknown' } } })
    t.equal(is!.lastState?.terminated?.containerID, was!.containerID)
    t.not(is!.containerID, was!.containerID)
  }
  t.ok(after.every(isReady))
  t.same(told, ['node-0 unreachable', 'node-0 answers'])
  t.ok(reasons(sim).includes('Rebooted'))

  perform('reboot-node', { node: 'node-1', for: '20s' })
  sim.clock.advance(10_000)
  perform('recover-node', { node: 'node-1' })
  sim.clock.advance(20_000)
  t.equal(onNode(sim, 'node-1')[0]!.status?.containerStatuses?.[0]?.restartCount, 0, 'it was back before: no reboot')
})

t.test('a reboot ends the pods that are not to be restarted, and restarts sidecars', async t => {
  const { sim, perform } = play()
  const main = { name: 'main', image: 'main', startupProbe: { httpGet: { port: 80 }, periodSeconds: 10 } }
  const sidecar = { name: 'side', image: 'side', restartPolicy: 'Always' }
  const pods: Record<string, Pod['spec']> = {
    never: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'main' }] },
    detailed: { restartPolicy: 'Never', initContainers: [{ name: 'init', image: 'init' }], containers: [main] },
    always: { restartPolicy: 'Always', initContainers: [sidecar], containers: [main] },
  }
  for (const [name, spec] of Object.entries(pods)) {
    sim.store.create<Pod>(Pods, { metadata: { namespace: 'default', name }, spec: { nodeName: 'node-0', ...spec! } })
  }
  sim.clock.advance(60_000)
  perform('reboot-node', { node: 'node-0', for: '20s' })
  sim.clock.advance(20_000)
  t.match(sim.pod('always').status, {
    phase: 'Running',
    initContainerStatuses: [{ restartCount: 1, started: true, state: { running: {} } }],
    containerStatuses: [{ restartCount: 1, started: false, ready: false }],
  })
  sim.clock.advance(40_000)
  t.ok(isReady(sim.pod('always')))
  for (const name of ['never', 'detailed']) {
    const pod = sim.pod(name)
    t.match(pod.status, {
      phase: 'Failed',
      containerStatuses: [{ restartCount: 0, ready: false, state: { terminated: { exitCode: 255 } } }],
    })
    t.equal(conditionStatus(pod.status?.conditions, 'Ready'), 'False')
    t.notOk(sim.runtime.open_.has(pod.metadata.uid), `nobody listens for ${name}`)
  }
})

t.test('a reboot that takes too long: pods that were given up are ended, others restart', async t => {
  const { sim, perform } = play()
  perform('reboot-node', { node: 'node-0', for: '400s' })
  sim.clock.advance(410_000)
  t.equal(onNode(sim, 'node-0').length, 0)
  t.equal(sim.pods().filter(isReady).length, 8)
  t.equal(sim.runtime.open_.size, 8)
})

t.test('a node is cordoned and uncordoned', async t => {
  const { sim, perform } = play()
  perform('cordon-node', { node: 'node-0' })
  sim.clock.advance(1)
  t.match(node(sim, 'node-0')?.spec, {
    unschedulable: true,
    taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
  })
  sim.cluster.scale('shop', 'web', 20)
  sim.clock.advance(5000)
  t.equal(onNode(sim, 'node-0').length, 2)
  perform('uncordon-node', { node: 'node-0' })
  sim.clock.advance(1)
  t.notOk(Object.hasOwn(node(sim, 'node-0')!.spec!, 'unschedulable'))
  t.notOk(Object.hasOwn(node(sim, 'node-0')!.spec!, 'taints'))
})

t.test('a drain asks every 5 s for what a budget forbids, and leaves pods of DaemonSets', async t => {
  const asked: string[] = []
  let forbidden = true
  const played = play({
    cluster: {
      evict(namespace, name) {
        const { sim } = played
        asked.push(`${sim.clock.elapsedMs} ${name}`)
        if (name === stubborn && forbidden) {
          throw new ApiError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.")
        }
        sim.store.delete(Pods, namespace, name)
      },
    },
  })
  const { sim, perform } = played
  const labels = { app: 'agent' }
  const daemonSet = sim.store.create<DaemonSet>(DaemonSets, {
    metadata: { namespace: 'shop', name: 'agent' },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: 'OnDelete' },
      template: { metadata: { labels }, spec: { containers: [{ name: 'agent' }] } },
    },
  })
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    name: 'agent',
    uid: daemonSet.metadata.uid,
    controller: true,
  }
  sim.store.create<Pod>(Pods, {
    metadata: { namespace: 'shop', name: 'agent-1', labels, ownerReferences: [owner] },
    spec: { nodeName: 'node-0', containers: [{ name: 'agent' }] },
  })
  sim.store.create<Pod>(Pods, {
    metadata: { namespace: 'shop', name: 'static-node-0', annotations: { 'kubernetes.io/config.mirror': 'x' } },
    spec: { nodeName: 'node-0', containers: [{ name: 'static' }] },
  })
  const [first, second] = onNode(sim, 'node-0').map(({ metadata }) => metadata.name)
  const stubborn = second!
  const fromMs = sim.clock.elapsedMs
  t.equal(perform('drain-node', { node: 'node-0' }), 'drain node-0')
  t.equal(node(sim, 'node-0')?.spec?.unschedulable, true)
  sim.clock.advance(12_000)
  const retries = [1, 5001, 10_001].map(ms => `${fromMs + ms} ${stubborn}`)
  t.same(asked, [`${fromMs} ${first}`, ...retries])
  forbidden = false
  sim.clock.advance(10_000)
  t.same(asked.slice(4), [`${fromMs + 15_001} ${stubborn}`])
  t.same(
    onNode(sim, 'node-0').map(({ metadata }) => metadata.name),
    ['agent-1', 'static-node-0'],
  )
  t.equal(sim.pods('web').filter(isReady).length, 8)
})

t.test('a drain with a time limit gives up', async t => {
  let asked = 0
  const { sim, perform } = play({
    cluster: {
      evict() {
        asked++
        throw new ApiError('TooManyRequests', 'no')
      },
    },
  })
  perform('drain-node', { node: 'node-0', timeout: '12s' })
  sim.clock.advance(60_000)
  t.equal(asked, 6, 'two pods at 0, 5 and 10 s')
})

t.test('a spot node is taken back two minutes after the notice', async t => {
  const { sim, told, perform } = play()
  const fromMs = sim.clock.elapsedMs
  perform('reclaim-node', { node: 'node-0' })
  t.match(node(sim, 'node-0')?.spec?.taints, [{ key: 'churnbench.io/spot-reclaim', effect: 'NoSchedule' }])
  t.ok(reasons(sim).includes('SpotInterruption'))
  sim.cluster.scale('shop', 'web', 20)
  sim.clock.advance(119_999)
  t.equal(onNode(sim, 'node-0').length, 2, 'no more pods come')
  t.same(told, [])
  sim.clock.advance(1)
  t.same(told, ['node-0 unreachable'])
  t.equal(node(sim, 'node-0'), undefined)
  const gone = sim.events.find(({ event }) => event.resource === Nodes && event.type === 'DELETED')
  t.equal(gone?.atMs, fromMs + 120_000)
  sim.clock.advance(90_000)
  t.equal(onNode(sim, 'node-0').length, 0)
  t.equal(sim.pods().filter(isReady).length, 20)
  perform('recover-node', { node: 'node-0' })
  sim.clock.advance(5000)
  t.equal(ready(sim, 'node-0'), 'True', 'another machine takes its place')
  t.same(node(sim, 'node-0')?.spec?.taints, undefined)
})

t.test('with a termination handler its pods are gone before the machine is', async t => {
  const { sim, perform } = play()
  perform('reclaim-node', { node: 'node-0', notice: '30s', drain: true })
  sim.clock.advance(10_000)
  t.equal(onNode(sim, 'node-0').length, 0)
  t.equal(sim.pods().filter(isReady).length, 8)
  sim.cluster.deleteNode('node-0')
  sim.store.create<Node>(Nodes, { metadata: { name: 'node-0' } })
  sim.clock.advance(30_000)
  t.ok(node(sim, 'node-0'), 'a Node of that name that came meanwhile is another one')
})

t.test('unknown nodes are refused by name, and nothing is done', async t => {
  const { sim, told, perform } = play()
  const before = sim.store.resourceVersion
  const args = { node: 'node-9', times: 1, down: '1s', up: '1s', every: '1s', for: '1s' }
  const actions = 'fail-kubelet flap-node slow-lease reboot-node cordon-node uncordon-node drain-node reclaim-node'
  for (const action of actions.split(' ')) {
    t.throws(() => perform(action, args), /nodes "node-9" not found/, action)
  }
  t.equal(sim.store.resourceVersion, before)
  t.same(told, [])
})

t.test('what they do is told in the trace of a run, and the same seed tells the same', async t => {
  const plan = [
    ['reboot-node', { node: 'node-0', for: '3s' }],
    ['flap-node', { node: 'node-1', times: 2, down: '4s', up: '2s' }],
    ['fail-kubelet', { node: 'node-2' }],
    ['slow-lease', { node: 'node-3', every: '5s', for: '10s' }],
    ['drain-node', { node: 'node-4' }],
    ['reclaim-node', { node: 'node-5', notice: '5s', drain: true }],
    ['recover-node', { node: 'node-2' }],
    ['uncordon-node', { node: 'node-4' }],
  ] as const
  const folder = t.testdir()
  const run = (name: string) =>
    runVirtually({
      seed: 'nodes',
      durationMs: 60_000,
      cluster: {
        nodes: 6,
        zones: 3,
        podsPerNodeMax: 110,
        workloads: [workload('web', 18)],
        timings: {
          ...TIMINGS,
          leaseRenewMs: 500,
          nodeMonitorGraceMs: 2000,
          nodeMonitorPeriodMs: 250,
          evictionMs: 2000,
        },
      },
      plan: plan.map(([action, args], i) => ({ atMs: 5000 + 4000 * i, stream: String(i), action, args })),
      record: { path: join(folder, name), force: false, origin: ORIGIN },
    })
  const [a, b] = [await run('a.jsonl'), await run('b.jsonl')]
  t.equal(a.traceSha256, b.traceSha256)
  t.ok(a.events > 150, `${a.events} events`)
})
