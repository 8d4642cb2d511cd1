import type { FoldFunction, WindowBounds } from './window.ts'

/** A gap of up to this many average intervals at an edge counts as "the series goes on": extrapolate to the edge. */
const EDGE_FACTOR = 1.1

/**
 * The increase over the window, extrapolated to its edges as Prometheus does it.
 *
 *     start     first             last  end
 *       |---------x----x----x----x-------|
 *        toStart                   toEnd
 *
 * An edge nearer than 1.1 average intervals is reached; otherwise half an interval is added. A counter is never
 * extrapolated below zero.
 */
function extrapolated(
  tMs: Float64Array,
  values: Float64Array,
  lo: number,
  hi: number,
  window: WindowBounds,
  isCounter: boolean,
  isRate: boolean,
): number {
  const last = hi - 1
  const firstValue = values[lo]!
  let result = values[last]! - firstValue
  if (isCounter) {
    let previous = firstValue
    for (let i = lo + 1; i < hi; i++) {
      const value = values[i]!
      if (value < previous) result += previous
      previous = value
    }
  }
  let toStart = (tMs[lo]! - window.startMs) / 1000
  let toEnd = (window.endMs - tMs[last]!) / 1000
  const sampled = (tMs[last]! - tMs[lo]!) / 1000
  const average = sampled / (last - lo)
  const threshold = average * EDGE_FACTOR
  if (toStart >= threshold) toStart = average / 2
  if (isCounter) {
    let toZero = toStart
    if (result > 0 && firstValue >= 0) toZero = sampled * (firstValue / result)
    if (toZero < toStart) toStart = toZero
  }
  if (toEnd >= threshold) toEnd = average / 2
  let factor = (sampled + toStart + toEnd) / sampled
  if (isRate) factor /= (window.endMs - window.startMs) / 1000
  return result * factor
}

// hot: once per series and step. No allocation.
export const rate: FoldFunction = (t, v, lo, hi, window) => extrapolated(t, v, lo, hi, window, true, true)
export const increase: FoldFunction = (t, v, lo, hi, window) => extrapolated(t, v, lo, hi, window, true, false)
export const delta: FoldFunction = (t, v, lo, hi, window) => extrapolated(t, v, lo, hi, window, false, false)

/** From the last two samples; after a reset the counter counts from 0. */
export const irate: FoldFunction = (t, v, _lo, hi) => {
  const last = v[hi - 1]!
  const previous = v[hi - 2]!
  return (last < previous ? last : last - previous) / ((t[hi - 1]! - t[hi - 2]!) / 1000)
}

export const idelta: FoldFunction = (_t, v, _lo, hi) => v[hi - 1]! - v[hi - 2]!

export const resets: FoldFunction = (_t, v, lo, hi) => {
  let count = 0
  for (let i = lo + 1; i < hi; i++) if (v[i]! < v[i - 1]!) count++
  return count
}

export const changes: FoldFunction = (_t, v, lo, hi) => {
  let count = 0
  for (let i = lo + 1; i < hi; i++) {
    const value = v[i]!
    const previous = v[i - 1]!
    if (value !== previous && !(value !== value && previous !== previous)) count++
  }
  return count
}
