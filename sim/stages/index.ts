export { applyContainerStage, type ContainerPatchFacts, podInMessages } from './apply-container-stage.ts'
export { applyStage, type StageFacts, type StoppedContainer } from './apply-stage.ts'
export { type Behaviour, behaviourOf, isDetailed, RUNS_ANNOTATION, UNAVAILABLE_REGISTRY } from './behaviour.ts'
export { containerLife } from './container-life.ts'
export { ruleDelayMs } from './container-rules.ts'
export {
  type ContainerEvent,
  type ContainerFacts,
  type ContainerStage,
  selectContainerStage,
} from './container-stage.ts'
export { derivedStatus, type PodEnding } from './derive-status.ts'
export {
  anyRuns,
  containersOf,
  containerStatus,
  isItsTurn,
  mainsAreDone,
  type PodContainer,
  runsAgain,
  withContainerStatuses,
} from './pod-containers.ts'
export { podGeneral } from './pod-general.ts'
export { probeOutput } from './probe-ticks.ts'
export { type PodTraits, selectStage, type Stage, type StatusPatch } from './stage.ts'
export { type ContainerEnd, planTermination, type StoppingContainer } from './termination.ts'
