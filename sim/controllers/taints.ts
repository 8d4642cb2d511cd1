import type { Node, Taint, Toleration } from 'kubernetes-types/core/v1.js'
import { conditionStatus } from '../informers/index.ts'

export const NOT_READY = 'node.kubernetes.io/not-ready'
export const UNREACHABLE = 'node.kubernetes.io/unreachable'
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'

/** Taints that follow from a node's condition being True. */
const PRESSURE: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
}
/** Taints that the node lifecycle controller alone sets and removes. */
const MANAGED = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...Object.values(PRESSURE)])

/** Whether a taint is tolerated by one of the tolerations. */
export function isTolerated(taint: Taint, tolerations: readonly Toleration[] | undefined): boolean {
  return (tolerations ?? []).some(toleration => tolerates(toleration, taint))
}

export function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false
  if (key !== undefined && key !== '' && key !== taint.key) return false
  return operator === 'Exists' || (value ?? '') === (taint.value ?? '')
}

/** The first taint that keeps pods with these tolerations off the node. */
export function repellingTaint(node: Node, tolerations: readonly Toleration[] | undefined): Taint | undefined {
  return node.spec?.taints?.find(
    taint => (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !isTolerated(taint, tolerations),
  )
}

/**
 * The taints of one effect that follow from a node's condition and from `unschedulable`: `NoSchedule` for all of them,
 * `NoExecute` for a node that is not ready.
 */
function wantedTaints({ spec, status }: Node, effect: 'NoSchedule' | 'NoExecute'): string[] {
  const keys: string[] = []
  const ready = conditionStatus(status?.conditions, 'Ready')
  if (ready === 'False') keys.push(NOT_READY)
  else if (ready === 'Unknown') keys.push(UNREACHABLE)
  if (effect === 'NoExecute') return keys
  for (const type in PRESSURE) if (conditionStatus(status?.conditions, type) === 'True') keys.push(PRESSURE[type]!)
  if (spec?.unschedulable === true) keys.push(UNSCHEDULABLE)
  return keys
}

/**
 * The node with its managed taints of one effect brought into line with its state. Others are left alone. Returns
 * `undefined` when they are in line.
 */
export function withTaints(node: Node, effect: 'NoSchedule' | 'NoExecute', now: string): Node | undefined {
  const taints = node.spec?.taints ?? []
  const wanted = wantedTaints(node, effect)
  const kept = taints.filter(taint => taint.effect !== effect || !MANAGED.has(taint.key) || wanted.includes(taint.key))
  const missing = wanted.filter(key => !kept.some(taint => taint.key === key && taint.effect === effect))
  if (missing.length === 0 && kept.length === taints.length) return undefined
  const next = [...kept, ...missing.map((key): Taint => ({ key, effect, timeAdded: now }))]
  const { taints: _, ...spec } = node.spec ?? {}
  return { ...node, spec: next.length === 0 ? spec : { ...spec, taints: next } }
}

/** Whether a node is tainted so that pods are driven off it because it is not ready. */
export function hasNoExecute({ spec }: Node): boolean {
  return spec?.taints?.some(isEviction) ?? false
}

/** The node without what drives pods off it because it is not ready. */
export function withoutNoExecute(node: Node): Node {
  const { taints = [], ...spec } = node.spec ?? {}
  const kept = taints.filter(taint => !isEviction(taint))
  return { ...node, spec: kept.length === 0 ? spec : { ...spec, taints: kept } }
}

function isEviction({ key, effect }: Taint): boolean {
  return effect === 'NoExecute' && (key === NOT_READY || key === UNREACHABLE)
}
