/** Middle of the values; the mean of the two middle ones where their number is even. NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Linear between order statistics (type 7 of Hyndman and Fan, as R and NumPy do by default). NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  return quantileOfSorted(ascending(values), share)
}

/** Like `quantile`, of values that are in order already. */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return NaN
  const at = share * (sorted.length - 1)
  const low = sorted[Math.floor(at)]!
  const high = sorted[Math.ceil(at)]!
  // Without the test, two equal infinities would give NaN.
  return low === high ? low : low + (at - Math.floor(at)) * (high - low)
}

/** First quartile, median, third quartile. */
export function quartiles(values: readonly number[]): readonly [number, number, number] {
  const sorted = ascending(values)
  return [quantileOfSorted(sorted, 0.25), quantileOfSorted(sorted, 0.5), quantileOfSorted(sorted, 0.75)]
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Sample variance (n − 1); NaN of fewer than two values. */
export function variance(values: readonly number[]): number {
  if (values.length < 2) return NaN
  const centre = mean(values)
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1)
}

export function standardDeviation(values: readonly number[]): number {
  return Math.sqrt(variance(values))
}

/** Median of the absolute distances from the median, not scaled to a normal's standard deviation. */
export function medianAbsoluteDeviation(values: readonly number[]): number {
  const centre = median(values)
  return median(values.map(value => Math.abs(value - centre)))
}

/** Half the distance between the quartiles over the median: how noisy trials are. Null where that means nothing. */
export function relativeSpread(values: readonly number[]): number | null {
  if (values.length < 3) return null
  const [low, middle, high] = quartiles(values)
  return middle > 0 ? (high - low) / 2 / middle : null
}

/** Shift of `b` against `a` by Hodges and Lehmann: median of all pairwise differences. Hardly moved by outliers. */
export function hodgesLehmann(a: readonly number[], b: readonly number[]): number {
  return median(b.flatMap(y => a.map(x => y - x)))
}

/** Centre of symmetry of one sample by Hodges and Lehmann: median of the means of all pairs, each value with itself too. */
export function pseudomedian(values: readonly number[]): number {
  return median(values.flatMap((x, i) => values.slice(i).map(y => (x + y) / 2)))
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b)
}
