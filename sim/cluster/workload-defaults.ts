import type {
  DaemonSet,
  DaemonSetSpec,
  Deployment,
  DeploymentSpec,
  ReplicaSet,
  ReplicaSetSpec,
  StatefulSet,
  StatefulSetSpec,
} from 'kubernetes-types/apps/v1.js'
import { defaultClaimSpec } from './claim-defaults.ts'
import type { Writable } from './objects.ts'
import { defaultTemplate } from './pod-defaults.ts'

const REVISION_HISTORY_LIMIT = 10

export function defaultDeployment(deployment: Writable<Deployment>): void {
  const spec = (deployment.spec ??= {} as DeploymentSpec)
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= REVISION_HISTORY_LIMIT
  spec.progressDeadlineSeconds ??= 600
  const strategy = (spec.strategy ??= {})
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...strategy.rollingUpdate }
  }
  defaultTemplate((spec.template ??= {}))
  deployment.status ??= {}
}

export function defaultReplicaSet(set: Writable<ReplicaSet>): void {
  const spec = (set.spec ??= {} as ReplicaSetSpec)
  spec.replicas ??= 1
  defaultTemplate((spec.template ??= {}))
  set.status ??= { replicas: 0 }
}

export function defaultStatefulSet(set: Writable<StatefulSet>): void {
  const spec = (set.spec ??= {} as StatefulSetSpec)
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= REVISION_HISTORY_LIMIT
  spec.podManagementPolicy ||= 'OrderedReady'
  const strategy = (spec.updateStrategy ??= {})
  if ((strategy.type ?? '') === '') {
    strategy.type = 'RollingUpdate'
    strategy.rollingUpdate ??= {}
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate !== undefined) strategy.rollingUpdate.partition ??= 0
  spec.persistentVolumeClaimRetentionPolicy = {
    whenDeleted: 'Retain',
    whenScaled: 'Retain',
    ...spec.persistentVolumeClaimRetentionPolicy,
  }
  defaultTemplate((spec.template ??= {}))
  for (const claim of (spec.volumeClaimTemplates ?? []) as Writable<typeof spec.volumeClaimTemplates & object>) {
    claim.apiVersion ??= 'v1'
    claim.kind ??= 'PersistentVolumeClaim'
    defaultClaimSpec((claim.spec ??= {}))
    ;(claim as { status?: object }).status ??= { phase: 'Pending' }
  }
  set.status ??= { replicas: 0, availableReplicas: 0 }
}

export function defaultDaemonSet(set: Writable<DaemonSet>): void {
  const spec = (set.spec ??= {} as DaemonSetSpec)
  spec.revisionHistoryLimit ??= REVISION_HISTORY_LIMIT
  const strategy = (spec.updateStrategy ??= {})
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate = { maxUnavailable: 1, maxSurge: 0, ...strategy.rollingUpdate }
  }
  defaultTemplate((spec.template ??= {}))
  set.status ??= { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }
}
