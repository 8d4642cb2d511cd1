// Recordings of KWOK: a snapshot, then patches.
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { brief, convert, file, leftOut } from './converting.ts'

// In the form that kwokctl 0.7 writes: pods before nodes, times replaced by offsets, patches between versions.
const SNAPSHOT = `apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: v1
kind: Pod
metadata:
  annotations:
    prometheus.io/scrape: "true"
    note: |
      two

      lines
  creationTimestamp: $(time-offset-nanosecond -3000000000)
  labels:
    app: cart
  name: cart-0
  namespace: shop
  ownerReferences:
  - apiVersion: apps/v1
    controller: true
    kind: ReplicaSet
    name: cart-7d4
    uid: 1b7cf7a8-0000-4000-8000-000000000001
  uid: 1b7cf7a8-0000-4000-8000-000000000002
spec:
  containers:
  - image: cart:1
    name: main
    ports:
    - containerPort: 8080
      name: http
  nodeName: node-a
status:
  conditions:
  - status: "True"
    type: Ready
  - status: "True"
    type: PodScheduled
  phase: Running
  podIP: 10.0.0.1
---
apiVersion: v1
kind: Node
metadata:
  labels:
    zone: a
  name: node-a
  uid: 1b7cf7a8-0000-4000-8000-000000000003
status:
  conditions:
  - status: "True"
    type: Ready
---
apiVersion: apps/v1
kind: Deployment
metadata:
  generation: 1
  name: cart
  namespace: shop
  uid: 1b7cf7a8-0000-4000-8000-000000000004
spec:
  replicas: 1
  selector:
    matchLabels:
      app: cart
  template:
    metadata:
      labels:
        app: cart
    spec:
      containers:
      - image: cart:1
        name: main
      - image: proxy:1
        name: proxy
`

function patch(resource: string, name: string, ms: number, method: string, template = ''): string {
  const indented = template === '' ? '' : `template:\n${template.replaceAll(/^/gm, '  ')}\n`
  const namespace = resource === 'nodes' ? '' : '  namespace: shop\n'
  return `---
apiVersion: action.kwok.x-k8s.io/v1alpha1
durationNanosecond: ${ms * 1_000_000 + 12_345}
kind: ResourcePatch
method: ${method}
resource:
  resource: ${resource}
  version: v1
target:
  name: ${name}
${namespace}${indented}`
}

const NEW_POD = `metadata:
  labels:
    app: cart
  name: cart-1
  namespace: shop
  uid: 1b7cf7a8-0000-4000-8000-000000000005
spec:
  containers:
  - name: main`

void t.test('a snapshot and what changed after it', async t => {
  const recording =
    SNAPSHOT +
    patch('deployments', 'cart', 1000, 'patch', 'metadata:\n  generation: 2\nspec:\n  replicas: 2') +
    patch('pods', 'cart-1', 1010, 'create', NEW_POD) +
    patch('pods', 'cart-1', 1020, 'patch', 'spec:\n  nodeName: node-a') +
    patch('leases', 'node-a', 1030, 'patch', 'spec:\n  renewTime: $(time-offset-nanosecond 5)') +
    patch(
      'pods',
      'cart-1',
      1040,
      'patch',
      'status:\n  podIP: 10.0.0.2\n  conditions:\n  - status: "True"\n    type: Ready',
    ) +
    patch(
      'nodes',
      'node-a',
      2000,
      'patch',
      'status:\n  conditions:\n  - status: Unknown\n    type: Ready\n    reason: NodeStatusUnknown',
    ) +
    patch('pods', 'cart-0', 2001, 'patch', 'status:\n  conditions:\n  - status: "False"\n    type: Ready') +
    patch(
      'deployments',
      'cart',
      2500,
      'patch',
      'metadata:\n  generation: 3\nspec:\n  template:\n    spec:\n      containers:\n      - image: cart:2\n        name: main',
    ) +
    patch('deployments', 'cart', 2600, 'patch', 'status:\n  readyReplicas: 1') +
    patch(
      'pods',
      'cart-0',
      3000,
      'patch',
      'metadata:\n  deletionGracePeriodSeconds: 30\n  deletionTimestamp: $(time-offset-nanosecond 1)',
    ) +
    patch('pods', 'cart-0', 3500, 'delete')
  const { events, header, report } = await convert(file(recording))
  t.same(brief(events), [
    '0 node added node-a',
    '0 workload applied cart 1',
    '0 pod created cart-0',
    '0 pod bound cart-0 node-a',
    '0 pod addressed cart-0',
    '0 pod ready cart-0',
    '1000 workload scaled cart 2',
    '1010 pod created cart-1',
    '1020 pod bound cart-1 node-a',
    '1040 pod addressed cart-1',
    '1040 pod ready cart-1',
    '2000 node not-ready node-a',
    '2001 pod not-ready cart-0',
    '2500 workload applied cart 2',
    '3000 pod terminating cart-0',
    '3500 pod deleted cart-0',
  ])
  t.match(events[2], {
    owner: 'ReplicaSet/cart-7d4',
    uid: '1b7cf7a8-0000-4000-8000-000000000002',
    annotations: { 'prometheus.io/scrape': 'true' },
    containers: [{ name: 'main', image: 'cart:1', ports: [{ name: 'http', port: 8080 }] }],
  })
  t.match(events[11], { reason: 'NodeStatusUnknown' })
  t.match(events[13], { containers: [{ image: 'cart:2' }, { image: 'proxy:1' }] }, 'containers are merged by name')
  t.match(events[14], { graceS: 30 })
  t.equal(header.targets, 'annotated')
  t.equal(header.start, undefined, 'KWOK makes all times relative')
  t.equal(report.read['documents'], 15)
  t.same(leftOut(report), {
    'Namespace: a trace has no place for it': 1,
    'leases: a trace has no place for them': 1,
  })
})

