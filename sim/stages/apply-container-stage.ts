import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import type { ContainerPatch } from './container-stage.ts'
import { imageIdOf } from './image-id.ts'
import type { PodContainer } from './pod-containers.ts'

/** What a kubelet knows that neither the container nor the stage says. */
export interface ContainerPatchFacts {
  /** Now, as Kubernetes writes times. */
  readonly now: string
  /** 64 hexadecimal digits for a new run. */
  readonly containerId: string
  readonly exitCode: number
  /** It ran out of memory, rather than being killed by the kubelet. */
  readonly outOfMemory: boolean
  /** Of the waiting state. */
  readonly message: string | undefined
}

/** The status of a container after a stage. Pure. */
export function applyContainerStage(
  patch: ContainerPatch,
  { kind, container }: PodContainer,
  old: ContainerStatus,
  facts: ContainerPatchFacts,
): ContainerStatus {
  switch (patch.to) {
    case 'running': {
      const before = old.state?.terminated ?? old.lastState?.terminated
      const { name, image } = old
      return {
        name,
        image,
        imageID: old.imageID === '' ? imageIdOf(image) : old.imageID,
        containerID: `containerd://${facts.containerId}`,
        restartCount: old.restartCount + (before === undefined ? 0 : 1),
        lastState: before === undefined ? {} : { terminated: before },
        ready: false,
        // Without a startup probe a container has started when it runs.
        started: container.startupProbe === undefined || kind === 'init',
        state: { running: { startedAt: facts.now } },
      }
    }
    case 'waiting': {
      const { message } = facts
      const before = old.state?.terminated ?? old.lastState?.terminated
      return {
        ...old,
        ready: false,
        started: false,
        lastState: before === undefined ? {} : { terminated: before },
        state: { waiting: { reason: patch.reason, ...(message === undefined ? {} : { message }) } },
      }
    }
    case 'ended':
      return endedStatus(old, kind === 'init' && facts.exitCode === 0, facts)
    case 'started':
      return { ...old, started: true }
    case 'ready':
      return { ...old, ready: true }
    case 'unready':
      return { ...old, ready: false }
    case 'stopping':
    case 'retry':
      return old
  }
}

/** The status of a container whose run has ended. */
export function endedStatus(
  old: ContainerStatus,
  ready: boolean,
  { now, exitCode, outOfMemory }: Pick<ContainerPatchFacts, 'now' | 'exitCode' | 'outOfMemory'>,
): ContainerStatus {
  const { containerID, state } = old
  const startedAt = state?.running?.startedAt
  return {
    ...old,
    ready,
    started: false,
    state: {
      terminated: {
        ...(containerID === undefined ? {} : { containerID }),
        exitCode,
        reason: exitCode === 0 ? 'Completed' : outOfMemory ? 'OOMKilled' : 'Error',
        finishedAt: now,
        ...(startedAt === undefined ? {} : { startedAt }),
      },
    },
  }
}

/** `web-5d9c_shop(0a1b…)`, as a kubelet calls a pod in its messages. */
export function podInMessages({ metadata }: Pod): string {
  return `${metadata?.name}_${metadata?.namespace}(${metadata?.uid})`
}
