import fc from 'fast-check'
import type { ControllerRevision, DaemonSet, DaemonSetStatus } from 'kubernetes-types/apps/v1.js'
import type { Affinity, Event, Node, Pod, Taint } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import {
  ControllerRevisions,
  DaemonSets,
  Events,
  type KubeObject,
  Nodes,
  Pods,
  type Stored,
} from '../../../sim/cluster/index.ts'
import { meetsRequirements, pinnedNode } from '../../../sim/controllers/node-affinity.ts'
import { PodIndex } from '../../../sim/informers/index.ts'
import { isActive, isReady, type Sim, simulate } from './harness.ts'
import { change, daemonSet, setImage, story, template } from './sets.ts'

function create(sim: Sim, set: DaemonSet): void {
  sim.store.create<DaemonSet>(DaemonSets, set)
}

function get(sim: Sim, name = 'log'): Stored<DaemonSet> {
  return sim.store.get<DaemonSet>(DaemonSets, 'default', name)!
}

function status(sim: Sim): DaemonSetStatus {
  return get(sim).status!
}

function setNode(sim: Sim, name: string, next: (node: Stored<Node>) => Node): void {
  sim.store.modify<Node>(Nodes, undefined, name, next)
}

function taint(sim: Sim, name: string, taints: readonly Taint[]): void {
  setNode(sim, name, node => ({ ...node, spec: { ...node.spec, taints: [...taints] } }))
}

function cordon(sim: Sim, name: string, unschedulable: boolean): void {
  setNode(sim, name, node => ({ ...node, spec: { ...node.spec, unschedulable } }))
}

function label(sim: Sim, name: string, key: string, value: string): void {
  setNode(sim, name, node => ({
    ...node,
    metadata: { ...node.metadata, labels: { ...node.metadata.labels, [key]: value } },
  }))
}

/** Names of the nodes of all pods, sorted. */
function places(sim: Sim): string[] {
  return sim
    .pods('log')
    .map(({ spec }) => spec?.nodeName ?? '')
    .sort()
}

function revisions(sim: Sim): Stored<ControllerRevision>[] {
  return sim.store.list<ControllerRevision>(ControllerRevisions).sort((a, b) => a.revision - b.revision)
}

/** `desired/current/ready/updated`. */
function counts(object: KubeObject): string {
  if (object.kind === 'ControllerRevision') return `= ${(object as ControllerRevision).revision}`
  const set = (object as DaemonSet).status
  return [
    set?.desiredNumberScheduled,
    set?.currentNumberScheduled,
    set?.numberReady,
    set?.updatedNumberScheduled ?? 0,
  ].join('/')
}

/** The story with the names of nodes instead of those of pods. */
function told(sim: Sim, from: number): string[] {
  const nodes = new Map<string, string>()
  for (const { event } of sim.events) {
    if (event.resource === Pods) nodes.set(event.object.metadata.name, pinnedNode((event.object as Pod).spec) ?? '')
  }
  return story(sim, from, counts).map(line =>
    line.replace(/^revision \S+/, 'revision').replace(/^pod (\S+)/, (_, name: string) => `pod on ${nodes.get(name)}`),
  )
}

const NO_SCHEDULE: Taint = { key: 'own', value: 'x', effect: 'NoSchedule' }
const NO_EXECUTE: Taint = { key: 'own', value: 'x', effect: 'NoExecute' }

