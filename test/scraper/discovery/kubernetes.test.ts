import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { type Config, loadConfig } from '../../../scraper/config/index.ts'
import { DiscoveryManager, type TargetGroup } from '../../../scraper/discovery/index.ts'
import { JsonLines } from '../../../scraper/discovery/kubernetes/json-lines.ts'
import type { KubeObject } from '../../../scraper/discovery/kubernetes/kube-types.ts'
import { MetricsRegistry } from '../../../scraper/metrics.ts'
import { FakeApiServer, refuse } from './fake-api-server.ts'

const PODS = '/api/v1/pods'

function configOf(...jobs: object[]): Config {
  const scrape_configs = jobs.map((job, i) => ({ job_name: `j${i}`, ...job }))
  return loadConfig(JSON.stringify({ scrape_configs }), { baseDir: '/' })
}

function pod(name: string, ip = '10.0.0.1', extra: object = {}): KubeObject {
  return {
    metadata: { name, namespace: 'ns', uid: `uid-${name}` },
    spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'img', ports: [{ containerPort: 80 }] }] },
    status: { podIP: ip, phase: 'Running', ...extra },
  } as KubeObject
}

/** A discovery manager at work on a fake server; groups arrive as in a scrape pool. */
class Rig {
  readonly clock = new VirtualClock()
  readonly api: FakeApiServer
  readonly registry = new MetricsRegistry()
  readonly logs: string[] = []
  /** job → address → number of groups that have it. */
  readonly jobs = new Map<string, Map<string, TargetGroup>>()
  readonly updates: { readonly job: string; readonly groups: readonly TargetGroup[] }[] = []
  readonly manager: DiscoveryManager

  constructor(t: Pick<Test, 'teardown'>, api: FakeApiServer) {
    this.api = api
    this.manager = new DiscoveryManager(this.clock, new Prng('test'), {
      registry: this.registry,
      log: (level, message, fields) => this.logs.push(`${level} ${message} ${JSON.stringify(fields)}`),
      onUpdate: (job, groups) => {
        this.updates.push({ job, groups })
        const known = this.jobs.get(job) ?? new Map<string, TargetGroup>()
        this.jobs.set(job, known)
        for (const group of groups) {
          if (group.targets.length === 0) known.delete(group.source)
          else known.set(group.source, group)
        }
      },
    })
    t.teardown(() => {
      this.manager.stop()
      api.close()
    })
  }

  static async open(t: Pick<Test, 'teardown'>): Promise<Rig> {
    return new Rig(t, await FakeApiServer.open())
  }

  sd(role: string, more: object = {}): { kubernetes_sd_configs: object[] } {
    return { kubernetes_sd_configs: [{ role, api_server: this.api.url, ...more }] }
  }

  addresses(job = 'j0'): string[] {
    return [...(this.jobs.get(job)?.values() ?? [])]
      .flatMap(({ targets }) => targets.map(x => x['__address__']!))
      .toSorted()
  }

  /** Lets real I/O happen until the condition holds; virtual time moves in small steps. */
  async until(condition: () => boolean, stepMs = 1): Promise<void> {
    for (let i = 0; !condition(); i++) {
      await new Promise(resolve => setImmediate(resolve))
      if (i % 20 === 19) this.clock.advance(stepMs)
    }
  }

  async found(count: number, job = 'j0'): Promise<void> {
    await this.until(() => this.addresses(job).length === count)
  }
}

t.test('pods are found by a watch-list, and changes follow on the same stream', async t => {
  const rig = await Rig.open(t)
  rig.api.put(PODS, pod('a', '10.0.0.1'))
  rig.api.put(PODS, pod('without-address', ''))
  rig.manager.applyConfig(configOf(rig.sd('pod', { authorization: { credentials: 'tok' } })))
  await rig.found(1)
  t.same(rig.addresses(), ['10.0.0.1:80'])
  rig.api.put(PODS, pod('b', '10.0.0.2'))
  await rig.found(2)
  rig.api.put(PODS, pod('without-address', '10.0.0.3'))
  await rig.found(3)
  rig.api.remove(PODS, 'ns', 'a')
  await rig.found(2)
  t.same(rig.addresses(), ['10.0.0.2:80', '10.0.0.3:80'])
  t.equal(rig.api.requests.length, 1, 'one request did it all')
  const [query] = rig.api.queries(PODS, true)
  t.match(query, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
  })
  t.ok(Number(query!['timeoutSeconds']) >= 300 && Number(query!['timeoutSeconds']) <= 600)
  t.equal(rig.api.requests[0]!.request.headers.authorization, 'Bearer tok')
  t.match(rig.registry.render(), /prometheus_sd_discovered_targets\{name="scrape",config="j0"\} 2\n/)
})

