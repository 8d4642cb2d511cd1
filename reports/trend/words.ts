import { oneLine } from '../render/format.ts'
import type { TrendChange, TrendPoint, TrendSeries } from './history.ts'

/** `1f2c9ab`, with `+` when there were changes beside it; `–` outside a checkout. */
export function commitOf({ commit, dirty }: Pick<TrendPoint, 'commit' | 'dirty'>): string {
  return commit === undefined ? '–' : `${oneLine(commit).slice(0, 7)}${dirty ? '+' : ''}`
}

/** `11-23` */
export function dayOf({ startedAt }: Pick<TrendPoint, 'startedAt'>): string {
  return startedAt.slice(5, 10)
}

export function changeWord(worse: boolean | null): string {
  return worse === null ? '' : worse ? 'worse' : 'better'
}

/** Between which commits a change came: `1f2c9ab..9ab03de`. */
export function rangeOf({ from, to }: TrendChange): string {
  return `${commitOf(from)}..${commitOf(to)}`
}

/** `discovery_latency p99` */
export function seriesName({ metric, statistic }: Pick<TrendSeries, 'metric' | 'statistic'>): string {
  return oneLine(statistic === 'value' ? metric : `${metric} ${statistic}`)
}

/** Why no change was looked for; empty when it was. */
export function shortOf({ points, needs }: TrendSeries): string {
  return needs === undefined ? '' : `${points.length} of the ${needs} results that a search for changes needs`
}
