/** What the conditions of pods, nodes, deployments and replica sets have in common. */
export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export function conditionStatus(conditions: readonly Condition[] | undefined, type: string): string | undefined {
  if (conditions === undefined) return undefined
  // hot: some twenty times for each change of a pod.
  for (const condition of conditions) if (condition.type === type) return condition.status
  return undefined
}

/**
 * The conditions with one of them set. Order is kept, a new one goes to the end; `lastTransitionTime` moves only when the
 * status does. The same array comes back when nothing changed. A reason or message that is not given is removed.
 */
export function withCondition<C extends Condition>(conditions: readonly C[] | undefined, next: C, now: string): C[] {
  const list = conditions ?? []
  let index = 0
  while (index < list.length && list[index]!.type !== next.type) index++
  const old = list[index]
  if (old?.status === next.status && old.reason === next.reason && old.message === next.message) return list as C[]
  const changed = list.slice()
  changed[index] = replaced(old, next, old?.status === next.status ? (old.lastTransitionTime ?? now) : now)
  return changed
}

// hot: several times for each pod. Copied field by field: conditions are to have few shapes, see `extended`.
function replaced<C extends Condition>(old: C | undefined, next: C, lastTransitionTime: string): C {
  const condition = {} as C
  for (const key in old) if (key !== 'reason' && key !== 'message') condition[key] = old[key]
  for (const key in next) condition[key] = next[key]
  condition.lastTransitionTime = lastTransitionTime
  return condition
}
