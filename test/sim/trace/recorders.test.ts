// A cluster played by hand: what its commits mean for the churn trace and for the truth that probes work with.
import { createHash } from 'node:crypto'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import t from 'tap'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { Deployments, EndpointSlices, Leases, Nodes, ObjectStore, Pods } from '../../../sim/cluster/index.ts'
import type { TargetSpec } from '../../../sim/kubelet/pod-runtime.ts'
import type { TruthEvent } from '../../../sim/messages.ts'
import { canonicalLine, ChurnRecorder, type TruthClock, TruthRecorder } from '../../../sim/trace/index.ts'

const NAMESPACE = 'shop'
const TEMPLATE = {
  metadata: { labels: { tier: 'web', app: 'cart' } },
  spec: { containers: [{ name: 'main', image: 'cart:1', ports: [{ name: 'http-metrics', containerPort: 8080 }] }] },
}

/** `kubernetes-types` has `status` read-only, as it is for clients. */
type Writable<T> = { -readonly [K in keyof T]: T[K] }

interface Played {
  readonly clock: VirtualClock
  readonly store: ObjectStore
}

function stage(epochMs = Date.UTC(2026, 0, 1), seed = 'seed'): Played {
  const clock = new VirtualClock(epochMs)
  return { clock, store: new ObjectStore(clock, new Prng(seed)) }
}

function ready(isReady: boolean): { type: string; status: string }[] {
  return [{ type: 'Ready', status: isReady ? 'True' : 'False' }]
}

function addPod(store: ObjectStore, name: string): string {
  return store.create<Pod>(Pods, {
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: { tier: 'web', app: 'cart' },
      annotations: { 'churnbench.io/started': String(store.resourceVersion) },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart-1', uid: 'rs', controller: true }],
    },
    spec: structuredClone(TEMPLATE.spec),
  }).metadata.uid
}

function changePod(store: ObjectStore, name: string, change: (pod: Writable<Pod>) => void): void {
  store.modify<Pod>(Pods, NAMESPACE, name, current => {
    const next = structuredClone(current)
    change(next)
    return next
  })
}

/** A node, a deployment, a pod's whole life, a node's failure. */
function play({ clock, store }: Played, between: () => void = () => {}): void {
  store.create<Node>(Nodes, {
    metadata: { name: 'node-1', labels: { zone: 'a', arch: 'amd64' } },
    status: { conditions: ready(true) },
  })
  between()
  store.create<Deployment>(Deployments, {
    metadata: { name: 'cart', namespace: NAMESPACE },
    spec: { replicas: 1, selector: {}, template: structuredClone(TEMPLATE) },
  })
  clock.advance(10)
  addPod(store, 'cart-1-a')
  between()
  clock.advance(10)
  changePod(store, 'cart-1-a', pod => (pod.spec!.nodeName = 'node-1'))
  clock.advance(100)
  changePod(store, 'cart-1-a', pod => (pod.status = { phase: 'Running', podIP: '127.2.0.2', conditions: ready(false) }))
  changePod(store, 'cart-1-a', pod => (pod.status!.conditions = ready(true)))
  store.create<EndpointSlice>(EndpointSlices, sliceOf(store, 'cart-1-a', '127.2.0.2'))
  between()
  clock.advance(1000)
  scale(store, 3)
  store.modify<Deployment>(Deployments, NAMESPACE, 'cart', current => ({ ...current, status: { replicas: 1 } }))
  const template = { ...structuredClone(TEMPLATE), metadata: { labels: { app: 'cart', version: '2' } } }
  store.modify<Deployment>(Deployments, NAMESPACE, 'cart', current => ({
    ...current,
    spec: { ...current.spec!, template },
  }))
  clock.advance(1000)
  setNodeReady(store, false)
  changePod(store, 'cart-1-a', pod => (pod.status!.conditions = ready(false)))
  clock.advance(500)
  setNodeReady(store, true)
  changePod(store, 'cart-1-a', pod => {
    pod.status!.containerStatuses = [{ name: 'main', image: '', imageID: '', ready: true, restartCount: 1 }]
    pod.status!.conditions = ready(true)
  })
  clock.advance(500)
  store.delete(Pods, NAMESPACE, 'cart-1-a', { gracePeriodSeconds: 5 })
  clock.advance(2000)
  store.delete(Pods, NAMESPACE, 'cart-1-a', { gracePeriodSeconds: 0 })
  store.delete(Deployments, NAMESPACE, 'cart')
  store.delete(Nodes, undefined, 'node-1')
}

