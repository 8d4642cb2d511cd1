import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Stored } from '../cluster/index.ts'
import { extended } from '../../base/index.ts'
import { conditionStatus, withCondition } from '../informers/index.ts'
import { rollBounds } from './rolling-update.ts'

/** A Deployment and its sets. */
export interface Rollout {
  readonly deployment: Stored<Deployment>
  /** The set of the current template; absent until it has been made. */
  readonly fresh: Stored<ReplicaSet> | undefined
  /** The others, oldest first. */
  readonly old: readonly Stored<ReplicaSet>[]
}

/** Counts as `kubectl rollout status` reads them; conditions are carried over, `Available` brought up to date. */
export function deploymentStatus({ deployment, fresh, old }: Rollout, now: string): DeploymentStatus {
  const sets = fresh === undefined ? old : [...old, fresh]
  let wanted = 0
  let replicas = 0
  let ready = 0
  let available = 0
  for (const { spec, status } of sets) {
    wanted += spec?.replicas ?? 1
    replicas += status?.replicas ?? 0
    ready += status?.readyReplicas ?? 0
    available += status?.availableReplicas ?? 0
  }
  const updated = fresh?.status?.replicas ?? 0
  const unavailable = Math.max(0, wanted - available)
  const collisionCount = deployment.status?.collisionCount
  const minAvailable = (deployment.spec?.replicas ?? 1) - rollBounds(deployment).maxUnavailable
  // As in Kubernetes, a count of nothing is left out.
  const status: DeploymentStatus = { observedGeneration: deployment.metadata.generation ?? 1 }
  if (replicas > 0) status.replicas = replicas
  if (updated > 0) status.updatedReplicas = updated
  if (ready > 0) status.readyReplicas = ready
  if (available > 0) status.availableReplicas = available
  if (unavailable > 0) status.unavailableReplicas = unavailable
  if (collisionCount !== undefined) status.collisionCount = collisionCount
  const isAvailable = available >= minAvailable
  status.conditions = withTimes(deployment.status?.conditions, isAvailable ? AVAILABLE : UNAVAILABLE, now)
  return status
}

const AVAILABLE: DeploymentCondition = {
  type: 'Available',
  status: 'True',
  reason: 'MinimumReplicasAvailable',
  message: 'Deployment has minimum availability.',
}
const UNAVAILABLE: DeploymentCondition = {
  type: 'Available',
  status: 'False',
  reason: 'MinimumReplicasUnavailable',
  message: 'Deployment does not have minimum availability.',
}

/** All pods are of the current template and available, and no others are left. */
export function isComplete({ spec, metadata }: Stored<Deployment>, status: DeploymentStatus): boolean {
  const replicas = spec?.replicas ?? 1
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 1)
  )
}

/** Something got better since `before`: more of the new, fewer of the old, more ready. */
export function isProgressing(before: DeploymentStatus | undefined, after: DeploymentStatus): boolean {
  const count = (status: DeploymentStatus | undefined, name: keyof DeploymentStatus): number =>
    Number(status?.[name] ?? 0)
  const old = (status: DeploymentStatus | undefined): number =>
    count(status, 'replicas') - count(status, 'updatedReplicas')
  return (
    count(after, 'updatedReplicas') > count(before, 'updatedReplicas') ||
    old(after) < old(before) ||
    count(after, 'readyReplicas') > count(before, 'readyReplicas') ||
    count(after, 'availableReplicas') > count(before, 'availableReplicas')
  )
}

export type ProgressReason =
  | 'NewReplicaSetCreated'
  | 'FoundNewReplicaSet'
  | 'ReplicaSetUpdated'
  | 'NewReplicaSetAvailable'
  | 'ProgressDeadlineExceeded'
  | 'DeploymentPaused'
  | 'DeploymentResumed'

/** The conditions with `Progressing` as given. `set` is the name of the current ReplicaSet. */
export function withProgress(
  conditions: readonly DeploymentCondition[] | undefined,
  reason: ProgressReason,
  set: string,
  now: string,
): DeploymentCondition[] {
  const [status, message] = PROGRESS[reason]
  return withTimes(conditions, { type: 'Progressing', status, reason, message: message.replace('{set}', set) }, now)
}

const PROGRESS: Readonly<Record<ProgressReason, readonly [status: string, message: string]>> = {
  NewReplicaSetCreated: ['True', 'Created new replica set "{set}"'],
  FoundNewReplicaSet: ['True', 'Found new replica set "{set}"'],
  ReplicaSetUpdated: ['True', 'ReplicaSet "{set}" is progressing.'],
  NewReplicaSetAvailable: ['True', 'ReplicaSet "{set}" has successfully progressed.'],
  ProgressDeadlineExceeded: ['False', 'ReplicaSet "{set}" has timed out progressing.'],
  DeploymentPaused: ['Unknown', 'Deployment is paused'],
  DeploymentResumed: ['Unknown', 'Deployment is resumed'],
}

export function progressReason(deployment: Deployment): string | undefined {
  return deployment.status?.conditions?.find(({ type }) => type === 'Progressing')?.reason
}

/** Deployment conditions have a second time: `lastUpdateTime` moves with every change, not only with the status. */
function withTimes(
  conditions: readonly DeploymentCondition[] | undefined,
  next: DeploymentCondition,
  now: string,
): DeploymentCondition[] {
  const list = conditions ?? []
  const old = list.find(({ type }) => type === next.type)
  const isSame = old?.reason === next.reason && old?.message === next.message
  if (conditionStatus(list, next.type) === next.status && isSame && next.reason !== 'ReplicaSetUpdated')
    return [...list]
  const changed = withCondition(list, next, now)
  return changed.map(condition =>
    condition.type === next.type ? extended(condition, { lastUpdateTime: now }) : condition,
  )
}
