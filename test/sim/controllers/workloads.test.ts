import fc from 'fast-check'
import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Event, Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Deployments, Events, Pods, ReplicaSets, type Stored } from '../../../sim/cluster/index.ts'
import { firstToDelete } from '../../../sim/controllers/deletion-order.ts'
import {
  newSetReplicas,
  oldSetReplicas,
  proportionalReplicas,
  rollBounds,
} from '../../../sim/controllers/rolling-update.ts'
import { templateHash } from '../../../sim/controllers/template-hash.ts'
import type { PodEntry } from '../../../sim/informers/index.ts'
import { isActive, isReady, type Sim, simulate, workload } from './harness.ts'

function deployment(sim: Sim, name = 'web'): Stored<Deployment> {
  return sim.store.get<Deployment>(Deployments, 'shop', name)!
}

function sets(sim: Sim): Stored<ReplicaSet>[] {
  return sim.store.list<ReplicaSet>(ReplicaSets, 'shop')
}

function change(sim: Sim, next: (spec: NonNullable<Deployment['spec']>) => NonNullable<Deployment['spec']>): void {
  sim.store.modify<Deployment>(Deployments, 'shop', 'web', current => ({ ...current, spec: next(current.spec!) }))
}

function setImage(sim: Sim, image: string): void {
  change(sim, spec => {
    const template = structuredClone(spec.template)
    template.spec!.containers[0]!.image = image
    return { ...spec, template }
  })
}

function progressing(sim: Sim): string | undefined {
  return deployment(sim).status?.conditions?.find(({ type }) => type === 'Progressing')?.reason
}

/** What `kubectl rollout status` waits for. */
function isRolledOut(sim: Sim): boolean {
  const { metadata, spec, status = {} } = deployment(sim)
  return (
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 1) &&
    (status.updatedReplicas ?? 0) === spec?.replicas &&
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) &&
    (status.availableReplicas ?? 0) === (status.updatedReplicas ?? 0)
  )
}

t.test('a workload comes up with the objects and fields that kubectl reads', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 7))
  sim.clock.advance(5000)
  t.equal(sim.pods().filter(isReady).length, 7)
  t.ok(isRolledOut(sim))
  t.equal(progressing(sim), 'NewReplicaSetAvailable')
  const [set] = sets(sim)
  t.same(set?.status, {
    replicas: 7,
    fullyLabeledReplicas: 7,
    readyReplicas: 7,
    availableReplicas: 7,
    observedGeneration: 1,
  })
  t.equal(deployment(sim).metadata.annotations?.['deployment.kubernetes.io/revision'], '1')
  t.match(set?.metadata.name, /^web-[bcdf-hj-np-tv-xz2-9]{8,10}$/)
  const pod = sim.pods()[0]!
  t.match(pod.metadata.name, new RegExp(`^${set!.metadata.name}-[bcdf-hj-np-tv-xz2-9]{5}$`))
  t.equal(pod.metadata.labels?.['pod-template-hash'], set?.metadata.labels?.['pod-template-hash'])
  t.match(pod.metadata.annotations, { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080' })
  const reasons = new Set(sim.store.list<Event>(Events).map(event => event.reason))
  for (const reason of ['ScalingReplicaSet', 'SuccessfulCreate', 'Scheduled', 'Pulled', 'Created', 'Started']) {
    t.ok(reasons.has(reason), reason)
  }
})

t.test('scaling up and down ends at the wanted number', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 3))
  for (const replicas of [40, 0, 12, 1]) {
    sim.clock.advance(4000)
    sim.cluster.scale('shop', 'web', replicas)
    sim.clock.advance(4000)
    t.equal(sim.pods().length, replicas)
    t.ok(sim.pods().every(isReady))
    t.ok(isRolledOut(sim))
    t.equal(sets(sim).length, 1, 'a new size is not a new revision')
  }
  t.throws(() => sim.cluster.scale('shop', 'nobody', 1), /not found/)
})

