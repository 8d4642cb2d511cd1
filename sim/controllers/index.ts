export { type Cluster, type ClusterOptions, createCluster, defaultTolerationSeconds } from './cluster.ts'
