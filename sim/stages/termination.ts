import type { ContainerKind } from './pod-containers.ts'

/** What a container does when it is told to stop. */
export interface StoppingContainer {
  readonly name: string
  readonly kind: ContainerKind
  /** How long its preStop hook takes; SIGTERM comes after. */
  readonly preStopMs: number
  /** From SIGTERM to its end. */
  readonly stopMs: number
}

export interface ContainerEnd {
  /** Since the pod was told to stop. */
  readonly afterMs: number
  /** SIGKILL ended it. */
  readonly killed: boolean
}

/** However little is left of the grace, a container has this long after SIGTERM. */
const MINIMUM_MS = 2000

/**
 * When each running container of a pod ends, once the pod is told to stop. The pod's own containers stop together, its
 * sidecars one after the other when those have ended, the last first; all of them within the grace period and two seconds.
 *
 * @param containers in the order in which they were started.
 */
export function planTermination(
  containers: readonly StoppingContainer[],
  graceMs: number,
): ReadonlyMap<string, ContainerEnd> {
  const ends = new Map<string, ContainerEnd>()
  let turnMs = 0
  for (const container of containers) {
    if (container.kind === 'sidecar') continue
    const end = endOf(container, graceMs, 0)
    ends.set(container.name, end)
    turnMs = Math.max(turnMs, end.afterMs)
  }
  for (const container of containers.toReversed()) {
    if (container.kind !== 'sidecar') continue
    const end = endOf(container, graceMs, turnMs)
    ends.set(container.name, end)
    turnMs = Math.max(turnMs, end.afterMs)
  }
  return ends
}

/** @param turnMs when the containers that go before it have ended. */
function endOf({ preStopMs, stopMs }: StoppingContainer, graceMs: number, turnMs: number): ContainerEnd {
  const signalMs = Math.min(graceMs, Math.max(preStopMs, turnMs))
  const leftMs = Math.max(graceMs - signalMs, MINIMUM_MS)
  return { afterMs: signalMs + Math.min(stopMs, leftMs), killed: stopMs > leftMs }
}
