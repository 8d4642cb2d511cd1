// Kubernetes Events become what happened: told, or concluded where they do not tell.
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { brief, convert, file, leftOut } from './converting.ts'

interface Said {
  readonly kind?: string
  readonly name: string
  readonly uid?: string
  readonly fieldPath?: string
  readonly host?: string
  readonly count?: number
  readonly last?: number
  readonly event?: string
}

const at = (s: number): string => new Date(Date.UTC(2026, 2, 1, 10, 0, s)).toISOString().replace('.000', '')
let made = 0

/** An event of `v1`, at a second. */
function said(s: number, reason: string, message: string, of: Said): object {
  const { kind = 'Pod', name, uid, fieldPath, host, count = 1, last = s, event = `e-${made++}` } = of
  return {
    kind: 'Event',
    metadata: { name: `${name}.${event}`, namespace: 'shop', uid: event },
    involvedObject: {
      kind,
      name,
      ...(kind === 'Node' ? {} : { namespace: 'shop' }),
      uid: uid ?? `uid-${name}`,
      ...(fieldPath === undefined ? {} : { fieldPath }),
    },
    reason,
    message,
    source: host === undefined ? { component: 'some-controller', host: 'master' } : { component: 'kubelet', host },
    firstTimestamp: at(s),
    lastTimestamp: at(last),
    count,
  }
}

const list = (events: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'v1', items: events, kind: 'List', metadata: { resourceVersion: '' } }, null, 4)
const lines = (events: readonly object[]): string => events.map(event => JSON.stringify(event)).join('\n')
const main = 'spec.containers{main}'

function life(name: string, s: number): object[] {
  return [
    said(s, 'SuccessfulCreate', `Created pod: ${name}`, { kind: 'ReplicaSet', name: 'cart-7d4' }),
    said(s, 'Scheduled', `Successfully assigned shop/${name} to node-a`, { name }),
    said(s + 1, 'Pulled', 'Container image "cart:1" already present on machine', {
      name,
      host: 'node-a',
      fieldPath: main,
    }),
    said(s + 1, 'Created', 'Created container main', { name, host: 'node-a', fieldPath: main }),
    said(s + 2, 'Started', 'Started container main', { name, host: 'node-a', fieldPath: main }),
  ]
}

void t.test('the life of a pod, from events in any order', async t => {
  const events = [
    ...life('cart-1', 0),
    said(60, 'Killing', 'Stopping container main', { name: 'cart-1', host: 'node-a', fieldPath: main }),
    said(60, 'SuccessfulDelete', 'Deleted pod: cart-1', { kind: 'ReplicaSet', name: 'cart-7d4' }),
    said(65, 'Unhealthy', 'Readiness probe failed: refused', { name: 'cart-1', host: 'node-a', fieldPath: main }),
  ].toReversed()
  const wanted = [
    '0 pod created cart-1',
    '0 node added node-a',
    '0 pod bound cart-1 node-a',
    '2000 pod addressed cart-1',
    '12000 pod ready cart-1',
    '60000 pod terminating cart-1',
    '65000 pod not-ready cart-1',
    '90000 pod deleted cart-1',
  ]
  const forms: Record<string, string | Buffer> = {
    list: list(events),
    'list in a line': JSON.stringify(JSON.parse(list(events))),
    lines: lines(events),
    array: JSON.stringify(events),
    documents: events.map(event => JSON.stringify(event, null, 2)).join('\n'),
    'watch events': lines(events.map(object => ({ type: 'ADDED', object }))),
    gzip: gzipSync(lines(events)),
  }
  const hashes = new Set<string>()
  for (const [form, content] of Object.entries(forms)) {
    const { events: got, header, report } = await convert(file(content))
    t.same(brief(got), wanted, form)
    t.match(got[0], { owner: 'ReplicaSet/cart-7d4', namespace: 'shop', uid: 'uid-cart-1' })
    t.equal(header.start, '2026-03-01T10:00:00.000Z')
    t.equal(report.read['events'], events.length)
    hashes.add(header.sha256!)
  }
  t.equal(hashes.size, 1)
  const { events: quick } = await convert(file(list(events)), { readyAfterMs: 1000, graceMs: 5000 })
  t.same(brief(quick).slice(4), ['3000 pod ready cart-1', '60000 pod terminating cart-1', '65000 pod deleted cart-1'])
})

