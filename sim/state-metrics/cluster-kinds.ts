import type { Lease } from 'kubernetes-types/coordination/v1.js'
import type {
  ConfigMap,
  Endpoints,
  Namespace,
  Node,
  PersistentVolumeClaim,
  Secret,
  Service,
} from 'kubernetes-types/core/v1.js'
import { amountOf } from '../cluster/amounts.ts'
import { resourceSamples } from './resource-amounts.ts'
import {
  conditions,
  created,
  flag,
  info,
  many,
  notAllowed,
  one,
  owners,
  stateKind,
  states,
  unixSeconds,
} from './state-family.ts'

const NODE_COUNTS: ReadonlySet<string> = new Set(['pods'])
const ROLE = 'node-role.kubernetes.io/'

export const nodeState = stateKind<Node>(
  'nodes',
  ['node'],
  [
    notAllowed('kube_node', 'annotations'),
    created('kube_node'),
    one('kube_node_deletion_timestamp', 'Unix deletion timestamp', ({ metadata }) =>
      unixSeconds(metadata?.deletionTimestamp),
    ),
    info(
      'kube_node_info',
      '[STABLE] Information about a cluster node.',
      [
        'kernel_version',
        'os_image',
        'container_runtime_version',
        'kubelet_version',
        'kubeproxy_version',
        'provider_id',
        'pod_cidr',
        'system_uuid',
        'internal_ip',
      ],
      ({ spec, status }) => {
        const machine = status?.nodeInfo
        const internal = status?.addresses?.findLast(({ type }) => type === 'InternalIP')?.address
        return [
          [
            machine?.kernelVersion ?? '',
            machine?.osImage ?? '',
            machine?.containerRuntimeVersion ?? '',
            machine?.kubeletVersion ?? '',
            'deprecated',
            spec?.providerID ?? '',
            spec?.podCIDR ?? '',
            machine?.systemUUID ?? '',
            internal ?? '',
          ],
        ]
      },
    ),
    notAllowed('kube_node', 'labels'),
    info('kube_node_role', 'The role of a cluster node.', ['role'], ({ metadata }) =>
      Object.keys(metadata?.labels ?? {}).flatMap(label =>
        label.startsWith(ROLE) ? [[label.slice(ROLE.length)]] : [],
      ),
    ),
    info('kube_node_spec_taint', '[STABLE] The taint of a cluster node.', ['key', 'value', 'effect'], ({ spec }) =>
      (spec?.taints ?? []).map(({ key, value = '', effect }) => [key, value, effect]),
    ),
    one('kube_node_spec_unschedulable', '[STABLE] Whether a node can schedule new pods.', ({ spec }) =>
      flag(spec?.unschedulable),
    ),
    many(
      'kube_node_status_allocatable',
      '[STABLE] The allocatable for different resources of a node that are available for scheduling.',
      ['resource', 'unit'],
      ({ status }) => resourceSamples(status?.allocatable, [], NODE_COUNTS),
    ),
    many(
      'kube_node_status_capacity',
      '[STABLE] The capacity for different resources of a node.',
      ['resource', 'unit'],
      ({ status }) => resourceSamples(status?.capacity, [], NODE_COUNTS),
    ),
    conditions(
      'kube_node_status_condition',
      '[STABLE] The condition of a cluster node.',
      ({ status }) => status?.conditions,
    ),
    info('kube_node_status_addresses', 'Node address information.', ['type', 'address'], ({ status }) =>
      (status?.addresses ?? []).map(({ type, address }) => [type, address]),
    ),
  ],
  ({ metadata }) => [metadata?.name ?? ''],
)

export const namespaceState = stateKind<Namespace>(
  'namespaces',
  ['namespace'],
  [
    created('kube_namespace'),
    notAllowed('kube_namespace', 'annotations'),
    notAllowed('kube_namespace', 'labels'),
    many('kube_namespace_status_phase', '[STABLE] kubernetes namespace status phase.', ['phase'], ({ status }) =>
      states(['Active', 'Terminating'], status?.phase),
    ),
    conditions('kube_namespace_status_condition', 'The condition of a namespace.', ({ status }) => status?.conditions),
  ],
  ({ metadata }) => [metadata?.name ?? ''],
)

export const serviceState = stateKind<Service>(
  'services',
  ['namespace', 'service', 'uid'],
  [
    info(
      'kube_service_info',
      '[STABLE] Information about service.',
      ['cluster_ip', 'external_name', 'load_balancer_ip', 'external_traffic_policy'],
      ({ spec }) => [
        [
          spec?.clusterIP ?? '',
          spec?.externalName ?? '',
          spec?.loadBalancerIP ?? '',
          spec?.externalTrafficPolicy ?? '',
        ],
      ],
    ),
    created('kube_service'),
    info('kube_service_spec_type', '[STABLE] Type about service.', ['type'], ({ spec }) => [[spec?.type ?? '']]),
    notAllowed('kube_service', 'annotations'),
    notAllowed('kube_service', 'labels'),
    info(
      'kube_service_spec_external_ip',
      '[STABLE] Service external ips. One series for each ip',
      ['external_ip'],
      ({ spec }) => (spec?.externalIPs ?? []).map(ip => [ip]),
    ),
    info(
      'kube_service_status_load_balancer_ingress',
      '[STABLE] Service load balancer ingress status',
      ['ip', 'hostname'],
      ({ status }) => (status?.loadBalancer?.ingress ?? []).map(({ ip = '', hostname = '' }) => [ip, hostname]),
    ),
  ],
  ({ metadata }) => [metadata?.namespace ?? '', metadata?.name ?? '', metadata?.uid ?? ''],
)

