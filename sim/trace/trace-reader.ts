import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { describeError } from '../../base/index.ts'
import type { ChurnEvent } from './churn-event.ts'
import { TraceError } from './errors.ts'
import { rawBytesOf } from './input-bytes.ts'
import type { SplitLine } from './line-splitter.ts'
import { TRACE_VERSION, TraceCounter, type TraceHeader } from './trace-header.ts'
import { traceLines } from './trace-lines.ts'
import { LINE_BYTES_MAX } from './trace-schema.ts'
import { eventFault, mendEvent, mendHeader, told } from './trace-shape.ts'
import { TraceState } from './trace-state.ts'

export interface TraceReaderOptions {
  /**
   * Faulty lines are left out and counted instead of ending the reading; of a line that only has fields that nobody knows,
   * these are. Any version is read as if it were the known one.
   */
  readonly lenient?: boolean
  /** It may have been changed by hand: what its header says of its end is not held against it. */
  readonly edited?: boolean
  /** At most so many lines are judged in one turn of the event loop, for whoever has something else to do in time. */
  readonly linesPerTurn?: number
  /** Longest line that is taken, in bytes. Default 1 MiB. */
  readonly lineBytesMax?: number
}

/** What a lenient reading left out. */
export interface TraceFaults {
  /** Of lines, and of the file as a whole: one each, whatever is wrong with it. */
  count: number
  /** The first of them, each a sentence with its line. */
  readonly examples: string[]
}