void t.test(
  'a pod that comes back under its name is another; a node that nobody recorded is added when it is named',
  async t => {
    const recording =
      NEW_POD.replace(/^/, 'apiVersion: v1\nkind: Pod\n') +
      '\n' +
      patch('pods', 'cart-1', 5, 'patch', 'spec:\n  nodeName: node-x') +
      patch('pods', 'cart-1', 10, 'create', NEW_POD.replace('005', '006')) +
      patch('pods', 'cart-1', 7, 'patch', 'spec:\n  nodeName: node-x') +
      patch(
        'nodes',
        'node-x',
        12,
        'create',
        'metadata:\n  name: node-x\nstatus:\n  conditions:\n  - {type: Ready, status: "True"}',
      )
    const { events, report, header } = await convert(file(gzipSync(recording)))
    t.same(brief(events), [
      '0 pod created cart-1',
      '5 node added node-x',
      '5 pod bound cart-1 node-x',
      '10 pod deleted cart-1',
      '10 pod created cart-1',
      '10 pod bound cart-1 node-x',
    ])
    t.equal(header.targets, 'all')
    t.same(
      report.inferred.map(({ count }) => count),
      [1, 1],
    )
  },
)

void t.test('what is wrong is told with document and line, or counted', async t => {
  const bad =
    SNAPSHOT +
    patch('pods', 'cart-9', 1, 'patch', 'spec: {}') +
    patch('pods', 'cart-0', 2, 'mend', 'spec: {}') +
    '---\na: [b\n' +
    '---\njust text\n' +
    patch('pods', 'cart-0', -5, 'delete') +
    patch('pods', 'cart-0', 3, 'patch', 'spec:\n  containers:\n  - image: x') +
    '---\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\n' +
    patch('pods', 'cart-0', 4, 'delete')
  // The document begins with the line after the last --- before its method.
  const before = bad.slice(0, bad.indexOf('method: mend'))
  const line = before.slice(0, before.lastIndexOf('---\n')).split('\n').length + 1
  await t.rejects(convert(file(bad)), {
    code: 'CHURN_TRACE_CONVERT',
    message: new RegExp(`document 6 \\(line ${line}\\): unknown method "mend"`),
  })
  const { events, report } = await convert(file(bad), { lenient: true })
  t.equal(brief(events).at(-1), '4 pod deleted cart-0')
  t.same(leftOut(report), {
    'Namespace: a trace has no place for it': 1,
    'changes of objects that are not there': 1,
    malformed: 6,
  })
  t.match(
    report.leftOut.at(-1)!.examples.join('\n'),
    /is no YAML[^]*is no object[^]*which is no time[^]*merge key: name/,
  )
  await t.rejects(convert(file('kind: Pod\n')), /document 1 \(line 1\): is no Kubernetes object/)
  await t.rejects(convert(file(gzipSync(SNAPSHOT).subarray(0, 200)), { format: 'kwok' }), /compressed data are cut off/)
})
