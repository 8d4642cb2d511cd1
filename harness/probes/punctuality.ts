import { DurationHistogram } from '../../base/index.ts'

export interface PunctualityResult {
  readonly lateness: DurationHistogram
  readonly missed: number
  readonly duplicates: number
}

/**
 * How well a subject keeps its targets' interval, from the instants at which requests reached the sockets.
 *
 * Each target has a phase of its own choosing. Nobody but the subject knows it, so it is taken as the earliest position
 * within the interval at which the target was ever scraped on schedule; lateness counts from there and is never negative.
 * The first request is left out: a subject may scrape a new target before its schedule begins. An interval without a
 * request between two others is a missed scrape, a second request in the same interval a duplicate.
 */
export class Punctuality {
  readonly #intervalMs: number
  readonly #lateness = new DurationHistogram()
  #missed = 0
  #duplicates = 0

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** @param requestMs instants of all requests to one target, ascending, in milliseconds of any origin. */
  add(requestMs: Float64Array): void {
    if (requestMs.length < 3) return
    const anchor = requestMs[1]!
    const slot = (at: number): number => Math.round((at - anchor) / this.#intervalMs)
    let phase = 0
    for (let i = 1; i < requestMs.length; i++) {
      const at = requestMs[i]!
      phase = Math.min(phase, at - anchor - slot(at) * this.#intervalMs)
    }
    let previous = -1
    for (let i = 1; i < requestMs.length; i++) {
      const at = requestMs[i]!
      const current = slot(at - phase)
      this.#lateness.record((at - anchor - phase - current * this.#intervalMs) * 1e6)
      if (i > 1) {
        if (current === previous) this.#duplicates++
        else this.#missed += Math.max(0, current - previous - 1)
      }
      previous = current
    }
  }

  result(): PunctualityResult {
    return { lateness: this.#lateness, missed: this.#missed, duplicates: this.#duplicates }
  }
}