void t.test('ready only when probes stop to fail, not while it is backed off', async t => {
  const events = [
    ...life('cart-1', 0),
    said(5, 'Unhealthy', 'Readiness probe failed: 503', { name: 'cart-1', host: 'node-a', count: 3, last: 25 }),
    said(30, 'Unhealthy', 'Liveness probe failed: 503', { name: 'cart-1', host: 'node-a' }),
    said(50, 'Killing', 'Container main failed liveness probe, will be restarted', { name: 'cart-1', host: 'node-a' }),
    said(51, 'Started', 'Started container main', {
      name: 'cart-1',
      host: 'node-a',
      fieldPath: main,
      count: 3,
      last: 80,
    }),
    said(55, 'BackOff', 'Back-off restarting failed container main in pod', { name: 'cart-1', host: 'node-a' }),
    said(100, 'Unhealthy', 'Readiness probe failed: 503', { name: 'cart-1', host: 'node-a' }),
    said(3, 'Started', 'Started container setup', {
      name: 'cart-1',
      host: 'node-a',
      fieldPath: 'spec.initContainers{setup}',
    }),
  ]
  const { events: got } = await convert(file(lines(events)))
  t.same(brief(got).slice(3), [
    '2000 pod addressed cart-1',
    // A first failure at 5 s, the third at 25 s.
    '15000 pod ready cart-1',
    '25000 pod not-ready cart-1',
    '35000 pod ready cart-1',
    '50000 pod not-ready cart-1',
    '51000 pod restarted cart-1 1',
    '80000 pod restarted cart-1 3',
    '90000 pod ready cart-1',
    '100000 pod not-ready cart-1',
    '110000 pod ready cart-1',
  ])
})

void t.test('nodes come, fall silent with their pods, come back and go', async t => {
  const node = (s: number, reason: string): object => said(s, reason, '', { kind: 'Node', name: 'node-a' })
  const events = [
    node(0, 'Starting'),
    node(0, 'RegisteredNode'),
    ...life('cart-1', 10),
    node(40, 'NodeNotReady'),
    node(41, 'NodeNotReady'),
    said(40, 'NodeNotReady', 'Node is not ready', { name: 'cart-1' }),
    node(70, 'NodeReady'),
    said(80, 'TaintManagerEviction', 'Marking for deletion Pod shop/cart-1', { name: 'cart-1' }),
    said(80, 'TaintManagerEviction', 'Cancelling deletion of Pod shop/cart-1', { name: 'cart-2', uid: 'u2' }),
    node(90, 'RemovingNode'),
    node(95, 'RegisteredNode'),
  ]
  const { events: got, report } = await convert(file(list(events)))
  t.same(brief(got), [
    '0 node added node-a',
    '10000 pod created cart-1',
    '10000 pod bound cart-1 node-a',
    '12000 pod addressed cart-1',
    '22000 pod ready cart-1',
    '40000 node not-ready node-a',
    '40000 pod not-ready cart-1',
    '70000 node ready node-a',
    '70000 pod ready cart-1',
    '80000 pod terminating cart-1',
    '80000 pod created cart-2',
    '90000 node removed node-a',
    '95000 node added node-a',
    '110000 pod deleted cart-1',
  ])
  t.notOk(report.inferred.some(({ what }) => what.startsWith('nodes added')))
})

void t.test('a Deployment: rollouts and sizes from those of its ReplicaSets', async t => {
  const scaled = (s: number, message: string): object =>
    said(s, 'ScalingReplicaSet', message, { kind: 'Deployment', name: 'cart' })
  const events = [
    scaled(0, 'Scaled up replica set cart-1 to 3'),
    scaled(10, 'Scaled up replica set cart-1 to 5 from 3'),
    scaled(20, 'Scaled down replica set cart-1 from 5 to 4'),
    scaled(30, 'Scaled up replica set cart-2 to 1 from 0'),
    scaled(31, 'Scaled down replica set cart-1 to 2 from 4'),
    scaled(32, 'Scaled up replica set cart-2 to 4 from 1'),
    scaled(33, 'Scaled down replica set cart-1 to 0 from 2'),
    scaled(40, 'Scaled down replica set cart-2 to 1 from 4'),
    scaled(50, 'Scaled in a way that nobody knows'),
  ]
  const { events: got, report } = await convert(file(lines(events)))
  t.same(brief(got), [
    '0 workload applied cart 3',
    '10000 workload scaled cart 5',
    '20000 workload scaled cart 4',
    '30000 workload applied cart 4',
    '40000 workload scaled cart 1',
  ])
  t.same(leftOut(report), { 'ScalingReplicaSet: the message is not understood': 1 })
})

