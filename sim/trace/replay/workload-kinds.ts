import { DaemonSets, Deployments, ReplicaSets, type ResourceType, StatefulSets } from '../../cluster/index.ts'

/** Kinds of workloads that a replay applies, by what a trace calls them. */
export const WORKLOADS: Readonly<Record<string, ResourceType>> = {
  Deployment: Deployments,
  ReplicaSet: ReplicaSets,
  StatefulSet: StatefulSets,
  DaemonSet: DaemonSets,
}
