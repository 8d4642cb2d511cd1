export { type Action, type ActionArg, actionByName, ACTIONS } from './actions.ts'
export { appliedAtMs } from './apply-order.ts'
export { ADDRESS_POLICIES, zoneName } from './kubelet/index.ts'
export type { PodRuntime, TargetSpec } from './kubelet/pod-runtime.ts'
export type {
  ActionArgs,
  ApiUsage,
  ClusterSpec,
  ClusterTimings,
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
export {
  readTraceHeader,
  type ReplayMode,
  type ReplayReport,
  type ReplaySpec,
  type TraceHeader,
  type TraceOrigin,
} from './trace/index.ts'
export {
  claimPodNetwork,
  type PodNetworkClaim,
  type MetricsPage,
  planSockets,
  probePodNetwork,
  profileByName,
  PROFILES,
  SEQUENCE_SERIES,
  type TargetLogs,
  TargetPool,
  type TargetScrapeLog,
  TIME_SERIES,
  TruthTable,
  UID_LABEL,
} from './targets/index.ts'
export {
  type Both,
  type Burst,
  type ChurnFigures,
  type ChurnTableFigures,
  type DiffSide,
  diffTraces,
  IGNORABLE,
  type Ignored,
  type Inspection,
  inspectTrace,
  type LevelBins,
  type LevelFigures,
  type ObjectDiff,
  type ObjectList,
  type Parting,
  type PhaseFigures,
  type PlacedEvent,
  type TraceDiff,
  TraceError,
  TraceReader,
} from './trace/index.ts'

/** The compiled control-plane thread, for `spawnWorker`. */
export const CONTROL_PLANE_WORKER = new URL('./control-plane.worker.js', import.meta.url)
export { runVirtually, type VirtualRun } from './virtual-run.ts'
