import type { EndpointAddress, EndpointPort, Endpoints } from 'kubernetes-types/core/v1.js'
import { attachNamespace, attachNode } from './attached-metadata.ts'
import { EndpointPods, podKey } from './endpoint-pods.ts'
import { addObjectMeta, hostPort, type MetaLabels, NAMESPACE, PREFIX } from './meta-labels.ts'
import { lookUp, type Reference, type Role } from './role.ts'
import { serviceLabels } from './service-labels.ts'

/** Role `endpoints`: as `endpointslice`, from the older objects. */
export const endpointsRole: Role<Endpoints> = {
  resource: 'endpoints',
  needs: ['services', 'pods'],
  sourcePrefix: 'endpoints',

  references(endpoints) {
    const { name = '', namespace = '' } = endpoints.metadata ?? {}
    const references: Reference[] = [
      { resource: 'services', key: `${namespace}/${name}` },
      { resource: 'namespaces', key: namespace },
    ]
    for (const { address } of addressesOf(endpoints)) {
      const pod = podKey(address.targetRef)
      if (pod !== undefined) references.push({ resource: 'pods', key: pod })
      const node = nodeOf(address)
      if (node !== undefined) references.push({ resource: 'nodes', key: node })
    }
    return references
  },

  build(endpoints, stores) {
    const { name = '', namespace = '' } = endpoints.metadata ?? {}
    const labels: MetaLabels = { [NAMESPACE]: namespace }
    const service = lookUp(stores, 'services', `${namespace}/${name}`)
    if (service !== undefined) Object.assign(labels, serviceLabels(service))
    addObjectMeta(labels, endpoints.metadata, 'endpoints')
    attachNamespace(labels, namespace, stores)
    const pods = new EndpointPods(stores)
    const targets: MetaLabels[] = []
    for (const { address, port, isReady } of addressesOf(endpoints)) {
      const target = endpointLabels(address, port, isReady)
      attachNode(target, nodeOf(address), stores)
      pods.join(target, address.targetRef, port.port)
      targets.push(target)
    }
    targets.push(...pods.uncovered())
    return { labels, targets }
  },
}

function* addressesOf(
  endpoints: Endpoints,
): Generator<{ readonly address: EndpointAddress; readonly port: EndpointPort; readonly isReady: boolean }> {
  for (const subset of endpoints.subsets ?? []) {
    for (const port of subset.ports ?? []) {
      for (const address of subset.addresses ?? []) yield { address, port, isReady: true }
      for (const address of subset.notReadyAddresses ?? []) yield { address, port, isReady: false }
    }
  }
}

function nodeOf(address: EndpointAddress): string | undefined {
  return address.nodeName ?? (address.targetRef?.kind === 'Node' ? address.targetRef.name : undefined)
}

function endpointLabels(address: EndpointAddress, port: EndpointPort, isReady: boolean): MetaLabels {
  const target: MetaLabels = {
    __address__: hostPort(address.ip, port.port),
    [`${PREFIX}endpoint_port_name`]: port.name ?? '',
    [`${PREFIX}endpoint_port_protocol`]: port.protocol ?? '',
    [`${PREFIX}endpoint_ready`]: String(isReady),
  }
  if (address.targetRef !== undefined) {
    target[`${PREFIX}endpoint_address_target_kind`] = address.targetRef.kind ?? ''
    target[`${PREFIX}endpoint_address_target_name`] = address.targetRef.name ?? ''
  }
  if (address.nodeName !== undefined) target[`${PREFIX}endpoint_node_name`] = address.nodeName
  if (address.hostname !== undefined) target[`${PREFIX}endpoint_hostname`] = address.hostname
  return target
}
