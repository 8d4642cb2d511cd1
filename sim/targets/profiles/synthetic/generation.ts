import type { Knobs } from './knobs.ts'

/** What decides which series a synthetic page has. */
export interface Generation {
  /** How often all series were replaced, and all names. */
  readonly seriesCycle: number
  readonly metricCycle: number
  /** Of each metric. */
  readonly seriesCount: number
}

/** Which generation a page is in, `elapsedMs` after its start. Pure; costs nothing that grows with time. */
export function generationAt(knobs: Knobs, elapsedMs: number): Generation {
  const ticks = (intervalMs: number): number => (intervalMs === 0 ? 0 : Math.floor(elapsedMs / intervalMs))
  return {
    seriesCycle: ticks(knobs.seriesIntervalMs),
    metricCycle: ticks(knobs.metricIntervalMs),
    seriesCount: seriesCountAfter(knobs, ticks(knobs.seriesChangeIntervalMs)),
  }
}

/** As avalanche counts: from `seriesPerMetric` on, one change a tick. */
function seriesCountAfter(knobs: Knobs, ticks: number): number {
  const { mode, seriesPerMetric, spikeMultiplier } = knobs
  const isAway = ticks % 2 === 1
  switch (mode) {
    case 'default':
      return seriesPerMetric
    case 'double-halve':
      return isAway ? 2 * seriesPerMetric : seriesPerMetric
    case 'spike':
      return isAway ? Math.floor(seriesPerMetric * spikeMultiplier) : seriesPerMetric
    case 'gradual-change':
      return gradual(knobs, ticks)
  }
}

/**
 * ```
 *   seriesMax      ╱╲        steps of seriesChangeRate, the last of each slope cut short at the bound;
 *                 ╱  ╲   ╱   the first slope begins at seriesPerMetric
 *   seriesMin    ╱    ╲ ╱
 * ```
 */
function gradual({ seriesPerMetric, seriesMin, seriesMax, seriesChangeRate: rate }: Knobs, ticks: number): number {
  const first = Math.max(1, Math.ceil((seriesMax - seriesPerMetric) / rate))
  if (ticks <= first) return Math.min(seriesMax, seriesPerMetric + ticks * rate)
  const slope = Math.ceil((seriesMax - seriesMin) / rate)
  const at = (ticks - first) % (2 * slope)
  return at <= slope ? Math.max(seriesMin, seriesMax - at * rate) : Math.min(seriesMax, seriesMin + (at - slope) * rate)
}
