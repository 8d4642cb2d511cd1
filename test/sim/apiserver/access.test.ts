// Goal: who is let in, and who may what: tokens, certificates, service accounts, limits, and the reviews that tell of them.
import { request as httpsRequest } from 'node:https'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import t from 'tap'
import { SystemClock, Prng } from '../../../base/index.ts'
import { createApiServer, type ApiServer } from '../../../sim/apiserver/index.ts'
import { Namespaces, ObjectStore, ServiceAccounts } from '../../../sim/cluster/index.ts'
import { addPods, type Fixture, start } from './fixture.ts'

const PODS = '/api/v1/namespaces/default/pods'
const REVIEWS = '/apis/authentication.k8s.io/v1'
const ACCESS = '/apis/authorization.k8s.io/v1'

const as = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

const SCRAPER = {
  tokens: [
    'root',
    { token: 's', name: 'scraper', groups: ['monitors'] },
    { token: 'm', name: 'master', groups: ['system:masters'] },
  ],
  limits: {
    scraper: [
      { verbs: ['list', 'watch', 'get'], apiGroups: [''], resources: ['pods', 'nodes'], namespaces: ['default'] },
      { verbs: ['get'], nonResourceURLs: ['/metrics'] },
    ],
    master: [],
  },
}

void t.test('tokens have names and groups; an unknown one is refused wherever it is shown', async t => {
  const { request, get } = await start(t, SCRAPER)
  const whoAmI = async (token: string): Promise<unknown> =>
    (await request('POST', `${REVIEWS}/selfsubjectreviews`, {}, as(token))).json.status.userInfo
  t.match(await whoAmI('root'), { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] })
  t.match(await whoAmI('s'), { username: 'scraper', groups: ['monitors', 'system:authenticated'] })
  for (const path of [PODS, '/version', '/metrics']) t.equal((await get(path, as('x'))).code, 401, path)
  t.equal((await get(PODS, { authorization: '' })).code, 401)
  t.equal((await get('/metrics', { authorization: '' })).code, 401)
  t.equal((await get('/version', { authorization: '' })).code, 200)
})

void t.test('who is limited may what is listed and nothing else, in Kubernetes’ words', async t => {
  const { request, get, store } = await start(t, SCRAPER)
  addPods(store, 'a')
  for (const path of [PODS, `${PODS}/a`, '/metrics', '/api', '/apis', '/apis/apps/v1', '/openapi/v3', '/version']) {
    t.equal((await get(path, as('s'))).code, 200, path)
  }
  const refused: [method: string, path: string, message: string, details: object][] = [
    [
      'GET',
      '/api/v1/namespaces/other/pods',
      'pods is forbidden: User "scraper" cannot list resource "pods" in API group "" in the namespace "other"',
      { kind: 'pods' },
    ],
    [
      'GET',
      '/api/v1/pods',
      'pods is forbidden: User "scraper" cannot list resource "pods" in API group "" at the cluster scope',
      { kind: 'pods' },
    ],
    [
      'DELETE',
      `${PODS}/a`,
      'pods "a" is forbidden: User "scraper" cannot delete resource "pods" in API group "" in the namespace "default"',
      { name: 'a', kind: 'pods' },
    ],
    [
      'GET',
      `${PODS}/a/log`,
      'pods "a" is forbidden: User "scraper" cannot get resource "pods/log" in API group "" in the namespace "default"',
      { name: 'a', kind: 'pods' },
    ],
    [
      'GET',
      '/apis/apps/v1/namespaces/default/deployments?watch=1',
      'deployments.apps is forbidden: User "scraper" cannot watch resource "deployments" in API group "apps" in the namespace "default"',
      { group: 'apps', kind: 'deployments' },
    ],
    [
      'DELETE',
      PODS,
      'pods is forbidden: User "scraper" cannot deletecollection resource "pods" in API group "" in the namespace "default"',
      { kind: 'pods' },
    ],
    [
      'GET',
      '/api/v1/namespaces/default',
      'namespaces "default" is forbidden: User "scraper" cannot get resource "namespaces" in API group "" in the namespace "default"',
      { name: 'default', kind: 'namespaces' },
    ],
    [
      'GET',
      '/apis/nobody.example/v1/things',
      'things.nobody.example is forbidden: User "scraper" cannot list resource "things" in API group "nobody.example" at the cluster scope',
      { kind: 'things' },
    ],
    ['GET', '/logs', 'forbidden: User "scraper" cannot get path "/logs"', {}],
  ]
  for (const [method, path, message, details] of refused) {
    const answer = await request(method, path, undefined, as('s'))
    t.match(answer, { code: 403, json: { kind: 'Status', reason: 'Forbidden', code: 403, details } }, path)
    t.equal(answer.json.message, message)
  }
  t.equal(store.list(Namespaces).length, 2)
  t.ok(store.resourceVersion > 0)
  t.equal((await get(PODS, as('m'))).code, 200, 'members of system:masters cannot be limited')
  t.equal((await get(PODS, as('root'))).code, 200)
})

