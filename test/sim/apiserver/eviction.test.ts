import fc from 'fast-check'
import type { Event, Pod } from 'kubernetes-types/core/v1.js'
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from 'kubernetes-types/policy/v1.js'
import t from 'tap'
import { Prng } from '../../../base/index.ts'
import { evictPod } from '../../../sim/apiserver/eviction.ts'
import { ApiError, Events, PodDisruptionBudgets, Pods, type Stored } from '../../../sim/cluster/index.ts'
import { isReady, type Sim, simulate, workload } from '../controllers/harness.ts'
import { createJob } from '../controllers/job-support.ts'

function createBudget(sim: Sim, name: string, spec: PodDisruptionBudgetSpec): void {
  const selector = { matchLabels: { app: 'web' } }
  sim.store.create<PodDisruptionBudget>(PodDisruptionBudgets, {
    metadata: { namespace: 'shop', name },
    spec: { selector, ...spec },
  })
  sim.clock.advance(100)
}

function statusOf(sim: Sim, name: string): NonNullable<PodDisruptionBudget['status']> {
  return sim.store.get<PodDisruptionBudget>(PodDisruptionBudgets, 'shop', name)!.status!
}

interface Evicted {
  readonly code: number
  readonly cause?: string | undefined
}

function evict(
  sim: Sim,
  { metadata }: Stored<Pod>,
  deleteOptions?: object,
  query = '',
): Evicted & { readonly message: string } {
  const { namespace, name } = metadata
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name }, deleteOptions }
  try {
    const status = evictPod(sim.store, { type: Pods, namespace, name }, body, new URLSearchParams(query))
    return { code: status.code!, message: status.message ?? '' }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { code: error.code, message: error.message, cause: error.details?.causes?.[0]?.message }
  }
}

/** A deployment with all its pods ready. */
function running(replicas: number, options: Parameters<typeof simulate>[0] = {}): Sim {
  const sim = simulate(options)
  sim.cluster.applyWorkload(workload('web', replicas))
  sim.clock.advance(5000)
  return sim
}

t.test('the status says what may go, for numbers and for shares of the scale', async t => {
  const sim = running(7)
  const budgets: [string, PodDisruptionBudgetSpec, [expected: number, desired: number, allowed: number]][] = [
    ['min', { minAvailable: 5 }, [7, 5, 2]],
    ['min-share', { minAvailable: '50%' }, [7, 4, 3]],
    ['max', { maxUnavailable: 2 }, [7, 5, 2]],
    ['max-share', { maxUnavailable: '30%' }, [7, 4, 3]],
    ['all', { maxUnavailable: 0 }, [7, 7, 0]],
    ['too-many', { minAvailable: 9 }, [7, 9, 0]],
  ]
  for (const [name, spec] of budgets) createBudget(sim, name, spec)
  for (const [name, , wanted] of budgets) {
    const { expectedPods, desiredHealthy, disruptionsAllowed, currentHealthy } = statusOf(sim, name)
    t.same([expectedPods, desiredHealthy, disruptionsAllowed], wanted, name)
    t.equal(currentHealthy, 7)
  }
  t.match(statusOf(sim, 'max').conditions, [
    { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '', observedGeneration: 1 },
  ])
  t.match(statusOf(sim, 'all').conditions, [{ status: 'False', reason: 'InsufficientPods' }])
  sim.cluster.scale('shop', 'web', 10)
  sim.clock.advance(5000)
  t.same([statusOf(sim, 'min').disruptionsAllowed, statusOf(sim, 'max-share').disruptionsAllowed], [5, 3])
  createBudget(sim, 'empty', { minAvailable: 1, selector: { matchLabels: { app: 'nobody' } } })
  t.match(statusOf(sim, 'empty'), { expectedPods: 0, disruptionsAllowed: 0 })
  t.ok(
    sim.store
      .list<Event>(Events)
      .some(({ reason, message }) => reason === 'NoPods' && message === 'No matching pods found'),
  )
})

