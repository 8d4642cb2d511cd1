import fc from 'fast-check'
import type { Endpoints as EndpointsObject, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { Endpoint, EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import t from 'tap'
import { Endpoints, EndpointSlices, Pods, Services, type Stored } from '../../../sim/cluster/index.ts'
import type { Backend } from '../../../sim/controllers/service-pods.ts'
import { SliceBook } from '../../../sim/controllers/slice-book.ts'
import { planSlices, SLICE_MAX } from '../../../sim/controllers/slice-plan.ts'
import { isReady, type Sim, simulate, workload } from './harness.ts'

function slices(sim: Sim, service = 'web'): Stored<EndpointSlice>[] {
  return sim.store
    .list<EndpointSlice>(EndpointSlices, 'shop')
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
}

function endpoints(sim: Sim, service = 'web'): Endpoint[] {
  return slices(sim, service).flatMap(slice => slice.endpoints)
}

function legacy(sim: Sim, service = 'web'): Stored<EndpointsObject> {
  return sim.store.get<EndpointsObject>(Endpoints, 'shop', service)!
}

/** What the slices should say, from the pods themselves. */
function expected(sim: Sim): string[] {
  return sim
    .pods('web')
    .filter(pod => pod.status?.podIP !== undefined && pod.status.phase === 'Running')
    .map(pod => {
      const terminating = pod.metadata.deletionTimestamp !== undefined
      return `${pod.metadata.uid} ${pod.status?.podIP} ${isReady(pod) && !terminating} ${isReady(pod)} ${terminating}`
    })
    .sort()
}

function actual(sim: Sim): string[] {
  return endpoints(sim)
    .map(({ targetRef, addresses, conditions }) => {
      const { ready, serving, terminating } = conditions ?? {}
      return `${targetRef?.uid} ${addresses[0]} ${ready} ${serving} ${terminating}`
    })
    .sort()
}

t.test('slices and Endpoints look as clients expect them', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 3))
  sim.clock.advance(5000)
  const [slice] = slices(sim)
  const service = sim.store.get<Service>(Services, 'shop', 'web')!
  t.match(slice, {
    addressType: 'IPv4',
    metadata: {
      generateName: 'web-',
      labels: {
        app: 'web',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': /^2026-01-01T00:00:0\d\.\d{3}Z$/ },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Service', name: 'web', uid: service.metadata.uid, controller: true },
      ],
    },
    ports: [{ name: 'http-metrics', port: 8080, protocol: 'TCP' }],
  })
  const pod = sim.pods()[0]!
  const endpoint = slice?.endpoints.find(({ targetRef }) => targetRef?.uid === pod.metadata.uid)
  t.same(endpoint, {
    addresses: [pod.status?.podIP],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: pod.spec?.nodeName,
    targetRef: { kind: 'Pod', namespace: 'shop', name: pod.metadata.name, uid: pod.metadata.uid },
    zone: endpoint?.zone,
  })
  t.match(endpoint?.zone, /^region-1[abc]$/)
  t.equal(legacy(sim).subsets?.length, 1)
  t.equal(legacy(sim).subsets?.[0]?.addresses?.length, 3)
  t.same(legacy(sim).subsets?.[0]?.ports, [{ name: 'http-metrics', port: 8080, protocol: 'TCP' }])
  t.match(service.spec?.clusterIP, /^10\./)
})

t.test('slices follow the pods through scaling, rollouts and failures', async t => {
  let podEvents = 0
  const sim = simulate({
    nodes: 4,
    timings: { evictionMs: 10_000, nodeMonitorGraceMs: 10_000, leaseRenewMs: 5000 },
    keep: false,
    onEvent: ({ resource }) => {
      if (resource === Pods) podEvents++
    },
  })
  sim.cluster.applyWorkload(workload('web', 30))
  const steps: (() => void)[] = [
    () => sim.cluster.scale('shop', 'web', 120),
    () => sim.cluster.restart('shop', 'web'),
    () => sim.cluster.failNode('node-1'),
    () => sim.cluster.scale('shop', 'web', 220),
    () => sim.cluster.recoverNode('node-1'),
    () => sim.cluster.scale('shop', 'web', 7),
  ]
  let compared = 0
  for (const step of steps) {
    step()
    for (let i = 0; i < 60; i++) {
      sim.clock.advance(500)
      const before = podEvents
      sim.clock.advance(20)
      // When no pod has changed for the time of a write, the slices are what the pods are.
      if (podEvents !== before) continue
      compared++
      if (actual(sim).join() !== expected(sim).join()) t.same(actual(sim), expected(sim))
    }
  }
  t.ok(compared > 100, `compared ${compared} times`)
  t.ok(endpoints(sim).length === 7)
  t.ok(slices(sim).every(slice => slice.endpoints.length <= SLICE_MAX))
})

