// Goal: kubectl with a client certificate, and what it says of logs, health and the ways into a pod.
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Prng, SystemClock } from '../../../base/index.ts'
import { createApiServer, writeKubeconfig } from '../../../sim/apiserver/index.ts'
import { Namespaces, ObjectStore, Pods, timestamp } from '../../../sim/cluster/index.ts'
import { pod } from './fixture.ts'

const KUBECTL = '/usr/bin/kubectl'
const run = promisify(execFile)

void t.test('kubectl', { skip: existsSync(KUBECTL) ? false : `${KUBECTL} is not installed` }, async t => {
  const clock = new SystemClock({ unref: true })
  const store = new ObjectStore(clock, new Prng('kubectl'))
  store.create(Namespaces, { metadata: { name: 'default' } })
  const startedAt = timestamp(clock.unixMs() - 60_000)
  store.create<Pod>(Pods, {
    ...pod('web'),
    spec: { nodeName: 'node-0', containers: [{ name: 'app', image: 'x' }] },
    status: {
      phase: 'Running',
      containerStatuses: [
        { name: 'app', image: 'x', imageID: '', ready: true, restartCount: 0, state: { running: { startedAt } } },
      ],
    },
  })
  const api = await createApiServer(clock, store, {
    host: '127.0.0.1',
    port: 0,
    tls: true,
    limits: {
      jane: [
        { verbs: ['get', 'list', 'watch', 'create'], resources: ['pods', 'pods/log', 'pods/exec', 'pods/portforward'] },
      ],
    },
    onInternalError: error => t.fail('internal error', { found: error }),
  })
  t.teardown(() => api.close())
  const dir = t.testdir({})
  const as = async (user: string, groups: readonly string[]): Promise<NodeJS.ProcessEnv> => {
    const KUBECONFIG = `${dir}/${user}`
    await writeKubeconfig(KUBECONFIG, { ...api, clientCertificate: await api.issueCertificate(user, groups) })
    return { PATH: '/usr/bin:/bin', HOME: dir, KUBECONFIG }
  }
  const jane = await as('jane', ['developers'])
  const admin = await as('admin', ['system:masters'])
  const kubectl = async (env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> => {
    try {
      const { stdout, stderr } = await run(KUBECTL, args, { env })
      return stdout + stderr
    } catch (error) {
      return `failed: ${(error as { stderr?: string }).stderr ?? String(error)}`
    }
  }

  t.match(await kubectl(jane, 'get', 'pods'), /web +1\/1 +Running/)
  t.match(
    await kubectl(jane, 'get', 'nodes'),
    'Error from server (Forbidden): nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
  )
  t.match(
    await kubectl(jane, 'delete', 'pod', 'web'),
    'pods "web" is forbidden: User "jane" cannot delete resource "pods" in API group "" in the namespace "default"',
  )
  t.match(await kubectl(jane, 'get', '--raw', '/readyz?verbose'), /\[\+\]etcd ok\n/)
  t.match(await kubectl(jane, 'get', '--raw', '/metrics'), 'forbidden: User "jane" cannot get path "/metrics"')
  t.match(await kubectl(admin, 'get', '--raw', '/metrics'), /^apiserver_request_total\{.*resource="pods".*\} \d/m)
  t.match(await kubectl(admin, 'cluster-info'), `control plane is running at ${api.url}`)

  const log = await kubectl(jane, 'logs', 'web', '--tail=3', '--timestamps')
  t.match(log, /^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z level=\w+ msg=.+\n){3}$/)
  t.match(
    await kubectl(jane, 'logs', 'web', '--previous'),
    'previous terminated container "app" in pod "web" not found',
  )
  t.match(
    await kubectl(jane, 'exec', 'web', '--', 'ls'),
    'Error from server (BadRequest): pods/exec is not supported: the pods of this cluster are simulated, there is no process that could run a command',
  )
  t.match(await kubectl(jane, 'port-forward', 'web', '0:80'), 'connect to the address of the pod instead')

  const follow = spawn(KUBECTL, ['logs', '-f', 'web', '--tail=1'], { env: jane })
  const ended = new Promise<number | null>(resolve => follow.once('exit', resolve))
  let isDeleted = false
  for await (const part of follow.stdout) {
    t.match(String(part), /^level=/)
    if (!isDeleted) store.delete(Pods, 'default', 'web', { gracePeriodSeconds: 0 })
    isDeleted = true
  }
  t.equal(await ended, 0, 'kubectl logs -f ends when the pod is gone')
})
