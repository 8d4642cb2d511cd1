import type { Namespace, Pod } from 'kubernetes-types/core/v1.js'
import { defaultAutoscaler } from './autoscaling-defaults.ts'
import { defaultCronJob, defaultJob } from './batch-defaults.ts'
import { defaultConfigMap, defaultLimitRange, defaultResourceQuota, defaultSecret } from './config-defaults.ts'
import {
  defaultEndpointSlice,
  defaultIngress,
  defaultIngressClass,
  defaultNetworkPolicy,
  defaultService,
} from './network-defaults.ts'
import type { KubeObject, Writable } from './objects.ts'
import { defaultOwnPodSpec } from './pod-defaults.ts'
import { defaultDisruptionBudget, defaultPriorityClass, defaultRoleBinding } from './policy-defaults.ts'
import {
  ClusterRoleBindings,
  ConfigMaps,
  CronJobs,
  DaemonSets,
  Deployments,
  EndpointSlices,
  HorizontalPodAutoscalers,
  IngressClasses,
  Ingresses,
  Jobs,
  LimitRanges,
  Namespaces,
  NetworkPolicies,
  PersistentVolumeClaims,
  PersistentVolumes,
  PodDisruptionBudgets,
  Pods,
  PriorityClasses,
  ReplicaSets,
  ResourceQuotas,
  type ResourceType,
  RoleBindings,
  Secrets,
  Services,
  StatefulSets,
  StorageClasses,
} from './resources.ts'
import { defaultPersistentVolume, defaultPersistentVolumeClaim, defaultStorageClass } from './storage-defaults.ts'
import { defaultDaemonSet, defaultDeployment, defaultReplicaSet, defaultStatefulSet } from './workload-defaults.ts'

type Defaulting = (object: KubeObject) => void

/** Each function is written for the type of its kind, and only ever sees objects of it. */
function of<T extends KubeObject>(type: ResourceType, fill: (object: Writable<T>) => void): [ResourceType, Defaulting] {
  return [type, fill as Defaulting]
}

const DEFAULTS = new Map<ResourceType, Defaulting>([
  of(Namespaces, defaultNamespace),
  of(Pods, defaultPod),
  of(Services, defaultService),
  of(ConfigMaps, defaultConfigMap),
  of(Secrets, defaultSecret),
  of(PersistentVolumes, defaultPersistentVolume),
  of(PersistentVolumeClaims, defaultPersistentVolumeClaim),
  of(ResourceQuotas, defaultResourceQuota),
  of(LimitRanges, defaultLimitRange),
  of(EndpointSlices, defaultEndpointSlice),
  of(Deployments, defaultDeployment),
  of(ReplicaSets, defaultReplicaSet),
  of(StatefulSets, defaultStatefulSet),
  of(DaemonSets, defaultDaemonSet),
  of(Jobs, defaultJob),
  of(CronJobs, defaultCronJob),
  of(HorizontalPodAutoscalers, defaultAutoscaler),
  of(PodDisruptionBudgets, defaultDisruptionBudget),
  of(Ingresses, defaultIngress),
  of(IngressClasses, defaultIngressClass),
  of(NetworkPolicies, defaultNetworkPolicy),
  of(RoleBindings, defaultRoleBinding),
  of(ClusterRoleBindings, defaultRoleBinding),
  of(PriorityClasses, defaultPriorityClass),
  of(StorageClasses, defaultStorageClass),
])

/**
 * Fills in what Kubernetes fills in for objects that come through its API. Changes `object`, which the caller owns; doing
 * it twice changes nothing more. Cluster addresses of services are allocated elsewhere (`cluster-ip.ts`), and what an
 * object is given once, when it is created, in `pod-admission.ts` and `job-admission.ts`.
 *
 * A status begins as a server shows it before any controller has looked at the object; empty lists, which Go writes as
 * null, are left out.
 */
export function applyDefaults(type: ResourceType, object: KubeObject): void {
  DEFAULTS.get(type)?.(object)
}

function defaultNamespace(namespace: Writable<Namespace>): void {
  const { name } = namespace.metadata ?? {}
  if (name !== undefined && namespace.metadata !== undefined) {
    namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': name }
  }
  namespace.spec = { finalizers: ['kubernetes'], ...namespace.spec }
  namespace.status = { phase: 'Active', ...namespace.status }
}

function defaultPod({ spec }: Pod): void {
  if (spec !== undefined) defaultOwnPodSpec(spec)
}
