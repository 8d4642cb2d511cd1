import fc from 'fast-check'
import { PbfWriter } from 'pbf'
import t from 'tap'
import { Deployments } from '../../../sim/cluster/index.ts'
import { decodeProtobuf, ProtobufError } from '../../../sim/schema/index.ts'
import { start } from '../apiserver/fixture.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'

/** Fields of a message by number: texts, numbers, bytes, messages, and lists of those. */
interface Fields {
  readonly [number: number]: string | number | boolean | Uint8Array | Fields | readonly (string | Fields)[]
}

function write(fields: Fields): Uint8Array {
  const writer = new PbfWriter()
  for (const [number, value] of Object.entries(fields)) {
    const tag = Number(number)
    for (const each of Array.isArray(value) ? (value as (string | Fields)[]) : [value as Fields]) {
      if (typeof each === 'string') writer.writeStringField(tag, each)
      else if (typeof each === 'number') writer.writeVarintField(tag, each)
      else if (typeof each === 'boolean') writer.writeBooleanField(tag, each)
      else writer.writeBytesField(tag, each instanceof Uint8Array ? each : write(each))
    }
  }
  return writer.finish()
}

/** A body as clients send it. */
function body(apiVersion: string, kind: string, fields: Fields): Buffer {
  return Buffer.concat([Buffer.from('k8s\0'), write({ 1: { 1: apiVersion, 2: kind }, 2: write(fields), 3: '', 4: '' })])
}

const entry = (key: string, value: string | Fields): Fields => ({ 1: key, 2: value })
const text = (value: string): Fields => ({ 1: 1, 2: 0, 3: value })
const number = (value: number): Fields => ({ 1: 0, 2: value, 3: '' })

const WEB: Fields = {
  1: { 1: 'web', 3: 'default', 7: 0, 8: { 1: 1_767_225_600, 2: 5 }, 11: [entry('app', 'web'), entry('tier', '')] },
  2: {
    1: 0,
    2: { 1: [entry('app', 'web')] },
    3: {
      1: { 11: [entry('app', 'web')] },
      2: {
        1: [
          { 1: 'scratch', 2: { 2: { 1: '', 2: { 1: '1Gi' } } } },
          { 1: 'config', 2: { 19: { 1: { 1: 'settings' }, 3: 420 } } },
        ],
        2: [
          {
            1: 'app',
            2: 'web:1',
            3: ['sh', '-c', ''],
            6: [{ 1: 'http', 2: 0, 3: 8080, 4: 'TCP', 5: '' }],
            8: { 1: [entry('cpu', { 1: '500m' })], 2: [entry('memory', { 1: '1Gi' })] },
            10: { 1: { 2: { 1: '/healthz', 2: text('http'), 3: '', 4: 'HTTP' } }, 2: 0, 3: 1 },
            11: { 1: { 3: { 1: number(8080), 2: '' } }, 4: 5 },
          },
        ],
        4: 0,
      },
    },
    4: { 1: 'RollingUpdate', 2: { 1: text('25%'), 2: number(0) } },
    5: 0,
    7: false,
  },
  3: { 1: 0, 2: 0, 7: 0 },
}

void t.test('a message becomes what its JSON would be', async t => {
  t.same(decodeProtobuf(body('apps/v1', 'Deployment', WEB)), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: 'default',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: 'web', tier: '' },
    },
    spec: {
      // A zero that says something is kept: pointers, here and below.
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          // What kind of volume or probe it is stands in it, not below it.
          volumes: [
            { name: 'scratch', emptyDir: { sizeLimit: '1Gi' } },
            { name: 'config', configMap: { name: 'settings', defaultMode: 420 } },
          ],
          containers: [
            {
              name: 'app',
              image: 'web:1',
              command: ['sh', '-c', ''],
              ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
              resources: { limits: { cpu: '500m' }, requests: { memory: '1Gi' } },
              livenessProbe: { httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' }, timeoutSeconds: 1 },
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 5 },
            },
          ],
          terminationGracePeriodSeconds: 0,
        },
      },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: 0 } },
    },
  })
  t.same(
    decodeProtobuf(body('apps/v1', 'ControllerRevision', { 1: { 1: 'r' }, 2: { 1: Buffer.from('{"a":[1]}') }, 3: 0 })),
    { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name: 'r' }, data: { a: [1] }, revision: 0 },
    'JSON inside of a message is JSON',
  )
  t.same(
    decodeProtobuf(
      body('coordination.k8s.io/v1', 'Lease', { 1: { 1: 'l' }, 2: { 1: 'n', 4: { 1: 1_767_225_600, 2: 7000 } } }),
    ).spec,
    { holderIdentity: 'n', renewTime: '2026-01-01T00:00:00.000007Z' },
  )
  t.same(
    decodeProtobuf(body('v1', 'Secret', { 1: { 1: 's' }, 2: [entry('key', 'x')] })),
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { key: 'eA==' } },
    'bytes are base64',
  )
  t.same(
    decodeProtobuf(body('policy/v1', 'Eviction', { 1: { 1: 'p', 3: 'lab' }, 2: { 1: 0, 4: 'Foreground' } })),
    {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'p', namespace: 'lab' },
      deleteOptions: { gracePeriodSeconds: 0, propagationPolicy: 'Foreground' },
    },
    'what drain posts: no grace is not the default grace',
  )
  const newer = { ...WEB, 99: 'from tomorrow' }
  t.same(decodeProtobuf(body('apps/v1', 'Deployment', newer)), decodeProtobuf(body('apps/v1', 'Deployment', WEB)))
})

