import fc from 'fast-check'
import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Prng } from '../../../base/index.ts'
import { Jobs, Nodes, Pods, type Stored, type StoreEvent } from '../../../sim/cluster/index.ts'
import { CompletionIndexes } from '../../../sim/controllers/completion-indexes.ts'
import { isActive, type Sim, simulate } from './harness.ts'
import {
  changeJob,
  conditionsOf,
  createJob,
  endPod,
  getJob,
  jobTemplate,
  podsOf,
  saidAbout,
  writesTo,
} from './job-support.ts'

const INDEX = 'batch.kubernetes.io/job-completion-index'
const TRACKING = 'batch.kubernetes.io/job-tracking'

function activePods(sim: Sim, job: string): Stored<Pod>[] {
  return podsOf(sim, job).filter(isActive)
}

function isTracked(pod: Pod): boolean {
  return pod.metadata?.finalizers?.includes(TRACKING) ?? false
}

/** What a write to a Job or to one of its pods says, without what differs from run to run. */
function told({ type, resource, object }: StoreEvent): string | undefined {
  if (resource === Pods) {
    const pod = object as Pod
    if (type === 'ADDED') return 'pod added'
    if (type === 'DELETED') return 'pod gone'
    const { phase = '' } = pod.status ?? {}
    const finalizer = isTracked(pod) ? '' : ', not tracked'
    return phase === 'Pending' || (phase === 'Running' && pod.metadata?.deletionTimestamp === undefined)
      ? undefined
      : `pod ${pod.metadata?.deletionTimestamp === undefined ? phase : 'deleting'}${finalizer}`
  }
  const { status = {} } = object as Job
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  const parts = [
    `active ${status.active ?? 0}`,
    `ready ${status.ready ?? '-'}`,
    ...(status.terminating === 0 ? [] : [`terminating ${status.terminating ?? '-'}`]),
    ...(succeeded.length + failed.length > 0 ? [`uncounted ${succeeded.length}+${failed.length}`] : []),
    ...(status.succeeded === undefined ? [] : [`succeeded ${status.succeeded}`]),
    ...(status.failed === undefined ? [] : [`failed ${status.failed}`]),
    ...(status.conditions ?? []).map(condition => condition.type),
  ]
  return `job ${type === 'ADDED' ? 'added' : parts.join(', ')}`
}

t.test('a job runs, is counted and is complete, in the order of writes of Kubernetes', async t => {
  const sim = simulate()
  const writes = writesTo(sim, [Jobs, Pods], told)
  createJob(sim, 'work')
  sim.clock.advance(5000)
  const [pod] = podsOf(sim, 'work')
  t.match(pod!.metadata.name, /^work-[bcdf-hj-np-tv-xz2-9]{5}$/)
  t.same(pod!.metadata.finalizers, [TRACKING])
  t.equal(pod!.metadata.labels?.['job-name'], 'work')
  endPod(sim, pod!)
  sim.clock.advance(5000)
  t.same(writes, [
    'job added',
    'pod added',
    'job active 1, ready 0',
    'job active 1, ready 1',
    'pod Succeeded',
    'job active 0, ready 0, uncounted 1+0, SuccessCriteriaMet',
    'pod Succeeded, not tracked',
    'job active 0, ready 0, succeeded 1, SuccessCriteriaMet, Complete',
  ])
  const job = getJob(sim, 'work')
  t.same(conditionsOf(job), ['SuccessCriteriaMet True CompletionsReached', 'Complete True CompletionsReached'])
  t.equal(job.status?.startTime, '2026-01-01T00:00:00Z')
  t.equal(job.status?.completionTime, '2026-01-01T00:00:06Z', 'pods are taken together for a second')
  t.same(job.status?.uncountedTerminatedPods, {})
  t.same(saidAbout(sim, 'work'), [
    `Normal SuccessfulCreate: Created pod: ${pod!.metadata.name}`,
    'Normal Completed: Job completed',
  ])
})

