/** What became of the pods of one owner, or of one namespace. */
export interface ChurnFigures {
  readonly namespace: string
  /** `Deployment/cart`; absent in figures of a namespace. */
  readonly owner?: string
  readonly created: number
  /** Of these, at time 0. */
  readonly atStart: number
  readonly deleted: number
  /** By themselves, not because they were being deleted. */
  readonly succeeded: number
  readonly failed: number
  readonly restarts: number
  readonly aliveMax: number
  readonly aliveMean: number
  readonly aliveAtEnd: number
  /** Pods created after time 0, per hour. */
  readonly createdPerHour: number
}

/** Counts of a row while the trace is read. */
export class ChurnRow {
  readonly namespace: string
  readonly owner: string
  created = 0
  atStart = 0
  deleted = 0
  succeeded = 0
  failed = 0
  restarts = 0
  alive = 0
  aliveMax = 0
  /** Of the burst finder: the window for which `inWindow` counts. */
  window = -1
  inWindow = 0
  #aliveMs = 0
  #sinceMs = 0

  constructor(namespace: string, owner: string) {
    this.namespace = namespace
    this.owner = owner
  }

  changeAlive(t: number, by: number): void {
    this.#advance(t)
    this.alive += by
    if (this.alive > this.aliveMax) this.aliveMax = this.alive
  }

  /** Takes in the counts of a row that is given up. None of its pods is alive, and what it had at once is lost. */
  absorb(other: ChurnRow): void {
    this.created += other.created
    this.atStart += other.atStart
    this.deleted += other.deleted
    this.succeeded += other.succeeded
    this.failed += other.failed
    this.restarts += other.restarts
    this.#aliveMs += other.#aliveMs
    this.aliveMax = Math.max(this.aliveMax, other.aliveMax)
  }

  figures(endMs: number): Omit<ChurnFigures, 'namespace' | 'owner'> {
    this.#advance(endMs)
    const { created, atStart, deleted, succeeded, failed, restarts, aliveMax, alive } = this
    return {
      created,
      atStart,
      deleted,
      succeeded,
      failed,
      restarts,
      aliveMax,
      aliveMean: endMs === 0 ? alive : this.#aliveMs / endMs,
      aliveAtEnd: alive,
      createdPerHour: endMs === 0 ? 0 : ((created - atStart) * 3_600_000) / endMs,
    }
  }

  #advance(t: number): void {
    this.#aliveMs += this.alive * (t - this.#sinceMs)
    this.#sinceMs = t
  }
}

/** A table of churn: its rows, and what was summed because there were too many. */
export interface ChurnTableFigures {
  /** Those with the most pods created first. */
  readonly rows: readonly ChurnFigures[]
  /** Rows that were given up for room, summed; absent when every row is there, and every figure exact. */
  readonly rest?: Omit<ChurnFigures, 'namespace' | 'owner'> & { readonly rows: number }
}

/**
 * Rows by key, at most `rowsMax` beside those that have pods alive. When there are more, the half with the fewest pods
 * created is summed into one row; one of them that comes back begins again.
 */
export class ChurnTable {
  readonly #rows = new Map<string, ChurnRow>()
  readonly #rest = new ChurnRow('', '')
  readonly #rowsMax: number
  #limit: number
  #givenUp = 0

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax
    this.#limit = rowsMax
  }

  row(namespace: string, owner: string): ChurnRow {
    const key = owner === '' ? namespace : `${namespace}/${owner}`
    let row = this.#rows.get(key)
    if (row === undefined) {
      if (this.#rows.size >= this.#limit) this.#makeRoom()
      row = new ChurnRow(namespace, owner)
      this.#rows.set(key, row)
    }
    return row
  }

  finish(endMs: number): ChurnTableFigures {
    const rows = [...this.#rows.values()]
      .sort((a, b) => b.created - a.created || (a.namespace + a.owner < b.namespace + b.owner ? -1 : 1))
      .map(row => ({
        namespace: row.namespace,
        ...(row.owner === '' ? {} : { owner: row.owner }),
        ...row.figures(endMs),
      }))
    return this.#givenUp === 0 ? { rows } : { rows, rest: { rows: this.#givenUp, ...this.#rest.figures(endMs) } }
  }

  #makeRoom(): void {
    const idle = [...this.#rows].filter(([, row]) => row.alive === 0).sort(([, a], [, b]) => a.created - b.created)
    for (const [key, row] of idle.slice(0, Math.ceil(this.#rowsMax / 2))) {
      // What lasts until `t` of its last change is all that it ever had: nothing is alive.
      this.#rest.absorb(row)
      this.#rows.delete(key)
      this.#givenUp++
    }
    // Rows with living pods stay, however many: they are bounded by those.
    this.#limit = Math.max(this.#rowsMax, this.#rows.size * 2)
  }
}
