import type { Event, Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Prng } from '../../../base/index.ts'
import { admitPod, applyDefaults, Events, Pods } from '../../../sim/cluster/index.ts'
import { NodeImages } from '../../../sim/kubelet/node-images.ts'
import { planTermination } from '../../../sim/stages/index.ts'
import { type Sim, simulate } from '../controllers/harness.ts'

const TIMINGS = {
  scheduleMs: { base: 10, jitter: 0 },
  startMs: { base: 1000, jitter: 0 },
  readyMs: { base: 500, jitter: 0 },
  terminateMs: { base: 2000, jitter: 0 },
}

function create({ store }: Sim, name: string, spec: Partial<Pod['spec']> = {}, metadata: Pod['metadata'] = {}): void {
  const pod: Pod = {
    metadata: { ...metadata, namespace: 'default', name },
    spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 8080 }] }], ...spec },
  }
  applyDefaults(Pods, pod)
  admitPod(pod, { tolerationSeconds: 300 })
  store.create<Pod>(Pods, pod)
}

t.test('a node that runs short evicts the least important pods; their objects stay', async t => {
  const sim = simulate({ nodes: 1, timings: TIMINGS })
  const asking = { resources: { requests: { cpu: '1' }, limits: { cpu: '1', memory: '1Gi' } } }
  const container = { name: 'web', image: 'web:1' }
  create(sim, 'guaranteed', { containers: [{ ...container, resources: { limits: { cpu: '1', memory: '1Gi' } } }] })
  create(sim, 'burstable', { containers: [{ ...container, ...asking }] })
  create(sim, 'older', {}, { annotations: { 'prometheus.io/scrape': 'true' } })
  create(sim, 'younger')
  create(sim, 'static', { nodeName: 'node-0' }, { annotations: { 'kubernetes.io/config.mirror': 'x' } })
  sim.clock.advance(5000)
  t.same(sim.cluster.evictPods('node-0', 3, 'memory'), ['younger', 'older', 'burstable'])
  sim.clock.advance(3000)
  const message = 'The node was low on resource: memory. '
  t.match(sim.pod('older').status, { phase: 'Failed', reason: 'Evicted', message })
  t.match(
    sim.pod('older').status?.conditions?.find(({ type }) => type === 'DisruptionTarget'),
    { status: 'True', reason: 'TerminationByKubelet', message },
  )
  t.same([...sim.runtime.open_], [], 'it answers no more')
  t.equal(sim.pod('guaranteed').status?.phase, 'Running')
  t.equal(sim.pod('static').status?.phase, 'Running')
  const events = sim.store.list<Event>(Events).filter(({ reason }) => reason === 'Evicted')
  t.equal(events.length, 3)
  t.ok(events.every(({ type }) => type === 'Warning'))
  t.same(sim.cluster.evictPods('node-0', 1, 'memory'), ['guaranteed'], 'those that have ended are not evicted again')
  sim.cluster.failNode('node-0')
  t.same(sim.cluster.evictPods('node-0', 1, 'memory'), [], 'a silent node does nothing')
})

t.test('the address of a pod that has ended goes to others; its status keeps it', async t => {
  const sim = simulate({ nodes: 1, timings: TIMINGS })
  const annotations = { 'churnbench.io/run-for': '1s', 'prometheus.io/scrape': 'true' }
  // More than the node has addresses, and none is deleted.
  for (let i = 0; i < 300; i++) {
    create(sim, `task-${i}`, { restartPolicy: 'Never' }, { annotations })
    sim.clock.advance(1000)
  }
  sim.clock.advance(10_000)
  const pods = sim.pods()
  t.equal(pods.filter(({ status }) => status?.phase === 'Succeeded').length, 300)
  t.ok(pods.every(({ status }) => status?.podIP !== undefined))
  t.same([...sim.runtime.open_], [])
})

t.test('a static pod comes back when its object is deleted, and not when its node is gone', async t => {
  const sim = simulate({ nodes: 1, timings: TIMINGS })
  create(sim, 'etcd', { nodeName: 'node-0' }, { annotations: { 'kubernetes.io/config.mirror': 'x' } })
  sim.clock.advance(5000)
  const { uid } = sim.pod('etcd').metadata
  sim.store.delete(Pods, 'default', 'etcd')
  sim.clock.advance(6000)
  t.not(sim.pod('etcd').metadata.uid, uid)
  t.equal(sim.pod('etcd').status?.phase, 'Running')
  sim.cluster.deleteNode('node-0')
  sim.store.delete(Pods, 'default', 'etcd')
  sim.clock.advance(6000)
  t.same(sim.pods(), [])
})