t.test('a change that changes nothing for the targets is not told', async t => {
  const rig = await Rig.open(t)
  rig.api.put(PODS, pod('a'))
  rig.manager.applyConfig(configOf(rig.sd('pod')))
  await rig.found(1)
  const before = rig.updates.length
  rig.api.put(PODS, pod('a', '10.0.0.1', { startTime: 'later' }))
  rig.api.put(PODS, pod('b', '10.0.0.2'))
  await rig.found(2)
  const told = rig.updates.slice(before).flatMap(({ groups }) => groups.map(({ source }) => source.split('/').slice(2)))
  t.same(told, [['pod', 'ns', 'b']])
})

t.test('bursts go out together, the first change at once', async t => {
  const rig = await Rig.open(t)
  rig.manager.applyConfig(configOf(rig.sd('pod')))
  await rig.until(() => rig.api.watcherCount(PODS) === 1)
  const timeMs = rig.clock.elapsedMs
  const received = (): number => Number(/received_updates_total (\d+)/.exec(rig.registry.render())![1])
  const settle = async (count: number): Promise<void> => {
    while (received() < count) await new Promise(resolve => setImmediate(resolve))
  }
  rig.api.put(PODS, pod('a', '10.0.0.1'))
  await settle(1)
  t.equal(rig.updates.length, 1, 'without time passing')
  for (let i = 2; i <= 50; i++) {
    rig.api.put(PODS, pod(`p${i}`, `10.0.0.${i}`))
    await settle(i)
  }
  t.equal(rig.updates.length, 1)
  rig.clock.advance(50)
  t.equal(rig.updates.length, 2, 'within 50 ms')
  t.equal(rig.addresses().length, 50)
  t.equal(rig.clock.elapsedMs, timeMs + 50)
})

t.test('a server without watch-lists is listed, page by page, and then watched', async t => {
  const rig = await Rig.open(t)
  for (let i = 0; i < 3; i++) rig.api.put(PODS, pod(`p${i}`, `10.0.0.${i}`))
  rig.api.intercept = (_, query, response) => {
    if (query.has('sendInitialEvents')) {
      refuse(response, 422, 'Invalid')
      return true
    }
    if (query.has('watch')) return false
    const from = Number(query.get('continue') ?? '0')
    const metadata = { resourceVersion: '103', ...(from < 2 ? { continue: String(from + 1) } : {}) }
    response.end(JSON.stringify({ metadata, items: [pod(`p${from}`, `10.0.0.${from}`)] }))
    return true
  }
  rig.manager.applyConfig(configOf(rig.sd('pod')))
  await rig.found(3)
  await rig.until(() => rig.api.watcherCount(PODS) === 1)
  t.match(rig.api.queries(PODS, false), [
    { limit: '500', resourceVersion: '0' },
    { limit: '500', continue: '1' },
    { limit: '500', continue: '2' },
  ])
  t.match(rig.api.queries(PODS, true).at(-1), { resourceVersion: '103', watch: 'true' })
  rig.api.put(PODS, pod('later', '10.0.1.1'))
  await rig.found(4)
})

t.test('a server that takes a watch-list for a watch is listed in the end', async t => {
  const rig = await Rig.open(t)
  rig.api.put(PODS, pod('a'))
  rig.api.intercept = (_, query, response) => {
    if (!query.has('sendInitialEvents')) return false
    response.flushHeaders()
    response.write(`${JSON.stringify({ type: 'ADDED', object: pod('half') })}\n`)
    return true
  }
  rig.manager.applyConfig(configOf(rig.sd('pod')))
  await rig.until(() => rig.addresses().length > 0, 500)
  t.same(
    [...rig.jobs.get('j0')!.keys()].map(source => source.split('/').at(-1)),
    ['a'],
    'and half a list is never shown',
  )
})

