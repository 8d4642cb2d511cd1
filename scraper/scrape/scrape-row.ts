/**
 * The samples of one body before they go to the storage: columns that grow and are reused by all targets of a thread,
 * for a body is read and appended without a pause in between.
 */
export class ScrapeRow {
  entries: Uint32Array
  values: Float64Array
  /** Explicit timestamps in Unix milliseconds; NaN where the body gives none. */
  tMs: Float64Array
  length: number

  constructor(capacity = 1024) {
    this.entries = new Uint32Array(capacity)
    this.values = new Float64Array(capacity)
    this.tMs = new Float64Array(capacity)
    this.length = 0
  }

  grow(): void {
    const capacity = this.entries.length * 2
    const entries = new Uint32Array(capacity)
    entries.set(this.entries)
    const values = new Float64Array(capacity)
    values.set(this.values)
    const tMs = new Float64Array(capacity)
    tMs.set(this.tMs)
    this.entries = entries
    this.values = values
    this.tMs = tMs
  }
}
