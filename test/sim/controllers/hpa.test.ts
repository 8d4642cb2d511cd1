// The autoscaler in a cluster on virtual time: what it writes and says, in which order, and how it follows a load.
import t from 'tap'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { Event } from 'kubernetes-types/core/v1.js'
import {
  applyDefaults,
  Deployments,
  Events,
  HorizontalPodAutoscalers,
  StatefulSets,
} from '../../../sim/cluster/index.ts'
import { decide, HPA_DEFAULTS, HPA_START, type HpaSpec } from '../../../sim/controllers/hpa-rule.ts'
import { type Sim, simulate, workload } from './harness.ts'

type Spec = NonNullable<HorizontalPodAutoscaler['spec']>

const CPU = (averageUtilization: number): NonNullable<Spec['metrics']>[number] => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})

/** A Deployment `web` whose pods ask for 100m, warm, and an autoscaler of it. A request costs a millisecond. */
function scaled(spec: Partial<Spec> = {}, more: { readonly replicas?: number; readonly seed?: string } = {}): Sim {
  const sim = simulate({ nodes: 5, keep: true, ...(more.seed === undefined ? {} : { seed: more.seed }) })
  sim.cluster.applyWorkload(workload('web', more.replicas ?? 2))
  sim.clock.advance(60_000)
  add(sim, 'web', spec)
  return sim
}

function add(sim: Sim, name: string, spec: Partial<Spec> = {}): void {
  sim.store.create<HorizontalPodAutoscaler>(HorizontalPodAutoscalers, {
    metadata: { namespace: 'shop', name },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [CPU(50)],
      ...spec,
    },
  })
}

const hpa = (sim: Sim, name = 'web'): HorizontalPodAutoscaler =>
  sim.store.get<HorizontalPodAutoscaler>(HorizontalPodAutoscalers, 'shop', name)!
const size = (sim: Sim): number => sim.store.get<Deployment>(Deployments, 'shop', 'web')!.spec!.replicas!
const condition = (sim: Sim, type: string, name = 'web'): string => {
  const found = hpa(sim, name).status?.conditions?.find(each => each.type === type)
  return `${found?.status} ${found?.reason}: ${found?.message}`
}
const said = (sim: Sim): string[] =>
  sim.store
    .list<Event>(Events)
    .filter(({ source }) => source?.component === 'horizontal-pod-autoscaler')
    .map(({ type, reason, message }) => `${type} ${reason}: ${message}`)

void t.test('one look: the scale, the event, the status; then every 15 s from its creation', async t => {
  const sim = scaled()
  sim.cluster.offerLoad('shop', 'web', 300, 0)
  const from = sim.events.length
  sim.clock.advance(14_999)
  t.equal(hpa(sim).status, undefined, 'the first look is after 15 s')
  sim.clock.advance(15_001)
  t.equal(size(sim), 6, 'first by what metrics-server knew after 15 s, then by the rest')
  sim.clock.advance(30_000)
  const writes = sim.events
    .slice(from)
    .filter(({ event }) => event.resource === HorizontalPodAutoscalers || event.resource === Deployments)
    .filter(
      ({ event }) =>
        event.resource === HorizontalPodAutoscalers ||
        event.object.metadata.generation !== event.previous?.metadata.generation,
    )
    .map(({ atMs, event }) => `${atMs - 60_000} ${event.resource.kind}`)
  t.same(
    writes.filter(write => write.endsWith('Deployment')).every(write => Number(write.split(' ')[0]) % 15_000 === 0),
    true,
  )
  const first = writes.findIndex(write => write.endsWith(' Deployment'))
  t.match(writes[first + 1], new RegExp(`^${writes[first]!.split(' ')[0]} Horizontal`), 'the status after the scale')
  t.equal(
    condition(sim, 'ScalingActive'),
    'True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
  )
  t.match(
    said(sim)[0],
    'Normal SuccessfulRescale: New size: 3; reason: cpu resource utilization (percentage of request) above target',
  )
  const { status } = hpa(sim)
  t.equal(status!.desiredReplicas, size(sim))
  t.ok(status!.lastScaleTime)
  t.match(status!.currentMetrics, [
    { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: Number, averageValue: /^\d+m$/ } } },
  ])
})

