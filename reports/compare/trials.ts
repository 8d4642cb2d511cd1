import type { MetricValue, Run, Statistic } from '../report.ts'
import type { TestMethod } from '../statistics/detectable.ts'

/** The trials that a comparison may use. */
export interface Trials {
  /** Where paired, `base[i]` and `head[i]` are one block, in the order of blocks. */
  readonly base: readonly Run[]
  readonly head: readonly Run[]
  readonly baseExcluded: number
  readonly headExcluded: number
  readonly method: TestMethod
}

/** Valid and complete: what was measured says something about the subject. */
export function isUsable(run: Run): boolean {
  return run.valid && !run.aborted
}

/**
 * The trials of one set by arm. Where they are in blocks, a block counts only with both of its trials usable: the other one
 * is left out too, since what it would be paired with is missing.
 *
 * @param set default: the first that there is
 */
export function trialsOf(runs: readonly Run[], set = firstSet(runs)): Trials {
  const ofSet = runs.filter(run => (run.set ?? 0) === set)
  const arm = (name: Run['arm']): Run[] => ofSet.filter(run => run.arm === name)
  const [a, b] = [arm('A'), arm('B')]
  const paired = ofSet.length > 0 && ofSet.every(run => run.block !== undefined)
  const good = { a: a.filter(isUsable), b: b.filter(isUsable) }
  if (paired) {
    const heads = byBlock(good.b)
    const blocks = [...byBlock(good.a)]
      .filter(([block]) => heads.has(block))
      .sort(([x], [y]) => x - y)
      .map(([block, base]) => ({ base, head: heads.get(block)! }))
    good.a = blocks.map(({ base }) => base)
    good.b = blocks.map(({ head }) => head)
  }
  return {
    base: good.a,
    head: good.b,
    baseExcluded: a.length - good.a.length,
    headExcluded: b.length - good.b.length,
    method: paired ? 'paired' : 'unpaired',
  }
}

function firstSet(runs: readonly Run[]): number {
  return runs.reduce((least, run) => Math.min(least, run.set ?? 0), Infinity)
}

/** A block that was run again has several trials of an arm: the last usable one stands. */
function byBlock(runs: readonly Run[]): Map<number, Run> {
  return new Map(runs.map(run => [run.block!, run]))
}

/** One figure of a metric; undefined where there is none, and where what stands there is no number. */
export function statisticOf(value: MetricValue | undefined, statistic: Statistic): number | undefined {
  if (value === undefined) return undefined
  if ('value' in value) return statistic === 'value' && Number.isFinite(value.value) ? value.value : undefined
  if (statistic === 'value' || value.count === 0) return undefined
  const figure = value[statistic]
  return Number.isFinite(figure) ? figure : undefined
}
