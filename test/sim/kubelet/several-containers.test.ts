// Containers of one pod that can each be connected to: what they are to the runtime, and that every run begins anew.
import type { Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { podUidOf, servesMetrics, type TargetSpec } from '../../../sim/kubelet/index.ts'
import { containerEnvironment, expanded } from '../../../sim/kubelet/container-environment.ts'
import { targetSpecs } from '../../../sim/kubelet/target-spec.ts'
import { Pods, type Stored } from '../../../sim/cluster/index.ts'
import type { ContainerSpec } from '../../../sim/messages.ts'
import { isReady, type Sim, simulate, workload } from '../controllers/harness.ts'

const PLACE = { address: '127.2.0.9', node: 'n', seed: 's', startedUnixMs: 5 }

function pod(annotations: Record<string, string>, containers: NonNullable<Pod['spec']>['containers']): Stored<Pod> {
  return {
    metadata: { name: 'p', namespace: 'd', uid: 'u', resourceVersion: '1', creationTimestamp: '', annotations },
    spec: { containers },
  }
}

const PAGES: readonly ContainerSpec[] = [
  { name: 'app', port: 8080, metrics: true, profile: 'web-service' },
  { name: 'proxy', port: 15090, metrics: true, profile: 'web-service' },
]

/** Since the last call. */
function opened(sim: Sim): string[] {
  return sim.runtime.log.splice(0)
}

t.test('each container that an annotation names is a target of its own; the others are as one', async t => {
  const specs = targetSpecs(
    pod(
      {
        'churnbench.io/profile.proxy': 'web-service',
        'churnbench.io/profile': 'web-service',
        'churnbench.io/runs.cache': 'memcached',
        'prometheus.io/scrape': 'true',
      },
      [
        { name: 'cache', ports: [{ containerPort: 11211, name: 'tcp-cache' }] },
        { name: 'app', ports: [{ containerPort: 8080 }] },
        {
          name: 'proxy',
          ports: [
            { containerPort: 15001, name: 'tcp' },
            { containerPort: 15090, name: 'http-metrics-2' },
            { containerPort: 1 },
          ],
        },
      ],
    ),
    PLACE,
  )
  t.match(specs, [
    { uid: 'u/cache', podUid: 'u', runs: 'memcached', ports: [11211], container: 'cache' },
    { uid: 'u', podUid: undefined, ports: [15090], container: 'proxy' },
    { uid: 'u/app', podUid: 'u', ports: [8080], container: 'app', profile: 'web-service' },
  ])
  t.same(specs.map(podUidOf), ['u', 'u', 'u'])
  t.same(specs.map(servesMetrics), [false, true, true])
  const scraped = pod({ 'churnbench.io/profile.a': 'web-service', 'prometheus.io/scrape': 'true' }, [
    {
      name: 'a',
      ports: [{ containerPort: 1 }, { containerPort: 2, name: 'tcp-x' }, { containerPort: 3, protocol: 'UDP' }],
    },
    { name: 'b', ports: [{ containerPort: 4 }] },
  ])
  t.same(
    targetSpecs(scraped, PLACE).map(({ container, ports }) => [container, ...ports]),
    [['a', 1]],
    'being scraped is said of the ports that declare metrics',
  )
})

t.test('commands are filled in as kubelets do it', async t => {
  const environment = containerEnvironment(
    {
      name: 'c',
      env: [
        { name: 'PORT', value: '9000' },
        { name: 'BIND', value: '$(POD_IP):$(PORT)' },
        { name: 'UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
        { name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ],
    },
    pod({}, []),
    PLACE,
  )
  t.match(environment, { BIND: '127.2.0.9:9000', UID: 'u', POD_NAME: 'p', POD_NAMESPACE: 'd', NODE_NAME: 'n' })
  t.notOk('SECRET' in environment)
  t.equal(expanded('-l $(BIND) $$(BIND) $(NOBODY) $BIND', environment), '-l 127.2.0.9:9000 $(BIND) $(NOBODY) $BIND')
})

t.test('all containers of a pod are there before its address is published, and refuse when it has gone', async t => {
  const seen: TargetSpec[] = []
  const sim = simulate({ nodes: 1, cluster: { onTargetOpened: target => seen.push(target) } })
  sim.cluster.applyWorkload(workload('web', 1, { containers: PAGES }))
  sim.clock.advance(5000)
  const [one] = sim.pods()
  t.ok(isReady(one!))
  t.match(one?.status?.containerStatuses, [
    { name: 'app', ready: true },
    { name: 'proxy', ready: true },
  ])
  t.same(
    one?.spec?.containers.map(({ ports }) => ports?.[0]?.name),
    ['http-metrics', 'http-metrics-2'],
  )
  const { uid } = one!.metadata
  t.same([...sim.runtime.open_.keys()], [uid, `${uid}/proxy`])
  t.same(
    seen.map(({ slot, ports }) => [slot, ...ports]),
    [
      [0, 8080],
      [1, 15090],
    ],
  )
  sim.cluster.failNode('node-0')
  t.same([...sim.runtime.partitioned], [uid, `${uid}/proxy`], 'a silent node silences both')
  sim.cluster.recoverNode('node-0')
  sim.cluster.scale('shop', 'web', 0)
  sim.clock.advance(5000)
  t.equal(sim.runtime.open_.size, 0)
})

t.test('a container that ends takes only its own listener with it, and starts anew', async t => {
  const sim = simulate({ nodes: 1 })
  sim.cluster.applyWorkload(workload('web', 1, { containers: PAGES }))
  const annotate = (annotations: Record<string, string>): void => {
    const { name } = sim.pods()[0]!.metadata
    sim.store.modify<Pod>(Pods, 'shop', name, ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
    }))
  }
  sim.clock.advance(5000)
  const { uid } = sim.pods()[0]!.metadata
  const before = sim.runtime.open_.get(`${uid}/proxy`)!
  opened(sim)
  annotate({ 'churnbench.io/run-for.proxy': '6s', 'churnbench.io/exit-code.proxy': '3' })
  sim.clock.advance(4000)
  t.match(sim.pods()[0]?.status?.containerStatuses, [
    { name: 'app', restartCount: 0 },
    { name: 'proxy', restartCount: 1, lastState: { terminated: { exitCode: 3 } } },
  ])
  const after = sim.runtime.open_.get(`${uid}/proxy`)!
  t.ok(after.startedUnixMs > before.startedUnixMs + 1000, 'its values count from the new start')
  t.match(after, { slot: before.slot, uid: before.uid, address: before.address })
  t.same(
    opened(sim).map(line => line.split(' ').slice(0, 2).join(' ')),
    ['close 1', 'open 1'],
    'the other goes on',
  )
})

t.test('a machine that is started anew starts every container anew', async t => {
  const sim = simulate({ nodes: 1 })
  sim.cluster.applyWorkload(workload('web', 1, { containers: PAGES }))
  sim.clock.advance(5000)
  const before = [...sim.runtime.open_.values()]
  sim.cluster.rebootNode('node-0', 2000)
  sim.clock.advance(5000)
  const after = [...sim.runtime.open_.values()]
  t.same(
    after.map(({ uid }) => uid),
    before.map(({ uid }) => uid),
  )
  for (const [i, target] of after.entries()) t.ok(target.startedUnixMs >= before[i]!.startedUnixMs + 5000)
})
