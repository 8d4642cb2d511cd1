import type { EndpointAddress, Node, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { Endpoint, EndpointPort } from 'kubernetes-types/discovery/v1.js'
import type { Stored } from '../cluster/index.ts'
import { isFinished, isReady } from '../informers/index.ts'
import { idOfPorts } from './slice-plan.ts'

/** What one pod contributes to a Service. Objects are shared with the slices that hold them, so they are compared by identity. */
export interface Backend {
  /** The version of the pod with which this came about; a later one may have led to the same. */
  readonly pod: Stored<Pod>
  readonly endpoint: Endpoint
  /** The ports that the Service's ports come to on this pod, and their identity: pods of one identity share slices. */
  readonly ports: readonly EndpointPort[]
  readonly portsId: string
  /** For the legacy Endpoints object; absent for a pod that is being deleted. */
  readonly address: EndpointAddress | undefined
  readonly isReady: boolean
}

/** The ports of a Service on a pod; a named target port is looked up among the pod's containers, and left out when absent. */
export function portsOn(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = []
  for (const { name = '', port, targetPort = port, protocol = 'TCP', appProtocol } of service.spec?.ports ?? []) {
    const number = typeof targetPort === 'number' ? targetPort : namedPort(pod, targetPort, protocol)
    if (number === undefined) continue
    ports.push({ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) })
  }
  return ports
}

function namedPort(pod: Pod, name: string, protocol: string): number | undefined {
  for (const { ports = [] } of pod.spec?.containers ?? []) {
    const found = ports.find(port => port.name === name && (port.protocol ?? 'TCP') === protocol)
    if (found !== undefined) return found.containerPort
  }
  // A string of digits is a number that was quoted.
  return /^\d+$/.test(name) ? Number(name) : undefined
}

interface ResolvedPorts {
  readonly ports: readonly EndpointPort[]
  readonly id: string
}

/** By the Service's spec and the pod's containers: pods of one template share the latter, and neither ever changes. */
const resolved = new WeakMap<object, WeakMap<object, ResolvedPorts>>()

function resolvedPorts(service: Service, pod: Pod): ResolvedPorts {
  const spec = service.spec ?? service
  const containers = pod.spec?.containers ?? pod
  let byContainers = resolved.get(spec)
  if (byContainers === undefined) {
    byContainers = new WeakMap()
    resolved.set(spec, byContainers)
  }
  let found = byContainers.get(containers)
  if (found === undefined) {
    const ports = portsOn(service, pod)
    found = { ports, id: idOfPorts(ports) }
    byContainers.set(containers, found)
  }
  return found
}

/**
 * What a pod contributes to a Service that selects it; `undefined` while it has no address or once it is finished.
 *
 * `before` is handed back when nothing changed.
 */
export function backendOf(
  service: Stored<Service>,
  pod: Stored<Pod>,
  nodeOf: (name: string) => Node | undefined,
  before: Backend | undefined,
): Backend | undefined {
  const ip = pod.status?.podIP
  if (ip === undefined || ip === '' || isFinished(pod)) return undefined
  const serving = isReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const publishesAll = service.spec?.publishNotReadyAddresses === true
  const ready = publishesAll || (serving && !terminating)
  if (before !== undefined && isSame(before, pod, ip, ready, serving, terminating)) return before
  const { namespace = '', name, uid } = pod.metadata
  const targetRef = { kind: 'Pod', namespace, name, uid }
  const { nodeName, hostname, subdomain } = pod.spec ?? {}
  const isNamed = hostname !== undefined && hostname !== '' && subdomain === service.metadata.name
  const zone = (nodeName === undefined ? undefined : nodeOf(nodeName))?.metadata?.labels?.[
    'topology.kubernetes.io/zone'
  ]
  const { ports, id } = resolvedPorts(service, pod)
  return {
    pod,
    endpoint: {
      addresses: [ip],
      conditions: { ready, serving, terminating },
      ...(isNamed ? { hostname } : {}),
      ...(nodeName === undefined ? {} : { nodeName }),
      targetRef,
      ...(zone === undefined ? {} : { zone }),
    },
    ports,
    portsId: id,
    address:
      terminating && !publishesAll
        ? undefined
        : { ip, ...(isNamed ? { hostname } : {}), ...(nodeName === undefined ? {} : { nodeName }), targetRef },
    isReady: ready,
  }
}

function isSame(
  { endpoint, pod }: Backend,
  now: Pod,
  ip: string,
  ready: boolean,
  serving: boolean,
  terminating: boolean,
): boolean {
  return (
    pod.spec === now.spec &&
    endpoint.addresses[0] === ip &&
    endpoint.conditions?.ready === ready &&
    endpoint.conditions.serving === serving &&
    endpoint.conditions.terminating === terminating
  )
}
