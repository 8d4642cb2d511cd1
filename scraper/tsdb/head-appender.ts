import { assert } from '../../base/index.ts'
import { HIGH, LOW, wordsOf } from '../chunkenc/index.ts'
import { type Labels, writeStale } from '../model/index.ts'
import { type Appender, AppendStatus, type SeriesRef } from '../storage/interfaces.ts'
import type { SampleBatch } from '../wal/index.ts'
import type { Head } from './head.ts'

const scratch = new Float64Array(1)
const scratchWords = wordsOf(scratch)

/** Collects a batch for the head. */
export class HeadAppender implements Appender {
  readonly #head: Head
  readonly #number: number
  readonly #batch: SampleBatch
  #ended = false

  /** @param number differs from that of any other open appender, and from 0. */
  constructor(head: Head, number: number, batch: SampleBatch) {
    this.#head = head
    this.#number = number
    this.#batch = batch
  }

  series(labels: Labels): SeriesRef {
    return this.#head.findOrCreate(labels)
  }

  // hot: once per sample.
  append(ref: SeriesRef, tMs: number, value: number): AppendStatus {
    scratch[0] = value
    return this.#stage(ref, tMs)
  }

  appendStale(ref: SeriesRef, tMs: number): AppendStatus {
    writeStale(scratch, 0)
    return this.#stage(ref, tMs)
  }

  commit(): void {
    this.#end()
    this.#head.commit(this.#batch, this.#number)
  }

  rollback(): void {
    this.#end()
    this.#head.release(this.#batch, this.#number)
  }

  #stage(ref: SeriesRef, tMs: number): AppendStatus {
    assert(!this.#ended, 'the appender has ended')
    const outcome = this.#head.stage(this.#batch, this.#number, ref, tMs, scratchWords[LOW]!, scratchWords[HIGH]!)
    return outcome >= 0 ? AppendStatus.ok : (-outcome as AppendStatus)
  }

  #end(): void {
    assert(!this.#ended, 'an appender ends once')
    this.#ended = true
  }
}
