import t from 'tap'
import { Informer } from '../../../scraper/discovery/kubernetes/informer.ts'
import type { KubeResource } from '../../../scraper/discovery/kubernetes/kube-types.ts'
import type { Role } from '../../../scraper/discovery/kubernetes/role.ts'
import { endpointsRole } from '../../../scraper/discovery/kubernetes/role-endpoints.ts'
import { endpointSliceRole } from '../../../scraper/discovery/kubernetes/role-endpointslice.ts'
import { ingressRole } from '../../../scraper/discovery/kubernetes/role-ingress.ts'
import { nodeRole } from '../../../scraper/discovery/kubernetes/role-node.ts'
import { podRole } from '../../../scraper/discovery/kubernetes/role-pod.ts'
import { serviceRole } from '../../../scraper/discovery/kubernetes/role-service.ts'
import { RoleWatcher } from '../../../scraper/discovery/kubernetes/role-watcher.ts'
import type { TargetGroup } from '../../../scraper/discovery/target-group.ts'

/** A role at work on stores that the test fills. */
class Watched {
  readonly groups = new Map<string, TargetGroup>()
  readonly stores: Map<KubeResource, Informer>

  constructor(role: Role, ...resources: KubeResource[]) {
    const all = [role.resource, ...role.needs, ...resources]
    this.stores = new Map(all.map(resource => [resource, new Informer()]))
    const emit = (groups: readonly TargetGroup[]): void => groups.forEach(group => this.groups.set(group.source, group))
    new RoleWatcher(
      role,
      this.stores,
      emit,
      () => {},
      () => {},
    ).start()
  }

  async sync(objects: Partial<Record<KubeResource, object[]>>): Promise<void> {
    for (const [resource, informer] of this.stores) informer.replace(objects[resource] ?? [])
    await Promise.resolve()
  }

  async put(resource: KubeResource, object: object): Promise<void> {
    this.stores.get(resource)!.upsert(object)
    await Promise.resolve()
  }

  group(source: string): TargetGroup {
    return this.groups.get(source)!
  }
}

const META = '__meta_kubernetes_'

/** Without the common beginning of all meta labels, to be readable. */
function short(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name.replace(META, ''), value]))
}

const POD = {
  metadata: {
    name: 'web-1',
    namespace: 'ns',
    uid: 'u1',
    labels: { 'app.kubernetes.io/name': 'web' },
    annotations: { 'prometheus.io/scrape': 'true' },
    ownerReferences: [
      { kind: 'Other', name: 'o', apiVersion: 'v1', uid: 'x' },
      { kind: 'ReplicaSet', name: 'web', controller: true, apiVersion: 'apps/v1', uid: 'y' },
    ],
  },
  spec: {
    nodeName: 'n1',
    containers: [
      {
        name: 'main',
        image: 'web:1',
        ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }, { containerPort: 81 }],
      },
      { name: 'side', image: 'side:1' },
    ],
    initContainers: [{ name: 'init', image: 'init:1', ports: [{ containerPort: 82 }] }],
  },
  status: {
    podIP: '10.1.0.1',
    hostIP: '10.0.0.1',
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [{ name: 'main', containerID: 'cri://1' }],
  },
}

const POD_LABELS = {
  pod_name: 'web-1',
  pod_ip: '10.1.0.1',
  pod_host_ip: '10.0.0.1',
  pod_ready: 'true',
  pod_phase: 'Running',
  pod_node_name: 'n1',
  pod_uid: 'u1',
  pod_controller_kind: 'ReplicaSet',
  pod_controller_name: 'web',
  pod_label_app_kubernetes_io_name: 'web',
  pod_labelpresent_app_kubernetes_io_name: 'true',
  pod_annotation_prometheus_io_scrape: 'true',
  pod_annotationpresent_prometheus_io_scrape: 'true',
}

