import { type Row, ROW_COLUMNS } from './wire.ts'

/** Six hours of seconds need 21 600 rows; this many are kept, the older ones at a coarser grain. */
const ROWS_MAX = 2400

/** Columns of which the highest value counts when rows are merged; of the others the mean. */
const HIGHEST: ReadonlySet<string> = new Set(['generator_lag_max_s', 'discovery_p99_s', 'visibility_p99_s'])

/**
 * The whole story in bounded memory: when it is full, the older half is merged in pairs.
 *
 * Recent rows keep their second; a row's `t_s` is the end of the time it stands for. Also runs in the page.
 */
export class RowRing {
  readonly #max: number
  #rows: Row[] = []

  /** @param max highest number of rows that are kept, at least 4. */
  constructor(max: number = ROWS_MAX) {
    this.#max = max
  }

  get rows(): readonly Row[] {
    return this.#rows
  }

  push(row: Row): void {
    this.#rows.push(row)
    if (this.#rows.length <= this.#max) return
    const half = this.#max >> 1
    const merged: Row[] = []
    for (let i = 0; i + 1 < half; i += 2) merged.push(merge(this.#rows[i]!, this.#rows[i + 1]!))
    // An odd one out stays as it is.
    const rest = this.#rows.slice(half - (half % 2))
    this.#rows = [...merged, ...rest]
  }

  clear(): void {
    this.#rows = []
  }
}

function merge(a: Row, b: Row): Row {
  return ROW_COLUMNS.map((column, i) => {
    const first = a[i] ?? null
    const second = b[i] ?? null
    if (column === 't_s') return second
    if (first === null || second === null) return first ?? second
    return HIGHEST.has(column) ? Math.max(first, second) : (first + second) / 2
  })
}
