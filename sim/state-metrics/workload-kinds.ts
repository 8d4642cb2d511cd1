import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import { conditions, created, flag, info, notAllowed, one, owners, stateKind } from './state-family.ts'

/** A number or a share of the replicas, as rolling updates have it. */
function scaled(bound: unknown, replicas: number, round: (value: number) => number): number {
  if (typeof bound === 'number') return bound
  const share = /^(\d+)%$/.exec(String(bound))?.[1]
  return share === undefined ? 0 : round((Number(share) * replicas) / 100)
}

const GENERATION = 'Sequence number representing a specific generation of the desired state'

export const deploymentState = stateKind<Deployment>(
  'deployments',
  ['namespace', 'deployment'],
  [
    created('kube_deployment'),
    one(
      'kube_deployment_status_replicas',
      '[STABLE] The number of replicas per deployment.',
      d => d.status?.replicas ?? 0,
    ),
    one(
      'kube_deployment_status_replicas_ready',
      '[STABLE] The number of ready replicas per deployment.',
      d => d.status?.readyReplicas ?? 0,
    ),
    one(
      'kube_deployment_status_replicas_available',
      '[STABLE] The number of available replicas per deployment.',
      d => d.status?.availableReplicas ?? 0,
    ),
    one(
      'kube_deployment_status_replicas_unavailable',
      '[STABLE] The number of unavailable replicas per deployment.',
      d => d.status?.unavailableReplicas ?? 0,
    ),
    one(
      'kube_deployment_status_replicas_updated',
      '[STABLE] The number of updated replicas per deployment.',
      d => d.status?.updatedReplicas ?? 0,
    ),
    one(
      'kube_deployment_status_observed_generation',
      '[STABLE] The generation observed by the deployment controller.',
      d => d.status?.observedGeneration ?? 0,
    ),
    conditions(
      'kube_deployment_status_condition',
      '[STABLE] The current status conditions of a deployment.',
      d => d.status?.conditions,
    ),
    one(
      'kube_deployment_spec_replicas',
      '[STABLE] Number of desired pods for a deployment.',
      d => d.spec?.replicas ?? 1,
    ),
    one(
      'kube_deployment_spec_paused',
      '[STABLE] Whether the deployment is paused and will not be processed by the deployment controller.',
      d => flag(d.spec?.paused),
    ),
    one(
      'kube_deployment_spec_strategy_rollingupdate_max_unavailable',
      '[STABLE] Maximum number of unavailable replicas during a rolling update of a deployment.',
      ({ spec }) => {
        const rolling = spec?.strategy?.rollingUpdate
        return rolling && scaled(rolling.maxUnavailable, spec?.replicas ?? 1, Math.floor)
      },
    ),
    one(
      'kube_deployment_spec_strategy_rollingupdate_max_surge',
      '[STABLE] Maximum number of replicas that can be scheduled above the desired number of replicas during a rolling update of a deployment.',
      ({ spec }) => {
        const rolling = spec?.strategy?.rollingUpdate
        return rolling && scaled(rolling.maxSurge, spec?.replicas ?? 1, Math.ceil)
      },
    ),
    one('kube_deployment_metadata_generation', `[STABLE] ${GENERATION}.`, d => d.metadata?.generation ?? 0),
    notAllowed('kube_deployment', 'annotations'),
    notAllowed('kube_deployment', 'labels'),
  ],
)

export const replicaSetState = stateKind<ReplicaSet>(
  'replicasets',
  ['namespace', 'replicaset'],
  [
    created('kube_replicaset'),
    one(
      'kube_replicaset_status_replicas',
      '[STABLE] The number of replicas per ReplicaSet.',
      r => r.status?.replicas ?? 0,
    ),
    one(
      'kube_replicaset_status_fully_labeled_replicas',
      '[STABLE] The number of fully labeled replicas per ReplicaSet.',
      r => r.status?.fullyLabeledReplicas ?? 0,
    ),
    one(
      'kube_replicaset_status_ready_replicas',
      '[STABLE] The number of ready replicas per ReplicaSet.',
      r => r.status?.readyReplicas ?? 0,
    ),
    one(
      'kube_replicaset_status_observed_generation',
      '[STABLE] The generation observed by the ReplicaSet controller.',
      r => r.status?.observedGeneration ?? 0,
    ),
    one('kube_replicaset_spec_replicas', '[STABLE] Number of desired pods for a ReplicaSet.', r => r.spec?.replicas),
    one('kube_replicaset_metadata_generation', `[STABLE] ${GENERATION}.`, r => r.metadata?.generation ?? 0),
    owners('kube_replicaset_owner', "[STABLE] Information about the ReplicaSet's owner."),
    notAllowed('kube_replicaset', 'annotations'),
    notAllowed('kube_replicaset', 'labels'),
  ],
)

