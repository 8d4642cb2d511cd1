/**
 * What really happened at each pod's socket, in memory shared by all threads. Lock-free: a row has one writer (the
 * target thread that owns the pod); readers may see a row mid-update, but each 8-byte field is read whole.
 *
 *   row (64 bytes), little-endian by way of typed arrays:
 *    0  i64  firstScrapeNs    monotonic ns of the first request for metrics; 0 = never
 *    8  i64  lastScrapeNs     monotonic ns of the latest request; 0 = never
 *   16  i64  scrapesServed    complete 200 answers handed to the kernel
 *   24  i64  scrapesFailed    requests that were cut short, refused by misbehaviour or never answered
 *   32  i64  samplesServed    samples in the complete answers
 *   40  i64  bytesServed      body bytes of the complete answers, before compression
 *   48  i64  listeningNs      monotonic ns at which the address began to accept; 0 = never
 *   56  i64  closedNs         monotonic ns at which it began to refuse; 0 = never
 */
export class TruthTable {
  readonly buffer: SharedArrayBuffer
  readonly #cells: BigInt64Array

  /** @param source number of rows to make, or the buffer of a table made elsewhere. */
  constructor(source: number | SharedArrayBuffer) {
    this.buffer = typeof source === 'number' ? new SharedArrayBuffer(source * ROW_BYTES) : source
    this.#cells = new BigInt64Array(this.buffer)
  }

  get capacity(): number {
    return this.#cells.length / CELLS
  }

  recordRequest(slot: number, atNs: bigint): void {
    const row = slot * CELLS
    if (Atomics.load(this.#cells, row) === 0n) Atomics.store(this.#cells, row, atNs)
    Atomics.store(this.#cells, row + 1, atNs)
  }

  recordServed(slot: number, samples: number, bytes: number): void {
    const row = slot * CELLS
    Atomics.add(this.#cells, row + 2, 1n)
    Atomics.add(this.#cells, row + 4, BigInt(samples))
    Atomics.add(this.#cells, row + 5, BigInt(bytes))
  }

  recordFailed(slot: number): void {
    Atomics.add(this.#cells, slot * CELLS + 3, 1n)
  }

  recordListening(slot: number, atNs: bigint): void {
    Atomics.store(this.#cells, slot * CELLS + 6, atNs)
  }

  recordClosed(slot: number, atNs: bigint): void {
    Atomics.store(this.#cells, slot * CELLS + 7, atNs)
  }

  /** First request, or `undefined` when there was none yet. Cheap enough to poll for every pod. */
  firstScrapeNs(slot: number): bigint | undefined {
    const at = Atomics.load(this.#cells, slot * CELLS)
    return at === 0n ? undefined : at
  }

  /** Takes over a row of another table: the eight cells of it, from `at` on. */
  overwrite(slot: number, cells: BigInt64Array, at: number): void {
    for (let i = 0; i < CELLS; i++) Atomics.store(this.#cells, slot * CELLS + i, cells[at + i]!)
  }

  /** Copies a row to `at`. */
  copyTo(slot: number, cells: BigInt64Array, at: number): void {
    for (let i = 0; i < CELLS; i++) cells[at + i] = Atomics.load(this.#cells, slot * CELLS + i)
  }

  read(slot: number): TruthRow {
    const row = slot * CELLS
    const cell = (index: number): bigint => Atomics.load(this.#cells, row + index)
    return {
      firstScrapeNs: cell(0) || undefined,
      lastScrapeNs: cell(1) || undefined,
      scrapesServed: Number(cell(2)),
      scrapesFailed: Number(cell(3)),
      samplesServed: Number(cell(4)),
      bytesServed: Number(cell(5)),
      listeningNs: cell(6) || undefined,
      closedNs: cell(7) || undefined,
    }
  }
}

export interface TruthRow {
  readonly firstScrapeNs: bigint | undefined
  readonly lastScrapeNs: bigint | undefined
  readonly scrapesServed: number
  readonly scrapesFailed: number
  readonly samplesServed: number
  readonly bytesServed: number
  readonly listeningNs: bigint | undefined
  readonly closedNs: bigint | undefined
}

export const CELLS = 8
const ROW_BYTES = CELLS * 8