t.test('pods that fail are replaced after 10 s, then twice as long each time, up to the back-off limit', async t => {
  const sim = simulate()
  createJob(sim, 'work', { backoffLimit: 7 })
  const startedMs: number[] = []
  sim.store.subscribe(({ type, resource, object }) => {
    if (resource !== Pods || type !== 'ADDED') return
    startedMs.push(sim.clock.elapsedMs)
    sim.clock.schedule(3000, () => endPod(sim, sim.pod(object.metadata.name), 1))
  })
  sim.clock.advance(3_600_000)
  const gaps = startedMs.slice(1).map((atMs, i) => Math.round((atMs - startedMs[i]! - 3000) / 1000))
  t.same(gaps, [10, 20, 40, 80, 160, 320, 600], 'from the end of one pod to the next one, at most ten minutes')
  const job = getJob(sim, 'work')
  t.equal(job.status?.failed, 8)
  t.same(conditionsOf(job), ['FailureTarget True BackoffLimitExceeded', 'Failed True BackoffLimitExceeded'])
  t.equal(job.status?.completionTime, undefined)
  t.ok(saidAbout(sim, 'work').includes('Warning BackoffLimitExceeded: Job has reached the specified backoff limit'))
})

t.test('a success ends the row of failures', async t => {
  const sim = simulate()
  createJob(sim, 'work', { completions: 3, parallelism: 1 })
  sim.clock.advance(2000)
  endPod(sim, activePods(sim, 'work')[0]!, 1)
  sim.clock.advance(10_500)
  endPod(sim, activePods(sim, 'work')[0]!)
  sim.clock.advance(1500)
  endPod(sim, activePods(sim, 'work')[0]!, 1)
  sim.clock.advance(9000)
  t.equal(activePods(sim, 'work').length, 0)
  sim.clock.advance(1500)
  t.equal(activePods(sim, 'work').length, 1, 'ten seconds again')
})

t.test('restarts in place count towards the limit when containers are restarted', async t => {
  const sim = simulate()
  createJob(sim, 'work', {
    backoffLimit: 2,
    template: jobTemplate({ spec: { restartPolicy: 'OnFailure', containers: [{ name: 'work', image: 'work:1' }] } }),
  })
  sim.clock.advance(5000)
  const [pod] = podsOf(sim, 'work')
  sim.store.modify<Pod>(Pods, 'default', pod!.metadata.name, current => ({
    ...current,
    status: {
      ...current.status,
      containerStatuses: current.status!.containerStatuses!.map(status => ({ ...status, restartCount: 2 })),
    },
  }))
  sim.clock.advance(60_000)
  t.same(conditionsOf(getJob(sim, 'work')), [
    'FailureTarget True BackoffLimitExceeded',
    'Failed True BackoffLimitExceeded',
  ])
})

t.test('a job past its deadline fails once its pods are gone', async t => {
  const sim = simulate({ timings: { terminateMs: { base: 4000, jitter: 0 } } })
  createJob(sim, 'work', { completions: 12, parallelism: 6, activeDeadlineSeconds: 30 })
  sim.clock.advance(29_900)
  t.equal(activePods(sim, 'work').length, 6)
  const writes = writesTo(sim, [Jobs], told)
  sim.clock.advance(200)
  t.equal(activePods(sim, 'work').length, 0)
  t.same(conditionsOf(getJob(sim, 'work')), ['FailureTarget True DeadlineExceeded'])
  sim.clock.advance(10_000)
  t.same(writes, [
    'job active 0, ready 0, terminating 6, uncounted 0+6, FailureTarget',
    'job active 0, ready 0, terminating 6, failed 6, FailureTarget',
    'job active 0, ready 0, failed 6, FailureTarget',
    'job active 0, ready 0, failed 6, FailureTarget, Failed',
  ])
  t.same(podsOf(sim, 'work'), [])
  t.ok(saidAbout(sim, 'work').includes('Warning DeadlineExceeded: Job was active longer than specified deadline'))
})

t.test('suspension takes the pods away without counting them, and the deadline begins anew', async t => {
  const sim = simulate()
  createJob(sim, 'work', { completions: 8, parallelism: 6, suspend: true, activeDeadlineSeconds: 60 })
  sim.clock.advance(90_000)
  t.same(podsOf(sim, 'work'), [])
  t.same(conditionsOf(getJob(sim, 'work')), ['Suspended True JobSuspended'])
  t.equal(getJob(sim, 'work').status?.startTime, undefined)
  changeJob(sim, 'work', { suspend: false })
  sim.clock.advance(30_000)
  t.equal(activePods(sim, 'work').length, 6)
  t.equal(getJob(sim, 'work').status?.startTime, '2026-01-01T00:01:30Z')
  changeJob(sim, 'work', { suspend: true })
  sim.clock.advance(40_000)
  t.same(podsOf(sim, 'work'), [])
  t.same([getJob(sim, 'work').status?.failed, getJob(sim, 'work').status?.active], [undefined, undefined])
  changeJob(sim, 'work', { suspend: false })
  sim.clock.advance(50_000)
  t.same(conditionsOf(getJob(sim, 'work')), ['Suspended False JobResumed'])
  t.equal(activePods(sim, 'work').length, 6)
  sim.clock.advance(15_000)
  t.ok(conditionsOf(getJob(sim, 'work')).includes('FailureTarget True DeadlineExceeded'))
  const said = saidAbout(sim, 'work').filter(text => /Suspended|Resumed/.test(text))
  t.same(said, ['Normal Suspended: Job suspended', 'Normal Resumed: Job resumed'], 'the same event again is counted')
})

