import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'

/**
 * The arithmetic of a rolling update, as Kubernetes' Deployment controller has it. Pure: takes what is, returns the
 * replicas that each ReplicaSet should have next.
 */

/** How far a rollout may go over and under the wanted number of pods, in pods. */
export interface RollBounds {
  readonly maxSurge: number
  readonly maxUnavailable: number
}

/** A ReplicaSet reduced to its numbers. */
export interface SetSize {
  /** `spec.replicas`. */
  readonly wanted: number
  /** `status.replicas`: pods that are there and not on their way out. */
  readonly actual: number
  /** `status.availableReplicas`. */
  readonly available: number
}

export function sizeOf({ spec, status }: ReplicaSet): SetSize {
  return { wanted: spec?.replicas ?? 1, actual: status?.replicas ?? 0, available: status?.availableReplicas ?? 0 }
}

/** Surge is rounded up, unavailable down; when both come to nothing, one pod may be missing, else no rollout could move. */
export function rollBounds({ spec }: Deployment): RollBounds {
  const replicas = spec?.replicas ?? 1
  if (spec?.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec?.strategy?.rollingUpdate ?? {}
  const surge = share(maxSurge, replicas, Math.ceil)
  const unavailable = share(maxUnavailable, replicas, Math.floor)
  const needed = surge === 0 && unavailable === 0 ? 1 : unavailable
  return { maxSurge: surge, maxUnavailable: Math.min(needed, replicas) }
}

function share(value: number | string, of: number, round: (n: number) => number): number {
  if (typeof value === 'number') return Math.max(0, value)
  const percent = Number.parseInt(value, 10)
  if (!Number.isFinite(percent)) return 0
  return Math.max(0, value.endsWith('%') ? round((percent * of) / 100) : percent)
}

/**
 * Replicas that the new set may have now.
 *
 * Stricter than Kubernetes in one point: pods of the other sets count until they are marked for deletion, not only until
 * their set wants fewer. So the surge holds at every instant and not only in the long run.
 */
export function newSetReplicas(replicas: number, bounds: RollBounds, fresh: SetSize, old: readonly SetSize[]): number {
  let present = Math.max(fresh.wanted, fresh.actual)
  for (const { wanted, actual } of old) present += Math.max(wanted, actual)
  const room = replicas + bounds.maxSurge - present
  if (room <= 0) return fresh.wanted
  return fresh.wanted + Math.max(0, Math.min(room, replicas - fresh.wanted))
}

/**
 * Replicas that the old sets may have now, oldest set first: pods that are not available go first, since nobody misses
 * them, then as many others as availability allows.
 */
export function oldSetReplicas(
  replicas: number,
  bounds: RollBounds,
  fresh: SetSize,
  old: readonly SetSize[],
): number[] {
  const next = old.map(({ wanted }) => wanted)
  const minAvailable = replicas - bounds.maxUnavailable
  const wanted = fresh.wanted + sum(next)
  let budget = wanted - minAvailable - Math.max(0, fresh.wanted - fresh.available)
  if (budget <= 0) return next
  for (let i = 0; i < old.length && budget > 0; i++) {
    const unhealthy = Math.max(0, next[i]! - old[i]!.available)
    const fewer = Math.min(unhealthy, budget)
    next[i] = next[i]! - fewer
    budget -= fewer
  }
  const available = fresh.available + sum(old.map(set => set.available))
  let spare = Math.min(budget, available - minAvailable)
  for (let i = 0; i < old.length && spare > 0; i++) {
    const fewer = Math.min(next[i]!, spare)
    next[i] = next[i]! - fewer
    spare -= fewer
  }
  return next
}

/**
 * Spreads a change of the Deployment's size over several active sets, each in proportion to its share.
 *
 * @param sets in order of preference; `maxBefore` is the whole size, surge included, that the set was last scaled for.
 */
export function proportionalReplicas(
  replicas: number,
  bounds: RollBounds,
  sets: readonly { readonly wanted: number; readonly maxBefore: number }[],
): number[] {
  const next = sets.map(({ wanted }) => wanted)
  const size = replicas > 0 ? replicas + bounds.maxSurge : 0
  const change = size - sum(next)
  let done = 0
  for (const [i, { wanted, maxBefore }] of sets.entries()) {
    if (wanted === 0 || change === done) continue
    const share = replicas === 0 ? -wanted : Math.round((wanted * size) / maxBefore) - wanted
    const step = change > 0 ? Math.min(share, change - done) : Math.max(share, change - done)
    next[i] = Math.max(0, wanted + step)
    done += step
  }
  if (next.length > 0) next[0] = Math.max(0, next[0]! + change - done)
  return next
}

function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}
