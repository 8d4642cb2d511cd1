/**
 * The simulated control plane beside KWOK on this machine: `node scripts/kwok-compare.mjs [--nodes 100] [--pods 2000]`.
 *
 * KWOK's side (`kwok`) is what `kwokctl create cluster --disable-qps-limits` starts: etcd, kube-apiserver,
 * kube-controller-manager, kube-scheduler and kwok with its "fast" stages, each built by `npm run peers -- --install --only NAME`.
 * Ours (`ours`) is `churnbench cluster` on the clock on the wall. Both get the same requests from the same client, one side after
 * the other and then again (`--rounds`). Everything listens on 127.0.0.1. `unpaced` is scenario control-plane-scale, for scale.
 *
 * With `--bare`, pods are made by the client, on their nodes, as in KWOK's own benchmark: etcd, kube-apiserver and kwok alone.
 *
 * CPU is that of all processes of a side, without the client; memory is what they hold alone and their part of what they share
 * (PSS), in MiB.
 */
import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { createServer } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { ensureReady, root } from './ensure.mjs'

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100' },
    pods: { type: 'string', default: '2000' },
    'per-deployment': { type: 'string', default: '100' },
    watchers: { type: 'string', default: '10' },
    changes: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '2' },
    sides: { type: 'string', default: 'ours,kwok,unpaced' },
    bare: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const [nodes, pods, perDeployment, watchers, changes, rounds] = [
  values.nodes,
  values.pods,
  values['per-deployment'],
  values.watchers,
  values.changes,
  values.rounds,
].map(Number)

const NAMESPACE = 'compare'
/** What one part may take, start or fill. */
const LIMIT_MS = 110_000
const POLL_MS = 20
const REQUESTS_AT_ONCE = 16
const TICKS_PER_SECOND = 100
const ISSUER = 'https://kubernetes.default.svc.cluster.local'

ensureReady()
const { cacheFolder } = await import('../build/harness/peers/index.js')
const cache = cacheFolder(process.env)

const nowS = () => Number(process.hrtime.bigint()) / 1e9
const rounded = value => Number(value.toPrecision(3))

/** Calls until the answer is true. */
async function until(what, ask) {
  const startedAt = nowS()
  while (!(await ask())) {
    if ((nowS() - startedAt) * 1000 > LIMIT_MS) throw new Error(`${what}: not within ${LIMIT_MS / 1000} s`)
    await sleep(POLL_MS)
  }
  return nowS() - startedAt
}

/** A client of an API server that does what both sides are asked to do. */
class Client {
  #agent = new Agent({ keepAlive: true, maxSockets: REQUESTS_AT_ONCE })

  constructor(api) {
    this.api = api
  }

