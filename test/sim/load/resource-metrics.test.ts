// What metrics-server would say, and what the real kubectl makes of it. Virtual time, a server on real sockets.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Pod } from 'kubernetes-types/core/v1.js'
import t, { type Test } from 'tap'
import { SystemClock } from '../../../base/index.ts'
import { createApiServer, readOnlyKind, writeKubeconfig } from '../../../sim/apiserver/index.ts'
import { Pods } from '../../../sim/cluster/index.ts'
import { type Sim, simulate, workload } from '../controllers/harness.ts'

const KUBECTL = '/usr/bin/kubectl'
const run = promisify(execFile)

interface Usage {
  readonly cpu: string
  readonly memory: string
}
interface Metrics {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> }
  readonly timestamp: string
  readonly window: string
  readonly usage?: Usage
  readonly containers?: readonly { readonly name: string; readonly usage: Usage }[]
}

/** Two pods that are offered 300 requests of a millisecond, and one that nobody asks anything. */
function busy(): Sim {
  const sim = simulate({ nodes: 3 })
  sim.cluster.applyWorkload(workload('web', 2))
  sim.cluster.applyWorkload(workload('idle', 1))
  sim.clock.advance(30_000)
  sim.cluster.offerLoad('shop', 'web', 300, 0)
  sim.clock.advance(60_000)
  return sim
}

const listed = (sim: Sim, plural: string): Metrics[] =>
  sim.cluster.metrics
    .kinds()
    .find(({ type }) => type.plural === plural)!
    .list(undefined) as unknown as Metrics[]

void t.test('figures are the mean of a window that ended up to half a minute ago', async t => {
  const sim = busy()
  const web = listed(sim, 'pods').filter(({ metadata }) => metadata.labels?.app === 'web')
  t.equal(web.length, 2)
  for (const { timestamp, window, containers } of web) {
    const ageMs = sim.clock.unixMs() - Date.parse(timestamp)
    t.ok(ageMs >= 0 && ageMs < 31_000, `${ageMs} ms old`)
    t.equal(window, '15s')
    t.match(containers, [{ name: 'web', usage: { cpu: '152m', memory: /^\d+Ki$/ } }])
  }
  sim.cluster.offerLoad('shop', 'web', 0, 0)
  t.match(listed(sim, 'pods')[0]!.containers, [{ usage: { cpu: '152m' } }], 'it does not know yet')
  sim.clock.advance(60_000)
  t.match(listed(sim, 'pods')[0]!.containers, [{ usage: { cpu: '2m' } }])
})

void t.test('no metrics before a container has run for a while, and none of a node that is silent', async t => {
  const sim = busy()
  sim.cluster.scale('shop', 'web', 3)
  const born = sim.clock.elapsedMs
  let seenAfterMs = -1
  for (; seenAfterMs < 0; sim.clock.advance(1000)) {
    if (listed(sim, 'pods').filter(({ metadata }) => metadata.labels?.app === 'web').length === 3) {
      seenAfterMs = sim.clock.elapsedMs - born
    }
  }
  t.ok(seenAfterMs > 10_000 && seenAfterMs <= 42_000, `${seenAfterMs} ms`)

  const node = sim.pods('idle')[0]!.spec!.nodeName!
  t.equal(listed(sim, 'nodes').length, 3)
  sim.cluster.failNode(node)
  t.equal(listed(sim, 'nodes').length, 2)
  t.notOk(listed(sim, 'pods').some(({ metadata }) => metadata.labels?.app === 'idle'))
  sim.cluster.recoverNode(node)
  t.equal(listed(sim, 'nodes').length, 3)
})

void t.test('a node uses what its pods use, and what the machine itself does', async t => {
  const sim = busy()
  const milli = (cpu: string): number => (cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000)
  const byPod = new Map(listed(sim, 'pods').map(pod => [pod.metadata.name, milli(pod.containers![0]!.usage.cpu)]))
  for (const { metadata, usage } of listed(sim, 'nodes')) {
    const pods = sim.pods().filter(pod => pod.spec?.nodeName === metadata.name)
    const sum = pods.reduce((all, pod) => all + byPod.get(pod.metadata.name)!, 80)
    t.equal(milli(usage!.cpu), sum, metadata.name)
  }
})

