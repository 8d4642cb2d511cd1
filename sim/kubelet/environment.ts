import type { ObjectStore } from '../cluster/index.ts'
import type { EventRecorder, PlannedClock, PodIndex } from '../informers/index.ts'
import type { ClusterTimings } from '../messages.ts'
import type { Stage } from '../stages/index.ts'
import type { PodRuntime, TargetSpec } from './pod-runtime.ts'

/** What all kubelets of a cluster share. */
export interface KubeletEnvironment {
  readonly clock: PlannedClock
  readonly store: ObjectStore
  readonly pods: PodIndex
  readonly events: EventRecorder
  readonly runtime: PodRuntime
  readonly stages: readonly Stage[]
  readonly timings: Pick<ClusterTimings, 'startMs' | 'readyMs' | 'terminateMs' | 'pullMs' | 'leaseRenewMs'>
  /** Seed of the run, for the targets' values. */
  readonly seed: string
  readonly podsPerNodeMax: number
  readonly kubeletVersion: string
  /** Next row of the truth table; never the same twice. */
  readonly nextSlot: () => number
  /**
   * Stops planned time until an effect outside the simulation is in place. Without it the runtime is taken to be
   * instantaneous, as in tests on virtual time.
   */
  readonly hold: ((promise: Promise<unknown>) => void) | undefined
  readonly onTargetOpened: ((target: TargetSpec) => void) | undefined
  /** The runtime could not do what it was asked. */
  readonly onFailure: (error: unknown) => void
}
