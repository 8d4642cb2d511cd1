import { createHash } from 'node:crypto'
import { describeError } from '../../base/index.ts'
import type { ChurnEvent } from './churn-event.ts'
import { TraceError } from './errors.ts'
import { bytesOf, TornError } from './input-bytes.ts'
import { LineSplitter } from './line-splitter.ts'
import { TRACE_VERSION, TraceCounter, type TraceHeader } from './trace-header.ts'
import { eventFault, headerFault, knownHeader } from './trace-schema.ts'
import { TraceState } from './trace-state.ts'

export interface TraceReaderOptions {
  /** Faulty lines are left out and counted instead of ending the reading. */
  readonly lenient?: boolean
  /** It may have been changed by hand: counts and checksum of its header are not held against it. */
  readonly edited?: boolean
  /** Longest line that is taken, in bytes. Default 1 MiB. */
  readonly lineBytesMax?: number
}

/** What a lenient reading left out. */
export interface TraceFaults {
  count: number
  /** The first of them, each a sentence with its line. */
  readonly examples: string[]
}

const EXAMPLES_MAX = 20
const LINE_BYTES_MAX = 1024 * 1024

/**
 * Reads a trace from its file, in batches of events that have been judged: their shape, their order, and that they can have
 * happened after those before them. Memory is that of a batch and of the objects alive, however long the trace is.
 *
 * A trace that was never completed (its recording was killed) ends at its last whole line, and `isComplete` is false.
 */
export class TraceReader {
  readonly path: string
  readonly header: TraceHeader
  readonly faults: TraceFaults = { count: 0, examples: [] }
  /** What there is after the events so far. */
  readonly state = new TraceState()
  readonly #lines: AsyncGenerator<readonly Line[]>
  readonly #options: TraceReaderOptions
  readonly #counter = new TraceCounter()
  readonly #hash = createHash('sha256')
  #rest: readonly Line[]
  #lineNumbers: number[] = []
  #isTorn = false

  private constructor(
    path: string,
    header: TraceHeader,
    lines: AsyncGenerator<readonly Line[]>,
    rest: readonly Line[],
    options: TraceReaderOptions,
  ) {
    this.path = path
    this.header = header
    this.#lines = lines
    this.#rest = rest
    this.#options = options
  }

  /**
   * Opens a trace and reads its header. `-` is the standard input. Compression is told by the first bytes.
   *
   * @throws TraceError CHURN_TRACE_FILE, CHURN_TRACE_FORMAT
   */
  static async open(path: string, options: TraceReaderOptions = {}): Promise<TraceReader> {
    return TraceReader.from(await bytesOf(path), path, options)
  }

  /** The same of bytes that somebody has opened, and inflated, already; `path` is what messages call them. */
  static async from(
    bytes: AsyncIterable<Buffer>,
    path: string,
    options: TraceReaderOptions = {},
  ): Promise<TraceReader> {
    const lines = linesOf(bytes, options.lineBytesMax ?? LINE_BYTES_MAX, path)
    const first = await lines.next()
    const [line, ...rest] = first.done === true ? [] : first.value
    const reader = new TraceReader(path, readHeader(path, line, options), lines, rest, options)
    return reader
  }

  /** Whether the trace was brought to its end by whoever wrote it. */
  get isComplete(): boolean {
    return this.header.sha256 !== undefined
  }

  /** Whether the reading ended within a line, or within a compressed part. */
  get isTorn(): boolean {
    return this.#isTorn
  }

  /** Events read so far. */
  get events(): number {
    return this.#counter.counts.events
  }

  /** Counts of the events so far; those of the whole trace after the last batch. */
  get counter(): TraceCounter {
    return this.#counter
  }

  /** In which lines the events of the last batch stand, from 1: the header's. */
  get lineNumbers(): readonly number[] {
    return this.#lineNumbers
  }

  /** SHA-256 over the canonical lines as they stand in the file; only after the last batch. */
  digest(): string {
    return this.#hash.copy().digest('hex')
  }