async function serve(
  t: Test,
  sim: Sim,
): Promise<{
  readonly kubeconfig: string
  readonly get: (path: string, accept?: string) => Promise<{ code: number; body: string }>
}> {
  const api = await createApiServer(new SystemClock({ unref: true }), sim.store, {
    host: '127.0.0.1',
    port: 0,
    tls: true,
    virtual: sim.cluster.metrics.kinds().map(readOnlyKind),
    onInternalError: error => t.fail('internal error', { found: error }),
  })
  t.teardown(() => api.close())
  const kubeconfig = join(t.testdir({}), 'kubeconfig')
  await writeKubeconfig(kubeconfig, api)
  return {
    kubeconfig,
    async get(path, accept = 'application/json') {
      const headers = { authorization: `Bearer ${api.token}`, accept }
      const { statusCode, body } = await api.app.inject({ method: 'GET', url: path, headers })
      return { code: statusCode, body }
    },
  }
}

void t.test('the API: discovered, selected by labels, read as tables, and not written', async t => {
  const sim = busy()
  const { get } = await serve(t, sim)
  const base = '/apis/metrics.k8s.io/v1beta1'
  const json = async (path: string, accept?: string): Promise<any> => JSON.parse((await get(path, accept)).body)
  t.match(await json(base), {
    resources: [{ name: 'nodes', kind: 'NodeMetrics', verbs: ['get', 'list'] }, { name: 'pods' }],
  })
  t.ok((await json('/apis')).groups.some(({ name }: { name: string }) => name === 'metrics.k8s.io'))
  const aggregated = await json('/apis', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
  const found = aggregated.items.find(({ metadata }: Metrics) => metadata.name === 'metrics.k8s.io')
  t.match(found.versions, [{ version: 'v1beta1', resources: [{ resource: 'nodes' }, { resource: 'pods' }] }])
  t.match(
    (await json(`${base}/namespaces/shop/pods?labelSelector=app%3Didle`)).items.map(
      (item: Metrics) => item.metadata.labels?.app,
    ),
    ['idle'],
  )
  const [pod] = sim.pods('idle')
  t.match(await json(`${base}/namespaces/shop/pods/${pod!.metadata.name}`), { kind: 'PodMetrics', window: '15s' })
  t.match(await json(`${base}/nodes`), { kind: 'NodeMetricsList', items: [{ metadata: { name: 'node-0' } }, {}, {}] })
  const table = await json(`${base}/nodes`, 'application/json;as=Table;v=v1;g=meta.k8s.io')
  t.match(table, {
    kind: 'Table',
    columnDefinitions: [{ name: 'Name' }, { name: 'cpu' }, { name: 'memory' }, { name: 'window' }],
  })
  t.match(table.rows[0].cells, ['node-0', String, String, '15s'])
  t.match(await json(`${base}/namespaces/shop/pods/nothing`), {
    code: 404,
    message: 'podmetrics.metrics.k8s.io "shop/nothing" not found',
  })
  t.equal((await get(`${base}/nodes?watch=1`)).code, 405)
  t.equal((await get(`${base}/namespaces/shop/pods?labelSelector=%3D%3D`)).code, 400)
})

void t.test('kubectl top', { skip: existsSync(KUBECTL) ? false : 'no kubectl' }, async t => {
  const sim = busy()
  const { kubeconfig } = await serve(t, sim)
  const top = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await run(KUBECTL, ['--kubeconfig', kubeconfig, 'top', ...args])
    return stdout
      .trimEnd()
      .split('\n')
      .map(line => line.trim().replaceAll(/\s+/g, ' '))
  }
  const nodes = await top('nodes')
  t.match(nodes[0], 'NAME CPU(cores) CPU(%) MEMORY(bytes) MEMORY(%)')
  t.match(nodes.slice(1), [/^node-0 \d+m [0-2]% \d+Mi 1%$/, /^node-1 /, /^node-2 /])
  const pods = await top('pods', '-n', 'shop', '-l', 'app=web', '--containers')
  t.match(pods, ['POD NAME CPU(cores) MEMORY(bytes)', /^web-\S+ web 152m \d+Mi$/, /^web-\S+ web 152m \d+Mi$/])
  t.match((await top('pods', '-n', 'shop', '--sum')).at(-1), /^306m \d+Mi$/)
  t.match(await top('pods', '-A', '--sort-by=cpu'), { 1: / 152m /, 3: / 2m / })
  sim.store.create<Pod>(Pods, {
    metadata: { namespace: 'shop', name: 'new' },
    spec: { containers: [{ name: 'a', image: 'b' }] },
  })
  await t.rejects(top('pod', '-n', 'shop', 'new'), /podmetrics.metrics.k8s.io "shop\/new" not found/)
})