t.test('a watch that ends goes on from the last version, bookmarks included', async t => {
  const rig = await Rig.open(t)
  rig.api.put(PODS, pod('a'))
  rig.manager.applyConfig(configOf(rig.sd('pod')))
  await rig.found(1)
  rig.api.send(PODS, 'BOOKMARK', { metadata: { resourceVersion: '777' } })
  rig.api.endWatches(PODS)
  await rig.until(() => rig.api.queries(PODS, true).length === 2)
  const second = rig.api.queries(PODS, true)[1]!
  t.equal(second['resourceVersion'], '777')
  t.equal(second['sendInitialEvents'], undefined)
  await rig.until(() => rig.api.watcherCount(PODS) === 1)
  rig.api.put(PODS, pod('b', '10.0.0.2'))
  await rig.found(2)
  rig.api.breakWatches(PODS)
  await rig.until(() => rig.api.queries(PODS, true).length === 3)
  await rig.until(() => rig.api.watcherCount(PODS) === 1)
  rig.api.remove(PODS, 'ns', 'a')
  await rig.found(1)
})

t.test('410 means reading everything anew; what has gone meanwhile is noticed', async t => {
  for (const how of ['event', 'status']) {
    const rig = await Rig.open(t)
    rig.api.put(PODS, pod('a', '10.0.0.1'))
    rig.api.put(PODS, pod('b', '10.0.0.2'))
    rig.manager.applyConfig(configOf(rig.sd('pod')))
    await rig.found(2)
    rig.api.changeSilently(PODS, objects => objects.delete('ns/a'))
    if (how === 'event') {
      rig.api.send(PODS, 'ERROR', { kind: 'Status', code: 410, reason: 'Expired' })
    } else {
      rig.api.intercept = (_, query, response) => {
        if (query.has('sendInitialEvents')) return false
        refuse(response, 410, 'Gone')
        return true
      }
      rig.api.endWatches(PODS)
    }
    await rig.until(() => rig.api.queries(PODS, true).filter(query => 'sendInitialEvents' in query).length === 2)
    await rig.found(1)
    t.same(rig.addresses(), ['10.0.0.2:80'], how)
  }
})

t.test('an API server that is away is asked again with growing pauses, and Retry-After is heeded', async t => {
  const rig = await Rig.open(t)
  rig.api.put(PODS, pod('a'))
  let refusals = 0
  rig.api.intercept = (_, __, response) => {
    if (refusals === 3) return false
    refusals++
    if (refusals === 3) refuse(response, 429, 'TooManyRequests', { 'retry-after': '17' })
    else response.destroy()
    return true
  }
  const times: number[] = []
  rig.manager.applyConfig(configOf(rig.sd('pod')))
  for (let i = 1; i <= 4; i++) {
    await rig.until(() => rig.api.requests.length === i, 50)
    times.push(rig.clock.elapsedMs)
  }
  await rig.found(1)
  const pauses = times.slice(1).map((time, i) => time - times[i]!)
  // Each is noticed some steps of 50 ms late: real answers take real time.
  t.ok(pauses[0]! >= 800, String(pauses[0]))
  t.ok(pauses[1]! >= 1600, String(pauses[1]))
  t.ok(pauses[2]! >= 17_000, String(pauses[2]))
  t.match(rig.logs.join('\n'), /reading from the API server failed.*TooManyRequests/)
})

t.test('equal discoveries share one watch, and different roles share the pods', async t => {
  const rig = await Rig.open(t)
  rig.api.put(PODS, pod('a'))
  rig.manager.applyConfig(configOf(rig.sd('pod'), rig.sd('pod'), rig.sd('endpointslice')))
  await rig.found(1, 'j0')
  await rig.found(1, 'j1')
  await rig.until(() => rig.api.requests.length === 3)
  t.same(rig.api.requests.map(({ path }) => path).toSorted(), [
    PODS,
    '/api/v1/services',
    '/apis/discovery.k8s.io/v1/endpointslices',
  ])
})

