import type { Pod } from 'kubernetes-types/core/v1.js'
import { isReady, type PodEntry } from '../informers/index.ts'

const COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost'

/** What decides about a pod, reckoned once for each. */
interface Rank {
  readonly entry: PodEntry
  readonly assigned: number
  readonly phase: number
  readonly ready: number
  readonly cost: number
  readonly onSameNode: number
  readonly readyAge: number
  readonly restarts: number
  readonly age: number
}

/**
 * The `count` pods that a ReplicaSet deletes first, in that order: unassigned, pending, not ready, of lower deletion cost,
 * on a node with more of the same kind, ready for a shorter time, with more restarts, younger.
 *
 * Times are compared by the power of two that they lie in, and pods that are alike in all this in order of their uid, as
 * Kubernetes has done since 1.22: otherwise a scale-down would always undo the last scale-up.
 *
 * O(pods · log count) at worst; usually one comparison a pod.
 *
 * @param podsOnNode active pods of the same Deployment on a node.
 * @param nowMs planned time.
 */
export function firstToDelete(
  pods: Iterable<PodEntry>,
  count: number,
  podsOnNode: (node: string) => number,
  nowMs: number,
): PodEntry[] {
  // The best so far, in order; a pod that is not better than the last of them is dropped at once.
  const best: Rank[] = []
  for (const entry of pods) {
    const rank = rankOf(entry, podsOnNode, nowMs)
    if (best.length === count && compare(rank, best[count - 1]!) > 0) continue
    let low = 0
    let high = best.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compare(best[middle]!, rank) < 0) low = middle + 1
      else high = middle
    }
    best.splice(low, 0, rank)
    if (best.length > count) best.pop()
  }
  return best.map(rank => rank.entry)
}

function rankOf(entry: PodEntry, podsOnNode: (node: string) => number, nowMs: number): Rank {
  const { pod, createdMs, readySinceMs } = entry
  const node = pod.spec?.nodeName
  return {
    entry,
    assigned: node === undefined ? 0 : 1,
    phase: phaseRank(pod),
    ready: isReady(pod) ? 1 : 0,
    cost: Number(pod.metadata.annotations?.[COST_ANNOTATION] ?? 0) || 0,
    onSameNode: node === undefined ? 0 : podsOnNode(node),
    readyAge: readySinceMs === undefined ? 0 : logAge(nowMs - readySinceMs),
    restarts: (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => Math.max(sum, restartCount), 0),
    age: logAge(nowMs - createdMs),
  }
}

function compare(a: Rank, b: Rank): number {
  return (
    a.assigned - b.assigned ||
    a.phase - b.phase ||
    a.ready - b.ready ||
    a.cost - b.cost ||
    b.onSameNode - a.onSameNode ||
    a.readyAge - b.readyAge ||
    b.restarts - a.restarts ||
    a.age - b.age ||
    (a.entry.pod.metadata.uid < b.entry.pod.metadata.uid ? -1 : 1)
  )
}

function phaseRank({ status }: Pod): number {
  if (status?.phase === 'Running') return 2
  return status?.phase === 'Unknown' ? 1 : 0
}

/** The binary logarithm of an age in nanoseconds, as Kubernetes takes it; −1 for none. */
function logAge(ageMs: number): number {
  return ageMs <= 0 ? -1 : Math.floor(Math.log2(ageMs * 1e6))
}
