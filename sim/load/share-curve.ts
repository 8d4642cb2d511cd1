/**
 * Requests per second that reach each ready pod of a group, as a function of planned time: an offered load that is constant
 * or rises and falls in a straight line, divided by the pods that are ready.
 *
 * ```
 *   offered   ────╱‾‾‾‾‾‾‾‾‾         one ramp at a time, then its end value
 *   ready     ──┐_┌─────┐__          steps
 *   share     = offered / ready, 0 where nobody is ready: those requests fail
 *   requests  = ∫ share              exact: a parabola within each piece
 * ```
 *
 * Pieces begin where the ramp or the number of ready pods changes. Changes come in order of time, O(1) each; readings are
 * O(log pieces). Pieces that ended more than `HISTORY_MS` before the last change are forgotten.
 */
export class ShareCurve {
  #pieces: Piece[] = [{ atMs: 0, requests: 0, ramp: NOTHING, ready: 0 }]

  /** Pieces that are remembered: a few more than began within the last `HISTORY_MS`. */
  get pieces(): number {
    return this.#pieces.length
  }

  /** Pods that share the load now. */
  get ready(): number {
    return this.#last.ready
  }

  setReady(atMs: number, ready: number): void {
    this.#begin(atMs, this.#last.ramp, ready)
  }

  /** From what is offered now to `rps`, in `overMs`. */
  setOffered(atMs: number, rps: number, overMs: number): void {
    const from = offeredAt(this.#last.ramp, atMs)
    this.#begin(atMs, { startMs: atMs, overMs, from, to: rps }, this.#last.ready)
  }

  /** Requests per second that the whole group is offered. */
  offeredAt(atMs: number): number {
    return offeredAt(this.#at(atMs).ramp, atMs)
  }

  /** Requests per second of each ready pod. */
  shareAt(atMs: number): number {
    const { ramp, ready } = this.#at(atMs)
    return ready === 0 ? 0 : offeredAt(ramp, atMs) / ready
  }

  /** Requests that a pod would have had which was ready from time 0 on. Never falls. */
  requestsAt(atMs: number): number {
    return requestsAt(this.#at(atMs), atMs)
  }

  get #last(): Piece {
    return this.#pieces[this.#pieces.length - 1]!
  }

  #begin(atMs: number, ramp: Ramp, ready: number): void {
    const last = this.#last
    const piece: Piece = { atMs, requests: requestsAt(last, atMs), ramp, ready }
    if (last.atMs === atMs) this.#pieces[this.#pieces.length - 1] = piece
    else this.#pieces.push(piece)
    this.#forget(atMs - HISTORY_MS)
  }

  /** Drops the pieces that ended before an instant, half of all at a time, so that it costs O(1) on average. */
  #forget(beforeMs: number): void {
    if (this.#pieces.length < 32) return
    const first = this.#index(beforeMs)
    if (first * 2 > this.#pieces.length) this.#pieces = this.#pieces.slice(first)
  }

  #at(atMs: number): Piece {
    return this.#pieces[this.#index(atMs)]!
  }

  /** The last piece that began at `atMs` or before, else the first. */
  #index(atMs: number): number {
    const pieces = this.#pieces
    let low = 0
    let high = pieces.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (pieces[middle]!.atMs <= atMs) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** How far back readings are exact: more than the age of any metric that is handed out. */
export const HISTORY_MS = 60_000

interface Ramp {
  readonly startMs: number
  readonly overMs: number
  readonly from: number
  readonly to: number
}

interface Piece {
  readonly atMs: number
  /** Up to `atMs`. */
  readonly requests: number
  readonly ramp: Ramp
  readonly ready: number
}

const NOTHING: Ramp = { startMs: 0, overMs: 0, from: 0, to: 0 }

function offeredAt({ startMs, overMs, from, to }: Ramp, atMs: number): number {
  const ms = atMs - startMs
  return ms >= overMs ? to : from + ((to - from) * ms) / overMs
}

function requestsAt({ atMs: startMs, requests, ramp, ready }: Piece, atMs: number): number {
  if (ready === 0 || atMs <= startMs) return requests
  // Straight lines: their mean is that of their ends.
  const bendMs = Math.min(Math.max(ramp.startMs + ramp.overMs, startMs), atMs)
  const sloping = ((offeredAt(ramp, startMs) + offeredAt(ramp, bendMs)) / 2) * (bendMs - startMs)
  return requests + (sloping + ramp.to * (atMs - bendMs)) / 1000 / ready
}
