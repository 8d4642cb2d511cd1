export {
  type Cluster,
  type ClusterOptions,
  createCluster,
  DEFAULT_NAMESPACES,
  defaultTolerationSeconds,
  KUBELET_VERSION,
} from './cluster.ts'
export { EndpointsController } from './endpoints.ts'
export type { ControllerEnvironment } from './environment.ts'
export { withTaints } from './taints.ts'
