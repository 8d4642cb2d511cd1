import { ExitCode } from '../../base/index.ts'
import type { ComparedArm, Comparison, ComparisonRow, Verdict } from '../report.ts'
import { formatChange, formatProbability, formatValue, plural } from '../render/format.ts'
import { EXCLUDED_SHARE_MAX } from './policy.ts'

/**
 * What a comparison comes to, by its gates: invalid before regressed, regressed before inconclusive, inconclusive before
 * improved.
 *
 *   not comparable, or more than a quarter of an arm's trials left out   invalid        5
 *   not comparable, but allowed                                          pass           0
 *   a gate regressed (and again, where a second set was run)             regressed      3
 *   a gate is inconclusive, or has no data                               inconclusive   0, 4 with `strict`
 *   a gate improved                                                      improved       0
 *   none did                                                             unchanged      0
 *   there is no gate                                                     pass           0
 */
export function verdictOfComparison(
  comparison: Comparison,
  { strict = false }: { readonly strict?: boolean } = {},
): Verdict {
  const { differences, informational, base, head } = comparison
  if (informational) {
    return {
      status: 'pass',
      exitCode: ExitCode.ok,
      reasons: ['for information only, it gates nothing', ...differences],
    }
  }
  const invalid = [...differences, ...tooManyExcluded('base', base), ...tooManyExcluded('head', head)]
  if (invalid.length > 0) return { status: 'invalid', exitCode: ExitCode.invalid, reasons: invalid }
  const gates = comparison.rows.filter(row => row.gate)
  const having = (...verdicts: readonly ComparisonRow['verdict'][]): string[] =>
    gates.filter(row => verdicts.includes(row.verdict)).map(row => sentence(row))
  const regressed = having('regressed')
  const undecided = having('inconclusive', 'no-data')
  if (regressed.length > 0) {
    return { status: 'regressed', exitCode: ExitCode.regression, reasons: [...regressed, ...undecided] }
  }
  if (undecided.length > 0) {
    return { status: 'inconclusive', exitCode: strict ? ExitCode.inconclusive : ExitCode.ok, reasons: undecided }
  }
  if (gates.length === 0)
    return { status: 'pass', exitCode: ExitCode.ok, reasons: ['no gates are declared: nothing could fail'] }
  const improved = having('improved')
  return { status: improved.length > 0 ? 'improved' : 'unchanged', exitCode: ExitCode.ok, reasons: improved }
}

function tooManyExcluded(side: string, { trials, excluded }: ComparedArm): string[] {
  if (trials === 0) return [`the ${side} has no valid trial`]
  const all = trials + excluded
  if (excluded / all <= EXCLUDED_SHARE_MAX) return []
  return [`${excluded} of ${plural(all, 'trial')} of the ${side} had to be left out, more than a quarter`]
}

/** `discovery_latency p99 regressed: 4.61s to 5.37s, +16.5%, p 0.039` */
function sentence({ metric, statistic, base, head, unit, change, pAdjusted, verdict, note }: ComparisonRow): string {
  const name = statistic === 'value' ? metric : `${metric} ${statistic}`
  if (base === null || head === null) return `${name}: no data${note === undefined ? '' : ` (${note})`}`
  const figures = [
    `${formatValue(base, unit)} to ${formatValue(head, unit)}`,
    ...(change === null ? [] : [formatChange(change)]),
    ...(pAdjusted === null ? [] : [`p ${formatProbability(pAdjusted)}`]),
  ]
  return `${name} ${verdict}: ${figures.join(', ')}${note === undefined ? '' : ` (${note})`}`
}
