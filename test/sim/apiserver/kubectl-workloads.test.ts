import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type { Node, Pod, Service } from 'kubernetes-types/core/v1.js'
import {
  Deployments,
  HorizontalPodAutoscalers,
  Namespaces,
  Nodes,
  Pods,
  ReplicaSets,
  Services,
} from '../../../sim/cluster/index.ts'
import { eachKubectl } from './kubectl-cluster.ts'

eachKubectl('rollouts', async (t, { lab, object, store }) => {
  t.equal(await lab('create deployment web --image=web:1 --replicas=3 --port=80'), 'deployment.apps/web created\n')
  t.match(await lab('rollout status deployment/web'), /deployment "web" successfully rolled out\n$/)
  t.match(await lab('get deployment web'), /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +3\/3 +3 +3 +\d+s\n$/)
  const web = (): Deployment => object<Deployment>(Deployments, 'web')
  const container = () => web().spec!.template.spec!.containers[0]!

  t.equal(await lab('set image deployment/web web=web:2'), 'deployment.apps/web image updated\n')
  t.match(await lab('rollout status deployment/web'), /deployment "web" successfully rolled out\n$/)
  t.equal(await lab('annotate deployment/web kubernetes.io/change-cause=second'), 'deployment.apps/web annotated\n')
  t.equal(
    await lab('rollout history deployment/web'),
    'deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         second\n\n',
  )
  t.match(
    await lab('rollout history deployment/web --revision=1'),
    /^deployment.apps\/web with revision #1\nPod Template:\n[^]* Image:\tweb:1\n/,
  )
  t.equal(
    await lab('rollout undo deployment/web --to-revision=9'),
    'error: unable to find specified revision 9 in history\n[exit 1]\n',
  )
  t.equal(await lab('rollout undo deployment/web'), 'deployment.apps/web rolled back\n')
  t.equal(container().image, 'web:1')
  t.equal(await lab('rollout pause deployment/web'), 'deployment.apps/web paused\n')
  t.equal(await lab('rollout pause deployment/web'), 'error: deployments.apps "web" is already paused\n[exit 1]\n')
  t.match(
    await lab('rollout restart deployment/web'),
    /can't restart paused deployment \(run rollout resume first\)\n\[exit 1\]\n$/,
  )
  t.equal(await lab('set env deployment/web A=b'), 'deployment.apps/web env updated\n')
  t.equal(
    await lab('set resources deployment/web --limits=cpu=200m,memory=128Mi'),
    'deployment.apps/web resource requirements updated\n',
  )
  t.equal(await lab('set env deployment/web --list'), '# Deployment web, container web\nA=b\n')
  t.match(container(), { env: [{ name: 'A', value: 'b' }], resources: { limits: { cpu: '200m', memory: '128Mi' } } })
  t.equal(await lab('rollout resume deployment/web'), 'deployment.apps/web resumed\n')
  t.equal(await lab('rollout restart deployment/web'), 'deployment.apps/web restarted\n')
  t.match(await lab('rollout status deployment/web'), /successfully rolled out\n$/)
  t.match(web().metadata!.annotations!['deployment.kubernetes.io/revision'], '5')

  t.equal(
    await lab('scale deployment/web --replicas=5 --current-replicas=9'),
    'error: Expected replicas to be 9, was 3\n[exit 1]\n',
  )
  t.equal(await lab('scale deployment/web --replicas=5'), 'deployment.apps/web scaled\n')
  t.equal(
    await lab('wait deployment/web --for=jsonpath={.status.readyReplicas}=5'),
    'deployment.apps/web condition met\n',
  )
  t.equal(await lab('wait deployment/web --for=condition=Available'), 'deployment.apps/web condition met\n')
  t.match(
    await lab('wait deployment/web --for=condition=Nonsense --timeout=100ms'),
    /error: timed out waiting for the condition on deployments\/web\n\[exit 1\]\n$/,
  )
  t.equal(await lab('autoscale deployment/web --min=1 --max=9'), 'horizontalpodautoscaler.autoscaling/web autoscaled\n')
  t.match(object<HorizontalPodAutoscaler>(HorizontalPodAutoscalers, 'web').spec, {
    minReplicas: 1,
    maxReplicas: 9,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  })
  t.equal(await lab('expose deployment/web --port=80 --target-port=8080'), 'service/web exposed\n')
  t.match(object<Service>(Services, 'web').spec, { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] })
  t.equal(await lab('set selector service/web app=other'), 'service/web selector updated\n')
  t.same(object<Service>(Services, 'web').spec!.selector, { app: 'other' })
  t.match(
    await lab('describe deployment web'),
    /\nReplicas: +5 desired \| 5 updated \| 5 total \| 5 available \| 0 unavailable\n[^]*\nNewReplicaSet: +web-\w+ \(5\/5 replicas created\)\nEvents:\n[^]* ScalingReplicaSet /,
  )
  t.match(
    await lab('describe service web'),
    /\nSelector: +app=other\n[^]*\nPort: +<unset> +80\/TCP\nTargetPort: +8080\/TCP\nEndpoints: +\n/,
  )
  t.match(
    await lab('events --for deployment/web'),
    /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n[^]*Normal +ScalingReplicaSet +Deployment\/web +Scaled up replica set web-\w+ from 0 to 3\n/,
  )
  t.equal(store.list<ReplicaSet>(ReplicaSets, 'lab').length, 4, 'one for each template')
})

