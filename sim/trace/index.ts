export { canonicalLine } from './churn-event.ts'
export { ChurnRecorder } from './churn-recorder.ts'
export { type TruthClock, TruthRecorder } from './truth-events.ts'