void t.test('reviews tell the same', async t => {
  const { request } = await start(t, SCRAPER)
  const may = async (token: string, spec: object, plural = 'selfsubjectaccessreviews'): Promise<unknown> =>
    (await request('POST', `${ACCESS}/${plural}`, { spec }, as(token))).json.status.allowed
  const resourceAttributes = { verb: 'list', resource: 'pods', namespace: 'default' }
  t.equal(await may('s', { resourceAttributes }), true)
  t.equal(await may('s', { resourceAttributes: { ...resourceAttributes, namespace: 'other' } }), false)
  t.equal(await may('s', { resourceAttributes: { ...resourceAttributes, subresource: 'log' } }), false)
  t.equal(await may('s', { nonResourceAttributes: { verb: 'get', path: '/metrics' } }), true)
  t.equal(await may('s', { nonResourceAttributes: { verb: 'get', path: '/logs' } }), false)
  t.equal(await may('root', { resourceAttributes: { verb: 'delete', resource: 'nodes' } }), true)
  t.equal(await may('root', { user: 'scraper', resourceAttributes }, 'subjectaccessreviews'), true)
  t.equal(
    await may(
      'root',
      { user: 'scraper', resourceAttributes: { verb: 'delete', resource: 'pods' } },
      'subjectaccessreviews',
    ),
    false,
  )
  t.match(await request('POST', `${ACCESS}/selfsubjectaccessreviews`, { spec: {} }, as('root')), {
    code: 422,
    json: {
      message:
        'SelfSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    },
  })
  t.match(await request('POST', `${ACCESS}/selfsubjectaccessreviews`, { kind: 'Pod' }, as('root')), { code: 400 })
  const rules = await request('POST', `${ACCESS}/selfsubjectrulesreviews`, { spec: { namespace: 'other' } }, as('s'))
  t.notMatch(rules.text, '"pods"', 'those of another namespace')
  t.match(rules.json.status, { incomplete: false })
  const here = await request('POST', `${ACCESS}/selfsubjectrulesreviews`, { spec: { namespace: 'default' } }, as('s'))
  t.match(here.text, '"resources":["pods","nodes"]')

  const review = async (token: string): Promise<unknown> =>
    (await request('POST', `${REVIEWS}/tokenreviews`, { spec: { token } }, as('root'))).json.status
  t.match(await review('s'), {
    authenticated: true,
    user: { username: 'scraper', groups: ['monitors', 'system:authenticated'] },
  })
  t.match(await review('x'), { authenticated: false, error: 'invalid bearer token' })
})

void t.test('reviews are discovered, can only be created, and are not kept', async t => {
  const { get, request, store } = await start(t)
  const { resources } = (await get(ACCESS)).json as {
    resources: { name: string; verbs: string[]; namespaced: boolean }[]
  }
  t.match(
    resources.map(({ name, verbs, namespaced }) => [name, verbs, namespaced]),
    [
      ['selfsubjectaccessreviews', ['create'], false],
      ['subjectaccessreviews', ['create'], false],
      ['localsubjectaccessreviews', ['create'], true],
      ['selfsubjectrulesreviews', ['create'], false],
    ],
  )
  t.match((await get('/apis')).text, '"name":"authentication.k8s.io"')
  t.equal((await get(`${ACCESS}/selfsubjectaccessreviews`)).code, 405)
  t.equal((await request('DELETE', `${REVIEWS}/tokenreviews/x`)).code, 405)
  t.equal((await get(`${REVIEWS}/tokenreviews/x/status`)).code, 404)
  const { resourceVersion } = store
  await request('POST', `${REVIEWS}/selfsubjectreviews`, {})
  t.equal(store.resourceVersion, resourceVersion)
  t.notOk(store.resources.stored().some(({ plural }) => plural.endsWith('reviews')))
})

async function tokenOf(f: Fixture, spec: object = {}): Promise<string> {
  const { code, json } = await f.request('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', { spec })
  t.equal(code, 201)
  return json.status.token as string
}

void t.test('tokens of service accounts are good until they expire, for as long as their account exists', async t => {
  const f = await start(t, { limits: { 'system:serviceaccount:default:tame': [] } })
  const account = (name: string): void =>
    void f.store.create(ServiceAccounts, { metadata: { name, namespace: 'default' } })
  account('robot')
  account('tame')
  const { json } = await f.request('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', {
    spec: { audiences: ['x'], expirationSeconds: 1200 },
  })
  t.match(json, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: 'robot', namespace: 'default' },
    spec: { audiences: ['x'], expirationSeconds: 1200 },
    status: { token: /^[\w-]+\.[\w-]+\.[\w-]+$/, expirationTimestamp: '2026-01-01T00:20:00Z' },
  })
  const { token } = json.status as { token: string }
  const [, payload] = token.split('.')
  t.match(JSON.parse(Buffer.from(payload!, 'base64url').toString()), {
    sub: 'system:serviceaccount:default:robot',
    aud: ['x'],
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot' } },
  })
  t.match(await f.request('POST', `${REVIEWS}/selfsubjectreviews`, {}, as(token)), {
    json: {
      status: {
        userInfo: {
          username: 'system:serviceaccount:default:robot',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        },
      },
    },
  })
  t.equal((await f.get(PODS, as(token))).code, 200)
  const [header, body, signature] = token.split('.')
  const forged = Buffer.from(Buffer.from(body!, 'base64url').toString().replaceAll('robot', 'tame')).toString(
    'base64url',
  )
  for (const wrong of [
    `${header}.${forged}.${signature}`,
    `${header}.${body}.`,
    `${header}.${body}`,
    `${token}.x`,
    'a.b.c',
  ]) {
    t.equal((await f.get(PODS, as(wrong))).code, 401, wrong)
  }
  f.clock.advance(1_199_999)
  t.equal((await f.get(PODS, as(token))).code, 200)
  f.clock.advance(1)
  t.equal((await f.get(PODS, as(token))).code, 401)

  const fresh = await tokenOf(f)
  t.equal((await f.get(PODS, as(fresh))).code, 200)
  f.store.delete(ServiceAccounts, 'default', 'robot')
  t.equal((await f.get(PODS, as(fresh))).code, 401)
  account('robot')
  t.equal((await f.get(PODS, as(fresh))).code, 401, 'another one of the same name')

  const tame = await f.request('POST', '/api/v1/namespaces/default/serviceaccounts/tame/token', {})
  t.equal((await f.get(PODS, as(tame.json.status.token as string))).code, 403)
})

