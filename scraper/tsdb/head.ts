import { assert } from '../../base/index.ts'
import { HIGH, LOW, TIME_MS_MAX } from '../chunkenc/index.ts'
import { LabelIndex, REF_MAX } from '../index/index.ts'
import type { Labels, Matcher } from '../model/index.ts'
import {
  type Appender,
  AppendStatus,
  type CardinalityStats,
  type Querier,
  type SampleColumns,
  type SeriesRef,
  type StorageStats,
} from '../storage/interfaces.ts'
import { type LoggedSeries, SampleBatch, type Wal } from '../wal/index.ts'
import { HeadAppender } from './head-appender.ts'
import { HeadQuerier } from './head-querier.ts'
import { RemovedLabels } from './removed-labels.ts'
import { SampleStore } from './sample-store.ts'

export interface HeadOptions {
  /** Chunks end at multiples of this. */
  readonly chunkRangeMs: number
  /** Samples older than the newest of all by more than this are not taken. */
  readonly appendWindowMs: number
}

/** Bytes in memory as far as they are ours to count: strings, maps and the runtime come on top. */
export interface HeadMemory {
  readonly indexBytes: number
  readonly seriesBytes: number
  readonly openChunkBytes: number
  readonly chunkBytes: number
}

/**
 * All series and their samples in memory, the log behind them, and the rules of appending.
 *
 *   labels ─find─▶ LabelIndex ◀─select─ matchers
 *                     │ ref (rising, never reused)
 *   batch ─commit─▶ Wal ─▶ SampleStore ◀─read─ queries
 *
 * Everything but closing is synchronous: what one call sees, no other changes under it.
 */
export class Head {
  readonly index = new LabelIndex()
  readonly samples: SampleStore
  readonly removedLabels: RemovedLabels = new RemovedLabels()
  readonly #options: HeadOptions
  readonly #freeBatches: SampleBatch[] = []
  #wal: Wal | undefined
  #nextRef: SeriesRef = 1
  #batchNumber = 0
  #bases = new Uint32Array(128)
  /** Series that are not in the log yet. */
  #unlogged: LoggedSeries[] = []
  #minMs = Infinity
  #maxMs = -Infinity
  #minSinceSweepMs = Infinity
  #samplesAppended = 0
  #outOfOrderSamples = 0
  #seriesCreated = 0
  #seriesRemoved = 0

  constructor(options: HeadOptions) {
    this.#options = options
    this.samples = new SampleStore(options.chunkRangeMs)
  }

  /** Everything from here on is logged. Before, the log is replayed into the head. */
  attachLog(wal: Wal): void {
    this.#wal = wal
  }

  /** Newest sample of all; -Infinity when there is none. */
  get maxMs(): number {
    return this.#maxMs
  }

  /** Oldest sample that the last sweep left, or that came since; +Infinity when there is none. */
  get minMs(): number {
    return this.#minMs
  }

