import { Prng } from '../../base/index.ts'
import type { Calibration, Comparison, ComparisonRow, Noise, Run } from '../report.ts'
import { mean, median, quantile, standardDeviation } from '../statistics/descriptive.ts'
import { detectableChange } from './measure.ts'
import { rowKey, TRIALS_ADVISED } from './policy.ts'
import { trialsOf } from './trials.ts'

/** Blocks for which it is told what could be found. */
const BLOCKS = [6, 8, 10, 12] as const
const BLOCKS_MIN = 3
const DRAWS = 2000
/** The smallest effect keeps this much distance from what chance alone brings in one comparison of twenty. */
const MARGIN = 1.5

/**
 * What a comparison of a subject with itself says of the machine's noise, by row.
 *
 * The smallest effect of a row is its default, or one and a half times the change that a comparison of eight blocks shows by
 * chance in one case of twenty, whichever is larger. The latter is found by making such comparisons out of the blocks at
 * hand: eight drawn with replacement, the arms of each swapped or not, for in an A/A run nothing tells them apart.
 * Rows that have no ratio (a median of 0, no data) have no noise either and are left out.
 *
 * @param runs the trials of the A/A run
 * @param comparison of its two arms
 */
export function calibrationOf(runs: readonly Run[], comparison: Comparison): Calibration {
  const prng = new Prng(comparison.seed).fork('calibration')
  const gates = comparison.rows.filter(row => row.gate && !row.exact).length
  const noise: Record<string, Noise> = {}
  for (const row of comparison.rows) {
    const key = rowKey(row)
    const alpha = comparison.alpha / (row.gate ? Math.max(1, gates) : 1)
    const found = row.direction === 'none' || row.exact ? undefined : noiseOf(prng.fork(key), row, comparison, alpha)
    if (found !== undefined) noise[key] = found
  }
  return { blocks: trialsOf(runs).base.length, noise }
}

function noiseOf(prng: Prng, row: ComparisonRow, { method }: Comparison, alpha: number): Noise | undefined {
  const n = Math.min(row.baseTrials.length, row.headTrials.length)
  const blocks = Array.from({ length: n }, (_, i) => [row.baseTrials[i]!, row.headTrials[i]!] as const)
  const all = blocks.flat()
  if (n < BLOCKS_MIN || !all.every(value => value > 0)) return undefined
  const byChance = Array.from({ length: DRAWS }, () => {
    const drawn = Array.from({ length: TRIALS_ADVISED }, () => {
      const [a, b] = prng.pick(blocks)
      return prng.chance(1, 2) ? [a, b] : [b, a]
    })
    return Math.abs(median(drawn.map(([, b]) => b!)) / median(drawn.map(([a]) => a!)) - 1)
  })
  const minEffect = Math.max(row.minEffect, MARGIN * quantile(byChance, 0.95))
  const ofBlocks = standardDeviation(blocks.map(([a, b]) => Math.log(b / a)))
  const ofTrials = standardDeviation(all.map(value => Math.log(value)))
  const detectable = BLOCKS.flatMap(count => {
    const change = detectableChange(method, count, method === 'paired' ? ofBlocks : ofTrials, { alpha, minEffect })
    return change === null ? [] : [[String(count), change] as const]
  })
  return {
    variation: standardDeviation(all) / mean(all),
    change95: quantile(
      blocks.map(([a, b]) => Math.abs(b / a - 1)),
      0.95,
    ),
    minEffect,
    detectable: Object.fromEntries(detectable),
  }
}
