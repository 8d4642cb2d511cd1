import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { ConfigMaps, Nodes, Pods, Roles, Secrets } from '../../../sim/cluster/index.ts'
import { eachKubectl } from './kubectl-cluster.ts'

eachKubectl('what the server says of itself', async (t, { kubectl }) => {
  t.match(await kubectl('version'), /\nServer Version: v1\.\d+\.\d+\+churnbench\n/)
  t.match(await kubectl('cluster-info'), /Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1:\d+/)
  const versions = (await kubectl('api-versions')).split('\n')
  for (const version of ['v1', 'apps/v1', 'batch/v1', 'autoscaling/v2', 'apiextensions.k8s.io/v1']) {
    t.ok(versions.includes(version), version)
  }
  const resources = await kubectl('api-resources', '--namespaced=true', '-o', 'wide')
  t.match(resources, /\npods +po +v1 +true +Pod +create,delete,deletecollection,get,list,patch,update,watch +all\n/)
  t.match(resources, /\ndeployments +deploy +apps\/v1 +true +Deployment +create,/)
  t.match(await kubectl('api-resources', '--api-group=batch', '-o', 'name'), 'cronjobs.batch\njobs.batch\n')
  t.equal(await kubectl('get', '--raw', '/readyz'), 'ok')
  t.equal(await kubectl('get', '--raw', '/nothing').then(text => text.includes('NotFound')), true)

  t.match(
    await kubectl('explain', 'deployment.spec.strategy', '--recursive'),
    /^GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: strategy <DeploymentStrategy>\n[^]*FIELDS:\n {2}rollingUpdate\t<RollingUpdateDeployment>\n {4}maxSurge\t<IntOrString>\n {4}maxUnavailable\t<IntOrString>\n {2}type\t<string>\n/,
  )
  t.match(await kubectl('explain', 'pod.spec.containers.image'), /\nFIELD: image <string>\n/)
  t.match(await kubectl('explain', 'pod.spec.nothing'), /error: field "nothing" does not exist\n\[exit 1\]\n$/)
})

eachKubectl('create', async (t, { kubectl, lab, object }) => {
  const creates: readonly (readonly [words: string, answer: string])[] = [
    ['create configmap settings --from-literal=a=1', 'configmap/settings created'],
    ['create secret generic login --from-literal=password=secret', 'secret/login created'],
    ['create job once --image=busybox -- echo hi', 'job.batch/once created'],
    ['create cronjob nightly --image=busybox --schedule=@daily -- echo hi', 'cronjob.batch/nightly created'],
    ['create job now --from=cronjob/nightly', 'job.batch/now created'],
    ['create service clusterip inner --tcp=80:8080', 'service/inner created'],
    ['create service nodeport outer --tcp=80', 'service/outer created'],
    ['create service externalname alias --external-name=example.com', 'service/alias created'],
    ['create serviceaccount robot', 'serviceaccount/robot created'],
    ['create quota limits --hard=pods=10,cpu=4', 'resourcequota/limits created'],
    [
      'create role reader --verb=get,list --resource=pods,deployments.apps',
      'role.rbac.authorization.k8s.io/reader created',
    ],
    [
      'create rolebinding readers --role=reader --serviceaccount=lab:robot',
      'rolebinding.rbac.authorization.k8s.io/readers created',
    ],
    ['create poddisruptionbudget some --selector=app=web --min-available=1', 'poddisruptionbudget.policy/some created'],
    ['create priorityclass high --value=1000', 'priorityclass.scheduling.k8s.io/high created'],
    ['create ingress web --rule=example.com/*=inner:80', 'ingress.networking.k8s.io/web created'],
  ]
  for (const [words, answer] of creates) t.equal(await lab(words), `${answer}\n`)
  t.same(object(ConfigMaps, 'settings'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...object(ConfigMaps, 'settings').metadata, name: 'settings', namespace: 'lab' },
    data: { a: '1' },
  })
  t.notOk('generation' in object(ConfigMaps, 'settings').metadata, 'nobody counts the changes of a ConfigMap')
  t.match(object(Secrets, 'login'), { data: { password: 'c2VjcmV0' } })
  t.match(object(Roles, 'reader'), {
    rules: [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list'] },
    ],
  })
  t.equal(
    await lab('create configmap settings'),
    'error: failed to create configmap: configmaps "settings" already exists\n[exit 1]\n',
  )
  t.match(await lab('create configmap UPPER'), /a lowercase RFC 1123 subdomain must consist of[^]*\[exit 1\]/)
  t.equal(
    await kubectl('create', 'configmap', 'lost', '-n', 'nowhere'),
    'error: failed to create configmap: namespaces "nowhere" not found\n[exit 1]\n',
  )
  const dry = JSON.parse(await lab('create configmap dry --from-literal=a=b --dry-run=server -o json')) as {
    metadata: Record<string, string>
  }
  t.match(dry.metadata, { name: 'dry', uid: /^[0-9a-f-]{36}$/, creationTimestamp: /Z$/ })
  t.notOk('resourceVersion' in dry.metadata)
  t.throws(() => object(ConfigMaps, 'dry'))
  for (const kind of [
    'configmap/settings',
    'secret/login',
    'job/once',
    'cronjob/nightly',
    'service/inner',
    'role/reader',
  ]) {
    const name = kind.split('/')[1]!
    t.match(await lab(`describe ${kind}`), new RegExp(`^Name: +${name}\n`), kind)
  }
  t.match(
    await lab('describe serviceaccount,rolebinding,quota,pdb,ingress,priorityclass'),
    /^Name: +robot\n[^]*readers[^]*limits[^]*some[^]*web[^]*high/,
  )
})

