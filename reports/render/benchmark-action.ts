import { infoOf, keysOf, armsOf } from '../arms.ts'
import type { MetricValue, Report, Run, Statistic } from '../report.ts'
import { formatShare } from './format.ts'
import { median } from '../statistics/descriptive.ts'

/** What github-action-benchmark reads as `customSmallerIsBetter` or `customBiggerIsBetter`. */
interface BenchmarkEntry {
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly range?: string
  readonly extra?: string
}

const STATISTICS = ['p50', 'p99'] as const satisfies readonly Statistic[]

/**
 * The entries of those metrics for which smaller, or bigger, is better: the action takes one file of each. Metrics that are
 * better neither way are in none. Medians over the valid trials of the head, in the units that people read.
 */
export function renderBenchmarkAction(report: Report, better: 'smaller' | 'bigger'): string {
  const direction = better === 'smaller' ? 'lower' : 'higher'
  const arms = armsOf(report)
  const arm = arms.at(-1)
  const entries: BenchmarkEntry[] = []
  for (const key of arm === undefined ? [] : keysOf([arm])) {
    const info = infoOf(report, key)
    if (info.direction !== direction) continue
    const statistics: readonly Statistic[] = arm!.metrics.get(key)?.kind === 'histogram' ? STATISTICS : ['value']
    for (const statistic of statistics) {
      const values = arm!.used.flatMap(run => trialValue(run, key, statistic)).toSorted((a, b) => a - b)
      if (values.length === 0) continue
      const { unit, scale } = shown(info.unit)
      const middle = median(values)
      entries.push({
        name: `${report.scenario.name} (${arm!.used[0]!.subject.kind}) ${key}${statistic === 'value' ? '' : ` ${statistic}`}`,
        unit,
        value: middle / scale,
        ...(values.length > 1 && middle > 0
          ? { range: `± ${formatShare((values.at(-1)! - values[0]!) / 2 / middle)}` }
          : {}),
        extra: `${info.help}\n${arm!.subject}, profile ${report.scenario.profile}, ${values.length} trial${values.length === 1 ? '' : 's'}`,
      })
    }
  }
  return `${JSON.stringify(entries, null, 2)}\n`
}

function trialValue(run: Run, key: string, statistic: Statistic): number[] {
  const value: MetricValue | undefined = run.metrics[key]
  if (value === undefined) return []
  if (!('hdr' in value)) return statistic === 'value' ? [value.value] : []
  return value.count === 0 || statistic === 'value' ? [] : [value[statistic]]
}

function shown(unit: string): { readonly unit: string; readonly scale: number } {
  if (unit === 's') return { unit: 'ms', scale: 1e-3 }
  if (unit === '1') return { unit: 'count', scale: 1 }
  return { unit, scale: 1 }
}
