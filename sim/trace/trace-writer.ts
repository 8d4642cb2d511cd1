import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, renameSync, rmSync, write, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { assert, makeFolder } from '../../base/index.ts'
import { canonicalLine, type ChurnEvent } from './churn-event.ts'
import { TraceError } from './errors.ts'
import { gzipMember, storedMember } from './gzip-members.ts'
import { TRACE_VERSION, TraceCounter, type TraceHeader, type TraceOrigin } from './trace-header.ts'
import { LINE_BYTES_MAX } from './trace-schema.ts'
import { eventFault, headerFault } from './trace-shape.ts'
import { TraceState } from './trace-state.ts'

export interface TraceWriterOptions {
  /**
   * The file is there from the first event on and grows, as a recording wants it; otherwise it appears when it is complete.
   */
  readonly live?: boolean
  /** An existing file may be replaced: a live trace does so at once, another one when it is complete. */
  readonly force?: boolean
}

/** Text that is gathered before it is written, in characters. */
const CHUNK_CHARS = 256 * 1024
/** `drain` waits while more than this is on its way. */
const PENDING_CHARS_MAX = 4 * 1024 * 1024
/** Room for what the header is told at the end. */
const HEADER_ROOM = 1024

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
 * Every event is judged as a reader will judge it, its shape and against those before it: what cannot have happened is
 * refused and told. What was taken can be read.
 */
export class TraceWriter {
  /** What there is after the events so far. */
  readonly state = new TraceState()
  readonly #path: string
  readonly #writtenPath: string
  readonly #mayReplace: boolean
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

