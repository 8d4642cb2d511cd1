import type { SeriesRef } from '../storage/interfaces.ts'
import type { Head } from './head.ts'

/** Series looked at before others get a turn: well under a millisecond when there is nothing to do for them. */
const SLICE_SERIES = 1024

/** A series that was created, and then got no sample for so many whole sweeps, is removed. */
const EMPTY_SWEEPS_MAX = 2

export interface SweepBounds {
  /** Samples older than this may go. */
  readonly cutoffMs: number
  /** Series without a sample since then give their open chunk back. */
  readonly idleBeforeMs: number
}

/**
 * One walk over all series, in slices: drops chunks and series that are older than the retention, and finishes the
 * open chunks of series that have fallen silent.
 */
export class Sweep {
  readonly #head: Head
  readonly #bounds: SweepBounds
  #next: SeriesRef = 1
  #minMs = Infinity

  constructor(head: Head, bounds: SweepBounds) {
    this.#head = head
    this.#bounds = bounds
    head.beginSweep()
  }

  /** Does one slice; returns whether that was the last. */
  step(): boolean {
    const { state } = this.#head.samples
    const first = this.#next
    const end = Math.min(first - (first % SLICE_SERIES) + SLICE_SERIES, state.refEnd)
    if (state.page(first) !== undefined) {
      for (let ref = first; ref < end; ref++) if (state.has(ref)) this.#visit(ref)
      this.#head.forget(first)
    }
    this.#next = end
    if (end < state.refEnd) return false
    this.#head.endSweep(this.#minMs)
    return true
  }

  #visit(ref: SeriesRef): void {
    const head = this.#head
    const { samples } = head
    const page = samples.state.page(ref)!
    const row = samples.state.row(ref)
    const lastMs = page.lastMs[row]!
    if (lastMs < this.#bounds.idleBeforeMs) samples.seal(ref)
    samples.dropBefore(ref, this.#bounds.cutoffMs)

    const oldestMs = samples.oldestMs(ref)
    if (oldestMs !== Infinity) {
      if (oldestMs < this.#minMs) this.#minMs = oldestMs
      return
    }
    if (page.pendingBatch[row] !== 0) return
    if (lastMs !== -Infinity || ++page.emptySweeps[row]! > EMPTY_SWEEPS_MAX) head.remove(ref)
  }
}
