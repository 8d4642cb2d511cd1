import { PbfReader } from 'pbf'
import t, { type Test } from 'tap'
import { Prng } from '../../../base/index.ts'
import { apiVersionOf, type ResourceType } from '../../../sim/cluster/index.ts'
import { createCluster } from '../../../sim/controllers/index.ts'
import { NOWHERE } from '../../../sim/nowhere.ts'
import { plainWorkload } from '../../../sim/plain-workload.ts'
import { decodeProtobuf, hasProtobuf, type JsonObject } from '../../../sim/schema/index.ts'
import { TIMINGS } from '../controllers/harness.ts'
import { type Fixture, settle, start } from './fixture.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
/** As client-go asks. */
const ACCEPT = { accept: `${PROTOBUF},application/json` }

const CONTAINERS = [
  {
    name: 'app',
    image: 'app:1',
    ports: [{ containerPort: 80 }],
    readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
    livenessProbe: { tcpSocket: { port: 80 } },
    env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    resources: { limits: { memory: '1Gi' }, requests: { cpu: '0.5' } },
  },
]
const TEMPLATE = {
  metadata: { labels: { app: 'x' } },
  spec: { containers: CONTAINERS, volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }] },
}
const SELECTOR = { matchExpressions: [{ key: 'app', operator: 'In', values: ['x', 'y'] }] }

