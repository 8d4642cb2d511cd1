import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod, Service } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { VirtualClock } from '../../../base/index.ts'
import { createApiServer } from '../../../sim/apiserver/index.ts'
import { Deployments, Nodes, Pods, ReplicaSets, Services } from '../../../sim/cluster/index.ts'
import { addPods, pod, settle, start } from './fixture.ts'

const PODS = '/api/v1/namespaces/default/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' }
const MERGE = { 'content-type': 'application/merge-patch+json' }
const JSON_PATCH = { 'content-type': 'application/json-patch+json' }

const deployment = {
  metadata: { name: 'web' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'web:1' }] } },
  },
}

void t.test('tokens are asked for, save where Kubernetes asks for none', async t => {
  const { api, get } = await start(t, { tokens: ['one', 'two'] })
  const anonymous = await api.app.inject(PODS)
  t.equal(anonymous.statusCode, 401)
  t.same(anonymous.json(), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  })
  t.equal((await get(PODS, { authorization: 'Bearer two' })).code, 200)
  t.equal((await get(PODS, { authorization: 'Bearer three' })).code, 401)
  for (const path of ['/healthz', '/readyz', '/livez']) t.equal((await api.app.inject(path)).body, 'ok')
  t.match((await get('/readyz?verbose')).text, 'readyz check passed')
  t.match((await api.app.inject('/version')).json(), { major: '1', gitVersion: /^v1\.3/ })
})