t.test('a budget follows its selector and the labels of pods', async t => {
  const sim = running(3)
  createBudget(sim, 'web', { minAvailable: 1 })
  const [first] = sim.pods('web')
  sim.store.modify<Pod>(Pods, 'shop', first!.metadata.name, pod => ({
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, track: 'canary' } },
  }))
  createBudget(sim, 'canary', { minAvailable: 0, selector: { matchLabels: { track: 'canary' } } })
  createBudget(sim, 'any', { minAvailable: 1, selector: {} })
  t.equal(statusOf(sim, 'canary').expectedPods, 1)
  t.equal(statusOf(sim, 'any').expectedPods, 3)
  sim.store.modify<PodDisruptionBudget>(PodDisruptionBudgets, 'shop', 'web', budget => ({
    ...budget,
    spec: { minAvailable: 1, selector: { matchExpressions: [{ key: 'track', operator: 'DoesNotExist' }] } },
  }))
  sim.clock.advance(100)
  t.equal(statusOf(sim, 'web').expectedPods, 2)
  t.equal(statusOf(sim, 'web').observedGeneration, 2)
  sim.store.modify<Pod>(Pods, 'shop', first!.metadata.name, pod => {
    const { track: _, ...labels } = pod.metadata.labels!
    return { ...pod, metadata: { ...pod.metadata, labels } }
  })
  sim.clock.advance(100)
  t.same([statusOf(sim, 'web').expectedPods, statusOf(sim, 'canary').expectedPods], [3, 0])
})

t.test('shares of what has no scale cannot be told, and nothing is allowed then', async t => {
  const sim = simulate()
  createJob(sim, 'work', { completions: 2, parallelism: 2 })
  sim.clock.advance(3000)
  const selector = { matchLabels: { 'job-name': 'work' } }
  for (const [name, spec] of [
    ['share', { maxUnavailable: 1 }],
    ['number', { minAvailable: 1 }],
  ] as const) {
    sim.store.create<PodDisruptionBudget>(PodDisruptionBudgets, {
      metadata: { namespace: 'default', name },
      spec: { selector, ...spec },
    })
  }
  sim.clock.advance(100)
  const status = (name: string): PodDisruptionBudget['status'] =>
    sim.store.get<PodDisruptionBudget>(PodDisruptionBudgets, 'default', name)?.status
  const failed = 'jobs.batch does not implement the scale subresource'
  t.match(status('share')?.conditions, [{ status: 'False', reason: 'SyncFailed', message: failed }])
  t.equal(status('number')?.disruptionsAllowed, 1)
  sim.store.delete(PodDisruptionBudgets, 'default', 'number')
  const [pod] = sim.store.list<Pod>(Pods, 'default')
  t.equal(evict(sim, pod!).cause, 'The disruption budget share is still being processed by the server.')
  sim.store.modify<PodDisruptionBudget>(PodDisruptionBudgets, 'default', 'share', budget => ({
    ...budget,
    status: { ...budget.status!, observedGeneration: 1 },
  }))
  t.match(evict(sim, pod!).cause, `does not allow evicting pods currently because it failed sync: ${failed}`)
})

