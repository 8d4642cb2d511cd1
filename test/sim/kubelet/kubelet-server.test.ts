// The kubelets' port: who is let in, what is served and whether it is what the pods do, and what a node does that does not
// answer. Real sockets over a cluster on virtual time; the pages are read by the scraper's own parser, and by Prometheus.
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { SystemClock, VirtualClock } from '../../../base/index.ts'
import { detectPeers, peersByName } from '../../../harness/peers/index.ts'
import { Entry, parseSeriesLabels, TextParser } from '../../../scraper/textparse/index.ts'
import { createServerCertificate } from '../../../sim/apiserver/certificates.ts'
import { createApiServer } from '../../../sim/apiserver/index.ts'
import { KubeletServer } from '../../../sim/kubelet/index.ts'
import { claimPodNetwork } from '../../../sim/targets/index.ts'
import { type Sim, simulate, workload } from '../controllers/harness.ts'

const TOKEN = 'let-me-in'
const { key, cert } = await createServerCertificate(new VirtualClock(), 'kubelet')
const [prometheus] = await detectPeers(peersByName(['prometheus']))
const noPrometheus = prometheus!.missing === undefined ? false : `prometheus: ${prometheus!.missing.reason}`

/** Three nodes; two pods of `web` serve 200 requests of a millisecond, one of `idle` none. */
async function serve(
  t: Test,
  options: { readonly port?: number; readonly isLetIn?: (token: string) => boolean; readonly epochMs?: number } = {},
): Promise<{ readonly sim: Sim; readonly server: KubeletServer }> {
  const network = await claimPodNetwork()
  t.teardown(() => network.release())
  const holder: { server?: KubeletServer } = {}
  const sim = simulate({
    nodes: 3,
    ...(options.epochMs === undefined ? {} : { epochMs: options.epochMs }),
    cluster: { podNetworkFirst: network.first, onNodeAnswering: node => holder.server?.recover(node) },
  })
  sim.cluster.applyWorkload(workload('web', 2))
  sim.cluster.applyWorkload(workload('idle', 1))
  sim.clock.advance(30_000)
  sim.cluster.offerLoad('shop', 'web', 200, 0)
  sim.clock.advance(20_000)
  const { port = 0, isLetIn = token => token === TOKEN } = options
  const server = new KubeletServer(sim.cluster.kubelets, { key, cert, isLetIn, port })
  holder.server = server
  t.teardown(() => server.close())
  await server.listen(sim.cluster.nodeNames())
  return { sim, server }
}

interface Answer {
  readonly code: number
  readonly type: string
  readonly body: string
}

/** `undefined`: there was no answer within so long, and the connection was open. Rejects when it is reset. */
function ask(
  sim: Sim,
  server: KubeletServer,
  node: string,
  path: string,
  more: { readonly token?: string; readonly method?: string; readonly agent?: Agent; readonly withinMs?: number } = {},
): Promise<Answer | undefined> {
  const { token = TOKEN, method = 'GET', agent, withinMs = 5000 } = more
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), withinMs)
    const request = httpsRequest(
      {
        host: sim.cluster.kubelets.addressOf(node)!,
        port: server.portOf(node)!,
        path,
        method,
        rejectUnauthorized: false,
        headers: token === '' ? {} : { authorization: `Bearer ${token}` },
        ...(agent === undefined ? {} : { agent }),
      },
      response => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => (body += text))
        response.on('end', () => {
          clearTimeout(timer)
          resolve({ code: response.statusCode!, type: response.headers['content-type'] ?? '', body })
        })
      },
    )
    request.on('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    request.end()
  })
}

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly tMs: number | undefined
}

/** All samples of a page. Throws where it is not well formed, has a series twice or a sample without a type. */
function parse(body: string): Sample[] {
  const bytes = Buffer.from(body)
  const parser = new TextParser()
  parser.reset(bytes, bytes.length)
  const samples: Sample[] = []
  const types = new Map<string, string>()
  const seen = new Set<string>()
  for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
    if (entry === Entry.type) {
      const { name, text } = parser.metaText()
      if (types.has(name)) throw new Error(`${name} begins twice`)
      types.set(name, text)
    }
    if (entry !== Entry.series) continue
    parser.readSeries()
    const raw = bytes.toString('utf8', parser.seriesStart, parser.seriesEnd)
    const series = parseSeriesLabels(bytes, parser.seriesStart, parser.seriesEnd)
    parser.readValue()
    if ('problem' in series) throw new Error(series.problem)
    if (seen.has(raw)) throw new Error(`${raw} is there twice`)
    seen.add(raw)
    const labels = Object.fromEntries([...series.labels].map(([name, value]) => [name, value]))
    const { __name__: name = '', ...rest } = labels
    if (types.get(name) !== (name.endsWith('_total') ? 'counter' : 'gauge'))
      throw new Error(`${name}: ${types.get(name)}`)
    samples.push({ name, labels: rest, value: parser.value, tMs: parser.hasTimestamp ? parser.timestampMs : undefined })
  }
  return samples
}

const NODES = ['node-0', 'node-1', 'node-2']
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