void t.test('discovery names every kind, plain and aggregated', async t => {
  const { get } = await start(t)
  t.match((await get('/api')).json, { kind: 'APIVersions', versions: ['v1'] })
  const groups = (await get('/apis')).json.groups.map((group: { name: string }) => group.name)
  const expected = [
    'discovery.k8s.io',
    'apps',
    'coordination.k8s.io',
    'batch',
    'autoscaling',
    'policy',
    'networking.k8s.io',
  ]
  t.same(
    expected.filter(name => !groups.includes(name)),
    [],
  )
  t.match((await get('/apis/apps')).json, { kind: 'APIGroup', preferredVersion: { groupVersion: 'apps/v1' } })
  const core = (await get('/api/v1')).json.resources.map((resource: { name: string }) => resource.name)
  for (const name of [
    'pods',
    'pods/status',
    'pods/binding',
    'pods/eviction',
    'nodes',
    'services',
    'endpoints',
    'events',
  ]) {
    t.ok(core.includes(name), name)
  }
  t.match(
    (await get('/apis/apps/v1')).json.resources.find((r: { name: string }) => r.name === 'deployments/scale'),
    {
      kind: 'Scale',
      group: 'autoscaling',
    },
  )
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
  const all = await get('/apis', { accept })
  t.equal(all.headers['content-type'], 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
  t.match(
    all.json.items.find((item: { metadata: { name: string } }) => item.metadata.name === 'apps'),
    { versions: [{ resources: [{ resource: 'deployments' }, {}] }] },
  )
  t.equal((await get('/apis/nope')).code, 404)
  t.equal((await get('/apis/apps/v2')).code, 404)
  t.ok((await get('/openapi/v3')).json.paths['apis/apps/v1'])
  t.ok((await get('/openapi/v3/apis/apps/v1')).json.paths)
})

void t.test('refusals are Status objects', async t => {
  const { request, get, store } = await start(t)
  addPods(store, 'a')
  const cases: [
    method: string,
    url: string,
    body: unknown,
    code: number,
    message: string | RegExp,
    headers?: Record<string, string>,
  ][] = [
    ['GET', `${PODS}/none`, undefined, 404, 'pods "none" not found'],
    ['GET', `${DEPLOYMENTS}/none`, undefined, 404, 'deployments.apps "none" not found'],
    ['GET', '/api/v1/foos', undefined, 404, 'the server could not find the requested resource'],
    ['GET', '/apis/apps/v1beta1/deployments', undefined, 404, 'the server could not find the requested resource'],
    ['GET', '/nowhere', undefined, 404, 'the server could not find the requested resource'],
    ['GET', '/api/v1/namespaces/default/nodes', undefined, 404, 'the server could not find the requested resource'],
    ['GET', `${PODS}/a/nope`, undefined, 404, 'the server could not find the requested resource'],
    ['GET', '/api/v1/pods/%zz', undefined, 404, /./],
    ['POST', `${PODS}/a`, {}, 405, 'the server does not allow this method on the requested resource'],
    ['PUT', PODS, {}, 405, 'the server does not allow this method on the requested resource'],
    ['POST', '/api/v1/pods', pod('x'), 405, 'the server does not allow this method on the requested resource'],
    ['POST', PODS, '{"metadata":', 400, /^the object provided is unrecognized/],
    ['POST', PODS, '{"__proto__":{}}', 400, /^the object provided is unrecognized/],
    ['POST', PODS, '[]', 400, /not a Pod/],
    ['POST', PODS, { ...pod('x'), kind: 'Node' }, 400, /cannot be handled as a Pod/],
    ['POST', PODS, { ...pod('x'), apiVersion: 'v2' }, 400, /does not match the expected API version \(v1\)/],
    ['POST', '/api/v1/namespaces/other/pods', pod('x'), 400, /the namespace of the provided object does not match/],
    [
      'POST',
      '/api/v1/namespaces/none/pods',
      { ...pod('x'), metadata: { name: 'x' } },
      404,
      'namespaces "none" not found',
    ],
    ['POST', PODS, pod('a'), 409, 'pods "a" already exists'],
    [
      'POST',
      PODS,
      pod('UPPER'),
      422,
      /^Pod "UPPER" is invalid: metadata.name: Invalid value: "UPPER": a lowercase RFC 1123 subdomain/,
    ],
    [
      'POST',
      PODS,
      'a: b',
      415,
      /accepted media types include: application\/json, application\/yaml, application\/vnd.kubernetes.protobuf$/,
      { 'content-type': 'text/plain' },
    ],
    ['POST', PODS, { pad: 'x'.repeat(3 << 20) }, 413, 'Request entity too large: limit is 3145728'],
    ['PATCH', `${PODS}/a`, {}, 415, /accepted media types include: application\/json-patch\+json/],
    ['PATCH', `${PODS}/a`, '[]', 400, /cannot unmarshal/, MERGE],
    ['PATCH', `${PODS}/a`, '{}', 400, /cannot unmarshal/, JSON_PATCH],
    [
      'PATCH',
      `${PODS}/a`,
      '[{"op":"test","path":"/metadata/name","value":"b"}]',
      422,
      /rejected our request/,
      JSON_PATCH,
    ],
    ['PATCH', `${PODS}/none`, '{}', 404, 'pods "none" not found', MERGE],
    [
      'PATCH',
      `${PODS}/a`,
      '{"spec":{"containers":[{"image":"x"}]}}',
      400,
      /does not contain declared merge key: name/,
      STRATEGIC,
    ],
    ['PATCH', `${PODS}/a`, '{"spec":{"containers":"x"}}', 400, /of type list/, MERGE],
    ['PUT', `${PODS}/a`, pod('b'), 400, /the name of the object \(b\) does not match the name on the URL \(a\)/],
    ['PUT', `${PODS}/none`, pod('none'), 404, 'pods "none" not found'],
    [
      'PUT',
      `${PODS}/a`,
      { ...pod('a'), metadata: { name: 'a', resourceVersion: '1' } },
      409,
      /the object has been modified/,
    ],
    ['PUT', `${PODS}/a`, { ...pod('a'), metadata: { name: 'a', uid: 'x' } }, 409, /UID in precondition: x/],
    ['DELETE', `${PODS}/a`, { preconditions: { uid: 'x' } }, 409, /UID in precondition: x/],
    ['DELETE', `${PODS}/a`, { propagationPolicy: 'Never' }, 422, /Unsupported value: "Never"/],
    ['DELETE', `${PODS}/a?dryRun=Some`, undefined, 400, /dryRun/],
    ['DELETE', `${PODS}/a?gracePeriodSeconds=x`, undefined, 400, /invalid syntax/],
    ['GET', `${PODS}?labelSelector=a%3D%3D%3D`, undefined, 400, /unable to parse requirement/],
    ['GET', `${PODS}?fieldSelector=spec.foo%3D1`, undefined, 400, 'field label not supported: spec.foo'],
    ['GET', `${PODS}?resourceVersion=x`, undefined, 400, /invalid syntax/],
    ['GET', `${PODS}?limit=x`, undefined, 400, /invalid syntax/],
    ['GET', `${PODS}?continue=x`, undefined, 400, /continue key is not valid/],
    ['GET', `${PODS}?resourceVersionMatch=Exact`, undefined, 422, /forbidden unless resourceVersion is provided/],
    [
      'GET',
      `${PODS}?resourceVersion=0&resourceVersionMatch=Exact`,
      undefined,
      422,
      /forbidden for resourceVersion "0"/,
    ],
    ['GET', `${PODS}?resourceVersion=1&resourceVersionMatch=Newer`, undefined, 422, /Unsupported value: "Newer"/],
    ['GET', `${PODS}?sendInitialEvents=true`, undefined, 422, /sendInitialEvents is forbidden for list/],
    [
      'GET',
      `${PODS}?watch=1&sendInitialEvents=true`,
      undefined,
      422,
      /requires setting resourceVersionMatch to NotOlderThan/,
    ],
    [
      'GET',
      `${PODS}?watch=1&resourceVersionMatch=Exact`,
      undefined,
      422,
      /forbidden for watch unless sendInitialEvents/,
    ],
    ['GET', PODS, undefined, 406, /only the following media types are accepted/, { accept: 'text/html' }],
    ['GET', `${PODS}?includeObject=All`, undefined, 400, /includeObject/, TABLE],
  ]
  const before = store.resourceVersion
  for (const [method, url, body, code, message, headers] of cases) {
    const answer = await request(method, url, body, headers)
    const what = `${method} ${url} ${JSON.stringify(body)?.slice(0, 60) ?? ''}`
    t.equal(answer.code, code, `${what}: ${answer.text.slice(0, 300)}`)
    t.match(answer.json, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message }, what)
  }
  t.equal(store.resourceVersion, before, 'nothing was written')
  t.equal((await get(`${PODS}/a`)).code, 200)
})

