import { Distribution } from '../inspect/index.ts'
import type { TimeDiff } from './trace-diff.ts'

export type Side = 'a' | 'b'

/** Times that wait for the event of the other side that belongs to them. */
const WAITING_MAX = 2_000_000

class Waiting {
  readonly op: string
  side: Side = 'a'
  times: number[] = []
  /** Those before it have been taken. */
  first = 0

  constructor(op: string) {
    this.op = op
  }

  take(): number {
    const t = this.times[this.first++]!
    if (this.first > 1000 && this.first * 2 > this.times.length) {
      this.times = this.times.slice(this.first)
      this.first = 0
    }
    return t
  }
}

class Matches {
  readonly ms = new Distribution()
  later = 0
  earlier = 0
  readonly only = { a: 0, b: 0 }
}

/**
 * Holds the n-th event of an operation on an object of one trace against the n-th of the other. What waits for its
 * counterpart is remembered, up to two millions of times.
 */
export class TimeMatches {
  readonly #waiting = new Map<string, Waiting>()
  readonly #byOp = new Map<string, Matches>()
  #count = 0
  #forgotten = 0

  get forgotten(): number {
    return this.#forgotten
  }

  add(side: Side, object: string, op: string, t: number): void {
    const key = `${op} ${object}`
    let waiting = this.#waiting.get(key)
    if (waiting === undefined) {
      waiting = new Waiting(op)
      this.#waiting.set(key, waiting)
    }
    if (waiting.first < waiting.times.length && waiting.side !== side) {
      const other = waiting.take()
      this.#count--
      const matches = this.#matchesOf(op)
      const later = side === 'b' ? t - other : other - t
      matches.ms.record(Math.abs(later))
      if (later > 0) matches.later++
      if (later < 0) matches.earlier++
      if (waiting.first === waiting.times.length) this.#waiting.delete(key)
      return
    }
    if (this.#count >= WAITING_MAX) {
      this.#forgotten++
      return
    }
    this.#count++
    waiting.side = side
    waiting.times.push(t)
  }

  finish(): TimeDiff[] {
    for (const { op, side, times, first } of this.#waiting.values()) {
      this.#matchesOf(op).only[side] += times.length - first
    }
    return [...this.#byOp].map(([op, { ms, later, earlier, only }]) => {
      const summary = ms.summary()
      return {
        op,
        matched: ms.count,
        onlyA: only.a,
        onlyB: only.b,
        later,
        earlier,
        ...(summary === undefined ? {} : { ms: summary }),
      }
    })
  }

  #matchesOf(op: string): Matches {
    let matches = this.#byOp.get(op)
    if (matches === undefined) {
      matches = new Matches()
      this.#byOp.set(op, matches)
    }
    return matches
  }
}
