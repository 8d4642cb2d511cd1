import type { Endpoints as EndpointsObject, Service } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Ingress, IngressClass, IngressRule, NetworkPolicy } from 'kubernetes-types/networking/v1.js'
import {
  Endpoints,
  EndpointSlices,
  formatLabelSelector,
  IngressClasses,
  Ingresses,
  NetworkPolicies,
  Services,
} from '../cluster/index.ts'
import { ageOf } from './human-duration.ts'
import { age, firstAndMore, layout, type LayoutOfKind, NONE, orNone, selectorCell } from './table-layout.ts'

const HOSTS_MAX = 3
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class'

export const NETWORK_TABLES: readonly LayoutOfKind[] = [
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
    Ingresses,
    layout<Ingress>(['Name', 'Class', 'Hosts', 'Address', 'Ports', 'Age'], (ingress, nowMs) => [
      ingress.metadata.name,
      ingress.spec?.ingressClassName ?? NONE,
      hosts(ingress.spec?.rules ?? []),
      addresses(ingress),
      (ingress.spec?.tls ?? []).length === 0 ? '80' : '80, 443',
      age(ingress, nowMs),
    ]),
  ],
  [
    IngressClasses,
    layout<IngressClass>(['Name', 'Controller', 'Parameters', 'Age'], (ingressClass, nowMs) => {
      const { metadata, spec } = ingressClass
      const isDefault = metadata.annotations?.[DEFAULT_CLASS] === 'true'
      const { kind, apiGroup, name } = spec?.parameters ?? {}
      return [
        `${metadata.name}${isDefault ? ' (default)' : ''}`,
        spec?.controller ?? '',
        kind === undefined ? NONE : `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`,
        age(ingressClass, nowMs),
      ]
    }),
  ],
  [
    NetworkPolicies,
    layout<NetworkPolicy>(['Name', 'Pod-Selector', 'Age'], (policy, nowMs) => [
      policy.metadata.name,
      selectorCell(policy.spec?.podSelector),
      age(policy, nowMs),
    ]),
  ],
]

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

/** The first hosts of the rules that have one. What is left is counted by rules, with or without a host, as in Kubernetes. */
function hosts(rules: readonly IngressRule[]): string {
  const shown: string[] = []
  let more = false
  for (const { host } of rules) {
    if (shown.length === HOSTS_MAX) more = true
    else if (host !== undefined && host !== '') shown.push(host)
  }
  if (shown.length === 0) return '*'
  return `${shown.join(',')}${more ? ` + ${rules.length - HOSTS_MAX} more...` : ''}`
}

function addresses({ status }: Ingress): string {
  const points = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => {
    const address = ip !== undefined && ip !== '' ? ip : (hostname ?? '')
    return address === '' ? [] : [address]
  })
  return [...new Set(points)].sort().join(',')
}
