/** Algebra on ascending lists of refs without duplicates. */

/**
 * Intersects `refs[0..length)` with `list`, in place, and returns the new length.
 *
 * Gallops through `list`, from where the last ref was found: O(length · log(list.length / length)), allocates nothing.
 */
// hot: once per ref of the shorter list.
export function intersect(refs: Uint32Array, length: number, list: Uint32Array): number {
  let kept = 0
  let at = 0
  for (let i = 0; i < length && at < list.length; i++) {
    const ref = refs[i]!
    at = seek(list, at, ref)
    if (at < list.length && list[at] === ref) refs[kept++] = ref
  }
  return kept
}

/** Removes what is in `list` from `refs[0..length)`, in place, and returns the new length. Costs as `intersect`. */
export function subtract(refs: Uint32Array, length: number, list: Uint32Array): number {
  let kept = 0
  let at = 0
  for (let i = 0; i < length; i++) {
    const ref = refs[i]!
    at = seek(list, at, ref)
    if (at === list.length || list[at] !== ref) refs[kept++] = ref
  }
  return kept
}

/** First index ≥ `from` with `list[index] ≥ ref`. */
function seek(list: Uint32Array, from: number, ref: number): number {
  if (from >= list.length || list[from]! >= ref) return from
  let step = 1
  let low = from
  while (low + step < list.length && list[low + step]! < ref) {
    low += step
    step *= 2
  }
  let high = Math.min(list.length, low + step)
  low++
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]! < ref) low = middle + 1
    else high = middle
  }
  return low
}

/** A set of refs below a bound, one bit each. */
export class RefBits {
  readonly #words: Uint32Array

  constructor(refEnd: number) {
    this.#words = new Uint32Array((refEnd + 31) >>> 5)
  }

  addAll(list: Uint32Array): void {
    const words = this.#words
    for (let i = 0; i < list.length; i++) words[list[i]! >>> 5]! |= 1 << (list[i]! & 31)
  }

  /** Keeps those of `refs[0..length)` whose membership is `wanted`, in place, and returns the new length. */
  filter(refs: Uint32Array, length: number, wanted: boolean): number {
    const words = this.#words
    let kept = 0
    for (let i = 0; i < length; i++) {
      const ref = refs[i]!
      if (((words[ref >>> 5]! >>> (ref & 31)) & 1) === (wanted ? 1 : 0)) refs[kept++] = ref
    }
    return kept
  }

  /** The members, ascending. */
  toArray(): Uint32Array {
    const words = this.#words
    let count = 0
    for (let i = 0; i < words.length; i++) count += popCount(words[i]!)
    const out = new Uint32Array(count)
    let at = 0
    for (let i = 0; i < words.length; i++) {
      for (let word = words[i]!; word !== 0; word &= word - 1) out[at++] = i * 32 + 31 - Math.clz32(word & -word)
    }
    return out
  }
}

/** Union of lists that may share refs; a copy even of a single one. */
export function union(lists: readonly Uint32Array[], refEnd: number): Uint32Array {
  if (lists.length === 0) return new Uint32Array(0)
  if (lists.length === 1) return lists[0]!.slice()
  let total = 0
  for (const list of lists) total += list.length
  // Few refs in a wide space: sorting them is cheaper than walking the bits.
  if (total * 64 < refEnd) {
    const all = new Uint32Array(total)
    let at = 0
    for (const list of lists) {
      all.set(list, at)
      at += list.length
    }
    all.sort()
    let kept = 0
    for (let i = 0; i < total; i++) if (i === 0 || all[i] !== all[i - 1]) all[kept++] = all[i]!
    return all.subarray(0, kept)
  }
  const bits = new RefBits(refEnd)
  for (const list of lists) bits.addAll(list)
  return bits.toArray()
}

function popCount(word: number): number {
  let x = word - ((word >>> 1) & 0x5555_5555)
  x = (x & 0x3333_3333) + ((x >>> 2) & 0x3333_3333)
  return Math.imul((x + (x >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}
