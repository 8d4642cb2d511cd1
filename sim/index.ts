import type { runVirtually as Virtually } from './virtual-run.ts'
export { type Action, type ActionArg, actionByName, ACTIONS } from './actions.ts'
export { appliedAtMs } from './apply-order.ts'
export { ADDRESS_POLICIES } from './kubelet/address-policy.ts'
export { zoneName } from './kubelet/zone-name.ts'
export { podUidOf, type PodRuntime, type ProcessEvent, type TargetSpec } from './kubelet/pod-runtime.ts'
export { type FromProcesses, processFolder, processLog, type ToProcesses } from './process-messages.ts'
export type {
  ActionArgs,
  ApiUsage,
  ClusterSpec,
  ClusterTimings,
  ContainerSpec,
  ControlPlaneData,
  ControlPlaneReport,
  FromControlPlane,
  Jittered,
  PlannedAction,
  RecordSpec,
  ToControlPlane,
  TruthEvent,
  WorkloadSpec,
} from './messages.ts'
export { SCALE_WORKER, type FromScalePlane, type ScaleData, type ScaleSpec, type ToScalePlane } from './scale/index.ts'
export { readTraceHeader } from './trace/header-of-file.ts'
export type { ReplayMode, ReplayReport, ReplaySpec } from './trace/replay/replay-spec.ts'
export type { TraceHeader, TraceOrigin } from './trace/trace-header.ts'
export {
  type CapacityShape,
  capacityProfile,
  claimPodNetwork,
  escapeName,
  FORMATS,
  type PodNetworkClaim,
  type MetricsPage,
  KNOBS,
  LEARNED_PREFIX,
  type LearnedPage,
  learnPage,
  learnPages,
  parsePage,
  type Misbehaviour,
  misbehaviourByName,
  type MisbehaviourOrder,
  misbehaviourOrder,
  type MisbehaviourOutcome,
  MISBEHAVIOURS,
  type ScrapeErrorClass,
  planSockets,
  probePodNetwork,
  PROFILE_NAMES,
  profileFaults,
  profileText,
  pageAt,
  profileByName,
  PROFILES,
  SEQUENCE_SERIES,
  type ServedPage,
  servedPage,
  type TargetLogs,
  TargetPool,
  TargetServer,
  type TargetScrapeLog,
  TIME_SERIES,
  TruthTable,
  UID_LABEL,
} from './targets/index.ts'
export {
  type Both,
  type DiffSide,
  diffTraces,
  IGNORABLE,
  type Ignored,
  type ObjectDiff,
  type ObjectList,
  type Parting,
  type PlacedEvent,
  type TraceDiff,
} from './trace/diff/index.ts'
export { TraceError } from './trace/errors.ts'
export {
  type Burst,
  type ChurnFigures,
  type ChurnTableFigures,
  type Inspection,
  inspectTrace,
  type LevelBins,
  type LevelFigures,
  type PhaseFigures,
} from './trace/inspect/index.ts'
export { TraceReader } from './trace/trace-reader.ts'

/** The compiled control-plane thread, for `spawnWorker`. */
export const CONTROL_PLANE_WORKER = new URL('./control-plane.worker.js', import.meta.url)
export type { VirtualRun } from './virtual-run.ts'

/** As in virtual-run.ts; loaded when it is asked for, since few commands do and it takes the whole cluster. */
export const runVirtually: typeof Virtually = async options => (await import('./virtual-run.ts')).runVirtually(options)
