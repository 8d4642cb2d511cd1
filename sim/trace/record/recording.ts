import { renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Clock, type Timer } from '../../../base/index.ts'
import type { Stored } from '../../cluster/index.ts'
import type { Labels, Transition } from '../churn-event.ts'
import { TraceError } from '../errors.ts'
import type { TraceHeader, TraceOrigin } from '../trace-header.ts'
import { TraceReader } from '../trace-reader.ts'
import type { TraceState } from '../trace-state.ts'
import { TraceWriter } from '../trace-writer.ts'
import { EventSequence, type EventSequenceOptions, type LeftOut } from './event-sequence.ts'
import { type ChangeType, ObjectTracker } from './object-tracker.ts'

export interface RecordingSummary {
  readonly header: TraceHeader
  readonly fileBytes: number
  readonly leftOut: LeftOut
  /** Nodes that only pods spoke of: they are in the trace without labels. */
  readonly inferredNodes: number
  /** Deletions of objects that had not been seen. */
  readonly unknownDeletions: number
}

export interface RecordingStart {
  readonly path: string
  /** What the header tells of the source; no secrets. */
  readonly details: Labels
  /** Name and version of this program. */
  readonly tool: string
  readonly sequence: EventSequenceOptions
}

/** What has been recorded is handed to the operating system this often: kill −9 takes no more than that. */
const FLUSH_INTERVAL_MS = 500

/** A trace that is being recorded: objects go in, events come out, stamped with the time since the trace's start. */
export class Recording {
  readonly tracker = new ObjectTracker()
  readonly #clock: Clock
  readonly #path: string
  readonly #writer: TraceWriter
  readonly #sequence: EventSequence
  /** Monotonic instant of the trace's time 0. */
  readonly #originNs: bigint
  #timer: Timer | undefined
  #pinned = false
  #lastMs: number
  #failure: Error | undefined
  #onFailure: ((error: Error) => void) | undefined

  private constructor(clock: Clock, path: string, writer: TraceWriter, elapsedMs: number, start: RecordingStart) {
    this.#clock = clock
    this.#path = path
    this.#writer = writer
    this.#sequence = new EventSequence(clock, writer, start.sequence)
    this.#originNs = clock.monotonicNs() - BigInt(Math.round(elapsedMs * 1e6))
    this.#lastMs = writer.state.lastMs
    this.#scheduleFlush()
  }

  /** @throws TraceError CHURN_TRACE_FILE */
  static begin(
    clock: Clock,
    start: RecordingStart & { readonly force: boolean; readonly startUnixMs?: number },
  ): Recording {
    // Both at once: making the file takes its time.
    const beganNs = clock.monotonicNs()
    const { path, force, startUnixMs = clock.unixMs() } = start
    const writer = TraceWriter.create(path, originOf(start, new Date(startUnixMs).toISOString()), { live: true, force })
    return new Recording(clock, path, writer, Number(clock.monotonicNs() - beganNs) / 1e6, start)
  }

  /**
   * Goes on with a recording, complete or cut off. The whole events are copied to a file beside it, which then takes its
   * place; until then the old one stays as it is. What there was at its end is what the tracker knows.
   *
   * @throws TraceError CHURN_TRACE_FILE, CHURN_TRACE_FORMAT; CHURN_TRACE_OPTIONS when it was recorded from something else.
   */
  static async resume(clock: Clock, start: RecordingStart): Promise<Recording> {
    const { path } = start
    const reader = await TraceReader.open(path)
    const { header } = reader
    const draft = join(dirname(path), `.resuming-${process.pid}-${basename(path)}`)
    let writer: TraceWriter | undefined
    try {
      const startIso = resumableStart(path, header, start.details)
      const times = Number(header.source.details?.['resumed'] ?? 0) + 1
      const details = { ...start.details, resumed: String(times) }
      writer = TraceWriter.create(draft, originOf({ ...start, details }, startIso), { live: true, force: true })
      for await (const batch of reader.batches()) {
        for (const event of batch) writer.write(event)
        await writer.drain()
      }
      await writer.flush()
      await writer.drain()
      renameSync(draft, path)
      // A clock that was set back must not turn time back.
      const elapsedMs = Math.max(clock.unixMs() - Date.parse(startIso), writer.state.lastMs, header.durationMs ?? 0)
      const recording = new Recording(clock, path, writer, elapsedMs, start)
      recording.tracker.resume(writer.state)
      return recording
    } catch (error) {
      writer?.abort()
      rmSync(draft, { force: true })
      throw error
    } finally {
      await reader.close()
    }
  }

