export {
  claimPodNetwork,
  descriptorsNeeded,
  type PodNetwork,
  type PodNetworkClaim,
  probePodNetwork,
  readDescriptorLimits,
} from './addresses.ts'
export { planSockets, type SocketPlaces } from './socket-plan.ts'
export type * from './messages.ts'
export {
  type MetricsPage,
  type Profile,
  SEQUENCE_SERIES,
  type SeriesDescription,
  TIME_SERIES,
  UID_LABEL,
} from './profile.ts'
export { profileByName, PROFILES } from './profiles/index.ts'
export { RemoteRuntime } from './remote-runtime.ts'
export { type TargetLogs, TargetPool } from './target-pool.ts'
export { TargetServer } from './target-server.ts'
export { type TruthRow, TruthTable } from './truth-table.ts'
