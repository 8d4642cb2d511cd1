/** What the conditions of pods, nodes, deployments and replica sets have in common. */
export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export function conditionStatus(conditions: readonly Condition[] | undefined, type: string): string | undefined {
  return conditions?.find(condition => condition.type === type)?.status
}

/**
 * The conditions with one of them set. Order is kept, a new one goes to the end; `lastTransitionTime` moves only when the
 * status does. The same array comes back when nothing changed. A reason or message that is not given is removed.
 */
export function withCondition<C extends Condition>(conditions: readonly C[] | undefined, next: C, now: string): C[] {
  const list = conditions ?? []
  const index = list.findIndex(condition => condition.type === next.type)
  if (index < 0) return [...list, { ...next, lastTransitionTime: now }]
  const old = list[index]!
  if (old.status === next.status && old.reason === next.reason && old.message === next.message) return list as C[]
  const { reason: _reason, message: _message, ...rest } = old
  const lastTransitionTime = old.status === next.status ? (old.lastTransitionTime ?? now) : now
  return list.with(index, { ...rest, ...next, lastTransitionTime })
}
