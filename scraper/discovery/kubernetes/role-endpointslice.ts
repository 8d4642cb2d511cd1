import type { Service } from 'kubernetes-types/core/v1.js'
import type { Endpoint, EndpointPort, EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import { attachNamespace, attachNode } from './attached-metadata.ts'
import { EndpointPods, podKey } from './endpoint-pods.ts'
import { addObjectMeta, hostPort, type MetaLabels, NAMESPACE, PREFIX, sanitize } from './meta-labels.ts'
import { lookUp, type Reference, type Role } from './role.ts'
import { serviceLabels } from './service-labels.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'

/** Role `endpointslice`: a target for each address and port of each slice, and for other ports of the pods there. */
export const endpointSliceRole: Role<EndpointSlice> = {
  resource: 'endpointslices',
  needs: ['services', 'pods'],
  sourcePrefix: 'endpointslice',

  references(slice) {
    const namespace = slice.metadata?.namespace ?? ''
    const references: Reference[] = [
      { resource: 'services', key: serviceKey(slice) },
      { resource: 'namespaces', key: namespace },
    ]
    for (const endpoint of slice.endpoints ?? []) {
      const pod = podKey(endpoint.targetRef)
      if (pod !== undefined) references.push({ resource: 'pods', key: pod })
      const node = nodeOf(endpoint)
      if (node !== undefined) references.push({ resource: 'nodes', key: node })
    }
    return references
  },

  build(slice, stores) {
    const namespace = slice.metadata?.namespace ?? ''
    const labels: MetaLabels = {
      [NAMESPACE]: namespace,
      [`${PREFIX}endpointslice_address_type`]: slice.addressType,
    }
    addObjectMeta(labels, slice.metadata, 'endpointslice')
    const service = lookUp(stores, 'services', serviceKey(slice))
    if (service !== undefined) Object.assign(labels, serviceLabels(service))
    attachNamespace(labels, namespace, stores)
    if (isSecondaryFamily(service, slice)) return { labels, targets: [] }
    const pods = new EndpointPods(stores)
    const targets: MetaLabels[] = []
    for (const endpoint of slice.endpoints ?? []) {
      for (const port of slice.ports ?? []) {
        for (const address of endpoint.addresses ?? []) {
          const target = endpointLabels(address, endpoint, port)
          attachNode(target, nodeOf(endpoint), stores)
          pods.join(target, endpoint.targetRef, port.port)
          targets.push(target)
        }
      }
    }
    targets.push(...pods.uncovered())
    return { labels, targets }
  },
}

function serviceKey(slice: EndpointSlice): string {
  return `${slice.metadata?.namespace ?? ''}/${slice.metadata?.labels?.[SERVICE_NAME] ?? ''}`
}

function nodeOf(endpoint: Endpoint): string | undefined {
  return endpoint.targetRef?.kind === 'Node' ? endpoint.targetRef.name : endpoint.nodeName
}

/** `deprecatedTopology` is what is left of the beta API; servers still send it for old slices. */
function endpointLabels(address: string, endpoint: Endpoint, port: EndpointPort): MetaLabels {
  const { conditions, hostname, targetRef, nodeName, zone } = endpoint
  const target: MetaLabels = { __address__: port.port === undefined ? address : hostPort(address, port.port) }
  const set = (name: string, value: string | number | boolean | undefined | null): void => {
    if (value !== undefined && value !== null) target[`${PREFIX}endpointslice_${name}`] = String(value)
  }
  set('port_name', port.name)
  set('port_protocol', port.protocol)
  set('port', port.port)
  set('port_app_protocol', port.appProtocol)
  set('endpoint_conditions_ready', conditions?.ready)
  set('endpoint_conditions_serving', conditions?.serving)
  set('endpoint_conditions_terminating', conditions?.terminating)
  set('endpoint_hostname', hostname)
  set('address_target_kind', targetRef?.kind)
  set('address_target_name', targetRef?.name)
  set('endpoint_node_name', nodeName)
  set('endpoint_zone', zone)
  const topology = (endpoint as { readonly deprecatedTopology?: Readonly<Record<string, string>> }).deprecatedTopology
  for (const [name, value] of Object.entries(topology ?? {})) {
    set(`endpoint_topology_${sanitize(name)}`, value)
    set(`endpoint_topology_present_${sanitize(name)}`, 'true')
  }
  return target
}

/** In a dual-stack service the slices of the second family tell the same pods again. */
function isSecondaryFamily(service: Service | undefined, slice: EndpointSlice): boolean {
  const { ipFamilyPolicy, ipFamilies = [] } = service?.spec ?? {}
  if (ipFamilyPolicy !== 'PreferDualStack' && ipFamilyPolicy !== 'RequireDualStack') return false
  return ipFamilies.length > 0 && slice.addressType !== ipFamilies[0]
}