export const endpointsState = stateKind<Endpoints>(
  'endpoints',
  ['namespace', 'endpoint'],
  [
    one('kube_endpoint_info', '[STABLE] Information about endpoint.', () => 1),
    created('kube_endpoint'),
    notAllowed('kube_endpoint', 'annotations'),
    notAllowed('kube_endpoint', 'labels'),
    info(
      'kube_endpoint_address',
      '[STABLE] Information about Endpoint available and non available addresses.',
      ['port_protocol', 'port_number', 'port_name', 'ip', 'ready'],
      ({ subsets = [] }) =>
        subsets.flatMap(({ ports = [], addresses = [], notReadyAddresses = [] }) =>
          ports.flatMap(({ protocol = '', port, name = '' }) => {
            const at = [protocol, String(port), name]
            return [
              ...addresses.map(({ ip }) => [...at, ip, 'true']),
              ...notReadyAddresses.map(({ ip }) => [...at, ip, 'false']),
            ]
          }),
        ),
    ),
    info(
      'kube_endpoint_ports',
      '[STABLE] (Deprecated since v2.14.0) Information about the Endpoint ports.',
      ['port_name', 'port_protocol', 'port_number'],
      ({ subsets = [] }) =>
        subsets.flatMap(({ ports = [] }) =>
          ports.map(({ name = '', protocol = '', port }) => [name, protocol, String(port)]),
        ),
    ),
  ],
)

export const configMapState = stateKind<ConfigMap>(
  'configmaps',
  ['namespace', 'configmap'],
  [
    notAllowed('kube_configmap', 'annotations'),
    notAllowed('kube_configmap', 'labels'),
    one('kube_configmap_info', '[STABLE] Information about configmap.', () => 1),
    created('kube_configmap'),
    one(
      'kube_configmap_metadata_resource_version',
      'Resource version representing a specific version of the configmap.',
      ({ metadata }) => Number(metadata?.resourceVersion),
    ),
  ],
)

export const secretState = stateKind<Secret>(
  'secrets',
  ['namespace', 'secret'],
  [
    one('kube_secret_info', '[STABLE] Information about secret.', () => 1),
    info('kube_secret_type', '[STABLE] Type about secret.', ['type'], ({ type = '' }) => [[type]]),
    notAllowed('kube_secret', 'annotations'),
    notAllowed('kube_secret', 'labels'),
    created('kube_secret'),
    one(
      'kube_secret_metadata_resource_version',
      'Resource version representing a specific version of secret.',
      ({ metadata }) => Number(metadata?.resourceVersion),
    ),
    owners('kube_secret_owner', "Information about the Secret's owner."),
  ],
)

export const leaseState = stateKind<Lease>(
  'leases',
  ['lease'],
  [
    info(
      'kube_lease_owner',
      "Information about the Lease's owner.",
      ['owner_kind', 'owner_name', 'namespace', 'lease_holder'],
      ({ metadata, spec }) => {
        const [namespace, holder] = [metadata?.namespace ?? '', spec?.holderIdentity ?? '']
        const references = metadata?.ownerReferences ?? []
        if (references.length === 0) return [['', '', namespace, holder]]
        return references.map(({ kind, name }) => [kind, name, namespace, holder])
      },
    ),
    many('kube_lease_renew_time', 'Kube lease renew time.', ['namespace'], ({ metadata, spec }) => {
      const renewed = unixSeconds(spec?.renewTime)
      return renewed === undefined ? [] : [{ labels: [metadata?.namespace ?? ''], value: renewed }]
    }),
  ],
  ({ metadata }) => [metadata?.name ?? ''],
)

export const claimState = stateKind<PersistentVolumeClaim>(
  'persistentvolumeclaims',
  ['namespace', 'persistentvolumeclaim'],
  [
    notAllowed('kube_persistentvolumeclaim', 'labels'),
    notAllowed('kube_persistentvolumeclaim', 'annotations'),
    info(
      'kube_persistentvolumeclaim_info',
      '[STABLE] Information about persistent volume claim.',
      ['storageclass', 'volumename', 'volumemode'],
      ({ metadata, spec }) => [
        [
          metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '',
          spec?.volumeName ?? '',
          spec?.volumeMode ?? '',
        ],
      ],
    ),
    many(
      'kube_persistentvolumeclaim_status_phase',
      '[STABLE] The phase the persistent volume claim is currently in.',
      ['phase'],
      ({ status }) => (status?.phase === undefined ? [] : states(['Lost', 'Bound', 'Pending'], status.phase)),
    ),
    one(
      'kube_persistentvolumeclaim_resource_requests_storage_bytes',
      '[STABLE] The capacity of storage requested by the persistent volume claim.',
      ({ spec }) => amountOf(spec?.resources?.requests?.['storage']),
    ),
    info(
      'kube_persistentvolumeclaim_access_mode',
      '[STABLE] The access mode(s) specified by the persistent volume claim.',
      ['access_mode'],
      ({ spec }) => (spec?.accessModes ?? []).map(mode => [mode]),
    ),
    conditions(
      'kube_persistentvolumeclaim_status_condition',
      'Information about status of different conditions of persistent volume claim.',
      ({ status }) => status?.conditions,
    ),
    one('kube_persistentvolumeclaim_created', 'Unix creation timestamp', ({ metadata }) =>
      unixSeconds(metadata?.creationTimestamp),
    ),
    one('kube_persistentvolumeclaim_deletion_timestamp', 'Unix deletion timestamp', ({ metadata }) =>
      unixSeconds(metadata?.deletionTimestamp),
    ),
  ],
)
