interface Interval {
  readonly first: number
  readonly last: number
}

/**
 * A set of completion indexes, as a Job's status writes it: `1,3-5,7`. Immutable; intervals ascend and do not touch.
 *
 * Kubernetes writes two neighbours as `3,4` and longer runs as `3-5`.
 */
export class CompletionIndexes {
  static readonly none = new CompletionIndexes([])
  readonly #intervals: readonly Interval[]
  /** How many indexes there are. */
  readonly size: number

  private constructor(intervals: readonly Interval[]) {
    this.#intervals = intervals
    this.size = intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  }

  static of(indexes: Iterable<number>): CompletionIndexes {
    return joined([...indexes].sort((a, b) => a - b).map(index => ({ first: index, last: index })))
  }

  /** Reads `1,3-5`; what is not below `completions` is left out, and so is what cannot be read, as in Kubernetes. */
  static parse(text: string | undefined, completions: number): CompletionIndexes {
    const intervals: Interval[] = []
    for (const part of text === undefined || text === '' ? [] : text.split(',')) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part)
      if (match === null) continue
      const first = Number(match[1])
      if (first >= completions) break
      intervals.push({ first, last: Math.min(Number(match[2] ?? first), completions - 1) })
    }
    return joined(intervals)
  }

  /** From intervals that ascend by their first index. */
  static fromIntervals(intervals: readonly Interval[]): CompletionIndexes {
    return new CompletionIndexes(intervals)
  }

  union(other: CompletionIndexes): CompletionIndexes {
    if (other.size === 0) return this
    if (this.size === 0) return other
    return joined([...this.#intervals, ...other.#intervals].sort((a, b) => a.first - b.first))
  }

  /** O(log intervals). */
  has(index: number): boolean {
    let low = 0
    let high = this.#intervals.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#intervals[middle]!.last >= index) high = middle
      else low = middle + 1
    }
    return low < this.#intervals.length && this.#intervals[low]!.first <= index
  }

  /** How many of them are also in `other`. */
  overlap(other: CompletionIndexes): number {
    let count = 0
    let i = 0
    let j = 0
    while (i < this.#intervals.length && j < other.#intervals.length) {
      const mine = this.#intervals[i]!
      const theirs = other.#intervals[j]!
      count += Math.max(0, Math.min(mine.last, theirs.last) - Math.max(mine.first, theirs.first) + 1)
      if (mine.last <= theirs.last) i++
      if (theirs.last <= mine.last) j++
    }
    return count
  }

  /** The first `count` indexes below `completions` that are not in the set. O(intervals + count). */
  firstMissing(count: number, completions: number): number[] {
    const out: number[] = []
    let candidate = 0
    for (const { first, last } of this.#intervals) {
      for (; candidate < Math.min(first, completions) && out.length < count; candidate++) out.push(candidate)
      candidate = Math.max(candidate, last + 1)
    }
    for (; candidate < completions && out.length < count; candidate++) out.push(candidate)
    return out
  }

  toString(): string {
    return this.#intervals
      .map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`))
      .join(',')
  }
}

function joined(ascending: readonly Interval[]): CompletionIndexes {
  const out: Interval[] = []
  for (const interval of ascending) {
    const before = out.at(-1)
    if (before === undefined || interval.first > before.last + 1) out.push(interval)
    else if (interval.last > before.last) out[out.length - 1] = { first: before.first, last: interval.last }
  }
  return CompletionIndexes.fromIntervals(out)
}