t.test('a rolling update never leaves its bounds, at any commit, over seeds and sizes', async () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 24 }),
      fc.oneof(fc.integer({ min: 0, max: 8 }), fc.constantFrom('0%', '10%', '25%', '100%')),
      fc.oneof(fc.integer({ min: 0, max: 8 }), fc.constantFrom('0%', '10%', '25%', '100%')),
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.integer({ min: 50, max: 3000 }), { minLength: 1, maxLength: 3 }),
      (seed, replicas, maxSurge, maxUnavailable, minReadySeconds, gapsMs) => {
        let bounds: ReturnType<typeof rollBounds> | undefined
        const sim = simulate({
          seed,
          keep: false,
          onEvent(event, { store, clock }) {
            if (bounds === undefined || event.resource !== Pods) return
            const active = store.list<Pod>(Pods).filter(isActive)
            if (active.length > replicas + bounds.maxSurge) {
              throw new Error(`${active.length} pods at ${clock.elapsedMs}`)
            }
            const available = active.filter(isReady).length
            if (available < replicas - bounds.maxUnavailable) {
              throw new Error(`${available} available at ${clock.elapsedMs}`)
            }
          },
        })
        sim.cluster.applyWorkload(workload('web', replicas, { maxSurge, maxUnavailable }))
        change(sim, spec => ({ ...spec, minReadySeconds }))
        sim.clock.advance(10_000)
        bounds = rollBounds(deployment(sim))
        // Each rollout starts while the one before may still be going on.
        for (const gapMs of gapsMs) {
          sim.cluster.restart('shop', 'web')
          sim.clock.advance(gapMs)
        }
        sim.clock.advance(400_000)
        if (!isRolledOut(sim)) throw new Error(`stuck: ${JSON.stringify(deployment(sim).status)}`)
        const hashes = new Set(sim.pods().map(pod => pod.metadata.labels?.['pod-template-hash']))
        if (hashes.size !== 1 || sim.pods().length !== replicas) throw new Error('not of one revision')
      },
    ),
    { numRuns: 40 },
  )
})

t.test('the arithmetic of a rollout keeps its bounds for any sizes', async t => {
  const size = fc
    .tuple(fc.nat(30), fc.nat(30))
    .map(([wanted, available]) => ({ wanted, actual: wanted, available: Math.min(wanted, available) }))
  fc.assert(
    fc.property(
      fc.nat(30),
      fc.nat(10),
      fc.nat(10),
      size,
      fc.array(size, { maxLength: 4 }),
      (n, surge, missing, fresh, old) => {
        const bounds = { maxSurge: surge, maxUnavailable: Math.min(missing, n) }
        const up = newSetReplicas(n, bounds, fresh, old)
        const total = up + old.reduce((sum, set) => sum + set.wanted, 0)
        if (up > fresh.wanted && total > n + surge) throw new Error(`surge ${total}`)
        const down = oldSetReplicas(n, bounds, fresh, old)
        const lost = old.reduce((sum, set, i) => sum + Math.max(0, set.available - down[i]!), 0)
        const available = fresh.available + old.reduce((sum, set) => sum + set.available, 0)
        if (lost > 0 && available - lost < n - bounds.maxUnavailable) throw new Error(`unavailable ${available - lost}`)
        if (down.some((count, i) => count < 0 || count > old[i]!.wanted)) throw new Error('old sets only shrink')
      },
    ),
  )
  t.same(rollBounds({ spec: { replicas: 10, strategy: {} } as Deployment['spec'] & object }), {
    maxSurge: 3,
    maxUnavailable: 2,
  })
  t.same(
    rollBounds({
      spec: {
        replicas: 4,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '10%' } },
      } as Deployment['spec'] & object,
    }),
    { maxSurge: 0, maxUnavailable: 1 },
    'bounds that would let nothing move let one pod be missing',
  )
  t.same(
    proportionalReplicas(20, { maxSurge: 5, maxUnavailable: 5 }, [
      { wanted: 8, maxBefore: 13 },
      { wanted: 5, maxBefore: 13 },
    ]),
    [15, 10],
  )
})

t.test('scaling in the middle of a rollout goes to all sets in proportion', async t => {
  const sim = simulate({ timings: { readyMs: { base: 5000, jitter: 0 } } })
  sim.cluster.applyWorkload(workload('web', 12))
  sim.clock.advance(10_000)
  sim.cluster.restart('shop', 'web')
  sim.clock.advance(1000)
  t.same(
    sets(sim).map(({ spec }) => spec?.replicas),
    [9, 6],
  )
  sim.cluster.scale('shop', 'web', 24)
  sim.clock.advance(100)
  t.same(
    sets(sim).map(({ spec }) => spec?.replicas),
    [18, 12],
    '30 = 24 and a surge of 6, spread as 9 to 6',
  )
  sim.clock.advance(60_000)
  t.ok(isRolledOut(sim))
  t.equal(sim.pods().length, 24)
})

t.test('Recreate has no pod of the new revision before the last of the old is gone', async t => {
  let overlap = false
  const sim = simulate({
    onEvent(event, { store }) {
      if (event.resource !== Pods) return
      overlap ||= new Set(store.list<Pod>(Pods).map(pod => pod.metadata.labels?.['pod-template-hash'])).size > 1
    },
  })
  sim.cluster.applyWorkload(workload('web', 6))
  change(sim, ({ strategy: _, ...spec }) => ({ ...spec, strategy: { type: 'Recreate' } }))
  sim.clock.advance(5000)
  sim.cluster.restart('shop', 'web')
  sim.clock.advance(10_000)
  t.notOk(overlap)
  t.ok(isRolledOut(sim))
  t.equal(sets(sim).length, 2)
})

