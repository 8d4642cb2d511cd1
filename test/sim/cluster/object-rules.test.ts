import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Namespace, Pod, Service } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Prng, VirtualClock } from '../../../base/index.ts'
import {
  admitPod,
  allocateServiceAddresses,
  ApiError,
  applyDefaults,
  compileLabelSelector,
  Deployments,
  Events,
  formatLabelSelector,
  type KubeObject,
  Leases,
  Namespaces,
  Nodes,
  ObjectStore,
  parseFieldSelector,
  parseLabelSelector,
  Pods,
  type ResourceType,
  Services,
  validate,
  validateUpdate,
} from '../../../sim/cluster/index.ts'

function refusal(fn: () => unknown): ApiError {
  try {
    fn()
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

void t.test('label selectors of queries', async t => {
  const cases: [selector: string, labels: Record<string, string> | undefined, matches: boolean][] = [
    ['app=web', { app: 'web' }, true],
    ['app==web', { app: 'api' }, false],
    ['app = web , tier=front', { app: 'web', tier: 'front' }, true],
    ['app!=web', { app: 'api' }, true],
    ['app!=web', {}, true],
    ['app in (web, api)', { app: 'api' }, true],
    ['app in (web,api)', {}, false],
    ['app notin (web,api)', { app: 'db' }, true],
    ['app notin (web)', undefined, true],
    ['app', { app: '' }, true],
    ['app', {}, false],
    ['!app', {}, true],
    ['! app', { app: 'x' }, false],
    ['app=', { app: '' }, true],
    ['app in (,web)', { app: '' }, true],
    ['in=notin', { in: 'notin' }, true],
    ['example.com/app=web,!canary', { 'example.com/app': 'web' }, true],
    ['constructor', {}, false],
  ]
  for (const [selector, labels, matches] of cases) {
    t.equal(parseLabelSelector(selector)!(labels), matches, `${selector} on ${JSON.stringify(labels)}`)
  }
  t.equal(parseLabelSelector(''), undefined)
  t.equal(parseLabelSelector('  '), undefined)
  for (const bad of [
    'app=web,',
    ',app',
    'app in web',
    'app in (web',
    '=web',
    'app=(a)',
    'a b',
    'app=a=b',
    '-app=x',
    'app=-x',
    'a/b/c=d',
  ]) {
    t.equal(refusal(() => parseLabelSelector(bad)).code, 400, bad)
  }
})

void t.test('label selectors of objects', async t => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['b', 'a'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  }
  const matches = compileLabelSelector(selector)
  t.ok(matches({ app: 'web', tier: 'a' }))
  t.notOk(matches({ app: 'web', tier: 'a', old: '' }))
  t.equal(formatLabelSelector(selector), 'app=web,!old,tier in (a,b)')
})

void t.test('field selectors', async t => {
  const running = {
    metadata: { name: 'a', namespace: 'x' },
    spec: { nodeName: 'n1', containers: [] },
    status: { phase: 'Running' },
  } as Pod
  t.ok(parseFieldSelector(Pods, 'spec.nodeName=n1,status.phase!=Failed')!(running))
  t.notOk(parseFieldSelector(Pods, 'metadata.name==b')!(running))
  t.ok(parseFieldSelector(Nodes, 'spec.unschedulable=false')!({}))
  t.ok(parseFieldSelector(Events, 'reason=a\\,b')!({ reason: 'a,b', involvedObject: {} } as KubeObject))
  t.equal(refusal(() => parseFieldSelector(Pods, 'spec.foo=1')).message, 'field label not supported: spec.foo')
  t.match(refusal(() => parseFieldSelector(Leases, 'spec.foo=1')).message, 'is not a known field selector')
  t.match(refusal(() => parseFieldSelector(Pods, 'metadata.name')).message, "can't understand 'metadata.name'")
})

function deployment(change: (spec: NonNullable<Deployment['spec']>) => void = () => {}): Deployment {
  const object: Deployment = {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'web' }] } },
    },
  }
  change(object.spec!)
  return object
}

void t.test('defaults are those of Kubernetes, and applying them again changes nothing', async t => {
  const object = deployment()
  applyDefaults(Deployments, object)
  t.match(object.spec, {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    template: {
      spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30, containers: [{ imagePullPolicy: 'Always' }] },
    },
  })
  t.notOk(object.spec!.template.spec!.tolerations, 'admission is for pods, not for templates')

  const pod: Pod = {
    metadata: { name: 'p' },
    spec: {
      containers: [{ name: 'a', image: 'registry:5000/web:1', resources: { limits: { cpu: '1', memory: '1Gi' } } }],
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
      ],
    },
  }
  applyDefaults(Pods, pod)
  admitPod(pod, { tolerationSeconds: 300 })
  t.match(pod, {
    spec: { containers: [{ imagePullPolicy: 'IfNotPresent', resources: { requests: { cpu: '1', memory: '1Gi' } } }] },
    status: { phase: 'Pending', qosClass: 'Guaranteed' },
  })
  t.same(
    pod.spec!.tolerations!.map(({ key, tolerationSeconds }) => [key, tolerationSeconds]),
    [
      ['node.kubernetes.io/not-ready', 5],
      ['node.kubernetes.io/unreachable', 300],
    ],
  )
  const once = structuredClone(pod)
  applyDefaults(Pods, pod)
  admitPod(pod, { tolerationSeconds: 300 })
  t.same(pod, once)

  const namespace: Namespace = { metadata: { name: 'n' } }
  applyDefaults(Namespaces, namespace)
  t.match(namespace, {
    metadata: { labels: { 'kubernetes.io/metadata.name': 'n' } },
    spec: { finalizers: ['kubernetes'] },
  })
})

