// Goal: a scrubbed trace tells nothing of whose cluster it was, and still says the same about what happened.
// Method: the churn of a simulated cluster, and objects with the names that real controllers give, before and after.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { dnsLabelFault, labelValueFault, portNameFault, qualifiedNameFault } from '../../../../sim/cluster/names.ts'
import { ACTIONS } from '../../../../sim/index.ts'
import { type ChurnEvent, type Labels, TraceReader, TraceState, TraceWriter } from '../../../../sim/trace/index.ts'
import { EventScrubber } from '../../../../sim/trace/scrub/event-scrubber.ts'
import { parseKeep, scrubTrace } from '../../../../sim/trace/scrub/index.ts'
import { ScrubLedger } from '../../../../sim/trace/scrub/scrub-ledger.ts'
import { recordedTrace, WORKLOADS } from './recorded-trace.ts'

const KEY = Buffer.alloc(32, 'structure')

const dir = mkdtempSync(join(tmpdir(), 'churnbench-scrub-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

function scrubberOf(keep: readonly string[] = [], key = KEY): { scrub: <E>(event: E) => E; ledger: ScrubLedger } {
  const ledger = new ScrubLedger()
  const scrubber = new EventScrubber(key, ledger, {
    keep: parseKeep(keep),
    actions: ACTIONS,
    profiles: ['web-service'],
  })
  return { scrub: <E>(event: E) => scrubber.scrub(event as ChurnEvent) as E, ledger }
}

/** Uids of the pods that each Service and each workload selects, in order, after all events. */
function selections(events: readonly ChurnEvent[]): number[][] {
  const state = new TraceState()
  for (const event of events) state.apply(event)
  const pods = [...state.pods.values()]
  const selects = (selector: Labels | undefined, namespace: string): number[] =>
    pods.flatMap((pod, i) =>
      pod.namespace === namespace && Object.entries(selector ?? {}).every(([key, value]) => pod.labels[key] === value)
        ? [i]
        : [],
    )
  return [...state.services.values(), ...state.workloads.values()].map(each => selects(each.selector, each.namespace))
}

void t.test('a recorded trace keeps its shape, and nothing else', async t => {
  const events = recordedTrace()
  const path = join(dir, 'recorded.jsonl')
  const writer = TraceWriter.create(path, {
    start: '2026-01-05T08:00:00Z',
    source: {
      kind: 'cluster',
      tool: 'churnbench 0.1.0',
      details: { format: 'kubectl', context: 'acme-admin@prod', file: '/home/ann/prod.json' },
    },
    targets: 'annotated',
  })
  t.same(
    events.map(event => writer.write(event)).filter(fault => fault !== undefined),
    [],
  )
  const original = await writer.finish(3_600_000)

  const out = join(dir, 'safe.jsonl.gz')
  const options = { key: KEY, keep: parseKeep([]), actions: ACTIONS, profiles: ['web-service'] }
  const { header, report } = await scrubTrace(path, out, options)
  t.same(header.counts, original.counts)
  t.same(header.scale, original.scale)
  t.equal(header.durationMs, original.durationMs)
  t.equal(header.start, undefined)
  t.same(header.source, { kind: 'cluster', tool: 'churnbench 0.1.0', details: { format: 'kubectl' } })
  t.ok(header.scrubbed?.includes('images'))

  const scrubbed: ChurnEvent[] = []
  const reader = await TraceReader.open(out)
  for await (const batch of reader.batches()) scrubbed.push(...batch)
  const shape = (all: readonly ChurnEvent[]): string[] =>
    all.map(
      each => `${each.t} ${each.kind} ${each.kind === 'action' ? '' : each.op} ${Object.keys(each).sort().join()}`,
    )
  t.same(shape(scrubbed), shape(events))
  t.same(selections(scrubbed), selections(events))
  t.ok(selections(events).every(pods => pods.length > 0))

  const text = JSON.stringify(scrubbed)
  for (const word of [...WORKLOADS, 'shop', 'acme', 'team', 'summer', 'node-1', 'region-1']) {
    t.notMatch(text, word, `nothing is left of ${word}`)
  }
  t.match(text, /"churnbench.io\/profile":"web-service"/)
  t.match(text, /"prometheus.io\/port":"8080"/)
  t.match(text, /"op":"fail-node","args":\{"node":"[a-z]{4,8}\w{6}"\}/)

  const kept = new Map(report.kept.map(each => [each.field, each]))
  t.same(kept.get('port numbers')?.examples, ['8080'])
  t.same(kept.get('namespaces')?.examples, ['default'])
  t.same(
    kept.get('reasons')?.examples.filter(each => each !== 'NodeStatusUnknown'),
    [],
  )
  t.equal(report.replaced.find(each => each.field === 'nodes')?.distinct, 4)
  t.equal(report.replaced.find(each => each.field === 'namespaces')?.distinct, 2)
})

void t.test('what an action names is what it named', t => {
  const { scrub } = scrubberOf()
  const workload = {
    t: 0,
    kind: 'workload',
    op: 'applied',
    namespace: 'shop',
    name: 'cart',
    type: 'Deployment',
  } as const
  const applied = scrub({ ...workload, labels: { 'acme.example/release': 'v1' } })
  const relabel = scrub({
    t: 1,
    kind: 'action' as const,
    op: 'relabel',
    args: { workload: 'shop/cart', label: 'acme.example/release', value: 'v1' },
  })
  const [[key, value] = []] = Object.entries(applied.labels)
  t.same(relabel.args, { workload: `${applied.namespace}/${applied.name}`, label: key, value })
  t.same(scrub({ t: 2, kind: 'action', op: 'scale', args: { workload: 'cart', replicas: 7 } }).args, {
    workload: applied.name,
    replicas: 7,
  })
  const api = { t: 3, kind: 'action', op: 'api-delay', args: { delay: '500ms', for: '1m30s' } }
  t.same(scrub(api), api)
  const odd = scrub({ t: 4, kind: 'action', op: 'page-ann', args: { phone: 4_930_123, loud: true } })
  t.notMatch(JSON.stringify(odd), /ann|phone|4930123|loud/)
  t.end()
})

void t.test('names fit together as their controllers made them', t => {
  const { scrub } = scrubberOf()
  const pod = (name: string, owner: string | undefined, labels: Labels = {}): ChurnEvent & { kind: 'pod' } =>
    scrub({
      t: 0,
      kind: 'pod' as const,
      op: 'created' as const,
      namespace: 'shop',
      name,
      uid: `uid of ${name}`,
      ...(owner === undefined ? {} : { owner }),
      labels,
    })
  const applied = (type: string, name: string): string =>
    scrub({ t: 0, kind: 'workload' as const, op: 'applied' as const, namespace: 'shop', name, type }).name
  const service = (name: string, selector: Labels): ChurnEvent & { kind: 'service' } =>
    scrub({ t: 0, kind: 'service' as const, op: 'applied' as const, namespace: 'shop', name, selector })

  const frontend = applied('Deployment', 'frontend')
  const first = pod('frontend-7d9f-x2x1z', 'ReplicaSet/frontend-7d9f', { app: 'frontend', 'pod-template-hash': '7d9f' })
  const second = pod('frontend-7d9f-bcdfg', 'ReplicaSet/frontend-7d9f', {
    app: 'frontend',
    'pod-template-hash': '7d9f',
  })
  const newer = pod('frontend-bcdfg-x2x1z', 'ReplicaSet/frontend-bcdfg')
  const [kind, replicaSet] = first.owner!.split('/')
  t.equal(kind, 'ReplicaSet')
  t.equal(replicaSet, `${frontend}-${first.labels!['pod-template-hash']}`)
  t.match(first.name, new RegExp(`^${replicaSet}-[a-z0-9]{5}$`))
  t.match(second.name, new RegExp(`^${replicaSet}-[a-z0-9]{5}$`))
  t.not(first.name, second.name)
  t.not(newer.owner, first.owner)
  t.match(newer.owner, new RegExp(`^ReplicaSet/${frontend}-[a-z0-9]+$`))
  t.equal(first.labels!['app'], frontend)
  t.equal(service('frontend', { app: 'frontend' }).name, frontend)

  const db = applied('StatefulSet', 'db')
  const member = pod('db-0', 'StatefulSet/db', {
    'statefulset.kubernetes.io/pod-name': 'db-0',
    'apps.kubernetes.io/pod-index': '0',
    'controller-revision-hash': 'db-6c5f7d9b4',
  })
  t.equal(member.name, `${db}-0`)
  t.equal(member.labels!['statefulset.kubernetes.io/pod-name'], member.name)
  t.equal(member.labels!['apps.kubernetes.io/pod-index'], '0')
  t.match(member.labels!['controller-revision-hash'], new RegExp(`^${db}-[a-z0-9]{9}$`))
  t.equal(
    service('db-0', { 'statefulset.kubernetes.io/pod-name': 'db-0' }).selector!['statefulset.kubernetes.io/pod-name'],
    member.name,
  )

  const backup = applied('CronJob', 'backup')
  const job = applied('Job', 'backup-28373820')
  t.match(job, new RegExp(`^${backup}-\\d{8}$`))
  t.notMatch(job, '28373820', 'the minute at which it ran')
  const run = pod('backup-28373820-x2x1z', 'Job/backup-28373820', { 'job-name': 'backup-28373820' })
  t.equal(run.owner, `Job/${job}`)
  t.equal(run.labels!['job-name'], job)
  t.match(run.name, new RegExp(`^${job}-[a-z0-9]{5}$`))
  t.match(pod('index-3-x2x1z', 'Job/index').name, new RegExp(`^${applied('Job', 'index')}-3-[a-z0-9]{5}$`))

  const agent = applied('DaemonSet', 'agent')
  t.match(pod('agent-x2x1z', 'DaemonSet/agent').name, new RegExp(`^${agent}-[a-z0-9]{5}$`))
  t.match(pod('etcd-master-1', 'Node/master-1').owner, /^Node\/[a-z]{4,8}\w{6}$/)
  t.notMatch(JSON.stringify([pod('alone-42', undefined), pod('rollout-1-a', 'Rollout/rollout-1')]), /alone|42|ollout/)
  t.end()
})

void t.test('labels, ports, images and addresses stay valid and tell nothing', t => {
  const { scrub, ledger } = scrubberOf()
  const node = scrub({
    t: 0,
    kind: 'node' as const,
    op: 'added' as const,
    name: 'ip-10-1-2-3.eu-west-1.compute.internal',
    labels: {
      'kubernetes.io/hostname': 'ip-10-1-2-3.eu-west-1.compute.internal',
      'kubernetes.io/arch': 'arm64',
      'topology.kubernetes.io/zone': 'eu-west-1a',
      'acme.example/rack': 'R12',
      rack: 'R12',
      spot: 'true',
      empty: '',
    },
  })
  t.equal(node.labels['kubernetes.io/hostname'], node.name)
  t.equal(node.labels['kubernetes.io/arch'], 'arm64')
  t.equal(dnsLabelFault(node.name), undefined)
  t.equal(Object.keys(node.labels).length, 7)
  for (const [key, value] of Object.entries(node.labels)) {
    t.equal(qualifiedNameFault(key), undefined)
    t.equal(labelValueFault(value), undefined)
  }
  t.same(
    Object.values(node.labels).filter(value => value === 'true' || value === ''),
    ['true', ''],
  )
  t.notMatch(JSON.stringify(node), /eu-west|acme|rack|R12|spot/)

  const zoned = scrub({ t: 1, kind: 'action' as const, op: 'fail-zone', args: { zone: 'eu-west-1a' } })
  t.equal(zoned.args['zone'], node.labels['topology.kubernetes.io/zone'])

  const container = (name: string, image: string, port?: string): object => ({
    name,
    image,
    ports: [{ ...(port === undefined ? {} : { name: port }), port: 9100 }],
  })
  const { containers, annotations } = scrub({
    t: 2,
    kind: 'workload' as const,
    op: 'applied' as const,
    namespace: 'shop',
    name: 'cart',
    type: 'Deployment',
    annotations: {
      'prometheus.io/path': '/acme/metrics',
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': 'acme',
      'churnbench.io/profile': 'acme-db',
    },
    strategy: { type: 'RollingUpdate', maxSurge: '25%', maxUnavailable: 'acme' } as const,
    containers: [
      container('cart', 'ghcr.io/acme/cart:v1.2', 'metrics'),
      container('side', 'ghcr.io/acme/side@sha256:0123', 'acme-port'),
      container('again', 'ghcr.io/acme/cart:v1.2'),
      container('later', 'ghcr.io/acme/cart:v1.3'),
      container('bare', 'cart'),
    ] as { name: string; image: string; ports: { name?: string; port: number }[] }[],
  })
  const [cart, side, again, later, bare] = containers.map(each => each.image.split(':')) as [string, string][]
  t.match(cart!.join(':'), /^registry\.example\/[a-z]+\w{6}\/[a-z]+\w{6}:[a-z0-9]{9}$/)
  t.same(again, cart)
  t.equal(later![0], cart![0])
  t.not(later![1], cart![1])
  t.equal(side![0].split('/')[1], cart![0].split('/')[1])
  t.not(bare![0], cart![0])
  t.equal(containers[0]!.ports[0]!.name, 'metrics')
  t.equal(portNameFault(containers[1]!.ports[0]!.name!), undefined)
  t.match(annotations, { 'prometheus.io/path': /^\/[a-z]+\w{6}$/, 'prometheus.io/scrape': 'true' })
  t.notMatch(JSON.stringify([containers, annotations]), /acme|cart|side|ghcr/)

  const addressed = (address: string): string | undefined =>
    scrub({ t: 3, kind: 'pod' as const, op: 'addressed' as const, namespace: 'a', name: 'b', uid: 'c', address })
      .address
  t.match(addressed('192.168.7.9'), /^10\.\d+\.\d+\.\d+$/)
  t.equal(addressed('192.168.7.9'), addressed('192.168.7.9'))
  t.match(addressed('2001:db8::7'), /^fd[0-9a-f]{2}(:[0-9a-f]{4}){7}$/)
  t.equal(addressed('2001:db8::7'), addressed('2001:0DB8:0:0:0:0:0:7'))
  t.same(ledger.report().kept.find(each => each.field === 'annotation values')?.examples, ['true'])
  t.end()
})

void t.test('what the user decides to show is shown, and reported', t => {
  const keep = ['namespaces,nodes', 'labels:acme.example/team', 'images', 'start', 'reasons', 'workloads']
  const { scrub, ledger } = scrubberOf(keep)
  const pod = scrub({
    t: 0,
    kind: 'pod' as const,
    op: 'created' as const,
    namespace: 'shop',
    name: 'my-cart-7d9f-x2x1z',
    uid: 'u',
    owner: 'ReplicaSet/my-cart-7d9f',
    labels: { 'acme.example/team': 'red', app: 'my-cart' },
    containers: [{ name: 'main', image: 'ghcr.io/acme/cart:1', ports: [] }],
  })
  t.equal(pod.namespace, 'shop')
  t.match(pod.name, /^my-cart-[a-z0-9]{9}-[a-z0-9]{5}$/)
  t.equal(pod.labels['acme.example/team'], 'red')
  t.not(pod.labels.app, 'my-cart', 'a label is a label')
  t.equal(pod.containers[0]!.image, 'ghcr.io/acme/cart:1')
  t.equal(scrub({ t: 1, kind: 'node' as const, op: 'added' as const, name: 'n-1' }).name, 'n-1')
  t.equal(ledger.report().kept.find(each => each.field === 'label values')?.examples[0], 'red')
  t.throws(() => parseKeep(['node']), { code: 'CHURN_TRACE_OPTIONS', message: /did you mean nodes/ })
  t.throws(() => parseKeep(['labels']), /did you mean labels:KEY/)
  t.throws(() => parseKeep(['everything']), /known are start, namespaces/)
  t.end()
})

void t.test('the key decides', t => {
  const [first] = recordedTrace()
  const one = scrubberOf().scrub(first)
  t.same(scrubberOf().scrub(first), one)
  t.notSame(scrubberOf([], Buffer.alloc(32, 'another')).scrub(first), one)
  t.end()
})

void t.test('a trace that is there is kept, and a damaged one leaves nothing behind', async t => {
  const path = join(dir, 'recorded.jsonl')
  const options = { key: KEY, keep: parseKeep(['start']), actions: ACTIONS, profiles: [] }
  await t.rejects(scrubTrace(path, path, options), { code: 'CHURN_TRACE_FILE', message: /--force/ })
  const damaged = join(dir, 'damaged.jsonl')
  const lines = readFileSync(path, 'utf8').split('\n')

  writeFileSync(damaged, [...lines.slice(0, 20), '{"t":', ...lines.slice(20)].join('\n'))
  const files = readdirSync(dir)
  await t.rejects(scrubTrace(damaged, join(dir, 'new.jsonl'), options), {
    code: 'CHURN_TRACE_FORMAT',
    message: /line 21/,
  })
  t.same(readdirSync(dir), files)
  const { faults, header } = await scrubTrace(damaged, join(dir, 'new.jsonl'), { ...options, lenient: true })
  t.equal(faults.count, 1)
  t.equal(header.start, '2026-01-05T08:00:00Z')
  t.notOk(header.scrubbed?.includes('start'))
})

void t.test('a scrubbing that lets a name through writes nothing', async t => {
  const path = join(dir, 'recorded.jsonl')
  const files = readdirSync(dir)
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its own `this` below
  const { scrub } = EventScrubber.prototype
  t.teardown(() => (EventScrubber.prototype.scrub = scrub))
  EventScrubber.prototype.scrub = function (event) {
    const scrubbed = scrub.call(this, event)
    return event.kind === 'service' && scrubbed.kind === 'service' ? { ...scrubbed, name: event.name } : scrubbed
  }
  await t.rejects(
    scrubTrace(path, join(dir, 'leaks.jsonl'), { key: KEY, keep: parseKeep([]), actions: ACTIONS, profiles: [] }),
    { name: 'AssertionError', message: /leaks, and is not written: line 6: name: "frontend" has the original/ },
  )
  t.same(readdirSync(dir), files)
})