void t.test('a rising load makes a stair, one that falls a cliff five minutes later: a saw-tooth', async t => {
  const sim = scaled({ maxReplicas: 20 })
  const sizes: number[] = []
  for (let round = 0; round < 2; round++) {
    sim.cluster.offerLoad('shop', 'web', 800, 240_000)
    for (let i = 0; i < 24; i++) {
      sim.clock.advance(15_000)
      sizes.push(size(sim))
    }
    sim.cluster.offerLoad('shop', 'web', 40, 0)
    for (let i = 0; i < 24; i++) {
      sim.clock.advance(15_000)
      sizes.push(size(sim))
    }
  }
  const [up, down] = [sizes.slice(0, 24), sizes.slice(24, 48)]
  t.ok(
    up.every((n, i) => i === 0 || n >= up[i - 1]!),
    `only up: ${up.join(', ')}`,
  )
  t.ok(new Set(up).size >= 5, 'by steps')
  t.ok(up.at(-1)! >= 16 && up.at(-1)! <= 18, `800 requests of 1 ms at half of 100m, and what they idle: ${up.at(-1)}`)
  t.same(
    down.slice(0, 19).map(n => n),
    Array(19).fill(up.at(-1)),
    'five minutes of nothing',
  )
  t.equal(down.at(-1), 2)
  t.ok(sizes.slice(48).some(n => n >= 16) && sizes.at(-1) === 2, 'and again')
})

void t.test('the size is kept in bounds, and a target at zero is left alone', async t => {
  const sim = scaled({ minReplicas: 3, maxReplicas: 5 }, { replicas: 8 })
  sim.clock.advance(15_000)
  t.equal(size(sim), 5)
  t.match(said(sim), [
    'Normal SuccessfulRescale: New size: 5; reason: Current number of replicas above Spec.MaxReplicas',
  ])
  t.equal(
    condition(sim, 'AbleToScale'),
    'True SucceededRescale: the HPA controller was able to update the target scale to 5',
  )
  sim.cluster.scale('shop', 'web', 1)
  sim.clock.advance(15_000)
  t.equal(size(sim), 3)
  t.match(said(sim)[1], 'reason: Current number of replicas below Spec.MinReplicas')
  sim.cluster.scale('shop', 'web', 0)
  sim.clock.advance(60_000)
  t.equal(size(sim), 0)
  t.equal(
    condition(sim, 'ScalingActive'),
    'False ScalingDisabled: scaling is disabled since the replica count of the target is zero',
  )
  sim.cluster.scale('shop', 'web', 4)
  sim.clock.advance(45_000)
  t.equal(size(sim), 5, 'without behavior the highest of five minutes counts, also upwards')
  sim.clock.advance(400_000)
  t.equal(size(sim), 3)
  t.equal(condition(sim, 'ScalingLimited').split(':')[0], 'True TooFewReplicas')
})

void t.test('what cannot be had is told in a condition and an event', async t => {
  const sim = scaled({ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gone' } })
  sim.clock.advance(15_000)
  t.equal(
    condition(sim, 'AbleToScale'),
    `False FailedGetScale: the HPA controller was unable to get the target's current scale: deployments.apps "gone" not found`,
  )
  t.same(said(sim), ['Warning FailedGetScale: deployments.apps "gone" not found'])
  add(sim, 'odd', { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Nothing', name: 'x' } })
  add(sim, 'daemon', { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'x' } })
  sim.clock.advance(15_000)
  t.match(condition(sim, 'AbleToScale', 'odd'), 'no matches for kind "Nothing" in group "apps"')
  t.match(condition(sim, 'AbleToScale', 'daemon'), 'the server could not find the requested resource')

  const other = scaled({
    metrics: [
      { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } } },
    ],
  })
  other.clock.advance(15_000)
  const cause =
    'unable to get metric rps: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered'
  t.equal(
    condition(other, 'ScalingActive'),
    `False FailedGetPodsMetric: the HPA was unable to compute the replica count: ${cause}`,
  )
  t.same(said(other), [
    `Warning FailedGetPodsMetric: ${cause}`,
    `Warning FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get pods metric value: ${cause}`,
  ])
  t.equal(size(other), 2)

  const fresh = simulate({ nodes: 2 })
  fresh.cluster.applyWorkload(workload('web', 2))
  add(fresh, 'web')
  fresh.clock.advance(15_000)
  t.match(
    said(fresh)[0],
    'Warning FailedGetResourceMetric: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
  )
  fresh.clock.advance(45_000)
  t.match(condition(fresh, 'ScalingActive'), 'True ValidMetricFound')
  add(fresh, 'second')
  fresh.clock.advance(30_000)
  t.match(
    condition(fresh, 'ScalingActive'),
    'False AmbiguousSelector: pods by selector app=web are controlled by multiple HPAs: [shop/second shop/web]',
  )
})

void t.test('one working metric is enough to go up, not to go down', async t => {
  const broken = {
    type: 'External',
    external: { metric: { name: 'queue' }, target: { type: 'Value', value: '1' } },
  } as const
  const sim = scaled({ metrics: [CPU(50), broken] }, { replicas: 4 })
  sim.cluster.offerLoad('shop', 'web', 400, 0)
  sim.clock.advance(45_000)
  t.ok(size(sim) > 4)
  sim.cluster.offerLoad('shop', 'web', 1, 0)
  sim.clock.advance(600_000)
  t.match(
    condition(sim, 'ScalingActive'),
    'False FailedGetExternalMetric: the HPA was unable to compute the replica count: unable to get external metric shop/queue/nil',
  )
  t.ok(size(sim) > 4)
})

void t.test('memory and single containers are metrics too; averages are shown as Kubernetes writes them', async t => {
  const container = { name: 'cpu', container: 'web', target: { type: 'AverageValue', averageValue: '40m' } } as const
  const sim = scaled({
    metrics: [
      { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '20Mi' } } },
      { type: 'ContainerResource', containerResource: container },
    ],
  })
  sim.clock.advance(15_000)
  t.equal(size(sim), 4, 'twice at most: 48 Mi for 20 Mi')
  t.match(hpa(sim).status!.currentMetrics, [
    { type: 'Resource', resource: { name: 'memory', current: { averageValue: /^\d+(Ki|000m|)$/ } } },
    { type: 'ContainerResource', containerResource: { container: 'web', current: { averageValue: '2m' } } },
  ])
})

