import type { Comparison, ComparisonRow } from '../report.ts'
import { formatChange, formatProbability } from '../render/format.ts'
import { holm } from '../statistics/multiplicity.ts'
import { rowKey } from './policy.ts'

/**
 * Joins a comparison with the second set of blocks that was run because gates regressed in the first.
 *
 * A regression is confirmed when the same gate regresses again, by the same rule; only the gates that are to be confirmed
 * share α this time. One that does not becomes inconclusive: seen once in two times, it is no reason to fail a build, and
 * no reason to call it unchanged. Improvements and everything else stand as the first set found them.
 *
 * A chance of α twice in a row is α² for the same gate, so that false alarms all but disappear.
 */
export function confirm(first: Comparison, second: Comparison): Comparison {
  const regressed = first.rows.filter(row => row.gate && row.verdict === 'regressed')
  const again = judgedAgain(regressed, second)
  const confirmed = again.filter(row => row.verdict === 'regressed').map(rowKey)
  const rows = first.rows.map((row): ComparisonRow => {
    if (!regressed.includes(row) || confirmed.includes(rowKey(row))) return row
    const found = again.find(other => rowKey(other) === rowKey(row))
    const note = `regressed, but not in the second set of blocks${found === undefined ? '' : ` (${resultOf(found)})`}`
    return { ...row, verdict: 'inconclusive', note: row.note === undefined ? note : `${note}; ${row.note}` }
  })
  return { ...first, rows, confirmation: { rows: again, confirmed } }
}

/** The rows of the second set that are asked about, with α shared among them only. */
function judgedAgain(regressed: readonly ComparisonRow[], second: Comparison): ComparisonRow[] {
  const comparable = second.differences.length === 0
  const asked = regressed.flatMap(({ metric, statistic }) =>
    second.rows.filter(row => row.metric === metric && row.statistic === statistic),
  )
  const tested = asked.filter(row => !row.exact && row.p !== null)
  const adjusted = holm(tested.map(row => row.p!))
  return asked.map((row): ComparisonRow => {
    const at = tested.indexOf(row)
    if (at === -1) return comparable ? row : { ...row, verdict: 'inconclusive' }
    const pAdjusted = adjusted[at]!
    const worse =
      row.change === null ? row.verdict === 'regressed' : isWorse(row) && Math.abs(row.change) >= row.minEffect
    const stands = comparable && worse && pAdjusted <= second.alpha
    const verdict = stands ? 'regressed' : row.verdict === 'regressed' ? 'inconclusive' : row.verdict
    return { ...row, pAdjusted, verdict }
  })
}

function isWorse({ direction, change }: ComparisonRow): boolean {
  return direction === 'lower' ? change! > 0 : change! < 0
}

function resultOf({ change, pAdjusted }: ComparisonRow): string {
  return [
    ...(change === null ? ['no ratio'] : [formatChange(change)]),
    ...(pAdjusted === null ? [] : [`p ${formatProbability(pAdjusted)}`]),
  ].join(', ')
}
