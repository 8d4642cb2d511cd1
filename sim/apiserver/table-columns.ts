import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Lease } from 'kubernetes-types/coordination/v1.js'
import type {
  Endpoints as EndpointsObject,
  Event,
  Namespace,
  Node,
  PodSpec,
  Pod,
  Service,
} from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import { customLayout } from './custom/custom-table.ts'
import {
  CustomResourceDefinitions,
  Deployments,
  Endpoints,
  EndpointSlices,
  Events,
  formatLabelSelector,
  type KubeObject,
  Leases,
  Namespaces,
  Nodes,
  Pods,
  ReplicaSets,
  type ResourceType,
  Services,
  type Stored,
} from '../cluster/index.ts'
import { ageOf } from './human-duration.ts'
import { summarizePod } from './table-pod.ts'

export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer'
  readonly format: '' | 'name'
  readonly description: string
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number
}

export type Cell = string | number

/** The columns of a kind, and the cells of one object in the same order. */
export interface TableLayout {
  readonly columns: readonly Column[]
  cells(object: Stored, nowMs: number): Cell[]
}

const NONE = '<none>'

/** `Name` and `Age` as everywhere; a trailing `*` marks the columns of `-o wide`, a trailing `#` numbers. */
function layout<T extends KubeObject>(
  names: readonly string[],
  cells: (object: Stored<T>, nowMs: number) => Cell[],
): TableLayout {
  const columns = names.map((name): Column => {
    const bare = name.replace(/[*#]+$/, '')
    return {
      name: bare,
      type: name.includes('#') ? 'integer' : 'string',
      format: bare === 'Name' && names[0] === name ? 'name' : '',
      description: '',
      priority: name.includes('*') ? 1 : 0,
    }
  })
  return { columns, cells: (object, nowMs) => cells(object as Stored<T>, nowMs) }
}

const LAYOUTS = new Map<ResourceType, TableLayout>([
  [
    CustomResourceDefinitions,
    layout<KubeObject>(['Name', 'Created At'], ({ metadata }) => [metadata.name, metadata.creationTimestamp]),
  ],
  [
    Namespaces,
    layout<Namespace>(['Name', 'Status', 'Age'], ({ metadata, status }, nowMs) => [
      metadata.name,
      status?.phase ?? '',
      ageOf(metadata.creationTimestamp, nowMs),
    ]),
  ],
  [
    Nodes,
    layout<Node>(
      [
        'Name',
        'Status',
        'Roles',
        'Age',
        'Version',
        'Internal-IP*',
        'External-IP*',
        'OS-Image*',
        'Kernel-Version*',
        'Container-Runtime*',
      ],
      (node, nowMs) => [
        node.metadata.name,
        nodeStatus(node),
        nodeRoles(node),
        ageOf(node.metadata.creationTimestamp, nowMs),
        node.status?.nodeInfo?.kubeletVersion ?? '',
        nodeAddress(node, 'InternalIP'),
        nodeAddress(node, 'ExternalIP'),
        node.status?.nodeInfo?.osImage ?? '<unknown>',
        node.status?.nodeInfo?.kernelVersion ?? '<unknown>',
        node.status?.nodeInfo?.containerRuntimeVersion ?? '<unknown>',
      ],
    ),
  ],
  [
    Pods,
    layout<Pod>(
      ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP*', 'Node*', 'Nominated Node*', 'Readiness Gates*'],
      (pod, nowMs) => {
        const { ready, status, restarts } = summarizePod(pod, nowMs)
        return [
          pod.metadata.name,
          ready,
          status,
          restarts,
          ageOf(pod.metadata.creationTimestamp, nowMs),
          orNone(pod.status?.podIP),
          orNone(pod.spec?.nodeName),
          orNone(pod.status?.nominatedNodeName),
          readinessGates(pod),
        ]
      },
    ),
  ],
  [
    Services,
    layout<Service>(
      ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', 'Selector*'],
      ({ metadata, spec, status }, nowMs) => [
        metadata.name,
        spec?.type ?? '',
        orNone(spec?.clusterIP),
        externalAddress(spec, status),
        orNone((spec?.ports ?? []).map(servicePort).join(',')),
        ageOf(metadata.creationTimestamp, nowMs),
        orNone(formatLabelSelector({ matchLabels: spec?.selector ?? {} })),
      ],
    ),
  ],
  [
    Endpoints,
    layout<EndpointsObject>(['Name', 'Endpoints', 'Age'], (endpoints, nowMs) => [
      endpoints.metadata.name,
      firstAndMore(endpointAddresses(endpoints), 3),
      ageOf(endpoints.metadata.creationTimestamp, nowMs),
    ]),
  ],
  [
    EndpointSlices,
    layout<EndpointSlice>(['Name', 'AddressType', 'Ports', 'Endpoints', 'Age'], (slice, nowMs) => [
      slice.metadata.name,
      slice.addressType,
      (slice.ports ?? []).length === 0
        ? '<unset>'
        : firstAndMore(
            (slice.ports ?? []).map(port => String(port.port ?? '*')),
            3,
            '<unset>',
          ),
      (slice.endpoints ?? []).length === 0
        ? '<unset>'
        : firstAndMore(
            slice.endpoints.flatMap(endpoint => endpoint.addresses),
            3,
          ),
      ageOf(slice.metadata.creationTimestamp, nowMs),
    ]),
  ],
  [
    Events,
    layout<Event>(
      ['Last Seen', 'Type', 'Reason', 'Object', 'Subobject*', 'Source*', 'Message', 'First Seen*', 'Count#*', 'Name*'],
      (event, nowMs) => {
        const { involvedObject: object, metadata } = event
        const first = event.firstTimestamp ?? event.eventTime ?? metadata.creationTimestamp
        const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? first
        return [
          ageOf(last, nowMs),
          event.type ?? '',
          event.reason ?? '',
          `${(object.kind ?? '').toLowerCase()}/${object.name ?? ''}`,
          object.fieldPath ?? '',
          [event.source?.component ?? event.reportingComponent ?? '', event.source?.host ?? '']
            .filter(part => part !== '')
            .join(', '),
          (event.message ?? '').trim(),
          ageOf(first, nowMs),
          event.series?.count ?? event.count ?? 1,
          metadata.name,
        ]
      },
    ),
  ],
  [
    Deployments,
    layout<Deployment>(
      ['Name', 'Ready', 'Up-to-date#', 'Available#', 'Age', 'Containers*', 'Images*', 'Selector*'],
      ({ metadata, spec, status }, nowMs) => [
        metadata.name,
        `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
        status?.updatedReplicas ?? 0,
        status?.availableReplicas ?? 0,
        ageOf(metadata.creationTimestamp, nowMs),
        ...templateCells(spec?.template?.spec),
        formatLabelSelector(spec?.selector),
      ],
    ),
  ],
  [
    ReplicaSets,
    layout<ReplicaSet>(
      ['Name', 'Desired#', 'Current#', 'Ready#', 'Age', 'Containers*', 'Images*', 'Selector*'],
      ({ metadata, spec, status }, nowMs) => [
        metadata.name,
        spec?.replicas ?? 0,
        status?.replicas ?? 0,
        status?.readyReplicas ?? 0,
        ageOf(metadata.creationTimestamp, nowMs),
        ...templateCells(spec?.template?.spec),
        formatLabelSelector(spec?.selector),
      ],
    ),
  ],
  [
    Leases,
    layout<Lease>(['Name', 'Holder', 'Age'], ({ metadata, spec }, nowMs) => [
      metadata.name,
      spec?.holderIdentity ?? '',
      ageOf(metadata.creationTimestamp, nowMs),
    ]),
  ],
])

const FALLBACK = layout<KubeObject>(['Name', 'Age'], ({ metadata }, nowMs) => [
  metadata.name,
  ageOf(metadata.creationTimestamp, nowMs),
])

export function layoutOf(type: ResourceType): TableLayout {
  return LAYOUTS.get(type) ?? customLayout(type) ?? FALLBACK
}

function nodeStatus({ spec, status }: Node): string {
  const ready = (status?.conditions ?? []).find(condition => condition.type === 'Ready')
  const parts = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (spec?.unschedulable === true) parts.push('SchedulingDisabled')
  return parts.join(',')
}

function nodeRoles({ metadata }: Node): string {
  const roles = Object.entries(metadata?.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith('node-role.kubernetes.io/')) return [key.slice('node-role.kubernetes.io/'.length)]
    return key === 'kubernetes.io/role' && value !== '' ? [value] : []
  })
  return orNone([...new Set(roles)].sort().join(','))
}

function nodeAddress({ status }: Node, type: string): string {
  return orNone(status?.addresses?.find(address => address.type === type)?.address)
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? []
  if (gates.length === 0) return NONE
  const passed = gates.filter(({ conditionType }) =>
    status?.conditions?.some(condition => condition.type === conditionType && condition.status === 'True'),
  )
  return `${passed.length}/${gates.length}`
}

function externalAddress(spec: Service['spec'], status: Service['status']): string {
  if (spec?.type === 'ExternalName') return spec.externalName ?? ''
  const own = spec?.externalIPs ?? []
  const balancer = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '')
  const all = [...(spec?.type === 'LoadBalancer' ? balancer : []), ...own].join(',')
  return all === '' && spec?.type === 'LoadBalancer' ? '<pending>' : orNone(all)
}

function servicePort({ port, nodePort, protocol }: { port: number; nodePort?: number; protocol?: string }): string {
  return `${port}${nodePort === undefined || nodePort === 0 ? '' : `:${nodePort}`}/${protocol ?? 'TCP'}`
}

function endpointAddresses({ subsets }: EndpointsObject): string[] {
  return (subsets ?? []).flatMap(({ addresses, ports }) =>
    (addresses ?? []).flatMap(({ ip }) =>
      ports === undefined || ports.length === 0 ? [ip] : ports.map(({ port }) => `${ip}:${port}`),
    ),
  )
}

function templateCells(spec: PodSpec | undefined): [string, string] {
  const containers = spec?.containers ?? []
  return [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image ?? '').join(',')]
}

function firstAndMore(items: readonly string[], max: number, none = NONE): string {
  if (items.length === 0) return none
  const shown = items.slice(0, max).join(',')
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown
}

function orNone(value: string | undefined): string {
  return value === undefined || value === '' ? NONE : value
}