  /** @returns {Promise<{ status: number, bytes: number, text: string }>} */
  call(method, path, body, type = 'application/json') {
    return new Promise((resolve, reject) => {
      const outgoing = this.#request(method, path, type, response => {
        const chunks = []
        let bytes = 0
        response.on('data', chunk => {
          chunks.push(chunk)
          bytes += chunk.length
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode, bytes, text: Buffer.concat(chunks).toString() }),
        )
      })
      outgoing.on('error', reject)
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  async must(method, path, body, type) {
    const answer = await this.call(method, path, body, type)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`)
    return JSON.parse(answer.text)
  }

  /** Calls back with every event, until the returned function is called. */
  watch(path, resourceVersion, onEvent) {
    let rest = ''
    const outgoing = this.#request('GET', `${path}?watch=1&resourceVersion=${resourceVersion}`, undefined, response => {
      response.setEncoding('utf8')
      response.on('data', text => {
        const lines = (rest + text).split('\n')
        rest = lines.pop()
        for (const line of lines) onEvent(JSON.parse(line))
      })
      response.on('error', () => {})
    })
    outgoing.on('error', () => {})
    outgoing.end()
    return () => outgoing.destroy()
  }

  #request(method, path, type, onResponse) {
    const headers = { authorization: `Bearer ${this.api.token}`, accept: 'application/json' }
    if (type !== undefined && method !== 'GET') headers['content-type'] = type
    return request(`${this.api.url}${path}`, { method, headers, ca: this.api.caPem, agent: this.#agent }, onResponse)
  }
}

/** Programs of one side, each with a log in the folder of the run. */
class Side {
  programs = []
  dir = mkdtempSync(join(tmpdir(), 'churnbench-compare-'))

  start(name, file, args, options) {
    const log = openSync(join(this.dir, `${name}.log`), 'w')
    const child = spawn(file, args, { stdio: ['ignore', log, log], cwd: this.dir, ...options })
    closeSync(log)
    this.programs.push({ name, child, exited: new Promise(resolve => child.once('exit', resolve)) })
  }

  log(name) {
    return readFileSync(join(this.dir, `${name}.log`), 'utf8')
  }

  check() {
    const dead = this.programs.find(({ child }) => child.exitCode !== null || child.signalCode !== null)
    if (dead !== undefined) throw new Error(`${dead.name} ended: ${this.log(dead.name).slice(-1500)}`)
    return true
  }

  /** By program: seconds of CPU since its start. */
  cpu() {
    return this.#each(pid => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    })
  }

  /** By program: megabytes. */
  memory() {
    return this.#each(pid => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024)
  }

  async close() {
    for (const { child, exited } of this.programs.toReversed()) {
      child.kill('SIGTERM')
      if ((await Promise.race([exited.then(() => true), sleep(5000)])) !== true) {
        child.kill('SIGKILL')
        await exited
      }
    }
    rmSync(this.dir, { recursive: true, force: true })
  }

  #each(figure) {
    this.check()
    return Object.fromEntries(this.programs.map(({ name, child }) => [name, figure(child.pid)]))
  }
}

async function startOurs() {
  const side = new Side()
  try {
    const kubeconfig = join(side.dir, 'kubeconfig')
    const cluster = ['cluster', '--scenario', 'control-plane-scale', '--nodes', String(nodes)]
    const options = ['--no-ui', '--no-kubelet-ports', '--kubeconfig', kubeconfig]
    side.start('churnbench', process.execPath, [join(root, 'build/scripts/churnbench.js'), ...cluster, ...options])
    await until('our control plane', () => side.check() && side.log('churnbench').includes('Ctrl-C'))
    const text = readFileSync(kubeconfig, 'utf8')
    const field = name => new RegExp(`"?${name}"?: "?([^\\s",]+)`).exec(text)[1]
    const caPem = Buffer.from(field('certificate-authority-data'), 'base64').toString()
    return { side, api: { url: field('server'), token: field('token'), caPem } }
  } catch (error) {
    await side.close()
    throw error
  }
}

/** With the arguments that kwokctl gives them, but for ports, and for the token that stands in for its certificates. */
async function startKwok() {
  const side = new Side()
  try {
    const at = name => join(side.dir, name)
    const [etcdPort, etcdPeerPort, apiPort, kcmPort, schedulerPort, kwokPort] = await freePorts(6)
    const etcdUrl = `http://127.0.0.1:${etcdPort}`
    const peerUrl = `http://127.0.0.1:${etcdPeerPort}`
    const url = `https://127.0.0.1:${apiPort}`
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(at('sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
    writeFileSync(at('sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
    const token = 'compare'
    writeFileSync(at('tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 })
    side.start('etcd', built('etcd'), [
      '--name=node0',
      `--data-dir=${at('etcd')}`,
      '--auto-compaction-retention=1',
      '--quota-backend-bytes=8589934592',
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-client-urls=${etcdUrl}`,
      `--initial-cluster=node0=${peerUrl}`,
    ])
    side.start('kube-apiserver', built('kube-apiserver'), [
      '--etcd-prefix=/registry',
      `--etcd-servers=${etcdUrl}`,
      '--allow-privileged=true',
      '--max-requests-inflight=0',
      '--max-mutating-requests-inflight=0',
      '--enable-priority-and-fairness=false',
      '--authorization-mode=Node,RBAC',
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      // It refuses to write an endpoint of the loopback range.
      '--endpoint-reconciler-type=none',
      `--secure-port=${apiPort}`,
      `--cert-dir=${at('pki')}`,
      `--token-auth-file=${at('tokens.csv')}`,
      `--service-account-key-file=${at('sa.pub')}`,
      `--service-account-signing-key-file=${at('sa.key')}`,
      `--service-account-issuer=${ISSUER}`,
    ])
    const certificate = at('pki/apiserver.crt')
    await until("kube-apiserver's certificate", () => side.check() && existsSync(certificate))
    const api = { url, token, caPem: readFileSync(certificate, 'utf8') }
    const client = new Client(api)
    await until('kube-apiserver', async () => {
      side.check()
      return (await client.call('GET', '/readyz').catch(() => ({ status: 0 }))).status === 200
    })
    const cluster = { name: 'c', cluster: { server: url, 'certificate-authority': certificate } }
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [cluster],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }
    writeFileSync(at('kubeconfig'), JSON.stringify(config), { mode: 0o600 })
    const kubeconfig = `--kubeconfig=${at('kubeconfig')}`
    if (values.bare) {
      startKwokItself(side, kubeconfig, kwokPort)
      return { side, api }
    }
    const unlimited = ['--kube-api-qps=5000', '--kube-api-burst=10000']
    side.start('kube-controller-manager', built('kube-controller-manager'), [
      kubeconfig,
      ...unlimited,
      '--bind-address=127.0.0.1',
      `--secure-port=${kcmPort}`,
      `--root-ca-file=${certificate}`,
      `--service-account-private-key-file=${at('sa.key')}`,
    ])
    side.start('kube-scheduler', built('kube-scheduler'), [
      kubeconfig,
      ...unlimited,
      '--bind-address=127.0.0.1',
      `--secure-port=${schedulerPort}`,
    ])
    startKwokItself(side, kubeconfig, kwokPort)
    await until('the service account of namespace default', async () => {
      side.check()
      return (await client.call('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status === 200
    })
    return { side, api }
  } catch (error) {
    await side.close()
    throw error
  }
}

function startKwokItself(side, kubeconfig, port) {
  const config = join(side.dir, 'kwok.yaml')
  writeFileSync(config, kwokConfiguration())
  side.start('kwok', built('kwok'), [
    kubeconfig,
    `--config=${config}`,
    '--node-ip=127.0.0.1',
    '--node-name=localhost',
    `--node-port=${port}`,
    `--server-address=127.0.0.1:${port}`,
    '--node-lease-duration-seconds=40',
  ])
}

function built(name) {
  const file = join(cache, 'bin', name)
  if (!existsSync(file)) throw new Error(`there is no ${file}: npm run peers -- --install --only ${name}`)
  return file
}

/** KWOK's own stages, as its release has them: nodes with leases, pods that are Ready at once. */
function kwokConfiguration() {
  const folder = join(cache, 'build', `kwok-${kwokVersion()}`)
  const module = execFileSync('go', ['list', '-mod=mod', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/kwok'], {
    cwd: folder,
    env: { ...process.env, GOWORK: 'off' },
    encoding: 'utf8',
  }).trim()
  const stages = [
    'node/fast/node-initialize.yaml',
    'node/heartbeat-with-lease/node-heartbeat-with-lease.yaml',
    'pod/fast/pod-ready.yaml',
    'pod/fast/pod-complete.yaml',
    'pod/fast/pod-delete.yaml',
  ].map(name => readFileSync(join(module, 'kustomize/stage', name), 'utf8'))
  // Its stock options; stages come from this file, not from the API.
  const options = readFileSync(join(module, 'kustomize/kwok/kwok.yaml'), 'utf8').replace(
    /^ {2}enableCRDs:\n( {2}- .*\n?)*/m,
    '',
  )
  return [options, ...stages].join('\n---\n')
}

function kwokVersion() {
  return /v(\d\S*)/.exec(execFileSync(join(cache, 'bin', 'kwok'), ['--version'], { encoding: 'utf8' }))[1]
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise(resolve => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  return servers.map(server => {
    const { port } = server.address()
    server.close()
    return port
  })
}

/** Runs `call(i)` for all `i`, some at a time. */
async function each(count, call) {
  let next = 0
  const lane = async () => {
    while (next < count) await call(next++)
  }
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, lane))
}

const isReady = object => object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')

/** Follows a kind: which of its objects are Ready, and which are there. */
async function follow(client, path) {
  const list = await client.must('GET', path)
  const there = new Map(list.items.map(object => [object.metadata.uid, isReady(object)]))
  const following = { there, events: 0, ready: () => [...there.values()].filter(Boolean).length, stop: () => {} }
  following.stop = client.watch(path, list.metadata.resourceVersion, ({ type, object }) => {
    following.events++
    if (type === 'DELETED') there.delete(object.metadata.uid)
    else there.set(object.metadata.uid, isReady(object))
  })
  return following
}

const nodeOf = i => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: `kwok-node-${i}`,
    annotations: { 'kwok.x-k8s.io/node': 'fake' },
    labels: { 'kubernetes.io/hostname': `kwok-node-${i}`, type: 'kwok' },
  },
  status: {
    allocatable: { cpu: '32', memory: '256Gi', pods: '110' },
    capacity: { cpu: '32', memory: '256Gi', pods: '110' },
  },
})

const deploymentOf = i => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: `app-${i}` },
  spec: {
    replicas: Math.min(perDeployment, pods - i * perDeployment),
    selector: { matchLabels: { app: `app-${i}` } },
    template: {
      metadata: { labels: { app: `app-${i}` } },
      spec: {
        containers: [
          { name: 'app', image: 'example.test/app:1', resources: { requests: { cpu: '10m', memory: '16Mi' } } },
        ],
      },
    },
  },
})

const podOf = (i, nodeName) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${i}`, labels: { app: 'bare' } },
  spec: { ...deploymentOf(0).spec.template.spec, nodeName },
})

/** Asks for all pods; or for their end. */
async function change(client, method, nodeNames) {
  const deployments = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`
  const bare = `/api/v1/namespaces/${NAMESPACE}/pods`
  if (method === 'DELETE') {
    if (values.bare) await each(pods, i => client.must('DELETE', `${bare}/pod-${i}`))
    else await each(Math.ceil(pods / perDeployment), i => client.must('DELETE', `${deployments}/app-${i}`))
  } else if (values.bare) await each(pods, i => client.must('POST', bare, podOf(i, nodeNames[i % nodes])))
  else await each(Math.ceil(pods / perDeployment), i => client.must('POST', deployments, deploymentOf(i)))
}

/** How long all clients take to receive all changes of pods that one client makes through the API. */
async function fanOut({ side, api, client }) {
  const { metadata, items } = await client.must('GET', '/api/v1/pods')
  const received = new SharedArrayBuffer(4 * watchers)
  const data = { api, watchers, changes, resourceVersion: metadata.resourceVersion, received }
  const worker = new Worker(new URL('../build/harness/scale/watchers.worker.js', import.meta.url), { workerData: data })
  const messages = new Map()
  const message = type => new Promise(resolve => messages.set(type, resolve))
  const failed = new Promise((_, reject) => {
    worker.on('error', reject)
    messages.set('failed', ({ message }) => reject(new Error(message)))
  })
  failed.catch(() => {})
  worker.on('message', said => messages.get(said.type)?.(said))
  try {
    await Promise.race([message('open'), failed])
    const complete = message('complete')
    const cpuBefore = total(side.cpu())
    const startedAt = nowS()
    await each(changes, i => {
      const { name, namespace } = items[i % items.length].metadata
      const patch = { metadata: { annotations: { 'compare/changed': String(i) } } }
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`
      return client.must('PATCH', path, patch, 'application/merge-patch+json')
    })
    const patchS = nowS() - startedAt
    const { atNs } = await Promise.race([complete, failed])
    const cpuS = total(side.cpu()) - cpuBefore
    const durationS = Number(atNs) / 1e9 - startedAt
    return { patchesPerS: changes / patchS, eventsPerS: (watchers * changes) / durationS, cpuS }
  } finally {
    await worker.terminate()
  }
}

const total = figures => Object.values(figures).reduce((sum, value) => sum + value, 0)
const minus = (after, before) => Object.fromEntries(Object.keys(after).map(name => [name, after[name] - before[name]]))

async function measure(name) {
  const startedAt = nowS()
  const { side, api } = await (name === 'kwok' ? startKwok() : startOurs())
  const stopping = []
  try {
    const client = new Client(api)
    const startS = nowS() - startedAt
    const theNodes = await follow(client, '/api/v1/nodes')
    stopping.push(theNodes.stop)
    const nodesAt = nowS()
    if (name === 'kwok') await each(nodes, i => client.must('POST', '/api/v1/nodes', nodeOf(i)))
    await until('nodes Ready', () => side.check() && theNodes.ready() >= nodes)
    const nodesS = nowS() - nodesAt
    theNodes.stop()
    await client.must('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } })
    if (name === 'kwok') {
      const account = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`
      // Who makes it otherwise is not there.
      if (values.bare) await client.must('POST', account.replace(/\/default$/, ''), { metadata: { name: 'default' } })
      await until('its service account', async () => (await client.call('GET', account)).status === 200)
    }
    await sleep(1000)
    const memoryEmpty = total(side.memory())

    const thePods = await follow(client, '/api/v1/pods')
    stopping.push(thePods.stop)
    const nodeNames = (await client.must('GET', '/api/v1/nodes')).items.map(({ metadata }) => metadata.name)
    const cpuBefore = side.cpu()
    const podsAt = nowS()
    await change(client, 'POST', nodeNames)
    await until('pods Ready', () => side.check() && thePods.ready() >= pods)
    const podsS = nowS() - podsAt
    const fillCpu = minus(side.cpu(), cpuBefore)
    const eventsPerPod = thePods.events / pods
    await sleep(2000)
    const memory = side.memory()
    const lists = []
    for (let i = 0; i < 5; i++) {
      const listAt = nowS()
      const { bytes } = await client.call('GET', '/api/v1/pods')
      lists.push({ s: nowS() - listAt, bytes })
    }
    lists.sort((a, b) => a.s - b.s)
    const fan = await fanOut({ side, api, client })
    const deleteAt = nowS()
    await change(client, 'DELETE', nodeNames)
    await until('pods gone', () => side.check() && thePods.there.size === 0)
    const deleteS = nowS() - deleteAt
    return {
      side: name,
      start_s: startS,
      nodes_ready_s: name === 'kwok' ? nodesS : undefined,
      pods_ready_s: podsS,
      pods_per_s: pods / podsS,
      pods_ready_cpu_s: total(fillCpu),
      events_per_pod: eventsPerPod,
      memory_empty_mb: memoryEmpty,
      memory_mb: total(memory),
      list_s: lists[Math.floor(lists.length / 2)].s,
      list_mb: lists[0].bytes / 1e6,
      patches_per_s: fan.patchesPerS,
      watch_events_per_s: fan.eventsPerS,
      fan_out_cpu_s: fan.cpuS,
      pods_gone_s: deleteS,
      parts: { cpu_s: fillCpu, memory_mb: memory },
    }
  } finally {
    for (const stop of stopping) stop()
    await side.close()
  }
}

/** Scenario control-plane-scale: planned time runs as fast as the machine lets it, in a process that holds the clients, too. */
async function measureUnpaced() {
  const side = new Side()
  try {
    const set = [`cluster.nodes=${nodes}`, `controlPlane.pods=${pods}`, `controlPlane.podsPerWorkload=${perDeployment}`]
    set.push(`controlPlane.watchers=${watchers}`, `controlPlane.changes=${changes}`)
    const out = join(side.dir, 'out')
    const args = ['scenario', 'control-plane-scale', '--out', out, ...set.flatMap(field => ['--set', field])]
    side.start('churnbench', process.execPath, [join(root, 'build/scripts/churnbench.js'), ...args])
    const [{ child, exited }] = side.programs
    if ((await Promise.race([exited, sleep(LIMIT_MS, 'late')])) !== 0) {
      throw new Error(`the scenario failed, ${child.exitCode}: ${side.log('churnbench').slice(-1500)}`)
    }
    const { metrics } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')).runs[0]
    const of = name => metrics[`control_plane_${name}`].value
    return {
      side: 'unpaced',
      pods_ready_s: of('ready_time'),
      pods_per_s: pods / of('ready_time'),
      memory_mb: of('memory') / 2 ** 20,
      list_s: of('list_time'),
      list_mb: of('list_bytes') / 1e6,
      watch_events_per_s: of('watch_rate'),
    }
  } finally {
    await side.close()
  }
}

const results = []
for (let round = 0; round < rounds; round++) {
  for (const side of values.sides.split(',')) {
    process.stderr.write(`round ${round + 1}: ${side}\n`)
    const figures = await (side === 'unpaced' ? measureUnpaced() : measure(side))
    results.push(
      JSON.parse(JSON.stringify(figures, (_, value) => (typeof value === 'number' ? rounded(value) : value))),
    )
  }
}
if (values.json) {
  const machine = `${cpus().length} × ${cpus()[0].model}`
  process.stdout.write(`${JSON.stringify({ machine, nodes, pods, watchers, changes, results }, null, 1)}\n`)
} else {
  const names = [...new Set(results.flatMap(Object.keys))].filter(name => name !== 'parts' && name !== 'side')
  const row = cells => `${cells.map((cell, i) => (i === 0 ? cell.padEnd(20) : cell.padStart(10))).join(' ')}\n`
  process.stdout.write(row(['', ...results.map(({ side }) => side)]))
  for (const name of names) process.stdout.write(row([name, ...results.map(result => String(result[name] ?? ''))]))
}
process.exit(0)
