import { crc32c } from './crc32c.ts'

/**
 * The frame of a segment file; docs/formats/wal.md draws it.
 *
 *   segment = magic "CHURNWAL" · u32 version · u32 number · u32 CRC-32C of the 16 bytes before · record*
 *   record  = u8 type · u32 payload bytes · u32 CRC-32C of type, length and payload · payload      (little-endian)
 */
export const SEGMENT_HEADER_BYTES = 20
export const RECORD_HEADER_BYTES = 9
export const VERSION = 1
export const MAGIC: Buffer = Buffer.from('CHURNWAL', 'latin1')

export const RecordType = { series: 1, samples: 2 } as const
export type RecordType = (typeof RecordType)[keyof typeof RecordType]

export function segmentHeader(number: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32LE(VERSION, 8)
  header.writeUInt32LE(number, 12)
  header.writeUInt32LE(crc32c(header, 0, 16), 16)
  return header
}

/** Checksum of the record at `at` whose type and length are written already. */
export function recordCrc(bytes: Buffer, at: number, payloadBytes: number): number {
  // The checksum field itself counts as zeros: one pass over one range. It is put back afterwards.
  const field = bytes.readUInt32LE(at + 5)
  bytes.writeUInt32LE(0, at + 5)
  const crc = crc32c(bytes, at, at + RECORD_HEADER_BYTES + payloadBytes)
  bytes.writeUInt32LE(field, at + 5)
  return crc
}

const SEGMENT_NAME = /^\d{8,}$/
const CHECKPOINT_NAME = /^checkpoint\.(\d{8,})$/

export function segmentName(number: number): string {
  return String(number).padStart(8, '0')
}

/** Holds the series of all segments up to `number`. */
export function checkpointName(number: number): string {
  return `checkpoint.${segmentName(number)}`
}

/** Where a checkpoint is written before it gets its name. */
export function draftName(number: number): string {
  return `${checkpointName(number)}.tmp`
}

export function isDraft(name: string): boolean {
  return name.endsWith('.tmp') && CHECKPOINT_NAME.test(name.slice(0, -'.tmp'.length))
}

/** What a directory holds, ascending; other names are not ours. */
export function walFiles(names: readonly string[]): { readonly segments: number[]; readonly checkpoints: number[] } {
  const ascending = (a: number, b: number): number => a - b
  return {
    segments: names
      .filter(name => SEGMENT_NAME.test(name))
      .map(Number)
      .sort(ascending),
    checkpoints: names
      .map(name => CHECKPOINT_NAME.exec(name)?.[1])
      .filter(number => number !== undefined)
      .map(Number)
      .sort(ascending),
  }
}
