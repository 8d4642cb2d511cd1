import { GrowableUint32 } from '../../base/index.ts'
import { Labels, type Matcher } from '../model/index.ts'
import type { CardinalityStats, SeriesRef } from '../storage/interfaces.ts'
import { cardinality } from './cardinality.ts'
import { MatcherPlan } from './matcher-plan.ts'
import { PairTable } from './pair-table.ts'
import { SeriesTable } from './series-table.ts'
import { ValueMatchCache } from './value-match-cache.ts'

/**
 * The index of a head: label sets ↔ refs, and the refs that satisfy matchers.
 *
 *   label strings ──PairTable──▶ pair numbers ──SeriesTable──▶ ref
 *                                 pair ──▶ postings (refs, ascending)
 *
 * It gives no numbers out itself: the head does, rising.
 */
export class LabelIndex {
  readonly #pairs = new PairTable()
  readonly #series = new SeriesTable()
  readonly #plan = new MatcherPlan(this.#pairs, this.#series, new ValueMatchCache())
  readonly #scratch = new GrowableUint32(32)
  readonly #isLive = (ref: SeriesRef): boolean => this.#series.has(ref)

  get seriesCount(): number {
    return this.#series.size
  }

  get pairCount(): number {
    return this.#pairs.size
  }

  /** Bytes of the series table and the postings; strings and maps are not known. */
  get bytes(): number {
    let bytes = this.#series.bytes
    for (const name of this.#pairs.names.values()) for (const pair of name.values.values()) bytes += pair.bytes
    return bytes
  }

  has(ref: SeriesRef): boolean {
    return this.#series.has(ref)
  }

  /** The series with these labels, or 0. */
  find(labels: Labels): SeriesRef {
    const { flat } = labels
    const ids = this.#scratch
    ids.clear()
    for (let i = 0; i < flat.length; i += 2) {
      const pair = this.#pairs.find(flat[i]!, flat[i + 1]!)
      if (pair === undefined) return 0
      ids.push(pair.id)
    }
    return this.#series.find(ids)
  }

  /** @param ref a number that is not in use. @param labels a set that `find` does not find. */
  add(ref: SeriesRef, labels: Labels): void {
    const { flat } = labels
    const ids = this.#scratch
    ids.clear()
    for (let i = 0; i < flat.length; i += 2) {
      const pair = this.#pairs.findOrAdd(flat[i]!, flat[i + 1]!)
      pair.add(ref)
      pair.name.seriesCount++
      ids.push(pair.id)
    }
    this.#series.add(ref, ids)
  }

  remove(ref: SeriesRef): void {
    const ids = this.#series.pairIds(ref)
    this.#series.remove(ref)
    for (let i = 0; i < ids.length; i++) {
      const pair = this.#pairs.at(ids[i]!)
      pair.name.seriesCount--
      pair.removed(this.#isLive)
      if (pair.live === 0) this.#pairs.remove(pair)
    }
  }

  /** Gives the memory of the refs around `ref` back when none of them is in use. None of them may be added again. */
  forget(ref: SeriesRef): void {
    this.#series.dropPageIfEmpty(ref)
  }

  /** @param ref one that is there. */
  labels(ref: SeriesRef): Labels {
    const ids = this.#series.pairIds(ref)
    const flat: string[] = []
    for (let i = 0; i < ids.length; i++) {
      const pair = this.#pairs.at(ids[i]!)
      flat.push(pair.name.name, pair.value)
    }
    return Labels.fromSortedFlat(flat)
  }

  /** Refs of the series that satisfy all matchers, ascending; the caller's own. */
  select(matchers: readonly Matcher[]): Uint32Array {
    return this.#plan.select(matchers)
  }

  /** Sorted. */
  labelNames(matchers: readonly Matcher[]): string[] {
    if (matchers.length === 0) return [...this.#pairs.names.keys()].sort()
    const names = new Set<string>()
    for (const ref of this.select(matchers)) {
      const ids = this.#series.pairIds(ref)
      for (let i = 0; i < ids.length; i++) names.add(this.#pairs.at(ids[i]!).name.name)
    }
    return [...names].sort()
  }

  /** Sorted. */
  labelValues(name: string, matchers: readonly Matcher[]): string[] {
    const owner = this.#pairs.names.get(name)
    if (owner === undefined) return []
    if (matchers.length === 0) return owner.sorted().map(pair => pair.value)
    const values = new Set<string>()
    for (const ref of this.select(matchers)) {
      const pair = this.#plan.pairOf(ref, owner)
      if (pair !== undefined) values.add(pair.value)
    }
    return [...values].sort()
  }

  cardinality(limit: number): CardinalityStats {
    return cardinality(this.#pairs, limit)
  }
}