void t.test('lists are sorted, selected and paged', async t => {
  const { get, store, clock } = await start(t)
  addPods(store, 'c', 'a', 'e')
  store.create<Pod>(Pods, pod('b', { metadata: { namespace: 'other', labels: { app: 'web' } } }))
  store.create<Pod>(Pods, pod('d', { metadata: { labels: { app: 'web' } } }))
  const names = (json: { items: { metadata: { name: string } }[] }): string =>
    json.items.map(item => item.metadata.name).join(' ')

  t.match((await get('/api/v1/pods')).json, { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7' } })
  t.equal(names((await get('/api/v1/pods')).json), 'a c d e b')
  t.equal(names((await get(PODS)).json), 'a c d e')
  t.equal(names((await get('/api/v1/pods?labelSelector=app%3Dweb')).json), 'd b')
  t.equal(names((await get('/api/v1/pods?fieldSelector=metadata.name%3Da')).json), 'a')

  const first = (await get('/api/v1/pods?limit=2')).json
  t.equal(names(first), 'a c')
  t.match(first.metadata, { resourceVersion: '7', remainingItemCount: 3 })
  store.delete(Pods, 'default', 'e', { gracePeriodSeconds: 0 })
  addPods(store, 'cc')
  const second = (await get(`/api/v1/pods?limit=2&continue=${first.metadata.continue}`)).json
  t.equal(names(second), 'd e', 'the state of the first page')
  t.equal(second.metadata.resourceVersion, '7')
  const third = (await get(`/api/v1/pods?limit=2&continue=${second.metadata.continue}`)).json
  t.equal(names(third), 'b')
  t.notOk(third.metadata.continue)

  t.equal(names((await get('/api/v1/pods?limit=2&resourceVersion=0')).json), 'a c cc d b', 'never paged from cache')
  t.equal(names((await get('/api/v1/pods?resourceVersion=7')).json), 'a c cc d b', 'not older than')
  t.equal(names((await get('/api/v1/pods?resourceVersion=7&resourceVersionMatch=Exact')).json), 'a c d e b')

  store.compact()
  const gone = await get(`/api/v1/pods?limit=2&continue=${first.metadata.continue}`)
  t.match(gone.json, { code: 410, reason: 'Expired', metadata: { continue: /./ } })
  t.equal(
    names((await get(`/api/v1/pods?continue=${gone.json.metadata.continue}`)).json),
    'cc d b',
    'the rest, as it is now',
  )
  t.match((await get('/api/v1/pods?resourceVersion=7&resourceVersionMatch=Exact')).json, {
    code: 410,
    reason: 'Expired',
  })

  const early = get('/api/v1/pods?resourceVersion=100')
  await settle()
  clock.advance(3000)
  t.match((await early).json, {
    code: 504,
    reason: 'Timeout',
    message: 'Timeout: Too large resource version: 100, current: 9',
    details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 },
  })
  const waiting = get('/api/v1/pods?resourceVersion=10')
  await settle()
  addPods(store, 'z')
  t.equal((await waiting).code, 200, 'a version that comes in time is waited for')
})

void t.test('a long list is whole', async t => {
  const { get, store } = await start(t)
  for (let i = 0; i < 1000; i++) store.create<Pod>(Pods, pod(`p${i}`))
  t.equal(new Set((await get('/api/v1/pods')).json.items.map((item: Pod) => item.metadata!.uid)).size, 1000)
  t.equal((await get('/api/v1/pods', TABLE)).json.rows.length, 1000)
})

void t.test('creating completes an object, and only what clients may set is taken', async t => {
  const { request, store } = await start(t)
  const created = await request('POST', PODS, {
    metadata: {
      generateName: 'web-',
      uid: 'mine',
      creationTimestamp: null,
      generation: 9,
      deletionTimestamp: '2020-01-01T00:00:00Z',
    },
    spec: { containers: [{ name: 'app', image: 'web', resources: {}, command: null }] },
    status: { phase: 'Running', podIP: '1.2.3.4' },
  })
  t.equal(created.code, 201)
  t.match(created.json, {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name: /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/,
      namespace: 'default',
      uid: /^[0-9a-f-]{36}$/,
      generation: 1,
    },
    spec: { restartPolicy: 'Always', tolerations: [{ tolerationSeconds: 300 }, {}] },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  })
  t.notOk(created.json.metadata.deletionTimestamp)
  t.notOk(created.json.status.podIP)
  t.notOk('command' in created.json.spec.containers[0])

  const node = await request('POST', '/api/v1/nodes', { metadata: { name: 'n' }, status: { phase: 'x' } })
  t.equal(node.json.status.phase, 'x', 'nodes register with their status')
  const service = await request('POST', '/api/v1/namespaces/default/services', {
    metadata: { name: 's' },
    spec: { ports: [{ port: 80 }] },
  })
  t.match(service.json.spec, { type: 'ClusterIP', clusterIP: /^10\./, ports: [{ targetPort: 80, protocol: 'TCP' }] })
  const lease = await request('PUT', '/apis/coordination.k8s.io/v1/namespaces/default/leases/l', {
    metadata: { name: 'l' },
    spec: { leaseDurationSeconds: 40 },
  })
  t.equal(lease.code, 201, 'a lease is created by its first update')

  const before = store.resourceVersion
  const dry = await request('POST', `${PODS}?dryRun=All`, pod('dry'))
  t.equal(dry.code, 201)
  t.match(dry.json, { metadata: { name: 'dry' }, spec: { restartPolicy: 'Always' } })
  t.equal((await request('POST', `${PODS}?dryRun=All`, { ...pod('dry'), spec: {} })).code, 422)
  t.equal(
    (await request('POST', `${PODS}?dryRun=All`, { ...created.json, metadata: { name: created.json.metadata.name } }))
      .code,
    409,
  )
  t.equal(store.resourceVersion, before)
})