void t.test('who is let in, and what is there', async t => {
  const { sim, server } = await serve(t)
  const code = async (path: string, more: { token?: string; method?: string } = {}): Promise<number> =>
    (await ask(sim, server, 'node-0', path, more))!.code
  t.equal(await code('/metrics', { token: '' }), 401)
  t.equal(await code('/healthz', { token: 'wrong' }), 401)
  t.equal(await code('/nothing'), 404)
  t.equal(await code('/metrics', { method: 'POST' }), 405)
  t.match(await ask(sim, server, 'node-0', '/healthz'), { code: 200, body: 'ok' })
  t.match(await ask(sim, server, 'node-0', '/metrics', { method: 'HEAD' }), { code: 200, type: METRICS_TYPE, body: '' })
  for (const path of ['/metrics', '/metrics/cadvisor', '/metrics/resource', '/metrics/probes?x=1']) {
    t.match(await ask(sim, server, 'node-1', path), { code: 200, type: METRICS_TYPE }, path)
  }
})

void t.test('every node speaks for its own pods, and together for all', async t => {
  const { sim, server } = await serve(t)
  const names: string[] = []
  let running = 0
  for (const node of NODES) {
    const pods = JSON.parse((await ask(sim, server, node, '/pods'))!.body) as {
      kind: string
      items: { metadata: { name: string }; spec: { nodeName: string } }[]
    }
    t.equal(pods.kind, 'PodList')
    for (const { metadata, spec } of pods.items) {
      t.equal(spec.nodeName, node)
      names.push(metadata.name)
    }
    const samples = parse((await ask(sim, server, node, '/metrics'))!.body)
    const value = (name: string): number => samples.find(sample => sample.name === name)!.value
    t.equal(value('kubelet_running_pods'), pods.items.length)
    t.equal(value('kubelet_running_containers'), pods.items.length)
    t.same(samples.find(({ name }) => name === 'kubelet_node_name')!.labels, { node })
    running += value('kubelet_running_pods')
  }
  t.equal(running, 3)
  t.same(
    names.toSorted(),
    sim
      .pods()
      .map(({ metadata }) => metadata.name)
      .toSorted(),
  )
})

void t.test('resource and cAdvisor metrics are what the load comes to, and agree with each other', async t => {
  const { sim, server } = await serve(t)
  const read = async (path: string): Promise<Sample[]> =>
    (await Promise.all(NODES.map(node => ask(sim, server, node, path)))).flatMap(answer => parse(answer!.body))
  const cpuOf = (samples: readonly Sample[]): Map<string, number> =>
    new Map(
      samples
        .filter(({ name, labels }) => name === 'container_cpu_usage_seconds_total' && labels.container !== undefined)
        .filter(({ labels }) => labels.container !== '' && labels.pod !== undefined)
        .map(({ labels, value }) => [labels.pod!, value]),
    )
  const before = cpuOf(await read('/metrics/cadvisor'))
  const beforeResource = await read('/metrics/resource')
  t.same(before, cpuOf(beforeResource))
  const total = (samples: readonly Sample[], name: string): number =>
    samples.filter(sample => sample.name === name).reduce((sum, { value }) => sum + value, 0)
  const near = (got: number, wanted: number, what: string): boolean =>
    t.ok(Math.abs(got - wanted) < 1e-6, `${what}: ${got}`)

  sim.clock.advance(10_000)
  const after = await read('/metrics/cadvisor')
  for (const [pod, seconds] of cpuOf(after)) {
    near(seconds - before.get(pod)!, pod.startsWith('web') ? 10 * 0.102 : 10 * 0.002, pod)
  }
  const resource = await read('/metrics/resource')
  near(
    total(resource, 'node_cpu_usage_seconds_total') - total(beforeResource, 'node_cpu_usage_seconds_total'),
    10 * (0.2 + 3 * 0.002 + 3 * 0.08),
    'nodes',
  )
  near(total(resource, 'pod_cpu_usage_seconds_total'), total(resource, 'container_cpu_usage_seconds_total'), 'pods')
  t.equal(total(resource, 'pod_memory_working_set_bytes'), total(resource, 'container_memory_working_set_bytes'))
  t.ok(total(resource, 'node_memory_working_set_bytes') > total(resource, 'pod_memory_working_set_bytes'))
  t.equal(total(after, 'machine_cpu_cores'), 48)

  const [container] = after.filter(
    ({ name, labels }) => name.startsWith('container_memory_w') && labels.container === 'web',
  )
  const pod = sim.pod(container!.labels.pod!)
  const id = pod.status!.containerStatuses![0]!.containerID!.replace('containerd://', '')
  t.match(container!.labels, { namespace: 'shop', image: pod.spec!.containers[0]!.image, name: id })
  t.match(
    container!.labels.id,
    `/kubepods-burstable-pod${pod.metadata.uid.replaceAll('-', '_')}.slice/cri-containerd-${id}.scope`,
  )
  t.equal(container!.tMs, sim.clock.unixMs(), 'the figures carry their time')
})

