import { KahanSum } from './kahan.ts'
import type { FoldFunction } from './window.ts'

const sumX = new KahanSum()
const sumY = new KahanSum()
const sumXY = new KahanSum()
const sumXX = new KahanSum()
/** Result of the last regression; read at once by its callers. */
let slope = 0
let intercept = 0

/** Least squares over [lo, hi), x in seconds from `originMs`. */
function regress(tMs: Float64Array, values: Float64Array, lo: number, hi: number, originMs: number): void {
  const first = values[lo]!
  let constant = true
  sumX.reset()
  sumY.reset()
  sumXY.reset()
  sumXX.reset()
  for (let i = lo; i < hi; i++) {
    const y = values[i]!
    if (constant && i > lo && y !== first) constant = false
    const x = (tMs[i]! - originMs) / 1000
    sumX.add(x)
    sumY.add(y)
    sumXY.add(x * y)
    sumXX.add(x * x)
  }
  if (constant) {
    const infinite = first === Infinity || first === -Infinity
    slope = infinite ? NaN : 0
    intercept = infinite ? NaN : first
    return
  }
  const n = hi - lo
  const x = sumX.total
  const y = sumY.total
  slope = (sumXY.total - (x * y) / n) / (sumXX.total - (x * x) / n)
  intercept = y / n - (slope * x) / n
}

/** The origin lies among the samples, lest large Unix times eat the digits. */
export const deriv: FoldFunction = (t, v, lo, hi) => {
  regress(t, v, lo, hi, t[lo]!)
  return slope
}

/** The value `arg0` seconds after the instant of evaluation. */
export const predictLinear: FoldFunction = (t, v, lo, hi, window) => {
  regress(t, v, lo, hi, window.evalMs)
  return slope * window.arg0 + intercept
}

/** Holt's double exponential smoothing with factor `arg0` and trend factor `arg1`, both judged by the caller. */
export const doubleExponentialSmoothing: FoldFunction = (_t, v, lo, hi, window) => {
  const smoothing = window.arg0
  const trend = window.arg1
  let previous = 0
  let smoothed = v[lo]!
  let b = v[lo + 1]! - v[lo]!
  for (let i = lo + 1; i < hi; i++) {
    const x = smoothing * v[i]!
    if (i > lo + 1) b = trend * (smoothed - previous) + (1 - trend) * b
    previous = smoothed
    smoothed = x + (1 - smoothing) * (smoothed + b)
  }
  return smoothed
}