/** Kinds whose messages hold what is no plain JSON: quantities, numbers or texts, bytes, durations, raw JSON. */
const OBJECTS: readonly (readonly [string, object])[] = [
  ['/api/v1/namespaces/default/secrets', { metadata: { name: 's' }, data: { k: '/+8=' }, stringData: { u: 'ü' } }],
  ['/api/v1/namespaces/default/configmaps', { metadata: { name: 'c' }, data: { k: '', 'a.b': '"' } }],
  [
    '/apis/apps/v1/namespaces/default/statefulsets',
    {
      metadata: { name: 'db' },
      spec: { serviceName: 'db', replicas: 2, selector: { matchLabels: { app: 'x' } }, template: TEMPLATE },
    },
  ],
  [
    '/apis/batch/v1/namespaces/default/cronjobs',
    {
      metadata: { name: 'n' },
      spec: {
        schedule: '* * * * *',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } },
        },
      },
    },
  ],
  [
    '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
    { metadata: { name: 'b' }, spec: { minAvailable: '50%', selector: SELECTOR } },
  ],
  [
    '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
    { metadata: { name: 'b2' }, spec: { maxUnavailable: 0, selector: SELECTOR } },
  ],
  [
    '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers',
    {
      metadata: { name: 'h' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' },
        maxReplicas: 5,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        ],
      },
    },
  ],
  [
    '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
    {
      metadata: { name: 'i' },
      spec: {
        rules: [
          {
            host: 'x.test',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
  ],
]

async function busy(t: Test): Promise<Fixture> {
  const f = await start(t)
  const cluster = createCluster(f.clock, new Prng('protobuf'), f.store, NOWHERE, {
    spec: {
      nodes: 3,
      zones: 2,
      podsPerNodeMax: 110,
      workloads: [],
      timings: TIMINGS,
    },
    seed: '1',
    onFailure: error => t.fail('failed', { found: error }),
  })
  cluster.start()
  cluster.applyWorkload(plainWorkload('default', 'web', 3))
  for (const [path, object] of OBJECTS) {
    const { code, text } = await f.request('POST', path, object)
    t.equal(code, 201, text)
  }
  // Applied, so that it has managed fields: JSON inside of protobuf.
  await f.request(
    'PATCH',
    '/api/v1/namespaces/default/configmaps/applied?fieldManager=me&force=true',
    'apiVersion: v1\nkind: ConfigMap\ndata: {a: b}',
    {
      'content-type': 'application/apply-patch+yaml',
    },
  )
  f.clock.advance(65_000)
  return f
}

/** Without empty objects, which say as much as none: they are not written in protobuf. */
function said(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(said)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([name, each]) => {
    const kept = said(each)
    const isEmpty =
      kept === null || (typeof kept === 'object' && !Array.isArray(kept) && Object.keys(kept).length === 0)
    return isEmpty && name !== 'emptyDir' ? [] : [[name, kept] as const]
  })
  return Object.fromEntries(entries)
}

const pathOf = (type: ResourceType): string =>
  type.group === '' ? `/api/v1/${type.plural}` : `/apis/${apiVersionOf(type)}/${type.plural}`

void t.test('who asks for protobuf is told what JSON says, of every kind', async t => {
  const f = await busy(t)
  let kinds = 0
  for (const type of f.store.resources.all()) {
    if (!type.verbs.includes('list') || f.store.count(type) === 0) continue
    const json = await f.get(pathOf(type))
    const { rawPayload, headers } = await f.api.app.inject({
      url: pathOf(type),
      headers: { authorization: `Bearer ${f.api.token}`, ...ACCEPT },
    })
    t.equal(headers['content-type'], hasProtobuf(type.group, type.version, type.kind) ? PROTOBUF : 'application/json')
    const { items, ...list } = decodeProtobuf(rawPayload) as JsonObject & { items: JsonObject[] }
    const { items: expected, ...expectedList } = json.json as { items: JsonObject[] }
    t.same(list, expectedList, type.kind)
    t.same(
      items.map(item => said({ ...item, apiVersion: apiVersionOf(type), kind: type.kind })),
      expected.map(said),
      `${expected.length} ${type.plural}`,
    )
    kinds++
    const { name, namespace } = (expected[0] as { metadata: { name: string; namespace?: string } }).metadata
    const one = pathOf(type).replace(
      type.plural,
      `${namespace === undefined ? '' : `namespaces/${namespace}/`}${type.plural}/${name}`,
    )
    const single = await f.api.app.inject({ url: one, headers: { authorization: `Bearer ${f.api.token}`, ...ACCEPT } })
    t.same(said(decodeProtobuf(single.rawPayload)), said((await f.get(one)).json), `one of ${type.plural}`)
  }
  t.ok(kinds >= 18, `${kinds} kinds`)
})

void t.test('a watch in protobuf has the same events and bookmarks as one in JSON', async t => {
  const f = await busy(t)
  const query =
    'watch=1&timeoutSeconds=60&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
  const open = (accept: string): Promise<{ rawPayload: Buffer; headers: Record<string, unknown> }> =>
    f.api.app.inject({ url: `/api/v1/pods?${query}`, headers: { authorization: `Bearer ${f.api.token}`, accept } })
  const protobuf = open(ACCEPT.accept)
  const json = open('application/json')
  await settle()
  f.clock.advance(40_000)
  await settle()
  await f.request('DELETE', '/apis/apps/v1/namespaces/default/statefulsets/db')
  f.clock.advance(70_000)
  const events = (await json).rawPayload
    .toString()
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as JsonObject)
  const { rawPayload, headers } = await protobuf
  t.equal(headers['content-type'], `${PROTOBUF};stream=watch`)
  t.same(eventsOf(rawPayload).map(said), events.map(said))
  const types = new Set(events.map(({ type }) => type))
  t.same([...types], ['ADDED', 'BOOKMARK', 'MODIFIED', 'DELETED'])
})

void t.test('tables and meta data come as JSON; without JSON there is no answer', async t => {
  const f = await start(t)
  const table = await f.get('/api/v1/pods', {
    accept: `${PROTOBUF};as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1;g=meta.k8s.io,application/json`,
  })
  t.equal((table.json as JsonObject).kind, 'Table')
  const refused = await f.get('/api/v1/pods', { accept: `${PROTOBUF};as=Table;v=v1;g=meta.k8s.io` })
  t.equal(refused.code, 406)
})

void t.test('a watch that cannot resume learns it in protobuf as well', async t => {
  const f = await start(t)
  f.store.compact()
  const { rawPayload } = await f.api.app.inject({
    url: '/api/v1/pods?watch=1&resourceVersion=1',
    headers: { authorization: `Bearer ${f.api.token}`, ...ACCEPT },
  })
  const [event, ...more] = eventsOf(rawPayload)
  t.same(more, [])
  t.match(event, { type: 'ERROR', object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 } })
})

/** Each: four bytes of length, a `WatchEvent` of the type and the raw bytes of the object. */
function eventsOf(bytes: Buffer): JsonObject[] {
  const events: JsonObject[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at)
    const reader = new PbfReader(bytes.subarray(at + 4, end))
    const event: JsonObject = {}
    reader.readFields((tag, _, each) => {
      if (tag === 1) event.type = each.readString()
      else if (tag === 2) {
        const raw = new PbfReader(each.readBytes())
        raw.readFields((field, __, inner) => {
          if (field === 1) event.object = decodeProtobuf(Buffer.from(inner.readBytes()))
        }, undefined)
      }
    }, undefined)
    events.push(event)
    at = end
  }
  return events
}