void t.test('a counter of a node does not fall when its pods go', async t => {
  const { sim, server } = await serve(t)
  const cpu = async (): Promise<number[]> =>
    Promise.all(
      NODES.map(
        async node =>
          parse((await ask(sim, server, node, '/metrics/resource'))!.body).find(
            ({ name }) => name === 'node_cpu_usage_seconds_total',
          )!.value,
      ),
    )
  const before = await cpu()
  sim.cluster.deleteWorkload('shop', 'web')
  sim.clock.advance(40_000)
  t.equal(sim.pods('web').length, 0)
  const after = await cpu()
  t.ok(
    after.every((seconds, i) => seconds > before[i]!),
    `${before.join(', ')} → ${after.join(', ')}`,
  )
})

void t.test('a silent or partitioned node lets clients wait, and resets them when it is back', async t => {
  const { sim, server } = await serve(t)
  for (const [away, back] of [
    [() => void sim.cluster.failNode('node-0'), () => sim.cluster.recoverNode('node-0')],
    [() => sim.cluster.partitionNode('node-0'), () => sim.cluster.healNode('node-0')],
  ] as const) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.equal((await ask(sim, server, 'node-0', '/healthz', { agent }))?.code, 200)
    away()
    const kept = ask(sim, server, 'node-0', '/metrics', { agent })
    const fresh = ask(sim, server, 'node-0', '/metrics')
    const first = await Promise.race([kept.catch(() => 'reset'), fresh.catch(() => 'reset'), sleep(300, 'nothing')])
    t.equal(first, 'nothing', 'neither on an old connection nor on a new one')
    t.equal((await ask(sim, server, 'node-1', '/healthz'))?.code, 200, 'others answer')
    back()
    await t.rejects(kept, { code: 'ECONNRESET' })
    await t.rejects(fresh, { code: 'ECONNRESET' })
    t.equal((await ask(sim, server, 'node-0', '/healthz'))?.code, 200)
    t.equal((await ask(sim, server, 'node-0', '/healthz', { agent }))?.code, 200)
    agent.destroy()
  }
})

void t.test(
  "Prometheus' usual job finds and scrapes the kubelets",
  { skip: noPrometheus, timeout: 60_000 },
  async t => {
    const clock = new SystemClock({ unref: true })
    const known: { isKnown?: (token: string) => boolean } = {}
    const { sim } = await serve(t, {
      port: 10_250,
      isLetIn: token => known.isKnown!(token),
      // Its pods have lived for 50 s by now.
      epochMs: clock.unixMs() - 50_000,
    })
    const api = await createApiServer(clock, sim.store, { host: '127.0.0.1', port: 0, tls: true })
    t.teardown(() => api.close())
    known.isKnown = token => api.isKnown(token)
    const dir = t.testdir({})
    const access = `authorization: { credentials: ${api.token} }\n    tls_config: { insecure_skip_verify: true }`
    const job = (name: string, path: string): string => `
  - job_name: ${name}
    scheme: https
    metrics_path: ${path}
    ${access}
    kubernetes_sd_configs:
      - role: node
        api_server: ${api.url}
        authorization: { credentials: ${api.token} }
        tls_config: { insecure_skip_verify: true }`
    writeFileSync(
      join(dir, 'prometheus.yml'),
      `global: { scrape_interval: 1s }\nscrape_configs:${job('kubelet', '/metrics')}${job('cadvisor', '/metrics/cadvisor')}${job('resource', '/metrics/resource')}\n`,
    )
    const port = await freePort()
    const child = spawn(prometheus!.found[0]!.path, [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--scrape.discovery-reload-interval=100ms',
    ])
    t.teardown(() => ended(child))
    const query = async (text: string): Promise<Record<string, number>> => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`).catch(
        () => undefined,
      )
      if (answer?.ok !== true) return {}
      const { data } = (await answer.json()) as {
        data: { result: { metric: { instance?: string; job?: string }; value: [number, string] }[] }
      }
      return Object.fromEntries(
        data.result.map(({ metric, value }) => [`${metric.job} ${metric.instance}`, Number(value[1])]),
      )
    }
    const deadline = clock.unixMs() + 40_000
    let up: Record<string, number> = {}
    while (clock.unixMs() < deadline && Object.values(up).filter(value => value === 1).length < 9) {
      await sleep(200)
      up = await query('up')
    }
    t.same(
      up,
      Object.fromEntries(
        ['kubelet', 'cadvisor', 'resource'].flatMap(name => NODES.map(node => [`${name} ${node}`, 1])),
      ),
    )
    t.equal(
      Object.values(await query('kubelet_running_pods')).reduce((sum, value) => sum + value, 0),
      3,
    )
    t.same(await query('sum by (job) (machine_cpu_cores)'), { 'cadvisor undefined': 48 })
    const [seconds] = Object.values(
      await query('sum(container_cpu_usage_seconds_total{job="resource",container="web"})'),
    )
    const wanted = sim
      .pods('web')
      .reduce(
        (sum, { metadata }) => sum + sim.cluster.load.usageOf(metadata.uid, sim.clock.elapsedMs)[0]!.cpuSeconds,
        0,
      )
    t.ok(Math.abs(seconds! - wanted) < 1e-6, `${seconds} of ${wanted}`)
  },
)

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill()
  })
}
