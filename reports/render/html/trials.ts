import type { Arm } from '../../arms.ts'
import { statisticOf } from '../../compare/trials.ts'
import { metricKey, parseMetricKey } from '../../metric-key.ts'
import type { Report, Run, Statistic } from '../../report.ts'

/**
 * The trial that speaks for its arm where only one can be shown: the middle one by what the scenario cares for most (its
 * first gate, else discovery_latency p99). Of an even number, the lower middle.
 */
export function medianTrial(report: Report, arm: Arm): Run {
  const [metric, statistic] = decisive(report)
  const ranked = arm.used
    .flatMap(run => {
      const value = statisticOf(run.metrics[metric], statistic)
      return value === undefined ? [] : [{ run, value }]
    })
    .toSorted((a, b) => a.value - b.value || a.run.index - b.run.index)
  return ranked[(ranked.length - 1) >> 1]?.run ?? arm.used[0]!
}

function decisive({ scenario }: Report): readonly [metric: string, statistic: Statistic] {
  for (const [key, statistics] of Object.entries(scenario.gates ?? {})) {
    const { name, tags } = parseMetricKey(key)
    if (statistics[0] !== undefined) return [metricKey(name, tags), statistics[0]]
  }
  return ['discovery_latency', 'p99']
}
