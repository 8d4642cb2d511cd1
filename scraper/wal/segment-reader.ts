import { ByteReader, MalformedPayload } from './byte-reader.ts'
import { crc32c } from './crc32c.ts'
import { MAGIC, RECORD_HEADER_BYTES, recordCrc, RecordType, SEGMENT_HEADER_BYTES, VERSION } from './segment-format.ts'

export interface RecordVisitor {
  series(payload: ByteReader): void
  samples(payload: ByteReader): void
}

export interface SegmentOutcome {
  /** Records given to the visitor. */
  readonly records: number
  /** Bytes that were good, from the start of the file. */
  readonly goodBytes: number
  /** Why the rest was not read; `undefined` when there is no rest. */
  readonly damage: string | undefined
}

/** The segment was written by a version that we do not know. Its header is intact: this is not damage. */
export class UnknownVersion extends Error {
  override readonly name = 'UnknownVersion'
}

/**
 * Gives the records of a segment to `visitor`, up to the first that is damaged.
 *
 * Behind damage nothing is read: sample records build on those before them in the segment (see samples-payload.ts).
 *
 * @param number the segment's number as its file name says it.
 * @throws UnknownVersion
 */
export function readSegment(bytes: Buffer, number: number, visitor: RecordVisitor): SegmentOutcome {
  const headerDamage = checkHeader(bytes, number)
  if (headerDamage !== undefined) return { records: 0, goodBytes: 0, damage: headerDamage }

  let at = SEGMENT_HEADER_BYTES
  let records = 0
  while (at < bytes.length) {
    const stop = (damage: string): SegmentOutcome => ({ records, goodBytes: at, damage })
    if (at + RECORD_HEADER_BYTES > bytes.length) return stop('a record is cut short')
    const type = bytes[at]!
    const payloadBytes = bytes.readUInt32LE(at + 1)
    const end = at + RECORD_HEADER_BYTES + payloadBytes
    if (end > bytes.length) return stop('a record is cut short')
    if (recordCrc(bytes, at, payloadBytes) !== bytes.readUInt32LE(at + 5)) return stop('a checksum is wrong')
    const payload = new ByteReader(bytes, at + RECORD_HEADER_BYTES, end)
    try {
      if (type === RecordType.series) visitor.series(payload)
      else if (type === RecordType.samples) visitor.samples(payload)
      else return stop(`a record of unknown type ${type}`)
    } catch (error) {
      if (error instanceof MalformedPayload) return stop(`a malformed record (${error.message})`)
      throw error
    }
    records++
    at = end
  }
  return { records, goodBytes: at, damage: undefined }
}

function checkHeader(bytes: Buffer, number: number): string | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES) return 'the header is cut short'
  if (crc32c(bytes, 0, 16) !== bytes.readUInt32LE(16) || bytes.compare(MAGIC, 0, 8, 0, 8) !== 0) {
    return 'the header is damaged'
  }
  const version = bytes.readUInt32LE(8)
  if (version !== VERSION) throw new UnknownVersion(`version ${version}`)
  if (bytes.readUInt32LE(12) !== number) return 'the header belongs to another segment'
  return undefined
}
