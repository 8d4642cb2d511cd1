/** A k6 load stage: the rate goes from the level before to `target` in a straight line; no duration is a jump. */
export interface RateStage {
  readonly durationMs: number
  /** Iterations per unit of time. */
  readonly target: number
}

interface Piece {
  readonly startMs: number
  readonly durationMs: number
  /** Rates per unit of time at both ends. */
  readonly from: number
  readonly to: number
  /** Iterations before it, and until its end. */
  readonly before: number
  readonly until: number
}

/** What sums of stages may be wrong by, relative: a whole number that was missed by rounding still counts. */
const ROUNDING = 1e-9

/**
 * A rate of iterations over time, in straight pieces, and the inverse of its integral.
 *
 * The integral of a piece is a parabola: after x ms of a piece of d ms it has grown by (from · x + (to − from) · x² / 2d) / u,
 * with rates per u ms. Solved for x this is 2Au / (from + √(from² + 2Au (to − from) / d)), which is exact for level pieces and
 * loses no digits for rising or falling ones.
 */
export class RateCurve {
  /** Iterations until the end: the whole integral, not rounded. */
  readonly total: number
  readonly #unitMs: number
  readonly #pieces: readonly Piece[]
  readonly #tolerance: number

  constructor(startRate: number, unitMs: number, stages: readonly RateStage[]) {
    this.#unitMs = unitMs
    const pieces: Piece[] = []
    let startMs = 0
    let from = startRate
    let before = 0
    for (const { durationMs, target: to } of stages) {
      const until = before + (durationMs * (from + to)) / (2 * unitMs)
      pieces.push({ startMs, durationMs, from, to, before, until })
      startMs += durationMs
      from = to
      before = until
    }
    this.#pieces = pieces
    this.total = before
    this.#tolerance = ROUNDING * Math.max(1, before)
  }

  /** Whole iterations in it. */
  get count(): number {
    return Math.floor(this.total + this.#tolerance)
  }

  /**
   * The instants, in ms since the start, at which the integral reaches each of `counts`. These ascend, none below 0; the first
   * one beyond the total ends the sequence. O(counts + stages), lazy.
   */
  *timesOf(counts: Iterable<number>): Generator<number, void> {
    let i = 0
    for (const count of counts) {
      while (i < this.#pieces.length && count > this.#pieces[i]!.until + this.#tolerance) i++
      const piece = this.#pieces[i]
      if (piece === undefined) return
      yield piece.startMs + this.#within(piece, count - piece.before)
    }
  }

  #within({ durationMs, from, to }: Piece, count: number): number {
    if (count <= 0) return 0
    const doubled = 2 * count * this.#unitMs
    const root = Math.sqrt(Math.max(0, from * from + (doubled * (to - from)) / durationMs))
    return Math.min(durationMs, doubled / (from + root))
  }
}
