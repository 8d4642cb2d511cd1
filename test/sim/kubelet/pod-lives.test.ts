import fc from 'fast-check'
import type { Container, ContainerStatus, Pod, Probe } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { admitPod, applyDefaults, Pods, type StoreEvent } from '../../../sim/cluster/index.ts'
import { controllerOf } from '../../../sim/informers/index.ts'
import { behaviourOf, containersOf, isDetailed, runsAgain } from '../../../sim/stages/index.ts'
import { isReady, type Sim, simulate } from '../controllers/harness.ts'

const TIMINGS = {
  scheduleMs: { base: 5, jitter: 20 },
  startMs: { base: 400, jitter: 400 },
  readyMs: { base: 200, jitter: 800 },
  terminateMs: { base: 100, jitter: 4900 },
}

/** Between the end of its containers and that of its object a pod takes this long at most. */
const REMOVAL_MS = 100

/** What Kubernetes allows. A phase or a state may also stay. */
const PHASES: Readonly<Record<string, readonly string[]>> = {
  Pending: ['Running', 'Succeeded', 'Failed'],
  Running: ['Succeeded', 'Failed'],
  Succeeded: [],
  Failed: [],
}
const STATES: Readonly<Record<string, readonly string[]>> = {
  waiting: ['running', 'terminated'],
  running: ['terminated'],
  terminated: ['running', 'waiting'],
}
/** Reasons to wait, in the order in which they may follow each other. */
const REASONS: Readonly<Record<string, readonly string[]>> = {
  ContainerCreating: ['ErrImagePull', 'ErrImageNeverPull'],
  PodInitializing: ['ErrImagePull', 'ErrImageNeverPull'],
  ErrImagePull: ['ImagePullBackOff'],
  ImagePullBackOff: ['ErrImagePull'],
  ErrImageNeverPull: [],
  CrashLoopBackOff: [],
}

function stateOf({ state }: ContainerStatus): string {
  return Object.keys(state ?? {})[0] ?? 'none'
}

function statusesOf(pod: Pod): ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
}

function isTrue(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false
}

/**
 * Throws with a sentence when one version of a pod cannot follow another.
 *
 * @param isReboot the machine has just been started anew: nobody saw the containers end.
 */
