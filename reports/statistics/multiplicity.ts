/**
 * Holm's adjusted p-values, in the order given: those that are at most α may all be called significant with a chance of at
 * most α that any of them is a false alarm. Asks nothing of how the tests hang together.
 */
export function holm(pValues: readonly number[]): number[] {
  return adjust(pValues, 'ascending', (p, rank) => p * (pValues.length - rank))
}

/**
 * Benjamini and Hochberg's adjusted p-values: of those that are at most α, a share of at most α are false alarms in the long
 * run. For tables that are looked through, not for gates.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  return adjust(pValues, 'descending', (p, rank) => (p * pValues.length) / (rank + 1))
}

/** Scales each p-value by its rank (0 for the smallest) and keeps the order that they had. */
function adjust(
  pValues: readonly number[],
  direction: 'ascending' | 'descending',
  scale: (p: number, rank: number) => number,
): number[] {
  const order = pValues.map((_, i) => i).sort((i, j) => pValues[i]! - pValues[j]!)
  const out = pValues.map(() => 1)
  const up = direction === 'ascending'
  let bound = up ? 0 : 1
  for (let step = 0; step < order.length; step++) {
    const rank = up ? step : order.length - 1 - step
    const scaled = Math.min(1, scale(pValues[order[rank]!]!, rank))
    bound = up ? Math.max(bound, scaled) : Math.min(bound, scaled)
    out[order[rank]!] = bound
  }
  return out
}
