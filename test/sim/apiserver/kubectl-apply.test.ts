import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { ConfigMap } from 'kubernetes-types/core/v1.js'
import { ConfigMaps, Deployments } from '../../../sim/cluster/index.ts'
import { eachKubectl } from './kubectl-cluster.ts'

const APP = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: lab, labels: {tier: front}}
spec:
  replicas: 2
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
      - {name: one, image: "one:1", env: [{name: A, value: a}, {name: B, value: b}], ports: [{containerPort: 80}]}
      - {name: two, image: "two:1"}
`
const LESS = APP.replace(', labels: {tier: front}', '')
  .replace(', {name: B, value: b}', '')
  .replace(/^ *- \{name: two.*\n/m, '')

const CONFIG = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: lab}
data: {a: "1", b: "2"}
`

eachKubectl('client-side apply, diff and edit', async (t, { kubectl, lab, file, object }) => {
  const more = await file('more.yaml', APP)
  const less = await file('less.yaml', LESS)
  const containers = () =>
    object<Deployment>(Deployments, 'app').spec!.template.spec!.containers.map(({ name, env = [] }) => [
      name,
      ...env.map(each => each.name),
    ])

  t.equal(await kubectl('apply', '-f', more), 'deployment.apps/app created\n')
  t.equal(await kubectl('apply', '-f', more), 'deployment.apps/app unchanged\n')
  t.same(containers(), [['one', 'A', 'B'], ['two']])
  const diff = await kubectl('diff', '-f', less)
  t.match(diff, /\n\[exit 1\]\n$/)
  t.same(
    diff.split('\n').filter(line => /^[-+] /.test(line)),
    [
      '-  generation: 1',
      '-  labels:',
      '-    tier: front',
      '+  generation: 2',
      '-        - name: B',
      '-          value: b',
      '-      - image: two:1',
      '-        imagePullPolicy: IfNotPresent',
      '-        name: two',
      '-        resources: {}',
      '-        terminationMessagePath: /dev/termination-log',
      '-        terminationMessagePolicy: File',
    ],
    'what would go, and nothing else',
  )
  t.equal(await kubectl('apply', '-f', less, '--dry-run=server'), 'deployment.apps/app configured (server dry run)\n')
  t.same(containers(), [['one', 'A', 'B'], ['two']], 'a dry run changes nothing')
  t.equal(await kubectl('apply', '-f', less), 'deployment.apps/app configured\n')
  t.same(containers(), [['one', 'A']], 'items and fields that are no longer there are taken out')
  t.equal(object(Deployments, 'app').metadata.labels, undefined)
  t.equal(object(Deployments, 'app').metadata.generation, 2)
  t.equal(await kubectl('diff', '-f', less), '')

  const edit = (script: string): Promise<string> => lab('edit deployment app', { env: { KUBE_EDITOR: script } })
  t.equal(await edit(`sed -i s/replicas:.*/replicas:\\ 1/`), 'deployment.apps/app edited\n')
  t.equal(object<Deployment>(Deployments, 'app').spec!.replicas, 1)
  t.equal(await edit('true'), 'Edit cancelled, no changes made.\n')
  t.match(await edit(`sed -i s/replicas:.*/replicas:\\ -1/`), /is invalid\n[^]*\[exit 1\]\n$/)
  t.equal(object<Deployment>(Deployments, 'app').spec!.replicas, 1)

  const base = await file('kustomization.yaml', 'namePrefix: k-\nresources: [settings.yaml]\n')
  await file('settings.yaml', CONFIG)
  t.equal(await kubectl('apply', '-k', base.replace(/\/kustomization.yaml$/, '')), 'configmap/k-settings created\n')
  t.equal(
    await kubectl('apply', '-f', await file('bad.yaml', CONFIG.replace('\ndata:', '\ndate:'))),
    `Error from server (BadRequest): error when creating "${base.replace('kustomization', 'bad')}": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "date"\n[exit 1]\n`,
  )
  t.match(
    await kubectl(
      'apply',
      '--prune',
      '-l',
      'team=a',
      '-f',
      await file('one.yaml', CONFIG.replace('namespace: lab', 'namespace: lab, labels: {team: a}')),
    ),
    'configmap/settings created\n',
  )
  const other = CONFIG.replace('name: settings, namespace: lab', 'name: other, namespace: lab, labels: {team: a}')
  t.match(
    await kubectl(
      'apply',
      '-n',
      'lab',
      '--prune',
      '-l',
      'team=a',
      '--prune-allowlist=core/v1/ConfigMap',
      '-f',
      await file('two.yaml', other),
    ),
    'configmap/other created\nconfigmap/settings pruned\n',
  )
})