function judge({ object: pod, previous, type }: StoreEvent<Pod>, isReboot: boolean): void {
  const fail = (what: string): never => {
    throw new Error(`${what}: ${JSON.stringify({ before: previous?.status, after: pod.status })}`)
  }
  const phase = pod.status?.phase ?? ''
  const before = previous?.status?.phase ?? phase
  if (phase !== before && !PHASES[before]!.includes(phase)) fail(`phase ${before} becomes ${phase}`)
  if (isTrue(pod, 'Ready') && !isTrue(pod, 'ContainersReady')) fail('Ready without ContainersReady')
  const sidecars = new Set(
    pod.spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  )
  const serving = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
  ]
  if (isTrue(pod, 'ContainersReady') && serving.some(({ ready }) => !ready)) fail('ContainersReady, and one is not')
  if (isTrue(pod, 'ContainersReady') && phase !== 'Running') fail(`ready and ${phase}`)
  if ((phase === 'Succeeded' || phase === 'Failed') && statusesOf(pod).some(({ state }) => state?.running)) {
    fail('a container of an ended pod runs')
  }
  if (phase === 'Running' && !isTrue(pod, 'Initialized')) fail('runs and is not initialised')
  for (const now of statusesOf(pod)) {
    if (now.ready && now.state?.running === undefined && now.state?.terminated?.exitCode !== 0)
      fail('ready, not running')
    if (now.ready && serving.includes(now) && now.started !== true) fail('ready before it started')
    const old = previous === undefined ? undefined : statusesOf(previous).find(({ name }) => name === now.name)
    if (old === undefined) continue
    const [from, to] = [stateOf(old), stateOf(now)]
    if (from !== to && !STATES[from]!.includes(to)) fail(`${now.name} from ${from} to ${to}`)
    if (from === 'waiting' && to === 'waiting' && old.state?.waiting?.reason !== now.state?.waiting?.reason) {
      const [was, is] = [old.state?.waiting?.reason ?? '', now.state?.waiting?.reason ?? '']
      if (!REASONS[was]!.includes(is)) fail(`${now.name} waits for ${was}, then for ${is}`)
    }
    if (from === 'terminated' && to === 'waiting' && now.state?.waiting?.reason !== 'CrashLoopBackOff') {
      fail(`${now.name} ended and waits for ${now.state?.waiting?.reason}`)
    }
    const isNewRun = to === 'running' && old.containerID !== now.containerID
    const ranBefore = old.containerID !== undefined
    if (now.restartCount !== old.restartCount + (isNewRun && ranBefore ? 1 : 0))
      fail(`${now.name} counts restarts wrong`)
    if (isNewRun && from === 'running' && !isReboot) fail(`${now.name} runs anew without having ended`)
    if (isNewRun && ranBefore && now.lastState?.terminated === undefined) fail(`${now.name} has no last state`)
    const part = containersOf(pod).find(({ container }) => container.name === now.name)!
    const lastCode = now.lastState?.terminated?.exitCode ?? 0
    if (isNewRun && ranBefore && !runsAgain(pod, part.kind, lastCode)) fail(`${now.name} runs anew, and must not`)
    if (isNewRun && now.started === true && part.container.startupProbe) fail(`${now.name} has started at once`)
  }
  const isForced = pod.metadata.deletionTimestamp === undefined
  if (type === 'DELETED' && !isForced && statusesOf(pod).some(({ state }) => state?.running)) {
    fail('removed while a container runs')
  }
}

const seconds = (max: number): fc.Arbitrary<string> => fc.integer({ min: 0, max }).map(n => `${n}s`)
const probe: fc.Arbitrary<Probe> = fc.record({
  httpGet: fc.constant({ port: 8080 }),
  initialDelaySeconds: fc.integer({ min: 0, max: 20 }),
  periodSeconds: fc.integer({ min: 1, max: 15 }),
  failureThreshold: fc.integer({ min: 1, max: 4 }),
})
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 })

function container(name: string, kind: 'main' | 'init' | 'sidecar'): fc.Arbitrary<Container> {
  const probes = kind === 'init' ? fc.constant(undefined) : maybe(probe)
  return fc
    .record({
      readinessProbe: probes,
      livenessProbe: probes,
      startupProbe: probes,
      preStop: kind === 'init' ? fc.constant(undefined) : maybe(fc.integer({ min: 0, max: 40 })),
      imagePullPolicy: fc.constantFrom('Always', 'IfNotPresent', 'Never'),
    })
    .map(({ preStop, ...rest }) => ({
      name,
      image: `${name}:1`,
      ...(kind === 'main' ? { ports: [{ containerPort: 8080 }] } : {}),
      ...(kind === 'sidecar' ? { restartPolicy: 'Always' } : {}),
      ...(preStop === undefined ? {} : { lifecycle: { preStop: { sleep: { seconds: preStop } } } }),
      ...(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Partial<Container>),
    }))
}