void t.test('token requests that are wrong', async t => {
  const f = await start(t)
  f.store.create(ServiceAccounts, { metadata: { name: 'robot', namespace: 'default' } })
  const path = '/api/v1/namespaces/default/serviceaccounts'
  t.match(await f.request('POST', `${path}/none/token`, {}), {
    code: 404,
    json: { details: { kind: 'serviceaccounts' } },
  })
  t.match(await f.request('POST', `${path}/robot/token`, { spec: { expirationSeconds: 599 } }), {
    code: 422,
    json: {
      message:
        'TokenRequest.authentication.k8s.io "robot" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    },
  })
  t.match(await f.request('POST', `${path}/robot/token`, { spec: { expirationSeconds: 2 ** 33 } }), { code: 422 })
  t.match(await f.request('POST', `${path}/robot/token`, { spec: { audiences: 'x' } }), { code: 400 })
  t.equal((await f.get(`${path}/robot/token`)).code, 405)
})

interface Told {
  readonly code: number
  readonly text: string
  readonly isResumed: boolean
}

void t.test('a certificate of our authority is who it says; any other is nobody', async t => {
  const clock = new SystemClock({ unref: true })
  const serve = async (name: string): Promise<ApiServer> => {
    const store = new ObjectStore(clock, new Prng(name))
    store.create(Namespaces, { metadata: { name: 'default' } })
    const api = await createApiServer(clock, store, {
      host: '127.0.0.1',
      port: 0,
      tls: true,
      limits: { jane: [{ verbs: ['list'], resources: ['pods'] }] },
    })
    t.teardown(() => api.close())
    return api
  }
  const api = await serve('ours')
  const foreign = await serve('theirs')
  const ask = (path: string, certificate: object, method = 'GET'): Promise<Told> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const request = httpsRequest(
        api.url + path,
        { method, ca: api.caPem, agent: false, headers, ...certificate },
        response => {
          let text = ''
          response.on('data', part => (text += String(part)))
          const isResumed = (response.socket as TLSSocket).isSessionReused()
          response.on('end', () => resolve({ code: response.statusCode!, text, isResumed }))
        },
      )
      request.on('error', reject)
      request.end(method === 'POST' ? '{}' : undefined)
    })
  const admin = await api.issueCertificate('root, "the" boss', ['system:masters', 'ops+eu'])
  const told = await ask(`${REVIEWS}/selfsubjectreviews`, admin, 'POST')
  t.match(JSON.parse(told.text), {
    status: {
      userInfo: { username: 'root, "the" boss', groups: ['system:masters', 'ops+eu', 'system:authenticated'] },
    },
  })
  t.equal((await ask(PODS, admin)).code, 200)
  const jane = await api.issueCertificate('jane', [])
  t.equal((await ask(PODS, jane)).code, 200)
  t.match(await ask('/api/v1/nodes', jane), { code: 403, text: 'User \\"jane\\" cannot list resource \\"nodes\\"' })
  t.equal((await ask(PODS, await foreign.issueCertificate('root', ['system:masters']))).code, 401)
  t.equal((await ask(PODS, {})).code, 401)
  t.equal((await ask('/version', {})).code, 200)

  // A TLS session that is resumed knows who began it, and makes nobody of who was nobody.
  const session = async (certificate: object): Promise<() => Promise<Told>> => {
    const { hostname, port } = new URL(api.url)
    const options = { host: hostname, port: Number(port), ca: api.caPem, ...certificate }
    const ticket = await new Promise<Buffer>((resolve, reject) => {
      const socket = connectTls(options)
      socket.once('session', given => {
        socket.destroy()
        resolve(given)
      })
      socket.once('error', reject)
    })
    return () => ask(PODS, { ...certificate, session: ticket })
  }
  t.match(await (await session({}))(), { code: 401, isResumed: true })
  t.match(await (await session(admin))(), { code: 200, isResumed: true })
  t.match(await (await session(await foreign.issueCertificate('root', ['system:masters'])))(), { code: 401 })
})
