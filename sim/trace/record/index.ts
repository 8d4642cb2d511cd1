export { recordCluster } from './cluster-recording.ts'
export { type KubectlTimes, recordKubectl } from './kubectl-recording.ts'
export type { Recording, RecordingSummary } from './recording.ts'
