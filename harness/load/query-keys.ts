import { metricKey } from '../../reports/index.ts'
import type { QueryLoad } from './planned-load.ts'
import { tagsOf } from './query-request.ts'

/** The key under which iteration `i` is measured, without the metric's name: `{class=instant-rate}`. */
export function keyOf(load: QueryLoad, i: number): string {
  return metricKey('', tagsOf(load, i))
}

/** All sets of tags that queries of these loads can carry, by their keys, in order of their first use. */
function tagSets(loads: readonly QueryLoad[]): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const out = new Map<string, Readonly<Record<string, string>>>()
  for (const load of loads) {
    for (let i = 0; i < Math.max(1, load.each.class?.length ?? 0); i++) out.set(keyOf(load, i), tagsOf(load, i))
  }
  return out
}

/** All keys of these loads; the same list on both sides of the thread. */
export function keysOf(loads: readonly QueryLoad[]): string[] {
  return [...tagSets(loads).keys()]
}

/** What the observations of these loads are tagged with. */
export function queryTags(loads: readonly QueryLoad[]): Readonly<Record<string, string>>[] {
  return [...tagSets(loads).values()]
}