const EXAMPLES_MAX = 20
/** Longest sentence, in characters: what is quoted from a damaged file may be anything. */
const SENTENCE_MAX = 400

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
  readonly #lines: AsyncGenerator<readonly SplitLine[]>
  readonly #options: TraceReaderOptions
  readonly #counter = new TraceCounter()
  readonly #hash = createHash('sha256')
  #accepted = ''
  #lineNumbers: readonly number[] = []
  #rest: readonly SplitLine[]
  #isTorn = false

  private constructor(
    path: string,
    line: SplitLine | undefined,
    lines: AsyncGenerator<readonly SplitLine[]>,
    rest: readonly SplitLine[],
    options: TraceReaderOptions,
  ) {
    this.path = path
    this.#lines = lines
    this.#rest = rest
    this.#options = options
    this.header = this.#readHeader(line)
  }

  /**
   * Opens a trace and reads its header. `-` is the standard input. Compression is told by the first bytes.
   *
   * The file stays open until the last batch has been read, or the reading of batches is given up, or `close`.
   *
   * @throws TraceError CHURN_TRACE_FILE, CHURN_TRACE_FORMAT
   */
  static async open(path: string, options: TraceReaderOptions = {}): Promise<TraceReader> {
    return TraceReader.from(await rawBytesOf(path), path, options)
  }

  /** The same of bytes that somebody has opened already; `path` is what messages call them. */
  static async from(
    bytes: AsyncIterable<Buffer>,
    path: string,
    options: TraceReaderOptions = {},
  ): Promise<TraceReader> {
    const lines = traceLines(bytes, path, options.lineBytesMax ?? LINE_BYTES_MAX)
    const first = await lines.next()
    const [line, ...rest] = first.done === true ? [] : first.value
    try {
      return new TraceReader(path, line, lines, rest, options)
    } catch (error) {
      await lines.return(undefined)
      throw error
    }
  }

  /** The header that the first line of a trace is. @throws TraceError CHURN_TRACE_FORMAT */
  static headerOf(path: string, line: SplitLine | undefined, options: TraceReaderOptions = {}): TraceHeader {
    return new TraceReader(path, line, noLines(), [], options).header
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

  /** The line of each event of the last batch, the header's being 1. */
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
      const { linesPerTurn = Number.POSITIVE_INFINITY } = this.#options
      for await (const lines of this.#lines) {
        for (let i = 0; i < lines.length; i += linesPerTurn) {
          if (i > 0) await nextTurn()
          const events = this.#judge(lines.slice(i, i + linesPerTurn))
          if (events.length > 0) yield events
        }
      }
    } finally {
      await this.close()
    }
    this.#judgeEnd()
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined)
  }

  #judge(lines: readonly SplitLine[]): ChurnEvent[] {
    const events: ChurnEvent[] = []
    const numbers: number[] = []
    for (const line of lines) {
      if (line.fault !== undefined) {
        this.#onFaultyLine(line)
        continue
      }
      const event = this.#parse(line)
      if (event === undefined) continue
      this.#counter.add(event)
      this.#accepted += `${line.text}\n`
      events.push(event)
      numbers.push(line.number)
    }
    this.#lineNumbers = numbers
    // Once for all: a call costs more than the hashing of a line.
    this.#hash.update(this.#accepted)
    this.#accepted = ''
    return events
  }

  #onFaultyLine({ number, fault, isTail }: SplitLine): void {
    if (isTail === true) {
      this.#isTorn = true
      // A recording that was cut off is whole to its last line: that is what can be had.
      if (!this.isComplete) return
    }
    this.#fault(number, fault!)
  }

  // hot: once per event.
  #parse({ number, text }: SplitLine): ChurnEvent | undefined {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      this.#fault(number, `is no JSON: ${jsonFault(error)}`)
      return undefined
    }
    let fault = eventFault(value)
    const unknown = fault !== undefined && this.#options.lenient === true ? mendEvent(value) : undefined
    if (unknown !== undefined) fault = undefined
    fault ??= this.state.apply(value as ChurnEvent)
    const sentence = fault ?? unknown
    if (sentence !== undefined) this.#fault(number, sentence)
    return fault === undefined ? (value as ChurnEvent) : undefined
  }

  #judgeEnd(): void {
    const { durationMs, scale, counts, sha256 } = this.header
    if (sha256 === undefined || this.faults.count > 0 || this.#options.edited === true) return
    if (counts !== undefined && counts.events !== this.events) {
      this.#faultOfFile(`has ${this.events} events where its header says ${counts.events}: it was cut off or changed`)
    } else if (sha256 !== this.digest()) {
      this.#faultOfFile('is not what its checksum says: it was changed after it was written')
    } else if (
      (durationMs ?? Number.POSITIVE_INFINITY) < this.#counter.lastMs ||
      (counts !== undefined && !isDeepStrictEqual(counts, this.#counter.counts)) ||
      (scale !== undefined && !isDeepStrictEqual(scale, this.state.scale))
    ) {
      this.#faultOfFile('has another duration, other counts or another scale than its header says')
    }
  }

  #readHeader(line: SplitLine | undefined): TraceHeader {
    if (line === undefined) throw this.#error('is empty; a trace begins with its header')
    // A byte order mark, as editors put it there.
    const text = line.text.replace(/^\uFEFF/, '')
    if (line.fault !== undefined && (line.isTail !== true || isStartOfHeader(text))) {
      throw this.#error(`line 1: ${line.fault}`)
    }
    const value = parsedHeader(text)
    if (value === undefined) {
      throw this.#error(
        'is no churnbench trace: it does not begin with a header; "trace convert" reads what others recorded',
      )
    }
    const isLenient = this.#options.lenient === true
    if (value['version'] !== TRACE_VERSION) {
      const version = value['version'] === undefined ? 'no version' : `version ${told(value['version'])}`
      const fault = `is of ${version}; this churnbench reads version ${TRACE_VERSION}`
      this.#tell(`line 1: ${fault}`)
      value['version'] = TRACE_VERSION
    }
    const { fault, isMended } = mendHeader(value)
    if (fault !== undefined) {
      if (!isMended && isLenient) throw this.#error(`line 1: header: ${fault}`)
      this.#tell(`line 1: header: ${fault}`)
    }
    return value as unknown as TraceHeader
  }

  #fault(line: number, fault: string): void {
    this.#tell(`line ${line}: ${fault}`)
  }

  #faultOfFile(fault: string): void {
    this.#tell(`the file ${fault}; "trace convert" writes what is there as a sound trace`)
  }

  #tell(sentence: string): void {
    if (this.#options.lenient !== true) {
      throw this.#error(sentence, ' (--lenient leaves out what cannot be read, and counts it)')
    }
    this.faults.count++
    if (this.faults.examples.length < EXAMPLES_MAX) this.faults.examples.push(printable(sentence))
  }

  #error(sentence: string, wayOut = ''): TraceError {
    return new TraceError('CHURN_TRACE_FORMAT', `${this.path}: ${printable(sentence)}${wayOut}`)
  }
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

// oxlint-disable-next-line require-yield
async function* noLines(): AsyncGenerator<readonly SplitLine[]> {}

/** The first line's object; `undefined` when it does not say that it is a trace's. */
function parsedHeader(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isHeader =
      typeof value === 'object' && value !== null && (value as { trace?: unknown }).trace === 'churnbench'
    return isHeader ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const HEADER_START = '{"trace":"churnbench"'

function isStartOfHeader(text: string): boolean {
  return text.startsWith(HEADER_START) || HEADER_START.startsWith(text)
}

/** V8's words without its own line, which is always 1. */
function jsonFault(error: unknown): string {
  return describeError(error).replace(/ \(line \d+ column \d+\)/, '')
}

/** For a terminal, where control characters from a file have no business. */
function printable(sentence: string): string {
  const short = sentence.length > SENTENCE_MAX ? `${sentence.slice(0, SENTENCE_MAX)}…` : sentence
  return short.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    character => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  )
}