void t.test('behavior: policies to select, and none at all', async t => {
  const spec = (scaleDown: Partial<HpaSpec['scaleDown']>): HpaSpec => ({
    ...HPA_DEFAULTS,
    minReplicas: 1,
    maxReplicas: 100,
    scaleDown: { stabilizationWindowMs: 0, policies: [], ...scaleDown },
  })
  const sizes = (rules: HpaSpec, start: number, wanted: number, looks: number, everyMs: number): number[] => {
    let memory = HPA_START
    let current = start
    return Array.from({ length: looks }, (_, i) => {
      const next = decide(rules, memory, i * everyMs, current, wanted)
      memory = next.memory
      return (current = next.replicas)
    })
  }
  // The documentation's example: 10 % or 4 pods in a minute, whichever takes more.
  const policies = [
    { type: 'Pods', value: 4, periodMs: 60_000 },
    { type: 'Percent', value: 10, periodMs: 60_000 },
  ] as const
  t.same(sizes(spec({ policies }), 80, 10, 10, 60_000), [72, 64, 57, 51, 45, 40, 36, 32, 28, 24])
  t.same(sizes(spec({ policies }), 80, 10, 5, 15_000), [72, 72, 72, 72, 64], 'once in a minute')
  t.same(sizes(spec({ policies, selectPolicy: 'Min' }), 80, 10, 3, 60_000), [76, 72, 68])
  t.same(sizes(spec({ policies, selectPolicy: 'Disabled' }), 80, 10, 3, 60_000), [80, 80, 80])
  const decision = decide(spec({ policies }), HPA_START, 0, 80, 10)
  t.match(decision, { limit: 'ScaleDownLimit', stabilized: undefined })

  const sim = scaled(
    { behavior: { scaleUp: { selectPolicy: 'Disabled' }, scaleDown: { stabilizationWindowSeconds: 0 } } },
    { replicas: 5 },
  )
  sim.cluster.offerLoad('shop', 'web', 2000, 0)
  sim.clock.advance(120_000)
  t.equal(size(sim), 5, 'never up')
  t.equal(
    condition(sim, 'ScalingLimited'),
    'True ScaleUpLimit: the desired replica count is increasing faster than the maximum scale rate',
  )
  sim.cluster.offerLoad('shop', 'web', 1, 0)
  sim.clock.advance(60_000)
  t.equal(size(sim), 2, 'down without waiting')
})

void t.test('the same seed gives the same sizes at the same times', async t => {
  const run = (): string => {
    const sim = scaled({}, { seed: 'again' })
    sim.cluster.offerLoad('shop', 'web', 500, 90_000)
    sim.clock.advance(240_000)
    return JSON.stringify([hpa(sim).status, said(sim), size(sim)])
  }
  t.equal(run(), run())
})

void t.test('StatefulSets are scaled too, and their pods are found by their set', async t => {
  const sim = simulate({ nodes: 3 })
  sim.cluster.applyWorkload(workload('web', 0))
  const draft: StatefulSet = {
    metadata: { namespace: 'shop', name: 'db' },
    spec: {
      replicas: 2,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' }, annotations: { 'churnbench.io/load-rps': '300' } },
        spec: { containers: [{ name: 'db', image: 'db:1', resources: { requests: { cpu: '100m' } } }] },
      },
    },
  }
  applyDefaults(StatefulSets, draft)
  sim.store.create<StatefulSet>(StatefulSets, draft)
  sim.clock.advance(60_000)
  add(sim, 'db', { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' } })
  sim.clock.advance(180_000)
  const replicas = sim.store.get<StatefulSet>(StatefulSets, 'shop', 'db')!.spec!.replicas!
  t.ok(replicas === 6 || replicas === 7, `300 m by 50 m, and what they idle: ${replicas}`)
  t.equal(sim.pods('db').length, replicas)
})
