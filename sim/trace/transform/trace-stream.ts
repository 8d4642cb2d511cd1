import type { ChurnEvent } from '../churn-event.ts'
import { TraceError } from '../errors.ts'
import type { TraceHeader } from '../trace-header.ts'
import { type TraceFaults, TraceReader, type TraceReaderOptions } from '../trace-reader.ts'
import { cloned } from './clones.ts'
import { Selection } from './selection.ts'
import { Window } from './window.ts'

/** Which part of a trace, and how often. */
export interface TraceCut {
  /** Trace time in milliseconds, default the whole. */
  readonly fromMs?: number
  /** Exclusive. */
  readonly toMs?: number
  /** `key=value`, see `Selection`. */
  readonly only?: readonly string[]
  /** How many times the cluster is there, default 1. */
  readonly scale?: number
}

/** A trace, or a cut of it, as it is going to be replayed or written. */
export class TraceStream {
  readonly reader: TraceReader
  readonly #cut: TraceCut
  readonly #window: Window
  readonly #selection: Selection

  private constructor(reader: TraceReader, cut: TraceCut, selection: Selection) {
    this.reader = reader
    this.#cut = cut
    this.#window = new Window(cut.fromMs ?? 0, cut.toMs ?? Number.POSITIVE_INFINITY)
    this.#selection = selection
  }

  /** @throws TraceError CHURN_TRACE_FILE, CHURN_TRACE_FORMAT, CHURN_TRACE_OPTIONS */
  static async open(path: string, cut: TraceCut = {}, options: TraceReaderOptions = {}): Promise<TraceStream> {
    const { fromMs = 0, toMs = Number.POSITIVE_INFINITY } = cut
    if (fromMs >= toMs) throw new TraceError('CHURN_TRACE_OPTIONS', `--from must lie before --to`)
    const selection = new Selection(cut.only ?? [])
    const reader = await TraceReader.open(path, options)
    const { durationMs } = reader.header
    if (durationMs !== undefined && fromMs > durationMs) {
      await reader.close()
      throw new TraceError('CHURN_TRACE_OPTIONS', `--from lies beyond the trace's end, which is at ${durationMs} ms`)
    }
    return new TraceStream(reader, cut, selection)
  }

  get header(): TraceHeader {
    return this.reader.header
  }

  get faults(): TraceFaults {
    return this.reader.faults
  }

  /** Events that `only` left out, so far. */
  get leftOut(): number {
    return this.#selection.leftOut
  }

  /** All events of the cut, in order, some hundreds at a time. @throws as `TraceReader.batches` */
  async *batches(): AsyncGenerator<readonly ChurnEvent[]> {
    for await (const batch of this.reader.batches()) {
      const out: ChurnEvent[] = []
      let isOver = false
      for (const event of batch) {
        isOver = this.#window.isOver(event.t)
        if (isOver) break
        for (const moved of this.#window.push(event)) this.#multiply(moved, out)
      }
      if (out.length > 0) yield out
      if (isOver) break
    }
    const rest: ChurnEvent[] = []
    for (const event of this.#window.open()) this.#multiply(event, rest)
    if (rest.length > 0) yield rest
  }

  #multiply(event: ChurnEvent, out: ChurnEvent[]): void {
    if (!this.#selection.takes(event)) return
    const clones = event.kind === 'action' ? 1 : (this.#cut.scale ?? 1)
    for (let clone = 0; clone < clones; clone++) out.push(cloned(event, clone))
  }
}
