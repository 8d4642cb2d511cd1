import type { RowVerdict } from '../report.ts'
import { formatProbability, formatShare, formatValue, plural } from '../render/format.ts'
import type { TestMethod } from '../statistics/detectable.ts'
import { outliers, twoModes } from '../statistics/anomalies.ts'
import { blocksNeeded } from './gates.ts'
import type { Measured } from './measure.ts'
import { TRIALS_ADVISED } from './policy.ts'
import type { RowPlan } from './rows.ts'

/** More than so many further trials are no advice. */
const FURTHER_TRIALS_MAX = 40

export interface Judged {
  readonly verdict: RowVerdict
  readonly notes: readonly string[]
}

export interface JudgeContext {
  readonly method: TestMethod
  readonly alpha: number
  /** Relative, with the floor in it. */
  readonly minEffect: number
  /** After the correction for the row's family: Holm for gates, Benjamini-Hochberg for the others. */
  readonly pAdjusted: number | null
  /** Rows that share α with this one. */
  readonly family: number
}

/**
 * The decision rule (docs/statistics.md). In this order:
 *
 *   without data in an arm                           no-data
 *   without a better direction, or about the harness  info
 *   p (adjusted) ≤ α and |change| ≥ minEffect        regressed, improved
 *   interval wholly inside ±minEffect                 unchanged
 *   otherwise                                         inconclusive; info where nothing depends on it and trials are too few
 */
export function judgeRow(plan: RowPlan, measured: Measured, context: JudgeContext): Judged {
  if (measured.base === null || measured.head === null) return { verdict: 'no-data', notes: [absence(plan, measured)] }
  if (plan.policy.info === true && !plan.gate) return { verdict: 'info', notes: [] }
  if (plan.info.direction === 'none') return { verdict: 'info', notes: ['has no better direction and cannot gate'] }
  const { alpha, minEffect, pAdjusted } = context
  const significant = pAdjusted !== null && pAdjusted <= alpha
  const remarks = plan.gate ? anomalies(plan, measured) : []
  if (measured.change === null) return fromZero(plan, measured, significant)
  if (significant && Math.abs(measured.change) >= minEffect) {
    return { verdict: better(plan, measured.change) ? 'improved' : 'regressed', notes: remarks }
  }
  const { interval } = measured
  if (interval !== null && interval[0] > -minEffect && interval[1] < minEffect) {
    return { verdict: 'unchanged', notes: remarks }
  }
  const tooFew = needsTrials(measured, context)
  if (tooFew !== undefined) return plan.gate ? inconclusive(tooFew, remarks) : { verdict: 'info', notes: [] }
  return inconclusive(whyInconclusive(plan, measured, context, significant), remarks)
}

/**
 * An exact count, by its worst trial: any at all where the other arm has none is a fault of its own, whatever the number of
 * trials. Undefined where both arms have some: then it is a figure like any other.
 */
export function judgeExact(plan: RowPlan, { baseTrials, headTrials }: Measured): Judged | undefined {
  if (baseTrials.length === 0 || headTrials.length === 0) return undefined
  const faulty = (trials: readonly number[]): number => trials.filter(value => value !== 0).length
  const [a, b] = [faulty(baseTrials), faulty(headTrials)]
  if (a === 0 && b === 0) return { verdict: 'unchanged', notes: [] }
  if (a > 0 && b > 0) return undefined
  const worse = plan.info.direction === 'higher' ? a > 0 : b > 0
  const of = (share: number, trials: readonly number[]): string => `${share} of ${plural(trials.length, 'trial')}`
  return {
    verdict: worse ? 'regressed' : 'improved',
    notes: [
      b > 0
        ? `in ${of(b, headTrials)} of the head, none of the base`
        : `in ${of(a, baseTrials)} of the base, none of the head`,
    ],
  }
}

function better({ info }: RowPlan, change: number): boolean {
  return info.direction === 'lower' ? change < 0 : change > 0
}

/** The base is 0: there is no ratio, only a difference. */
function fromZero(plan: RowPlan, { base, head, baseTrials, headTrials }: Measured, significant: boolean): Judged {
  const { floor } = plan.policy
  const difference = head! - base!
  if ([...baseTrials, ...headTrials].every(value => Math.abs(value - base!) <= floor)) {
    return { verdict: 'unchanged', notes: [] }
  }
  if (significant && Math.abs(difference) > floor) {
    return { verdict: better(plan, difference) ? 'improved' : 'regressed', notes: ['the base is 0'] }
  }
  return { verdict: 'inconclusive', notes: ['the base is 0'] }
}

function inconclusive(why: string | undefined, remarks: readonly string[]): Judged {
  return { verdict: 'inconclusive', notes: [...(why === undefined ? [] : [why]), ...remarks] }
}

/** Said where no result at all could have been significant. */
function needsTrials(
  { baseTrials, headTrials, pFloor }: Measured,
  { method, alpha, family }: JudgeContext,
): string | undefined {
  if (pFloor * family <= alpha) return undefined
  const needed = Math.max(TRIALS_ADVISED, blocksNeeded(family, alpha, method))
  return `needs ${needed} ${method === 'paired' ? 'blocks' : 'trials'}, has ${Math.min(baseTrials.length, headTrials.length)}`
}

function whyInconclusive(
  plan: RowPlan,
  { change, interval, p, baseTrials, headTrials }: Measured,
  { method, alpha, minEffect, pAdjusted, family }: JudgeContext,
  significant: boolean,
): string | undefined {
  if (significant) return `a change, but smaller than ${formatShare(minEffect)} as far as can be told`
  if (!plan.gate && p !== null && p <= alpha && pAdjusted !== null && Math.abs(change!) >= minEffect) {
    return `p ${formatProbability(p)} by itself, which is not enough among ${family} rows that do not gate`
  }
  if (interval === null) return undefined
  // As many as bring the interval down to half the smallest effect either side: then it says yes or no.
  const n = Math.min(baseTrials.length, headTrials.length)
  const further = Math.ceil(n * ((interval[1] - interval[0]) / minEffect) ** 2) - n
  const unit = method === 'paired' ? 'block' : 'trial'
  const width = `the interval is ${formatShare((interval[1] - interval[0]) / 2)} either side`
  if (further <= 0) return undefined
  return further > FURTHER_TRIALS_MAX
    ? `${width}: too noisy for an effect of ${formatShare(minEffect)}`
    : `${width}: about ${plural(further, `more ${unit}`)} would tell`
}

function absence(plan: RowPlan, { base, head }: Measured): string {
  if (base === null && head === null) return `neither arm has ${plan.metric} ${plan.statistic}`
  return base === null ? 'only the head has it' : 'only the base has it'
}

/** What to look at before believing a median. */
function anomalies({ info }: RowPlan, { baseTrials, headTrials }: Measured): string[] {
  return (
    [
      ['base', baseTrials],
      ['head', headTrials],
    ] as const
  ).flatMap(([arm, trials]) => {
    const modes = twoModes(trials)
    if (modes !== undefined) {
      return [
        `two modes in the ${arm}: around ${formatValue(modes[0], info.unit)} and ${formatValue(modes[1], info.unit)}`,
      ]
    }
    const far = outliers(trials)
    return far.length === 0
      ? []
      : [
          `${plural(far.length, 'outlier')} in the ${arm}: ${far.map(i => formatValue(trials[i]!, info.unit)).join(', ')}`,
        ]
  })
}
