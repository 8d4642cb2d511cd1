import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, renameSync, rmSync, write, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { gzip, gzipSync } from 'node:zlib'
import { promisify } from 'node:util'
import { assert, makeFolder } from '../../base/index.ts'
import { canonicalLine, type ChurnEvent } from './churn-event.ts'
import { TraceError } from './errors.ts'
import { TRACE_VERSION, TraceCounter, type TraceHeader, type TraceOrigin } from './trace-header.ts'
import { TraceState } from './trace-state.ts'

export interface TraceWriterOptions {
  /**
   * The file is there from the first event on and grows, as a recording wants it; otherwise it appears when it is complete.
   */
  readonly live?: boolean
  /** An existing file may be replaced. */
  readonly force?: boolean
}

/** Text that is gathered before it is written, in characters. */
const CHUNK_CHARS = 256 * 1024
/** `drain` waits while more than this is on its way. */
const PENDING_CHARS_MAX = 16 * 1024 * 1024
/** Room for what the header is told at the end. */
const HEADER_ROOM = 1024

const compress = promisify(gzip)

/**
 * Writes a trace: the header, then each event as its canonical line.
 *
 * ```
 *   plain   {header, padded with spaces}\n{event}\n{event}\n…
 *   .gz     [member: the header, stored]  [member: some lines]  [member: some lines] …
 * ```
 *
 * The header has room for counts and checksum and is written again at the end, in its place. Compressed traces are a row of
 * gzip members, each of whole lines, so that what has been flushed can be read whatever happens afterwards.
 *
 * Every event is judged against those before it: what cannot have happened is refused and told.
 */
export class TraceWriter {
  /** What there is after the events so far. */
  readonly state = new TraceState()
  readonly #path: string
  readonly #writtenPath: string
  readonly #origin: TraceOrigin
  readonly #isCompressed: boolean
  readonly #fd: number
  readonly #headerBytes: number
  readonly #hash = createHash('sha256')
  readonly #counter = new TraceCounter()
  #text = ''
  #pendingChars = 0
  #tail: Promise<void> = Promise.resolve()
  #failure: TraceError | undefined
  #closed = false

