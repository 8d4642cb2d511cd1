import fs from 'node:fs'
import path from 'node:path'
import { type Clock, type Timer } from '../../base/index.ts'
import { ByteWriter } from './byte-writer.ts'
import { walError, WalError } from './errors.ts'
import type { SampleBatch } from './sample-batch.ts'
import { encodeSamples } from './samples-payload.ts'
import {
  checkpointName,
  draftName,
  RECORD_HEADER_BYTES,
  recordCrc,
  RecordType,
  SEGMENT_HEADER_BYTES,
  segmentHeader,
  segmentName,
  walFiles,
} from './segment-format.ts'
import { encodeSeries, type LoggedSeries } from './series-payload.ts'

/**
 * When what was committed reaches the disk itself. In all three cases a commit returns after the operating system has
 * taken the bytes: a killed process loses nothing that was committed, only a power failure or a kernel crash can.
 *
 *   commit     fdatasync before the commit returns: nothing committed is lost
 *   interval   fdatasync every `syncIntervalMs` and at the end of a segment, in the background: so much may be lost
 *   never      the operating system decides (Linux: some 30 s)
 */
export type WalSync = 'commit' | 'interval' | 'never'

export interface WalOptions {
  readonly sync: WalSync
  readonly syncIntervalMs: number
  /** A segment is ended by the first commit that finds it this large. */
  readonly segmentBytes: number
}

/** A segment that is not written any more. */
export interface ClosedSegment {
  readonly number: number
  readonly bytes: number
  /** Newest sample in it; -Infinity without samples. */
  readonly maxMs: number
}

/**
 * Writes the log: one write for each commit, whole or not at all.
 *
 *   closed ──prepare()──▶ open ──addSeries, addSamples──▶ open ──flush()──▶ written
 *                          ▲                                       └─error─▶ torn ──prepare()──▶ cut back, open
 *                          └── a full segment is ended and the next one begun
 *
 * After a failed write the file is cut back to the last whole commit before anything else is written.
 */
export class Wal {
  readonly #clock: Clock
  readonly #dir: string
  readonly #options: WalOptions
  readonly #closed: ClosedSegment[]
  readonly #buffer = new ByteWriter(64 * 1024)
  #checkpointBytes: number
  #number: number
  #fd: number | undefined
  #bytes = 0
  #maxMs = -Infinity
  #torn = false
  #unsynced = false
  #syncTimer: Timer | undefined
  #syncing: Promise<void> = Promise.resolve()
  #syncError: unknown

  /**
   * Writes nothing until the first commit.
   *
   * @param closed segments that are there already, ascending.
   */
  constructor(
    clock: Clock,
    dir: string,
    options: WalOptions,
    closed: readonly ClosedSegment[],
    next: { readonly number: number; readonly checkpointBytes: number },
  ) {
    this.#clock = clock
    this.#dir = dir
    this.#options = options
    this.#closed = [...closed]
    this.#number = next.number
    this.#checkpointBytes = next.checkpointBytes
  }

  /** Number of the segment that is being written. */
  get segment(): number {
    return this.#number
  }

