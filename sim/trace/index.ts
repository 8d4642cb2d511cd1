export { canonicalLine, type ChurnEvent, type TraceContainer } from './churn-event.ts'
export { ChurnRecorder, type ChurnRecorderOptions, type PlannedTime } from './churn-recorder.ts'
export { type TruthClock, TruthRecorder } from './truth-events.ts'
