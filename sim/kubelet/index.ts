export type { KubeletEnvironment } from './environment.ts'
export { type FleetOptions, KubeletFleet } from './kubelet-fleet.ts'
export { type KubeletApi, KubeletServer } from './kubelet-server.ts'
export { LEASE_NAMESPACE } from './node-heartbeat.ts'
export {
  type ContainerRuns,
  podUidOf,
  type PodRuntime,
  type ProcessEvent,
  servesMetrics,
  type TargetSpec,
} from './pod-runtime.ts'
export { FORMATS_ANNOTATION } from './target-serving.ts'
export { METRICS_PORT, PROFILE_ANNOTATION, TCP_PORT } from './target-spec.ts'
export { NodeHeartbeat } from './node-heartbeat.ts'
export { healthyConditions, nodeObject } from './node-object.ts'
export { PodListener } from './pod-listener.ts'
export { type NodeSlice, PodNetwork } from './pod-network.ts'
export { nodePage } from './node-pages.ts'
export { viewNode } from './node-view.ts'
