import { Prng } from '../../base/index.ts'
import { mannWhitney, mannWhitneyFloor } from './mann-whitney.ts'
import { standardNormal } from './random.ts'
import { signFlip, signFlipFloor } from './sign-flip.ts'

export type TestMethod = 'paired' | 'unpaired'

const POWER = 0.8
const EXPERIMENTS = 500
/** Beyond, the power of the tests is a matter of √n only. */
const SIMULATED_MAX = 12
const SHIFT_MAX = 64

const known = new Map<string, number | null>()

/**
 * The smallest shift that the test finds in four of five experiments with `n` blocks (or trials a side), in standard
 * deviations of the noise: of a block's difference where paired, of a trial where not. Null where `n` can never reach
 * `alpha`.
 *
 * Found by trying: 500 experiments with normal noise from a fixed seed, so that the answer is a constant, kept once known.
 */
export function detectableShift(method: TestMethod, n: number, alpha: number): number | null {
  if (n > SIMULATED_MAX) {
    const at = detectableShift(method, SIMULATED_MAX, alpha)
    return at === null ? null : at * Math.sqrt(SIMULATED_MAX / n)
  }
  const key = `${method} ${n} ${alpha}`
  let shift = known.get(key)
  if (shift === undefined) {
    shift = search(method, n, alpha)
    known.set(key, shift)
  }
  return shift
}

function search(method: TestMethod, n: number, alpha: number): number | null {
  if ((method === 'paired' ? signFlipFloor(n) : mannWhitneyFloor(n, n)) > alpha) return null
  const prng = new Prng(`detectable/${n}`)
  const draw = (): number[] => Array.from({ length: n }, () => standardNormal(prng))
  const experiments = Array.from({ length: EXPERIMENTS }, () => ({ a: draw(), b: draw() }))
  // Without ties the p-value is a function of U, and there are few values of U.
  const byU = new Map<number, number>()
  const significant = (a: readonly number[], b: readonly number[]): boolean => {
    if (method === 'paired') return signFlip(prng, b) <= alpha
    const u = a.reduce((pairs, x) => pairs + b.filter(y => y > x).length, 0)
    let p = byU.get(u)
    if (p === undefined) byU.set(u, (p = mannWhitney(a, b).p))
    return p <= alpha
  }
  const found = (shift: number): boolean =>
    experiments.filter(({ a, b }) =>
      significant(
        a,
        b.map(value => value + shift),
      ),
    ).length >=
    POWER * EXPERIMENTS
  let high = 1
  while (!found(high)) {
    high *= 2
    if (high > SHIFT_MAX) return null
  }
  let low = high === 1 ? 0 : high / 2
  for (let step = 0; step < 8; step++) {
    const middle = (low + high) / 2
    if (found(middle)) high = middle
    else low = middle
  }
  return high
}