t.test('pod: a target per port, one for a container without ports, init containers too', async t => {
  const watched = new Watched(podRole)
  await watched.sync({ pods: [POD] })
  const group = watched.group('pod/ns/web-1')
  t.strictSame(short(group.labels), { ...POD_LABELS, namespace: 'ns' })
  t.strictSame(group.targets.map(short), [
    {
      __address__: '10.1.0.1:80',
      pod_container_name: 'main',
      pod_container_image: 'web:1',
      pod_container_id: 'cri://1',
      pod_container_init: 'false',
      pod_container_port_name: 'http',
      pod_container_port_number: '80',
      pod_container_port_protocol: 'TCP',
    },
    {
      __address__: '10.1.0.1:81',
      pod_container_name: 'main',
      pod_container_image: 'web:1',
      pod_container_id: 'cri://1',
      pod_container_init: 'false',
      pod_container_port_name: '',
      pod_container_port_number: '81',
      pod_container_port_protocol: '',
    },
    {
      __address__: '10.1.0.1',
      pod_container_name: 'side',
      pod_container_image: 'side:1',
      pod_container_id: '',
      pod_container_init: 'false',
    },
    {
      __address__: '10.1.0.1:82',
      pod_container_name: 'init',
      pod_container_image: 'init:1',
      pod_container_id: '',
      pod_container_init: 'true',
      pod_container_port_name: '',
      pod_container_port_number: '82',
      pod_container_port_protocol: '',
    },
  ])
  await watched.put('pods', { ...POD, status: { ...POD.status, podIP: 'fd00::1', conditions: [] } })
  t.equal(watched.group('pod/ns/web-1').targets[0]!['__address__'], '[fd00::1]:80')
  t.equal(short(watched.group('pod/ns/web-1').labels)['pod_ready'], 'unknown')
  watched.stores.get('pods')!.delete(POD)
  await Promise.resolve()
  t.same(watched.group('pod/ns/web-1').targets, [])
})

t.test(
  'pod with attached metadata: of its node and namespace, as these change; without its node it is no target',
  async t => {
    const watched = new Watched(podRole, 'nodes', 'namespaces')
    await watched.sync({ pods: [POD], namespaces: [{ metadata: { name: 'ns', labels: { team: 'a' } } }] })
    t.equal(watched.groups.size, 0)
    await watched.put('nodes', { metadata: { name: 'n1', labels: { zone: 'z' } } })
    t.match(short(watched.group('pod/ns/web-1').labels), {
      node_name: 'n1',
      node_label_zone: 'z',
      namespace_label_team: 'a',
      namespace_labelpresent_team: 'true',
    })
    await watched.put('namespaces', { metadata: { name: 'ns', labels: { team: 'b' } } })
    t.equal(short(watched.group('pod/ns/web-1').labels)['namespace_label_team'], 'b')
  },
)

const SERVICE = {
  metadata: { name: 'web', namespace: 'ns', labels: { tier: 'front' } },
  spec: { type: 'ClusterIP', clusterIP: '10.9.0.1', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
}

const SLICE = {
  metadata: { name: 'web-abc', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 80, protocol: 'TCP', appProtocol: 'http' }],
  endpoints: [
    {
      addresses: ['10.1.0.1'],
      conditions: { ready: true, serving: true, terminating: false },
      targetRef: { kind: 'Pod', namespace: 'ns', name: 'web-1' },
      nodeName: 'n1',
      zone: 'z1',
      hostname: 'h',
    },
    { addresses: ['192.168.0.1'], conditions: {} },
  ],
}

