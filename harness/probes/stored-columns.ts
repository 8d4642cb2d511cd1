import type { ServedPage } from '../../sim/index.ts'

/**
 * What a subject stored of one target, series by series, and which series of a page each of them is.
 *
 * A page whose series come and go is several pages, one after another: the same stored series has another index in each,
 * or none.
 */
export class StoredColumns {
  readonly #names: string[] = []
  readonly #keys: string[] = []
  readonly #keyOf: (page: ServedPage, index: number) => string
  readonly #indices = new Map<ServedPage, Int32Array>()

  /** @param keyOf identity of a page's series, in the words of `add`. */
  constructor(keyOf: (page: ServedPage, index: number) => string) {
    this.#keyOf = keyOf
  }

  /** Returns the column's number. All are added before indices are asked for. */
  add(name: string, key: string): number {
    this.#names.push(name)
    return this.#keys.push(key) - 1
  }

  nameOf(column: number): string {
    return this.#names[column]!
  }

  /** By column: the index in the page's series; -1 where it has no such series. */
  indicesIn(page: ServedPage): Int32Array {
    let indices = this.#indices.get(page)
    if (indices === undefined) {
      const byKey = new Map(page.series.map((_, index) => [this.#keyOf(page, index), index]))
      indices = Int32Array.from(this.#keys, key => byKey.get(key) ?? -1)
      this.#indices.set(page, indices)
    }
    return indices
  }
}