t.test('revisions: history, rollback and the limit of old sets', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 2))
  change(sim, spec => ({ ...spec, revisionHistoryLimit: 2 }))
  sim.clock.advance(5000)
  const first = sets(sim)[0]!.metadata.name
  setImage(sim, 'web:2')
  sim.clock.advance(10_000)
  t.equal(deployment(sim).metadata.annotations?.['deployment.kubernetes.io/revision'], '2')
  // kubectl rollout undo writes the old template back.
  setImage(sim, 'registry.churnbench.io/web-service:1.0')
  sim.clock.advance(10_000)
  const again = sim.store.get<ReplicaSet>(ReplicaSets, 'shop', first)!
  t.equal(again.spec?.replicas, 2, 'the old set serves again')
  t.match(again.metadata.annotations, {
    'deployment.kubernetes.io/revision': '3',
    'deployment.kubernetes.io/revision-history': '1',
  })
  for (let i = 3; i < 8; i++) {
    setImage(sim, `web:${i}`)
    sim.clock.advance(10_000)
  }
  t.equal(sets(sim).length, 3, 'the current set and two old ones')
  t.ok(isRolledOut(sim))
})

t.test('a rollout that does not get further is reported after its deadline', async t => {
  const sim = simulate({ nodes: 1, podsPerNodeMax: 3 })
  sim.cluster.applyWorkload(workload('web', 3, { maxSurge: 1, maxUnavailable: 0 }))
  change(sim, spec => ({ ...spec, progressDeadlineSeconds: 60 }))
  sim.clock.advance(5000)
  sim.cluster.restart('shop', 'web')
  sim.clock.advance(59_000)
  t.equal(progressing(sim), 'ReplicaSetUpdated')
  sim.clock.advance(2000)
  t.equal(progressing(sim), 'ProgressDeadlineExceeded')
  t.equal(deployment(sim).status?.conditions?.find(({ type }) => type === 'Progressing')?.status, 'False')
  t.equal(sim.pods().filter(isReady).length, 3, 'those that serve go on serving')
})

t.test('a paused Deployment is resized but not rolled', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 2))
  sim.clock.advance(5000)
  change(sim, spec => ({ ...spec, paused: true }))
  sim.clock.advance(1000)
  t.equal(progressing(sim), 'DeploymentPaused')
  setImage(sim, 'web:2')
  sim.cluster.scale('shop', 'web', 4)
  sim.clock.advance(5000)
  t.equal(sets(sim).length, 1)
  t.equal(sim.pods().length, 4)
  change(sim, ({ paused: _, ...spec }) => spec)
  sim.clock.advance(10_000)
  t.equal(sets(sim).length, 2)
  t.ok(isRolledOut(sim))
})

t.test('a pod that is deleted by hand is replaced at once', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 5))
  sim.clock.advance(5000)
  const { name } = sim.pods()[2]!.metadata
  sim.store.delete(Pods, 'shop', name)
  sim.clock.advance(10)
  t.equal(sim.pods().length, 6, 'the new one is there beside the one that ends')
  sim.clock.advance(5000)
  t.equal(sim.pods().filter(isReady).length, 5)
  t.notOk(sim.pods().some(pod => pod.metadata.name === name))
})

t.test('minReadySeconds delays availability', async t => {
  const sim = simulate({ timings: { startMs: { base: 100, jitter: 0 }, readyMs: { base: 100, jitter: 0 } } })
  sim.cluster.applyWorkload(workload('web', 2))
  change(sim, spec => ({ ...spec, minReadySeconds: 10 }))
  sim.clock.advance(5000)
  t.match(deployment(sim).status, { readyReplicas: 2, unavailableReplicas: 2 })
  sim.clock.advance(6000)
  t.match(deployment(sim).status, { readyReplicas: 2, availableReplicas: 2 })
})

t.test('a pod whose labels no longer match is let go; one that matches is taken', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 3))
  sim.clock.advance(5000)
  const { name } = sim.pods()[0]!.metadata
  sim.store.modify<Pod>(Pods, 'shop', name, pod => ({
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, app: 'debug' } },
  }))
  sim.clock.advance(5000)
  t.equal(sim.pods().length, 4, 'it has been replaced and goes on')
  t.equal(sim.pod(name).metadata.ownerReferences, undefined)
  sim.store.modify<Pod>(Pods, 'shop', name, pod => ({
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, app: 'web' } },
  }))
  sim.clock.advance(5000)
  t.equal(sim.pods().length, 3, 'taken back, and one is too many')
  t.ok(sim.pods().every(pod => pod.metadata.ownerReferences?.length === 1))
})

