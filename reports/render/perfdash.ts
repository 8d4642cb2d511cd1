import { armsOf, infoOf, type Summary } from '../arms.ts'
import { parseMetricKey } from '../metric-key.ts'
import { nanosecondsPerUnit } from '../metrics.ts'
import type { Report } from '../report.ts'

interface DataItem {
  readonly data: Readonly<Record<string, number>>
  readonly unit: string
  readonly labels: Readonly<Record<string, string>>
}

/**
 * The report as `PerfData` of the Kubernetes performance tests, which their dashboard (perfdash) reads. Latencies are in
 * milliseconds, as everywhere there; a histogram is Perc50, Perc90 and Perc99 over the valid trials of an arm.
 */
export function renderPerfdash(report: Report): string {
  const dataItems: DataItem[] = []
  for (const arm of armsOf(report)) {
    for (const [key, summary] of arm.metrics) {
      const { name, tags } = parseMetricKey(key)
      const data = dataOf(summary, infoOf(report, key).unit)
      if (data === undefined) continue
      const labels = { ...tags, Metric: name, Arm: arm.name, Subject: arm.used[0]!.subject.kind }
      dataItems.push({ ...data, labels })
    }
  }
  const labels = {
    scenario: report.scenario.name,
    profile: report.scenario.profile,
    seed: report.scenario.seed,
    environment: report.environment.fingerprint,
  }
  return `${JSON.stringify({ version: 'v1', dataItems, labels }, null, 2)}\n`
}

function dataOf(summary: Summary, unit: string): Pick<DataItem, 'data' | 'unit'> | undefined {
  const isTime = unit === 's' || unit === 'ns'
  const toMs = nanosecondsPerUnit(unit) / 1e6
  const shown = (value: number): number => (isTime ? value * toMs : value)
  const shownUnit = isTime ? 'ms' : unit
  if (summary.kind === 'scalar') return { data: { Value: shown(summary.value) }, unit: shownUnit }
  const { count, p50, p90, p99 } = summary.value
  return count === 0
    ? undefined
    : { data: { Perc50: shown(p50), Perc90: shown(p90), Perc99: shown(p99) }, unit: shownUnit }
}
