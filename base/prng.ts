import { assert } from './assert.ts'

/**
 * A seeded generator (sfc32) with named child streams.
 *
 * `fork(name)` depends on this stream's seed and the name only, not on how much has been drawn: adding a consumer
 * changes nobody else's draws. Probabilities are ratios of integers. The same seed gives the same draws on any machine.
 */
export class Prng {
  readonly seed: string
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(seed: string | number) {
    this.seed = String(seed)
    const [a, b, c] = hash96(this.seed)
    this.#a = a
    this.#b = b
    this.#c = c
    this.#counter = 1
    for (let i = 0; i < 12; i++) this.u32()
  }

  /** An independent stream named within this one. */
  fork(name: string): Prng {
    return new Prng(`${this.seed}/${name}`)
  }

  /** Uniform in [0, 2^32). */
  u32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    this.#c |= 0
    return t >>> 0
  }

  /** Uniform in [0, 1) with 53 bits. */
  unit(): number {
    return ((this.u32() >>> 5) * 67108864 + (this.u32() >>> 6)) / 9007199254740992
  }

  /** Uniform integer in [0, n), without modulo bias for n ≤ 2^32. */
  below(n: number): number {
    assert(Number.isInteger(n) && n > 0 && n <= 0x1_0000_0000, () => `below(${n})`)
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % n)
    for (;;) {
      const draw = this.u32()
      if (draw < limit) return draw % n
    }
  }

  /** Uniform integer in [low, high], both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True in `numerator` of `denominator` cases. */
  chance(numerator: number, denominator: number): boolean {
    return this.below(denominator) < numerator
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  /** A copy in random order (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const swap = out[i]!
      out[i] = out[j]!
      out[j] = swap
    }
    return out
  }

  /** `length` characters of `alphabet`; some hundreds at most. */
  word(length: number, alphabet: string): string {
    // At once, not by and by: V8 keeps a string that was put together as a tree of its parts, 32 bytes for each.
    const codes = scratchOf(length)
    for (let i = 0; i < length; i++) codes[i] = alphabet.charCodeAt(this.below(alphabet.length))
    return String.fromCharCode.apply(null, codes)
  }

  /** A UUID of version 4. */
  uuid(): string {
    const a = this.u32()
    const b = (this.u32() & 0xffff0fff) | 0x4000
    const c = (this.u32() & 0x3fffffff) | 0x80000000
    const d = this.u32()
    const codes = scratchOf(36)
    hex(codes, 0, a, 8)
    codes[8] = HYPHEN
    hex(codes, 9, b >>> 16, 4)
    codes[13] = HYPHEN
    hex(codes, 14, b & 0xffff, 4)
    codes[18] = HYPHEN
    hex(codes, 19, c >>> 16, 4)
    codes[23] = HYPHEN
    hex(codes, 24, c & 0xffff, 4)
    hex(codes, 28, d, 8)
    return String.fromCharCode.apply(null, codes)
  }
}

const HYPHEN = 45

// hot: six times for each object that is made.
function hex(codes: number[], from: number, word: number, digits: number): void {
  for (let i = 0; i < digits; i++) {
    const digit = (word >>> ((digits - 1 - i) * 4)) & 15
    codes[from + i] = digit < 10 ? 48 + digit : 87 + digit
  }
}

const SCRATCH: number[][] = []

/** Room for a text of some length, the same each time: it is filled and read at once. */
function scratchOf(length: number): number[] {
  return (SCRATCH[length] ??= Array.from({ length }, () => 0))
}

/** 96 bits of state from a string: three FNV-1a passes with different offsets, each finalised by a murmur3 mix. */
function hash96(text: string): [number, number, number] {
  const out: [number, number, number] = [0, 0, 0]
  for (let lane = 0; lane < 3; lane++) {
    let h = (0x811c9dc5 ^ Math.imul(lane + 1, 0x9e3779b1)) >>> 0
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0
    h ^= h >>> 16
    h = Math.imul(h, 0x85ebca6b)
    h ^= h >>> 13
    h = Math.imul(h, 0xc2b2ae35)
    out[lane] = (h ^ (h >>> 16)) >>> 0
  }
  return out
}
