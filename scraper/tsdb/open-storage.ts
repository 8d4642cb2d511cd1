import path from 'node:path'
import { type Clock, makeFolder } from '../../base/index.ts'
import type { Storage } from '../storage/interfaces.ts'
import { replayLog, Wal } from '../wal/index.ts'
import { DirLock } from './dir-lock.ts'
import { storageError } from './errors.ts'
import { Head, type HeadMemory } from './head.ts'
import { completeOptions, type StorageOptions } from './options.ts'
import { HeadReplay, type ReplayReport } from './replay.ts'
import { Upkeep } from './upkeep.ts'

export interface HeadStorage extends Storage {
  /** What was found at the start; all zeros in memory. */
  readonly replay: ReplayReport
  memory(): HeadMemory
}

/**
 * Opens a storage: locks its directory, replays and repairs its log, and starts its upkeep.
 *
 *   dir/lock   names the process that uses it
 *   dir/wal/   the log (docs/formats/wal.md)
 *
 * Damage in the log is no error: what could be read is there, and `replay` tells what was lost.
 *
 * @throws StorageError when the directory cannot be used, WalError when the log cannot.
 */
export async function openStorage(clock: Clock, options: StorageOptions = {}): Promise<HeadStorage> {
  const complete = completeOptions(options)
  const head = new Head(complete)
  const { dir } = options
  if (dir === undefined) {
    const upkeep = new Upkeep(clock, '', head, undefined, new Map(), complete)
    if (complete.retentionMs !== Infinity) upkeep.start()
    return new OpenStorage(head, EMPTY_REPLAY, () => upkeep.stop())
  }

  const walDir = path.join(dir, 'wal')
  try {
    makeFolder(walDir)
  } catch (error) {
    throw storageError(dir, error)
  }
  const lock = DirLock.acquire(dir)
  try {
    const startedNs = clock.monotonicNs()
    const replay = new HeadReplay(head)
    const log = await replayLog(walDir, replay)
    const wal = new Wal(
      clock,
      walDir,
      { sync: complete.walSync, syncIntervalMs: complete.walSyncIntervalMs, segmentBytes: complete.walSegmentBytes },
      log.closed,
      { number: log.nextNumber, checkpointBytes: log.checkpointBytes },
    )
    head.attachLog(wal)
    const orphans = replay.orphans(head.maxMs - complete.retentionMs)
    const report: ReplayReport = {
      segments: log.closed.length,
      records: log.records,
      bytes: log.bytes,
      series: head.index.seriesCount,
      samples: replay.samplesRestored,
      samplesExpired: orphans.expired,
      samplesWithoutSeries: orphans.lost,
      damage: log.damage,
      durationMs: Number(clock.monotonicNs() - startedNs) / 1e6,
    }
    const upkeep = new Upkeep(clock, walDir, head, wal, replay.aliases, complete)
    upkeep.start()
    return new OpenStorage(head, report, async () => {
      await upkeep.stop()
      try {
        await wal.close()
      } finally {
        lock.release()
      }
    })
  } catch (error) {
    lock.release()
    throw error
  }
}

const EMPTY_REPLAY: ReplayReport = {
  segments: 0,
  records: 0,
  bytes: 0,
  series: 0,
  samples: 0,
  samplesExpired: 0,
  samplesWithoutSeries: 0,
  damage: [],
  durationMs: 0,
}

class OpenStorage implements HeadStorage {
  readonly replay: ReplayReport
  readonly #head: Head
  readonly #close: () => Promise<void>
  #closing: Promise<void> | undefined

  constructor(head: Head, replay: ReplayReport, close: () => Promise<void>) {
    this.#head = head
    this.replay = replay
    this.#close = close
  }

  appender(): ReturnType<Storage['appender']> {
    return this.#head.appender()
  }

  querier(minMs: number, maxMs: number): ReturnType<Storage['querier']> {
    return this.#head.querier(minMs, maxMs)
  }

  stats(): ReturnType<Storage['stats']> {
    return this.#head.stats()
  }

  cardinality(limit: number): ReturnType<Storage['cardinality']> {
    return this.#head.cardinality(limit)
  }

  memory(): HeadMemory {
    return this.#head.memory()
  }

  /** Idempotent. Appenders must have ended. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }
}
