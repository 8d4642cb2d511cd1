import type { ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from 'kubernetes-types/core/v1.js'
import { withCondition } from '../informers/index.ts'
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
}

/** The status of a pod after a stage. Pure; changes nothing that it is given. */
export function applyStage(patch: StatusPatch, pod: Pod, facts: StageFacts): PodStatus {
  const status: PodStatus = { ...pod.status }
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
  if (patch.containers !== undefined) status.containerStatuses = containerStatuses(patch.containers, pod, facts)
  const names = (pod.spec?.containers ?? []).map(container => container.name).join(' ')
  for (const condition of patch.conditions ?? []) {
    status.conditions = withCondition(status.conditions, podCondition(condition, names), facts.now)
  }
  return status
}

function podCondition({ type, status, reason, message }: StageCondition, names: string): PodCondition {
  return {
    type,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message: message.replace('{containers}', names) }),
  }
}

function containerStatuses(
  state: NonNullable<StatusPatch['containers']>,
  pod: Pod,
  facts: StageFacts,
): ContainerStatus[] {
  return (pod.spec?.containers ?? []).map(({ name, image }) => {
    const old = pod.status?.containerStatuses?.find(status => status.name === name)
    const base = { name, image: image ?? '', restartCount: old?.restartCount ?? 0, lastState: old?.lastState ?? {} }
    if (state === 'creating') {
      return { ...base, imageID: '', ready: false, started: false, state: { waiting: { reason: 'ContainerCreating' } } }
    }
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
      return { ...base, containerID, imageID, ready: false, started: false, state: terminated }
    }
    return { ...base, containerID, imageID, ready: state === 'ready', started: true, state: { running } }
  })
}

/** A stable stand-in for the digest that a registry would give. */
function imageIdOf(image: string): string {
  let hash = 0x811c9dc5
  let digest = ''
  for (let lane = 0; lane < 8; lane++) {
    for (let i = 0; i < image.length; i++) hash = Math.imul(hash ^ image.charCodeAt(i), 0x01000193) >>> 0
    digest += hash.toString(16).padStart(8, '0')
  }
  return `${image.replace(/(?:@.*|:[^/]*)$/, '')}@sha256:${digest}`
}
