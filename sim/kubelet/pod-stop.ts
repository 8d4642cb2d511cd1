import type { Pod } from 'kubernetes-types/core/v1.js'
import {
  behaviourOf,
  type ContainerEnd,
  containersOf,
  containerStatus,
  planTermination,
  type PodContainer,
} from '../stages/index.ts'

/**
 * When each running container of a pod ends that is told to stop, by name.
 *
 * @param stopMs for those that say nothing of it.
 * @param processStopMs of those that run a program.
 */
export function planPodStop(
  pod: Pod,
  graceMs: number,
  stopMs: number,
  processStopMs: (container: string) => number | undefined,
): ReadonlyMap<string, ContainerEnd> {
  const running = containersOf(pod).filter(part => containerStatus(pod.status, part)?.state?.running !== undefined)
  return planTermination(
    running.map(part => ({
      name: part.container.name,
      kind: part.kind,
      preStopMs: preStopMsOf(pod, part),
      stopMs: processStopMs(part.container.name) ?? stopMsOf(pod, part) ?? stopMs,
    })),
    graceMs,
  )
}

/** How long a container's preStop hook takes: what a sleep says, else what the pod's annotations say. */
export function preStopMsOf(pod: Pod, { kind, container }: PodContainer): number {
  const { preStop } = container.lifecycle ?? {}
  if (preStop === undefined) return 0
  return preStop.sleep === undefined ? behaviourOf(pod, kind, container.name).preStopMs : preStop.sleep.seconds * 1000
}

/** From SIGTERM to the container's end, where the pod's annotations say so. */
export function stopMsOf(pod: Pod, { kind, container }: PodContainer): number | undefined {
  return behaviourOf(pod, kind, container.name).stopAfterMs
}
