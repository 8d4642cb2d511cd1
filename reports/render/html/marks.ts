import type { Run, TimelineEvent } from '../../report.ts'
import type { Mark } from '../svg/chart.ts'

/** What happened, along an axis that ends at `maxS`; events at one instant become one mark. */
export function marksOf(events: readonly TimelineEvent[], maxS: number): Mark[] {
  const byTime = new Map<number, string[]>()
  for (const { atS, label } of events) {
    if (atS < 0 || atS > maxS) continue
    const same = byTime.get(atS)
    if (same === undefined) byTime.set(atS, [label])
    else same.push(label)
  }
  return [...byTime]
    .toSorted(([a], [b]) => a - b)
    .map(([x, labels]) => ({
      x,
      label: labels.length > 3 ? `${labels[0]} and ${labels.length - 1} more` : labels.join(', '),
    }))
}

/** The last instant that a run's time line holds. */
export function lastSecond(run: Run): number {
  return run.timeline.rows.reduce((max, row) => Math.max(max, row[0] ?? 0), 0)
}
