import type { Exposition } from './exposition-format.ts'
import type { MetricsPage, SeriesDescription } from './profile.ts'

/** Pages that are kept: the one in use, and those that a check of the recent past goes back to. */
const KNOWN_PAGES_MAX = 8

/** A page whose series come and go: at each instant another, unchanging page, named by a key that is pure in time. */
export class ChangingPage implements MetricsPage {
  readonly #startUnixMs: number
  readonly #keyAt: (unixMs: number) => string
  readonly #make: (unixMs: number) => MetricsPage
  readonly #known = new Map<string, MetricsPage>()

  /** @param make the page at an instant: equal for instants that have the same key. */
  constructor(startUnixMs: number, keyAt: (unixMs: number) => string, make: (unixMs: number) => MetricsPage) {
    this.#startUnixMs = startUnixMs
    this.#keyAt = keyAt
    this.#make = make
  }

  get series(): readonly SeriesDescription[] {
    return this.at(this.#startUnixMs).series
  }

  get sampleCount(): number {
    return this.at(this.#startUnixMs).sampleCount
  }

  at(unixMs: number): MetricsPage {
    const key = this.#keyAt(unixMs)
    let page = this.#known.get(key)
    if (page === undefined) {
      if (this.#known.size >= KNOWN_PAGES_MAX) this.#known.delete(this.#known.keys().next().value!)
      page = this.#make(unixMs)
      this.#known.set(key, page)
    }
    return page
  }

  /** Of the page at that instant: `index` is one of its series. */
  valueAt(index: number, unixMs: number, sequence: number): number {
    return this.at(unixMs).valueAt(index, unixMs, sequence)
  }

  render(unixMs: number, sequence: number, exposition?: Exposition): Buffer {
    return this.at(unixMs).render(unixMs, sequence, exposition)
  }
}
