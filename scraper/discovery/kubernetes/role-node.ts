import type { Node } from 'kubernetes-types/core/v1.js'
import { addObjectMeta, hostPort, type MetaLabels, PREFIX, sanitize } from './meta-labels.ts'
import { NO_TARGETS, type Role } from './role.ts'

const ADDRESS_TYPES = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname']

/** Role `node`: each node's kubelet. */
export const nodeRole: Role<Node> = {
  resource: 'nodes',
  needs: [],
  sourcePrefix: 'node',

  references: () => [],

  build(node) {
    const addresses = new Map<string, string>()
    for (const { type, address } of node.status?.addresses ?? []) {
      if (!addresses.has(type)) addresses.set(type, address)
    }
    const preferred = ADDRESS_TYPES.find(type => addresses.has(type))
    if (preferred === undefined) return NO_TARGETS
    const labels: MetaLabels = { [`${PREFIX}node_provider_id`]: node.spec?.providerID ?? '' }
    for (const { type, status } of node.status?.conditions ?? []) {
      labels[`${PREFIX}node_condition_${sanitize(type.toLowerCase())}`] = status.toLowerCase()
    }
    addObjectMeta(labels, node.metadata, 'node')
    const target: MetaLabels = {
      __address__: hostPort(addresses.get(preferred)!, node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0),
      instance: node.metadata?.name ?? '',
    }
    for (const [type, address] of addresses) target[`${PREFIX}node_address_${sanitize(type)}`] = address
    return { labels, targets: [target] }
  },
}
