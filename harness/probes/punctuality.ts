import { DurationHistogram } from '../../base/index.ts'
import { schedulePhase } from './phase.ts'

export interface PunctualityResult {
  readonly lateness: DurationHistogram
  /** Of the entries in `lateness`, those of scrapes that never came. */
  readonly missed: number
  readonly duplicates: number
}

/** Rounding of instants in milliseconds, far below any real lateness. */
const EPSILON_MS = 1e-6

/** Part of an interval after the first request in which no instant is expected. */
const FIRST_GAP = 0.5

/**
 * How well a subject keeps its targets' interval, from the instants at which requests reached the sockets.
 *
 *   instants    |      |      |      |      |      |      |
 *   scrapes     .      .      .                     .     .        . until
 *   lateness    0      0      0      3 ───── 2 ──── 1      0
 *
 * Each target has a phase of its own (phase.ts). The first request is left out: a subject may scrape a new target before
 * its schedule begins. An instant whose scrape never came is missed and enters the lateness with the time until the next
 * scrape came, or until the target's end where none did: a subject that stands still must not look punctual because it
 * asked nothing meanwhile (coordinated omission). A second request in the same interval is a duplicate.
 */
export class Punctuality {
  readonly #intervalMs: number
  readonly #lateness = new DurationHistogram()
  #missed = 0
  #duplicates = 0

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /**
   * @param requestMs instants of all requests to one target, ascending, in milliseconds of any origin.
   * @param untilMs when the target's schedule ended: it began to go away, fell silent, or the run was over. What came
   * later is left out. The last instant that can be missed lies an interval before.
   */
  add(requestMs: Float64Array, untilMs: number): void {
    let count = requestMs.length
    while (count > 0 && requestMs[count - 1]! > untilMs) count--
    if (count === 0) return
    // With one request before them, instants lie anywhere: as late as can be.
    const scheduled = count === 1 ? requestMs.subarray(0, 1) : requestMs.subarray(1, count)
    const phase = schedulePhase(scheduled, this.#intervalMs)
    const slotAt = (at: number): number => Math.floor((at - phase + EPSILON_MS) / this.#intervalMs)
    // An instant close behind a first scrape out of turn may rightly be left out.
    let previous = slotAt(requestMs[0]! + this.#intervalMs * FIRST_GAP)
    for (let i = 0; i < scheduled.length; i++) {
      const at = scheduled[i]!
      const slot = slotAt(at)
      if (i > 0 && slot === previous) {
        this.#duplicates++
        continue
      }
      this.#miss(previous + 1, slot, phase, at)
      // Of one scrape alone nothing is known but that it came: its phase would be its own position.
      if (scheduled.length > 1) this.#lateness.record(Math.max(0, at - phase - slot * this.#intervalMs) * 1e6)
      previous = slot
    }
    this.#miss(previous + 1, slotAt(untilMs), phase, untilMs)
  }

  result(): PunctualityResult {
    return { lateness: this.#lateness, missed: this.#missed, duplicates: this.#duplicates }
  }

  /** Instants [from, to) had no scrape until `untilMs`. */
  #miss(from: number, to: number, phase: number, untilMs: number): void {
    for (let slot = from; slot < to; slot++) {
      this.#missed++
      this.#lateness.record((untilMs - phase - slot * this.#intervalMs) * 1e6)
    }
  }
}
