import { type Labels, METRIC_NAME } from '../../model/index.ts'

/**
 * A choice of labels: those named (`by`, `on`), or all but those named and the metric's name (`without`, `ignoring`).
 */
export class LabelChoice {
  readonly #names: ReadonlySet<string>
  readonly #keepNamed: boolean

  constructor(names: readonly string[], keepNamed: boolean) {
    this.#names = new Set(keepNamed ? names : [...names, METRIC_NAME])
    this.#keepNamed = keepNamed
  }

  /** A string that is equal for sets that agree on the chosen labels. */
  keyOf(labels: Labels): string {
    const { flat } = labels
    let key = ''
    for (let i = 0; i < flat.length; i += 2) {
      if (this.#names.has(flat[i]!) === this.#keepNamed) key += `${flat[i]!}\u{ff}${flat[i + 1]!}\u{ff}`
    }
    return key
  }

  /** The chosen labels alone. */
  of(labels: Labels): Labels {
    return this.#keepNamed ? labels.only(this.#names) : labels.without(this.#names)
  }
}

/** Rows by group. Groups are numbered in order of their first row. */
export interface Groups {
  readonly count: number
  /** Group of each row. */
  readonly ofRow: Uint32Array
  /** The first row of each group. */
  readonly firstRow: readonly number[]
}

export function groupRows(labels: readonly Labels[], choice: LabelChoice): Groups {
  const numbers = new Map<string, number>()
  const ofRow = new Uint32Array(labels.length)
  const firstRow: number[] = []
  for (let row = 0; row < labels.length; row++) {
    const key = choice.keyOf(labels[row]!)
    let group = numbers.get(key)
    if (group === undefined) {
      group = numbers.size
      numbers.set(key, group)
      firstRow.push(row)
    }
    ofRow[row] = group
  }
  return { count: numbers.size, ofRow, firstRow }
}

/** The rows of each group, ascending. */
export function rowsByGroup(groups: Groups): number[][] {
  const rows: number[][] = Array.from({ length: groups.count }, () => [])
  for (let row = 0; row < groups.ofRow.length; row++) rows[groups.ofRow[row]!]!.push(row)
  return rows
}
