import fc from 'fast-check'
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from 'kubernetes-types/apps/v1.js'
import type { Event, PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import {
  ControllerRevisions,
  Events,
  type KubeObject,
  PersistentVolumeClaims,
  PersistentVolumes,
  Pods,
  StatefulSets,
  type Stored,
} from '../../../sim/cluster/index.ts'
import { partsOf } from '../../../sim/controllers/stateful-identity.ts'
import { unavailableMax } from '../../../sim/controllers/stateful-plan.ts'
import { isReady, type Sim, simulate } from './harness.ts'
import { change, setImage, statefulSet, story, template } from './sets.ts'

const CLAIM: PersistentVolumeClaim = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
}

function create(sim: Sim, set: StatefulSet): void {
  sim.store.create<StatefulSet>(StatefulSets, set)
}

function get(sim: Sim, name = 'db'): Stored<StatefulSet> {
  return sim.store.get<StatefulSet>(StatefulSets, 'default', name)!
}

function status(sim: Sim): StatefulSetStatus {
  return get(sim).status!
}

function scale(sim: Sim, replicas: number): void {
  change<StatefulSet>(sim.store, StatefulSets, 'db', spec => ({ ...spec, replicas }))
}

function names(sim: Sim): string[] {
  return sim
    .pods('db')
    .map(({ metadata }) => metadata.name)
    .sort()
}

function images(sim: Sim): Record<string, string | undefined> {
  return Object.fromEntries(
    sim
      .pods('db')
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .map(({ metadata, spec }) => [metadata.name, spec?.containers[0]?.image]),
  )
}

function revisions(sim: Sim): Stored<ControllerRevision>[] {
  return sim.store.list<ControllerRevision>(ControllerRevisions).sort((a, b) => a.revision - b.revision)
}

function claims(sim: Sim): Stored<PersistentVolumeClaim>[] {
  return sim.store.list<PersistentVolumeClaim>(PersistentVolumeClaims)
}

/** `replicas/ready/current/updated`, and the number of the generation when it is not the first. */
function counts(object: KubeObject): string {
  if (object.kind === 'ControllerRevision') return `= ${(object as ControllerRevision).revision}`
  const {
    replicas,
    readyReplicas = 0,
    currentReplicas = 0,
    updatedReplicas = 0,
  } = (object as StatefulSet).status ?? { replicas: 0 }
  return `${replicas}/${readyReplicas}/${currentReplicas}/${updatedReplicas}`
}

/** The story without the revisions' names, which are hashes. */
function told(sim: Sim, from = 0): string[] {
  return story(sim, from, counts).map(line => line.replace(/^revision \S+/, 'revision'))
}

