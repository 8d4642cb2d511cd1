import { pageAt, type ServedPage, type TargetScrapeLog } from '../../sim/index.ts'
import type { StoredColumns } from './stored-columns.ts'

/** How far the target's clock may lie from where its request was logged, in milliseconds: two clocks, one of them set by others. */
export const CLOCK_MS = 25
/** Candidates of last resort: scrapes whose requests came nearest to a row's time stamp. */
const NEAREST = 3

/** The scrape that a row was taken from: all values of its answer are a function of these two. */
export interface Scrape {
  /** From 1. */
  readonly sequence: number
  readonly unixMs: number
}

/** What a subject stored of one target under one time stamp. */
export interface Row {
  readonly tMs: number
  /** Which of the target's stored series, and its value; of the same length. */
  readonly columns: readonly number[]
  readonly values: readonly number[]
  /** What the row says of itself, where that was stored. */
  readonly sequence: number | undefined
  readonly unixMs: number | undefined
}

export interface Explanation extends Scrape {
  /** What the target's page was then. */
  readonly page: ServedPage
  /** Positions in the row whose values are not those that were served. */
  readonly wrong: readonly number[]
}

/**
 * Finds out from which scrape of a target a stored row was taken.
 *
 * A row says so itself: it holds the number of the scrape and the target's clock. Either may be lost or wrong, as any
 * other sample may: then the scrape is looked for, with what is left and with the log of the target's requests, and the
 * one that explains most of the row is taken. So a damaged identity costs its own sample and not the whole row.
 */
export class ScrapeFinder {
  readonly #page: ServedPage
  readonly #stored: StoredColumns
  readonly #log: TargetScrapeLog
  readonly #originUnixMs: number
  readonly #same: (stored: number, served: number) => boolean

  /** @param originUnixMs Unix milliseconds of the log's zero. */
  constructor(
    page: ServedPage,
    stored: StoredColumns,
    log: TargetScrapeLog,
    originUnixMs: number,
    same: (stored: number, served: number) => boolean,
  ) {
    this.#page = page
    this.#stored = stored
    this.#log = log
    this.#originUnixMs = originUnixMs
    this.#same = same
  }

  /** `undefined` when the row says nothing usable of itself and no scrape explains more than half of it. */
  explain(row: Row): Explanation | undefined {
    const said = this.#said(row)
    if (said !== undefined && this.#isNearest(said)) {
      const explanation = this.#explanation(row, said)
      if (explanation.wrong.length === 0) return explanation
    }
    let best: Explanation | undefined
    let wrongMax = Math.ceil(row.values.length / 2)
    for (const candidate of this.#candidates(row)) {
      const explanation = this.#explanation(row, candidate)
      if (explanation.wrong.length >= wrongMax) continue
      best = explanation
      wrongMax = explanation.wrong.length
    }
    return best ?? (said === undefined ? undefined : this.#explanation(row, said))
  }

  #said({ sequence, unixMs }: Row): Scrape | undefined {
    return sequence === undefined || unixMs === undefined || !this.#isLogged(sequence)
      ? undefined
      : { sequence, unixMs }
  }

  #explanation(row: Row, { sequence, unixMs }: Scrape): Explanation {
    const page = pageAt(this.#page, unixMs, sequence)
    const indices = this.#stored.indicesIn(page)
    const wrong: number[] = []
    for (let i = 0; i < row.values.length; i++) {
      const index = indices[row.columns[i]!]!
      // A series that was not on the page then cannot be right, whatever its value.
      if (index < 0 || !this.#same(row.values[i]!, page.valueAt(index, unixMs, sequence))) wrong.push(i)
    }
    return { sequence, unixMs, page, wrong }
  }

  *#candidates(row: Row): Iterable<Scrape> {
    if (row.unixMs !== undefined && Number.isInteger(row.unixMs)) {
      for (const sequence of this.#near(row.unixMs)) yield { sequence, unixMs: row.unixMs }
    }
    if (row.sequence !== undefined && this.#isLogged(row.sequence)) yield* this.#around(row.sequence)
    for (const sequence of this.#nearest(row.tMs)) yield* this.#around(sequence)
  }

  /** Every reading of the target's clock that the log allows for a scrape. */
  *#around(sequence: number): Iterable<Scrape> {
    const middle = Math.floor(this.#loggedUnixMs(sequence))
    for (let by = 0; by <= CLOCK_MS; by++) {
      yield { sequence, unixMs: middle + by }
      if (by > 0) yield { sequence, unixMs: middle - by }
    }
  }

  /**
   * Whether no other scrape was logged clearly nearer to that reading of the target's clock. A number that is wrong by
   * one shows in nothing else: most values are a function of the time alone.
   */
  #isNearest({ sequence, unixMs }: Scrape): boolean {
    const distance = Math.abs(this.#loggedUnixMs(sequence) - unixMs)
    return distance <= CLOCK_MS || this.#near(unixMs).includes(sequence)
  }

  /** The scrape that was logged nearest to a reading of the target's clock, and those that may be meant as well. */
  #near(unixMs: number): number[] {
    const distances = Array.from(this.#log.requestMs, (_, i) => Math.abs(this.#loggedUnixMs(i + 1) - unixMs))
    const least = distances.reduce((a, b) => Math.min(a, b), Infinity)
    return distances.flatMap((distance, i) => (distance <= least + CLOCK_MS ? [i + 1] : []))
  }

  #nearest(unixMs: number): number[] {
    return Array.from(this.#log.requestMs, (_, i) => i + 1)
      .toSorted((a, b) => Math.abs(this.#loggedUnixMs(a) - unixMs) - Math.abs(this.#loggedUnixMs(b) - unixMs))
      .slice(0, NEAREST)
  }

  #isLogged(sequence: number): boolean {
    return Number.isInteger(sequence) && sequence >= 1 && sequence <= this.#log.requestMs.length
  }

  #loggedUnixMs(sequence: number): number {
    return this.#originUnixMs + this.#log.requestMs[sequence - 1]!
  }
}