  private constructor(path: string, writtenPath: string, origin: TraceOrigin, fd: number) {
    this.#path = path
    this.#writtenPath = writtenPath
    this.#origin = origin
    this.#fd = fd
    this.#isCompressed = path.endsWith('.gz')
    this.#headerBytes = Buffer.byteLength(JSON.stringify(this.#header())) + HEADER_ROOM
    writeSync(fd, this.#headerBlock(this.#header()), 0)
  }

  /**
   * Begins a trace. A name that ends in `.gz` makes it a compressed one; missing folders are made.
   *
   * @throws TraceError CHURN_TRACE_FILE when it cannot be written, or is there and `force` is not given.
   */
  static create(path: string, origin: TraceOrigin, options: TraceWriterOptions = {}): TraceWriter {
    refuseExisting(path, options)
    const writtenPath = options.live === true ? path : `${path}.partial`
    try {
      makeFolder(dirname(path))
      return new TraceWriter(path, writtenPath, origin, openSync(writtenPath, 'w'))
    } catch (cause) {
      throw new TraceError('CHURN_TRACE_FILE', `the trace ${path} cannot be written`, { cause })
    }
  }

  get events(): number {
    return this.#counter.counts.events
  }

  /**
   * Takes an event, or says in one sentence why it cannot have happened after those before it.
   *
   * @param line its canonical line, where the caller has it.
   * @throws TraceError CHURN_TRACE_FILE when an earlier write failed.
   */
  write(event: ChurnEvent, line = canonicalLine(event)): string | undefined {
    assert(!this.#closed, 'the trace is complete')
    if (this.#failure !== undefined) throw this.#failure
    const fault = this.state.apply(event)
    if (fault !== undefined) return fault
    this.#counter.add(event)
    this.#text += `${line}\n`
    if (this.#text.length >= CHUNK_CHARS) void this.flush()
    return undefined
  }

  /** Hands over what has been gathered. Resolves when the operating system has it. */
  flush(): Promise<void> {
    const text = this.#text
    if (text !== '') {
      this.#text = ''
      this.#pendingChars += text.length
      this.#hash.update(text)
      this.#tail = this.#tail.then(() => this.#append(text))
    }
    return this.#tail
  }

  /** Resolves at once while little is on its way, else when that has been written: for whoever writes much. */
  async drain(): Promise<void> {
    if (this.#pendingChars > PENDING_CHARS_MAX) await this.#tail
    if (this.#failure !== undefined) throw this.#failure
  }

  /**
   * Writes the rest, completes the header and closes the file.
   *
   * @param durationMs how long the trace lasts, when longer than to its last event.
   * @throws TraceError CHURN_TRACE_FILE
   */
  async finish(durationMs = 0): Promise<TraceHeader> {
    assert(!this.#closed, 'the trace is complete')
    await this.flush()
    if (this.#failure !== undefined) {
      this.abort()
      throw this.#failure
    }
    this.#closed = true
    const header: TraceHeader = {
      ...this.#header(),
      durationMs: Math.max(durationMs, this.#counter.lastMs),
      scale: this.state.scale,
      counts: this.#counter.counts,
      sha256: this.#hash.digest('hex'),
    }
    try {
      writeSync(this.#fd, this.#headerBlock(header), 0, undefined, 0)
      closeSync(this.#fd)
      if (this.#writtenPath !== this.#path) renameSync(this.#writtenPath, this.#path)
    } catch (cause) {
      throw new TraceError('CHURN_TRACE_FILE', `the trace ${this.#path} cannot be completed`, { cause })
    }
    return header
  }

  /** Gives up: a trace that was not live leaves nothing behind; one that was stays as far as it came. */
  abort(): void {
    if (this.#closed) return
    this.#closed = true
    closeSync(this.#fd)
    if (this.#writtenPath !== this.#path) rmSync(this.#writtenPath, { force: true })
  }

  #header(): TraceHeader {
    const { start, source, targets, scrubbed } = this.#origin
    return {
      trace: 'churnbench',
      version: TRACE_VERSION,
      ...(start === undefined ? {} : { start }),
      source,
      targets,
      ...(scrubbed === undefined ? {} : { scrubbed }),
    }
  }

  /** Always of the same size: stored, not deflated, where the trace is compressed. */
  #headerBlock(header: TraceHeader): Buffer {
    const json = JSON.stringify(header)
    const spaces = this.#headerBytes - Buffer.byteLength(json)
    assert(spaces >= 0, 'the header has room for its end')
    const line = Buffer.from(`${json}${' '.repeat(spaces)}\n`)
    return this.#isCompressed ? gzipSync(line, { level: 0 }) : line
  }

  async #append(text: string): Promise<void> {
    try {
      if (this.#failure !== undefined || this.#closed) return
      const bytes = Buffer.from(text)
      await writeAll(this.#fd, this.#isCompressed ? await compress(bytes) : bytes)
    } catch (cause) {
      this.#failure = new TraceError('CHURN_TRACE_FILE', `the trace ${this.#path} cannot be written on`, { cause })
    } finally {
      this.#pendingChars -= text.length
    }
  }
}

/**
 * For whoever works long before there is a first event to write.
 *
 * @throws TraceError CHURN_TRACE_FILE when the file is there and `force` is not given.
 */
export function refuseExisting(path: string, { force }: Pick<TraceWriterOptions, 'force'>): void {
  if (force === true || !existsSync(path)) return
  throw new TraceError('CHURN_TRACE_FILE', `${path} is there already; name another file, or say --force`)
}

const writeOnce = promisify(write)

async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const { bytesWritten } = await writeOnce(fd, bytes, offset, bytes.length - offset)
    offset += bytesWritten
  }
}