t.test('each index of an Indexed job runs once, and its pods know it', async t => {
  const sim = simulate()
  createJob(sim, 'work', { completions: 5, parallelism: 3, completionMode: 'Indexed' })
  sim.clock.advance(3000)
  const first = activePods(sim, 'work')
  t.same(
    first.map(pod => pod.metadata.annotations?.[INDEX]),
    ['0', '1', '2'],
  )
  const [, one] = first
  t.match(one!.metadata.name, /^work-1-[a-z0-9]{5}$/)
  t.equal(one!.metadata.labels?.[INDEX], '1')
  t.equal(one!.spec?.hostname, 'work-1')
  t.same(one!.spec?.containers[0]?.env, [
    {
      name: 'JOB_COMPLETION_INDEX',
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${INDEX}']` } },
    },
  ])
  endPod(sim, first[2]!)
  sim.clock.advance(10)
  endPod(sim, first[1]!, 1)
  sim.clock.advance(1200)
  t.equal(getJob(sim, 'work').status?.completedIndexes, '2')
  t.same(
    activePods(sim, 'work')
      .map(pod => String(pod.metadata.annotations?.[INDEX]))
      .toSorted(),
    ['0'],
    'the back-off is for all',
  )
  sim.clock.advance(10_000)
  t.same(
    activePods(sim, 'work')
      .map(pod => String(pod.metadata.annotations?.[INDEX]))
      .toSorted(),
    ['0', '1', '3'],
  )
  for (let i = 0; i < 4; i++) {
    for (const pod of activePods(sim, 'work')) endPod(sim, pod)
    sim.clock.advance(3000)
  }
  const { status } = getJob(sim, 'work')
  t.same([status?.completedIndexes, status?.succeeded, status?.failed], ['0-4', 5, 1])
  t.same(conditionsOf(getJob(sim, 'work')).at(-1), 'Complete True CompletionsReached')
})

