// Traces of SimKube: objects that were applied and deleted, and how long pods ran.
import { encode } from '@msgpack/msgpack'
import { decode } from '@msgpack/msgpack'
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { ChurnEvent } from '../../../../sim/trace/index.ts'
import { NEEDS_PEER_TRACES, peerTrace } from '../../../support/peer-traces.ts'
import { brief, convert, file, leftOut } from './converting.ts'

const template = (image: string, annotations = {}): object => ({
  metadata: { labels: { app: 'cart' }, annotations },
  spec: { containers: [{ name: 'main', image, ports: [{ containerPort: 80, name: 'http' }] }] },
})
const deployment = (replicas: number, image = 'cart:1', annotations = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'cart', namespace: 'shop' },
  spec: { replicas, selector: { matchLabels: { app: 'cart' } }, template: template(image, annotations) },
})
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'cart', namespace: 'shop' },
  spec: { selector: { app: 'cart' }, ports: [{ port: 80, targetPort: 'http' }] },
}
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'lone', namespace: 'shop' }, spec: { containers: [] } }

interface Event {
  readonly ts: number
  readonly applied_objs?: object[]
  readonly deleted_objs?: object[]
}

function simkube(events: readonly Event[], lifecycles: object = {}, version: unknown = 2): string {
  const full = events.map(event => ({ applied_objs: [], deleted_objs: [], ...event }))
  return file(encode({ version, config: {}, events: full, index: {}, pod_lifecycles: lifecycles }), 'x.sktrace')
}

const EVENTS: readonly Event[] = [
  {
    ts: 1000,
    applied_objs: [deployment(2), service, { kind: 'ConfigMap', metadata: { name: 'c', namespace: 'shop' } }],
  },
  { ts: 1010, applied_objs: [deployment(5), pod] },
  { ts: 1020, applied_objs: [deployment(5, 'cart:2'), service] },
  { ts: 1060, deleted_objs: [deployment(5, 'cart:2'), service, pod] },
]

void t.test('applied, scaled and deleted are told from each other', async t => {
  const { events, header, report } = await convert(simkube(EVENTS))
  t.same(brief(events), [
    '0 workload applied cart 2',
    '0 service applied cart',
    '10000 workload scaled cart 5',
    '10000 pod created lone',
    '20000 workload applied cart 5',
    '60000 workload deleted cart',
    '60000 service deleted cart',
    '60000 pod deleted lone',
  ])
  t.equal(header.start, '1970-01-01T00:16:40.000Z')
  t.match(header.source, { kind: 'converted', details: { format: 'simkube' } })
  t.same(report.read, { events: 4, 'applied objects': 7, 'deleted objects': 3 })
  t.same(leftOut(report), { 'ConfigMap: a trace has no place for it': 1, 'objects applied without a change': 1 })
})

void t.test('how long pods ran: bound to nodes that are made up, or only begun and ended', async t => {
  // Keys that are pairs cannot be written by this encoder as they are by SimKube; as JSON they are read alike.
  const lifecycles = {
    '["v1.Pod","shop/lone"]': { 1: [{ Finished: [1011, 1030] }] },
    '["apps/v1.Deployment","shop/cart"]': { 22222222: [{ Running: 1002 }, { Finished: [1003, 1040] }, 'Empty'] },
    '["batch/v1.Job","shop/once"]': { 3: [{ Finished: [1005, 1006] }] },
  }
  const withNodes = await convert(simkube(EVENTS, lifecycles), { nodes: 2 })
  t.same(brief(withNodes.events.filter(event => event.kind === 'pod' && event.name === 'lone')), [
    '10000 pod created lone',
    '11000 pod bound lone node-1',
    '11000 pod addressed lone',
    '11000 pod ready lone',
    '30000 pod not-ready lone',
    '30000 pod succeeded lone',
    '60000 pod deleted lone',
  ])
  const owned = withNodes.events.filter(event => event.kind === 'pod' && event.name.startsWith('cart-'))
  t.same(
    owned.map(event => `${event.t} ${event.op}`),
    [
      '2000 created',
      '2000 bound',
      '2000 addressed',
      '2000 ready',
      '3000 created',
      '3000 bound',
      '3000 addressed',
    ].concat(['3000 ready', '40000 not-ready', '40000 deleted']),
    'the end of a pod of a Deployment is that it was taken away',
  )
  t.match(owned[0], { owner: 'Deployment/cart', labels: { app: 'cart' }, containers: [{ image: 'cart:1' }] })
  const job = withNodes.events.filter(event => event.kind === 'pod' && event.name.startsWith('once-'))
  t.equal(job.at(-1)!.op, 'succeeded')
  const without = await convert(simkube(EVENTS, lifecycles))
  t.same(
    without.events.filter(event => ['bound', 'addressed', 'ready'].includes(event.op)),
    [],
  )
  t.equal(leftOut(without.report)['starts of pods: without a node none can be ready (--nodes makes some up)'], 4)
  t.equal(leftOut(without.report)['pods that never started'], 1)
})

