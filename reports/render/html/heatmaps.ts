import { type Arm, infoOf } from '../../arms.ts'
import type { Heatmap, Report } from '../../report.ts'
import { formatValue, plural } from '../format.ts'
import { heatMap } from '../svg/heat-map.ts'
import type { Figure } from './figure.ts'
import { lastSecond, marksOf } from './marks.ts'

/** A page draws at most this many. */
const MAPS_MAX = 4
const COLUMNS_MAX = 120

/** When waits began and how long they were: a figure for each metric and arm, over all of the arm's trials. */
export function heatmapFigures(report: Report, arms: readonly Arm[], id: (name: string) => string): Figure[] {
  const keys = [...new Set(arms.flatMap(arm => arm.used.flatMap(run => Object.keys(run.heatmaps ?? {}))))]
  const maps = keys.flatMap(key =>
    arms.flatMap(arm => {
      const map = sum(arm.used.flatMap(run => run.heatmaps?.[key] ?? []))
      return map === undefined || map.cells.length === 0 ? [] : [{ key, arm, map }]
    }),
  )
  return maps.slice(0, MAPS_MAX).map(({ key, arm, map }) => {
    const alike = maps.filter(other => other.key === key)
    const { unit } = infoOf(report, key)
    const trials = arm.used.length
    const events = arm.used[0]!.events
    const ends = alike.map(other => (other.map.cells.at(-1)![0] + 1) * other.map.intervalS)
    const maxS = Math.max(...ends, ...arms.flatMap(one => one.used.map(lastSecond)))
    const heading = `${words(key)} over time${arms.length > 1 ? `: ${arm.label}` : ''}`
    const buckets = alike.flatMap(other => other.map.cells.map(([, bucket]) => bucket))
    return {
      title: heading,
      wide: true,
      chart: heatMap({
        id: id(`heat-${key}-${arm.name}`),
        title: heading,
        description: told(map, unit),
        map,
        unit,
        maxS,
        buckets: [Math.min(...buckets), Math.max(...buckets)],
        countMax: Math.max(...alike.flatMap(other => other.map.cells.map(([, , count]) => count))),
        marks: marksOf(events, maxS),
      }),
      notes: [
        `${told(map, unit)} A dot high up is a wait that was long; a column of them is an event that made everyone wait.${trials > 1 ? ` The ${plural(trials, 'trial')} of the arm are added up.` : ''}`,
      ],
    }
  })
}

/** Counts of several maps together, in columns as wide as the widest of them. */
function sum(maps: readonly Heatmap[]): Heatmap | undefined {
  if (maps.length === 0) return undefined
  const widest = Math.max(...maps.map(map => map.intervalS))
  const lastS = Math.max(0, ...maps.map(map => ((map.cells.at(-1)?.[0] ?? 0) + 1) * map.intervalS))
  const intervalS = widest * Math.max(1, Math.ceil(lastS / widest / COLUMNS_MAX))
  const counts = new Map<string, [number, number, number]>()
  for (const map of maps) {
    for (const [column, bucket, count] of map.cells) {
      const to = Math.floor((column * map.intervalS) / intervalS + 1e-9)
      const cell = counts.get(`${to} ${bucket}`)
      if (cell === undefined) counts.set(`${to} ${bucket}`, [to, bucket, count])
      else cell[2] += count
    }
  }
  return { intervalS, cells: [...counts.values()].toSorted((a, b) => a[0] - b[0] || a[1] - b[1]) }
}

/** The map in words: how many, how long most of them took, and when the longest began. */
function told({ cells, intervalS }: Heatmap, unit: string): string {
  const total = cells.reduce((all, [, , count]) => all + count, 0)
  const ascending = cells.toSorted((a, b) => a[1] - b[1])
  const bound = (share: number): string => {
    let seen = 0
    const cell = ascending.find(([, , count]) => (seen += count) >= share * total) ?? ascending.at(-1)!
    return formatValue(10 ** ((cell[1] + 1) / 10), unit)
  }
  const longest = cells.reduce((most, cell) => (cell[1] > most[1] ? cell : most))
  return `${plural(total, 'observation')}: half took less than ${bound(0.5)}, 99 % less than ${bound(0.99)}; the longest, up to ${formatValue(10 ** ((longest[1] + 1) / 10), unit)}, began at ${formatValue(longest[0] * intervalS, 's')}.`
}

function words(key: string): string {
  const text = key.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