t.test('endpointslice: endpoints, with their pods and service, and the other ports of the pods', async t => {
  const watched = new Watched(endpointSliceRole)
  await watched.sync({ endpointslices: [SLICE], services: [SERVICE], pods: [POD] })
  const group = watched.group('endpointslice/ns/web-abc')
  t.strictSame(short(group.labels), {
    namespace: 'ns',
    endpointslice_address_type: 'IPv4',
    endpointslice_name: 'web-abc',
    endpointslice_label_kubernetes_io_service_name: 'web',
    endpointslice_labelpresent_kubernetes_io_service_name: 'true',
    service_name: 'web',
    service_label_tier: 'front',
    service_labelpresent_tier: 'true',
  })
  const [endpoint, foreign, ...others] = group.targets.map(short)
  t.strictSame(endpoint, {
    __address__: '10.1.0.1:80',
    endpointslice_port_name: 'http',
    endpointslice_port_protocol: 'TCP',
    endpointslice_port: '80',
    endpointslice_port_app_protocol: 'http',
    endpointslice_endpoint_conditions_ready: 'true',
    endpointslice_endpoint_conditions_serving: 'true',
    endpointslice_endpoint_conditions_terminating: 'false',
    endpointslice_endpoint_hostname: 'h',
    endpointslice_address_target_kind: 'Pod',
    endpointslice_address_target_name: 'web-1',
    endpointslice_endpoint_node_name: 'n1',
    endpointslice_endpoint_zone: 'z1',
    ...POD_LABELS,
    pod_container_name: 'main',
    pod_container_image: 'web:1',
    pod_container_init: 'false',
    pod_container_port_name: 'http',
    pod_container_port_number: '80',
    pod_container_port_protocol: 'TCP',
  })
  t.strictSame(foreign, {
    __address__: '192.168.0.1:80',
    endpointslice_port_name: 'http',
    endpointslice_port_protocol: 'TCP',
    endpointslice_port: '80',
    endpointslice_port_app_protocol: 'http',
  })
  t.same(
    others.map(target => [target['__address__'], target['pod_container_name'], target['endpointslice_port']]),
    [
      ['10.1.0.1:81', 'main', undefined],
      ['10.1.0.1:82', 'init', undefined],
    ],
  )
})

t.test('endpointslice: what the pod or the service becomes is told at once', async t => {
  const watched = new Watched(endpointSliceRole)
  await watched.sync({ endpointslices: [SLICE] })
  const source = 'endpointslice/ns/web-abc'
  t.equal(watched.group(source).targets.length, 2)
  await watched.put('pods', POD)
  t.equal(watched.group(source).targets.length, 4)
  await watched.put('pods', { ...POD, status: { ...POD.status, phase: 'Failed' } })
  t.equal(short(watched.group(source).targets[0]!)['pod_phase'], 'Failed')
  await watched.put('services', SERVICE)
  t.equal(short(watched.group(source).labels)['service_name'], 'web')
  const dual = {
    ...SERVICE,
    spec: { ...SERVICE.spec, ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] },
  }
  await watched.put('services', dual)
  t.same(watched.group(source).targets, [], 'the second family tells the same pods again')
})

t.test('endpoints: ready and not ready addresses', async t => {
  const watched = new Watched(endpointsRole)
  const endpoints = {
    metadata: { name: 'web', namespace: 'ns' },
    subsets: [
      {
        ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
        addresses: [{ ip: '10.1.0.1', nodeName: 'n1', targetRef: { kind: 'Pod', namespace: 'ns', name: 'web-1' } }],
        notReadyAddresses: [{ ip: '10.1.0.2', hostname: 'h' }],
      },
    ],
  }
  await watched.sync({ endpoints: [endpoints], services: [SERVICE], pods: [POD] })
  const group = watched.group('endpoints/ns/web')
  t.match(short(group.labels), { namespace: 'ns', endpoints_name: 'web', service_name: 'web' })
  const targets = group.targets.map(short)
  t.same(
    targets.map(target => [target['__address__'], target['endpoint_ready']]),
    [
      ['10.1.0.1:80', 'true'],
      ['10.1.0.2:80', 'false'],
      ['10.1.0.1:81', undefined],
      ['10.1.0.1:82', undefined],
    ],
  )
  t.match(targets[0], {
    endpoint_node_name: 'n1',
    endpoint_port_name: 'http',
    pod_name: 'web-1',
    pod_container_name: 'main',
  })
  t.strictSame(targets[1], {
    __address__: '10.1.0.2:80',
    endpoint_port_name: 'http',
    endpoint_port_protocol: 'TCP',
    endpoint_ready: 'false',
    endpoint_hostname: 'h',
  })
})