t.test('a pod that begins to ask for more is played in detail from then on', async t => {
  const sim = simulate({ nodes: 1, timings: TIMINGS })
  create(sim, 'web')
  sim.clock.advance(60_000)
  sim.store.modify<Pod>(Pods, 'default', 'web', pod => ({
    ...pod,
    metadata: { ...pod.metadata, annotations: { 'churnbench.io/run-for': '90s', 'churnbench.io/exit-code': '3' } },
  }))
  sim.clock.advance(30_000)
  t.equal(sim.pod('web').status?.containerStatuses?.[0]?.restartCount, 0)
  // It runs since 00:00:01, as its status says.
  sim.clock.advance(2500)
  t.match(sim.pod('web').status, {
    phase: 'Running',
    containerStatuses: [{ restartCount: 1, lastState: { terminated: { exitCode: 3, reason: 'Error' } } }],
  })
  // The second run ends as well; then nothing is asked for any more while it waits for the third.
  sim.clock.advance(92_000)
  t.match(sim.pod('web').status, { containerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }] })
  sim.store.modify<Pod>(Pods, 'default', 'web', ({ metadata: { annotations: _, ...metadata }, ...pod }) => ({
    ...pod,
    metadata,
  }))
  sim.clock.advance(600_000)
  t.match(sim.pod('web').status, { containerStatuses: [{ restartCount: 2, ready: true }] }, 'the third run lasts')
})

t.test('images take their time, log-normally, and are there afterwards', async t => {
  const model = { p50: 2000, p99: 20_000 }
  const prng = new Prng('images')
  const node = new NodeImages(prng, 'node-0', model)
  const other = new NodeImages(prng, 'node-1', model)
  const times = Array.from({ length: 4000 }, (_, i) => node.pull(`image-${i}`, undefined).durationMs).sort(
    (a, b) => a - b,
  )
  const median = times[2000]!
  const tail = times[3960]!
  t.ok(median > 1800 && median < 2200, `median ${median}`)
  t.ok(tail > 15_000 && tail < 28_000, `99th percentile ${tail}`)
  for (let i = 0; i < 100; i++) {
    const [here, there] = [node, other].map(each => each.pull(`image-${i}`, undefined))
    t.equal(here!.sizeBytes, there!.sizeBytes)
    const ratio = here!.durationMs / there!.durationMs
    if (ratio < 0.65 || ratio > 1.55) t.fail(`image-${i} takes ${ratio} times as long elsewhere`)
  }
  t.equal(node.stateOf('web:1', 'IfNotPresent', undefined), 'absent')
  t.equal(node.stateOf('web:1', 'Never', undefined), 'refused')
  node.add('web:1')
  t.equal(node.stateOf('web:1', 'IfNotPresent', undefined), 'present')
  t.equal(node.stateOf('web:1', 'Never', undefined), 'present')
  t.equal(node.stateOf('web:1', 'Always', undefined), 'absent', 'the registry is asked')
  t.ok(node.pull('web:1', undefined).durationMs < 1000, 'which takes no time')
  t.equal(other.stateOf('web:1', 'IfNotPresent', undefined), 'absent', 'each node has its own')
  t.equal(new NodeImages(prng, 'n', undefined).stateOf('web:1', 'Always', undefined), 'present', 'without a model')
})

t.test('sidecars stop after the others, the last first, and all within the grace and two seconds', async t => {
  const one = (name: string, kind: 'main' | 'sidecar', stopMs: number, preStopMs = 0) =>
    ({ name, kind, stopMs, preStopMs }) as const
  const ends = planTermination(
    [
      one('log', 'sidecar', 1000),
      one('proxy', 'sidecar', 500),
      one('web', 'main', 3000),
      one('db', 'main', 4000, 1000),
    ],
    30_000,
  )
  t.same(Object.fromEntries(ends), {
    web: { afterMs: 3000, killed: false },
    db: { afterMs: 5000, killed: false },
    proxy: { afterMs: 5500, killed: false },
    log: { afterMs: 6500, killed: false },
  })
  const hard = planTermination(
    [one('log', 'sidecar', 1000), one('proxy', 'sidecar', 5000), one('web', 'main', 60_000)],
    10_000,
  )
  t.same(Object.fromEntries(hard), {
    web: { afterMs: 10_000, killed: true },
    proxy: { afterMs: 12_000, killed: true },
    log: { afterMs: 11_000, killed: false },
  })
})
