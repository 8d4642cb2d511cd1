import type { Clock } from '../../base/index.ts'

/**
 * A clock that runs on planned time (`VirtualClock`, `PacedClock`).
 *
 * Controllers reckon with `elapsedMs` alone: it is a function of the plan, on any machine. `unixMs` is for stamps, which
 * are shown and never decided upon: the second they fall into depends on when the run was started.
 */
export interface PlannedClock extends Clock {
  /** Milliseconds of planned time since the clock was started. */
  readonly elapsedMs: number
}
