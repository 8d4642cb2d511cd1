import type { ChurnEvent, PodEvent } from '../churn-event.ts'

/** The order in which several things are told that happened to a pod between two looks at it. */
const RANK: Readonly<Record<PodEvent['op'], number>> = {
  created: 0,
  relabelled: 1,
  bound: 2,
  addressed: 3,
  restarted: 4,
  ready: 5,
  'not-ready': 5,
  succeeded: 6,
  failed: 6,
  terminating: 7,
  deleted: 8,
}

/**
 * Whether one write can show an event together with those before it: the same pod, the same instant, and an order in which
 * a watcher that compares two versions of the pod tells them too.
 */
export function mergeable(before: readonly ChurnEvent[], event: ChurnEvent): boolean {
  const last = before.at(-1)
  if (last?.kind !== 'pod' || event.kind !== 'pod' || last.uid !== event.uid || last.t !== event.t) return false
  // Labels of a pod that was created just now would be taken for those that it was created with.
  if (event.op === 'relabelled' && last.op === 'created') return false
  return RANK[event.op] > RANK[last.op]
}
