import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { conditionStatus } from './conditions.ts'

/** All containers have ended for good. */
export function isFinished(pod: Pod): boolean {
  const phase = pod.status?.phase
  return phase === 'Succeeded' || phase === 'Failed'
}

/** Counts as a replica: neither finished nor on its way out. */
export function isActive(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp === undefined && !isFinished(pod)
}

export function isReady(pod: Pod): boolean {
  return conditionStatus(pod.status?.conditions, 'Ready') === 'True'
}

export function isNodeReady(node: Node): boolean {
  return conditionStatus(node.status?.conditions, 'Ready') === 'True'
}

/** `namespace/name`, as the keys of queues and indexes. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
