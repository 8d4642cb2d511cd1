// Goal: what surrounds the objects: compression, the server's own metrics, refusals of what cannot be simulated.
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { request as fetchRaw } from 'undici'
import { Nodes, Pods, Services } from '../../../sim/cluster/index.ts'
import { addPods, type Fixture, pod, settle, start } from './fixture.ts'

const PODS = '/api/v1/namespaces/default/pods'

async function raw(
  { api }: Fixture,
  path: string,
  encoding?: string,
): Promise<{ encoding: unknown; vary: unknown; bytes: Buffer }> {
  const { headers, body } = await fetchRaw(api.url + path, {
    headers: {
      authorization: `Bearer ${api.token}`,
      ...(encoding === undefined ? {} : { 'accept-encoding': encoding }),
    },
  })
  return {
    encoding: headers['content-encoding'],
    vary: headers['vary'],
    bytes: Buffer.from(await body.arrayBuffer()),
  }
}

void t.test('long answers are compressed for those who take it, and are the same', async t => {
  const f = await start(t)
  const filler = 'x'.repeat(1000)
  for (let i = 0; i < 500; i++) f.store.create(Pods, pod(`p${i}`, { metadata: { annotations: { filler } } }))
  const plain = await raw(f, PODS)
  t.equal(plain.encoding, undefined)
  for (const encoding of ['gzip', 'deflate, gzip;q=1.0', 'br,gzip']) {
    const packed = await raw(f, PODS, encoding)
    t.equal(packed.encoding, 'gzip')
    t.equal(packed.vary, 'Accept-Encoding')
    t.ok(gunzipSync(packed.bytes).equals(plain.bytes))
    t.ok(packed.bytes.length < plain.bytes.length / 10)
  }
  t.equal((await raw(f, PODS, 'br, gzipped')).encoding, undefined)
  // 128 KiB is where it begins: one list is a little shorter than that, the other a little longer.
  t.equal((await raw(f, `${PODS}?limit=90`, 'gzip')).encoding, undefined)
  t.equal((await raw(f, `${PODS}?limit=110`, 'gzip')).encoding, 'gzip')
  t.equal((await raw(f, `${PODS}/p1`, 'gzip')).encoding, undefined)
  const watched = await fetchRaw(`${f.api.url}${PODS}?watch=1`, {
    headers: { authorization: `Bearer ${f.api.token}`, 'accept-encoding': 'gzip' },
  })
  t.equal(watched.headers['content-encoding'], undefined, 'watches are not')
  watched.body.destroy()
  watched.body.on('error', () => undefined)
})

