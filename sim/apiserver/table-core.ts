import type { Lease } from 'kubernetes-types/coordination/v1.js'
import type {
  ConfigMap,
  Event,
  Namespace,
  Node,
  Pod,
  ResourceQuota,
  Secret,
  ServiceAccount,
} from 'kubernetes-types/core/v1.js'
import {
  ConfigMaps,
  Events,
  Leases,
  Namespaces,
  Nodes,
  Pods,
  ResourceQuotas,
  Secrets,
  ServiceAccounts,
} from '../cluster/index.ts'
import { ageOf } from './human-duration.ts'
import { age, layout, type LayoutOfKind, NONE, orNone } from './table-layout.ts'
import { summarizePod } from './table-pod.ts'

export const CORE_TABLES: readonly LayoutOfKind[] = [
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
    Leases,
    layout<Lease>(['Name', 'Holder', 'Age'], ({ metadata, spec }, nowMs) => [
      metadata.name,
      spec?.holderIdentity ?? '',
      ageOf(metadata.creationTimestamp, nowMs),
    ]),
  ],
  [
    ConfigMaps,
    layout<ConfigMap>(['Name', 'Data', 'Age'], (map, nowMs) => [
      map.metadata.name,
      count(map.data) + count(map.binaryData),
      age(map, nowMs),
    ]),
  ],
  [
    Secrets,
    layout<Secret>(['Name', 'Type', 'Data', 'Age'], (secret, nowMs) => [
      secret.metadata.name,
      secret.type ?? '',
      count(secret.data),
      age(secret, nowMs),
    ]),
  ],
  [
    ServiceAccounts,
    layout<ServiceAccount>(['Name', 'Age'], (account, nowMs) => [account.metadata.name, age(account, nowMs)]),
  ],
  [
    ResourceQuotas,
    layout<ResourceQuota>(['Name', 'Request', 'Limit', 'Age'], (quota, nowMs) => [
      quota.metadata.name,
      ...quotaCells(quota),
      age(quota, nowMs),
    ]),
  ],
]

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

function count(fields: object | undefined): number {
  return Object.keys(fields ?? {}).length
}

/** What is used of what there is, limits apart from the rest. */
function quotaCells({ status }: ResourceQuota): [requests: string, limits: string] {
  const lists: [string[], string[]] = [[], []]
  for (const [name, hard] of Object.entries(status?.hard ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    lists[name.startsWith('limits.') ? 1 : 0].push(`${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
  }
  return [lists[0].join(', '), lists[1].join(', ')]
}
