import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../../cluster/index.ts'
import type { Transition } from '../churn-event.ts'

type Conditioned = Stored<Pod> | Stored<Deployment>

/**
 * When a transition happened, by what the object itself says, in Unix milliseconds; `undefined` when it does not say.
 *
 * | event             | taken from                                                                              |
 * | ----------------- | --------------------------------------------------------------------------------------- |
 * | created, added, applied | creationTimestamp (an `applied` of a workload that was there before: unknown)     |
 * | bound             | condition PodScheduled                                                                  |
 * | addressed         | condition PodReadyToStartContainers, else status.startTime                              |
 * | ready, not-ready  | condition Ready                                                                         |
 * | restarted         | the last start of a container                                                           |
 * | succeeded, failed | the last end of a container                                                             |
 * | terminating       | deletionTimestamp less the grace                                                        |
 * | deleted           | the last end of a container, if it ended after the mark; else deletionTimestamp         |
 *
 * All are whole seconds. deletionTimestamp is when the grace is over, mostly later than the end.
 */
export function happenedAt(transition: Transition, object: Stored, isFirst: boolean): number | undefined {
  const { metadata } = object
  const pod = object as Stored<Pod>
  switch (transition.op) {
    case 'created':
    case 'added':
      return unixMs(metadata.creationTimestamp)
    case 'applied':
      return isFirst ? unixMs(metadata.creationTimestamp) : undefined
    case 'bound':
      return conditionMs(pod, 'PodScheduled')
    case 'addressed':
      return conditionMs(pod, 'PodReadyToStartContainers') ?? unixMs(pod.status?.startTime)
    case 'ready':
    case 'not-ready':
      return conditionMs(pod, 'Ready')
    case 'restarted':
      return latest(pod.status?.containerStatuses?.map(({ state }) => state?.running?.startedAt))
    case 'succeeded':
    case 'failed':
      return lastEndMs(pod)
    case 'terminating':
      return markedMs(pod)
    case 'deleted': {
      const endMs = transition.kind === 'pod' ? lastEndMs(pod) : undefined
      const marked = markedMs(pod)
      if (endMs !== undefined && (marked === undefined || endMs >= marked)) return endMs
      return unixMs(metadata.deletionTimestamp)
    }
    default:
      return undefined
  }
}

function markedMs({ metadata }: Stored): number | undefined {
  const overMs = unixMs(metadata.deletionTimestamp)
  return overMs === undefined ? undefined : overMs - (metadata.deletionGracePeriodSeconds ?? 0) * 1000
}

function conditionMs(object: Conditioned, type: string): number | undefined {
  const conditions: readonly { type: string; lastTransitionTime?: unknown }[] = object.status?.conditions ?? []
  return unixMs(conditions.find(condition => condition.type === type)?.lastTransitionTime)
}

function lastEndMs(pod: Stored<Pod>): number | undefined {
  return latest(pod.status?.containerStatuses?.map(({ state }) => state?.terminated?.finishedAt))
}

function latest(times: readonly unknown[] | undefined): number | undefined {
  const known = (times ?? []).map(unixMs).filter(ms => ms !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

function unixMs(time: unknown): number | undefined {
  const ms = typeof time === 'string' ? Date.parse(time) : NaN
  return Number.isFinite(ms) ? ms : undefined
}