t.test('an eviction takes a disruption, marks the pod and deletes it; without one left it is refused', async t => {
  const sim = running(3)
  createBudget(sim, 'web', { maxUnavailable: 1 })
  const [first, second] = sim.pods('web')
  const writes: string[] = []
  sim.store.subscribe(({ type, resource, object }) => {
    if (resource === Pods && object.metadata.name === first!.metadata.name && writes.length < 3) {
      const { status } = object as Pod
      const target = status?.conditions?.find(condition => condition.type === 'DisruptionTarget')
      writes.push(`${type} ${target?.reason} ${object.metadata.deletionTimestamp === undefined ? 'stays' : 'goes'}`)
    } else if (resource === PodDisruptionBudgets && writes.length < 3) {
      const { status } = object as PodDisruptionBudget
      writes.push(`budget ${status?.disruptionsAllowed} ${Object.keys(status?.disruptedPods ?? {}).length}`)
    }
  })
  t.match(evict(sim, first!), { code: 201 })
  t.same(writes, ['budget 0 1', 'MODIFIED EvictionByEvictionAPI stays', 'MODIFIED EvictionByEvictionAPI goes'])
  t.match(statusOf(sim, 'web').conditions, [{ status: 'False', reason: 'InsufficientPods' }])
  t.same(evict(sim, second!), {
    code: 429,
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    cause: 'The disruption budget web does not allow evicting pods currently',
  })
  sim.clock.advance(50)
  t.equal(statusOf(sim, 'web').disruptedPods, undefined)
  t.equal(evict(sim, second!).cause, 'The disruption budget web needs 2 healthy pods and has 2 currently')
  t.equal(sim.pod(second!.metadata.name).metadata.deletionTimestamp, undefined)
  sim.clock.advance(5000)
  t.equal(evict(sim, second!).code, 201, 'another pod has come in its place')
})

t.test('what asks for nothing, or asks wrongly, changes nothing', async t => {
  const sim = running(2)
  const [first, second] = sim.pods('web')
  sim.store.create<PodDisruptionBudget>(PodDisruptionBudgets, {
    metadata: { namespace: 'shop', name: 'web' },
    spec: { minAvailable: 0, selector: { matchLabels: { app: 'web' } } },
  })
  const fresh = evict(sim, first!)
  t.equal(fresh.cause, 'The disruption budget web is still being processed by the server.')
  sim.clock.advance(100)
  const before = sim.store.resourceVersion
  t.equal(evict(sim, first!, { dryRun: ['All'] }).code, 201)
  t.equal(evict(sim, first!, undefined, 'dryRun=All').code, 201)
  t.match(evict(sim, first!, { preconditions: { uid: 'another' } }), {
    code: 409,
    message: `Operation cannot be fulfilled on Pod "${first!.metadata.name}": the UID in the precondition (another) does not match`,
  })
  t.equal(evict(sim, first!, { preconditions: { resourceVersion: '1' } }).code, 409)
  t.throws(
    () => evictPod(sim.store, { type: Pods, namespace: 'shop', name: first!.metadata.name }, {}, new URLSearchParams()),
    /name in URL does not match name in Eviction object/,
  )
  sim.store.create<PodDisruptionBudget>(PodDisruptionBudgets, {
    metadata: { namespace: 'shop', name: 'twice' },
    spec: { minAvailable: 0, selector: { matchLabels: { app: 'web' } } },
  })
  t.match(evict(sim, second!), {
    code: 500,
    message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  })
  t.equal(sim.store.resourceVersion, before + 1, 'the budget that was created')
  sim.store.delete(PodDisruptionBudgets, 'shop', 'twice')
  const { resourceVersion } = sim.pod(first!.metadata.name).metadata
  t.equal(evict(sim, first!, { preconditions: { resourceVersion }, gracePeriodSeconds: 7 }).code, 201)
  t.equal(sim.pod(first!.metadata.name).metadata.deletionGracePeriodSeconds, 7)
})

