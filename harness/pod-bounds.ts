import { PlanWalk } from './plan-walk.ts'
import type { Scenario } from './scenario.ts'

/** Pods that surge or take their time to go, beside those that are wanted. */
const OVERLAP = 1.5

/** Pods of the warm-up, which are gone before the trace begins. */
const WARM_UP_PODS = 25

export interface PodBounds {
  /** Pods that can be alive at once. */
  readonly atOnce: number
  /** Pods that can have lived when the scenario is over. */
  readonly ever: number
}

/**
 * How many pods a scenario can have: wanted replicas at their peak, those that overlap with their successors, and those on
 * silent nodes, which linger while they are replaced elsewhere. Generous; what people do by hand is not in it.
 */
export function podBounds(scenario: Pick<Scenario, 'cluster' | 'plan' | 'replay' | 'podsEver'>): PodBounds {
  const { cluster, plan, replay, podsEver = 0 } = scenario
  // A trace says how many there are at once; listeners are opened a little ahead. Controllers make their own.
  if (replay?.mode === 'exact') return { atOnce: Math.ceil(replay.bounds.pods * 1.05) + WARM_UP_PODS, ever: podsEver }
  if (replay !== undefined) {
    const atOnce = Math.ceil(Math.max(replay.bounds.pods, replay.bounds.workloads) * OVERLAP) + WARM_UP_PODS
    return { atOnce, ever: Math.max(podsEver, atOnce) * 2 }
  }
  const walk = new PlanWalk(cluster)
  let peak = walk.replicas
  let ever = walk.replicas
  // Pods of a failed node are on their way out while their workload is scaled: the highest of each counts.
  let silentShare = 0
  for (const action of plan) {
    ever += walk.perform(action)
    peak = Math.max(peak, walk.replicas)
    silentShare = Math.max(silentShare, walk.silentShare)
  }
  return { atOnce: Math.ceil(peak * (OVERLAP + silentShare)), ever: Math.ceil(ever * OVERLAP) }
}