void t.test('scaling up: one pod after the other, each with its claim before it', async t => {
  const sim = simulate()
  create(sim, statefulSet('db', 3, { volumeClaimTemplates: [CLAIM] }))
  sim.clock.advance(20_000)
  t.same(told(sim), [
    'set db +',
    'revision +',
    'claim data-db-0 +',
    'pod db-0 +',
    'set db 0/0/0/0',
    'set db 1/0/1/1',
    'pod db-0 ready',
    'claim data-db-1 +',
    'pod db-1 +',
    'set db 1/1/1/1',
    'set db 2/1/2/2',
    'pod db-1 ready',
    'claim data-db-2 +',
    'pod db-2 +',
    'set db 2/2/2/2',
    'set db 3/2/3/3',
    'pod db-2 ready',
    'set db 3/3/3/3',
  ])
  const [revision] = revisions(sim)
  t.same(status(sim), {
    observedGeneration: 1,
    replicas: 3,
    readyReplicas: 3,
    currentReplicas: 3,
    updatedReplicas: 3,
    availableReplicas: 3,
    currentRevision: revision?.metadata.name,
    updateRevision: revision?.metadata.name,
    collisionCount: 0,
  })
  const pod = sim.pod('db-1')
  t.same(pod.metadata.labels, {
    app: 'db',
    'apps.kubernetes.io/pod-index': '1',
    'controller-revision-hash': revision?.metadata.name,
    'statefulset.kubernetes.io/pod-name': 'db-1',
  })
  t.match(pod.metadata, {
    generateName: 'db-',
    ownerReferences: [{ kind: 'StatefulSet', name: 'db', uid: get(sim).metadata.uid, controller: true }],
  })
  t.match(pod.spec, {
    hostname: 'db-1',
    subdomain: 'db',
    restartPolicy: 'Always',
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-1' } }],
  })
  t.match(revision, {
    revision: 1,
    metadata: {
      name: /^db-[bcdf-hj-np-tv-xz2-9]{8,10}$/,
      labels: { app: 'db', 'controller.kubernetes.io/hash': revision!.metadata.name.slice('db-'.length) },
      ownerReferences: [{ kind: 'StatefulSet', name: 'db', controller: true, blockOwnerDeletion: true }],
    },
  })
  t.equal(
    JSON.stringify(revision?.data),
    '{"spec":{"template":{"$patch":"replace","metadata":{"creationTimestamp":null,"labels":{"app":"db"}},' +
      '"spec":{"containers":[{"image":"app:1","name":"main"}]}}}}',
    'as kubectl compares it',
  )
  for (const claim of claims(sim)) {
    t.match(claim, {
      metadata: { labels: { app: 'db' } },
      spec: { volumeName: `pvc-${claim.metadata.uid}` },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
    })
    t.notOk(claim.metadata.ownerReferences, 'kept whatever becomes of the set')
    t.match(sim.store.get<PersistentVolume>(PersistentVolumes, undefined, claim.spec!.volumeName!), {
      spec: { claimRef: { name: claim.metadata.name, uid: claim.metadata.uid }, capacity: { storage: '1Gi' } },
      status: { phase: 'Bound' },
    })
  }
  const said = sim.store.list<Event>(Events).filter(({ source }) => source?.component === 'statefulset-controller')
  t.same(
    said.slice(0, 2).map(({ reason, message }) => `${reason}: ${message}`),
    [
      'SuccessfulCreate: Create Claim data-db-0 Pod db-0 in StatefulSet db success',
      'SuccessfulCreate: Create Pod db-0 in StatefulSet db successful',
    ],
  )
})

void t.test('scaling down: from the last, each gone before the next goes', async t => {
  const sim = simulate()
  create(sim, statefulSet('db', 4, { volumeClaimTemplates: [CLAIM] }))
  sim.clock.advance(20_000)
  const from = sim.events.length
  scale(sim, 2)
  sim.clock.advance(20_000)
  t.same(told(sim, from), [
    'set db 4/4/4/4',
    'pod db-3 terminating',
    'set db 4/4/4/4',
    'set db 4/4/3/3',
    'set db 4/3/3/3',
    'pod db-3 -',
    'pod db-2 terminating',
    'set db 3/3/3/3',
    'set db 3/3/2/2',
    'set db 3/2/2/2',
    'pod db-2 -',
    'set db 2/2/2/2',
  ])
  t.equal(claims(sim).length, 4, 'claims outlive their pods')
  const uid = claims(sim).find(({ metadata }) => metadata.name === 'data-db-3')?.metadata.uid
  scale(sim, 4)
  sim.clock.advance(20_000)
  t.equal(claims(sim).find(({ metadata }) => metadata.name === 'data-db-3')?.metadata.uid, uid, 'and are found again')
})

void t.test('a rolling update goes from the last pod to the first', async t => {
  const sim = simulate()
  create(sim, statefulSet('db', 2))
  sim.clock.advance(20_000)
  const from = sim.events.length
  const before = sim.pods('db').map(({ metadata }) => metadata.uid)
  setImage(sim.store, StatefulSets, 'db', 'app:2')
  sim.clock.advance(20_000)
  t.same(told(sim, from), [
    'set db 2/2/2/2',
    'revision +',
    'pod db-1 terminating',
    'set db 2/2/1/0',
    'set db 2/1/1/0',
    'pod db-1 -',
    'pod db-1 +',
    'set db 1/1/1/0',
    'set db 2/1/1/1',
    'pod db-1 ready',
    'pod db-0 terminating',
    'set db 2/2/0/1',
    'set db 2/1/0/1',
    'pod db-0 -',
    'pod db-0 +',
    'set db 1/1/0/1',
    'set db 2/1/0/2',
    'pod db-0 ready',
    'set db 2/2/2/2',
  ])
  t.equal(status(sim).currentRevision, status(sim).updateRevision)
  t.same(images(sim), { 'db-0': 'app:2', 'db-1': 'app:2' })
  t.notOk(sim.pods('db').some(({ metadata }) => before.includes(metadata.uid)))
})

