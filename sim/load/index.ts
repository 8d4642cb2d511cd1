/** How busy the pods are, and what Kubernetes' own metrics say of it. */
export { LoadModel, type NodeUsage } from './load-model.ts'
export type { ContainerUsage } from './pod-load.ts'
export { type PodSample, ResourceMetrics } from './resource-metrics.ts'