t.test('with a back-off limit for each index, indexes fail by themselves', async t => {
  const sim = simulate()
  createJob(sim, 'work', { completions: 3, parallelism: 3, completionMode: 'Indexed', backoffLimitPerIndex: 1 })
  sim.clock.advance(3000)
  const failures: (string | undefined)[] = []
  for (let i = 0; i < 40; i++) {
    for (const pod of activePods(sim, 'work')) {
      const index = pod.metadata.annotations?.[INDEX]
      if (index === '1') failures.push(pod.metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'])
      endPod(sim, pod, index === '1' ? 3 : 0)
    }
    sim.clock.advance(2000)
  }
  t.same(failures, ['0', '1'])
  const { status } = getJob(sim, 'work')
  t.same([status?.completedIndexes, status?.failedIndexes, status?.failed], ['0,2', '1', 2])
  t.same(conditionsOf(getJob(sim, 'work')), ['FailureTarget True FailedIndexes', 'Failed True FailedIndexes'])
  t.notOk(podsOf(sim, 'work').some(isTracked))
})

t.test('policies for failures: the job fails at once, a failure is ignored, an index fails', async t => {
  const rules = [
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailIndex', onExitCodes: { operator: 'NotIn', values: [1, 42], containerName: 'work' } },
  ]
  const sim = simulate()
  createJob(sim, 'fails', { completions: 4, parallelism: 2, podFailurePolicy: { rules: rules.slice(0, 2) } })
  createJob(sim, 'ignores', { backoffLimit: 0, podFailurePolicy: { rules: rules.slice(0, 2) } })
  createJob(sim, 'index', {
    completions: 2,
    parallelism: 2,
    completionMode: 'Indexed',
    backoffLimitPerIndex: 5,
    podFailurePolicy: { rules },
  })
  sim.clock.advance(3000)
  const [doomed] = podsOf(sim, 'fails')
  endPod(sim, doomed!, 42)
  const [disrupted] = podsOf(sim, 'ignores')
  endPod(sim, disrupted!, 143)
  sim.store.modify<Pod>(Pods, 'default', disrupted!.metadata.name, pod => ({
    ...pod,
    status: { ...pod.status, conditions: [...pod.status!.conditions!, { type: 'DisruptionTarget', status: 'True' }] },
  }))
  endPod(sim, podsOf(sim, 'index')[0]!, 7)
  sim.clock.advance(15_000)
  const [target] = getJob(sim, 'fails').status!.conditions!
  t.equal(
    target?.message,
    `Container work for pod default/${doomed!.metadata.name} failed with exit code 42 matching FailJob rule at index 0`,
  )
  t.same(conditionsOf(getJob(sim, 'fails')), ['FailureTarget True PodFailurePolicy', 'Failed True PodFailurePolicy'])
  t.same(conditionsOf(getJob(sim, 'ignores')), [])
  t.equal(getJob(sim, 'ignores').status?.failed, undefined)
  t.equal(activePods(sim, 'ignores').length, 1, 'another took its place')
  t.equal(getJob(sim, 'index').status?.failedIndexes, '0')
})

t.test('a success policy ends the job before all indexes are done', async t => {
  const sim = simulate()
  createJob(sim, 'work', {
    completions: 6,
    parallelism: 6,
    completionMode: 'Indexed',
    successPolicy: { rules: [{ succeededIndexes: '0' }, { succeededIndexes: '1-4', succeededCount: 2 }] },
  })
  sim.clock.advance(3000)
  endPod(sim, podsOf(sim, 'work')[3]!)
  sim.clock.advance(2000)
  t.same(conditionsOf(getJob(sim, 'work')), [])
  endPod(sim, podsOf(sim, 'work')[1]!)
  sim.clock.advance(10_000)
  t.same(conditionsOf(getJob(sim, 'work')), ['SuccessCriteriaMet True SuccessPolicy', 'Complete True SuccessPolicy'])
  t.equal(getJob(sim, 'work').status?.conditions?.[0]?.message, 'Matched rules at index 1')
  t.same([getJob(sim, 'work').status?.succeeded, getJob(sim, 'work').status?.failed], [2, undefined])
  t.equal(activePods(sim, 'work').length, 0)
})

t.test('a pod that is being deleted is replaced at once, or when it has ended', async t => {
  const sim = simulate({ timings: { terminateMs: { base: 20_000, jitter: 0 } } })
  createJob(sim, 'now', { podReplacementPolicy: 'TerminatingOrFailed' })
  createJob(sim, 'later', { podReplacementPolicy: 'Failed' })
  sim.clock.advance(3000)
  for (const name of ['now', 'later']) sim.store.delete(Pods, 'default', podsOf(sim, name)[0]!.metadata.name)
  sim.clock.advance(11_000)
  t.equal(activePods(sim, 'now').length, 1, 'after the back-off')
  t.same([getJob(sim, 'now').status?.failed, getJob(sim, 'now').status?.terminating], [1, 1])
  t.equal(activePods(sim, 'later').length, 0)
  t.same([getJob(sim, 'later').status?.failed, getJob(sim, 'later').status?.terminating], [undefined, 1])
  endPod(sim, podsOf(sim, 'later')[0]!, 137)
  sim.clock.advance(3000)
  t.equal(activePods(sim, 'later').length, 1)
})

t.test('fewer pods at once, and a job without completions', async t => {
  const sim = simulate()
  createJob(sim, 'queue', { parallelism: 9 })
  sim.clock.advance(3000)
  t.equal(activePods(sim, 'queue').length, 9)
  changeJob(sim, 'queue', { parallelism: 2 })
  sim.clock.advance(3000)
  t.equal(activePods(sim, 'queue').length, 2)
  t.equal(getJob(sim, 'queue').status?.failed, undefined, 'what was too much does not count')
  endPod(sim, activePods(sim, 'queue')[0]!)
  sim.clock.advance(3000)
  t.equal(activePods(sim, 'queue').length, 1, 'none is added after the first success')
  t.same(conditionsOf(getJob(sim, 'queue')), [])
  endPod(sim, activePods(sim, 'queue')[0]!)
  sim.clock.advance(3000)
  t.same(
    [getJob(sim, 'queue').status?.succeeded, conditionsOf(getJob(sim, 'queue')).at(-1)],
    [2, 'Complete True CompletionsReached'],
  )
})

t.test('nothing holds the pods of a job that is gone, and those of a lost node are counted and go', async t => {
  const sim = simulate()
  createJob(sim, 'work', { completions: 4, parallelism: 4 })
  createJob(sim, 'foreground', { completions: 2, parallelism: 2 })
  sim.clock.advance(3000)
  endPod(sim, podsOf(sim, 'work')[0]!)
  sim.store.delete(Jobs, 'default', 'work')
  sim.store.modify<Job>(Jobs, 'default', 'foreground', job => ({
    ...job,
    metadata: { ...job.metadata, deletionTimestamp: '2026-01-01T00:00:03Z', finalizers: ['foregroundDeletion'] },
  }))
  sim.clock.advance(10_000)
  t.same(podsOf(sim, 'work'), [])
  t.same(podsOf(sim, 'foreground'), [])
  t.equal(sim.store.get(Jobs, 'default', 'foreground'), undefined)

  createJob(sim, 'stays', { completions: 5, parallelism: 5 })
  sim.clock.advance(3000)
  const lost = podsOf(sim, 'stays')[0]!.spec!.nodeName!
  const count = podsOf(sim, 'stays').filter(pod => pod.spec?.nodeName === lost).length
  sim.cluster.failNode(lost)
  sim.store.delete(Nodes, undefined, lost)
  sim.clock.advance(100_000)
  t.equal(getJob(sim, 'stays').status?.failed, count)
  t.equal(activePods(sim, 'stays').length, 5)
  t.notOk(podsOf(sim, 'stays').some(pod => pod.spec?.nodeName === lost))
})

t.test('a job with a selector of its own adopts pods, and lets go of those that it does not select', async t => {
  const sim = simulate()
  const labels = { queue: 'blue' }
  sim.store.create<Pod>(Pods, {
    metadata: { namespace: 'default', name: 'orphan', labels, annotations: { 'churnbench.io/run-for': '8760h' } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'work:1' }] },
  })
  createJob(sim, 'work', {
    parallelism: 2,
    completions: 2,
    manualSelector: true,
    selector: { matchLabels: labels },
    template: jobTemplate({ metadata: { labels, annotations: { 'churnbench.io/run-for': '8760h' } } }),
  })
  sim.clock.advance(5000)
  const adopted = sim.pod('orphan')
  t.equal(adopted.metadata.ownerReferences?.[0]?.name, 'work')
  t.ok(isTracked(adopted))
  sim.store.modify<Pod>(Pods, 'default', 'orphan', pod => ({ ...pod, metadata: { ...pod.metadata, labels: {} } }))
  sim.clock.advance(5000)
  t.equal(sim.pod('orphan').metadata.ownerReferences, undefined)
  t.notOk(isTracked(sim.pod('orphan')))
  t.equal(sim.store.list<Pod>(Pods).filter(pod => pod.metadata.labels?.queue === 'blue').length, 2)
})

