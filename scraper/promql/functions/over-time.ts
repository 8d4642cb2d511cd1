import { KahanSum, Mean } from './kahan.ts'
import { quantile } from './quantile.ts'
import type { FoldFunction } from './window.ts'

const kahan = new KahanSum()
const kahanAux = new KahanSum()
const mean = new Mean()
/** Room for the values of one window, for functions that must sort them; grows and is reused. */
let scratch = new Float64Array(64)

export const sumOverTime: FoldFunction = (_t, v, lo, hi) => {
  kahan.reset()
  for (let i = lo; i < hi; i++) kahan.add(v[i]!)
  return kahan.total
}

export const avgOverTime: FoldFunction = (_t, v, lo, hi) => {
  mean.reset()
  for (let i = lo; i < hi; i++) mean.add(v[i]!)
  return mean.value
}

/** NaN loses against any number. */
export const minOverTime: FoldFunction = (_t, v, lo, hi) => {
  let min = v[lo]!
  for (let i = lo + 1; i < hi; i++) if (v[i]! < min || min !== min) min = v[i]!
  return min
}

export const maxOverTime: FoldFunction = (_t, v, lo, hi) => {
  let max = v[lo]!
  for (let i = lo + 1; i < hi; i++) if (v[i]! > max || max !== max) max = v[i]!
  return max
}

export const countOverTime: FoldFunction = (_t, _v, lo, hi) => hi - lo
export const presentOverTime: FoldFunction = () => 1
export const firstOverTime: FoldFunction = (_t, v, lo) => v[lo]!
export const lastOverTime: FoldFunction = (_t, v, _lo, hi) => v[hi - 1]!
export const tsOfFirstOverTime: FoldFunction = (t, _v, lo) => t[lo]! / 1000
export const tsOfLastOverTime: FoldFunction = (t, _v, _lo, hi) => t[hi - 1]! / 1000

/** The latest of equal extremes. */
export const tsOfMinOverTime: FoldFunction = (t, v, lo, hi) => {
  let at = lo
  for (let i = lo + 1; i < hi; i++) if (v[i]! <= v[at]! || v[at]! !== v[at]!) at = i
  return t[at]! / 1000
}

export const tsOfMaxOverTime: FoldFunction = (t, v, lo, hi) => {
  let at = lo
  for (let i = lo + 1; i < hi; i++) if (v[i]! >= v[at]! || v[at]! !== v[at]!) at = i
  return t[at]! / 1000
}

export const stdvarOverTime: FoldFunction = (_t, v, lo, hi) => {
  // Welford's method, both running values compensated.
  kahan.reset()
  kahanAux.reset()
  for (let i = lo; i < hi; i++) {
    const value = v[i]!
    const delta = value - kahan.total
    kahan.add(delta / (i - lo + 1))
    kahanAux.add(delta * (value - kahan.total))
  }
  return kahanAux.total / (hi - lo)
}

export const stddevOverTime: FoldFunction = (t, v, lo, hi, window) => Math.sqrt(stdvarOverTime(t, v, lo, hi, window))

export const quantileOverTime: FoldFunction = (_t, v, lo, hi, window) =>
  quantile(window.arg0, toScratch(v, lo, hi), hi - lo)

/** Median of the distances from the median. */
export const madOverTime: FoldFunction = (_t, v, lo, hi) => {
  const n = hi - lo
  for (let i = lo; i < hi; i++) if (v[i]! !== v[i]!) return NaN
  const values = toScratch(v, lo, hi)
  const median = quantile(0.5, values, n)
  for (let i = 0; i < n; i++) values[i] = Math.abs(values[i]! - median)
  return quantile(0.5, values, n)
}

function toScratch(v: Float64Array, lo: number, hi: number): Float64Array {
  if (scratch.length < hi - lo) scratch = new Float64Array((hi - lo) * 2)
  scratch.set(v.subarray(lo, hi))
  return scratch
}