eachKubectl('nodes, deletions and custom resources', async (t, { kubectl, lab, store, file }) => {
  const pods = (): Pod[] => store.list<Pod>(Pods, 'lab')
  t.equal(await lab('create deployment web --image=web:1 --replicas=4'), 'deployment.apps/web created\n')
  t.equal(await lab('run solo --image=busybox --labels=kind=solo'), 'pod/solo created\n')
  t.equal(await lab('wait pod --all --for=condition=Ready --timeout=30s').then(text => text.split('\n').length - 1), 5)
  t.equal(await kubectl('cordon', 'node-0'), 'node/node-0 cordoned\n')
  t.equal(await kubectl('cordon', 'node-0'), 'node/node-0 already cordoned\n')
  t.match(await kubectl('get', 'node', 'node-0'), /node-0 +Ready,SchedulingDisabled +<none>/)
  t.equal(await kubectl('taint', 'node', 'node-0', 'dedicated=db:NoSchedule'), 'node/node-0 tainted\n')
  t.match(store.get<Node>(Nodes, undefined, 'node-0')!.spec!.taints, [
    { key: 'dedicated', value: 'db', effect: 'NoSchedule' },
    { key: 'node.kubernetes.io/unschedulable' },
  ])
  t.equal(await kubectl('taint', 'node', 'node-0', 'dedicated-'), 'node/node-0 untainted\n')
  const bare = pods().find(pod => pod.metadata!.name === 'solo')!.spec!.nodeName!
  t.match(
    await kubectl('drain', bare),
    /cannot delete .*Pods that declare no controller \(use --force to override\): lab\/solo\n[^]*\[exit 1\]\n/,
  )
  const drained = await kubectl('drain', bare, '--force')
  t.match(drained, /\nevicting pod lab\/solo\n[^]*pod\/solo evicted\n[^]*node\/node-\d drained\n/)
  t.equal(pods().filter(pod => pod.spec!.nodeName === bare).length, 0)
  t.match(await kubectl('uncordon', 'node-0', 'node-1'), /node\/node-0 uncordoned\n/)
  t.equal(
    await lab('rollout status deployment/web').then(text => text.split('\n').at(-2)),
    'deployment "web" successfully rolled out',
  )

  t.equal(
    await lab('delete deployment web --cascade=orphan'),
    `deployment.apps "web" deleted${fromLab(await lab('version --client'))}\n`,
  )
  t.same(
    store.list<ReplicaSet>(ReplicaSets, 'lab').map(({ metadata }) => metadata.ownerReferences),
    [undefined],
  )
  t.equal(pods().length, 4)
  t.match(await lab('delete replicaset -l app=web --cascade=foreground'), /^replicaset.apps "web-\w+" deleted/)
  t.equal(pods().length, 0, 'waited for its pods')
  t.match(await lab('get all'), 'No resources found in lab namespace.\n')

  t.equal(await lab('run held --image=busybox'), 'pod/held created\n')
  t.equal(await lab('wait pod/held --for=condition=Ready'), 'pod/held condition met\n')
  t.match(
    await lab('delete pod held --grace-period=0 --force'),
    /Warning: Immediate deletion does not wait for confirmation[^]*pod "held" force deleted|pod "held" force deleted/,
  )
  t.equal(await lab('get pod held'), 'Error from server (NotFound): pods "held" not found\n[exit 1]\n')
  t.equal(await lab('delete pod held --ignore-not-found'), '')
  t.match(await lab('delete pod held'), 'Error from server (NotFound): pods "held" not found\n[exit 1]\n')
  await lab('create configmap one --from-literal=a=b')
  const finalizers = '{"metadata":{"finalizers":["example.com/hold"]}}'
  t.equal(
    await kubectl('patch', '-n', 'lab', 'configmap', 'one', '--type=merge', '-p', finalizers),
    'configmap/one patched\n',
  )
  t.match(await lab('delete configmap one --wait=false'), /^configmap "one" deleted/)
  t.match(
    await lab('wait configmap/one --for=delete --timeout=100ms'),
    /error: timed out waiting for the condition on configmaps\/one\n\[exit 1\]\n$/,
  )
  const waiting = lab('wait configmap/one --for=delete')
  t.match(
    await kubectl('patch', '-n', 'lab', 'configmap', 'one', '--type=merge', '-p', '{"metadata":{"finalizers":null}}'),
    'configmap/one patched\n',
  )
  t.match(await waiting, /^(configmap\/one condition met\n)?$/)

  const definition = await file('widgets.yaml', WIDGETS)
  t.equal(
    await kubectl('apply', '--server-side', '-f', definition),
    'customresourcedefinition.apiextensions.k8s.io/widgets.example.com serverside-applied\n',
  )
  t.equal(
    await kubectl('wait', 'crd/widgets.example.com', '--for=condition=Established'),
    'customresourcedefinition.apiextensions.k8s.io/widgets.example.com condition met\n',
  )
  const widget = await file('widget.yaml', WIDGET)
  t.equal(await kubectl('apply', '-f', widget), 'widget.example.com/small created\n')
  t.match(await lab('get widgets'), /^NAME +SIZE +AGE\nsmall +3 +\d+s\n$/)
  t.equal(
    await kubectl('apply', '--server-side', '-f', widget, '--force-conflicts'),
    'widget.example.com/small serverside-applied\n',
  )
  t.match(
    await kubectl('explain', 'widget.spec'),
    /^GROUP: +example.com\nKIND: +Widget\nVERSION: +v1\n[^]*\n {2}size\t<integer>\n {4}How large it is\.\n/,
  )
  t.match(await lab('get widget small -o jsonpath={.metadata.generation}/{.spec.colour}'), '1/red', 'with its default')
  t.match(await lab('delete widgets --all'), /^widget.example.com "small" deleted/)
  t.match(
    await kubectl('delete', '-f', definition),
    /^customresourcedefinition.apiextensions.k8s.io "widgets.example.com" deleted/,
  )

  t.match(await kubectl('delete', 'namespace', 'lab'), /^namespace "lab" deleted\n$/)
  t.equal(store.get(Namespaces, undefined, 'lab'), undefined, 'waited for')
})

/** From 1.34 on, kubectl says whence. */
function fromLab(version: string): string {
  return Number(/v1\.(\d+)/.exec(version)?.[1]) >= 34 ? ' from lab namespace' : ''
}

const WIDGETS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer, description: How large it is.}
              colour: {type: string, default: red}
`
const WIDGET = `
apiVersion: example.com/v1
kind: Widget
metadata: {name: small, namespace: lab}
spec: {size: 3}
`
