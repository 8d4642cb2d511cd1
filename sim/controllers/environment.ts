import type { AdmissionOptions, ObjectStore } from '../cluster/index.ts'
import type { EventRecorder, EventRouter, PlannedClock, PodIndex } from '../informers/index.ts'
import type { ClusterTimings } from '../messages.ts'

/** What all controllers share. They register with the router in the order in which they are made. */
export interface ControllerEnvironment {
  readonly clock: PlannedClock
  readonly store: ObjectStore
  readonly router: EventRouter
  readonly pods: PodIndex
  readonly events: EventRecorder
  readonly timings: ClusterTimings
  /** What admission gives to pods that controllers create. */
  readonly admission: AdmissionOptions
}