t.test('a pod is in a slice as not ready once it has an address, and ready when it is', async t => {
  const timings = {
    startMs: { base: 500, jitter: 0 },
    readyMs: { base: 1000, jitter: 0 },
    terminateMs: { base: 2000, jitter: 0 },
  }
  const sim = simulate({ timings })
  sim.cluster.applyWorkload(workload('web', 1))
  sim.clock.advance(300)
  t.equal(slices(sim).length, 1, 'a Service without endpoints has a slice')
  t.same(endpoints(sim), [])
  sim.clock.advance(500)
  t.match(endpoints(sim), [{ conditions: { ready: false, serving: false, terminating: false } }])
  t.equal(legacy(sim).subsets?.[0]?.notReadyAddresses?.length, 1)
  sim.clock.advance(1000)
  t.match(endpoints(sim), [{ conditions: { ready: true, serving: true, terminating: false } }])
  t.equal(legacy(sim).subsets?.[0]?.addresses?.length, 1)
  sim.cluster.scale('shop', 'web', 0)
  sim.clock.advance(100)
  t.match(endpoints(sim), [{ conditions: { ready: false, serving: true, terminating: true } }])
  t.equal(legacy(sim).subsets, undefined, 'the old kind drops a pod as soon as it is marked')
  sim.clock.advance(3000)
  t.same(endpoints(sim), [])
  t.equal(slices(sim).length, 1)
})

t.test('somebody who meddles with slices or Endpoints is corrected', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 3))
  sim.clock.advance(5000)
  const before = actual(sim)
  const [slice] = slices(sim)
  sim.store.update<EndpointSlice>(EndpointSlices, { ...slice!, endpoints: [] })
  sim.clock.advance(100)
  t.same(actual(sim), before)
  sim.store.delete(EndpointSlices, 'shop', slices(sim)[0]!.metadata.name)
  sim.store.delete(Endpoints, 'shop', 'web')
  sim.clock.advance(100)
  t.same(actual(sim), before)
  t.equal(legacy(sim).subsets?.[0]?.addresses?.length, 3)
})

t.test('Services of other shapes: headless, publishing all, named ports that differ, no selector', async t => {
  const sim = simulate({ timings: { readyMs: { base: 60_000, jitter: 0 } } })
  sim.cluster.applyWorkload(workload('web', 2))
  sim.cluster.applyWorkload(workload('api', 2, { port: 9090 }))
  const service = (name: string, spec: NonNullable<Service['spec']>): void => {
    sim.store.create<Service>(Services, { metadata: { namespace: 'shop', name }, spec })
  }
  service('all', {
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector: { app: 'api' },
    ports: [{ name: 'm', port: 80, targetPort: 9090 }],
  })
  service('by-hand', { ports: [{ port: 1 }] })
  sim.clock.advance(5000)
  t.match(endpoints(sim, 'all'), [{ conditions: { ready: true, serving: false } }, { conditions: { ready: true } }])
  t.equal(slices(sim, 'all')[0]?.metadata.labels?.['service.kubernetes.io/headless'], '')
  t.same(slices(sim, 'all')[0]?.ports, [{ name: 'm', port: 9090, protocol: 'TCP' }])
  t.same(slices(sim, 'by-hand'), [])

  // One Service over pods whose port of that name differs: a slice for each port.
  for (const [name, containerPort] of [
    ['one', 1111],
    ['two', 2222],
  ] as const) {
    sim.store.create<Pod>(Pods, {
      metadata: { namespace: 'shop', name, labels: { tier: 'mixed' } },
      spec: { containers: [{ name: 'c', image: 'i', ports: [{ name: 'metrics', containerPort }] }] },
    })
  }
  service('mixed', { selector: { tier: 'mixed' }, ports: [{ name: 'm', port: 80, targetPort: 'metrics' }] })
  sim.clock.advance(5000)
  t.same(
    slices(sim, 'mixed')
      .map(slice => `${slice.ports?.[0]?.port}`)
      .sort(),
    ['1111', '2222'],
  )
  t.equal(legacy(sim, 'mixed').subsets?.length, 2)
})

t.test('a change of the selector moves the Service to other pods', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 2))
  sim.cluster.applyWorkload(workload('api', 3))
  sim.clock.advance(5000)
  sim.store.modify<Service>(Services, 'shop', 'web', current => ({
    ...current,
    spec: { ...current.spec, selector: { app: 'api' } },
  }))
  sim.clock.advance(100)
  const uids = new Set(sim.pods('api').map(pod => pod.metadata.uid))
  t.equal(endpoints(sim).length, 3)
  t.ok(endpoints(sim).every(({ targetRef }) => uids.has(targetRef?.uid ?? '')))
})

t.test('what belongs to a Service goes with it', async t => {
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 2))
  sim.clock.advance(5000)
  sim.cluster.deleteWorkload('shop', 'web')
  sim.clock.advance(5000)
  t.same(slices(sim), [])
  t.equal(legacy(sim), undefined)
  t.same(sim.pods(), [])
  t.equal(sim.runtime.open_.size, 0)
})