void t.test('a partition holds the pods below it at their revision, also when they are made anew', async t => {
  const sim = simulate()
  const roll = (partition: number): void => {
    change<StatefulSet>(sim.store, StatefulSets, 'db', spec => ({
      ...spec,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } },
    }))
  }
  create(sim, statefulSet('db', 3))
  sim.clock.advance(20_000)
  roll(2)
  setImage(sim.store, StatefulSets, 'db', 'app:2')
  sim.clock.advance(20_000)
  t.same(images(sim), { 'db-0': 'app:1', 'db-1': 'app:1', 'db-2': 'app:2' })
  t.match(status(sim), { replicas: 3, readyReplicas: 3, currentReplicas: 2, updatedReplicas: 1 })
  t.not(status(sim).currentRevision, status(sim).updateRevision)
  for (const name of ['db-0', 'db-2']) sim.store.delete(Pods, 'default', name)
  sim.clock.advance(20_000)
  t.same(images(sim), { 'db-0': 'app:1', 'db-1': 'app:1', 'db-2': 'app:2' })
  roll(0)
  sim.clock.advance(20_000)
  t.same(images(sim), { 'db-0': 'app:2', 'db-1': 'app:2', 'db-2': 'app:2' })
  t.equal(status(sim).currentRevision, status(sim).updateRevision)
})

void t.test('OnDelete leaves it to others to delete pods', async t => {
  const sim = simulate()
  create(sim, statefulSet('db', 2, { updateStrategy: { type: 'OnDelete' } }))
  sim.clock.advance(20_000)
  setImage(sim.store, StatefulSets, 'db', 'app:2')
  sim.clock.advance(20_000)
  t.same(images(sim), { 'db-0': 'app:1', 'db-1': 'app:1' })
  sim.store.delete(Pods, 'default', 'db-0')
  sim.clock.advance(20_000)
  t.same(images(sim), { 'db-0': 'app:2', 'db-1': 'app:1' })
  t.match(status(sim), { currentReplicas: 1, updatedReplicas: 1 })
})

void t.test('Parallel waits for nobody, up or down', async t => {
  const sim = simulate()
  create(sim, statefulSet('db', 30, { podManagementPolicy: 'Parallel' }))
  sim.clock.advance(150)
  t.equal(sim.pods('db').length, 30)
  sim.clock.advance(20_000)
  t.equal(status(sim).readyReplicas, 30)
  scale(sim, 1)
  sim.clock.advance(150)
  t.equal(sim.pods('db').filter(({ metadata }) => metadata.deletionTimestamp !== undefined).length, 29)
  sim.clock.advance(20_000)
  t.same(names(sim), ['db-0'])
})

void t.test('ordinals begin where the set says', async t => {
  const sim = simulate()
  create(sim, statefulSet('db', 2, { ordinals: { start: 5 } }))
  sim.clock.advance(20_000)
  t.same(names(sim), ['db-5', 'db-6'])
  change<StatefulSet>(sim.store, StatefulSets, 'db', spec => ({ ...spec, ordinals: { start: 6 } }))
  sim.clock.advance(20_000)
  t.same(names(sim), ['db-6', 'db-7'])
})

void t.test('a pod that failed, was evicted or was deleted comes back under its name', async t => {
  const sim = simulate()
  create(sim, statefulSet('db', 3))
  sim.clock.advance(20_000)
  const { uid } = sim.pod('db-1').metadata
  sim.store.modify<Pod>(Pods, 'default', 'db-1', pod => ({
    ...pod,
    status: { ...pod.status, phase: 'Failed', reason: 'Evicted' },
  }))
  sim.clock.advance(20_000)
  t.same(names(sim), ['db-0', 'db-1', 'db-2'])
  t.not(sim.pod('db-1').metadata.uid, uid)
  t.equal(status(sim).readyReplicas, 3)
  const reasons = sim.store
    .list<Event>(Events)
    .filter(({ involvedObject }) => involvedObject.kind === 'StatefulSet')
    .map(({ message }) => message)
  t.ok(reasons.includes('Delete Pod db-1 in StatefulSet db successful'))
})