const anyPod: fc.Arbitrary<Pod> = fc
  .record({
    restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never'),
    grace: fc.integer({ min: 0, max: 40 }),
    deadline: maybe(fc.integer({ min: 1, max: 120 })),
    inits: fc
      .array(fc.constantFrom('init' as const, 'sidecar' as const), { maxLength: 3 })
      .chain(kinds => fc.tuple(...kinds.map((kind, i) => container(`init-${i}`, kind)))),
    containers: fc.tuple(container('web', 'main'), maybe(container('other', 'main'))),
    annotations: fc.dictionary(
      fc.constantFrom(
        ...['run-for', 'healthy-after', 'unready-after', 'unready-for', 'not-live-after', 'stop-after'].flatMap(
          what => [what, `${what}.web`, `${what}.init-0`],
        ),
      ),
      seconds(60),
      { maxKeys: 5 },
    ),
    exitCode: maybe(fc.constantFrom('0', '1', '1,1,0', '137', '0,3')),
    imagePull: maybe(fc.constantFrom('fail', '3s')),
  })
  .map(({ restartPolicy, grace, deadline, inits, containers, annotations, exitCode, imagePull }) => ({
    metadata: {
      namespace: 'default',
      name: 'any',
      annotations: {
        'prometheus.io/scrape': 'true',
        ...Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`churnbench.io/${name}`, value])),
        ...(exitCode === undefined
          ? {}
          : { 'churnbench.io/exit-code': exitCode, 'churnbench.io/exit-code.init-0': exitCode }),
        ...(imagePull === undefined ? {} : { 'churnbench.io/image-pull.other': imagePull }),
      },
    },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: grace,
      ...(deadline === undefined ? {} : { activeDeadlineSeconds: deadline }),
      ...(inits.length === 0 ? {} : { initContainers: inits }),
      containers: containers.filter(one => one !== undefined),
    },
  }))

interface Deeds {
  readonly deleteAtMs: number | undefined
  readonly evictAtMs: number | undefined
  readonly silentAtMs: number | undefined
  /** What silences the node is a reboot. */
  readonly reboots: boolean
  readonly pulls: boolean
}

function live(draft: Pod, seed: string, { deleteAtMs, silentAtMs, reboots, evictAtMs, pulls }: Deeds): Sim {
  const check = (event: StoreEvent, { runtime, clock }: Sim): void => {
    if (event.resource !== Pods) return
    const pod = event.object as Pod
    judge(event as StoreEvent<Pod>, reboots && clock.elapsedMs === silentAtMs! + 20_000)
    const { uid } = event.object.metadata
    const server = pod.status?.containerStatuses?.[0]
    if (server?.state?.running !== undefined && event.type !== 'DELETED' && !runtime.open_.has(uid)) {
      throw new Error(`at ${clock.elapsedMs} the container runs and nobody listens`)
    }
    const isOver = server?.state?.terminated !== undefined || server?.state?.waiting?.reason === 'CrashLoopBackOff'
    if (isOver && runtime.open_.has(uid))
      throw new Error(`at ${clock.elapsedMs} somebody listens for a container that ended`)
  }
  const timings = pulls ? { ...TIMINGS, pullMs: { p50: 1000, p99: 20_000 } } : TIMINGS
  const sim = simulate({ nodes: 1, seed, timings, onEvent: check })
  const pod = structuredClone(draft)
  applyDefaults(Pods, pod)
  admitPod(pod, { tolerationSeconds: 300 })
  sim.store.create<Pod>(Pods, pod)
  const { clock, cluster, store } = sim
  if (silentAtMs !== undefined) {
    clock.schedule(silentAtMs, () => {
      if (reboots) cluster.rebootNode('node-0', 20_000)
      else cluster.failNode('node-0')
    })
    if (!reboots) clock.schedule(silentAtMs + 20_000, () => cluster.recoverNode('node-0'))
  }
  if (evictAtMs !== undefined) clock.schedule(evictAtMs, () => cluster.evictPods('node-0', 1, 'memory'))
  let goneByMs = Infinity
  if (deleteAtMs !== undefined) {
    clock.schedule(deleteAtMs, () => {
      if (store.get(Pods, 'default', 'any') === undefined) return
      const graceMs = pod.spec!.terminationGracePeriodSeconds! * 1000
      store.delete(Pods, 'default', 'any')
      const silentMs = silentAtMs === undefined || silentAtMs > deleteAtMs + graceMs + 2000 ? 0 : 20_000
      goneByMs = deleteAtMs + graceMs + 2000 + REMOVAL_MS + silentMs
      clock.schedule(goneByMs - deleteAtMs, () => {
        if (store.get(Pods, 'default', 'any') !== undefined) throw new Error('the pod is still there after its grace')
      })
    })
  }
  clock.advance(400_000)
  return sim
}