void t.test('bytes that are no message are refused, whatever they are', async t => {
  const whole = body('apps/v1', 'Deployment', WEB)
  const refused = (bytes: Buffer): boolean => {
    try {
      decodeProtobuf(bytes)
      return false
    } catch (error) {
      if (error instanceof ProtobufError) return true
      throw error
    }
  }
  t.throws(() => decodeProtobuf(Buffer.from('{"kind":"Pod"}')), { message: /expected prefix \[107 56 115 0\]/ })
  t.throws(() => decodeProtobuf(body('apps/v1', 'Nothing', {})), {
    message: /no kind "Nothing" is registered for version "apps\/v1"/,
  })
  t.ok(refused(body('v1', 'ConfigMap', { 2: [entry('__proto__', 'x')] })), 'a key that would be a prototype')
  t.ok(refused(body('apps/v1', 'ControllerRevision', { 2: { 1: Buffer.from('{') } })), 'JSON that is none')
  const lying = Buffer.from([18, 4, 10, 9, 97, 97]) // A map entry of four bytes whose key says that it has nine.
  t.ok(refused(Buffer.concat([Buffer.from('k8s\0'), write({ 1: { 1: 'v1', 2: 'ConfigMap' }, 2: lying })])))
  // Within the message; behind it only two empty fields of the envelope follow.
  const typeMeta = body('apps/v1', 'Deployment', {}).length - 6
  for (let length = 0; length < whole.length - 4; length++) {
    // A kind with no message behind it is an empty object.
    if (length !== typeMeta && !refused(whole.subarray(0, length))) t.fail(`cut after ${length} bytes`)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      refused(Buffer.concat([Buffer.from('k8s\0'), bytes]))
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), raw => {
      refused(Buffer.concat([Buffer.from('k8s\0'), write({ 1: { 1: 'v1', 2: 'Pod' }, 2: raw })]))
    }),
  )
  fc.assert(
    fc.property(fc.nat(whole.length - 5), fc.nat(255), (at, byte) => {
      const bytes = Buffer.from(whole)
      bytes[4 + at] = byte
      refused(bytes)
    }),
    { numRuns: 500 },
  )
})

void t.test('the server answers 400 to such a body, and stores what is right', async t => {
  const { api, store, get } = await start(t)
  const post = (payload: Buffer) =>
    api.app.inject({
      method: 'POST',
      url: '/apis/apps/v1/namespaces/default/deployments',
      headers: { authorization: `Bearer ${api.token}`, 'content-type': PROTOBUF },
      payload,
    })
  const whole = body('apps/v1', 'Deployment', WEB)
  const version = store.resourceVersion
  for (const bytes of [Buffer.from('k8s\0'), Buffer.from('junk'), whole.subarray(0, 200), body('v1', 'Pod', {})]) {
    const { statusCode, payload } = await post(bytes)
    t.equal(statusCode, 400)
    t.match(JSON.parse(payload), { kind: 'Status', status: 'Failure', reason: 'BadRequest', code: 400 })
  }
  t.equal(store.resourceVersion, version)
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 5), fc.nat(255), async (at, byte) => {
      const bytes = Buffer.from(whole)
      bytes[4 + at] = byte
      const { statusCode } = await post(bytes)
      // Refused for its form or for what it says, taken where the byte says nothing wrong, or there already.
      return [201, 400, 409, 422].includes(statusCode)
    }),
    { numRuns: 200 },
  )
  for (const { metadata } of store.list(Deployments)) store.delete(Deployments, metadata.namespace, metadata.name)
  t.equal((await post(whole)).statusCode, 201)
  t.match((await get('/apis/apps/v1/namespaces/default/deployments/web')).json.spec, { replicas: 0 })
})
