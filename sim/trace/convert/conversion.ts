import { TraceError } from '../errors.ts'
import type { TraceOrigin } from '../trace-header.ts'

/** What was not taken over, and why. */
export interface LeftOut {
  readonly reason: string
  count: number
  /** The first of them, each with its place. */
  readonly examples: string[]
}

const EXAMPLES_MAX = 5

/** What a converter learns beside the events: where time 0 is, what it read, what it left out and what it made up. */
export class Conversion {
  /** What messages call the input. */
  readonly path: string
  readonly lenient: boolean
  /** When time 0 was, to be set before the first event; `undefined` where the source does not say. */
  startUnixMs: number | undefined
  /** How long the trace lasts, when longer than to its last event. */
  durationMs = 0
  /** Which pods are scraped. Annotations are known where whole objects were recorded. */
  targets: TraceOrigin['targets'] = 'all'
  /** The header to keep, of an input that is a trace already. */
  origin: TraceOrigin | undefined
  readonly #read = new Map<string, number>()
  readonly #leftOut = new Map<string, LeftOut>()
  readonly #inferred = new Map<string, number>()

  constructor(path: string, lenient: boolean) {
    this.path = path
    this.lenient = lenient
  }

  read(what: string, count = 1): void {
    this.#read.set(what, (this.#read.get(what) ?? 0) + count)
  }

  /** Something that is sound and says nothing that a trace can hold. */
  leaveOut(reason: string, example?: string, count = 1): void {
    let known = this.#leftOut.get(reason)
    if (known === undefined) this.#leftOut.set(reason, (known = { reason, count: 0, examples: [] }))
    known.count += count
    if (example !== undefined && known.examples.length < EXAMPLES_MAX) known.examples.push(example)
  }

  /** Something that the source does not tell and that was concluded. */
  infer(what: string, count = 1): void {
    if (count > 0) this.#inferred.set(what, (this.#inferred.get(what) ?? 0) + count)
  }

  /**
   * Something that is not what it should be: ends the conversion, or with `--lenient` is left out.
   *
   * @throws TraceError CHURN_TRACE_CONVERT
   */
  fault(place: string, sentence: string): void {
    if (!this.lenient) {
      throw this.error(`${place}: ${sentence} (--lenient leaves out what cannot be read, and counts it)`)
    }
    this.leaveOut('malformed', `${place}: ${sentence}`)
  }

  /** For what no leniency can pass over. */
  error(sentence: string, cause?: unknown): TraceError {
    return new TraceError('CHURN_TRACE_CONVERT', `${this.path}: ${sentence}`, { cause })
  }

  get summary(): {
    readonly read: Readonly<Record<string, number>>
    readonly leftOut: readonly LeftOut[]
    readonly inferred: readonly { readonly what: string; readonly count: number }[]
  } {
    return {
      read: Object.fromEntries(this.#read),
      leftOut: [...this.#leftOut.values()],
      inferred: [...this.#inferred].map(([what, count]) => ({ what, count })),
    }
  }
}
