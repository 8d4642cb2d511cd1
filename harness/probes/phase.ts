/**
 * Where within the interval a target's schedule lies: the position that its subject chose for it, which nobody but the
 * subject knows.
 *
 * A scrape is never early, so the phase is the earliest position at which the target was ever scraped on schedule. Of
 * several scrapes nearest to one instant only the nearest counts: the other is an extra one, or it is late by more than
 * half an interval, so that it lies nearer to the next instant than to its own.
 *
 *   instants   |         |         |         |          . on time   : more than half an interval late
 *   scrapes    .         .        :.         .          the phase comes from the dots
 *
 * @param requestMs scrapes on schedule, ascending, at least one.
 * @returns an instant of the schedule, on the clock of `requestMs`.
 */
export function schedulePhase(requestMs: Float64Array, intervalMs: number): number {
  const centre = circularMean(requestMs, intervalMs)
  let earliest = Infinity
  let slot = NaN
  let offset = Infinity
  for (const at of requestMs) {
    const next = Math.round((at - centre) / intervalMs)
    const nextOffset = at - centre - next * intervalMs
    if (next !== slot) {
      earliest = Math.min(earliest, offset)
      offset = nextOffset
    } else if (Math.abs(nextOffset) < Math.abs(offset)) {
      offset = nextOffset
    }
    slot = next
  }
  return centre + Math.min(earliest, offset)
}

/** The middle of the positions within the interval; inside their arc wherever they fill less than half a turn. */
function circularMean(requestMs: Float64Array, intervalMs: number): number {
  // Positions count from the first, so that the sum of many small angles loses nothing to a long run's large numbers.
  const origin = requestMs[0]!
  let x = 0
  let y = 0
  for (const at of requestMs) {
    const angle = (2 * Math.PI * (at - origin)) / intervalMs
    x += Math.cos(angle)
    y += Math.sin(angle)
  }
  return origin + (Math.atan2(y, x) / (2 * Math.PI)) * intervalMs
}