export const statefulSetState = stateKind<StatefulSet>(
  'statefulsets',
  ['namespace', 'statefulset'],
  [
    created('kube_statefulset'),
    one(
      'kube_statefulset_status_replicas',
      '[STABLE] The number of replicas per StatefulSet.',
      s => s.status?.replicas ?? 0,
    ),
    one(
      'kube_statefulset_status_replicas_available',
      'The number of available replicas per StatefulSet.',
      s => s.status?.availableReplicas ?? 0,
    ),
    one(
      'kube_statefulset_status_replicas_current',
      '[STABLE] The number of current replicas per StatefulSet.',
      s => s.status?.currentReplicas ?? 0,
    ),
    one(
      'kube_statefulset_status_replicas_ready',
      '[STABLE] The number of ready replicas per StatefulSet.',
      s => s.status?.readyReplicas ?? 0,
    ),
    one(
      'kube_statefulset_status_replicas_updated',
      '[STABLE] The number of updated replicas per StatefulSet.',
      s => s.status?.updatedReplicas ?? 0,
    ),
    one(
      'kube_statefulset_status_observed_generation',
      '[STABLE] The generation observed by the StatefulSet controller.',
      s => s.status?.observedGeneration ?? 0,
    ),
    one('kube_statefulset_replicas', '[STABLE] Number of desired pods for a StatefulSet.', s => s.spec?.replicas),
    one(
      'kube_statefulset_ordinals_start',
      '[STABLE] Start ordinal of the StatefulSet.',
      s => (s.spec as { ordinals?: { start?: number } } | undefined)?.ordinals?.start,
    ),
    one(
      'kube_statefulset_metadata_generation',
      `[STABLE] ${GENERATION} for the StatefulSet.`,
      s => s.metadata?.generation ?? 0,
    ),
    info(
      'kube_statefulset_persistentvolumeclaim_retention_policy',
      'Count of retention policy for StatefulSet template PVCs',
      ['when_deleted', 'when_scaled'],
      ({ spec }) => {
        const policy = spec?.persistentVolumeClaimRetentionPolicy
        const row = [policy?.whenDeleted ?? '', policy?.whenScaled ?? '']
        return row.every(each => each === '') ? [] : [row]
      },
    ),
    notAllowed('kube_statefulset', 'annotations'),
    notAllowed('kube_statefulset', 'labels'),
    info(
      'kube_statefulset_status_current_revision',
      '[STABLE] Indicates the version of the StatefulSet used to generate Pods in the sequence [0,currentReplicas).',
      ['revision'],
      s => [[s.status?.currentRevision ?? '']],
    ),
    info(
      'kube_statefulset_status_update_revision',
      '[STABLE] Indicates the version of the StatefulSet used to generate Pods in the sequence [replicas-updatedReplicas,replicas)',
      ['revision'],
      s => [[s.status?.updateRevision ?? '']],
    ),
  ],
)

export const daemonSetState = stateKind<DaemonSet>(
  'daemonsets',
  ['namespace', 'daemonset'],
  [
    created('kube_daemonset'),
    one(
      'kube_daemonset_status_current_number_scheduled',
      '[STABLE] The number of nodes running at least one daemon pod and are supposed to.',
      d => d.status?.currentNumberScheduled ?? 0,
    ),
    one(
      'kube_daemonset_status_desired_number_scheduled',
      '[STABLE] The number of nodes that should be running the daemon pod.',
      d => d.status?.desiredNumberScheduled ?? 0,
    ),
    one(
      'kube_daemonset_status_number_available',
      '[STABLE] The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and available',
      d => d.status?.numberAvailable ?? 0,
    ),
    one(
      'kube_daemonset_status_number_misscheduled',
      '[STABLE] The number of nodes running a daemon pod but are not supposed to.',
      d => d.status?.numberMisscheduled ?? 0,
    ),
    one(
      'kube_daemonset_status_number_ready',
      '[STABLE] The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and ready.',
      d => d.status?.numberReady ?? 0,
    ),
    one(
      'kube_daemonset_status_number_unavailable',
      '[STABLE] The number of nodes that should be running the daemon pod and have none of the daemon pod running and available',
      d => d.status?.numberUnavailable ?? 0,
    ),
    one(
      'kube_daemonset_status_observed_generation',
      '[STABLE] The most recent generation observed by the daemon set controller.',
      d => d.status?.observedGeneration ?? 0,
    ),
    one(
      'kube_daemonset_status_updated_number_scheduled',
      '[STABLE] The total number of nodes that are running updated daemon pod',
      d => d.status?.updatedNumberScheduled ?? 0,
    ),
    one('kube_daemonset_metadata_generation', `[STABLE] ${GENERATION}.`, d => d.metadata?.generation ?? 0),
    notAllowed('kube_daemonset', 'annotations'),
    notAllowed('kube_daemonset', 'labels'),
  ],
)

export const budgetState = stateKind<PodDisruptionBudget>(
  'poddisruptionbudgets',
  ['namespace', 'poddisruptionbudget'],
  [
    notAllowed('kube_poddisruptionbudget', 'annotations'),
    notAllowed('kube_poddisruptionbudget', 'labels', false),
    created('kube_poddisruptionbudget'),
    one(
      'kube_poddisruptionbudget_status_current_healthy',
      '[STABLE] Current number of healthy pods',
      b => b.status?.currentHealthy ?? 0,
    ),
    one(
      'kube_poddisruptionbudget_status_desired_healthy',
      '[STABLE] Minimum desired number of healthy pods',
      b => b.status?.desiredHealthy ?? 0,
    ),
    one(
      'kube_poddisruptionbudget_status_pod_disruptions_allowed',
      '[STABLE] Number of pod disruptions that are currently allowed',
      b => b.status?.disruptionsAllowed ?? 0,
    ),
    one(
      'kube_poddisruptionbudget_status_expected_pods',
      '[STABLE] Total number of pods counted by this disruption budget',
      b => b.status?.expectedPods ?? 0,
    ),
    one(
      'kube_poddisruptionbudget_status_observed_generation',
      '[STABLE] Most recent generation observed when updating this PDB status',
      b => b.status?.observedGeneration ?? 0,
    ),
  ],
)
