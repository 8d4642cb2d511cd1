/**
 * When a target is scraped: at all instants that leave the remainder `offsetMs` when divided by its interval. They are
 * absolute, so a restart changes nothing, and spread by the target's hash, so that targets do not come all at once.
 */
export class Schedule {
  readonly intervalMs: number
  readonly offsetMs: number
  /** A scrape that starts this close to its instant carries the instant itself: regular times compress well. */
  readonly toleranceMs: number

  /** @param seed differs between scrapers that share their targets, so that they do not scrape in step. */
  constructor(intervalMs: number, identity: string, seed: number) {
    this.intervalMs = intervalMs
    this.offsetMs = hash48(identity, seed) % intervalMs
    this.toleranceMs = Math.min(intervalMs / 100, 2)
  }

  /** The first instant later than `afterMs`. Unix milliseconds. */
  nextAfter(afterMs: number): number {
    const periods = Math.floor((afterMs - this.offsetMs) / this.intervalMs) + 1
    return periods * this.intervalMs + this.offsetMs
  }

  /** The timestamp of a scrape that was due at `dueMs` and starts at `nowMs`. */
  timestamp(nowMs: number, dueMs: number | undefined): number {
    const isAligned = dueMs !== undefined && Math.abs(nowMs - dueMs) <= this.toleranceMs
    return isAligned ? dueMs : Math.floor(nowMs)
  }
}

/** 48 bits from two FNV-1a passes with different starts, each finalised. */
function hash48(text: string, seed: number): number {
  return (fnv(text, 0x811c9dc5 ^ seed) & 0xffff) * 0x1_0000_0000 + fnv(text, 0x9e3779b9 ^ seed)
}

function fnv(text: string, start: number): number {
  let hash = start >>> 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  return hash >>> 0
}