t.test('whatever a pod asks for, its life is one that Kubernetes allows', async t => {
  const ended = { Succeeded: 0, Failed: 0, restarted: 0, deleted: 0, ready: 0 }
  fc.assert(
    fc.property(
      anyPod,
      fc.record({
        deleteAtMs: maybe(fc.integer({ min: 0, max: 120_000 })),
        evictAtMs: fc.option(fc.integer({ min: 0, max: 120_000 }), { nil: undefined, freq: 1 }),
        silentAtMs: fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined, freq: 1 }),
        reboots: fc.boolean(),
        pulls: fc.boolean(),
      }),
      fc.integer({ min: 0, max: 1000 }),
      (pod, deeds, seed) => {
        const sim = live(pod, String(seed), deeds)
        for (const { event } of sim.events) {
          if (event.resource !== Pods) continue
          const { status } = event.object as Pod
          if (status?.phase === 'Succeeded' || status?.phase === 'Failed') ended[status.phase]++
          if (statusesOf(event.object as Pod).some(({ restartCount }) => restartCount > 0)) ended.restarted++
          if (event.type === 'DELETED') ended.deleted++
          if (isReady(event.object as Pod)) ended.ready++
        }
      },
    ),
    { numRuns: 200 },
  )
  for (const [what, count] of Object.entries(ended)) t.ok(count > 8, `${what}: ${count} times`)
})

t.test('the same pod and the same seed live the same life', async t => {
  const [pod] = fc.sample(anyPod, { numRuns: 1, seed: 7 })
  const deeds = { deleteAtMs: 90_000, evictAtMs: undefined, silentAtMs: 10_000, reboots: true, pulls: true }
  const log = (sim: Sim): string[] =>
    sim.events.map(({ atMs, event }) => `${atMs} ${event.type} ${JSON.stringify(event.object)}`)
  const [a, b] = [live(pod!, 'x', deeds), live(pod!, 'x', deeds)]
  t.same(log(a), log(b))
})

t.test('who is played container by container, and for how long they run', async t => {
  const pod = (more: Pod['spec'] extends infer S ? Partial<S> : never, metadata: Pod['metadata'] = {}): Pod => ({
    metadata,
    spec: { containers: [{ name: 'c', image: 'i' }], ...more },
  })
  const job = {
    ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u', controller: true }],
  }
  t.equal(isDetailed(pod({})), false)
  t.equal(
    isDetailed(pod({ restartPolicy: 'Never' }, { annotations: { 'churnbench.io/profile': 'web-service' } })),
    false,
  )
  t.equal(isDetailed(pod({}, { annotations: { 'churnbench.io/run-for': '5s' } })), true)
  t.equal(isDetailed(pod({}, { annotations: { 'churnbench.io/run-for.c': '5s' } })), true)
  t.equal(isDetailed(pod({ containers: [{ name: 'c', image: 'i', readinessProbe: {} }] })), true)
  t.equal(isDetailed(pod({}, job)), true)
  t.equal(controllerOf(pod({}, job))?.kind, 'Job')
  t.equal(behaviourOf(pod({}, job), 'main', 'c').runForMs, 10_000)
  t.equal(behaviourOf(pod({}), 'main', 'c').runForMs, undefined)
  t.equal(behaviourOf(pod({}), 'init', 'c').runForMs, 1000)
  const wrong = pod({}, { annotations: { 'churnbench.io/run-for': 'soon', 'churnbench.io/exit-code': '1,x' } })
  t.match(behaviourOf(wrong, 'main', 'c'), { runForMs: undefined, exitCodes: [0] })
})
