import { normalUpperTail } from './distributions.ts'

/** Up to so many values on either side every arrangement is counted. */
const EXACT_MAX = 12

export interface MannWhitney {
  /** Number of pairs in which the value of `b` is higher; a tie counts one half. */
  readonly u: number
  /** Two-sided, in (0, 1]. */
  readonly p: number
  readonly exact: boolean
}

/**
 * Whether two independent samples come from one distribution, by ranks: Mann and Whitney's U, two-sided.
 *
 * Up to 12 values a side the p-value is exact, with ties too: the share of all ways to deal the given midranks to the two
 * sides that lie at least as far from the expected rank sum as this one. Beyond, the normal approximation with its
 * corrections for ties and continuity.
 *
 * @returns p 1 where either side is empty
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): MannWhitney {
  const { doubled, tieTerm } = midranks(a, b)
  const total = a.length + b.length
  // Twice the rank sum of b: midranks are halves of whole numbers, and whole numbers do not round.
  const sum = doubled.subarray(a.length).reduce((x, y) => x + y, 0)
  const expected = b.length * (total + 1)
  const u = (sum - b.length * (b.length + 1)) / 2
  if (a.length === 0 || b.length === 0) return { u, p: 1, exact: true }
  const distance = Math.abs(sum - expected)
  if (a.length <= EXACT_MAX && b.length <= EXACT_MAX) {
    return { u, p: shareBeyond(doubled, b.length, expected, distance), exact: true }
  }
  const variance = ((a.length * b.length) / 12) * (total + 1 - tieTerm / (total * (total - 1)))
  if (variance <= 0) return { u, p: 1, exact: false }
  const z = Math.max(0, distance / 2 - 0.5) / Math.sqrt(variance)
  return { u, p: Math.min(1, 2 * normalUpperTail(z)), exact: false }
}

/** The smallest p-value that so many values a side can have, without ties. */
export function mannWhitneyFloor(a: number, b: number): number {
  let ways = 1
  for (let k = 1; k <= b; k++) ways = (ways * (a + k)) / k
  return Math.min(1, 2 / ways)
}

/** Ranks times two of all values, those of `a` first; equal values share the mean of their ranks. */
function midranks(a: readonly number[], b: readonly number[]): { doubled: Float64Array; tieTerm: number } {
  const values = [...a, ...b]
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!)
  const doubled = new Float64Array(values.length)
  let tieTerm = 0
  for (let from = 0; from < order.length;) {
    let to = from + 1
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++
    // Ranks from + 1 … to.
    for (let i = from; i < to; i++) doubled[order[i]!] = from + 1 + to
    const ties = to - from
    tieTerm += ties * ties * ties - ties
    from = to
  }
  return { doubled, tieTerm }
}

/**
 * Share of the subsets of `size` ranks whose sum is at least `distance` away from `expected`.
 *
 * ways[k][s] counts the subsets of k of the ranks seen so far with sum s; at most C(24, 12) of them, exact in doubles.
 */
function shareBeyond(doubled: Float64Array, size: number, expected: number, distance: number): number {
  const sumMax = doubled.reduce((x, y) => x + y, 0)
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(sumMax + 1))
  ways[0]![0] = 1
  for (const rank of doubled) {
    for (let k = size; k >= 1; k--) {
      const to = ways[k]!
      const from = ways[k - 1]!
      for (let s = sumMax; s >= rank; s--) to[s] = to[s]! + from[s - rank]!
    }
  }
  let all = 0
  let beyond = 0
  ways[size]!.forEach((count, sum) => {
    all += count
    if (Math.abs(sum - expected) >= distance) beyond += count
  })
  return beyond / all
}