void t.test('minReadySeconds: the next pod waits until this one is available', async t => {
  const sim = simulate()
  create(sim, statefulSet('db', 2, { minReadySeconds: 10 }))
  sim.clock.advance(60_000)
  const at = (name: string, happened: (pod: Pod) => boolean): number =>
    sim.events.find(({ event }) => event.object.metadata.name === name && happened(event.object as Pod))!.atMs
  const ready = at('db-0', isReady)
  const made = at('db-1', pod => pod.kind === 'Pod')
  t.equal(made - ready, 10_000)
  t.match(status(sim), { availableReplicas: 2, readyReplicas: 2 })
})

void t.test('maxUnavailable lets several go at once', async t => {
  t.equal(unavailableMax('30%', 10), 3)
  t.equal(unavailableMax('5%', 10), 1, 'never nothing')
  t.equal(unavailableMax(4, 10), 4)
  let worst = 0
  const sim = simulate({
    onEvent(event, { store }) {
      if (event.resource !== Pods) return
      worst = Math.max(worst, 6 - store.list<Pod>(Pods).filter(pod => isReady(pod) && !isDoomed(pod)).length)
    },
  })
  create(
    sim,
    statefulSet('db', 6, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%' } } }),
  )
  sim.clock.advance(30_000)
  worst = 0
  setImage(sim.store, StatefulSets, 'db', 'app:2')
  sim.clock.advance(60_000)
  t.equal(worst, 3)
  t.match(status(sim), { readyReplicas: 6, updatedReplicas: 6 })
})

void t.test('claims are kept or deleted as the retention policy says', async t => {
  const run = (whenScaled: string, whenDeleted: string): { scaled: number; deleted: number; owners: string[] } => {
    const sim = simulate()
    const persistentVolumeClaimRetentionPolicy = { whenScaled, whenDeleted }
    create(sim, statefulSet('db', 3, { volumeClaimTemplates: [CLAIM], persistentVolumeClaimRetentionPolicy }))
    sim.clock.advance(20_000)
    const owners = claims(sim).flatMap(({ metadata }) => (metadata.ownerReferences ?? []).map(({ kind }) => kind))
    scale(sim, 1)
    sim.clock.advance(20_000)
    const scaled = claims(sim).length
    t.equal(sim.store.count(PersistentVolumes), scaled, 'a volume goes with its claim')
    scale(sim, 3)
    sim.clock.advance(20_000)
    t.equal(status(sim).readyReplicas, 3, 'and comes back')
    t.equal(claims(sim).length, 3)
    sim.store.delete(StatefulSets, 'default', 'db')
    sim.clock.advance(20_000)
    t.equal(sim.pods('db').length, 0)
    return { scaled, deleted: claims(sim).length, owners: [...new Set(owners)] }
  }
  t.same(run('Retain', 'Retain'), { scaled: 3, deleted: 3, owners: [] })
  t.same(run('Retain', 'Delete'), { scaled: 3, deleted: 0, owners: ['StatefulSet'] })
  t.same(run('Delete', 'Retain'), { scaled: 1, deleted: 3, owners: [] })
  t.same(run('Delete', 'Delete'), { scaled: 1, deleted: 0, owners: ['StatefulSet'] })
})

void t.test('history: an old template gets a new number, and the limit is kept', async t => {
  const sim = simulate()
  create(sim, statefulSet('db', 1, { revisionHistoryLimit: 2 }))
  sim.clock.advance(10_000)
  for (const image of ['app:2', 'app:3']) {
    setImage(sim.store, StatefulSets, 'db', image)
    sim.clock.advance(10_000)
  }
  const [first, second, third] = revisions(sim).map(({ metadata }) => metadata.name)
  setImage(sim.store, StatefulSets, 'db', 'app:1')
  sim.clock.advance(10_000)
  t.same(
    revisions(sim).map(({ metadata, revision }) => [metadata.name, revision]),
    [
      [second, 2],
      [third, 3],
      [first, 4],
    ],
  )
  t.equal(status(sim).currentRevision, first)
  for (const image of ['app:4', 'app:5']) {
    setImage(sim.store, StatefulSets, 'db', image)
    sim.clock.advance(10_000)
  }
  t.same(
    revisions(sim).map(({ revision }) => revision),
    [4, 5, 6],
  )
})

void t.test('a revision whose name is taken is named anew', async t => {
  const sim = simulate()
  const other = simulate()
  create(other, statefulSet('db', 1))
  other.clock.advance(100)
  const { name } = revisions(other)[0]!.metadata
  sim.store.create<ControllerRevision>(ControllerRevisions, {
    metadata: { namespace: 'default', name },
    data: { spec: { template: template('other') } },
    revision: 7,
  })
  create(sim, statefulSet('db', 1))
  sim.clock.advance(10_000)
  t.match(status(sim), { collisionCount: 1, readyReplicas: 1, updatedReplicas: 1 })
  t.not(status(sim).updateRevision, name)
})

void t.test('orphans are adopted by name and selector, and let go when the labels no longer match', async t => {
  const sim = simulate()
  create(sim, statefulSet('db', 2))
  sim.clock.advance(20_000)
  const uids = sim.pods('db').map(({ metadata }) => metadata.uid)
  for (const type of [Pods, ControllerRevisions]) {
    for (const { metadata } of sim.store.list(type, 'default')) {
      sim.store.modify(StatefulSets, 'default', 'db', set => ({
        ...set,
        metadata: { ...set.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['orphan'] },
      }))
      sim.store.modify(type, 'default', metadata.name, object => {
        const { ownerReferences: _, ...rest } = object.metadata
        return { ...object, metadata: rest }
      })
    }
  }
  sim.clock.advance(1000)
  t.notOk(sim.store.get(StatefulSets, 'default', 'db'))
  sim.store.create<Pod>(Pods, { metadata: { namespace: 'default', name: 'loner', labels: { app: 'db' } } })
  create(sim, statefulSet('db', 2))
  sim.clock.advance(1000)
  t.same(
    sim
      .pods('db')
      .filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === get(sim).metadata.uid)
      .map(({ metadata }) => metadata.uid),
    uids,
    'the same pods, but for the one that is not called after the set',
  )
  t.equal(revisions(sim).length, 1)
  sim.store.modify<Pod>(Pods, 'default', 'db-1', pod => ({
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, app: 'else' } },
  }))
  sim.clock.advance(1000)
  t.notOk(sim.pod('db-1').metadata.ownerReferences)
  t.equal(status(sim).replicas, 1, 'its name is taken: there cannot be another')
  sim.store.delete(Pods, 'default', 'db-1')
  sim.clock.advance(20_000)
  t.equal(status(sim).readyReplicas, 2)
})

