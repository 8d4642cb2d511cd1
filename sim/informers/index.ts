/** What controllers and kubelets stand on: the client-go of the simulation, on planned time. */
export { type Condition, conditionStatus, withCondition } from './conditions.ts'
export { EventRecorder, type EventRecorderOptions, type EventSource } from './event-recorder.ts'
export { EventRouter } from './event-router.ts'
export { controllerOf, controllerReference } from './owners.ts'
export type { PlannedClock } from './planned-clock.ts'
export { isActive, isFinished, isNodeReady, isReady, splitKey } from './pod-facts.ts'
export { type PodEntry, type PodGroup, PodIndex } from './pod-index.ts'
export { WorkQueue, type WorkQueueOptions } from './work-queue.ts'
