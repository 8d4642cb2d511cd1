import { parseMetricKey, metricKey } from '../metric-key.ts'
import { metricInfo } from '../metrics.ts'
import type { MetricInfo, ScenarioInfo, Statistic } from '../report.ts'
import type { TestMethod } from '../statistics/detectable.ts'
import { mannWhitneyFloor } from '../statistics/mann-whitney.ts'
import { signFlipFloor } from '../statistics/sign-flip.ts'
import { plural } from '../render/format.ts'
import { policyOf } from './policy.ts'

export interface Gate {
  /** In the spelling of the runs: `name{tag=value}`. */
  readonly metric: string
  readonly statistic: Statistic
}

/** The declared gates in order, each once, in the spelling of the runs: k6's `name{tag:value}` may have been written. */
export function gatesOf(gates: ScenarioInfo['gates'] = {}): Gate[] {
  const seen = new Map<string, Gate>()
  for (const [key, statistics] of Object.entries(gates)) {
    const { name, tags } = parseMetricKey(key)
    const metric = metricKey(name, tags)
    for (const statistic of statistics) seen.set(`${metric} ${statistic}`, { metric, statistic })
  }
  return [...seen.values()]
}

/**
 * The gates that are a matter of statistics, and so share α. Exact counts are compared by equality and cost nothing.
 *
 * @param metrics of the report, for metrics that are not in the catalogue
 */
export function statisticalGates(
  gates: ScenarioInfo['gates'],
  metrics: Readonly<Record<string, MetricInfo>> = {},
): Gate[] {
  return gatesOf(gates).filter(({ metric }) => {
    const { name } = parseMetricKey(metric)
    const info = metricInfo(name) ?? (Object.hasOwn(metrics, name) ? metrics[name] : undefined)
    return info === undefined || policyOf(metric, info).exact !== true
  })
}

/** The smallest p-value that `n` blocks, or trials a side, can have. */
export function pFloor(n: number, method: TestMethod = 'paired'): number {
  return method === 'paired' ? signFlipFloor(n) : mannWhitneyFloor(n, n)
}

/** How many gates `n` blocks (trials a side) can support: k of them need k times the smallest p-value to be at most α. */
export function gatesSupported(n: number, alpha = 0.05, method: TestMethod = 'paired'): number {
  return Math.floor(alpha / pFloor(n, method) + 1e-9)
}

/** The fewest blocks (trials a side) that can support so many gates. */
export function blocksNeeded(gates: number, alpha = 0.05, method: TestMethod = 'paired'): number {
  let n = 1
  while (gatesSupported(n, alpha, method) < gates) n++
  return n
}

/**
 * Why `n` blocks are too few for the gates that a scenario declares, to be said before anything is run; undefined when they
 * are enough: `8 blocks can support 6 gates, 9 are declared; run 9 blocks or declare fewer gates`.
 */
export function gatesFault(
  n: number,
  gates: ScenarioInfo['gates'],
  { alpha = 0.05, method = 'paired' }: { readonly alpha?: number; readonly method?: TestMethod } = {},
): string | undefined {
  const declared = statisticalGates(gates).length
  const supported = gatesSupported(n, alpha, method)
  if (declared <= supported) return undefined
  const unit = method === 'paired' ? 'block' : 'trial'
  return (
    `${plural(n, unit)} can support ${supported === 0 ? 'no gate' : plural(supported, 'gate')}, ` +
    `${declared} ${declared === 1 ? 'is' : 'are'} declared; ` +
    `run ${plural(blocksNeeded(declared, alpha, method), unit)}${declared === 1 ? '' : ' or declare fewer gates'}`
  )
}
