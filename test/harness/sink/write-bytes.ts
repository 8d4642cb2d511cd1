import { PbfWriter } from 'pbf'
import snappy from 'snappyjs'

export interface WrittenSeries {
  readonly labels: readonly (readonly [string, string])[]
  /** Value as its 64 bits, or as a number; time in Unix milliseconds. */
  readonly samples: readonly (readonly [value: number | bigint, tMs: number])[]
}

export const STALE = 0x7ff0000000000002n

/** A WriteRequest as Prometheus writes it, compressed. */
export function writeRequest(series: readonly WrittenSeries[]): Buffer {
  return snappy.compress(plainRequest(series))
}

export function plainRequest(series: readonly WrittenSeries[]): Buffer {
  const writer = new PbfWriter()
  for (const each of series) {
    writer.writeMessage(
      1,
      (one, message) => {
        for (const label of one.labels) {
          message.writeMessage(
            1,
            ([name, value], pair) => {
              pair.writeStringField(1, name)
              pair.writeStringField(2, value)
            },
            label,
          )
        }
        for (const sample of one.samples) {
          message.writeMessage(
            2,
            ([value, tMs], row) => {
              // Prometheus leaves out what is 0.
              const bits = Buffer.alloc(8)
              if (typeof value === 'bigint') bits.writeBigUInt64LE(value)
              else bits.writeDoubleLE(value)
              if (bits.readBigUInt64LE() !== 0n) {
                row.writeTag(1, 1)
                row.writeFixed32(bits.readUInt32LE(0))
                row.writeFixed32(bits.readUInt32LE(4))
              }
              if (tMs !== 0) row.writeVarintField(2, tMs)
            },
            sample,
          )
        }
      },
      each,
    )
  }
  return Buffer.from(writer.finish())
}
