import { FORMATS, type TargetScrapeLog } from '../../sim/index.ts'
import type { MetricValue } from '../../reports/index.ts'

/** Complete answers, in all and by format: a subject that asks for another format is sent other bytes for the same samples. */
export function scrapesByFormat(logs: readonly TargetScrapeLog[]): Record<string, MetricValue> {
  const counts = new Map<string, number>()
  for (const { served, formats } of logs) {
    for (let i = 0; i < served.length; i++) {
      const format = FORMATS[(formats?.[i] ?? 0) - 1]
      if (served[i] === 1 && format !== undefined) counts.set(format, (counts.get(format) ?? 0) + 1)
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return {
    scrapes_served: { value: total },
    ...Object.fromEntries(
      [...counts].map(([format, count]) => [`scrapes_served{format=${format}}`, { value: count }] as const),
    ),
  }
}
