import type { ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from 'kubernetes-types/core/v1.js'
import { extended } from '../../base/index.ts'
import { withCondition } from '../informers/index.ts'
import { endedStatus } from './apply-container-stage.ts'
import { derivedStatus, type PodEnding } from './derive-status.ts'
import { imageIdOf } from './image-id.ts'
import { type ContainerKind, containersOf, containerStatus, withContainerStatuses } from './pod-containers.ts'
import type { StageCondition, StatusPatch } from './stage.ts'

/** What a kubelet knows that neither the pod nor the stage says. */
export interface StageFacts {
  /** Now, as Kubernetes writes times. */
  readonly now: string
  readonly hostAddress: string
  readonly podAddress: string
  /** 64 hexadecimal digits for each container, by name. */
  readonly containerIds: Readonly<Record<string, string>>
  /** The grace period ended before the containers did. */
  readonly killed: boolean
  /** Of a detailed pod that ends: how each container that ran did, by name. */
  readonly ends?: Readonly<Record<string, StoppedContainer>> | undefined
  /** The kubelet ended the pod. */
  readonly ending?: PodEnding | undefined
}

export interface StoppedContainer {
  readonly killed: boolean
  /** Of a program that ended by itself when it was asked to. */
  readonly exitCode?: number | undefined
  /** As Kubernetes writes times. */
  readonly finishedAt: string
}

/** The status of a pod after a stage. Pure; changes nothing that it is given. */
export function applyStage(patch: StatusPatch, pod: Pod, facts: StageFacts): PodStatus {
  const status: PodStatus = extended(pod.status, {})
  if (patch.phase === 'Running') status.phase = 'Running'
  else if (patch.phase === 'terminal') status.phase = facts.killed ? 'Failed' : 'Succeeded'
  if (patch.accepted) status.startTime = facts.now
  if (patch.address === 'host') {
    status.hostIP = facts.hostAddress
    status.hostIPs = [{ ip: facts.hostAddress }]
  } else if (patch.address === 'pod') {
    status.podIP = facts.podAddress
    status.podIPs = [{ ip: facts.podAddress }]
  }
  if (patch.containers === 'ended') return derivedEnd(pod, status, facts)
  if (patch.containers === 'creating' && pod.spec?.initContainers !== undefined) {
    const { initContainers } = pod.spec
    status.initContainerStatuses = initContainers.map(({ name, image }) => created(name, image, 'PodInitializing'))
  }
  if (patch.containers !== undefined) status.containerStatuses = containerStatuses(patch.containers, pod, facts)
  for (const condition of patch.conditions ?? []) {
    status.conditions = withCondition(status.conditions, podCondition(condition, pod), facts.now)
  }
  return patch.derive === undefined ? status : derivedStatus(pod, status, { now: facts.now })
}

/** The status of a pod whose containers have stopped and will not run again. */
function derivedEnd(pod: Pod, status: PodStatus, { now, ends = {}, ending }: StageFacts): PodStatus {
  const next = new Map<string, ContainerStatus>()
  for (const part of containersOf(pod)) {
    const { name } = part.container
    const old = containerStatus(status, part)
    if (old?.state?.running !== undefined) {
      const killed = ends[name]?.killed ?? false
      const stopped = {
        now: ends[name]?.finishedAt ?? now,
        exitCode: ends[name]?.exitCode ?? stopCode(part.kind, killed),
        outOfMemory: false,
      }
      next.set(name, endedStatus(old, false, stopped))
    } else if (old?.state?.waiting !== undefined && old.lastState?.terminated !== undefined) {
      // It waited to be started again, and will not be.
      next.set(name, { ...old, state: { terminated: old.lastState.terminated }, lastState: {} })
    }
  }
  const derived = derivedStatus(pod, withContainerStatuses(status, next), { now, ended: ending ?? 'deleted' })
  if (ending === undefined) return derived
  const { reason, message } = ending
  if (reason !== 'Evicted') return { ...derived, reason, message }
  const target: PodCondition = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }
  return { ...derived, reason, message, conditions: withCondition(derived.conditions, target, now) }
}

/** Servers end well when they are asked to; what an init container was there for has not been done. */
function stopCode(kind: ContainerKind, killed: boolean): number {
  if (killed) return 137
  return kind === 'init' ? 143 : 0
}

function created(name: string, image: string | undefined, reason: string): ContainerStatus {
  return {
    name,
    image: image ?? '',
    restartCount: 0,
    lastState: {},
    imageID: '',
    ready: false,
    started: false,
    state: { waiting: { reason } },
  }
}

// hot: seven times for each pod.
function podCondition({ type, status, reason, message }: StageCondition, pod: Pod): PodCondition {
  if (reason === undefined && message === undefined) return { type, status }
  const condition: PodCondition = { type, status }
  if (reason !== undefined) condition.reason = reason
  if (message !== undefined) {
    const names = (pod.spec?.containers ?? []).map(container => container.name).join(' ')
    condition.message = message.replace('{containers}', names)
  }
  return condition
}

function containerStatuses(
  state: Exclude<StatusPatch['containers'], 'ended' | undefined>,
  pod: Pod,
  facts: StageFacts,
): ContainerStatus[] {
  return (pod.spec?.containers ?? []).map(({ name, image }) => {
    const old = pod.status?.containerStatuses?.find(status => status.name === name)
    if (state === 'creating') {
      const hasInit = (pod.spec?.initContainers?.length ?? 0) > 0
      return created(name, image, hasInit ? 'PodInitializing' : 'ContainerCreating')
    }
    const restartCount = old?.restartCount ?? 0
    const lastState = old?.lastState ?? {}
    const containerID = old?.containerID ?? `containerd://${facts.containerIds[name] ?? ''}`
    const imageID = old?.imageID === undefined || old.imageID === '' ? imageIdOf(image ?? '') : old.imageID
    const running = old?.state?.running ?? { startedAt: facts.now }
    if (state === 'terminated') {
      const terminated: ContainerState = {
        terminated: {
          containerID,
          exitCode: facts.killed ? 137 : 0,
          reason: facts.killed ? 'Error' : 'Completed',
          finishedAt: facts.now,
          ...(running.startedAt === undefined ? {} : { startedAt: running.startedAt }),
        },
      }
      return {
        name,
        image: image ?? '',
        restartCount,
        lastState,
        containerID,
        imageID,
        ready: false,
        started: false,
        state: terminated,
      }
    }
    return {
      name,
      image: image ?? '',
      restartCount,
      lastState,
      containerID,
      imageID,
      ready: state === 'ready',
      started: true,
      state: { running },
    }
  })
}