void t.test(
  'OrderedReady makes no pod before those before it are ready, and all are there in the end, over seeds and changes',
  async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('scale' as const), to: fc.integer({ min: 0, max: 6 }) }),
      fc.record({ do: fc.constant('image' as const), to: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ do: fc.constant('partition' as const), to: fc.integer({ min: 0, max: 6 }) }),
      fc.record({ do: fc.constant('delete' as const), to: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ do: fc.constant('fail' as const), to: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ do: fc.constant('node' as const), to: fc.integer({ min: 0, max: 2 }) }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 3 }),
        fc.constantFrom('OrderedReady', 'Parallel'),
        fc.array(fc.tuple(step, fc.integer({ min: 0, max: 5000 })), { maxLength: 10 }),
        async (seed, minReadySeconds, podManagementPolicy, steps) => {
          const sim = simulate({
            seed,
            keep: false,
            nodes: 3,
            onEvent(event, { store, clock }) {
              if (event.resource !== Pods || event.type !== 'ADDED' || podManagementPolicy !== 'OrderedReady') return
              const ordinal = partsOf(event.object.metadata.name)!.ordinal
              for (let before = 0; before < ordinal; before++) {
                const pod = store.get<Pod>(Pods, 'default', `db-${before}`)
                if (pod === undefined || !isReady(pod)) {
                  throw new Error(`db-${ordinal} at ${clock.elapsedMs} although db-${before} is not ready`)
                }
              }
            },
          })
          create(sim, statefulSet('db', 3, { minReadySeconds, podManagementPolicy, volumeClaimTemplates: [CLAIM] }))
          for (const [action, gapMs] of steps) {
            const { to } = action
            const pod = sim.store.get<Pod>(Pods, 'default', `db-${to}`)
            if (action.do === 'scale') scale(sim, to)
            else if (action.do === 'image') setImage(sim.store, StatefulSets, 'db', `app:${to}`)
            else if (action.do === 'node') {
              if (!sim.cluster.failNode(`node-${to}`)) sim.cluster.recoverNode(`node-${to}`)
            } else if (action.do === 'partition') {
              change<StatefulSet>(sim.store, StatefulSets, 'db', spec => ({
                ...spec,
                updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: to } },
              }))
            } else if (pod !== undefined && action.do === 'delete') sim.store.delete(Pods, 'default', `db-${to}`)
            else if (pod !== undefined) {
              sim.store.update<Pod>(Pods, { ...pod, status: { ...pod.status, phase: 'Failed' } })
            }
            sim.clock.advance(gapMs)
          }
          for (const node of sim.cluster.nodeNames()) sim.cluster.recoverNode(node)
          sim.clock.advance(120_000)
          const { spec, status: end } = get(sim)
          const replicas = spec!.replicas!
          const wanted = Array.from({ length: replicas }, (_, i) => `db-${i}`)
          if (names(sim).join() !== wanted.join()) throw new Error(`${names(sim).join()} of ${replicas}`)
          if ((end?.availableReplicas ?? 0) !== replicas || end?.replicas !== replicas) {
            throw new Error(JSON.stringify(end))
          }
          const lowest = spec?.updateStrategy?.rollingUpdate?.partition ?? 0
          for (const pod of sim.pods('db')) {
            const isUpdated = pod.metadata.labels?.['controller-revision-hash'] === end.updateRevision
            if (!isUpdated && partsOf(pod.metadata.name)!.ordinal >= lowest) throw new Error('not of the new revision')
          }
        },
      ),
      { numRuns: 60 },
    )
  },
)

