import { GrowableFloat64 } from '../../base/index.ts'
import { type Format, FORMATS } from './exposition-format.ts'
import type { TargetRun, TargetScrapeLog } from './messages.ts'
import type { PageRecord } from './page-record.ts'

/** What became of a request, as `TargetScrapeLog.served` has it. */
export const SERVED = 1
export const EXCUSED = 2

/**
 * The requests that one container's sockets saw: when, and whether each got its complete answer, and in which format. Ten bytes a
 * request.
 */
export class ScrapeLog {
  readonly uid: string
  readonly #requestMs = new GrowableFloat64(16)
  #served = new Uint8Array(16)
  #formats = new Uint8Array(16)
  readonly #runs: TargetRun[] = []
  /** Of a container whose page is not a function of its scrapes. */
  record: PageRecord | undefined

  constructor(uid: string) {
    this.uid = uid
  }

  get count(): number {
    return this.#requestMs.length
  }

  /** The container starts, or starts again: requests from now on are this run's. */
  beginRun(startedUnixMs: number): void {
    this.#runs.push({ firstSequence: this.count + 1, startedUnixMs })
  }

  /** Returns the number of the entry, for `markServed`. */
  add(requestMs: number): number {
    const row = this.#requestMs.length
    this.#requestMs.push(requestMs)
    if (row === this.#served.length) {
      this.#served = doubled(this.#served)
      this.#formats = doubled(this.#formats)
    }
    return row
  }

  /** The answer is written in that format, whatever becomes of it. */
  setFormat(row: number, format: Format): void {
    this.#formats[row] = 1 + FORMATS.indexOf(format)
  }

  markServed(row: number): void {
    this.#served[row] = SERVED
  }

  /** The answer was complete, and something about it lets the scraper choose whether it stores any of it. */
  markExcused(row: number): void {
    this.#served[row] = EXCUSED
  }

  /** A copy of exactly the entries so far, in buffers of its own: they may be transferred. */
  snapshot(): TargetScrapeLog {
    const recorded = this.record?.snapshot(this.count)
    return {
      uid: this.uid,
      requestMs: this.#requestMs.view().slice(),
      served: this.#served.slice(0, this.count),
      formats: this.#formats.slice(0, this.count),
      runs: [...this.#runs],
      ...(recorded === undefined ? {} : { recorded }),
    }
  }
}

function doubled(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const bigger = new Uint8Array(2 * bytes.length)
  bigger.set(bytes)
  return bigger
}
