import { median } from '../../reports/index.ts'
import { schedulePhase } from './phase.ts'

export interface ScrapedPod {
  /** The instant from which the pod could be known, on the clock of `requestMs`. */
  readonly eligibleMs: number
  /** All requests to it, ascending. */
  readonly requestMs: Float64Array
}

/** A first scrape this near to an instant of its target's schedule was made at it: this part of the interval. */
const NEAR = 0.02
const NEAR_MS_MIN = 5
/** Requests after the first that it takes to know a schedule. */
const SCHEDULED_MIN = 2
/** Concentration of the waits, 0 (spread over the interval) to 1 (all the same), from which schedules follow discovery. */
const CONCENTRATION_MIN = 0.7
/** Rayleigh's statistic of as many waits: by chance above this once in 400 times. */
const RAYLEIGH_MIN = 6

/**
 * The part of discovery latency that a subject's own scrape schedule explains: the median over pods of the wait from the
 * instant at which a pod could be known to the first instant of its target's schedule.
 *
 *   could be known       instant                  instant
 *        ├──── floor ────▶│◀─────── interval ───────▶│ first scrape: the rest is discovery
 *        ├──────────────────── latency ──────────────┤
 *
 * The schedule is known from the later requests. A pod whose first request came off its schedule did not wait for it: 0.
 * A subject that begins a target's schedule with its first scrape is on schedule by construction. Its waits are all
 * alike, whereas those for a schedule of the target's own are spread evenly over the interval: then the floor is 0, too.
 *
 * @returns milliseconds; `undefined` when no pod was scraped often enough to tell.
 */
export function discoveryFloor(pods: Iterable<ScrapedPod>, intervalMs: number): number | undefined {
  const floors: number[] = []
  const waits: number[] = []
  const near = Math.max(NEAR_MS_MIN, NEAR * intervalMs)
  for (const { eligibleMs, requestMs } of pods) {
    if (requestMs.length < 1 + SCHEDULED_MIN) continue
    const first = requestMs[0]!
    const phase = schedulePhase(requestMs.subarray(1), intervalMs)
    const beyond = modulo(first - phase, intervalMs)
    if (Math.min(beyond, intervalMs - beyond) > near) {
      floors.push(0)
      continue
    }
    const wait = Math.min(modulo(phase - eligibleMs, intervalMs), Math.max(0, first - eligibleMs))
    floors.push(wait)
    waits.push(wait)
  }
  if (floors.length === 0) return undefined
  const together = concentration(waits, intervalMs)
  if (together >= CONCENTRATION_MIN && waits.length * together ** 2 >= RAYLEIGH_MIN) return 0
  return median(floors)
}

/** Length of the mean of the waits as directions on a circle that is an interval round. */
function concentration(waits: readonly number[], intervalMs: number): number {
  if (waits.length === 0) return 0
  let x = 0
  let y = 0
  for (const wait of waits) {
    const angle = (2 * Math.PI * wait) / intervalMs
    x += Math.cos(angle)
    y += Math.sin(angle)
  }
  return Math.hypot(x, y) / waits.length
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
