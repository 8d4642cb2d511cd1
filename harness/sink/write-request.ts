import { PbfReader } from 'pbf'
import type { SampleStore } from './sample-store.ts'
import type { StoredSeries } from './stored-series.ts'

/** What one request brought. */
export interface Received {
  /** All samples, stale markers and repeated ones included. */
  readonly samples: number
  /** Of these, the ones that had been received before. */
  readonly repeated: number
  /** Native histograms: this store keeps none. */
  readonly histograms: number
}

/** Not a WriteRequest. */
export class WriteRequestError extends Error {
  override readonly name = 'WriteRequestError'
}

const BYTES = 2
const FIXED64 = 1
const VARINT = 0

/**
 * Stores what a Prometheus remote-write 1.0 request holds:
 *
 *   WriteRequest  1 timeseries*  3 metadata*
 *   TimeSeries    1 labels*  2 samples*  3 exemplars*  4 histograms*
 *   Label         1 name  2 value
 *   Sample        1 value (double)  2 timestamp (int64, Unix milliseconds)
 *
 * Senders write the labels of a series as the same bytes each time, so that these bytes find the series: labels are read
 * as text once.
 */
export class WriteRequestReader {
  readonly #store: SampleStore
  /** By the bytes of its labels, as Latin-1. */
  readonly #byBytes = new Map<string, StoredSeries>()

  constructor(store: SampleStore) {
    this.#store = store
  }

  /** @throws WriteRequestError; what came before the fault is stored. */
  read(body: Buffer): Received {
    const reader = new PbfReader(body)
    const received = { samples: 0, repeated: 0, histograms: 0 }
    try {
      for (let field = next(reader, body.length); field !== 0; field = next(reader, body.length)) {
        if (field === 1) this.#series(body, reader, endOfMessage(reader, body.length), received)
      }
    } catch (cause) {
      // The library's own, of numbers without end and wire types that there are not.
      throw cause instanceof WriteRequestError ? cause : new WriteRequestError((cause as Error).message, { cause })
    }
    return received
  }

  // hot: once per series of a request.
  #series(body: Buffer, reader: PbfReader, end: number, received: Mutable<Received>): void {
    const start = reader.pos
    const series = this.#seriesOf(body, reader, end)
    reader.pos = start
    for (let field = next(reader, end); field !== 0; field = next(reader, end)) {
      if (field === 2) {
        received.samples++
        if (!readSample(reader, endOfMessage(reader, end), series)) received.repeated++
      } else if (field === 4) received.histograms++
    }
  }

  #seriesOf(body: Buffer, reader: PbfReader, end: number): StoredSeries {
    const start = reader.pos
    let key = ''
    let from = start
    let to = start
    for (let at = start, field = next(reader, end); field !== 0; at = reader.pos, field = next(reader, end)) {
      const fieldEnd = endOfField(reader, end)
      reader.pos = fieldEnd
      if (field !== 1) continue
      if (at !== to) {
        key += body.toString('latin1', from, to)
        from = at
      }
      to = fieldEnd
    }
    key += body.toString('latin1', from, to)
    const known = this.#byBytes.get(key)
    if (known !== undefined) return known
    reader.pos = start
    const pairs: string[] = []
    for (let field = next(reader, end); field !== 0; field = next(reader, end)) {
      if (field === 1) readLabel(reader, endOfMessage(reader, end), pairs)
    }
    const series = this.#store.series(pairs)
    this.#byBytes.set(key, series)
    return series
  }
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] }

function readLabel(reader: PbfReader, end: number, pairs: string[]): void {
  let name = ''
  let value = ''
  for (let field = next(reader, end); field !== 0; field = next(reader, end)) {
    if (field > 2) continue
    const stringEnd = endOfMessage(reader, end)
    const text = Buffer.from(reader.buf.buffer, reader.buf.byteOffset + reader.pos, stringEnd - reader.pos).toString()
    reader.pos = stringEnd
    if (field === 1) name = text
    else value = text
  }
  if (name === '') throw new WriteRequestError('a label has no name')
  pairs.push(name, value)
}

// hot: once per sample. Proto3 leaves out what is 0.
function readSample(reader: PbfReader, end: number, series: StoredSeries): boolean {
  let low = 0
  let high = 0
  let tMs = 0
  for (let field = next(reader, end); field !== 0; field = next(reader, end)) {
    if (field === 1) {
      expectType(reader, FIXED64)
      if (reader.pos + 8 > end) throw new WriteRequestError('a value is cut off')
      low = reader.readFixed32()
      high = reader.readFixed32()
    } else if (field === 2) {
      expectType(reader, VARINT)
      tMs = reader.readVarint(true)
    }
  }
  return series.append(tMs, low, high)
}

/** The next field's number, 0 at the end of the message; a field that was not read is skipped. */
function next(reader: PbfReader, end: number): number {
  const field = reader.nextField(end)
  if (reader.pos > end || (field === 0 && reader.pos !== end)) throw new WriteRequestError('a message is cut off')
  return field
}

/** Where the field ends whose tag was just read. */
function endOfField(reader: PbfReader, end: number): number {
  if (reader.type === BYTES) return endOfMessage(reader, end)
  reader.skip(reader.type)
  if (reader.pos > end) throw new WriteRequestError('a message is cut off')
  return reader.pos
}

/** Where the message or string ends whose tag was just read; the reader stands at its first byte then. */
function endOfMessage(reader: PbfReader, end: number): number {
  expectType(reader, BYTES)
  const length = reader.readVarint()
  if (!(length <= end - reader.pos)) throw new WriteRequestError('a message is longer than what it is in')
  return reader.pos + length
}

function expectType(reader: PbfReader, type: number): void {
  if (reader.type !== type) throw new WriteRequestError(`wire type ${reader.type} where ${type} is expected`)
}