void t.test('annotations decide what is scraped, where there are any', async t => {
  const annotated = [{ ts: 1, applied_objs: [deployment(1, 'cart:1', { 'prometheus.io/scrape': 'true', note: 'x' })] }]
  t.equal((await convert(simkube(EVENTS))).header.targets, 'all')
  const { header, events } = await convert(simkube(annotated))
  t.equal(header.targets, 'annotated')
  t.match(events[0], { annotations: { 'prometheus.io/scrape': 'true' } })
  t.equal((await convert(simkube(annotated), { targets: 'all' })).header.targets, 'all')
})

void t.test('what is no such trace, or damaged', async t => {
  const whole = readFileSync(simkube(EVENTS))
  await t.rejects(convert(file(whole.subarray(0, 300))), { code: 'CHURN_TRACE_CONVERT', message: /is cut off/ })
  await t.rejects(convert(simkube(EVENTS, {}, 3)), /of version 3; version 2 is read/)
  await t.rejects(convert(file(encode([{}, [], {}, {}]))), /of version 1/)
  await t.rejects(convert(file(encode({ a: 1 }))), /no SimKube trace/)
  await t.rejects(convert(file(encode({ version: 2, events: 7 }))), /events is no list/)
  const back = simkube([...EVENTS, { ts: 5 }])
  await t.rejects(convert(back), /events\[4\]: time goes back from 1060 to 5 s/)
  const { report } = await convert(back, { lenient: true })
  t.equal(report.written.events, 8)
  t.equal(leftOut(report)['malformed'], 1)
  await t.rejects(
    convert(simkube([{ ts: 1, applied_objs: [{ kind: 'Pod' }] }])),
    /applied_objs\[0\]: is no Kubernetes object/,
  )
  await t.rejects(convert(simkube(EVENTS, { '["v1.Pod","a/b"]': { 1: [{ Finished: [9, 3] }] } })), /is no lifecycle/)
  await t.rejects(convert(simkube(EVENTS, { pod: {} })), /pod_lifecycles\[pod\]: is no pair/)
})

interface Sample {
  readonly events: { ts: number; applied_objs: { kind: string; metadata: { name: string }; spec: Spec }[] }[]
}
interface Spec {
  readonly replicas: number
  readonly template: unknown
}

function sampleOf(name: string): Sample {
  const options = { useBigInt64: true, mapKeyConverter: String as (key: unknown) => string }
  return decode(readFileSync(peerTrace('simkube', name)), options) as Sample
}

void t.test('the sample dsb-scaling: every apply is there, at its time', NEEDS_PEER_TRACES, async t => {
  const sample = sampleOf('dsb-scaling.sktrace')
  const { events, header, report } = await convert(peerTrace('simkube', 'dsb-scaling.sktrace'))
  const startS = sample.events[0]!.ts
  const wanted: string[] = []
  const templates = new Map<string, string>()
  for (const { ts, applied_objs: applied } of sample.events) {
    for (const { metadata, spec } of applied) {
      const text = JSON.stringify(spec.template)
      const op = templates.get(metadata.name) === text ? 'scaled' : 'applied'
      templates.set(metadata.name, text)
      wanted.push(`${(ts - startS) * 1000} workload ${op} ${metadata.name} ${spec.replicas}`)
    }
  }
  t.equal(wanted.length, 46)
  t.equal(templates.size, 27)
  t.same(brief(events), wanted)
  t.equal(header.durationMs, 1_134_000)
  t.match(report.read, { events: 19, 'applied objects': 46 })
})

void t.test('the sample bare-pods: when each was created, began and ended', NEEDS_PEER_TRACES, async t => {
  const sample = sampleOf('bare-pods.sktrace')
  const { events, header } = await convert(peerTrace('simkube', 'bare-pods.sktrace'), { nodes: 3 })
  const startS = sample.events[0]!.ts
  const created = (events as readonly (ChurnEvent & { name: string })[]).filter(event => event.op === 'created')
  t.same(
    created.map(({ t, name }) => [t, name]),
    sample.events.map(({ ts, applied_objs: [object] }) => [(ts - startS) * 1000, object!.metadata.name]),
  )
  t.match(header.counts, { podsCreated: 4, node: 3 })
  t.same(
    brief(events)
      .filter(line => line.includes('1781282509'))
      .map(line => line.replace('bare-pod-1781282509', 'p')),
    ['42000 pod created p', '43000 pod bound p node-1', '43000 pod addressed p', '43000 pod ready p'].concat([
      '73000 pod not-ready p',
      '73000 pod succeeded p',
    ]),
    'as its lifecycle says: 1781282511 to 1781282541',
  )
})
