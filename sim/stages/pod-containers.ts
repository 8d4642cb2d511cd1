import type { Container, ContainerStatus, Pod, PodStatus } from 'kubernetes-types/core/v1.js'

/** An init container that runs to its end, one that stays beside the others (`restartPolicy: Always`), or one of the pod's own. */
export type ContainerKind = 'init' | 'sidecar' | 'main'

export interface PodContainer {
  readonly kind: ContainerKind
  readonly container: Container
}

/** All containers of a pod in the order in which they are started. */
export function containersOf(pod: Pod): PodContainer[] {
  const out: PodContainer[] = []
  for (const container of pod.spec?.initContainers ?? []) {
    out.push({ kind: container.restartPolicy === 'Always' ? 'sidecar' : 'init', container })
  }
  for (const container of pod.spec?.containers ?? []) out.push({ kind: 'main', container })
  return out
}

export function containerStatus(
  status: PodStatus | undefined,
  { kind, container: { name } }: PodContainer,
): ContainerStatus | undefined {
  const list = kind === 'main' ? status?.containerStatuses : status?.initContainerStatuses
  return list?.find(candidate => candidate.name === name)
}

/** The status with those of some containers replaced. */
export function withContainerStatuses(status: PodStatus, next: ReadonlyMap<string, ContainerStatus>): PodStatus {
  const replaced = (list: ContainerStatus[] | undefined): ContainerStatus[] | undefined =>
    list?.map(old => next.get(old.name) ?? old)
  const containerStatuses = replaced(status.containerStatuses)
  const initContainerStatuses = replaced(status.initContainerStatuses)
  return {
    ...status,
    ...(containerStatuses === undefined ? {} : { containerStatuses }),
    ...(initContainerStatuses === undefined ? {} : { initContainerStatuses }),
  }
}

/** Whether a container that ended with this code is started again while its pod lives. */
export function runsAgain(pod: Pod, kind: ContainerKind, exitCode: number): boolean {
  if (kind === 'sidecar') return true
  const policy = pod.spec?.restartPolicy ?? 'Always'
  if (kind === 'init') return exitCode !== 0 && policy !== 'Never'
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

/** All of the pod's own containers have ended for good: sidecars are no longer needed. */
export function mainsAreDone(pod: Pod, status: PodStatus | undefined): boolean {
  return (pod.spec?.containers ?? []).every(container => {
    const terminated = containerStatus(status, { kind: 'main', container })?.state?.terminated
    return terminated !== undefined && !runsAgain(pod, 'main', terminated.exitCode)
  })
}

/** Some container runs now. */
export function anyRuns(status: PodStatus | undefined): boolean {
  const runs = ({ state }: ContainerStatus): boolean => state?.running !== undefined
  return (status?.containerStatuses?.some(runs) ?? false) || (status?.initContainerStatuses?.some(runs) ?? false)
}

/** What the init containers before it (all of them, for the pod's own) are there for has been done. */
export function isItsTurn(pod: Pod, status: PodStatus | undefined, { kind, container }: PodContainer): boolean {
  // Once a pod has been initialised it stays so, even while a sidecar is started again.
  if (status?.containerStatuses?.some(hasRun) === true) return true
  for (const before of containersOf(pod)) {
    if (before.kind === 'main' || (kind !== 'main' && before.container.name === container.name)) return true
    if (!isInitialized(before.kind, containerStatus(status, before))) return false
  }
  return true
}

export function isInitialized(kind: ContainerKind, status: ContainerStatus | undefined): boolean {
  return kind === 'sidecar' ? status?.started === true : status?.state?.terminated?.exitCode === 0
}

export function hasRun({ state, lastState }: ContainerStatus): boolean {
  return state?.running !== undefined || state?.terminated !== undefined || lastState?.terminated !== undefined
}
