import type { Matcher } from '../model/index.ts'
import type { SeriesRef } from '../storage/interfaces.ts'
import type { LabelName } from './label-name.ts'
import type { Pair } from './pair.ts'
import type { PairTable } from './pair-table.ts'
import { intersect, RefBits, subtract, union } from './ref-sets.ts'
import type { SeriesTable } from './series-table.ts'
import type { ValueMatchCache } from './value-match-cache.ts'
import type { ValueTest } from './value-matches.ts'

/**
 * One matcher as a condition on postings.
 *
 * A matcher that a series without the label fails selects: the union of the postings of the values that satisfy it.
 * One that such a series satisfies excludes: the union of the postings of the values that do not. Nothing else is
 * needed for all four types, the empty value included.
 */
interface Condition {
  readonly test: ValueTest
  readonly name: LabelName
  readonly selects: boolean
  /** Values found by look-up; `undefined` while they would have to be searched for. */
  pairs: readonly Pair[] | undefined
  /** Refs to be read, or the best guess before the values have been searched. */
  cost: number
}

/** What it costs to look at one label set instead, in postings: measured against reading a list of refs. */
const PROBE_COST = 8

/**
 * Evaluates matchers: the live refs that satisfy all of them, ascending, in an array of the caller's own.
 *
 * Cheapest first: the shortest selecting condition is read, the others only thin it out: by galloping through one
 * list, by looking at the candidates' own labels when they are few (no pattern then runs over the values of a whole
 * label), by a bitset otherwise.
 */
export class MatcherPlan {
  readonly #pairs: PairTable
  readonly #series: SeriesTable
  readonly #cache: ValueMatchCache

  constructor(pairs: PairTable, series: SeriesTable, cache: ValueMatchCache) {
    this.#pairs = pairs
    this.#series = series
    this.#cache = cache
  }

  select(matchers: readonly Matcher[]): Uint32Array {
    const conditions = this.#conditions(matchers)
    if (conditions === undefined) return new Uint32Array(0)

    const base = conditions.find(condition => condition.selects)
    if (base === undefined) {
      const all = this.#all()
      return all.subarray(0, this.#thin(all, all.length, conditions))
    }
    const pairs = this.#pairsOf(base)
    const refs = union(
      pairs.map(pair => pair.view()),
      this.#series.refEnd,
    )
    const live = this.#keepLive(refs)
    return refs.subarray(
      0,
      this.#thin(
        refs,
        live,
        conditions.filter(condition => condition !== base),
      ),
    )
  }

  /** In the order in which they are to be applied; `undefined` when no series can satisfy them all. */
  #conditions(matchers: readonly Matcher[]): Condition[] | undefined {
    const conditions: Condition[] = []
    for (const matcher of matchers) {
      const test = this.#cache.test(matcher)
      if (test.shape.kind === 'everything' && !matcher.isNegative) continue
      const selects = !test.takesAbsent
      const name = this.#pairs.names.get(matcher.name)
      if (name === undefined) {
        if (selects) return undefined
        continue
      }
      if (test.isLookup(selects)) {
        const pairs = test.pairs(name, selects)
        let cost = 0
        for (const pair of pairs) cost += pair.length
        if (pairs.length > 0) conditions.push({ test, name, selects, pairs, cost })
        else if (selects) return undefined
      } else {
        conditions.push({ test, name, selects, pairs: undefined, cost: name.values.size + name.seriesCount })
      }
    }
    return conditions.sort((a, b) => a.cost - b.cost)
  }

  /** Applies `conditions` to `refs[0..length)`, in place, and returns the new length. */
  #thin(refs: Uint32Array, length: number, conditions: readonly Condition[]): number {
    let kept = length
    for (const condition of conditions) {
      if (kept === 0) return 0
      const { pairs, selects } = condition
      if (pairs?.length === 1) {
        const list = pairs[0]!.view()
        kept = selects ? intersect(refs, kept, list) : subtract(refs, kept, list)
      } else if (kept * PROBE_COST < condition.cost) {
        kept = this.#probe(refs, kept, condition)
      } else {
        const bits = new RefBits(this.#series.refEnd)
        for (const pair of this.#pairsOf(condition)) bits.addAll(pair.view())
        kept = bits.filter(refs, kept, selects)
      }
    }
    return kept
  }

  /** Looks at the label itself of each candidate, and at each value once. */
  #probe(refs: Uint32Array, length: number, condition: Condition): number {
    const { name, test } = condition
    const verdicts = new Map<number, boolean>()
    let kept = 0
    for (let i = 0; i < length; i++) {
      const ref = refs[i]!
      const pair = this.pairOf(ref, name)
      let satisfied = test.takesAbsent
      if (pair !== undefined) {
        const known = verdicts.get(pair.id)
        satisfied = known ?? test.satisfiedBy(pair.value)
        if (known === undefined) verdicts.set(pair.id, satisfied)
      }
      if (satisfied) refs[kept++] = ref
    }
    return kept
  }

  /** The pair of this name that a series carries. */
  pairOf(ref: SeriesRef, name: LabelName): Pair | undefined {
    const ids = this.#series.pairIds(ref)
    for (let i = 0; i < ids.length; i++) {
      const pair = this.#pairs.at(ids[i]!)
      if (pair.name === name) return pair
    }
    return undefined
  }

  #pairsOf(condition: Condition): readonly Pair[] {
    return (condition.pairs ??= this.#cache.pairs(condition.test, condition.name))
  }

  #all(): Uint32Array {
    const refs = new Uint32Array(this.#series.size)
    let at = 0
    this.#series.forEach(ref => {
      refs[at++] = ref
    })
    return refs
  }

  #keepLive(refs: Uint32Array): number {
    let kept = 0
    for (let i = 0; i < refs.length; i++) if (this.#series.has(refs[i]!)) refs[kept++] = refs[i]!
    return kept
  }
}