void t.test('one pod on each node, made for it and bound by the scheduler', async t => {
  const sim = simulate({ nodes: 3 })
  create(sim, daemonSet('log'))
  sim.clock.advance(10_000)
  t.same(places(sim), ['node-0', 'node-1', 'node-2'])
  t.same(status(sim), {
    currentNumberScheduled: 3,
    numberMisscheduled: 0,
    desiredNumberScheduled: 3,
    numberReady: 3,
    observedGeneration: 1,
    updatedNumberScheduled: 3,
    numberAvailable: 3,
  })
  const [revision] = revisions(sim)
  const hash = revision!.metadata.labels!['controller-revision-hash']!
  t.equal(revision?.metadata.name, `log-${hash}`)
  const pod = sim.pods('log')[0]!
  t.match(pod.metadata, {
    name: /^log-[bcdf-hj-np-tv-xz2-9]{5}$/,
    generateName: 'log-',
    labels: { app: 'log', 'controller-revision-hash': hash },
    ownerReferences: [{ kind: 'DaemonSet', name: 'log', uid: get(sim).metadata.uid, controller: true }],
  })
  t.same(pod.spec?.affinity, {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [pod.spec?.nodeName] }] }],
      },
    },
  })
  t.same(
    pod.spec?.tolerations?.map(({ key, operator, effect, tolerationSeconds }) =>
      [key?.slice('node.kubernetes.io/'.length), operator, effect, tolerationSeconds ?? 'for ever'].join(' '),
    ),
    [
      'not-ready Exists NoExecute for ever',
      'unreachable Exists NoExecute for ever',
      'disk-pressure Exists NoSchedule for ever',
      'memory-pressure Exists NoSchedule for ever',
      'pid-pressure Exists NoSchedule for ever',
      'unschedulable Exists NoSchedule for ever',
    ],
  )
  const first = sim.events.find(({ event }) => event.resource === Pods)?.event.object as Pod
  t.notOk(first.spec?.nodeName, 'not bound by the controller')
  const reasons = new Set(sim.store.list<Event>(Events).map(({ reason, message }) => `${reason}: ${message}`))
  t.ok(reasons.has(`SuccessfulCreate: Created pod: ${pod.metadata.name}`))
})

void t.test('a rolling update takes one node after the other', async t => {
  const sim = simulate({ nodes: 2 })
  create(sim, daemonSet('log'))
  sim.clock.advance(10_000)
  const from = sim.events.length
  setImage(sim.store, DaemonSets, 'log', 'app:2')
  sim.clock.advance(20_000)
  t.same(told(sim, from), [
    'set log 2/2/2/2',
    'revision +',
    'pod on node-0 terminating',
    'set log 2/2/2/0',
    // The new pod comes as soon as the old one has ended, before it is gone.
    'pod on node-0 +',
    'set log 2/1/1/0',
    'set log 2/2/1/1',
    'pod on node-0 -',
    'pod on node-0 ready',
    'pod on node-1 terminating',
    'set log 2/2/2/1',
    'pod on node-1 +',
    'set log 2/1/1/1',
    'set log 2/2/1/2',
    'pod on node-1 -',
    'pod on node-1 ready',
    'set log 2/2/2/2',
  ])
})

void t.test('with surge the new pod is there before the old one goes', async t => {
  const sim = simulate({ nodes: 2 })
  const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 }
  create(sim, daemonSet('log', { updateStrategy: { type: 'RollingUpdate', rollingUpdate } }))
  sim.clock.advance(10_000)
  const from = sim.events.length
  setImage(sim.store, DaemonSets, 'log', 'app:2')
  sim.clock.advance(20_000)
  t.same(
    told(sim, from).filter(line => line.startsWith('pod')),
    [
      'pod on node-0 +',
      'pod on node-0 ready',
      'pod on node-0 terminating',
      'pod on node-1 +',
      'pod on node-0 -',
      'pod on node-1 ready',
      'pod on node-1 terminating',
      'pod on node-1 -',
    ],
  )
  t.match(status(sim), { numberReady: 2, updatedNumberScheduled: 2, numberAvailable: 2 })
})

void t.test('OnDelete leaves it to others to delete pods', async t => {
  const sim = simulate({ nodes: 2 })
  create(sim, daemonSet('log', { updateStrategy: { type: 'OnDelete' } }))
  sim.clock.advance(10_000)
  setImage(sim.store, DaemonSets, 'log', 'app:2')
  sim.clock.advance(10_000)
  t.match(status(sim), { numberReady: 2, observedGeneration: 2 })
  t.notOk(status(sim).updatedNumberScheduled)
  sim.store.delete(Pods, 'default', sim.pods('log')[0]!.metadata.name)
  sim.clock.advance(10_000)
  t.match(status(sim), { numberReady: 2, updatedNumberScheduled: 1 })
})