function scale(store: ObjectStore, replicas: number): void {
  store.modify<Deployment>(Deployments, NAMESPACE, 'cart', current => ({
    ...current,
    spec: { ...current.spec!, replicas },
  }))
}

function setNodeReady(store: ObjectStore, isReady: boolean): void {
  store.modify<Node>(Nodes, undefined, 'node-1', current => ({ ...current, status: { conditions: ready(isReady) } }))
}

function sliceOf(store: ObjectStore, pod: string, address: string): EndpointSlice {
  const uid = store.get(Pods, NAMESPACE, pod)!.metadata.uid
  return {
    metadata: { generateName: 'cart-', namespace: NAMESPACE },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], targetRef: { kind: 'Pod', name: pod, namespace: NAMESPACE, uid } }],
  }
}

void t.test('a churn trace tells lives of nodes, workloads and pods, and nothing else', async t => {
  const played = stage()
  const lines: string[] = []
  const recorder = new ChurnRecorder(played.clock, played.store, {
    durationMs: 60_000,
    onEvent: (_, line) => lines.push(line),
  })
  play(played)
  const uid = JSON.parse(lines.find(line => line.includes('"created"'))!).uid as string
  const container = { name: 'main', image: 'cart:1', ports: [{ name: 'http-metrics', port: 8080 }] }
  const pod = { kind: 'pod', namespace: NAMESPACE, name: 'cart-1-a', uid }
  const workload = { kind: 'workload', namespace: NAMESPACE, name: 'cart', type: 'Deployment' }
  const node = { kind: 'node', name: 'node-1' }
  t.same(
    lines.map(line => JSON.parse(line)),
    [
      { t: 0, ...node, op: 'added', labels: { arch: 'amd64', zone: 'a' } },
      {
        t: 0,
        ...workload,
        op: 'applied',
        replicas: 1,
        labels: { app: 'cart', tier: 'web' },
        containers: [container],
      },
      {
        t: 10,
        ...pod,
        op: 'created',
        owner: 'ReplicaSet/cart-1',
        labels: { app: 'cart', tier: 'web' },
        containers: [container],
      },
      { t: 20, ...pod, op: 'bound', node: 'node-1' },
      { t: 120, ...pod, op: 'addressed', address: '127.2.0.2' },
      { t: 120, ...pod, op: 'ready' },
      { t: 1120, ...workload, op: 'scaled', replicas: 3 },
      {
        t: 1120,
        ...workload,
        op: 'applied',
        replicas: 3,
        labels: { app: 'cart', version: '2' },
        containers: [container],
      },
      { t: 2120, ...node, op: 'not-ready' },
      { t: 2120, ...pod, op: 'not-ready' },
      { t: 2620, ...node, op: 'ready' },
      { t: 2620, ...pod, op: 'restarted', restarts: 1 },
      { t: 2620, ...pod, op: 'ready' },
      { t: 3120, ...pod, op: 'terminating', graceS: 5 },
      { t: 5120, ...pod, op: 'deleted' },
      { t: 5120, ...workload, op: 'deleted' },
      { t: 5120, ...node, op: 'removed' },
    ],
  )
  t.equal(lines[0], '{"t":0,"kind":"node","op":"added","name":"node-1","labels":{"arch":"amd64","zone":"a"}}')
  const sha256 = createHash('sha256')
    .update(lines.map(line => `${line}\n`).join(''))
    .digest('hex')
  t.same(recorder.digest(), { sha256, events: lines.length })
  t.same(recorder.digest(), { sha256, events: lines.length }, 'asking does not end it')
})

