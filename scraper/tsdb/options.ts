import type { CodedError } from '../../base/index.ts'
import type { WalSync } from '../wal/index.ts'

/** What a caller may say; everything has a default. */
export interface StorageOptions {
  /** Data directory, made when it is not there. Without one everything stays in memory. */
  readonly dir?: string
  /** Samples older than the newest by more than this are dropped. Default 15 d as Prometheus; in memory: never. */
  readonly retentionMs?: number
  /** Default `interval`. */
  readonly walSync?: WalSync
  /** With `interval`: default 10 s. */
  readonly walSyncIntervalMs?: number
  /** Default 16 MiB. */
  readonly walSegmentBytes?: number
  /** Chunks end at multiples of this. Default 2 h, as Prometheus' blocks. */
  readonly chunkRangeMs?: number
  /**
   * Samples older than the newest of all by more than this are refused as too old; never more than `retentionMs`.
   * Default half of `chunkRangeMs`, as Prometheus; in memory: no bound, for tests load one series after the other.
   */
  readonly appendWindowMs?: number
  /** Time between two walks over all series that drop what is too old. Default 1 min. */
  readonly sweepIntervalMs?: number
  /** A series without a sample for so long gives the memory of its open chunk back. Default 10 min. */
  readonly idleMs?: number
  /** Told of failures in the background, which nobody waits for. The storage goes on. */
  readonly onProblem?: (problem: CodedError) => void
}

const MINUTE_MS = 60_000

/** @returns all options, with their defaults. */
export function completeOptions(input: StorageOptions): Required<Omit<StorageOptions, 'dir'>> {
  const inMemory = input.dir === undefined
  const retentionMs = input.retentionMs ?? (inMemory ? Infinity : 15 * 24 * 60 * MINUTE_MS)
  const chunkRangeMs = input.chunkRangeMs ?? 120 * MINUTE_MS
  return {
    retentionMs,
    walSync: input.walSync ?? 'interval',
    walSyncIntervalMs: input.walSyncIntervalMs ?? 10_000,
    walSegmentBytes: input.walSegmentBytes ?? 16 * 1024 * 1024,
    chunkRangeMs,
    appendWindowMs: Math.min(retentionMs, input.appendWindowMs ?? (inMemory ? Infinity : chunkRangeMs / 2)),
    sweepIntervalMs: input.sweepIntervalMs ?? MINUTE_MS,
    idleMs: input.idleMs ?? 10 * MINUTE_MS,
    onProblem: input.onProblem ?? (() => {}),
  }
}