interface Shape {
  readonly seed: string
  readonly completions: number
  readonly parallelism: number
  readonly indexed: boolean
  /** Of ten pods. */
  readonly failing: number
  readonly deleting: number
}

const shape: fc.Arbitrary<Shape> = fc.record({
  seed: fc.string({ minLength: 1, maxLength: 8 }),
  completions: fc.integer({ min: 1, max: 12 }),
  parallelism: fc.integer({ min: 1, max: 8 }),
  indexed: fc.boolean(),
  failing: fc.integer({ min: 0, max: 3 }),
  deleting: fc.integer({ min: 0, max: 2 }),
})

/** Runs a job whose pods end, fail and are deleted by chance; checks its bounds at every write. */
function runByChance({ seed, completions, parallelism, indexed, failing, deleting }: Shape): Sim {
  const prng = new Prng(seed)
  const done = new Set<string>()
  const sim: Sim = simulate({
    seed,
    onEvent({ resource, object, type }, { store, clock }) {
      if (resource === Jobs) {
        const { status = {} } = object as Job
        const { succeeded = 0, completedIndexes } = status
        if (succeeded > completions) throw new Error(`${succeeded} of ${completions} succeeded`)
        const indexes = CompletionIndexes.parse(completedIndexes, completions)
        if (indexed && (indexes.size !== succeeded || indexes.toString() !== (completedIndexes ?? ''))) {
          throw new Error(`${completedIndexes} are not ${succeeded}`)
        }
        return
      }
      if (resource !== Pods) return
      const pods = store.list<Pod>(Pods, 'default')
      const active = pods.filter(isActive)
      if (active.length > parallelism) throw new Error(`${active.length} pods at ${clock.elapsedMs}`)
      if (indexed && new Set(active.map(pod => pod.metadata.annotations?.[INDEX])).size !== active.length) {
        throw new Error(`an index runs twice at ${clock.elapsedMs}`)
      }
      const pod = object as Pod
      const index = pod.metadata?.annotations?.[INDEX]
      if (type === 'ADDED' && index !== undefined && done.has(index)) throw new Error(`index ${index} runs again`)
      if (type === 'MODIFIED' && index !== undefined && pod.status?.phase === 'Succeeded' && isTracked(pod)) {
        done.add(index)
      }
    },
  })
  createJob(sim, 'work', {
    completions,
    parallelism,
    completionMode: indexed ? 'Indexed' : 'NonIndexed',
    backoffLimit: 1000,
  })
  for (let i = 0; i < 4000 && conditionsOf(getJob(sim, 'work')).length < 2; i++) {
    sim.clock.advance(prng.between(200, 4000))
    const running = activePods(sim, 'work').filter(pod => pod.status?.phase === 'Running')
    if (running.length === 0) continue
    const pod = running[prng.below(running.length)]!
    const fate = prng.below(10)
    if (fate < failing) endPod(sim, pod, 1)
    else if (fate < failing + deleting) sim.store.delete(Pods, 'default', pod.metadata.name)
    else endPod(sim, pod)
  }
  return sim
}