t.test('Endpoints is cut at 1 000 addresses and says so', async t => {
  const sim = simulate({ nodes: 12, keep: false })
  sim.cluster.applyWorkload(workload('web', 1003))
  sim.clock.advance(8000)
  t.equal(endpoints(sim).length, 1003)
  t.equal(slices(sim).length, 11)
  t.equal(legacy(sim).subsets?.[0]?.addresses?.length, 1000)
  t.equal(legacy(sim).metadata.annotations?.['endpoints.kubernetes.io/over-capacity'], 'truncated')
  sim.cluster.scale('shop', 'web', 1000)
  sim.clock.advance(3000)
  t.equal(legacy(sim).metadata.annotations?.['endpoints.kubernetes.io/over-capacity'], undefined)
})

t.test('the slice plan holds exactly the backends, over any sequence of changes', async () => {
  const step = fc.array(fc.tuple(fc.nat(400), fc.constantFrom('a', 'b', 'gone'), fc.boolean()), { maxLength: 250 })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), steps => {
      const book = new SliceBook()
      const backends = new Map<string, Backend>()
      let names = 0
      for (const changes of steps) {
        const changed = new Set<string>()
        for (const [n, group, ready] of changes) {
          const uid = `pod-${n}`
          changed.add(uid)
          if (group === 'gone') backends.delete(uid)
          else backends.set(uid, backend(uid, group, ready))
        }
        const plan = planSlices({ slices: book.slices, backends, placeOf: book.placeOf, changed })
        for (const { slice, content } of plan.update) {
          book.set({ ...slice, endpoints: content.endpoints, ports: [...content.ports] })
        }
        for (const content of plan.create) {
          const metadata = { name: `s-${names++}`, uid: '', resourceVersion: '', creationTimestamp: '' }
          book.set({ metadata, addressType: 'IPv4', endpoints: content.endpoints, ports: [...content.ports] })
        }
        for (const { metadata } of plan.remove) book.remove(metadata.name)

        const found = new Map<string, Endpoint>()
        for (const slice of book.slices.values()) {
          if (slice.endpoints.length > SLICE_MAX) throw new Error('too full')
          if (slice.endpoints.length === 0 && book.slices.size > 1) throw new Error('an empty slice is left')
          for (const endpoint of slice.endpoints) {
            const uid = endpoint.targetRef!.uid!
            if (found.has(uid)) throw new Error(`${uid} twice`)
            if (slice.ports?.[0]?.name !== backends.get(uid)?.ports[0]?.name) throw new Error('wrong ports')
            found.set(uid, endpoint)
          }
        }
        if (book.slices.size === 0) throw new Error('no slice at all')
        if (found.size !== backends.size) throw new Error(`${found.size} instead of ${backends.size}`)
        for (const [uid, { endpoint }] of backends) if (found.get(uid) !== endpoint) throw new Error(`${uid} is stale`)
      }
    }),
    {
      numRuns: 200,
      // A pod moves to another slice and its old one is removed; found by a random run.
      examples: [
        [
          [
            [
              [221, 'b', false],
              [0, 'a', false],
            ],
            [[221, 'a', false]],
            [[221, 'a', false]],
          ],
        ],
      ],
    },
  )
})

function backend(uid: string, group: string, isReady: boolean): Backend {
  const metadata = { name: uid, uid, resourceVersion: '1', creationTimestamp: '' }
  const ports = [{ name: group, port: 1, protocol: 'TCP' }]
  return {
    pod: { metadata },
    endpoint: { addresses: [uid], conditions: { ready: isReady }, targetRef: { uid } },
    ports,
    portsId: `${group}/TCP/1/`,
    address: undefined,
    isReady,
  }
}

t.test('a few new endpoints go into the fullest slice with room, many into a new one', async t => {
  const book = new SliceBook()
  const backends = new Map<string, Backend>()
  const fill = (name: string, from: number, count: number): void => {
    const endpoints: Endpoint[] = []
    for (let i = from; i < from + count; i++) {
      const one = backend(`p${i}`, 'a', true)
      backends.set(`p${i}`, one)
      endpoints.push(one.endpoint)
    }
    const metadata = { name, uid: name, resourceVersion: '1', creationTimestamp: '' }
    book.set({ metadata, addressType: 'IPv4', endpoints, ports: [{ name: 'a', port: 1, protocol: 'TCP' }] })
  }
  fill('half', 0, 50)
  fill('most', 100, 80)
  fill('full', 200, 100)
  const add = (from: number, count: number): ReturnType<typeof planSlices> => {
    const more = new Map(backends)
    for (let i = from; i < from + count; i++) more.set(`p${i}`, backend(`p${i}`, 'a', true))
    return planSlices({ slices: book.slices, backends: more, placeOf: book.placeOf, changed: new Set(more.keys()) })
  }
  t.same(
    add(300, 15).update.map(({ slice }) => slice.metadata.name),
    ['most'],
  )
  t.same(
    add(300, 30).update.map(({ slice }) => slice.metadata.name),
    ['half'],
  )
  const many = add(300, 60)
  t.same(many.update, [], 'rather one created than several changed')
  t.same(
    many.create.map(({ endpoints }) => endpoints.length),
    [60],
  )
})
