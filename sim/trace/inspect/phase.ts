import { Distribution, type DistributionBucket, type DistributionSummary } from './distribution.ts'

/** How long something took, in milliseconds, each time that it was seen from beginning to end. */
export interface PhaseFigures {
  /** Absent when it was never seen whole. */
  readonly ms?: DistributionSummary
  readonly buckets: readonly DistributionBucket[]
  /** Began and was still going on when the trace ended: longer than what could be seen, and not in `ms`. */
  readonly open: number
  /** Began and cannot end any more: the pod or node was deleted first. */
  readonly never: number
  /** Had begun before the trace, or nobody knows when. */
  readonly atStart: number
}

export class Phase {
  readonly #ms = new Distribution()
  open = 0
  never = 0
  atStart = 0

  record(ms: number): void {
    this.#ms.record(ms)
  }

  finish(): PhaseFigures {
    const ms = this.#ms.summary()
    const { open, never, atStart } = this
    return { ...(ms === undefined ? {} : { ms }), buckets: this.#ms.buckets(), open, never, atStart }
  }
}
