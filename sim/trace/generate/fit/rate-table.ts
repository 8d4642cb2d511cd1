import type { Rate } from '../rate.ts'
import { rounded } from './life-table.ts'

const HOUR_MS = 3_600_000
const DAY_HOURS = 24
/** Bins of a trace that is shorter than a day; when it outgrows them, two become one. */
const BINS = 48
const FIRST_BIN_MS = 1_000

/**
 * How often something happens and when: by the hour of the day where a trace is longer than a day, else along the trace. Its
 * length need not be known beforehand; memory is the same for any.
 */
export class RateTable {
  readonly #byHour = new Float64Array(DAY_HOURS)
  readonly #bins = new Float64Array(BINS)
  readonly #dayOffsetMs: number
  #binMs = FIRST_BIN_MS
  #total = 0

  /** @param dayOffsetMs from midnight to the trace's begin. */
  constructor(dayOffsetMs: number) {
    this.#dayOffsetMs = dayOffsetMs
  }

  get total(): number {
    return this.#total
  }

  add(atMs: number, count = 1): void {
    this.#total += count
    this.#byHour[Math.floor((atMs + this.#dayOffsetMs) / HOUR_MS) % DAY_HOURS]! += count
    while (atMs >= this.#binMs * BINS) this.#widen()
    this.#bins[Math.floor(atMs / this.#binMs)]! += count
  }

  /** Per hour and per one of `sharers`. */
  rate(durationMs: number, sharers = 1): Rate {
    if (durationMs > DAY_HOURS * HOUR_MS) {
      return {
        perHour: Array.from(this.#byHour, (count, hour) => rounded(count / this.#hoursOf(hour, durationMs) / sharers)),
      }
    }
    while (durationMs > this.#binMs * BINS) this.#widen()
    const bins = Math.max(1, Math.ceil(durationMs / this.#binMs))
    const perHour = Array.from({ length: bins }, (_, i) => {
      const coveredMs = Math.min(this.#binMs, Math.max(1, durationMs - i * this.#binMs))
      return rounded(((this.#bins[i] ?? 0) / coveredMs / sharers) * HOUR_MS)
    })
    return perHour.every(value => value === 0) ? 0 : { binMs: this.#binMs, perHour }
  }

  /** How many hours of the trace fall into this hour of the day. */
  #hoursOf(hour: number, durationMs: number): number {
    const endMs = this.#dayOffsetMs + durationMs
    let coveredMs = 0
    for (let dayMs = 0; dayMs < endMs; dayMs += DAY_HOURS * HOUR_MS) {
      const from = Math.max(this.#dayOffsetMs, dayMs + hour * HOUR_MS)
      coveredMs += Math.max(0, Math.min(endMs, dayMs + (hour + 1) * HOUR_MS) - from)
    }
    return Math.max(coveredMs, 1) / HOUR_MS
  }

  #widen(): void {
    for (let i = 0; i < BINS / 2; i++) this.#bins[i] = this.#bins[2 * i]! + this.#bins[2 * i + 1]!
    this.#bins.fill(0, BINS / 2)
    this.#binMs *= 2
  }
}