  /** Whole milliseconds since the trace's start, never going back; stands still at what it was while `pin` holds. */
  get nowMs(): number {
    if (!this.#pinned) {
      this.#lastMs = Math.max(this.#lastMs, Math.floor(Number(this.#clock.monotonicNs() - this.#originNs) / 1e6))
    }
    return this.#lastMs
  }

  get events(): number {
    return this.#writer.events
  }

  /** What there is after the events so far. */
  get state(): TraceState {
    return this.#writer.state
  }

  /**
   * Stops time: what is told now is the state at this instant, however long the telling takes. With nothing told before, the
   * instant is time 0: that is what a trace begins with.
   */
  pin(): void {
    if (this.events > 0) void this.nowMs
    this.#pinned = true
  }

  unpin(): void {
    this.#pinned = false
  }

  /** Hears, once, that the trace cannot be written on. */
  onFailure(fn: (error: Error) => void): void {
    this.#onFailure = fn
    if (this.#failure !== undefined) fn(this.#failure)
  }

  see(kind: string, type: ChangeType, object: Stored): void {
    this.push(this.nowMs, this.tracker.see(kind, type, object))
  }

  /** What was known and is not in the list has gone; see `ObjectTracker.retain`. */
  retain(kind: string, namespace: string | undefined, listed: ReadonlySet<string>): void {
    this.push(this.nowMs, this.tracker.retain(kind, namespace, listed))
  }

  push(t: number, transitions: readonly Transition[]): void {
    for (const transition of transitions) this.#sequence.push(t, transition)
  }

  /** How long events wait for a node may have changed. */
  review(): void {
    this.#sequence.review()
  }

  /** Resolves when more may be told: for whoever tells much. @throws TraceError CHURN_TRACE_FILE */
  drain(): Promise<void> {
    return this.#writer.drain()
  }

  /** Completes the trace. @throws TraceError CHURN_TRACE_FILE */
  async finish(durationMs = this.nowMs): Promise<RecordingSummary> {
    this.#timer?.cancel()
    this.#sequence.settle()
    const header = await this.#writer.finish(durationMs)
    return {
      header,
      fileBytes: statSync(this.#path).size,
      leftOut: this.#sequence.leftOut,
      inferredNodes: this.#sequence.inferredNodes,
      unknownDeletions: this.tracker.unknownDeletions,
    }
  }

  #scheduleFlush(): void {
    this.#timer = this.#clock.schedule(FLUSH_INTERVAL_MS, () => {
      this.#scheduleFlush()
      this.#writer
        .flush()
        .then(() => this.#writer.drain())
        .catch((error: Error) => this.#fail(error))
    })
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#timer?.cancel()
    this.#onFailure?.(error)
  }
}

function originOf({ details, tool }: Pick<RecordingStart, 'details' | 'tool'>, start: string): TraceOrigin {
  return { start, source: { kind: 'cluster', tool, details }, targets: 'annotated' }
}

function resumableStart(path: string, { start, source, scrubbed }: TraceHeader, details: Labels): string {
  const refuse = (why: string): TraceError =>
    new TraceError('CHURN_TRACE_OPTIONS', `${path} cannot be continued: ${why}; record into another file`)
  if (source.kind !== 'cluster') throw refuse(`it was not recorded from a cluster (source ${source.kind})`)
  if (scrubbed !== undefined) throw refuse('its names are pseudonyms')
  if (start === undefined) throw refuse('its header does not say when it began')
  for (const key of ['context', 'namespaces', 'selector']) {
    const [was = 'none', now = 'none'] = [source.details?.[key], details[key]]
    if (was !== now) throw refuse(`it was recorded with ${key} "${was}", not "${now}"`)
  }
  return start
}