  /** All events, in order, some hundreds at a time. @throws TraceError CHURN_TRACE_FORMAT, CHURN_TRACE_FILE */
  async *batches(): AsyncGenerator<readonly ChurnEvent[]> {
    try {
      const rest = this.#judge(this.#rest)
      this.#rest = []
      if (rest.length > 0) yield rest
      for await (const lines of this.#lines) {
        const events = this.#judge(lines)
        if (events.length > 0) yield events
      }
    } finally {
      await this.close()
    }
    this.#judgeEnd()
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined)
  }

  #judge(lines: readonly Line[]): ChurnEvent[] {
    const events: ChurnEvent[] = []
    const numbers: number[] = []
    let text = ''
    for (const line of lines) {
      if (line.fault !== undefined) {
        this.#onFaultyLine(line)
        continue
      }
      const event = this.#parse(line)
      if (event === undefined) continue
      this.#counter.add(event)
      text += `${line.text}\n`
      events.push(event)
      numbers.push(line.number)
    }
    // One call for many lines: a call costs more than the hashing of a line.
    this.#hash.update(text)
    this.#lineNumbers = numbers
    return events
  }

  #onFaultyLine({ number, fault, isTail }: Line): void {
    if (isTail === true) {
      this.#isTorn = true
      // A recording that was cut off is whole to its last line: that is what can be had.
      if (!this.isComplete) return
    }
    this.#fault(number, fault!)
  }

  #parse({ number, text }: Line): ChurnEvent | undefined {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      this.#fault(number, `is no JSON: ${describeError(error)}`)
      return undefined
    }
    const fault = eventFault(value) ?? this.state.apply(value as ChurnEvent)
    if (fault === undefined) return value as ChurnEvent
    this.#fault(number, fault)
    return undefined
  }

  #judgeEnd(): void {
    const { counts, sha256 } = this.header
    if (this.#options.edited === true) return
    if (counts === undefined || sha256 === undefined || this.faults.count > 0) return
    if (counts.events !== this.events) {
      this.#faultOfFile(`has ${this.events} events where its header says ${counts.events}: it was cut off or changed`)
    } else if (sha256 !== this.digest()) {
      this.#faultOfFile('is not what its checksum says: it was changed after it was written')
    }
  }

  #fault(line: number, fault: string): void {
    this.#tell(`line ${line}: ${fault}`)
  }

  #faultOfFile(fault: string): void {
    this.#tell(`the file ${fault}; "trace convert" writes what is there as a sound trace`)
  }

  #tell(sentence: string): void {
    if (this.#options.lenient !== true) {
      throw new TraceError(
        'CHURN_TRACE_FORMAT',
        `${this.path}: ${sentence} (--lenient leaves out what cannot be read, and counts it)`,
      )
    }
    this.faults.count++
    if (this.faults.examples.length < EXAMPLES_MAX) this.faults.examples.push(sentence)
  }
}

interface Line {
  /** From 1: the header's. */
  readonly number: number
  readonly text: string
  /** Why it cannot be read at all. */
  readonly fault?: string
  /** It is the last and has no end. */
  readonly isTail?: boolean
}

/** Judges the first line of a trace. @throws TraceError CHURN_TRACE_FORMAT */
export function readHeader(path: string, line: Line | undefined, { lenient }: TraceReaderOptions): TraceHeader {
  const wrong = (message: string): TraceError => new TraceError('CHURN_TRACE_FORMAT', `${path}: ${message}`)
  if (line === undefined) throw wrong('is empty; a trace begins with its header')
  if (line.fault !== undefined) throw wrong(`line 1: ${line.fault}`)
  let value: unknown
  try {
    value = JSON.parse(line.text)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || (value as { trace?: unknown }).trace !== 'churnbench') {
    throw wrong('is no churnbench trace: it does not begin with a header; "trace convert" reads what others recorded')
  }
  const { version } = value as { version?: unknown }
  if (version !== TRACE_VERSION) {
    throw wrong(`is of version ${JSON.stringify(version)}; this churnbench reads version ${TRACE_VERSION}`)
  }
  const header = lenient === true ? knownHeader(value as Record<string, unknown>) : value
  const fault = headerFault(header)
  if (fault !== undefined) throw wrong(`line 1: header: ${fault}`)
  return header as TraceHeader
}

async function* linesOf(
  bytes: AsyncIterable<Buffer>,
  lineBytesMax: number,
  path: string,
): AsyncGenerator<readonly Line[]> {
  const splitter = new LineSplitter(lineBytesMax)
  let torn: string | undefined
  try {
    for await (const chunk of bytes) {
      const lines = splitter.push(chunk)
      if (lines.length > 0) yield lines
    }
  } catch (error) {
    if (!(error instanceof TornError)) {
      throw new TraceError('CHURN_TRACE_FILE', `the trace ${path} cannot be read on`, { cause: error })
    }
    torn = `the compressed data are damaged or cut off here (${error.message})`
  }
  const tail = splitter.end()
  if (torn !== undefined) yield [{ number: splitter.nextNumber, text: '', fault: torn, isTail: true }]
  else if (tail !== undefined) yield [tail]
}
