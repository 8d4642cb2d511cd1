import type { Conversion } from './conversion.ts'
import { type CsvRow, csvRows } from './csv-rows.ts'
import { isTimeColumn } from './detect-format.ts'

/** Requests that arrived in a window of time, in milliseconds since the first window's start. */
export interface ArrivalWindow {
  readonly startMs: number
  /** Of the last one the last arrival: what would have come after it is not known. */
  readonly endMs: number
  readonly requests: number
}

const RATE_COLUMNS = ['rate', 'rps', 'qps', 'requests_per_second', 'value']
/** A week without a request has some 40 000 windows; beyond some years a unit was mistaken. */
const GAP_WINDOWS_MAX = 10_000_000

/**
 * Cuts a series of arrivals into windows of equal length from the first row on, empty ones included. The first column is the
 * time: a date and time (UTC unless it says otherwise), Unix seconds or milliseconds, or seconds since the start. With a
 * second column `rate` (or `rps`, `qps`, …) each row holds until the next and the last as long as the one before it;
 * otherwise each row is one request.
 *
 * Sets the conversion's start. Rows must be in order; within the window that is being filled, order does not matter.
 */
export async function* arrivalWindows(
  bytes: AsyncIterable<Buffer>,
  conversion: Conversion,
  windowMs: number,
): AsyncGenerator<ArrivalWindow> {
  let timeColumn = ''
  let rateColumn: string | undefined
  const judge = (columns: readonly string[]): string | undefined => {
    timeColumn = columns[0]!
    if (!isTimeColumn(timeColumn))
      return `the first column is "${timeColumn}"; it must be the time, as timestamp or time`
    rateColumn = columns[1] !== undefined && RATE_COLUMNS.includes(columns[1]) ? columns[1] : undefined
    return undefined
  }
  const clock = new RowClock()
  let window: Window | undefined
  let last: { readonly t: number; readonly rate: number } | undefined
  let heldMs = 0
  for await (const row of csvRows(bytes, conversion, judge)) {
    const t = clock.read(row.fields.get(timeColumn)!)
    if (t === undefined) {
      const expected = 'a date and time, or a number of seconds, is expected'
      conversion.fault(
        `line ${row.line}`,
        `${timeColumn} is ${JSON.stringify(row.fields.get(timeColumn))} where ${expected}`,
      )
      continue
    }
    const rate = rateColumn === undefined ? 0 : rateOf(row, rateColumn, conversion)
    if (rate === undefined) continue
    if (window === undefined) {
      window = new Window(t, windowMs)
      conversion.startUnixMs = clock.isAbsolute ? t : undefined
    }
    if (t < (last?.t ?? window.firstMs)) {
      conversion.fault(`line ${row.line}`, 'time goes back; sort the rows by time')
      continue
    }
    if ((t - window.firstMs) / windowMs > GAP_WINDOWS_MAX) {
      conversion.fault(
        `line ${row.line}`,
        `is ${Math.round((t - window.firstMs) / 86_400_000)} days after the first row`,
      )
      continue
    }
    conversion.read(rateColumn === undefined ? 'requests' : 'rates')
    if (rateColumn === undefined) {
      yield* window.add(t, 1)
    } else {
      if (last !== undefined) {
        yield* window.hold(last.t, t, last.rate)
        heldMs = t - last.t
      }
      last = { t, rate }
    }
  }
  if (window === undefined) return
  if (last !== undefined) yield* window.hold(last.t, last.t + (heldMs || windowMs), last.rate)
  yield window.end()
  if (clock.isAbsolute && !clock.hasZone) conversion.infer('times without a zone, taken as UTC', 1)
}

function rateOf({ line, fields }: CsvRow, column: string, conversion: Conversion): number | undefined {
  const text = fields.get(column)!
  const rate = Number(text)
  if (text !== '' && Number.isFinite(rate) && rate >= 0) return rate
  conversion.fault(`line ${line}`, `${column} is ${JSON.stringify(text)} where requests per second are expected`)
  return undefined
}

/** The window that is being filled. */
class Window {
  readonly #windowMs: number
  readonly #originMs: number
  /** Of this window, on the clock of the rows. */
  firstMs: number
  #requests = 0
  /** How far arrivals are known. */
  #knownMs: number

  constructor(originMs: number, windowMs: number) {
    this.#windowMs = windowMs
    this.#originMs = originMs
    this.firstMs = originMs
    this.#knownMs = originMs
  }

  /** Windows that are complete when something arrives at `t`. */
  *add(t: number, requests: number): Generator<ArrivalWindow> {
    this.#knownMs = Math.max(this.#knownMs, t)
    while (t >= this.firstMs + this.#windowMs) {
      yield this.#take()
      this.firstMs += this.#windowMs
    }
    this.#requests += requests
  }

  /** A rate per second from one instant to another. */
  *hold(fromMs: number, toMs: number, rate: number): Generator<ArrivalWindow> {
    for (let t = fromMs; t < toMs;) {
      yield* this.add(t, 0)
      const until = Math.min(toMs, this.firstMs + this.#windowMs)
      this.#requests += (rate * (until - t)) / 1000
      t = until
    }
    this.#knownMs = Math.max(this.#knownMs, toMs)
  }

  /** The one that is not complete. */
  end(): ArrivalWindow {
    return this.#take()
  }

  #take(): ArrivalWindow {
    const endMs = Math.min(this.firstMs + this.#windowMs, this.#knownMs) - this.#originMs
    const window = { startMs: this.firstMs - this.#originMs, endMs, requests: this.#requests }
    this.#requests = 0
    return window
  }
}

const NUMBER = /^\d+(\.\d+)?$/
const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) ?(Z|UTC|[+-]\d\d:?\d\d)?$/

/** Reads times of one column; the first says of which kind they are. */
class RowClock {
  #unit: 'date' | 'relative' | 's' | 'ms' | undefined
  hasZone = true

  /** Whether they are of the calendar. */
  get isAbsolute(): boolean {
    return this.#unit !== 'relative'
  }

  /** Whole milliseconds, since 1970 or since the start. */
  read(text: string): number | undefined {
    if (NUMBER.test(text)) {
      const value = Number(text)
      this.#unit ??= value < 1e9 ? 'relative' : value < 1e11 ? 's' : 'ms'
      if (this.#unit === 'date') return undefined
      return Math.floor(this.#unit === 'ms' ? value : value * 1000)
    }
    const parts = DATE_TIME.exec(text)
    if (parts === null || (this.#unit ?? 'date') !== 'date') return undefined
    const [, date, time, zone] = parts
    const offset = zone === undefined || zone === 'UTC' ? 'Z' : zone
    const ms = Date.parse(`${date}T${time!.replace(',', '.')}${offset}`)
    if (Number.isNaN(ms)) return undefined
    this.#unit = 'date'
    if (zone === undefined) this.hasZone = false
    return ms
  }
}
