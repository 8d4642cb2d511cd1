import type { WorkloadEvent } from '../churn-event.ts'

interface Rollout {
  /** Sizes by ReplicaSet; those that reached 0 are forgotten but for the newest. */
  readonly sizes: Map<string, number>
  newest: string
  replicas: number
}

const SCALED = /^Scaled (up|down) replica set (\S+) (?:from (\d+) )?to (\d+)(?: from (\d+))?/

/**
 * What a Deployment was asked for, concluded from how it scales its ReplicaSets: a ReplicaSet that was not there before is a
 * new pod template; a change of size while no other has pods is a change of replicas. What is asked for during a rollout shows
 * at its end.
 */
export class EventRollouts {
  /** By `namespace/name`. */
  readonly #rollouts = new Map<string, Rollout>()

  /** @param message of a `ScalingReplicaSet`. `undefined` when it says nothing new; a fault when it is not understood. */
  take(t: number, namespace: string, name: string, message: string): WorkloadEvent | 'unknown' | undefined {
    const parts = SCALED.exec(message)
    if (parts === null) return 'unknown'
    const [, direction, set, , toText] = parts as unknown as [string, string, string, string | undefined, string]
    const to = Number(toText)
    const deployment = { t, kind: 'workload', namespace, name, type: 'Deployment' } as const
    const key = `${namespace}/${name}`
    const rollout = this.#rollouts.get(key)
    if (rollout === undefined) {
      this.#rollouts.set(key, { sizes: new Map([[set, to]]), newest: set, replicas: to })
      return { ...deployment, op: 'applied', replicas: to }
    }
    const isNew = direction === 'up' && !rollout.sizes.has(set)
    rollout.sizes.set(set, to)
    if (isNew) rollout.newest = set
    for (const [other, size] of rollout.sizes) if (size === 0 && other !== rollout.newest) rollout.sizes.delete(other)
    const isAlone = rollout.sizes.size === 1
    if (isNew) {
      if (isAlone) rollout.replicas = to
      return { ...deployment, op: 'applied', replicas: rollout.replicas }
    }
    const size = rollout.sizes.get(rollout.newest) ?? 0
    if (!isAlone || size === rollout.replicas) return undefined
    rollout.replicas = size
    return { ...deployment, op: 'scaled', replicas: size }
  }
}