  /** Bytes of all files of the log. */
  get bytes(): number {
    let bytes = this.#bytes + this.#checkpointBytes
    for (const segment of this.#closed) bytes += segment.bytes
    return bytes
  }

  /** Must come before the records of a commit: afterwards `segment` is the one that they go to. @throws WalError */
  prepare(): void {
    this.#buffer.clear()
    if (this.#syncError !== undefined) {
      const cause = this.#syncError
      this.#syncError = undefined
      throw new WalError('CHURN_WAL_SYNC', this.#path(), cause)
    }
    if (this.#torn) this.#cutBack()
    if (this.#fd !== undefined && this.#bytes >= this.#options.segmentBytes) this.#endSegment()
    if (this.#fd === undefined) this.#beginSegment()
  }

  addSeries(series: readonly LoggedSeries[]): void {
    const at = this.#beginRecord(RecordType.series)
    encodeSeries(this.#buffer, series)
    this.#endRecord(at)
  }

  /** @param bases see `encodeSamples`. */
  addSamples(batch: SampleBatch, bases: Uint32Array): void {
    const at = this.#beginRecord(RecordType.samples)
    encodeSamples(this.#buffer, batch, bases)
    this.#endRecord(at)
  }

  /** Writes what was added. @param maxMs newest sample of it. @throws WalError; nothing of it is in the log then. */
  flush(maxMs: number): void {
    const { bytes, length } = this.#buffer
    const fd = this.#fd!
    try {
      for (let at = 0; at < length;) at += fs.writeSync(fd, bytes, at, length - at, this.#bytes + at)
      if (this.#options.sync === 'commit') fs.fdatasyncSync(fd)
    } catch (error) {
      this.#torn = true
      throw walError(this.#path(), error)
    }
    this.#bytes += length
    this.#maxMs = Math.max(this.#maxMs, maxMs)
    if (this.#options.sync === 'interval') this.#syncLater()
  }

  /** The last of the leading segments whose samples are all older than `cutoffMs`; `undefined` when there is none. */
  expired(cutoffMs: number): ClosedSegment | undefined {
    let last: ClosedSegment | undefined
    for (const segment of this.#closed) {
      if (segment.maxMs >= cutoffMs) break
      last = segment
    }
    return last
  }

  /** Whether dropping the segments up to `number` frees more than writing the checkpoint costs. */
  isWorthDropping(number: number): boolean {
    let bytes = 0
    for (const segment of this.#closed) if (segment.number <= number) bytes += segment.bytes
    return bytes >= 2 * this.#checkpointBytes
  }

  /**
   * Drops the segments up to `number`, after the series that are still wanted have been put into a checkpoint.
   *
   * The checkpoint appears whole or not at all; a crash before the end leaves files that the next start drops.
   *
   * @param series all that later records may refer to, in batches; asked for one by one.
   * @throws WalError; nothing has been dropped then.
   */
  async truncate(number: number, series: Iterable<readonly LoggedSeries[]>): Promise<void> {
    const target = path.join(this.#dir, checkpointName(number))
    const draft = path.join(this.#dir, draftName(number))
    const out = new ByteWriter()
    let bytes = SEGMENT_HEADER_BYTES
    try {
      const file = await fs.promises.open(draft, 'w')
      try {
        await file.write(segmentHeader(number))
        for (const batch of series) {
          out.clear()
          const at = beginRecord(out, RecordType.series)
          encodeSeries(out, batch)
          endRecord(out, at)
          await file.write(out.bytes, 0, out.length)
          bytes += out.length
        }
        await file.sync()
      } finally {
        await file.close()
      }
      await fs.promises.rename(draft, target)
      syncDirectory(this.#dir)
    } catch (error) {
      await fs.promises.rm(draft, { force: true })
      throw walError(target, error)
    }
    this.#checkpointBytes = bytes
    while (this.#closed.length > 0 && this.#closed[0]!.number <= number) this.#closed.shift()
    await dropOlder(this.#dir, number)
  }

  /** Waits until everything is on the disk (unless `sync` is `never`). @throws WalError */
  async close(): Promise<void> {
    this.#syncTimer?.cancel()
    await this.#syncing
    if (this.#fd === undefined) return
    const fd = this.#fd
    this.#fd = undefined
    try {
      if (this.#torn) fs.ftruncateSync(fd, this.#bytes)
      if (this.#options.sync !== 'never') fs.fsyncSync(fd)
    } catch (error) {
      throw walError(this.#path(), error)
    } finally {
      fs.closeSync(fd)
    }
    if (this.#syncError !== undefined) throw new WalError('CHURN_WAL_SYNC', this.#path(), this.#syncError)
  }

  #path(): string {
    return path.join(this.#dir, segmentName(this.#number))
  }

  #beginRecord(type: RecordType): number {
    return beginRecord(this.#buffer, type)
  }

  #endRecord(at: number): void {
    endRecord(this.#buffer, at)
  }

  #beginSegment(): void {
    const file = this.#path()
    let fd: number | undefined
    try {
      fd = fs.openSync(file, 'wx')
      fs.writeSync(fd, segmentHeader(this.#number))
      if (this.#options.sync !== 'never') syncDirectory(this.#dir)
    } catch (error) {
      if (fd !== undefined) {
        fs.closeSync(fd)
        fs.rmSync(file, { force: true })
      }
      throw walError(file, error)
    }
    this.#fd = fd
    this.#bytes = SEGMENT_HEADER_BYTES
    this.#maxMs = -Infinity
  }

  #endSegment(): void {
    const fd = this.#fd!
    this.#closed.push({ number: this.#number, bytes: this.#bytes, maxMs: this.#maxMs })
    this.#fd = undefined
    this.#number++
    this.#bytes = 0
    this.#syncTimer?.cancel()
    this.#syncTimer = undefined
    if (this.#options.sync !== 'interval') fs.closeSync(fd)
    else this.#syncing = this.#syncing.then(() => this.#sync(fd)).finally(() => fs.closeSync(fd))
  }

  #cutBack(): void {
    try {
      fs.ftruncateSync(this.#fd!, this.#bytes)
    } catch (error) {
      throw walError(this.#path(), error)
    }
    this.#torn = false
  }

  #syncLater(): void {
    this.#unsynced = true
    this.#syncTimer ??= this.#clock.schedule(this.#options.syncIntervalMs, () => {
      this.#syncTimer = undefined
      const fd = this.#fd
      if (fd === undefined || !this.#unsynced) return
      this.#unsynced = false
      this.#syncing = this.#syncing.then(() => this.#sync(fd))
    })
  }

  /** Never rejects: a failure is told by the next commit. The descriptor stays open until `#syncing` has settled. */
  #sync(fd: number): Promise<void> {
    return new Promise(resolve => {
      fs.fdatasync(fd, error => {
        if (error) this.#syncError ??= error
        resolve()
      })
    })
  }
}

function beginRecord(out: ByteWriter, type: RecordType): number {
  const at = out.length
  out.reserve(RECORD_HEADER_BYTES)
  out.bytes[at] = type
  out.length += RECORD_HEADER_BYTES
  return at
}

function endRecord(out: ByteWriter, at: number): void {
  const payloadBytes = out.length - at - RECORD_HEADER_BYTES
  out.bytes.writeUInt32LE(payloadBytes, at + 1)
  out.bytes.writeUInt32LE(recordCrc(out.bytes, at, payloadBytes), at + 5)
}

/** Makes names that were added to or removed from a directory durable, where the platform can. */
function syncDirectory(dir: string): void {
  if (process.platform === 'win32') return
  const fd = fs.openSync(dir, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** Removes what the checkpoint of `number` stands for: segments up to it, and older checkpoints. */
export async function dropOlder(dir: string, number: number): Promise<void> {
  const { segments, checkpoints } = walFiles(await fs.promises.readdir(dir))
  for (const segment of segments) {
    if (segment <= number) await fs.promises.rm(path.join(dir, segmentName(segment)), { force: true })
  }
  for (const checkpoint of checkpoints) {
    if (checkpoint < number) await fs.promises.rm(path.join(dir, checkpointName(checkpoint)), { force: true })
  }
}
