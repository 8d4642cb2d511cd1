import { POWERS_OF_TEN, writeHex16 } from './decimal.ts'
import type { Sample } from './family.ts'
import { escapeName, type Escaping } from './name-escaping.ts'
import {
  DOUBLE_BYTES,
  lengthField,
  timestampBytes,
  varintBytes,
  writeDouble,
  writeTimestamp,
  writeVarint,
} from './protobuf-bytes.ts'

export interface NumberedSample {
  /** Of its number, in the families' piece of a row. */
  readonly index: number
  /** Of its exemplar's first number. */
  readonly extra: number
  readonly sample: Sample
}

/** Labels as a metric and an exemplar have them. */
export function labelFields(labels: Readonly<Record<string, string>>, escaping: Escaping): Buffer {
  return Buffer.concat(
    Object.entries(labels).map(([name, value]) =>
      lengthField(1, Buffer.concat([lengthField(1, escapeName(name, escaping)), lengthField(2, value)])),
    ),
  )
}

/** The text of an exemplar: its constant labels, and the start of the one whose value is its id. */
export class ExemplarBytes {
  readonly #labels: Buffer
  readonly #scale: number
  readonly #at: number

  constructor({ sample, extra }: NumberedSample, escaping: Escaping) {
    const { idLabel, labels = {}, decimals = 0 } = sample.exemplar!
    const id = lengthField(
      1,
      Buffer.concat([lengthField(1, escapeName(idLabel, escaping)), lengthField(2, '0'.repeat(16))]),
    )
    this.#labels = Buffer.concat([labelFields(labels, escaping), id])
    this.#scale = POWERS_OF_TEN[decimals]!
    this.#at = extra
  }

  /** With the length before it, without a tag; 0: there is none yet. */
  size(row: Float64Array, from: number): number {
    const at = from + this.#at
    if (Number.isNaN(row[at]!)) return 0
    const content = this.#contentBytes(row[at + 2]!)
    return varintBytes(content) + content
  }

  write(out: Buffer, at: number, tag: number, row: Float64Array, from: number): number {
    const index = from + this.#at
    if (Number.isNaN(row[index]!)) return at
    const unixMs = row[index + 2]!
    out[at++] = tag
    at = writeVarint(out, at, this.#contentBytes(unixMs))
    out.set(this.#labels, at)
    at += this.#labels.length
    // Its id is the last text of the labels.
    writeHex16(out, at - 16, row[index]!)
    at = writeDouble(out, at, 0x11, row[index + 1]! / this.#scale)
    out[at++] = 0x1a
    at = writeVarint(out, at, timestampBytes(unixMs))
    return writeTimestamp(out, at, unixMs)
  }

  #contentBytes(unixMs: number): number {
    const time = timestampBytes(unixMs)
    return this.#labels.length + DOUBLE_BYTES + 1 + varintBytes(time) + time
  }
}