void t.test('updates and patches keep status and spec apart', async t => {
  const { request, store } = await start(t)
  await request('POST', DEPLOYMENTS, deployment)
  const url = `${DEPLOYMENTS}/web`
  const current = (): Deployment => store.get<Deployment>(Deployments, 'default', 'web')!

  await request('PATCH', `${url}/status`, { spec: { replicas: 9 }, status: { readyReplicas: 2 } }, MERGE)
  t.match(current(), { spec: { replicas: 3 }, status: { readyReplicas: 2 }, metadata: { generation: 1 } })
  await request('PATCH', url, { spec: { replicas: 4 }, status: { readyReplicas: 7 } }, MERGE)
  t.match(current(), { spec: { replicas: 4 }, status: { readyReplicas: 2 }, metadata: { generation: 2 } })

  const patch = {
    spec: {
      template: {
        spec: {
          containers: [
            { name: 'sidecar', image: 'x:1' },
            { name: 'app', image: 'web:2' },
          ],
        },
      },
    },
  }
  await request('PATCH', url, patch, STRATEGIC)
  t.same(
    current().spec!.template.spec!.containers.map(({ name, image }) => [name, image]),
    [
      ['app', 'web:2'],
      ['sidecar', 'x:1'],
    ],
  )
  await request('PATCH', url, [{ op: 'remove', path: '/spec/template/spec/containers/1' }], JSON_PATCH)
  t.equal(current().spec!.template.spec!.containers.length, 1)

  const object = structuredClone(current())
  object.spec!.replicas = 5
  const updated = await request('PUT', url, object)
  t.equal(updated.code, 200)
  t.equal(current().spec!.replicas, 5)
  t.equal((await request('PUT', url, object)).code, 409, 'the version that it started from is gone')
  const version = store.resourceVersion
  t.match((await request('PATCH', `${url}?dryRun=All`, { spec: { replicas: 6 } }, MERGE)).json, {
    spec: { replicas: 6 },
    metadata: { generation: current().metadata!.generation! + 1 },
  })
  const failed = await request('PATCH', url, [{ op: 'test', path: '/spec/replicas', value: 1 }], JSON_PATCH)
  t.equal(failed.code, 422)
  t.equal(failed.json.message, 'the server rejected our request due to an error in our request')
  t.notOk(failed.json.details.causes, 'which clients would show instead')
  t.equal(
    (await request('PATCH', url, { spec: { replicas: 5 } }, MERGE)).json.metadata.resourceVersion,
    String(version),
  )
  t.equal(store.resourceVersion, version, 'neither a dry run nor a patch without effect writes')
  const immutable = await request('PATCH', url, { spec: { selector: { matchLabels: { app: 'x' } } } }, MERGE)
  t.match(immutable.json, { code: 422, details: { name: 'web', group: 'apps', kind: 'Deployment' } })
})

