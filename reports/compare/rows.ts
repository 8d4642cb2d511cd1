import { byReadingOrder, infoOf } from '../arms.ts'
import { metricKey, parseMetricKey } from '../metric-key.ts'
import type { MetricInfo, Report, Run, ScenarioInfo, Statistic } from '../report.ts'
import { formatNumber } from '../render/format.ts'
import { gatesOf } from './gates.ts'
import { gateFor, policyOf, rowKey, TAIL_ADVISED, tailOf } from './policy.ts'

/** A line of the table, before anything is measured. */
export interface RowPlan {
  readonly metric: string
  readonly statistic: Statistic
  readonly info: MetricInfo
  readonly policy: ReturnType<typeof policyOf>
  /** Whether it was declared as a gate, or takes the place of one. */
  readonly gate: boolean
  readonly notes: readonly string[]
}

/**
 * The lines of a comparison, in reading order: what the policy shows of each metric that occurs in `runs`, and every gate.
 *
 * A gate on a quantile that a trial has too few observations for is moved to the highest quantile that has enough; both
 * lines say so. How many observations a trial has follows from the scenario, not from how it went, so that this chooses no
 * result.
 */
export function planRows(
  report: Pick<Report, 'metrics'>,
  gates: ScenarioInfo['gates'],
  runs: readonly Run[],
): RowPlan[] {
  const keys = new Set(runs.flatMap(run => Object.keys(run.metrics)))
  const gating = new Map<string, string[]>()
  const moved = new Map<string, string[]>()
  const wanted = new Map<string, Set<Statistic>>()
  const want = (metric: string, statistics: readonly Statistic[]): void => {
    wanted.set(metric, new Set([...(wanted.get(metric) ?? []), ...statistics]))
  }
  for (const key of keys) if (isShown(report, key, keys)) want(key, policyOf(key, infoOf(report, key)).statistics)
  for (const { metric, statistic } of gatesOf(gates)) {
    const key = keys.has(metric) ? metric : (spelledAlike(metric, keys) ?? metric)
    const count = fewestObservations(key, runs)
    const stands = count === undefined ? statistic : gateFor(statistic, count)
    want(key, [statistic, stands])
    const row = rowKey({ metric: key, statistic: stands })
    if (!gating.has(row)) gating.set(row, [])
    if (stands === statistic) {
      const tail = count === undefined ? undefined : tailOf(statistic, count)
      if (tail !== undefined && tail < TAIL_ADVISED) {
        gating.get(row)!.push(`rests on ${formatNumber(Math.floor(tail + 1e-9))} observations of a trial`)
      }
    } else {
      moved.set(rowKey({ metric: key, statistic }), [
        `${formatNumber(count!)} observations of a trial are too few to gate ${statistic}: ${stands} gates instead`,
      ])
      gating.get(row)!.push(`gates in place of ${statistic}`)
    }
  }
  return [...wanted.keys()].toSorted(byReadingOrder).flatMap(metric => {
    const info = infoOf(report, metric)
    const policy = policyOf(metric, info)
    return ORDER.filter(statistic => wanted.get(metric)!.has(statistic)).map(statistic => {
      const row = rowKey({ metric, statistic })
      return {
        metric,
        statistic,
        info,
        policy,
        gate: gating.has(row),
        notes: [...(gating.get(row) ?? []), ...(moved.get(row) ?? [])],
      }
    })
  })
}

const ORDER: readonly Statistic[] = ['value', 'mean', 'p50', 'p90', 'p95', 'p99']

/** Sub-metrics have lines where the policy says so, and where there is no total that stands for them. */
function isShown(report: Pick<Report, 'metrics'>, key: string, keys: ReadonlySet<string>): boolean {
  const { name, tags } = parseMetricKey(key)
  if (Object.keys(tags).length === 0) return true
  return policyOf(key, infoOf(report, key)).tagged === true || !keys.has(name)
}

/** The key of the runs that names the same metric and tags in another spelling. */
function spelledAlike(metric: string, keys: ReadonlySet<string>): string | undefined {
  return [...keys].find(key => {
    const { name, tags } = parseMetricKey(key)
    return metricKey(name, tags) === metric
  })
}

/** Observations of the trial that has the fewest, of those that have any; undefined for what is no histogram. */
function fewestObservations(metric: string, runs: readonly Run[]): number | undefined {
  const counts = runs.flatMap(run => {
    const value = run.metrics[metric]
    return value !== undefined && 'count' in value && value.count > 0 ? [value.count] : []
  })
  return counts.length === 0 ? undefined : Math.min(...counts)
}