void t.test('nodes come, go, and are judged by labels, affinity and taints', async t => {
  const sim = simulate({ nodes: 3 })
  const affinity: Affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'gpu', operator: 'In', values: ['a', 'b'] }] }],
      },
    },
  }
  const pods = template('log')
  create(
    sim,
    daemonSet('log', { template: { ...pods, spec: { ...pods.spec!, affinity, nodeSelector: { disk: 'ssd' } } } }),
  )
  sim.clock.advance(5000)
  t.same(places(sim), [])
  t.match(status(sim), { desiredNumberScheduled: 0, observedGeneration: 1 })
  label(sim, 'node-0', 'gpu', 'b')
  label(sim, 'node-1', 'disk', 'ssd')
  sim.clock.advance(5000)
  t.same(places(sim), [], 'both are needed')
  label(sim, 'node-0', 'disk', 'ssd')
  sim.store.create<Node>(Nodes, { metadata: { name: 'late', labels: { gpu: 'a', disk: 'ssd' } } })
  sim.clock.advance(5000)
  t.same(places(sim), ['late', 'node-0'])
  label(sim, 'node-0', 'gpu', 'c')
  sim.clock.advance(5000)
  t.same(places(sim), ['late'])

  taint(sim, 'late', [NO_SCHEDULE])
  sim.clock.advance(5000)
  t.same(places(sim), ['late'], 'what is there stays')
  t.match(status(sim), { desiredNumberScheduled: 0, numberMisscheduled: 1, currentNumberScheduled: 0 })
  sim.store.delete(Pods, 'default', sim.pods('log')[0]!.metadata.name)
  sim.clock.advance(5000)
  t.same(places(sim), [], 'and does not come back')
  taint(sim, 'late', [])
  sim.clock.advance(5000)
  t.same(places(sim), ['late'])
  taint(sim, 'late', [NO_EXECUTE])
  sim.clock.advance(5000)
  t.same(places(sim), [])
  taint(sim, 'late', [])
  sim.clock.advance(5000)
  sim.cluster.deleteNode('late')
  sim.clock.advance(120_000)
  t.same(places(sim), [], 'collected with the node')
  t.match(status(sim), { desiredNumberScheduled: 0, numberMisscheduled: 0 })
})

void t.test('pods stay on nodes that are cordoned or silent, and new ones come to cordoned nodes', async t => {
  const sim = simulate({ nodes: 2 })
  cordon(sim, 'node-1', true)
  sim.clock.advance(1000)
  create(sim, daemonSet('log'))
  sim.clock.advance(5000)
  t.same(places(sim), ['node-0', 'node-1'])
  sim.cluster.failNode('node-0')
  sim.clock.advance(400_000)
  const uid = sim.pods('log').find(({ spec }) => spec?.nodeName === 'node-0')?.metadata.uid
  // Of the taints of a silent node it tolerates the one that would drive it out, and not the one that keeps new pods away.
  t.match(status(sim), { desiredNumberScheduled: 1, numberReady: 1, numberMisscheduled: 1 })
  sim.cluster.recoverNode('node-0')
  sim.clock.advance(60_000)
  t.match(status(sim), { desiredNumberScheduled: 2, numberReady: 2 })
  t.ok(sim.pods('log').some(({ metadata }) => metadata.uid === uid))
})

void t.test('a failed pod is replaced, with growing back-off', async t => {
  const sim = simulate({ nodes: 1, timings: { startMs: { base: 10_000, jitter: 0 } } })
  create(sim, daemonSet('log'))
  const deletedMs: number[] = []
  for (let i = 0; i < 5; i++) {
    for (let pods = sim.pods('log'); pods.length === 0 || !isActive(pods[0]!); pods = sim.pods('log')) {
      sim.clock.advance(10)
    }
    const [pod] = sim.pods('log')
    sim.store.update<Pod>(Pods, { ...pod!, status: { ...pod!.status, phase: 'Failed' } })
    while (sim.pods('log').some(({ metadata }) => metadata.uid === pod!.metadata.uid)) sim.clock.advance(10)
    deletedMs.push(sim.clock.elapsedMs)
  }
  // At once, then 1 s, 2 s, 4 s, 8 s after the deletion before.
  const gaps = deletedMs.slice(1).map((atMs, i) => Math.round((atMs - deletedMs[i]!) / 1000))
  t.same(gaps, [1, 2, 4, 8])
  const failed = sim.store.list<Event>(Events).filter(({ reason }) => reason === 'FailedDaemonPod')
  t.equal(failed.length, 5)
  t.match(failed[0], {
    type: 'Warning',
    message: /^Found failed daemon pod default\/log-\w{5} on node node-0, will try to kill it$/,
  })
})