void t.test('pods end with their Job, by eviction, or when another takes their name', async t => {
  const job = (s: number, name: string, reason: string, message = ''): object =>
    said(s, reason, message, { kind: 'Job', name })
  const events = [
    job(0, 'good', 'SuccessfulCreate', 'Created pod: good-1'),
    job(0, 'bad', 'SuccessfulCreate', 'Created pod: bad-1'),
    ...['good-1', 'bad-1', 'fat'].map(name =>
      said(1, 'Scheduled', `Successfully assigned shop/${name} to node-a`, { name }),
    ),
    job(20, 'good', 'Completed', 'Job completed'),
    job(21, 'bad', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'),
    said(22, 'Evicted', 'The node was low on resource: memory.', { name: 'fat', host: 'node-a' }),
    said(30, 'SuccessfulCreate', 'create Pod db-0 in StatefulSet db successful', { kind: 'StatefulSet', name: 'db' }),
    said(30, 'Scheduled', 'Successfully assigned shop/db-0 to node-a', { name: 'db-0', uid: 'first' }),
    said(40, 'SuccessfulDelete', 'delete Pod db-0 in StatefulSet db successful', { kind: 'StatefulSet', name: 'db' }),
    said(45, 'Scheduled', 'Successfully assigned shop/db-0 to node-a', { name: 'db-0', uid: 'second' }),
    said(50, 'Pulled', '', { name: 'db-0', uid: 'first', host: 'node-a' }),
    said(51, 'SuccessfulDelete', 'Deleted pod: unknown', { kind: 'ReplicaSet', name: 'x' }),
  ]
  const { events: got, report } = await convert(file(list(events)))
  t.same(brief(got).slice(7), [
    '20000 pod succeeded good-1',
    '21000 pod failed bad-1',
    '22000 pod failed fat',
    '30000 pod created db-0',
    '30000 pod bound db-0 node-a',
    '40000 pod terminating db-0',
    '45000 pod deleted db-0',
    '45000 pod created db-0',
    '45000 pod bound db-0 node-a',
  ])
  t.match(got[0], { owner: 'Job/good' })
  t.match(got[10], { owner: 'StatefulSet/db', uid: 'first' })
  t.match(got[8], { reason: 'BackoffLimitExceeded' })
  t.same(leftOut(report), {
    'events of pods that are taken to be gone': 1,
    'deletions of pods that had no event of their own': 1,
  })
})

void t.test('events.k8s.io, and a watch that tells an event again as it repeats', async t => {
  const started = (count: number, last: number): object => ({
    metadata: { uid: 'repeating' },
    regarding: { kind: 'Pod', namespace: 'shop', name: 'cart-1', uid: 'u', fieldPath: main },
    reason: 'Started',
    note: 'Started container main',
    reportingController: 'kubelet',
    reportingInstance: 'node-a',
    eventTime: '2026-03-01T10:00:00.250000Z',
    ...(count === 1 ? {} : { series: { count, lastObservedTime: `2026-03-01T10:00:${last}.000000Z` } }),
  })
  const watch = [
    { type: 'ADDED', object: started(1, 0) },
    { type: 'MODIFIED', object: started(2, 30) },
    { type: 'MODIFIED', object: started(2, 30) },
    { type: 'MODIFIED', object: started(4, 50) },
    { type: 'DELETED', object: started(4, 50) },
  ]
  const { events: got, header, report } = await convert(file(lines(watch)))
  t.equal(header.start, '2026-03-01T10:00:00.250Z')
  t.same(brief(got).slice(2), [
    '0 pod bound cart-1 node-a',
    '0 pod addressed cart-1',
    '10000 pod ready cart-1',
    '29750 pod restarted cart-1 1',
    '29750 pod not-ready cart-1',
    '39750 pod ready cart-1',
    '49750 pod restarted cart-1 3',
    '49750 pod not-ready cart-1',
    '59750 pod ready cart-1',
  ])
  t.same(leftOut(report), { 'events that were told again': 1, 'DELETED: no event that happened': 1 })
})

void t.test('what is wrong or says nothing is told with its place, and counted', async t => {
  const good = said(1, 'Scheduled', 'Successfully assigned shop/cart-1 to node-a', { name: 'cart-1' })
  const bad = [
    good,
    said(2, 'SuccessfulRescale', 'New size: 5', { kind: 'HorizontalPodAutoscaler', name: 'cart' }),
    { ...good, reason: undefined },
    { ...good, firstTimestamp: null, lastTimestamp: null },
    { kind: 'Event' },
    { kind: 'Pod', metadata: {} },
  ]
  const wrong = /line 3: is no Event: involvedObject.kind, involvedObject.name or reason is missing/
  await t.rejects(convert(file(lines(bad))), { code: 'CHURN_TRACE_CONVERT', message: wrong })
  const broken = `${lines(bad)}\n{"kind": \n{"kind":"Event","involvedObject":{}}`
  const { report } = await convert(file(broken), { lenient: true })
  t.same(leftOut(report), {
    'HorizontalPodAutoscaler SuccessfulRescale: says nothing that a trace holds': 1,
    malformed: 5,
    'Pod: is no Event': 1,
  })
  const cut = list([good, good, good]).slice(0, -200)
  await t.rejects(convert(file(cut)), /after item 2: is no JSON, or is cut off/)
  t.equal((await convert(file(cut), { lenient: true })).report.read['events'], 2)
  await t.rejects(convert(file(list([]))), /nothing in it became an event of a trace; read: nothing/)
  const long = lines([good, { ...good, message: 'x'.repeat(3 * 1024 * 1024) }, good])
  await t.rejects(convert(file(long)), /line 2: is longer than/)
  t.equal((await convert(file(long), { lenient: true })).report.read['events'], 2)
})

void t.test('whatever the events say, what is concluded can have happened', async t => {
  const reasons = [
    'Scheduled',
    'Started',
    'Unhealthy',
    'BackOff',
    'Killing',
    'Evicted',
    'NodeNotReady',
    'Preempted',
    'Pulled',
  ]
  const messages = [
    'Successfully assigned shop/x to node-b',
    'Readiness probe failed',
    'will be restarted',
    'Back-off restarting',
  ]
  const ofPod = fc.record({
    s: fc.nat(200),
    last: fc.nat(100),
    count: fc.integer({ min: 1, max: 3 }),
    reason: fc.constantFrom(...reasons),
    message: fc.constantFrom(...messages),
    pod: fc.nat(2),
    uid: fc.nat(1),
    host: fc.option(fc.constantFrom('node-a', 'node-b'), { nil: undefined }),
  })
  const ofOther = fc.record({
    s: fc.nat(200),
    kind: fc.constantFrom('Node', 'Job', 'ReplicaSet'),
    reason: fc.constantFrom(
      'NodeReady',
      'NodeNotReady',
      'RemovingNode',
      'SuccessfulCreate',
      'SuccessfulDelete',
      'Completed',
    ),
    pod: fc.nat(2),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(ofPod, { minLength: 1, maxLength: 40 }),
      fc.array(ofOther, { maxLength: 20 }),
      async (pods, others) => {
        const events = [
          ...pods.map(({ s, last, count, reason, message, pod, uid, host }) =>
            said(s, reason, message, {
              name: `p-${pod}`,
              uid: `p-${pod}-${uid}`,
              count,
              last: s + last,
              fieldPath: main,
              ...(host === undefined ? {} : { host }),
            }),
          ),
          ...others.map(({ s, kind, reason, pod }) =>
            said(s, reason, `Created pod: p-${pod} Deleted pod: p-${pod}`, {
              kind,
              name: kind === 'Node' ? 'node-a' : 'owner',
            }),
          ),
        ]
        const { report } = await convert(file(lines(events)))
        t.same(
          Object.keys(leftOut(report)).filter(reason => reason.includes('cannot')),
          [],
        )
      },
    ),
    { numRuns: 100 },
  )
})
