import { execFile, spawn } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { CoreV1Api, type Informer, KubeConfig, makeInformer, type V1Pod } from '@kubernetes/client-node'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import t, { type Test } from 'tap'
import { Prng, SystemClock, VirtualClock } from '../../../base/index.ts'
import { type ApiServer, createApiServer, writeKubeconfig } from '../../../sim/apiserver/index.ts'
import { createServerCertificate } from '../../../sim/apiserver/certificates.ts'
import {
  Deployments,
  EndpointSlices,
  Namespaces,
  Nodes,
  ObjectStore,
  Pods,
  type Stored,
} from '../../../sim/cluster/index.ts'
import { pod } from './fixture.ts'

const KUBECTL = '/usr/bin/kubectl'
const run = promisify(execFile)

interface TlsFixture {
  readonly store: ObjectStore
  readonly api: ApiServer
  readonly kubeconfig: string
  readonly dir: string
}

/** A server as a run has it: TLS with its own authority, a token, a kubeconfig file. */
async function startTls(t: Test): Promise<TlsFixture> {
  const clock = new SystemClock({ unref: true })
  const store = new ObjectStore(clock, new Prng('tls'))
  for (const name of ['default', 'shop']) store.create(Namespaces, { metadata: { name } })
  const api = await createApiServer(clock, store, {
    host: '127.0.0.1',
    port: 0,
    tls: true,
    onInternalError: error => t.fail('internal error', { found: error }),
  })
  t.teardown(() => api.close())
  const dir = t.testdir({})
  const kubeconfig = join(dir, 'deep', 'kubeconfig')
  await writeKubeconfig(kubeconfig, api)
  return { store, api, kubeconfig, dir }
}

void t.test('certificates are signed by their authority and name the host', async t => {
  const { ca, cert, key } = await createServerCertificate(new VirtualClock(), '127.5.5.5')
  const authority = new X509Certificate(ca)
  const server = new X509Certificate(cert)
  t.ok(authority.ca)
  t.notOk(server.ca)
  t.ok(authority.verify(authority.publicKey))
  t.ok(server.verify(authority.publicKey))
  t.ok(server.checkIssued(authority))
  t.ok(server.checkIP('127.0.0.1') && server.checkIP('127.5.5.5') && server.checkHost('localhost'))
  t.ok(server.checkHost('kubernetes.default.svc'))
  t.strictSame(server.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'serverAuth')
  t.match(key, /^-----BEGIN PRIVATE KEY-----/)
  t.ok(server.checkPrivateKey(createPrivateKey(key)))
  for (const certificate of [authority, server]) {
    t.equal(certificate.validFrom, 'Dec 31 23:00:00 2025 GMT', 'for clients whose clock is behind')
    t.equal(certificate.validTo, 'Dec 30 00:00:00 2035 GMT')
  }
  t.not(authority.serialNumber, server.serialNumber)
  for (const pem of [ca, cert, key]) t.match(pem, /-----END [A-Z ]+-----\n$/, 'ends as a text file does')
})

void t.test('the kubeconfig is for its owner only, and a place that cannot be written to is told', async t => {
  const { kubeconfig, api, dir } = await startTls(t)
  t.equal((await stat(kubeconfig)).mode & 0o777, 0o600)
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  t.equal(config.getCurrentContext(), 'churnbench')
  t.equal(config.getCurrentCluster()?.server, api.url)
  await writeFile(join(dir, 'file'), '')
  await t.rejects(writeKubeconfig(join(dir, 'file', 'config'), api), { code: 'CHURN_KUBECONFIG', exitCode: 2 })
})

void t.test("@kubernetes/client-node's informer", async t => {
  const { store, api, kubeconfig } = await startTls(t)
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const core = config.makeApiClient(CoreV1Api)
  const informer = makeInformer(config, '/api/v1/namespaces/default/pods', () =>
    core.listNamespacedPod({ namespace: 'default' }),
  )
  const errors: unknown[] = []
  let stopped = false
  informer.on('error', error => {
    errors.push(error)
    // What its documentation tells users to do, without the pause.
    if (!stopped) void informer.start()
  })
  t.teardown(async () => {
    stopped = true
    await informer.stop()
  })
  const add = (name: string): Stored<Pod> => store.create<Pod>(Pods, pod(name))
  const label = (name: string, value: string): void => {
    store.modify<Pod>(Pods, 'default', name, current => ({
      ...current,
      metadata: { ...current.metadata, labels: { value } },
    }))
  }
  const remove = (name: string): void => void store.delete(Pods, 'default', name, { gracePeriodSeconds: 0 })

  for (const name of ['a', 'b', 'c']) add(name)
  await informer.start()
  await converged(informer, store)
  t.pass('sees what is there')

  add('d')
  label('a', '1')
  remove('b')
  await converged(informer, store)
  t.pass('follows changes')

  api.dropWatches()
  label('a', '2')
  remove('c')
  add('e')
  await converged(informer, store)
  t.ok(errors.length > 0, 'the dropped watch was noticed')
  t.pass('survives a dropped watch, changes meanwhile included')

  const lists = (): number => api.usage().byKind['list pods'] ?? 0
  const before = lists()
  api.dropWatches()
  label('a', '3')
  remove('d')
  add('f')
  api.expireHistory()
  label('f', '4')
  await converged(informer, store)
  t.equal(lists(), before + 1, 'a 410 makes it list again')

  label('f', '5')
  await converged(informer, store)
  t.equal(lists(), before + 1, 'the new watch is open')
  api.expireWatches()
  remove('a')
  add('g')
  await converged(informer, store)
  t.equal(lists(), before + 2, 'and so does one in mid-stream')
  label('g', '6')
  await converged(informer, store)
  t.pass('and goes on following')
})

