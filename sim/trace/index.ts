export {
  canonicalLine,
  type ChurnEvent,
  isTracedAnnotation,
  type Labels,
  type TraceContainer,
  type Transition,
} from './churn-event.ts'
export { ChurnRecorder, relativeAddresses, traceTime } from './churn-recorder.ts'
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
} from './diff/index.ts'
export { TraceError } from './errors.ts'
export {
  type Burst,
  type ChurnFigures,
  type ChurnTableFigures,
  type DistributionBucket,
  inspectTrace,
  type InspectOptions,
  type Inspection,
  type LevelBins,
  type LevelFigures,
  type PhaseFigures,
  type WindowFigures,
} from './inspect/index.ts'
export {
  TraceCounter,
  type TraceCounts,
  type TraceHeader,
  type TraceOrigin,
  type TraceScale,
  type TraceSource,
} from './trace-header.ts'
export { readTraceHeader } from './header-of-file.ts'
export { type TraceFaults, TraceReader, type TraceReaderOptions } from './trace-reader.ts'
export { TRACE_LINE_SCHEMA } from './trace-schema.ts'
export { type NodeState, type PodState, TraceState } from './trace-state.ts'
export { TraceWriter, type TraceWriterOptions } from './trace-writer.ts'
export { type ObjectChange, transitionsOf, WORKLOAD_KINDS } from './transitions.ts'
export { type TruthClock, TruthRecorder } from './truth-events.ts'
export { AddressBook } from './replay/address-book.ts'
export { ExactCluster } from './replay/exact-cluster.ts'
export { IntentCluster } from './replay/intent-cluster.ts'
export { Replay } from './replay/replay.ts'
export type { ReplayMode, ReplayReport, ReplaySpec, StateComparison } from './replay/replay-spec.ts'
export { type CutResult, cutTrace } from './transform/cut-trace.ts'
export { type TraceCut, TraceStream } from './transform/trace-stream.ts'
