import * as over from './over-time.ts'
import * as rates from './rate.ts'
import * as regression from './regression.ts'
import type { Fold, FoldFunction } from './window.ts'

const FOLDS = new Map<string, Fold>()

/** The function over a range vector of this name; `undefined` when it is none. */
export function foldNamed(name: string): Fold | undefined {
  return FOLDS.get(name)
}

function declare(name: string, fold: FoldFunction, minSamples = 1): void {
  FOLDS.set(name, {
    fold,
    minSamples,
    keepsName: name === 'first_over_time' || name === 'last_over_time',
    wantsCounter: name === 'rate' || name === 'increase',
  })
}

declare('rate', rates.rate, 2)
declare('increase', rates.increase, 2)
declare('delta', rates.delta, 2)
declare('irate', rates.irate, 2)
declare('idelta', rates.idelta, 2)
declare('resets', rates.resets)
declare('changes', rates.changes)
declare('deriv', regression.deriv, 2)
declare('predict_linear', regression.predictLinear, 2)
declare('double_exponential_smoothing', regression.doubleExponentialSmoothing, 2)
declare('sum_over_time', over.sumOverTime)
declare('avg_over_time', over.avgOverTime)
declare('min_over_time', over.minOverTime)
declare('max_over_time', over.maxOverTime)
declare('count_over_time', over.countOverTime)
declare('first_over_time', over.firstOverTime)
declare('last_over_time', over.lastOverTime)
declare('present_over_time', over.presentOverTime)
declare('absent_over_time', over.presentOverTime)
declare('stddev_over_time', over.stddevOverTime)
declare('stdvar_over_time', over.stdvarOverTime)
declare('quantile_over_time', over.quantileOverTime)
declare('mad_over_time', over.madOverTime)
declare('ts_of_first_over_time', over.tsOfFirstOverTime)
declare('ts_of_last_over_time', over.tsOfLastOverTime)
declare('ts_of_min_over_time', over.tsOfMinOverTime)
declare('ts_of_max_over_time', over.tsOfMaxOverTime)
