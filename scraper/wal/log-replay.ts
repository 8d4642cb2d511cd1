import fs from 'node:fs'
import path from 'node:path'
import { walError, WalError } from './errors.ts'
import { checkpointName, isDraft, segmentName, walFiles } from './segment-format.ts'
import { readSegment, type RecordVisitor, UnknownVersion } from './segment-reader.ts'
import type { ClosedSegment } from './wal.ts'
import { dropOlder } from './wal.ts'

/** A part of the log that was lost. */
export interface WalDamage {
  readonly file: string
  /** Where the damage begins; 0 when the whole file is affected. */
  readonly offsetBytes: number
  /** Bytes from there to the end of the file: not read, and cut off. */
  readonly lostBytes: number
  readonly reason: string
}

export interface LogReplay {
  readonly closed: readonly ClosedSegment[]
  readonly nextNumber: number
  readonly checkpointBytes: number
  readonly records: number
  readonly bytes: number
  readonly damage: readonly WalDamage[]
}

export interface LogVisitor extends RecordVisitor {
  /** A segment begins: sample records start from no bases. The checkpoint is number 0. */
  segment(number: number): void
  /** Newest sample since `segment` was called; -Infinity without. */
  readonly segmentMaxMs: number
}

/**
 * Reads a log from its checkpoint to its last segment, repairing it on the way.
 *
 * Damage ends a file, not the log: the file is cut off where the damage begins, so that the next start finds a whole
 * log, and reading goes on with the next segment, which depends on no sample before it.
 *
 * @throws WalError when the files cannot be read or repaired, or come from a newer version.
 */
export async function replayLog(dir: string, visitor: LogVisitor): Promise<LogReplay> {
  const damage: WalDamage[] = []
  const closed: ClosedSegment[] = []
  let records = 0
  let bytes = 0
  let checkpointBytes = 0

  const read = async (file: string, number: number): Promise<number> => {
    const content = await fs.promises.readFile(file)
    const outcome = readSegment(content, number, visitor)
    records += outcome.records
    bytes += outcome.goodBytes
    // An empty file is a segment that was begun and never written: nothing was lost.
    if (outcome.damage !== undefined && content.length > 0) {
      const lostBytes = content.length - outcome.goodBytes
      damage.push({ file, offsetBytes: outcome.goodBytes, lostBytes, reason: outcome.damage })
    }
    // A file of which nothing is good stays, empty: a number that is missing would look like a lost segment.
    if (outcome.damage !== undefined) await fs.promises.truncate(file, outcome.goodBytes)
    return outcome.goodBytes
  }

  let current = dir
  try {
    const names = await fs.promises.readdir(dir)
    // Checkpoints that a crash left unfinished.
    for (const name of names.filter(isDraft)) await fs.promises.rm(path.join(dir, name), { force: true })
    const { segments, checkpoints } = walFiles(names)
    const checkpoint = checkpoints.at(-1)
    if (checkpoint !== undefined) {
      current = path.join(dir, checkpointName(checkpoint))
      visitor.segment(0)
      checkpointBytes = await read(current, checkpoint)
      await dropOlder(dir, checkpoint)
    }
    let expected = (checkpoint ?? 0) + 1
    for (const number of segments) {
      if (checkpoint !== undefined && number <= checkpoint) continue
      current = path.join(dir, segmentName(number))
      if (number !== expected) {
        const file = path.join(dir, segmentName(expected))
        damage.push({
          file,
          offsetBytes: 0,
          lostBytes: 0,
          reason: `${number - expected} segments are missing from here`,
        })
        for (let gap = expected; gap < Math.min(number, expected + GAP_MAX); gap++) {
          await fs.promises.writeFile(path.join(dir, segmentName(gap)), '')
        }
      }
      expected = number + 1
      visitor.segment(number)
      const goodBytes = await read(current, number)
      if (goodBytes > 0) closed.push({ number, bytes: goodBytes, maxMs: visitor.segmentMaxMs })
    }
    const nextNumber = Math.max(segments.at(-1) ?? 0, checkpoint ?? 0) + 1
    return { closed, nextNumber, checkpointBytes, records, bytes, damage }
  } catch (error) {
    if (error instanceof UnknownVersion) throw new WalError('CHURN_WAL_VERSION', current, error)
    throw walError(current, error)
  }
}

/** Missing segments that are replaced by empty ones, so that they are reported once only. */
const GAP_MAX = 1000