void t.test('cluster addresses follow from the name and never clash', async t => {
  const addresses = (): string[] => {
    const store = new ObjectStore(new VirtualClock(), new Prng('x'))
    return Array.from({ length: 300 }, (_, i) => {
      const service: Service = {
        metadata: { name: `s${i}`, namespace: 'default' },
        spec: { type: 'NodePort', ports: [{ port: 80 }] },
      }
      allocateServiceAddresses(store, service)
      store.create(Services, service)
      return `${service.spec!.clusterIP} ${service.spec!.ports![0]!.nodePort}`
    })
  }
  const all = addresses()
  t.equal(new Set(all.map(line => line.split(' ')[0])).size, 300)
  t.equal(new Set(all.map(line => line.split(' ')[1])).size, 300)
  t.ok(all.every(line => /^10\.(9[6-9]|10\d|11[01])\.\d+\.\d+ 3[0-2]\d{3}$/.test(line)))
  t.same(addresses(), all)
})

void t.test('validation words its refusals as Kubernetes does', async t => {
  const cases: [type: ResourceType, object: KubeObject, message: string][] = [
    [Pods, { metadata: { name: 'p' } }, 'Pod "p" is invalid: spec.containers: Required value'],
    [
      Deployments,
      deployment(spec => (spec.selector = {})),
      'Deployment.apps "web" is invalid: spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ],
    [
      Deployments,
      deployment(spec => (spec.template.metadata!.labels = { app: 'api' })),
      'Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value: {"app":"api"}: `selector` does not match template `labels`',
    ],
    [
      Deployments,
      deployment(spec => (spec.strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } })),
      'Deployment.apps "web" is invalid: spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
    ],
    [
      Deployments,
      deployment(spec => {
        spec.replicas = -1
        spec.template.spec!.containers[0]!.name = 'A'
      }),
      'Deployment.apps "web" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, ' +
        'spec.template.spec.containers[0].name: Invalid value: "A": a lowercase RFC 1123 label must consist of',
    ],
    [
      Services,
      { metadata: { name: '1a' } },
      'Service "1a" is invalid: [metadata.name: Invalid value: "1a": a DNS-1035 label must consist',
    ],
    [
      Services,
      { metadata: { name: 's' }, spec: { ports: [{ port: 80 }, { port: 81 }] } } as Service,
      'Service "s" is invalid: [spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
    ],
    [
      Namespaces,
      { metadata: { name: 'a.b' } },
      'Namespace "a.b" is invalid: metadata.name: Invalid value: "a.b": a lowercase RFC 1123 label',
    ],
    [
      Namespaces,
      { metadata: { name: 'a', labels: { 'x/': 'y' } } },
      'Namespace "a" is invalid: metadata.labels: Invalid value: "x/": name part must be non-empty',
    ],
  ]
  for (const [type, object, message] of cases) {
    applyDefaults(type, object)
    const error = refusal(() => validate(type, object))
    t.equal(error.code, 422)
    t.ok(error.message.startsWith(message), `${error.message}\nshould be\n${message}`)
    t.ok(error.details?.causes?.every(cause => cause.field !== undefined && cause.message !== undefined))
  }
})

void t.test('what is immutable stays', async t => {
  const before = deployment()
  applyDefaults(Deployments, before)
  const after = structuredClone(before)
  after.spec!.selector.matchLabels = { app: 'other' }
  t.equal(
    refusal(() => validateUpdate(Deployments, after, before)).message,
    'Deployment.apps "web" is invalid: [spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not ' +
      'match template `labels`, spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable]',
  )
  const pod: Pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'x:1' }] } }
  applyDefaults(Pods, pod)
  const newImage = structuredClone(pod)
  newImage.spec!.containers[0]!.image = 'x:2'
  validateUpdate(Pods, newImage, pod)
  const newName = structuredClone(pod)
  newName.spec!.containers[0]!.name = 'b'
  t.match(refusal(() => validateUpdate(Pods, newName, pod)).message, 'pod updates may not change fields other than')
  const service: Service = {
    metadata: { name: 's' },
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.9', ports: [{ port: 80 }] },
  }
  applyDefaults(Services, service)
  t.match(
    refusal(() =>
      validateUpdate(Services, { ...service, spec: { ...service.spec, clusterIP: '10.96.0.8' } } as Service, service),
    ).message,
    'may not change once set',
  )
})
