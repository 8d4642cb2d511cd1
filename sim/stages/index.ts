export { applyStage, type StageFacts } from './apply-stage.ts'
export { podGeneral } from './pod-general.ts'
export {
  selectStage,
  type Stage,
  type StageCondition,
  type StageEvent,
  type StageSelector,
  type StatusPatch,
} from './stage.ts'
