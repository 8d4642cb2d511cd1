import type { Prng } from '../../base/index.ts'
import { quantileOfSorted } from './descriptive.ts'

const DRAWS = 2000

/** One trial as the bootstrap sees it. */
export interface Resampled {
  readonly value: number
  /** The inner level: what the trial might have given with other observations of the same distribution. */
  readonly redraw?: (prng: Prng) => number
}

export interface BootstrapOptions {
  /** Trials i of both sides are one block and are drawn together. */
  readonly paired: boolean
  /** Of the interval, e.g. 0.95. */
  readonly confidence: number
}

/**
 * Percentile interval of median(head) / median(base) − 1, by 2000 resamples of blocks, or of trials where there are none.
 *
 * The unit is the trial: thousands of requests in one trial are one piece of evidence about the machine that it ran on. With
 * `redraw` the observations inside of each drawn trial are drawn too (the hierarchical bootstrap). In what order trials are
 * listed plays no part, and neither does the machine: the generator alone decides.
 *
 * @returns null where a resample has no ratio: without trials, or where the base may be 0
 */
export function bootstrapRatio(
  prng: Prng,
  base: readonly Resampled[],
  head: readonly Resampled[],
  { paired, confidence }: BootstrapOptions,
): readonly [number, number] | null {
  if (base.length === 0 || head.length === 0) return null
  const [a, b] = paired ? inOrderOfBlocks(base, head) : [inOrder(base), inOrder(head)]
  const drawnA = new Float64Array(a.length)
  const drawnB = new Float64Array(b.length)
  const changes = new Float64Array(DRAWS)
  for (let draw = 0; draw < DRAWS; draw++) {
    for (let i = 0; i < a.length; i++) {
      const pick = prng.below(a.length)
      drawnA[i] = draw1(prng, a[pick]!)
      if (paired) drawnB[i] = draw1(prng, b[pick]!)
    }
    if (!paired) for (let i = 0; i < b.length; i++) drawnB[i] = draw1(prng, b[prng.below(b.length)]!)
    const change = medianInPlace(drawnB) / medianInPlace(drawnA) - 1
    if (!Number.isFinite(change)) return null
    changes[draw] = change
  }
  changes.sort()
  const tail = (1 - confidence) / 2
  return [quantileOfSorted(changes, tail), quantileOfSorted(changes, 1 - tail)]
}

function draw1(prng: Prng, trial: Resampled): number {
  return trial.redraw === undefined ? trial.value : trial.redraw(prng)
}

function inOrder(trials: readonly Resampled[]): Resampled[] {
  return trials.toSorted((x, y) => x.value - y.value)
}

function inOrderOfBlocks(base: readonly Resampled[], head: readonly Resampled[]): [Resampled[], Resampled[]] {
  const blocks = base.map((a, i) => ({ a, b: head[i]! }))
  blocks.sort((x, y) => x.a.value - y.a.value || x.b.value - y.b.value)
  return [blocks.map(({ a }) => a), blocks.map(({ b }) => b)]
}

/** hot: twice per draw. Insertion sort, since trials are few; the array is left in order. */
function medianInPlace(values: Float64Array): number {
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!
    let j = i
    for (; j > 0 && values[j - 1]! > value; j--) values[j] = values[j - 1]!
    values[j] = value
  }
  const middle = values.length >> 1
  return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2
}