void t.test('history: an old template gets a new number, the limit is kept, a taken name is named anew', async t => {
  const sim = simulate({ nodes: 1 })
  create(sim, daemonSet('log', { revisionHistoryLimit: 1 }))
  sim.clock.advance(10_000)
  const [first] = revisions(sim)
  setImage(sim.store, DaemonSets, 'log', 'app:2')
  sim.clock.advance(10_000)
  setImage(sim.store, DaemonSets, 'log', 'app:1')
  sim.clock.advance(10_000)
  t.same(
    revisions(sim).map(({ revision }) => revision),
    [2, 3],
  )
  t.equal(revisions(sim)[1]?.metadata.uid, first?.metadata.uid)
  setImage(sim.store, DaemonSets, 'log', 'app:3')
  sim.clock.advance(10_000)
  t.same(
    revisions(sim).map(({ revision }) => revision),
    [3, 4],
  )

  const other = simulate({ nodes: 1 })
  other.store.create<ControllerRevision>(ControllerRevisions, {
    metadata: { namespace: 'default', name: first!.metadata.name },
    data: { spec: { template: template('other') } },
    revision: 7,
  })
  create(other, daemonSet('log'))
  other.clock.advance(10_000)
  t.match(status(other), { collisionCount: 1, numberReady: 1 })
})

void t.test('orphans are adopted by selector, and let go when the labels no longer match', async t => {
  const sim = simulate({ nodes: 2 })
  for (const name of ['by-hand', 'another']) {
    sim.store.create<Pod>(Pods, {
      metadata: { namespace: 'default', name, labels: { app: 'log' } },
      spec: { nodeName: 'node-0', containers: [{ name: 'main', image: 'app:1' }] },
      status: { phase: 'Pending' },
    })
    sim.clock.advance(5000)
  }
  create(sim, daemonSet('log', { updateStrategy: { type: 'OnDelete' } }))
  sim.clock.advance(5000)
  t.same(places(sim), ['node-0', 'node-1'], 'of two on one node the older stays')
  t.match(sim.pod('by-hand').metadata.ownerReferences, [{ kind: 'DaemonSet', controller: true }])
  sim.store.modify<Pod>(Pods, 'default', 'by-hand', pod => ({
    ...pod,
    metadata: { ...pod.metadata, labels: { app: 'else' } },
  }))
  sim.clock.advance(5000)
  t.notOk(sim.pod('by-hand').metadata.ownerReferences)
  t.same(places(sim), ['node-0', 'node-1'], 'another has come in its place')
})

void t.test('what pods require of nodes', async t => {
  const node: Node = { metadata: { name: 'n', labels: { zone: 'a', cores: '16' } } }
  const meets = (key: string, operator: string, ...values: string[]): boolean => {
    const nodeSelectorTerms = [{ matchExpressions: [{ key, operator, values }] }]
    const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } }
    return meetsRequirements(node, { affinity: { nodeAffinity: required } })
  }
  t.ok(meets('zone', 'In', 'b', 'a'))
  t.notOk(meets('zone', 'In', 'b'))
  t.notOk(meets('rack', 'In', 'a'))
  t.ok(meets('rack', 'NotIn', 'a'))
  t.notOk(meets('zone', 'NotIn', 'a'))
  t.ok(meets('zone', 'Exists'))
  t.notOk(meets('zone', 'DoesNotExist'))
  t.ok(meets('rack', 'DoesNotExist'))
  t.ok(meets('cores', 'Gt', '8'))
  t.notOk(meets('cores', 'Gt', '16'))
  t.ok(meets('cores', 'Lt', '17'))
  t.notOk(meets('zone', 'Lt', '17'))
  const terms = (...nodeSelectorTerms: object[]): boolean =>
    meetsRequirements(node, {
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
    })
  t.notOk(terms({}), 'nothing is required of no node')
  t.ok(terms({}, { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }), 'one term is enough')
  t.notOk(terms({ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['n'] }] }))
})