/** Resolves once the informer's cache equals the store; looked at whenever the informer says that something happened. */
function converged(informer: Informer<V1Pod>, store: ObjectStore): Promise<void> {
  const list = (informer as unknown as { list(): V1Pod[] }).list.bind(informer)
  const versions = (objects: readonly { metadata?: { name?: string; resourceVersion?: string } }[]): string =>
    objects
      .map(object => `${object.metadata!.name!}@${object.metadata!.resourceVersion!}`)
      .sort()
      .join(' ')
  const isEqual = (): boolean => versions(list()) === versions(store.list(Pods, 'default'))
  return new Promise(resolve => {
    const look = (): void => {
      if (!isEqual()) return
      informer.off('change', look)
      resolve()
    }
    informer.on('change', look)
    look()
  })
}

void t.test('kubectl', { skip: existsSync(KUBECTL) ? false : `${KUBECTL} is not installed` }, async t => {
  const { store, kubeconfig, dir } = await startTls(t)
  playControllers(store)
  populate(store)
  const env = { PATH: '/usr/bin:/bin', HOME: dir, KUBECONFIG: kubeconfig }
  await mkdir(join(dir, '.kube'), { recursive: true })
  const kubectl = async (...args: string[]): Promise<string> => {
    try {
      const { stdout, stderr } = await run(KUBECTL, args, { env })
      return stdout + stderr
    } catch (error) {
      return `failed: ${(error as { stderr?: string }).stderr ?? String(error)}`
    }
  }
  const podName = store.list(Pods)[0]!.metadata.name

  const both = await kubectl('get', '-A', 'nodes,pods')
  t.match(both, /NAME +STATUS +ROLES +AGE +VERSION\nnode\/node-0 +Ready +<none> +\d+s +v1\.33\.0/)
  t.match(
    both,
    new RegExp(`NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE\nshop +pod/${podName} +1/1 +Running +0 +\\d+s`),
  )
  t.match(
    await kubectl('get', 'pods', '-n', 'shop', '-o', 'wide'),
    /IP +NODE +NOMINATED NODE +READINESS GATES\n.*127\.9\.0\.10 +node-0/,
  )
  t.match(await kubectl('get', 'pods', '-n', 'shop', '-o', 'yaml'), /^apiVersion: v1\nitems:\n/)
  t.equal(JSON.parse(await kubectl('get', 'pods', '-n', 'shop', '-o', 'json')).items.length, 2)
  t.match(await kubectl('get', 'endpointslices', '-n', 'shop'), /web-1 +IPv4 +8080 +127\.9\.0\.10,127\.9\.1\.10/)
  const described = await kubectl('describe', 'pod', '-n', 'shop', podName)
  t.match(described, /Status: +Running/)
  t.match(described, /Node: +node-0/)
  t.match(await kubectl('describe', 'node', 'node-0'), new RegExp(`shop +${podName}`))

  const manifest = join(dir, 'api.yaml')
  const text = (image: string, replicas: number): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: shop }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec: { containers: [{ name: app, image: "${image}", env: [{ name: A, value: b }] }] }
`
  await writeFile(manifest, text('api:1', 1))
  t.equal(await kubectl('create', '-f', manifest), 'deployment.apps/api created\n')
  t.match(await kubectl('create', '-f', manifest), /failed: .*AlreadyExists.* deployments.apps "api" already exists/)
  t.equal(await kubectl('delete', '-f', manifest), 'deployment.apps "api" deleted\n')
  t.equal(await kubectl('apply', '-f', manifest), 'deployment.apps/api created\n')
  t.equal(await kubectl('apply', '-f', manifest), 'deployment.apps/api unchanged\n')
  await writeFile(manifest, text('api:2', 2))
  t.equal(await kubectl('apply', '-f', manifest), 'deployment.apps/api configured\n')
  t.match(store.get<Deployment>(Deployments, 'shop', 'api')!.spec, {
    replicas: 2,
    template: { spec: { containers: [{ image: 'api:2', imagePullPolicy: 'IfNotPresent' }] } },
  })

  t.equal(await kubectl('scale', 'deployment', 'web', '-n', 'shop', '--replicas=5'), 'deployment.apps/web scaled\n')
  t.match(
    await kubectl('rollout', 'status', '-n', 'shop', 'deployment/web'),
    /deployment "web" successfully rolled out\n$/,
  )
  t.match(await kubectl('rollout', 'restart', '-n', 'shop', 'deployment/web'), /restarted/)
  t.match(await kubectl('get', 'deployments', '-n', 'shop', 'web'), /web +5\/5 +5 +5/)
  t.match(
    await kubectl(
      'patch',
      'deployment',
      '-n',
      'shop',
      'web',
      '-p',
      '{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"web:2"}]}}}}',
    ),
    /patched/,
  )
  t.equal(store.get<Deployment>(Deployments, 'shop', 'web')!.spec!.template.spec!.containers.length, 1)
  t.match(await kubectl('label', 'pod', '-n', 'shop', podName, 'canary=true'), /labeled/)
  t.match(await kubectl('annotate', 'pod', '-n', 'shop', podName, 'note=x'), /annotated/)
  t.match(await kubectl('get', 'pods', '-A', '-l', 'canary in (true)', '-o', 'name'), `pod/${podName}\n`)
  t.match(await kubectl('cordon', 'node-0'), /cordoned/)
  t.match(
    await kubectl('get', 'nodes', '--field-selector', 'spec.unschedulable=true'),
    /node-0 +Ready,SchedulingDisabled/,
  )
  t.match(await kubectl('get', 'pods', '-A', '--field-selector', 'spec.foo=1'), /field label not supported: spec.foo/)
  t.match(await kubectl('get', 'foos'), `the server doesn't have a resource type "foos"`)

  const watch = spawn(KUBECTL, ['get', 'pods', '-n', 'shop', '-w'], { env })
  const lines = createInterface(watch.stdout)[Symbol.asyncIterator]()
  const line = async (): Promise<string> => String((await lines.next()).value)
  t.match(await line(), /^NAME +READY/)
  await line()
  await line()
  t.equal(await kubectl('delete', 'pod', '-n', 'shop', podName), `pod "${podName}" deleted\n`)
  t.match(await line(), new RegExp(`^${podName} +1/1 +Terminating`))
  watch.kill()
  t.equal(store.get(Pods, 'shop', podName), undefined)
  t.match(await kubectl('version'), /Server Version: v1\.33\.\d+\+churnbench\n$/, 'no warning about versions')
})