void t.test('the server counts requests, watches, events and objects', async t => {
  const f = await start(t)
  addPods(f.store, 'a', 'b')
  await f.get(PODS)
  await f.get(PODS)
  await f.get('/api/v1/pods')
  await f.get(`${PODS}/none`)
  const watch = await f.watch(PODS)
  addPods(f.store, 'c')
  await settle()
  const open = (await f.get('/metrics')).text
  const has = (text: string, name: string, labels: Record<string, string>, value: number): void => {
    const line = text
      .split('\n')
      .find(
        each =>
          each.startsWith(`${name}{`) &&
          Object.entries(labels).every(([label, wanted]) => each.includes(`${label}="${wanted}"`)),
      )
    t.equal(line?.split(' ').at(-1), String(value), `${name} ${JSON.stringify(labels)}`)
  }
  const list = { verb: 'LIST', resource: 'pods', group: '', version: 'v1' }
  has(open, 'apiserver_request_total', { ...list, scope: 'namespace', code: '200' }, 2)
  has(open, 'apiserver_request_total', { ...list, scope: 'cluster', code: '200' }, 1)
  has(open, 'apiserver_request_total', { verb: 'GET', resource: 'pods', code: '404', scope: 'resource' }, 1)
  has(open, 'apiserver_request_duration_seconds_count', { ...list, scope: 'namespace' }, 2)
  has(open, 'apiserver_request_duration_seconds_bucket', { ...list, scope: 'namespace', le: '+Inf' }, 2)
  has(open, 'apiserver_longrunning_requests', { verb: 'WATCH', resource: 'pods' }, 1)
  has(open, 'apiserver_watch_events_total', { resource: 'pods', kind: 'Pod' }, 3)
  has(open, 'apiserver_storage_objects', { resource: 'pods' }, 3)
  has(open, 'apiserver_storage_objects', { resource: 'deployments.apps' }, 0)
  await watch.events()
  const closed = (await f.get('/metrics')).text
  has(closed, 'apiserver_longrunning_requests', { verb: 'WATCH', resource: 'pods' }, 0)
  has(closed, 'apiserver_request_total', { verb: 'WATCH', resource: 'pods', code: '200' }, 1)
  has(closed, 'apiserver_watch_events_total', { resource: 'pods' }, 3)
  for (const line of closed.trimEnd().split('\n'))
    t.match(line, /^(?:# (?:HELP|TYPE) \w+ .+|\w+\{[^{}]*\} [\d.e+-]+)$/, line)
})

void t.test('a client that leaves is no longer counted', async t => {
  const f = await start(t)
  const end = new AbortController()
  const { body } = await fetchRaw(`${f.api.url}${PODS}?watch=1`, {
    headers: { authorization: `Bearer ${f.api.token}` },
    signal: end.signal,
  })
  body.on('error', () => undefined)
  const open = async (): Promise<boolean> =>
    /longrunning_requests\{.*verb="WATCH".*\} 1\n/.test((await f.get('/metrics')).text)
  t.ok(await open())
  end.abort()
  while (await open()) await settle()
})

void t.test('what leads into a pod is refused in a sentence that says why', async t => {
  const f = await start(t)
  addPods(f.store, 'a')
  f.store.create(Nodes, { metadata: { name: 'node-0' } })
  f.store.create(Services, { metadata: { name: 'front', namespace: 'default' } })
  const refused: [method: string, path: string, message: RegExp][] = [
    ['POST', `${PODS}/a/exec?command=ls`, /^pods\/exec is not supported: .* no process that could run a command$/],
    ['GET', `${PODS}/a/exec?command=ls`, /^pods\/exec is not supported/],
    ['POST', `${PODS}/a/attach`, /^pods\/attach is not supported/],
    [
      'POST',
      `${PODS}/a/portforward`,
      /^pods\/portforward is not supported: .* connect to the address of the pod instead/,
    ],
    ['PATCH', `${PODS}/a/ephemeralcontainers`, /^pods\/ephemeralcontainers is not supported/],
    ['GET', `${PODS}/a:8080/proxy/metrics`, /^pods\/proxy is not supported/],
    ['GET', '/api/v1/nodes/node-0/proxy/metrics/cadvisor', /^nodes\/proxy is not supported/],
    ['GET', '/api/v1/namespaces/default/services/http:front:80/proxy/', /^services\/proxy is not supported/],
  ]
  for (const [method, path, message] of refused) {
    t.match(await f.request(method, path), { code: 400, json: { reason: 'BadRequest', message } }, path)
  }
  t.equal((await f.request('POST', `${PODS}/none/exec`)).code, 404)
  t.equal((await f.request('POST', `${PODS}/a/nonsense`)).code, 404)
  t.equal((await f.get('/api/v1/namespaces/default/services/front/exec')).code, 404)
})

void t.test('health, in short and at length', async t => {
  const f = await start(t)
  for (const name of ['healthz', 'livez', 'readyz']) {
    t.equal((await f.get(`/${name}`)).text, 'ok')
    t.match((await f.get(`/${name}?verbose`)).text, new RegExp(`^(?:\\[\\+\\]\\S+ ok\\n)+${name} check passed\\n$`))
    t.equal((await f.get(`/${name}/etcd`, { authorization: '' })).text, 'ok')
  }
})