t.test('a Deployment takes over the sets that an orphaning deletion left behind', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 3))
  sim.clock.advance(5000)
  const uids = sim.pods().map(pod => pod.metadata.uid)
  sim.store.modify<Deployment>(Deployments, 'shop', 'web', current => ({
    ...current,
    metadata: { ...current.metadata, finalizers: ['orphan'] },
  }))
  sim.store.delete(Deployments, 'shop', 'web')
  sim.clock.advance(1000)
  t.equal(deployment(sim), undefined)
  t.equal(sets(sim)[0]?.metadata.ownerReferences, undefined)
  sim.cluster.applyWorkload(workload('web', 3))
  sim.clock.advance(5000)
  t.same(
    sim.pods().map(pod => pod.metadata.uid),
    uids,
    'the same pods',
  )
  t.equal(sets(sim)[0]?.metadata.ownerReferences?.[0]?.uid, deployment(sim).metadata.uid)
})

interface EntryFacts {
  readonly phase?: string
  readonly node?: string
  readonly cost?: number
  readonly restarts?: number
  readonly readyMs?: number
  readonly createdMs?: number
}

t.test('pods are deleted in the order that Kubernetes documents', async () => {
  const HOUR = 3_600_000
  const entry = (name: string, more: EntryFacts): PodEntry => {
    const isReady = more.readyMs !== undefined
    return {
      createdMs: more.createdMs ?? 0,
      readySinceMs: more.readyMs,
      pod: {
        metadata: {
          name,
          uid: name,
          resourceVersion: '1',
          creationTimestamp: '',
          ...(more.cost === undefined
            ? {}
            : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': `${more.cost}` } }),
        },
        spec: { containers: [], ...(more.node === undefined ? {} : { nodeName: more.node }) },
        status: {
          phase: more.phase ?? 'Running',
          conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
          containerStatuses: [{ name: 'c', image: '', imageID: '', ready: isReady, restartCount: more.restarts ?? 0 }],
        },
      },
    }
  }
  const nowMs = 10 * HOUR
  const ordered = [
    entry('unassigned', { phase: 'Pending' }),
    entry('pending', { phase: 'Pending', node: 'a' }),
    entry('not-ready', { node: 'a' }),
    entry('cheap', { node: 'a', readyMs: 0, cost: -5 }),
    entry('doubled-up', { node: 'crowded', readyMs: 0 }),
    entry('lately-ready', { node: 'a', readyMs: nowMs - 1000 }),
    entry('restarted', { node: 'a', readyMs: 0, restarts: 3 }),
    entry('young', { node: 'a', readyMs: 0, createdMs: nowMs - 1000 }),
    entry('old-a', { node: 'a', readyMs: 0 }),
    entry('old-b', { node: 'a', readyMs: 60_000 }),
    entry('precious', { node: 'a', readyMs: 0, cost: 100 }),
  ]
  const onNode = (node: string): number => (node === 'crowded' ? 2 : 1)
  fc.assert(
    fc.property(
      fc.shuffledSubarray(ordered, { minLength: ordered.length }),
      fc.integer({ min: 1, max: ordered.length }),
      (pods, count) => {
        const names = firstToDelete(pods, count, onNode, nowMs).map(({ pod }) => pod.metadata.name)
        const wanted = ordered.slice(0, count).map(({ pod }) => pod.metadata.name)
        if (names.join() !== wanted.join()) throw new Error(`${names.join()} instead of ${wanted.join()}`)
      },
    ),
  )
})

t.test('a template hash follows the content, not the order of keys', async t => {
  const template = { metadata: { labels: { a: '1', b: '2' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const reordered = { spec: { containers: [{ image: 'i', name: 'c' }] }, metadata: { labels: { b: '2', a: '1' } } }
  t.equal(templateHash(template, undefined), templateHash(reordered, 0))
  t.not(templateHash(template, 1), templateHash(template, undefined))
  t.not(templateHash({ ...template, spec: { containers: [] } }, 0), templateHash(template, 0))
})

t.test('a name that is taken leads to another hash', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 1))
  const { template } = deployment(sim).spec!
  sim.store.create<ReplicaSet>(ReplicaSets, {
    metadata: { namespace: 'shop', name: `web-${templateHash(template, undefined)}`, labels: { app: 'other' } },
    spec: { replicas: 0, selector: { matchLabels: { app: 'other' } }, template },
  })
  sim.clock.advance(5000)
  t.equal(deployment(sim).status?.collisionCount, 1)
  t.ok(isRolledOut(sim))
})