  private constructor(path: string, writtenPath: string, origin: TraceOrigin, mayReplace: boolean) {
    this.#path = path
    this.#writtenPath = writtenPath
    this.#origin = origin
    this.#mayReplace = mayReplace
    this.#isCompressed = path.endsWith('.gz')
    const header = this.#header()
    this.#headerBytes = Buffer.byteLength(JSON.stringify(header)) + HEADER_ROOM
    // "x" also where somebody else makes the file between our look and now.
    this.#fd = openSync(writtenPath, writtenPath === path && !mayReplace ? 'wx' : 'w')
    try {
      writeAllSync(this.#fd, this.#headerBlock(header), null)
    } catch (error) {
      this.abort()
      throw error
    }
  }

  /**
   * Begins a trace. A name that ends in `.gz` makes it a compressed one; missing folders are made.
   *
   * @throws TraceError CHURN_TRACE_FILE when it cannot be written, or is there and `force` is not given.
   */
  static create(path: string, origin: TraceOrigin, options: TraceWriterOptions = {}): TraceWriter {
    const fault = headerFault({ trace: 'churnbench', version: TRACE_VERSION, ...origin })
    assert(fault === undefined, () => `the origin makes a header: ${fault}`)
    const mayReplace = options.force === true
    refuseExisting(path, options)
    try {
      makeFolder(dirname(path))
      return new TraceWriter(path, options.live === true ? path : `${path}.partial`, origin, mayReplace)
    } catch (cause) {
      throw new TraceError('CHURN_TRACE_FILE', `the trace ${path} cannot be written`, { cause })
    }
  }

  get events(): number {
    return this.#counter.counts.events
  }

  /**
   * Takes an event, or says in one sentence why it cannot have happened after those before it, or is no event at all.
   *
   * @param line its canonical line, where the caller has it.
   * @throws TraceError CHURN_TRACE_FILE when an earlier write failed.
   */
  // hot: once per event.
  write(event: ChurnEvent, line = canonicalLine(event)): string | undefined {
    assert(!this.#closed, 'the trace is complete')
    if (this.#failure !== undefined) throw this.#failure
    const fault = eventFault(event) ?? lengthFault(line) ?? this.state.apply(event)
    if (fault !== undefined) return fault
    this.#counter.add(event)
    this.#text += `${line}\n`
    if (this.#text.length >= CHUNK_CHARS) this.#handOver()
    return undefined
  }

  /**
   * Hands over what has been gathered. Resolves when the operating system has all that was written until now.
   *
   * @throws TraceError CHURN_TRACE_FILE
   */
  async flush(): Promise<void> {
    this.#handOver()
    await this.#tail
    if (this.#failure !== undefined) throw this.#failure
  }

  /**
   * Resolves at once while little is on its way, else when that has been written: for whoever writes much.
   *
   * @throws TraceError CHURN_TRACE_FILE
   */
  async drain(): Promise<void> {
    if (this.#pendingChars > PENDING_CHARS_MAX) await this.#tail
    if (this.#failure !== undefined) throw this.#failure
  }

  /**
   * Writes the rest, completes the header and closes the file. Once; after a failure there is nothing left to be done.
   *
   * @param durationMs how long the trace lasts, when longer than to its last event.
   * @throws TraceError CHURN_TRACE_FILE
   */
  async finish(durationMs = 0): Promise<TraceHeader> {
    assert(!this.#closed, 'the trace is complete')
    this.#handOver()
    this.#closed = true
    await this.#tail
    const header: TraceHeader = {
      ...this.#header(),
      durationMs: Math.max(durationMs, this.#counter.lastMs),
      scale: this.state.scale,
      counts: this.#counter.counts,
      sha256: this.#hash.digest('hex'),
    }
    try {
      if (this.#failure !== undefined) throw this.#failure
      assert(headerFault(header) === undefined, () => `the header is one: ${headerFault(header)}`)
      writeAllSync(this.#fd, this.#headerBlock(header), 0)
      closeSync(this.#fd)
    } catch (cause) {
      this.#leave()
      throw cause instanceof TraceError ? cause : this.#fileError('cannot be completed', cause)
    }
    if (this.#writtenPath !== this.#path) this.#rename()
    return header
  }

  /** Gives up: a trace that was not live leaves nothing behind; one that was stays as far as it came. */
  abort(): void {
    if (this.#closed) return
    this.#closed = true
    this.#leave()
  }

  /** The file is closed when nothing is on its way into it any more: its number may be another file's then. */
  #leave(): void {
    if (this.#writtenPath !== this.#path) rmSync(this.#writtenPath, { force: true })
    void this.#tail.then(() => {
      try {
        closeSync(this.#fd)
      } catch {
        // There is nothing left to be lost.
      }
    })
  }

  #rename(): void {
    if (!this.#mayReplace && existsSync(this.#path)) {
      throw this.#fileError(`is complete and stays in ${this.#writtenPath}: somebody else made a file of its name`)
    }
    try {
      renameSync(this.#writtenPath, this.#path)
    } catch (cause) {
      throw this.#fileError(`is complete and stays in ${this.#writtenPath}: it cannot be renamed`, cause)
    }
  }

  #fileError(fault: string, cause?: unknown): TraceError {
    return new TraceError('CHURN_TRACE_FILE', `the trace ${this.#path} ${fault}`, { cause })
  }

  #handOver(): void {
    const text = this.#text
    if (text === '') return
    this.#text = ''
    this.#pendingChars += text.length
    const bytes = Buffer.from(text)
    this.#hash.update(bytes)
    this.#tail = this.#tail.then(() => this.#append(bytes, text.length))
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
    return this.#isCompressed ? storedMember(line) : line
  }

  /** Never rejects: a failure is kept for whoever writes next, flushes or finishes. */
  async #append(bytes: Buffer, chars: number): Promise<void> {
    try {
      if (this.#failure === undefined) await writeAll(this.#fd, this.#isCompressed ? await gzipMember(bytes) : bytes)
    } catch (cause) {
      this.#failure = this.#fileError('cannot be written on', cause)
    } finally {
      this.#pendingChars -= chars
    }
  }
}

/** A character is three bytes at most. */
function lengthFault(line: string): string | undefined {
  const isShort = line.length * 3 <= LINE_BYTES_MAX || Buffer.byteLength(line) <= LINE_BYTES_MAX
  return isShort ? undefined : `its line would be longer than ${LINE_BYTES_MAX} bytes`
}

function writeAllSync(fd: number, bytes: Buffer, position: number | null): void {
  for (let offset = 0; offset < bytes.length;) {
    offset += writeSync(fd, bytes, offset, bytes.length - offset, position === null ? null : position + offset)
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
