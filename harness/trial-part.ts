import type { Clock } from '../base/index.ts'
import type { MetricValue, MisbehaviourResult, Warning } from '../reports/index.ts'
import type { TruthEvent } from '../sim/index.ts'
import type { PodHistories } from './probes/index.ts'
import type { Snapshot } from './sampler.ts'
import type { Scenario } from './scenario.ts'
import type { Simulation } from './simulation.ts'
import type { Subject } from './subjects/index.ts'
import type { Ending } from './trial.ts'

/**
 * Something that takes part in a trial beside the probes that every trial has: query load, live thresholds, a profile of
 * the subject, the dashboard.
 *
 *   onPrepare ─▶ onStart ─▶ (onEvents | onSecond)* ─▶ onStop ─▶ onMeasured ─▶ close
 *
 * `onPrepare` comes when the subject is ready and planned time stands still, `onStart` when the scenario's planned time 0 is known, `onStop` when churn and settling are over (or the trial was
 * cut short), `onMeasured` when the metrics of the probes are there, `close` in any case. What one part throws ends the run as an internal error.
 */
export interface TrialPart {
  /** Does what takes time and must not delay anything later. */
  onPrepare?(subject: Subject): Promise<void>
  onStart?(context: TrialContext): void
  /** Ground truth, in the order in which it was committed. */
  onEvents?(events: readonly TruthEvent[]): void
  /** Once a second. */
  onSecond?(snapshot: Snapshot): void
  onStop?(): Promise<void> | void
  /** Adds metrics of its own. */
  onMeasured?(metrics: Record<string, MetricValue>): void
  /** What misbehaving targets came to, of the part that knows; after `onMeasured`. */
  readonly results?: readonly MisbehaviourResult[]
  /** Leaves nothing running, however far the trial came. */
  close?(): void
}

/** What a part may see and do. */
export interface TrialContext {
  readonly clock: Clock
  readonly scenario: Scenario
  readonly simulation: Simulation
  readonly subject: Subject
  /** Monotonic instant of the scenario's planned time 0. */
  readonly startNs: bigint
  readonly pods: PodHistories
  /** Folder of the trial; the subject's files are in `subject/` below it. */
  readonly outDir: string
  isVisible(uid: string): boolean
  /** Monotonic instant at which the pod's samples could first be queried. */
  visibleNs(uid: string): bigint | undefined
  /** What can be measured already: thresholds are judged on it while the trial runs. */
  measuredSoFar(): Record<string, MetricValue>
  warn(warning: Warning): void
  /** Ends the trial before its time; the first reason stands. */
  end(ending: Ending): void
}