t.test('service: by its name, per port and type', async t => {
  const watched = new Watched(serviceRole)
  const external = {
    metadata: { name: 'ext', namespace: 'ns' },
    spec: { type: 'ExternalName', externalName: 'x.y', ports: [{ port: 1 }] },
  }
  const balanced = {
    metadata: { name: 'lb', namespace: 'ns' },
    spec: { type: 'LoadBalancer', clusterIP: '10.9.0.2', ports: [{ port: 2 }] },
    status: { loadBalancer: { ingress: [{ ip: '1.1.1.1' }, { hostname: 'h' }, { ip: '2.2.2.2' }] } },
  }
  await watched.sync({ services: [SERVICE, external, balanced] })
  t.strictSame(short(watched.group('svc/ns/web').targets[0]!), {
    __address__: 'web.ns.svc:80',
    service_port_name: 'http',
    service_port_number: '80',
    service_port_protocol: 'TCP',
    service_type: 'ClusterIP',
    service_cluster_ip: '10.9.0.1',
  })
  t.match(short(watched.group('svc/ns/ext').targets[0]!), { service_external_name: 'x.y' })
  t.match(short(watched.group('svc/ns/lb').targets[0]!), { service_loadbalancer_ip: '1.1.1.1,2.2.2.2' })
})

t.test('node: its kubelet, by the best of its addresses', async t => {
  const watched = new Watched(nodeRole)
  const node = {
    metadata: { name: 'n1', labels: { zone: 'z' } },
    spec: { providerID: 'p' },
    status: {
      addresses: [
        { type: 'Hostname', address: 'n1.local' },
        { type: 'InternalIP', address: '10.0.0.1' },
      ],
      conditions: [{ type: 'Ready', status: 'True' }],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    },
  }
  await watched.sync({ nodes: [node] })
  const group = watched.group('node/n1')
  t.match(short(group.labels), {
    node_name: 'n1',
    node_provider_id: 'p',
    node_condition_ready: 'true',
    node_label_zone: 'z',
  })
  t.strictSame(short(group.targets[0]!), {
    __address__: '10.0.0.1:10250',
    instance: 'n1',
    node_address_Hostname: 'n1.local',
    node_address_InternalIP: '10.0.0.1',
  })
})

t.test('ingress: a target per path, https where a TLS host matches', async t => {
  const watched = new Watched(ingressRole)
  const ingress = {
    metadata: { name: 'i', namespace: 'ns' },
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['*.secure.org', 'exact.org'] }],
      rules: [
        { host: 'a.secure.org', http: { paths: [{ path: '/x' }, {}] } },
        { host: 'a.b.secure.org' },
        { host: 'exact.org' },
      ],
    },
  }
  await watched.sync({ ingresses: [ingress] })
  const group = watched.group('ingress/ns/i')
  t.match(short(group.labels), { ingress_class_name: 'nginx', ingress_name: 'i', namespace: 'ns' })
  t.same(
    group.targets.map(short).map(x => [x['__address__'], x['ingress_scheme'], x['ingress_path']]),
    [
      ['a.secure.org', 'https', '/x'],
      ['a.secure.org', 'https', '/'],
      ['a.b.secure.org', 'http', '/'],
      ['exact.org', 'https', '/'],
    ],
  )
})

t.test('an object that is not as it should be has no targets and harms no other', async t => {
  const watched = new Watched(podRole)
  await watched.sync({ pods: [{ ...POD, metadata: { ...POD.metadata, name: 'bad' }, spec: { containers: 5 } }, POD] })
  t.same([...watched.groups.keys()], ['pod/ns/web-1'])
})
