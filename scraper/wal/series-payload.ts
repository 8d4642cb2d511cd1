import { Labels } from '../model/index.ts'
import { MalformedPayload, type ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'

/** Payload of a series record: drawn in docs/formats/wal.md. Self-contained: its strings are in front. */

export interface LoggedSeries {
  readonly ref: number
  readonly labels: Labels
}

export function encodeSeries(out: ByteWriter, series: readonly LoggedSeries[]): void {
  const symbols = new Map<string, number>()
  for (const { labels } of series)
    for (const text of labels.flat) if (!symbols.has(text)) symbols.set(text, symbols.size)
  out.uvarint(symbols.size)
  for (const text of symbols.keys()) out.text(text)

  out.uvarint(series.length)
  let before = 0
  for (const { ref, labels } of series) {
    out.varint(ref - before)
    before = ref
    out.uvarint(labels.size)
    for (const text of labels.flat) out.uvarint(symbols.get(text)!)
  }
}

/** @throws MalformedPayload */
export function decodeSeries(reader: ByteReader): LoggedSeries[] {
  const symbols: string[] = []
  for (let left = reader.uvarint(); left > 0; left--) symbols.push(reader.text())

  const series: LoggedSeries[] = []
  let ref = 0
  for (let left = reader.uvarint(); left > 0; left--) {
    ref += reader.varint()
    if (ref <= 0 || ref > 0xffff_ffff) throw new MalformedPayload('a bad ref')
    const flat: string[] = []
    for (let texts = reader.uvarint() * 2; texts > 0; texts--) {
      const text = symbols[reader.uvarint()]
      if (text === undefined) throw new MalformedPayload('an unknown symbol')
      flat.push(text)
    }
    series.push({ ref, labels: Labels.fromSortedFlat(flat) })
  }
  return series
}