eachKubectl('get', async (t, { kubectl, lab, store, folder, program }) => {
  await lab('create deployment web --image=web:1 --replicas=3')
  await lab('run solo --image=busybox --labels=kind=solo')
  await lab('wait pod --all --for=condition=Ready')
  const pods = store.list<Pod>(Pods, 'lab')
  const names = pods.map(({ metadata }) => metadata.name).sort()
  const column = (text: string): string[] =>
    text
      .trimEnd()
      .split('\n')
      .map(line => line.split(/ +/)[0]!)

  t.equal(await lab('get pods -o name'), names.map(name => `pod/${name}\n`).join(''))
  t.equal(
    await lab('get pods -o jsonpath={range.items[*]}{.metadata.name}:{.status.phase},{end}'),
    names.map(name => `${name}:Running,`).join(''),
  )
  t.equal(
    await lab('get pods -l kind=solo -o custom-columns=POD:.metadata.name,IMAGE:.spec.containers[*].image'),
    'POD    IMAGE\nsolo   busybox\n',
  )
  t.match(
    await lab('get pod solo --show-labels -L kind'),
    /^NAME +READY +STATUS +RESTARTS +AGE +KIND +LABELS\nsolo +1\/1 +Running +0 +\d+s +solo +kind=solo\n$/,
  )
  t.match(
    await lab('get pod solo -o wide'),
    /NODE +NOMINATED NODE +READINESS GATES\nsolo .* node-\d +<none> +<none>\n$/,
  )
  t.same(column(await lab('get pods --no-headers --sort-by=.metadata.name')), names)
  t.same(
    column(await kubectl('get', 'pods', '-A', '--no-headers', '--chunk-size=2', '-o', 'name')).length,
    4,
    'in pages',
  )
  t.same(column(await lab('get pods --no-headers -l app!=web')), ['solo'])
  t.same(
    column(await lab('get pods --no-headers --field-selector status.phase=Running,metadata.name!=solo')),
    names.filter(name => name !== 'solo'),
  )
  t.match(
    await lab('get all'),
    /^NAME +READY[^]*\npod\/solo [^]*\nNAME +READY +UP-TO-DATE[^]*\ndeployment.apps\/web [^]*\nreplicaset.apps\/web-/,
  )
  const yaml = await lab('get pod solo -o yaml')
  t.match(yaml, /^apiVersion: v1\nkind: Pod\nmetadata:\n {2}creationTimestamp: "/)
  t.notMatch(yaml, /managedFields/)
  t.match(
    await lab('get pod solo -o yaml --show-managed-fields'),
    /\n {4}manager: kubectl-run\n {4}operation: Update\n/,
  )
  t.equal(JSON.parse(await lab('get pods,deployments -o json')).items.length, 5)
  t.equal(
    await lab('get pod,service nothing'),
    'Error from server (NotFound): pods "nothing" not found\nError from server (NotFound): services "nothing" not found\n[exit 1]\n',
  )
  t.equal(await lab('get pods -l none=none'), 'No resources found in lab namespace.\n')
  t.equal(await lab('get nothing'), `error: the server doesn't have a resource type "nothing"\n[exit 1]\n`)
  t.equal(
    await lab('get pods --field-selector spec.nothing=1'),
    'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "spec.nothing=1": field label not supported: spec.nothing\n[exit 1]\n',
  )
  const page = JSON.parse(await kubectl('get', '--raw', '/api/v1/namespaces/lab/pods?limit=1'))
  t.match(page.metadata, { remainingItemCount: 3, continue: String })

  const watch = spawn(program, ['-n', 'lab', 'get', 'pods', '-l', 'kind=solo', '-w', '--output-watch-events'], {
    env: { PATH: '/usr/bin:/bin', HOME: folder, KUBECONFIG: `${folder}/kubeconfig` },
  })
  t.teardown(() => watch.kill())
  const lines = createInterface(watch.stdout)[Symbol.asyncIterator]()
  const line = async (): Promise<string> => String((await lines.next()).value)
  t.match(await line(), /^EVENT +NAME +READY/)
  t.match(await line(), /^ADDED +solo +1\/1 +Running/)
  t.equal(await lab('label pod solo colour=red'), 'pod/solo labeled\n')
  t.match(await line(), /^MODIFIED +solo +1\/1 +Running/)
  watch.kill()
  t.equal(
    await lab('label pod solo colour=blue'),
    `error: 'colour' already has a value (red), and --overwrite is false\n[exit 1]\n`,
  )
  t.equal(await lab('label pod solo colour=blue --overwrite'), 'pod/solo labeled\n')
  t.equal(await lab('label pod solo colour-'), 'pod/solo unlabeled\n')
  t.equal(await lab('annotate pod solo note=hi'), 'pod/solo annotated\n')
  t.match(store.get<Pod>(Pods, 'lab', 'solo')!.metadata, { labels: { kind: 'solo' }, annotations: { note: 'hi' } })

  const described = await lab('describe pod solo')
  t.match(described, /^Name: +solo\nNamespace: +lab\n[^]*\nStatus: +Running\n[^]*\nQoS Class: +BestEffort\n/)
  t.match(described, /\nEvents:\n[^]* Scheduled [^]*default-scheduler +Successfully assigned lab\/solo to node-\d\n/)
  const node = store.list<Node>(Nodes)[0]!.metadata.name
  t.match(
    await kubectl('describe', 'node', node),
    /\nLease:\n +HolderIdentity: +node-\d\n[^]*\nNon-terminated Pods: +\(\d in total\)\n/,
  )
  t.match(await kubectl('describe', 'namespace', 'lab'), /^Name: +lab\n[^]*\nStatus: +Active\n/)
})

eachKubectl('patch and replace', async (t, { lab, kubectl, file, object }) => {
  await lab('create configmap settings --from-literal=a=1 --from-literal=b=2')
  const data = (): unknown => (object(ConfigMaps, 'settings') as { data?: unknown }).data
  const patch = (type: string, body: string): Promise<string> =>
    kubectl('-n', 'lab', 'patch', 'configmap', 'settings', `--type=${type}`, '-p', body)
  t.equal(await patch('json', '[{"op":"replace","path":"/data/a","value":"3"}]'), 'configmap/settings patched\n')
  t.equal(
    await patch('json', '[{"op":"test","path":"/data/a","value":"9"}]'),
    'The request is invalid: the server rejected our request due to an error in our request\n[exit 1]\n',
  )
  t.equal(await patch('merge', '{"data":{"b":null,"c":"4"}}'), 'configmap/settings patched\n')
  t.equal(await patch('strategic', '{"data":{"c":"4"}}'), 'configmap/settings patched (no change)\n')
  t.same(data(), { a: '3', c: '4' })
  t.match(
    await patch('merge', '{"wrong":1}'),
    /^configmap\/settings patched \(no change\)\nWarning: unknown field "wrong"\n$/,
  )

  const settings = JSON.parse(await lab('get configmap settings -o json')) as Record<string, unknown>
  const path = await file('settings.json', JSON.stringify({ ...settings, data: { d: '5' } }))
  t.equal(await kubectl('replace', '-f', path), 'configmap/settings replaced\n')
  t.same(data(), { d: '5' })
  t.match(
    await kubectl('replace', '-f', path),
    /^Error from server \(Conflict\): error when replacing ".*": Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your changes to the latest version and try again\n\[exit 1\]\n$/,
  )
  const { uid } = object(ConfigMaps, 'settings').metadata
  t.match(
    await kubectl('replace', '--force', '-f', path),
    /^configmap "settings" deleted.*\nconfigmap\/settings replaced\n$/,
  )
  t.not(object(ConfigMaps, 'settings').metadata.uid, uid)
})