void t.test('exactly one pod on each node that wants one, whatever happened to the nodes, over seeds', async () => {
  const node = fc.integer({ min: 0, max: 5 }).map(i => `node-${i}`)
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('add', 'remove', 'no-schedule', 'no-execute', 'clear'), node }),
    fc.record({ do: fc.constantFrom('cordon', 'uncordon', 'fail', 'recover', 'exclude', 'include'), node }),
    fc.record({ do: fc.constantFrom('image', 'lose', 'break'), node }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1, maxLength: 6 }),
      fc.constantFrom({ maxSurge: 0, maxUnavailable: 1 }, { maxSurge: '50%', maxUnavailable: 0 }),
      fc.array(fc.tuple(step, fc.integer({ min: 0, max: 4000 })), { maxLength: 15 }),
      async (seed, rollingUpdate, steps) => {
        const sim = simulate({ seed, keep: false, nodes: 4 })
        const pods = template('log')
        const nodeSelector = { role: 'worker' }
        const dressed = { ...pods, spec: { ...pods.spec!, nodeSelector } }
        for (const name of sim.cluster.nodeNames()) label(sim, name, 'role', 'worker')
        create(sim, daemonSet('log', { template: dressed, updateStrategy: { type: 'RollingUpdate', rollingUpdate } }))
        let images = 1
        for (const [{ do: action, node: name }, gapMs] of steps) {
          const isThere = sim.store.get(Nodes, undefined, name) !== undefined
          const pod = sim.pods('log').find(({ spec }) => spec?.nodeName === name)
          if (action === 'add' && !isThere) {
            sim.store.create<Node>(Nodes, { metadata: { name, labels: { role: 'worker' } } })
          } else if (action === 'remove' && isThere) sim.cluster.deleteNode(name)
          else if (action === 'no-schedule') taint(sim, name, [NO_SCHEDULE])
          else if (action === 'no-execute') taint(sim, name, [NO_EXECUTE])
          else if (action === 'clear') taint(sim, name, [])
          else if (action === 'cordon' || action === 'uncordon') cordon(sim, name, action === 'cordon')
          else if (action === 'fail' && isThere) sim.cluster.failNode(name)
          else if (action === 'recover' && isThere) sim.cluster.recoverNode(name)
          else if (action === 'exclude') label(sim, name, 'role', 'other')
          else if (action === 'include') label(sim, name, 'role', 'worker')
          else if (action === 'image') {
            change<DaemonSet>(sim.store, DaemonSets, 'log', spec => {
              const containers = [{ name: 'main', image: `app:${++images}` }]
              return { ...spec, template: { ...dressed, spec: { ...dressed.spec, containers } } }
            })
          } else if (action === 'lose' && pod !== undefined) sim.store.delete(Pods, 'default', pod.metadata.name)
          else if (action === 'break' && pod !== undefined) {
            sim.store.update<Pod>(Pods, { ...pod, status: { ...pod.status, phase: 'Failed' } })
          }
          sim.clock.advance(gapMs)
        }
        for (const { metadata } of sim.store.list<Node>(Nodes)) sim.cluster.recoverNode(metadata.name)
        sim.clock.advance(200_000)
        const placed = new Map<string, number>()
        for (const { spec } of sim.pods('log'))
          placed.set(spec?.nodeName ?? '', (placed.get(spec?.nodeName ?? '') ?? 0) + 1)
        let desired = 0
        for (const { metadata, spec } of sim.store.list<Node>(Nodes)) {
          const count = placed.get(metadata.name) ?? 0
          const own = spec?.taints?.find(({ key }) => key === 'own')?.effect
          const isWorker = metadata.labels?.role === 'worker'
          const most = isWorker && own !== 'NoExecute' ? 1 : 0
          const least = isWorker && own === undefined ? 1 : 0
          desired += least
          if (count < least || count > most) throw new Error(`${count} pods on ${metadata.name}`)
          placed.delete(metadata.name)
        }
        if (placed.size > 0) throw new Error(`pods where no node is: ${[...placed.keys()].join()}`)
        const end = status(sim)
        const { numberReady, numberAvailable = 0, updatedNumberScheduled = 0, desiredNumberScheduled } = end
        if (![numberReady, numberAvailable, updatedNumberScheduled, desiredNumberScheduled].every(n => n === desired)) {
          throw new Error(`${desired} wanted: ${JSON.stringify(end)}`)
        }
      },
    ),
    { numRuns: 40 },
  )
})

