export {
  claimPodNetwork,
  descriptorsNeeded,
  type PodNetwork,
  type PodNetworkClaim,
  probePodNetwork,
  readDescriptorLimits,
} from './addresses.ts'
export { type CapacityShape, capacityProfile } from './capacity-page.ts'
export { FORMATS } from './exposition-format.ts'
export { planSockets, type SocketPlaces } from './socket-plan.ts'
export type * from './messages.ts'
export { escapeName } from './name-escaping.ts'
export {
  misbehaviourByName,
  type Misbehaviour,
  type MisbehaviourOrder,
  misbehaviourOrder,
  type MisbehaviourOutcome,
  type MisbehaviourParamName,
  MISBEHAVIOURS,
  type ScrapeErrorClass,
} from './misbehaviour/index.ts'
export {
  type MetricsPage,
  pageAt,
  type Profile,
  SEQUENCE_SERIES,
  type SeriesDescription,
  TIME_SERIES,
  UID_LABEL,
} from './profile.ts'
export type { LearnedPage } from './profiles/learn/learned-page.ts'
export { learnPage } from './profiles/learn/learn.ts'
export { parsePage } from './profiles/learn/parse-page.ts'
export { LEARNED_PREFIX } from './profiles/learn/registry.ts'
export { learnPages, PROFILE_NAMES, profileByName, profileFaults, PROFILES } from './profiles/index.ts'
export { profileText } from './profiles/profile-text.ts'
export { KNOBS } from './profiles/synthetic/knobs.ts'
export { RemoteRuntime } from './remote-runtime.ts'
export { type TargetLogs, TargetPool } from './target-pool.ts'
export { type ServedPage, servedPage } from './served-page.ts'
export { TargetServer } from './target-server.ts'
export { type TruthRow, TruthTable } from './truth-table.ts'