void t.test('scale', async t => {
  const { request, get, store } = await start(t)
  await request('POST', DEPLOYMENTS, deployment)
  const url = `${DEPLOYMENTS}/web/scale`
  const scale = (await get(url)).json
  t.match(scale, {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    spec: { replicas: 3 },
    status: { selector: 'app=web' },
  })
  t.equal((await request('PUT', url, { ...scale, spec: { replicas: 5 } })).json.spec.replicas, 5)
  t.equal((await request('PUT', url, { ...scale, spec: { replicas: 6 } })).code, 409)
  t.equal((await request('PATCH', url, { spec: { replicas: 7 } }, MERGE)).json.spec.replicas, 7)
  t.match((await request('PATCH', url, { spec: { replicas: -1 } }, MERGE)).json, { code: 422, reason: 'Invalid' })
  t.equal(store.get<Deployment>(Deployments, 'default', 'web')!.spec!.replicas, 7)
  t.equal((await get(`${PODS}/x/scale`)).code, 404)
})

void t.test('deleting', async t => {
  void t.test('gives bound pods their grace and tells it', async t => {
    const { request, store } = await start(t)
    store.create<Pod>(Pods, pod('a', { spec: { nodeName: 'n', containers: [] } }))
    const marked = await request('DELETE', `${PODS}/a`, { gracePeriodSeconds: 5 })
    t.match(marked.json, { kind: 'Pod', metadata: { deletionGracePeriodSeconds: 5, deletionTimestamp: /Z$/ } })
    const put = await request(
      'PUT',
      `${PODS}/a`,
      pod('a', { spec: { nodeName: 'n', containers: [{ name: 'app', image: 'web' }] } }),
    )
    t.equal(put.code, 422)
    const labels = { metadata: { labels: { a: 'b' }, deletionTimestamp: null } }
    const labelled = await request('PATCH', `${PODS}/a`, labels, MERGE)
    t.equal(labelled.code, 200, 'meta data can be changed, whatever else the store was given')
    t.match(labelled.json.metadata, { deletionTimestamp: /Z$/ }, 'a deletion cannot be taken back')
    t.same(labelled.json.spec, { nodeName: 'n', containers: [] })
    t.equal((await request('DELETE', `${PODS}/a?gracePeriodSeconds=0`)).code, 200)
    t.equal(store.count(Pods), 0)
  })
  void t.test('answers with a Status when the object is gone', async t => {
    const { request } = await start(t)
    await request('POST', DEPLOYMENTS, deployment)
    t.match((await request('DELETE', `${DEPLOYMENTS}/web?dryRun=All`)).json, { kind: 'Deployment' })
    t.match((await request('DELETE', `${DEPLOYMENTS}/web`)).json, {
      status: 'Success',
      details: { name: 'web', group: 'apps', kind: 'deployments', uid: /./ },
    })
    t.equal((await request('DELETE', `${DEPLOYMENTS}/web`)).code, 404)
  })
  void t.test('heeds the propagation policy', async t => {
    const { request, store } = await start(t)
    const make = (name: string): void => {
      const owner = store.create<Deployment>(Deployments, { metadata: { name, namespace: 'default' } })
      const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: owner.metadata.uid, controller: true }
      store.create<ReplicaSet>(ReplicaSets, { metadata: { name, namespace: 'default', ownerReferences: [ref] } })
    }
    make('orphaned')
    const seen: string[] = []
    const stop = store.subscribe(({ type, object }) => {
      const { deletionTimestamp, finalizers } = store.get(Deployments, 'default', 'orphaned')?.metadata ?? {}
      seen.push(`${type} ${object.kind} ${deletionTimestamp === undefined ? '' : (finalizers?.join() ?? '')}`)
    })
    await request('DELETE', `${DEPLOYMENTS}/orphaned`, { propagationPolicy: 'Orphan' })
    stop()
    // While it lets go of its sets it is marked, so that its controller does not adopt them again.
    t.same(seen, ['MODIFIED Deployment orphan', 'MODIFIED ReplicaSet orphan', 'DELETED Deployment '])
    t.notOk(store.get(ReplicaSets, 'default', 'orphaned')!.metadata.ownerReferences)
    t.notOk(store.get(Deployments, 'default', 'orphaned'))
    make('waiting')
    await request('DELETE', `${DEPLOYMENTS}/waiting?propagationPolicy=Foreground`)
    t.match(store.get(Deployments, 'default', 'waiting')!.metadata, {
      finalizers: ['foregroundDeletion'],
      deletionTimestamp: /Z$/,
    })
    t.ok(store.get(ReplicaSets, 'default', 'waiting')!.metadata.ownerReferences)
  })
  void t.test('takes collections by selector', async t => {
    const { request, store } = await start(t)
    addPods(store, 'a', 'b')
    store.create<Pod>(Pods, pod('c', { metadata: { labels: { keep: '' } } }))
    const answer = await request('DELETE', `${PODS}?labelSelector=!keep`)
    t.match(answer.json, { kind: 'PodList', items: [{}, {}] })
    t.same(
      store.list(Pods).map(item => item.metadata.name),
      ['c'],
    )
  })
  void t.test('ends a namespace with its contents, and lets nothing new in', async t => {
    const { request, get, store } = await start(t)
    t.equal((await request('POST', '/api/v1/namespaces', { metadata: { name: 'n' } })).code, 201)
    store.create<Pod>(Pods, pod('a', { metadata: { namespace: 'n' }, spec: { nodeName: 'x', containers: [] } }))
    t.match((await request('DELETE', '/api/v1/namespaces/n')).json, { kind: 'Namespace' })
    t.equal((await get('/api/v1/namespaces/n')).json.status.phase, 'Terminating')
    t.match((await request('POST', '/api/v1/namespaces/n/pods', { ...pod('b'), metadata: { name: 'b' } })).json, {
      code: 403,
      message: /because it is being terminated/,
    })
    store.delete(Pods, 'n', 'a', { gracePeriodSeconds: 0 })
    t.equal((await get('/api/v1/namespaces/n')).code, 404)
  })
})