/** What kubelets and the deployment controller would do, at once. */
function playControllers(store: ObjectStore): void {
  store.subscribe(({ resource, object, type }) => {
    const { namespace, name, deletionTimestamp } = object.metadata
    if (type === 'DELETED') return
    if (resource === Pods && deletionTimestamp !== undefined) {
      setImmediate(() => store.delete(Pods, namespace, name, { gracePeriodSeconds: 0 }))
    }
    if (resource !== Deployments) return
    setImmediate(() =>
      store.modify<Deployment>(Deployments, namespace, name, current => {
        const { replicas = 0 } = current.spec!
        const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas }
        return { ...current, status: { ...counts, observedGeneration: current.metadata.generation! } }
      }),
    )
  })
}

function populate(store: ObjectStore): void {
  for (const i of [0, 1]) {
    store.create<Node>(Nodes, {
      metadata: { name: `node-${i}` },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: `127.9.${i}.1` }],
        nodeInfo: { kubeletVersion: 'v1.33.0' },
      },
    } as Node)
    store.create<Pod>(Pods, {
      metadata: { generateName: 'web-', namespace: 'shop', labels: { app: 'web' } },
      spec: { nodeName: `node-${i}`, containers: [{ name: 'app', image: 'web:1', ports: [{ containerPort: 8080 }] }] },
      status: {
        phase: 'Running',
        podIP: `127.9.${i}.10`,
        containerStatuses: [
          {
            name: 'app',
            image: 'web:1',
            imageID: '',
            ready: true,
            restartCount: 0,
            state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
          },
        ],
      },
    })
  }
  store.create<Deployment>(Deployments, {
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'web:1' }] } },
    },
  })
  store.create<EndpointSlice>(EndpointSlices, {
    metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ port: 8080 }],
    endpoints: store.list<Pod>(Pods).map(({ status }) => ({ addresses: [status!.podIP!] })),
  })
}