void t.test('an ordered rolling update never has more than one pod unavailable, over seeds', async () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 0, max: 2 }),
      fc.array(fc.integer({ min: 50, max: 4000 }), { minLength: 1, maxLength: 3 }),
      (seed, replicas, minReadySeconds, gapsMs) => {
        let isWatched = false
        const sim = simulate({
          seed,
          keep: false,
          onEvent(event, { store, clock }) {
            if (!isWatched || event.resource !== Pods) return
            const up = store.list<Pod>(Pods).filter(pod => isReady(pod) && !isDoomed(pod)).length
            if (up < replicas - 1) throw new Error(`${up} of ${replicas} at ${clock.elapsedMs}`)
          },
        })
        create(sim, statefulSet('db', replicas, { minReadySeconds }))
        sim.clock.advance(60_000)
        isWatched = true
        for (const [i, gapMs] of gapsMs.entries()) {
          setImage(sim.store, StatefulSets, 'db', `app:${i + 2}`)
          sim.clock.advance(gapMs)
        }
        sim.clock.advance(120_000)
        if ((status(sim).updatedReplicas ?? 0) !== replicas) throw new Error(JSON.stringify(status(sim)))
      },
    ),
    { numRuns: 40 },
  )
})

void t.test('the same seed makes the same commits', async t => {
  const run = (seed: string): string[] => {
    const sim = simulate({ seed })
    create(sim, statefulSet('db', 5, { podManagementPolicy: 'Parallel', volumeClaimTemplates: [CLAIM] }))
    sim.clock.advance(10_000)
    setImage(sim.store, StatefulSets, 'db', 'app:2')
    sim.clock.advance(30_000)
    return sim.events.map(({ atMs, event }) => `${atMs} ${event.type} ${JSON.stringify(event.object)}`)
  }
  t.same(run('a'), run('a'))
  t.not(run('a').join(), run('b').join())
})

function isDoomed(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined
}
