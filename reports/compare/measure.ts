import type { Prng } from '../../base/index.ts'
import { nanosecondsPerUnit } from '../metrics.ts'
import type { Run, Statistic } from '../report.ts'
import { bootstrapRatio, type Resampled } from '../statistics/bootstrap.ts'
import { median, relativeSpread, standardDeviation, variance } from '../statistics/descriptive.ts'
import { detectableShift, type TestMethod } from '../statistics/detectable.ts'
import { mannWhitney, mannWhitneyFloor } from '../statistics/mann-whitney.ts'
import { redrawFrom } from '../statistics/redraw.ts'
import { signFlip, signFlipFloor } from '../statistics/sign-flip.ts'
import { INTERVAL_TRIALS_MIN, shareOf } from './policy.ts'
import type { RowPlan } from './rows.ts'
import { statisticOf, type Trials } from './trials.ts'

/** What the trials say of one row, before anybody judges it. */
export interface Measured {
  readonly baseTrials: readonly number[]
  readonly headTrials: readonly number[]
  /** Medians; null without data. */
  readonly base: number | null
  readonly head: number | null
  readonly baseSpread: number | null
  readonly headSpread: number | null
  readonly change: number | null
  readonly interval: readonly [number, number] | null
  /** Not yet adjusted; null without data in either arm. */
  readonly p: number | null
  /** The smallest that `p` could have been. */
  readonly pFloor: number
  /** Standard deviation of a block's log ratio, or of a trial's logarithm where unpaired; null where unknown. */
  readonly noise: number | null
}

export interface MeasureOptions {
  readonly confidence: number
  /** Also resample the observations inside of each trial. */
  readonly withinTrials: boolean
}

/** Takes one figure of each trial and tests the two arms against each other. */
export function measureRow(
  prng: Prng,
  trials: Trials,
  { metric, statistic, info }: Pick<RowPlan, 'metric' | 'statistic' | 'info'>,
  { confidence, withinTrials }: MeasureOptions,
): Measured {
  const figure = (run: Run): number | undefined => statisticOf(run.metrics[metric], statistic)
  const has = (run: Run | undefined): boolean => run !== undefined && figure(run) !== undefined
  const paired = trials.method === 'paired'
  // A trial without the figure takes its block with it, unless its whole arm is without.
  const coupled = paired && trials.base.some(run => has(run)) && trials.head.some(run => has(run))
  const baseRuns = trials.base.filter((run, i) => has(run) && (!coupled || has(trials.head[i])))
  const headRuns = trials.head.filter((run, i) => has(run) && (!coupled || has(trials.base[i])))
  const a = baseRuns.map(run => figure(run)!)
  const b = headRuns.map(run => figure(run)!)
  const base = a.length === 0 ? null : median(a)
  const head = b.length === 0 ? null : median(b)
  const enough = Math.min(a.length, b.length) >= INTERVAL_TRIALS_MIN
  const resampled = (run: Run, value: number): Resampled => {
    const redraw = withinTrials ? redrawOf(run, metric, statistic, info.unit) : undefined
    return { value, ...(redraw === undefined ? {} : { redraw }) }
  }
  return {
    baseTrials: a,
    headTrials: b,
    base,
    head,
    baseSpread: relativeSpread(a),
    headSpread: relativeSpread(b),
    change: base === null || head === null || base === 0 ? null : head / base - 1,
    interval: enough
      ? bootstrapRatio(
          prng.fork('interval'),
          baseRuns.map((run, i) => resampled(run, a[i]!)),
          headRuns.map((run, i) => resampled(run, b[i]!)),
          { paired, confidence },
        )
      : null,
    p: base === null || head === null ? null : paired ? pairedP(prng.fork('p'), a, b) : mannWhitney(a, b).p,
    pFloor: paired ? signFlipFloor(a.length) : mannWhitneyFloor(a.length, b.length),
    noise: noiseOf(a, b, paired),
  }
}

/**
 * Of block ratios, on the log scale: twice as much and half as much are equally far from no change. Where a trial measured
 * nothing or less, there is no logarithm, and the plain differences are tested.
 */
function pairedP(prng: Prng, a: readonly number[], b: readonly number[]): number {
  const positive = [...a, ...b].every(value => value > 0)
  return signFlip(
    prng,
    a.map((value, i) => (positive ? Math.log(b[i]! / value) : b[i]! - value)),
  )
}

function noiseOf(a: readonly number[], b: readonly number[], paired: boolean): number | null {
  if (Math.min(a.length, b.length) < 3 || ![...a, ...b].every(value => value > 0)) return null
  if (paired) return standardDeviation(a.map((value, i) => Math.log(b[i]! / value)))
  const ofA = variance(a.map(value => Math.log(value))) * (a.length - 1)
  const ofB = variance(b.map(value => Math.log(value))) * (b.length - 1)
  return Math.sqrt((ofA + ofB) / (a.length + b.length - 2))
}

/**
 * The smallest relative change that is found four times out of five: large enough for the test, and for the measured ratio
 * to come out above the smallest effect.
 *
 * @param noise as `Measured.noise`
 * @param alpha of the one test, after its family took its share
 */
export function detectableChange(
  method: TestMethod,
  n: number,
  noise: number | null,
  { alpha, minEffect }: { readonly alpha: number; readonly minEffect: number },
): number | null {
  const shift = noise === null ? null : detectableShift(method, n, alpha)
  if (noise === null || shift === null) return null
  // A normal variate is above −0.84 four times out of five; a median's error is 1.25 times a mean's.
  const error = 1.2533 * noise * Math.sqrt((method === 'paired' ? 1 : 2) / n)
  return Math.exp(Math.max(shift * noise, Math.log1p(minEffect) + 0.8416 * error)) - 1
}

function redrawOf(run: Run, metric: string, statistic: Statistic, unit: string): Resampled['redraw'] {
  const value = run.metrics[metric]
  const share = statistic === 'mean' ? 'mean' : shareOf(statistic)
  if (value === undefined || !('hdr' in value) || share === undefined) return undefined
  return redrawFrom(value.hdr, share, nanosecondsPerUnit(unit))
}