eachKubectl('server-side apply', async (t, { kubectl, lab, file, object }) => {
  const settings = await file('settings.yaml', CONFIG)
  const changed = await file('changed.yaml', CONFIG.replace('b: "2"', 'b: "3", c: "4"'))
  const managers = (): string[] =>
    (object(ConfigMaps, 'settings').metadata.managedFields ?? []).map(
      ({ manager, operation, fieldsV1 }) => `${operation} ${manager} ${JSON.stringify(fieldsV1)}`,
    )
  const last = '"f:kubectl.kubernetes.io/last-applied-configuration":{}'

  t.equal(await kubectl('apply', '-f', settings), 'configmap/settings created\n')
  t.same(managers(), [
    `Update kubectl-client-side-apply {"f:data":{".":{},"f:a":{},"f:b":{}},"f:metadata":{"f:annotations":{".":{},${last}}}}`,
  ])
  t.equal(await kubectl('apply', '--server-side', '-f', settings), 'configmap/settings serverside-applied\n')
  t.same(
    managers(),
    [
      'Apply kubectl {"f:data":{"f:a":{},"f:b":{}}}',
      `Apply kubectl-last-applied {"f:metadata":{"f:annotations":{${last}}}}`,
    ],
    'the owner by client-side apply has become one by server-side apply',
  )
  const conflicting = ['apply', '--server-side', '--field-manager=other', '-f', changed]
  t.match(
    await kubectl(...conflicting),
    /^error: Apply failed with 1 conflict: conflict with "kubectl": \.data\.b\nPlease review [^]*\[exit 1\]\n$/,
  )
  t.equal(object<ConfigMap>(ConfigMaps, 'settings').data!['b'], '2')
  t.equal(
    await kubectl(...conflicting, '--force-conflicts', '--dry-run=server'),
    'configmap/settings serverside-applied (server dry run)\n',
  )
  t.equal(object<ConfigMap>(ConfigMaps, 'settings').data!['b'], '2')
  t.equal(await kubectl(...conflicting, '--force-conflicts'), 'configmap/settings serverside-applied\n')
  t.same(object<ConfigMap>(ConfigMaps, 'settings').data, { a: '1', b: '3', c: '4' })
  t.same(managers(), [
    'Apply kubectl {"f:data":{"f:a":{}}}',
    `Apply kubectl-last-applied {"f:metadata":{"f:annotations":{${last}}}}`,
    'Apply other {"f:data":{"f:a":{},"f:b":{},"f:c":{}}}',
  ])
  const nothing = await file('nothing.yaml', CONFIG.replace(/\ndata:.*/, ''))
  t.equal(
    await kubectl('apply', '--server-side', '--field-manager=other', '-f', nothing),
    'configmap/settings serverside-applied\n',
  )
  t.same(object<ConfigMap>(ConfigMaps, 'settings').data, { a: '1' }, 'what nobody applies any more is gone')

  t.equal(
    await kubectl('apply', '--server-side', '-f', await file('app.yaml', APP)),
    'deployment.apps/app serverside-applied\n',
  )
  t.match(
    await kubectl('diff', '--server-side', '-f', await file('app2.yaml', APP.replace('one:1', 'one:2'))),
    /\n-.* image: one:1\n\+.* image: one:2\n[^]*\[exit 1\]\n$/,
  )
  t.equal(await lab('set image deployment/app two=two:2'), 'deployment.apps/app image updated\n')
  t.match(
    await kubectl('apply', '--server-side', '-f', await file('app.yaml', APP)),
    /^error: Apply failed with 1 conflict: conflict with "kubectl-set" using apps\/v1: \.spec\.template\.spec\.containers\[name="two"\]\.image\n/,
  )
  t.equal(await lab('scale deployment/app --replicas=4'), 'deployment.apps/app scaled\n')
  t.match(
    await kubectl(
      'apply',
      '--server-side',
      '--field-manager=second',
      '-f',
      await file('three.yaml', APP.replace('two:1', 'two:2').replace('replicas: 2', 'replicas: 3')),
    ),
    /conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas\n/,
  )
})