void t.test('a digest depends on the seed and the plan, not on the day or on bystanders', async t => {
  const digest = (epochMs: number, seed: string, between: (played: Played) => void = () => {}): string => {
    const played = stage(epochMs, seed)
    const recorder = new ChurnRecorder(played.clock, played.store, { durationMs: 60_000 })
    play(played, () => between(played))
    return recorder.digest().sha256
  }
  const expected = digest(0, 'seed')
  t.equal(digest(Date.UTC(2031, 5, 5, 5, 5, 5, 555), 'seed'), expected)
  t.not(digest(0, 'other seed'), expected)
  const heartbeat = ({ store }: Played): void => {
    store.modify<Node>(Nodes, undefined, 'node-1', current => ({
      ...current,
      status: { ...current.status, images: [{ names: [String(store.resourceVersion)] }] },
    }))
  }
  t.equal(digest(0, 'seed', heartbeat), expected, 'heartbeats do not count')
})

void t.test('a trace ends with its duration; actions are in it', async t => {
  const { clock, store } = stage()
  const lines: string[] = []
  const recorder = new ChurnRecorder(clock, store, { durationMs: 1000, onEvent: (_, line) => lines.push(line) })
  recorder.action('scale', { workload: 'shop/cart', replicas: 3 })
  clock.advance(1000)
  addPod(store, 'in-time')
  clock.advance(1)
  addPod(store, 'late')
  recorder.action('scale', { replicas: 4 })
  t.equal(lines.length, 2)
  t.equal(lines[0], '{"t":0,"kind":"action","op":"scale","args":{"replicas":3,"workload":"shop/cart"}}')
  t.match(lines[1], /"t":1000,.*"name":"in-time"/)
  t.equal(recorder.digest().events, 2)

  const between = new ChurnRecorder({ elapsedMs: 7.9 }, store, {
    durationMs: 8,
    onEvent: (_, line) => lines.push(line),
  })
  between.action('kubectl', {})
  t.match(lines.at(-1), /^\{"t":7,/, 'what comes from outside the plan is rounded down')
  between.stop()
  recorder.stop()
  addPod(store, 'unseen')
  t.equal(lines.length, 3)
})

void t.test('a line is the same bytes however the event was put together', async t => {
  const labels = { b: '2', a: '1', ä: '"3"' }
  t.equal(
    canonicalLine({ op: 'added', labels, name: 'n', kind: 'node', t: 5 }),
    '{"t":5,"kind":"node","op":"added","name":"n","labels":{"a":"1","b":"2","ä":"\\"3\\""}}',
  )
})

void t.test('a pod that fails says why', async t => {
  const { clock, store } = stage()
  const lines: string[] = []
  const recorder = new ChurnRecorder(clock, store, { durationMs: 1000, onEvent: (_, line) => lines.push(line) })
  addPod(store, 'a')
  changePod(store, 'a', pod => (pod.status = { phase: 'Failed', reason: 'Evicted' }))
  addPod(store, 'b')
  changePod(store, 'b', pod => (pod.status = { phase: 'Succeeded' }))
  t.match(lines[1], /"op":"failed",.*"reason":"Evicted"/)
  t.match(lines[3], /"op":"succeeded"/)
  t.equal(recorder.digest().events, 4)
})

/** A paced clock whose real time runs 2 ms behind its plan. */
function laggingClock(clock: VirtualClock): TruthClock {
  const originNs = 7_000_000_000n
  return {
    get elapsedMs() {
      return clock.elapsedMs
    },
    plannedNs: ms => originNs + BigInt(ms) * 1_000_000n,
    monotonicNs: () => originNs + clock.monotonicNs() + 2_000_000n,
  }
}

void t.test('truth: each thing that probes wait for, once, with its planned and its real instant', async t => {
  const played = stage()
  const batches: (readonly TruthEvent[])[] = []
  const deferred: (() => void)[] = []
  const recorder = new TruthRecorder(
    laggingClock(played.clock),
    played.store,
    batch => batches.push(batch),
    fn => deferred.push(fn),
  )
  play(played)
  t.equal(deferred.length, 1, 'one delivery is under way, whatever comes meanwhile')
  t.equal(batches.length, 0)
  deferred[0]!()
  t.equal(batches.length, 1)
  const events = batches[0]!
  t.same(
    events.map(({ plannedMs, type }) => [plannedMs, type]),
    [
      [120, 'pod-addressed'],
      [120, 'pod-ready'],
      [120, 'pod-in-slice'],
      [2120, 'node-not-ready'],
      [2120, 'pod-not-ready'],
      [2620, 'node-ready'],
      [2620, 'pod-ready'],
      [3120, 'pod-terminating'],
      [5120, 'pod-deleted'],
      [5120, 'node-deleted'],
    ],
  )
  for (const { plannedMs, plannedNs, committedNs } of events) {
    t.equal(plannedNs, 7_000_000_000n + BigInt(plannedMs) * 1_000_000n)
    t.equal(committedNs - plannedNs, 2_000_000n)
  }
  recorder.action('scale', 'scale cart to 3')
  recorder.nodeSilent('node-1')
  recorder.nodeAnswering('node-1')
  recorder.stop()
  t.match(batches[1], [
    { type: 'action', action: 'scale', detail: 'scale cart to 3' },
    { type: 'node-silent', node: 'node-1' },
    { type: 'node-answering', node: 'node-1' },
  ])
  addPod(played.store, 'unseen')
  recorder.flush()
  t.equal(batches.length, 2, 'nothing is delivered empty')
})

void t.test('truth: pods that nobody could scrape are left out, those with a target are not', async t => {
  const { clock, store } = stage()
  const events: TruthEvent[] = []
  const recorder = new TruthRecorder(laggingClock(clock), store, batch => events.push(...batch))
  addPod(store, 'never')
  store.delete(Pods, NAMESPACE, 'never', { gracePeriodSeconds: 0 })
  const uid = addPod(store, 'opened')
  recorder.targetOpened({ uid, namespace: NAMESPACE, pod: 'opened' } as TargetSpec)
  store.delete(Pods, NAMESPACE, 'opened', { gracePeriodSeconds: 0 })
  await Promise.resolve()
  t.match(events, [
    { type: 'target-opened', target: { uid } },
    { type: 'pod-deleted', uid },
  ])
  t.equal(events.length, 2)
})

void t.test('truth: a slice that speaks of an earlier pod of the same name says nothing of the new one', async t => {
  const { clock, store } = stage()
  const events: TruthEvent[] = []
  const recorder = new TruthRecorder(laggingClock(clock), store, batch => events.push(...batch))
  const address = (): void => changePod(store, 'web-0', pod => (pod.status = { podIP: '127.2.0.3' }))
  const first = addPod(store, 'web-0')
  address()
  const stale = sliceOf(store, 'web-0', '127.2.0.3')
  store.delete(Pods, NAMESPACE, 'web-0', { gracePeriodSeconds: 0 })
  const second = addPod(store, 'web-0')
  address()
  store.create(EndpointSlices, structuredClone(stale))
  store.create(EndpointSlices, sliceOf(store, 'web-0', '127.2.0.3'))
  store.create(EndpointSlices, sliceOf(store, 'web-0', '127.2.0.3'))
  store.create(EndpointSlices, { metadata: { name: 'empty', namespace: NAMESPACE } })
  store.create(Leases, { metadata: { name: 'node-1', namespace: 'kube-node-lease' } })
  recorder.flush()
  t.same(
    events.map(event => [event.type, 'uid' in event ? event.uid : '']),
    [
      ['pod-addressed', first],
      ['pod-deleted', first],
      ['pod-addressed', second],
      ['pod-in-slice', second],
    ],
  )
})
