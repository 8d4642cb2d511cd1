import type { Pair } from './pair.ts'

/** One label name, its values, and the values in order when somebody has asked for them. */
export class LabelName {
  readonly name: string
  readonly values: Map<string, Pair> = new Map<string, Pair>()
  /** Series that carry the label. */
  seriesCount = 0
  /** Changes whenever a value comes or goes: what was found out about the values then holds no longer. */
  generation = 0
  #sorted: Pair[] = []
  /** Pairs that came after `#sorted` was made, unordered. */
  #fresh: Pair[] = []
  #removed = 0

  constructor(name: string) {
    this.name = name
  }

  add(pair: Pair): void {
    this.values.set(pair.value, pair)
    this.#fresh.push(pair)
    this.generation++
  }

  remove(pair: Pair): void {
    this.values.delete(pair.value)
    this.#removed++
    this.generation++
  }

  /**
   * The pairs ascending by value (code units).
   *
   * What is new is sorted and merged: O(values + new · log new), and nothing when nothing is new. The array is not to
   * be changed and is good until the next call.
   */
  sorted(): readonly Pair[] {
    if (this.#fresh.length === 0 && this.#removed === 0) return this.#sorted
    const fresh = this.#fresh.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0))
    const old = this.#sorted
    const merged: Pair[] = []
    let i = 0
    let j = 0
    while (i < old.length || j < fresh.length) {
      const pair = j === fresh.length || (i < old.length && old[i]!.value <= fresh[j]!.value) ? old[i++]! : fresh[j++]!
      // A value that went and came back is a new pair; the old one is left behind here.
      if (this.#removed === 0 || this.values.get(pair.value) === pair) merged.push(pair)
    }
    this.#sorted = merged
    this.#fresh = []
    this.#removed = 0
    return merged
  }

  /** Range `[from, to)` of `sorted()` whose values begin with `prefix`. */
  prefixRange(prefix: string): readonly [from: number, to: number] {
    const pairs = this.sorted()
    const from = lowerBound(pairs, 0, value => value < prefix)
    return [from, lowerBound(pairs, from, value => value.startsWith(prefix))]
  }
}

/** First index at or after `from` whose value is not `before`; those that are come first. */
function lowerBound(pairs: readonly Pair[], from: number, before: (value: string) => boolean): number {
  let low = from
  let high = pairs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (before(pairs[middle]!.value)) low = middle + 1
    else high = middle
  }
  return low
}