t.test('pods that are not ready go by the policy for them, pending and finished ones in any case', async t => {
  const sim = running(3)
  const unready = (name: string): void => {
    sim.store.modify<Pod>(Pods, 'shop', name, pod => ({
      ...pod,
      status: {
        ...pod.status,
        conditions: pod.status!.conditions!.map(condition =>
          // As a failed probe says it, which no kubelet here takes back.
          condition.type === 'Ready' || condition.type === 'ContainersReady'
            ? { ...condition, status: 'Unknown' }
            : condition,
        ),
      },
    }))
    sim.clock.advance(100)
  }
  const [first, second, third] = sim.pods('web')
  createBudget(sim, 'web', { maxUnavailable: 0 })
  unready(first!.metadata.name)
  t.equal(evict(sim, first!).cause, 'The disruption budget web needs 3 healthy pods and has 2 currently')
  sim.store.modify<PodDisruptionBudget>(PodDisruptionBudgets, 'shop', 'web', budget => ({
    ...budget,
    spec: { ...budget.spec, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  }))
  sim.clock.advance(100)
  t.equal(evict(sim, first!).code, 201)
  t.equal(evict(sim, second!).code, 429)
  sim.store.delete(PodDisruptionBudgets, 'shop', 'web')
  createBudget(sim, 'web', { minAvailable: 1 })
  unready(second!.metadata.name)
  t.equal(evict(sim, second!).code, 201, 'the others are well')
  sim.store.delete(PodDisruptionBudgets, 'shop', 'web')
  createBudget(sim, 'web', { minAvailable: 100 })
  sim.store.modify<Pod>(Pods, 'shop', third!.metadata.name, pod => ({
    ...pod,
    status: { ...pod.status, phase: 'Failed' },
  }))
  t.equal(evict(sim, sim.pod(third!.metadata.name)).code, 201)
})

t.test('a disruption that was granted and never came is taken back after two minutes', async t => {
  const sim = running(3)
  createBudget(sim, 'web', { maxUnavailable: 1 })
  const [first] = sim.pods('web')
  const { name } = first!.metadata
  const target = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }
  sim.store.modify<Pod>(Pods, 'shop', name, pod => ({
    ...pod,
    status: { ...pod.status, conditions: [...pod.status!.conditions!, target] },
  }))
  sim.store.modify<PodDisruptionBudget>(PodDisruptionBudgets, 'shop', 'web', budget => ({
    ...budget,
    status: { ...budget.status!, disruptionsAllowed: 0, disruptedPods: { [name]: '2026-01-01T00:00:05Z' } },
  }))
  sim.clock.advance(119_000)
  t.match(statusOf(sim, 'web'), { currentHealthy: 2, disruptionsAllowed: 0, disruptedPods: { [name]: /./ } })
  sim.clock.advance(2000)
  t.match(statusOf(sim, 'web'), { currentHealthy: 3, disruptionsAllowed: 1, disruptedPods: undefined })
  const condition = sim.pod(name).status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  t.equal(condition?.status, 'False')
  t.ok(
    sim.store
      .list<Event>(Events)
      .some(({ reason, involvedObject }) => reason === 'NotDeleted' && involvedObject.name === name),
  )
})

t.test('no sequence of evictions takes more than a budget allows, at any commit, over seeds', async () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 8 }),
      fc.record({
        field: fc.constantFrom('minAvailable', 'maxUnavailable'),
        value: fc.oneof(fc.nat(6), fc.constantFrom('0%', '34%', '50%', '100%')),
      }),
      (seed, replicas, { field, value }) => {
        let floor: number | undefined
        const sim = running(replicas, {
          seed,
          nodes: 3,
          onEvent({ resource }, { store, clock }) {
            if (floor === undefined || resource !== Pods) return
            const healthy = store
              .list<Pod>(Pods, 'shop')
              .filter(pod => isReady(pod) && pod.metadata.deletionTimestamp === undefined)
            if (healthy.length < floor) throw new Error(`${healthy.length} of ${floor} at ${clock.elapsedMs}`)
          },
        })
        createBudget(sim, 'web', { [field]: value })
        // What the budget lets go below what it wants is nobody's disruption.
        floor = Math.min(statusOf(sim, 'web').desiredHealthy, replicas)
        const prng = new Prng(seed)
        let granted = 0
        for (let i = 0; i < 40; i++) {
          const pods = sim.pods('web')
          if (pods.length > 0 && evict(sim, pods[prng.below(pods.length)]!).code === 201) granted++
          sim.clock.advance(prng.below(4) === 0 ? 2000 : prng.below(20))
        }
        if (granted === 0 && floor < replicas) throw new Error('nothing was granted')
      },
    ),
    { numRuns: 10 },
  )
})
