import type { Prng } from '../../base/index.ts'
import type { Arrivals } from '../../scenarios/index.ts'
import type { RateCurve } from './rate-curve.ts'

/** More would be hundreds of megabytes of intended times, and no single machine's load. */
export const ITERATIONS_MAX = 1_000_000

/**
 * The intended times of an arrival rate's iterations, in ms since its start: ascending, not rounded.
 *
 * Solved from the definition, not sliced by a ticker: an iteration starts when the integral of the rate reaches its number,
 * so that rates that do not divide a second do not drift.
 *
 * @param first number of the first iteration: 0 begins at once and ends before the end, 1 begins when the first one is due,
 * and the last may be at the very end. k6 counts from 0 for a constant rate and from 1 for a ramping one.
 * @param prng for `poisson`: the same process of rate 1 seen through the inverse of the integral, so that any rate is met.
 */
export function timetable(curve: RateCurve, first: 0 | 1, arrivals: Arrivals, prng: Prng): number[] {
  const counts = arrivals === 'poisson' ? poissonCounts(curve.total, prng) : evenCounts(curve, first)
  return [...curve.timesOf(counts)]
}

function* evenCounts(curve: RateCurve, first: 0 | 1): Generator<number, void> {
  const { total, count } = curve
  // From 0 on: those below the total, of which there is one more unless the total is whole.
  const last = first === 1 ? count : count + (total - count > 1e-9 * Math.max(1, total) ? 0 : -1)
  for (let i: number = first; i <= last; i++) yield i
}

/** Arrivals of a Poisson process of rate 1: the gaps are exponential. */
function* poissonCounts(total: number, prng: Prng): Generator<number, void> {
  for (let at = gap(prng); at < total; at += gap(prng)) yield at
}

function gap(prng: Prng): number {
  return -Math.log(1 - prng.unit())
}