  appender(): Appender {
    this.#batchNumber = this.#batchNumber === 0xffff_ffff ? 1 : this.#batchNumber + 1
    return new HeadAppender(this, this.#batchNumber, this.#freeBatches.pop() ?? new SampleBatch())
  }

  querier(minMs: number, maxMs: number): Querier {
    return new HeadQuerier(this, minMs, maxMs)
  }

  findOrCreate(labels: Labels): SeriesRef {
    const known = this.index.find(labels)
    if (known !== 0) return known
    assert(labels.size > 0, 'a series needs a label')
    assert(this.#nextRef < REF_MAX, 'all refs are used up')
    const ref = this.#nextRef++
    this.#create(ref, labels)
    this.#seriesCreated++
    if (this.#wal !== undefined) this.#unlogged.push({ ref, labels: this.index.labels(ref) })
    return ref
  }

  // hot: once per sample. No allocation, but for the batch's growth.
  /**
   * Judges a sample and puts it into `batch` if it is to be taken.
   *
   * @param low @param high words of the value.
   * @returns the index in the batch, or the negated status.
   */
  stage(batch: SampleBatch, batchNumber: number, ref: SeriesRef, tMs: number, low: number, high: number): number {
    const page = this.samples.state.page(ref)
    const row = this.samples.state.row(ref)
    if (page === undefined || page.alive[row] === 0) return -AppendStatus.unknownSeries
    if (Math.floor(tMs) !== tMs) assert(false, `${tMs} is not a whole number of milliseconds`)
    if (!(tMs >= this.#maxMs - this.#options.appendWindowMs && tMs <= TIME_MS_MAX)) return -AppendStatus.tooOld
    const pending = page.pendingBatch[row] === batchNumber
    const lastMs = pending ? batch.tMs[page.pendingIndex[row]!]! : page.lastMs[row]!
    if (tMs <= lastMs) {
      if (tMs === lastMs) {
        const words = pending ? batch.words : page.lastWords
        const at = 2 * (pending ? page.pendingIndex[row]! : row)
        return words[at + LOW] === low && words[at + HIGH] === high ? SAME : -AppendStatus.duplicate
      }
      this.#outOfOrderSamples++
      return -AppendStatus.outOfOrder
    }
    const index = batch.push(ref, tMs)
    batch.words[2 * index + LOW] = low
    batch.words[2 * index + HIGH] = high
    page.pendingBatch[row] = batchNumber
    page.pendingIndex[row] = index
    return index
  }

  /** Logs a batch and makes it visible; the batch goes back to the head. @throws WalError; then nothing is visible. */
  commit(batch: SampleBatch, batchNumber: number): void {
    const { length } = batch
    try {
      let maxMs = -Infinity
      let minMs = Infinity
      for (let i = 0; i < length; i++) {
        const tMs = batch.tMs[i]!
        if (tMs > maxMs) maxMs = tMs
        if (tMs < minMs) minMs = tMs
      }
      const wal = this.#wal
      if (wal !== undefined && (length > 0 || this.#unlogged.length > 0)) {
        wal.prepare()
        if (this.#unlogged.length > 0) wal.addSeries(this.#unlogged)
        if (length > 0) wal.addSamples(batch, this.#basesOf(batch, wal.segment))
        wal.flush(maxMs)
        this.#unlogged = []
      }
      const leftOut = this.samples.apply(batch, wal?.segment ?? 0)
      this.#outOfOrderSamples += leftOut
      this.#samplesAppended += length - leftOut
      this.#span(minMs, maxMs)
    } finally {
      this.release(batch, batchNumber)
    }
  }

  /** Takes a batch back without applying it. */
  release(batch: SampleBatch, batchNumber: number): void {
    const refs = batch.refs.array
    for (let i = 0; i < batch.length; i++) {
      const page = this.samples.state.page(refs[i]!)
      const row = this.samples.state.row(refs[i]!)
      if (page !== undefined && page.pendingBatch[row] === batchNumber) page.pendingBatch[row] = 0
    }
    batch.clear()
    if (this.#freeBatches.length < FREE_BATCHES_MAX) this.#freeBatches.push(batch)
  }

  /**
   * Restores a series from the log and returns the ref under which it is known: another one when the log has
   * the same labels under two refs, because the series was removed and came back.
   */
  restoreSeries(ref: SeriesRef, labels: Labels): SeriesRef {
    if (ref >= this.#nextRef) this.#nextRef = ref + 1
    const known = this.index.find(labels)
    if (known !== 0) {
      // The writer began anew: its first sample of this ref in a segment builds on nothing.
      this.samples.state.page(known)!.segment[this.samples.state.row(known)] = 0
      return known
    }
    this.#create(ref, labels)
    return ref
  }

  /** Restores samples from the log; their words are XORed with their bases still. Returns how many were left out. */
  restoreSamples(batch: SampleBatch, segment: number): number {
    const bases = this.#basesOf(batch, segment)
    const { length, tMs, words } = batch
    const refs = batch.refs.array
    for (let i = 0; i < length * 2; i++) words[i] = words[i]! ^ bases[i]!
    for (let i = 0; i < length; i++) {
      if (this.samples.state.has(refs[i]!)) this.#span(tMs[i]!, tMs[i]!)
      // A series whose definition was lost: the number must not come to mean another one.
      if (refs[i]! >= this.#nextRef) this.#nextRef = refs[i]! + 1
    }
    return this.samples.apply(batch, segment)
  }

  /** @param ref a series without samples that no appender is using. */
  remove(ref: SeriesRef): void {
    this.removedLabels.add(ref, this.index.labels(ref))
    this.index.remove(ref)
    this.samples.state.remove(ref)
    this.#seriesRemoved++
  }

  /** Gives back what the refs around `ref` took, when none of them is there or will be. */
  forget(ref: SeriesRef): void {
    if (Math.floor(ref / 4096) >= Math.floor(this.#nextRef / 4096)) return
    this.index.forget(ref)
    this.samples.state.dropPageIfEmpty(ref)
  }

  beginSweep(): void {
    this.#minSinceSweepMs = Infinity
  }

  /** @param minMs oldest sample of those that the sweep has seen. */
  endSweep(minMs: number): void {
    this.#minMs = Math.min(minMs, this.#minSinceSweepMs)
  }

  labelsOf(ref: SeriesRef): Labels {
    if (this.index.has(ref)) return this.index.labels(ref)
    const labels = this.removedLabels.get(ref)
    assert(labels !== undefined, () => `series ${ref} was removed too long ago to be asked for`)
    return labels
  }

  select(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array {
    const refs = this.index.select(matchers)
    let kept = 0
    for (let i = 0; i < refs.length; i++) if (this.samples.hasSamples(refs[i]!, minMs, maxMs)) refs[kept++] = refs[i]!
    return refs.subarray(0, kept)
  }

  read(ref: SeriesRef, minMs: number, maxMs: number, out: SampleColumns): void {
    this.samples.read(ref, minMs, maxMs, out)
  }

  stats(): StorageStats {
    return {
      series: this.index.seriesCount,
      chunks: this.samples.chunkCount,
      minMs: this.#minMs === Infinity ? undefined : this.#minMs,
      maxMs: this.#maxMs === -Infinity ? undefined : this.#maxMs,
      labelPairs: this.index.pairCount,
      samplesAppended: this.#samplesAppended,
      outOfOrderSamples: this.#outOfOrderSamples,
      seriesCreated: this.#seriesCreated,
      seriesRemoved: this.#seriesRemoved,
      walBytes: this.#wal?.bytes ?? 0,
    }
  }

  memory(): HeadMemory {
    const { chunks, open, series } = this.samples.bytes
    return { indexBytes: this.index.bytes, seriesBytes: series, openChunkBytes: open, chunkBytes: chunks }
  }

  cardinality(limit: number): CardinalityStats {
    return this.index.cardinality(limit)
  }

  #span(minMs: number, maxMs: number): void {
    if (maxMs > this.#maxMs) this.#maxMs = maxMs
    if (minMs < this.#minMs) this.#minMs = minMs
    if (minMs < this.#minSinceSweepMs) this.#minSinceSweepMs = minMs
  }

  #create(ref: SeriesRef, labels: Labels): void {
    this.index.add(ref, labels)
    this.samples.state.add(ref)
  }

  /** What the values of a batch are XORed with in the log: the last value of the series, if this segment holds it. */
  #basesOf(batch: SampleBatch, segment: number): Uint32Array {
    const { length } = batch
    if (this.#bases.length < length * 2) this.#bases = new Uint32Array(length * 4)
    const bases = this.#bases
    const refs = batch.refs.array
    for (let i = 0; i < length; i++) {
      const page = this.samples.state.page(refs[i]!)
      const row = this.samples.state.row(refs[i]!)
      const known = page !== undefined && page.alive[row] === 1 && page.segment[row] === segment
      bases[2 * i] = known ? page.lastWords[2 * row]! : 0
      bases[2 * i + 1] = known ? page.lastWords[2 * row + 1]! : 0
    }
    return bases
  }
}

/** `stage`: the same sample is there already; nothing is to be done. */
export const SAME = 0x7fff_ffff

/** Batches kept for the next appenders: scrapes overlap little. */
const FREE_BATCHES_MAX = 16
