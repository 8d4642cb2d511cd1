import type { Prng } from '../../base/index.ts'

/** Up to so many differences every choice of signs is tried. */
const EXACT_MAX = 16
const DRAWS = 100_000
/** Sums that differ by less, relative to the sum of all magnitudes, are equal: they were added up in another order. */
const ROUNDING = 1e-10

/**
 * Whether paired differences are centred on zero: the sign-flip permutation test of their mean, two-sided.
 *
 * If the two arms of a block differ by chance only, each difference might as well have had the other sign. The p-value is
 * the share of all 2^n choices of signs whose mean is at least as far from zero as the one seen. Drift of the machine from
 * block to block is in none of the differences. Beyond 16 differences, 100 000 choices are drawn from `prng`, and the one
 * seen counts among them. Differences of zero stay in: their sign changes nothing, which makes the test no bolder.
 *
 * @returns p in (0, 1]; 1 without differences
 */
export function signFlip(prng: Prng, differences: readonly number[]): number {
  const magnitude = differences.reduce((sum, difference) => sum + Math.abs(difference), 0)
  if (magnitude === 0) return 1
  const seen = Math.abs(differences.reduce((sum, difference) => sum + difference, 0)) - magnitude * ROUNDING
  return differences.length <= EXACT_MAX ? exact(differences, seen) : drawn(prng, differences, seen)
}

/** The smallest p-value that so many blocks can have. */
export function signFlipFloor(blocks: number): number {
  return Math.min(1, Math.pow(2, 1 - blocks))
}

/** In the order of a Gray code one sign changes at a time; the first sign stays, since −x is as far from zero as x. */
function exact(differences: readonly number[], seen: number): number {
  const choices = Math.pow(2, differences.length - 1)
  const signed = Float64Array.from(differences)
  let sum = signed.reduce((a, b) => a + b, 0)
  let beyond = 1
  for (let step = 1; step < choices; step++) {
    const flip = 1 + (31 - Math.clz32(step & -step))
    sum -= 2 * signed[flip]!
    signed[flip] = -signed[flip]!
    if (Math.abs(sum) >= seen) beyond++
  }
  return beyond / choices
}

function drawn(prng: Prng, differences: readonly number[], seen: number): number {
  let beyond = 1
  for (let draw = 0; draw < DRAWS; draw++) {
    let sum = 0
    let bits = 0
    for (let i = 0; i < differences.length; i++) {
      if (i % 32 === 0) bits = prng.u32()
      sum += bits & 1 ? differences[i]! : -differences[i]!
      bits >>>= 1
    }
    if (Math.abs(sum) >= seen) beyond++
  }
  return beyond / (DRAWS + 1)
}