void t.test('binding and eviction', async t => {
  const { request, store } = await start(t)
  addPods(store, 'a')
  const binding = { target: { kind: 'Node', name: 'n1' } }
  t.equal((await request('POST', `${PODS}/a/binding`, binding)).code, 201)
  t.match(store.get<Pod>(Pods, 'default', 'a'), {
    spec: { nodeName: 'n1' },
    status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
  })
  t.match((await request('POST', `${PODS}/a/binding`, binding)).json, {
    code: 409,
    message: /already assigned to node "n1"/,
  })
  const eviction = { metadata: { name: 'a' }, deleteOptions: { gracePeriodSeconds: 0 } }
  t.equal((await request('POST', `${PODS}/a/eviction`, eviction)).code, 201)
  t.equal(store.count(Pods), 0)
  t.equal((await request('POST', `${PODS}/a/eviction`, eviction)).code, 404)
})

void t.test('tables', async t => {
  const { get, request, store, clock } = await start(t)
  const row = async (url: string): Promise<string> => {
    const { json } = await get(url, TABLE)
    const shown = json.columnDefinitions.map((column: { priority: number }) => column.priority === 0)
    return json.rows.map((entry: { cells: unknown[] }) => entry.cells.filter((_, i) => shown[i]).join(' ')).join('\n')
  }
  store.create<Pod>(Pods, { ...pod('pending'), status: { phase: 'Pending' } })
  clock.advance(90_000)
  t.equal(await row(PODS), 'pending 0/1 Pending 0 90s')
  const statuses: [name: string, status: Pod['status'], cells: string][] = [
    [
      'starting',
      { phase: 'Pending', containerStatuses: [container({ waiting: { reason: 'ContainerCreating' } })] },
      '0/1 ContainerCreating 0',
    ],
    [
      'running',
      { phase: 'Running', containerStatuses: [{ ...container({ running: {} }), ready: true }] },
      '1/1 Running 0',
    ],
    [
      'crashing',
      {
        phase: 'Running',
        containerStatuses: [
          {
            ...container({ waiting: { reason: 'CrashLoopBackOff' } }),
            restartCount: 3,
            lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:01:00Z' } },
          },
        ],
      },
      '0/1 CrashLoopBackOff 3 (30s ago)',
    ],
    ['failed', { phase: 'Failed', reason: 'Evicted' }, '0/1 Evicted 0'],
    [
      'done',
      { phase: 'Succeeded', containerStatuses: [container({ terminated: { exitCode: 0, reason: 'Completed' } })] },
      '0/1 Completed 0',
    ],
    [
      'exited',
      { phase: 'Failed', containerStatuses: [container({ terminated: { exitCode: 2 } })] },
      '0/1 ExitCode:2 0',
    ],
    ['init', { phase: 'Pending', initContainerStatuses: [container({ running: {} })] }, '0/1 Init:0/1 0'],
  ]
  for (const [name, status, cells] of statuses) {
    store.create<Pod>(Pods, {
      ...pod(name, name === 'init' ? { spec: { containers: [{ name: 'app' }], initContainers: [{ name: 'i' }] } } : {}),
      status,
    } as Pod)
    t.equal(await row(`${PODS}/${name}`), `${name} ${cells} 0s`)
  }
  const bound = (name: string, reason?: string): void => {
    store.create<Pod>(Pods, {
      ...pod(name, { spec: { nodeName: 'n', containers: [{ name: 'app' }] } }),
      status: { phase: 'Running', ...(reason === undefined ? {} : { reason }) },
    })
    store.delete(Pods, 'default', name)
  }
  bound('leaving')
  bound('lost', 'NodeLost')
  t.equal(await row(`${PODS}/leaving`), 'leaving 0/1 Terminating 0 0s')
  t.equal(await row(`${PODS}/lost`), 'lost 0/1 Unknown 0 0s')

  store.create<Node>(Nodes, {
    metadata: { name: 'n', labels: { 'node-role.kubernetes.io/worker': '' } },
    spec: { unschedulable: true },
    status: { conditions: [{ type: 'Ready', status: 'Unknown' }], nodeInfo: { kubeletVersion: 'v1.33.0' } },
  } as unknown as Node)
  t.equal(await row('/api/v1/nodes'), 'n NotReady,SchedulingDisabled worker 0s v1.33.0')
  await request('POST', DEPLOYMENTS, deployment)
  t.equal(await row(DEPLOYMENTS), 'web 0/3 0 0 0s')
  store.create<Service>(Services, {
    metadata: { name: 's', namespace: 'default' },
    spec: { type: 'ClusterIP', clusterIP: 'None', ports: [{ port: 80, protocol: 'TCP', nodePort: 30_001 }] },
  })
  t.equal(await row('/api/v1/services'), 's ClusterIP None <none> 80:30001/TCP 0s')
  for (const kind of ['namespaces', 'endpoints', 'events'])
    t.equal((await get(`/api/v1/${kind}`, TABLE)).json.kind, 'Table')

  const whole = (await get(`${PODS}/pending?includeObject=Object`, TABLE)).json
  t.equal(whole.rows[0].object.spec.containers[0].image, 'web:1')
  t.equal((await get(`${PODS}/pending`, TABLE)).json.rows[0].object.kind, 'PartialObjectMetadata')
  const partial = await get(PODS, { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' })
  t.match(partial.json, { kind: 'PartialObjectMetadataList', items: [{ metadata: { name: 'crashing' } }] })
  t.notOk(partial.json.items[0].spec)
  t.equal((await get(PODS, { accept: 'application/cbor, */*' })).json.kind, 'PodList')
})

function container(state: object): NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number] {
  return { name: 'app', image: '', imageID: '', ready: false, restartCount: 0, state }
}

void t.test('a port in use is told in one sentence', async t => {
  const { api, store } = await start(t)
  const port = Number(new URL(api.url).port)
  await t.rejects(createApiServer(new VirtualClock(), store, { host: '127.0.0.1', port, tls: false }), {
    code: 'CHURN_API_PORT',
    exitCode: 2,
    message: `port ${port} of 127.0.0.1 is already in use; choose another one for the API server, or 0 for any free one`,
  })
})

void t.test('usage counts requests by verb and kind', async t => {
  const { get, request, api } = await start(t)
  await get(PODS)
  await get('/api/v1/pods')
  await get(`${PODS}/x`)
  await request('POST', PODS, pod('a'))
  t.match(api.usage(), { requests: 4, watches: 0, byKind: { 'create pods': 1, 'get pods': 1, 'list pods': 2 } })
  const before = api.usage().bytes
  await fetch(`${api.url}${PODS}`, { headers: { authorization: `Bearer ${api.token}` } }).then(response =>
    response.text(),
  )
  t.ok(api.usage().bytes - before > 300, 'bytes of real connections')
})