t.test('a new configuration keeps what is unchanged and ends what is not wanted', async t => {
  const rig = await Rig.open(t)
  rig.api.put(PODS, pod('a'))
  const fixed = { static_configs: [{ targets: ['x:1'], labels: { zone: 'z' } }] }
  rig.manager.applyConfig(configOf({ ...rig.sd('pod'), ...fixed }))
  await rig.found(2)
  rig.manager.applyConfig(configOf({ ...rig.sd('pod') }, rig.sd('pod')))
  await rig.found(1, 'j1')
  await rig.found(1, 'j0')
  t.equal(rig.api.requests.length, 1)
  rig.manager.applyConfig(configOf(fixed))
  await rig.until(() => rig.api.watcherCount(PODS) === 0)
  await rig.until(() => rig.addresses('j0').includes('x:1'))
  t.same(rig.addresses('j0'), ['x:1'])
})

t.test('namespaces and selectors reach the server', async t => {
  const rig = await Rig.open(t)
  const selectors = [
    { role: 'pod', label: 'app=web', field: 'status.phase=Running' },
    { role: 'node', label: 'zone=a' },
  ]
  const more = { namespaces: { names: ['x', 'y'] }, selectors, attach_metadata: { node: true } }
  rig.manager.applyConfig(configOf(rig.sd('pod', more)))
  await rig.until(() => rig.api.requests.length === 3)
  t.same(rig.api.requests.map(({ path }) => path).toSorted(), [
    '/api/v1/namespaces/x/pods',
    '/api/v1/namespaces/y/pods',
    '/api/v1/nodes',
  ])
  t.match(rig.api.queries('/api/v1/namespaces/x/pods', true)[0], {
    labelSelector: 'app=web',
    fieldSelector: 'status.phase=Running',
  })
  t.match(rig.api.queries('/api/v1/nodes', true)[0], { labelSelector: 'zone=a' })
})

t.test('a kubeconfig file leads to the server; one that cannot be used is told, other jobs go on', async t => {
  const rig = await Rig.open(t)
  rig.api.put(PODS, pod('a'))
  const dir = mkdtempSync(join(tmpdir(), 'churn-kubeconfig-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const kubeconfig = (user: object): string =>
    JSON.stringify({
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      clusters: [{ name: 'k', cluster: { server: rig.api.url } }],
      users: [{ name: 'u', user }],
    })
  writeFileSync(join(dir, 'good'), kubeconfig({ token: 'tok' }))
  writeFileSync(join(dir, 'exec'), kubeconfig({ exec: { command: 'x' } }))
  const sd = (file: string): object => ({ kubernetes_sd_configs: [{ role: 'pod', kubeconfig_file: join(dir, file) }] })
  rig.manager.applyConfig(configOf(sd('good'), sd('exec'), sd('missing')))
  await rig.found(1)
  t.equal(rig.api.requests[0]!.request.headers.authorization, 'Bearer tok')
  const errors = rig.logs.filter(line => line.startsWith('error'))
  t.match(errors[0], /authenticates by exec, which is not supported/)
  t.match(errors[1], /cannot read the kubeconfig file/)
  t.match(rig.registry.render(), /prometheus_sd_failed_configs 2\n/)
})

t.test('JSON lines survive any cut of the stream, and a line without an end is given up', async t => {
  const values = [{ a: 'ü\n' }, [1], 'x'.repeat(100), { b: null }]
  const bytes = Buffer.from(`${values.map(value => JSON.stringify(value)).join('\n')}\n\n`)
  for (let size = 1; size < bytes.length; size += 3) {
    const got: unknown[] = []
    const lines = new JsonLines(value => got.push(value))
    for (let at = 0; at < bytes.length; at += size) lines.push(bytes.subarray(at, at + size))
    t.same(got, values) || t.bailout()
  }
  t.throws(() => new JsonLines(() => {}, 10).push(Buffer.from('x'.repeat(11))), RangeError)
  t.throws(() => new JsonLines(() => {}).push(Buffer.from('{"a":\n')), SyntaxError)
})
