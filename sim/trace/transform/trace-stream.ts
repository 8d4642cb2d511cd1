import type { ChurnEvent } from '../churn-event.ts'
import { TraceError } from '../errors.ts'
import type { TraceHeader } from '../trace-header.ts'
import { type TraceFaults, TraceReader, type TraceReaderOptions } from '../trace-reader.ts'
import { cloned } from './clones.ts'
import { InferredFailures } from './inferred-failures.ts'
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

export interface TraceStreamOptions extends TraceReaderOptions {
  /** Nodes that the control plane lost take their pods with them, see `InferredFailures`. */
  readonly inferFailures?: boolean
}

/** A trace, or a cut of it, as it is going to be replayed or written. */
export class TraceStream {
  readonly reader: TraceReader
  readonly #cut: TraceCut
  readonly #window: Window
  readonly #selection: Selection
  readonly #failures: InferredFailures | undefined

  private constructor(reader: TraceReader, cut: TraceCut, selection: Selection, inferFailures: boolean) {
    this.reader = reader
    this.#cut = cut
    this.#window = new Window(cut.fromMs ?? 0, cut.toMs ?? Number.POSITIVE_INFINITY)
    this.#selection = selection
    this.#failures = inferFailures ? new InferredFailures() : undefined
  }

  /** @throws TraceError CHURN_TRACE_FILE, CHURN_TRACE_FORMAT, CHURN_TRACE_OPTIONS */
  static async open(path: string, cut: TraceCut = {}, options: TraceStreamOptions = {}): Promise<TraceStream> {
    const { fromMs = 0, toMs = Number.POSITIVE_INFINITY } = cut
    if (fromMs >= toMs) throw new TraceError('CHURN_TRACE_OPTIONS', `--from must lie before --to`)
    const selection = new Selection(cut.only ?? [])
    const reader = await TraceReader.open(path, options)
    const { durationMs } = reader.header
    if (durationMs !== undefined && fromMs > durationMs) {
      await reader.close()
      throw new TraceError('CHURN_TRACE_OPTIONS', `--from lies beyond the trace's end, which is at ${durationMs} ms`)
    }
    return new TraceStream(reader, cut, selection, options.inferFailures === true)
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
        for (const moved of this.#window.push(event)) this.#add(moved, out)
      }
      if (out.length > 0) yield out
      if (isOver) break
    }
    const rest: ChurnEvent[] = []
    for (const event of this.#window.open()) this.#add(event, rest)
    if (rest.length > 0) yield rest
  }

  #add(event: ChurnEvent, out: ChurnEvent[]): void {
    if (this.#failures === undefined) this.#multiply(event, out)
    else for (const each of this.#failures.push(event)) this.#multiply(each, out)
  }

  #multiply(event: ChurnEvent, out: ChurnEvent[]): void {
    if (!this.#selection.takes(event)) return
    const clones = event.kind === 'action' ? 1 : (this.#cut.scale ?? 1)
    for (let clone = 0; clone < clones; clone++) out.push(cloned(event, clone))
  }
}