t.test('bounds of a job hold at every write, over seeds and shapes', async () => {
  fc.assert(
    fc.property(shape, shape => {
      const sim = runByChance(shape)
      const { status = {} } = getJob(sim, 'work')
      if (status.succeeded !== shape.completions) throw new Error(`not complete: ${JSON.stringify(status)}`)
      if (status.conditions?.at(-1)?.type !== 'Complete') throw new Error('no condition')
      if (podsOf(sim, 'work').some(isTracked)) throw new Error('a finalizer is left')
    }),
    { numRuns: 20 },
  )
})

t.test('the same seed gives the same writes', async t => {
  const shape = { seed: 'twice', completions: 9, parallelism: 4, indexed: false, failing: 2, deleting: 1 }
  const lines = [0, 1].map(() => {
    const sim = runByChance(shape)
    return sim.events
      .filter(({ event }) => event.resource === Pods || event.resource === Jobs)
      .map(({ atMs, event }) => `${atMs} ${event.type} ${told(event)}`)
  })
  t.ok(lines[0]!.length > 50)
  t.same(lines[0], lines[1])
})

t.test('sets of indexes are what their text says', async () => {
  const indexes = fc.uniqueArray(fc.nat(40), { maxLength: 25 })
  fc.assert(
    fc.property(indexes, indexes, fc.nat(45), fc.nat(10), (left, right, completions, count) => {
      const a = CompletionIndexes.of(left)
      const b = CompletionIndexes.of(right)
      const both = new Set([...left, ...right])
      const union = a.union(b)
      if (union.size !== both.size) throw new Error('size of the union')
      if (a.overlap(b) !== left.filter(index => right.includes(index)).length) throw new Error('overlap')
      for (let index = 0; index < 45; index++) if (union.has(index) !== both.has(index)) throw new Error(`has ${index}`)
      const read = CompletionIndexes.parse(union.toString(), completions)
      if (read.size !== [...both].filter(index => index < completions).length) throw new Error('read back')
      const missing = Array.from({ length: completions }, (_, i) => i).filter(index => !both.has(index))
      if (union.firstMissing(count, completions).join() !== missing.slice(0, count).join()) throw new Error('missing')
    }),
  )
})

t.test('runs of indexes are written as Kubernetes writes them', async t => {
  t.equal(CompletionIndexes.of([7, 1, 3, 4, 5]).toString(), '1,3-5,7')
  t.equal(CompletionIndexes.of([0, 1]).toString(), '0,1', 'two neighbours are no run')
  t.equal(CompletionIndexes.parse('0-3,what,9', 8).toString(), '0-3')
})
