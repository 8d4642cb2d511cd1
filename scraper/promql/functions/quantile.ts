/** The φ-quantile of `values[0, count)` with linear interpolation; NaNs count as smallest. Sorts `values` in place. */
export function quantile(phi: number, values: Float64Array, count: number): number {
  if (count === 0 || phi !== phi) return NaN
  if (phi < 0) return -Infinity
  if (phi > 1) return Infinity
  const sorted = values.subarray(0, count)
  sortNaNFirst(sorted)
  const rank = phi * (count - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(count - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  // Not needed, and wrong when the neighbour is infinite: 0 × Inf is NaN.
  if (weight === 0) return sorted[lower]!
  return sorted[lower]! * (1 - weight) + sorted[upper]! * weight
}

/** Ascending, NaNs in front. (`Float64Array.sort` puts them at the end.) */
export function sortNaNFirst(values: Float64Array): void {
  values.sort()
  let nans = 0
  while (nans < values.length && values[values.length - 1 - nans]! !== values[values.length - 1 - nans]!) nans++
  if (nans === 0) return
  values.copyWithin(nans, 0, values.length - nans)
  values.fill(NaN, 0, nans)
}
