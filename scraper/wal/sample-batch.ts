import { GrowableUint32 } from '../../base/index.ts'
import { wordsOf } from '../chunkenc/index.ts'

/**
 * Samples in columns, in the order in which they came: what an appender collects and a sample record holds.
 *
 * Values are written and read as words (chunkenc/words.ts) so that no bit of a NaN is lost.
 */
export class SampleBatch {
  readonly refs: GrowableUint32
  tMs: Float64Array
  values: Float64Array
  words: Uint32Array

  constructor(capacity = 64) {
    this.refs = new GrowableUint32(capacity)
    this.tMs = new Float64Array(capacity)
    this.values = new Float64Array(capacity)
    this.words = wordsOf(this.values)
  }

  get length(): number {
    return this.refs.length
  }

  clear(): void {
    this.refs.clear()
  }

  /** Adds a sample whose value the caller writes, and returns its index. */
  push(ref: number, tMs: number): number {
    const index = this.refs.length
    if (index === this.tMs.length) this.#grow()
    this.refs.push(ref)
    this.tMs[index] = tMs
    return index
  }

  #grow(): void {
    const tMs = new Float64Array(this.tMs.length * 2)
    tMs.set(this.tMs)
    this.tMs = tMs
    const values = new Float64Array(tMs.length)
    const words = wordsOf(values)
    words.set(this.words)
    this.values = values
    this.words = words
  }
}