void t.test('a rolling update keeps its bounds at every commit, over seeds', async () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(0, 1, 3, '10%', '40%'),
      fc.constantFrom(0, 1, 2, '10%', '50%'),
      fc.integer({ min: 0, max: 2 }),
      fc.array(fc.integer({ min: 50, max: 4000 }), { minLength: 1, maxLength: 3 }),
      (seed, nodes, maxSurge, maxUnavailable, minReadySeconds, gapsMs) => {
        // One of them must be 0, and not both.
        const surges = maxUnavailable === 0
        if (surges && maxSurge === 0) return
        const rollingUpdate = surges ? { maxSurge, maxUnavailable: 0 } : { maxSurge: 0, maxUnavailable }
        const [most, least] = [surges ? upOf(maxSurge, nodes) : 0, nodes - (surges ? 0 : upOf(maxUnavailable, nodes))]
        let isWatched = false
        const sim = simulate({
          seed,
          nodes,
          keep: false,
          onEvent(event, { store, clock }) {
            if (!isWatched || event.resource !== Pods) return
            const active = store.list<Pod>(Pods).filter(isActive)
            if (active.length > nodes + most) throw new Error(`${active.length} pods at ${clock.elapsedMs}`)
            const up = new Set(active.filter(isReady).map(({ spec }) => spec?.nodeName)).size
            if (up < least) throw new Error(`${up} up, not ${least}, at ${clock.elapsedMs}`)
          },
        })
        create(sim, daemonSet('log', { minReadySeconds, updateStrategy: { type: 'RollingUpdate', rollingUpdate } }))
        sim.clock.advance(20_000)
        isWatched = true
        for (const [i, gapMs] of gapsMs.entries()) {
          setImage(sim.store, DaemonSets, 'log', `app:${i + 2}`)
          sim.clock.advance(gapMs)
        }
        sim.clock.advance(120_000)
        if (status(sim).updatedNumberScheduled !== nodes) throw new Error(JSON.stringify(status(sim)))
      },
    ),
    { numRuns: 25 },
  )
})

void t.test('the same seed makes the same commits', async t => {
  const run = (seed: string): string[] => {
    const sim = simulate({ seed })
    create(sim, daemonSet('log'))
    sim.clock.advance(10_000)
    setImage(sim.store, DaemonSets, 'log', 'app:2')
    sim.cluster.deleteNode('node-3')
    sim.clock.advance(60_000)
    return sim.events.map(({ atMs, event }) => `${atMs} ${event.type} ${JSON.stringify(event.object)}`)
  }
  t.same(run('a'), run('a'))
  t.not(run('a').join(), run('b').join())
})

void t.test('a change of one node costs the number of sets, not of nodes', async t => {
  const nodes = 150
  const sim = simulate({ nodes, keep: false })
  for (const name of ['a', 'b', 'c']) create(sim, daemonSet(name))
  sim.clock.advance(30_000)
  // Judging a node looks its pods up: so many nodes were judged at least.
  let looks = 0
  // oxlint-disable-next-line typescript/unbound-method -- it is called on its object again
  const { get: look } = PodIndex.prototype
  t.teardown(() => (PodIndex.prototype.get = look))
  PodIndex.prototype.get = function (uid) {
    looks++
    return look.call(this, uid)
  }
  taint(sim, 'node-7', [NO_EXECUTE])
  sim.clock.advance(2000)
  t.equal(sim.store.count(Pods), 3 * (nodes - 1))
  t.ok(looks >= 3 && looks < nodes, `${looks} looks`)
})

function upOf(share: number | string, count: number): number {
  return typeof share === 'number' ? share : Math.ceil((Number.parseInt(share, 10) * count) / 100)
}
