import { existsSync } from 'node:fs'
import { assert, type Clock } from '../../../base/index.ts'
import type { Stored } from '../../cluster/index.ts'
import { TraceError } from '../errors.ts'
import { KubectlCounts, type KubectlSource, openKubectlSource, readKubectl } from './kubectl-streams.ts'
import { type ChangeType, ObjectTracker } from './object-tracker.ts'
import { ObjectTimeline } from './object-timeline.ts'
import { Recording, type RecordingStart, type RecordingSummary } from './recording.ts'

/** Of each event: its arrival here, or what the objects say. */
export type KubectlTimes = 'arrival' | 'objects'

export interface KubectlRecordingOptions {
  readonly path: string
  /** Files, pipes, or `-` for the standard input. */
  readonly sources: readonly string[]
  /** Default: arrival, unless all sources are saved files. */
  readonly times?: KubectlTimes
  /** With the objects' times: what happened before is the state at the trace's start. Default: the first event. */
  readonly startUnixMs?: number
  /** What cannot be read is left out and counted. */
  readonly lenient: boolean
  readonly durationMs?: number
  readonly force: boolean
  readonly tool: string
  /** Ends the recording in order. */
  readonly signal: AbortSignal
  readonly onStarted?: (recording: Recording) => void
}

export interface KubectlRecordingSummary extends RecordingSummary {
  readonly times: KubectlTimes
  readonly counts: KubectlCounts
}

/** Where events go. */
interface Sink {
  take(stream: number, type: ChangeType, kind: string, object: Stored): void
  drain(): Promise<void>
  onFailure(fn: (error: Error) => void): void
  /** Completes the trace; one that failed before it began leaves none. */
  finish(hasFailed: boolean): Promise<RecordingSummary | undefined>
}

/** Streams of different kinds are rarely further apart than this. */
const HOLD_MS = 1000
/** Streams that are begun together may begin to tell this far apart. */
const START_HOLD_MS = 10_000
/** How far the clock of the cluster may be behind this machine's for its first news to be told from what was there. */
const SKEW_MS = 1000

/**
 * Records what `kubectl get … -w -o json --output-watch-events` prints: one stream for each kind.
 *
 * @throws TraceError CHURN_TRACE_RECORD when a stream cannot be opened or understood, or ends in the middle of an object:
 *   the trace is complete then as far as it came. CHURN_TRACE_FILE, CHURN_TRACE_OPTIONS.
 */
export async function recordKubectl(clock: Clock, options: KubectlRecordingOptions): Promise<KubectlRecordingSummary> {
  const { path, force, lenient, signal, durationMs } = options
  if (!force && existsSync(path)) {
    throw new TraceError('CHURN_TRACE_FILE', `${path} is there already; name another file, or say --force`)
  }
  const sources = await Promise.all(options.sources.map(openKubectlSource))
  const times = options.times ?? (sources.every(({ isSaved }) => isSaved) ? 'objects' : 'arrival')
  if (times === 'arrival' && options.startUnixMs !== undefined) {
    throw new TraceError('CHURN_TRACE_OPTIONS', '--start is for --times objects: events that arrive now begin now')
  }
  const sink = times === 'arrival' ? new ArrivalSink(clock, options) : new TimelineSink(clock, options)
  const counts = new KubectlCounts()
  let failure: unknown
  let stopped = false
  const stop = (): void => {
    stopped = true
    for (const { bytes } of sources) bytes.destroy()
  }
  const fail = (error: unknown): void => {
    if (stopped) return
    failure = error
    stop()
  }
  sink.onFailure(fail)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop)
  const timer = durationMs === undefined ? undefined : clock.schedule(durationMs, stop)
  const read = (source: KubectlSource, stream: number): Promise<void> =>
    readKubectl(source, counts, {
      lenient,
      take: (type, kind, object) => sink.take(stream, type, kind, object),
      drain: () => sink.drain(),
    }).catch(fail)
  await Promise.all(sources.map(read))
  timer?.cancel()
  signal.removeEventListener('abort', stop)
  const summary = await sink.finish(failure !== undefined)
  if (failure !== undefined) throw failure
  assert(summary !== undefined, 'what did not fail has a summary')
  return { ...summary, times, counts }
}

function startOf({ path, tool }: KubectlRecordingOptions, times: KubectlTimes): Omit<RecordingStart, 'sequence'> {
  return { path, tool, details: { stream: 'kubectl', times } }
}

/** Events are stamped as they arrive. The trace begins with the first, so that a stream of nothing but nonsense leaves none. */
class ArrivalSink implements Sink {
  readonly #clock: Clock
  readonly #options: KubectlRecordingOptions
  readonly #startedUnixMs: number
  /** Streams that have told something. */
  readonly #heard = new Set<number>()
  #recording: Recording | undefined
  #onFailure: ((error: Error) => void) | undefined

  constructor(clock: Clock, options: KubectlRecordingOptions) {
    this.#clock = clock
    this.#options = options
    this.#startedUnixMs = clock.unixMs()
  }

  take(stream: number, type: ChangeType, kind: string, object: Stored): void {
    this.#recording ??= this.#begin()
    if (type !== 'ADDED' || this.#isNew(object)) this.#recording.unpin()
    this.#recording.see(kind, type, object)
    if (this.#heard.has(stream)) return
    this.#heard.add(stream)
    this.#recording.review()
  }

  async drain(): Promise<void> {
    await this.#recording?.drain()
  }

  onFailure(fn: (error: Error) => void): void {
    this.#onFailure = fn
  }

  async finish(hasFailed: boolean): Promise<RecordingSummary | undefined> {
    if (this.#recording === undefined && hasFailed) return undefined
    const recording = (this.#recording ??= this.#begin())
    recording.unpin()
    return recording.finish()
  }

  #begin(): Recording {
    const { force, sources, onStarted } = this.#options
    const recording = Recording.begin(this.#clock, {
      ...startOf(this.#options, 'arrival'),
      force,
      sequence: { holdMs: () => (this.#heard.size < sources.length ? START_HOLD_MS : HOLD_MS) },
    })
    // What kubectl prints first is what there was.
    recording.pin()
    if (this.#onFailure !== undefined) recording.onFailure(this.#onFailure)
    onStarted?.(recording)
    return recording
  }

  #isNew({ metadata }: Stored): boolean {
    return Date.parse(metadata.creationTimestamp) >= this.#startedUnixMs - SKEW_MS
  }
}

/** Events are put in the order of what their objects say; written at the end. */
class TimelineSink implements Sink {
  readonly #clock: Clock
  readonly #options: KubectlRecordingOptions
  readonly #tracker = new ObjectTracker()
  readonly #timeline = new ObjectTimeline()

  constructor(clock: Clock, options: KubectlRecordingOptions) {
    this.#clock = clock
    this.#options = options
  }

  take(stream: number, type: ChangeType, kind: string, object: Stored): void {
    this.#timeline.add(stream, kind, object, this.#tracker.see(kind, type, object))
  }

  drain(): Promise<void> {
    return Promise.resolve()
  }

  onFailure(): void {
    // Nothing is written before the end.
  }

  async finish(hasFailed: boolean): Promise<RecordingSummary | undefined> {
    const { firstUnixMs } = this.#timeline
    if (firstUnixMs === undefined && hasFailed) return undefined
    const startUnixMs = this.#options.startUnixMs ?? firstUnixMs ?? this.#clock.unixMs()
    const recording = Recording.begin(this.#clock, {
      ...startOf(this.#options, 'objects'),
      force: this.#options.force,
      startUnixMs,
      // The future is known: a node that is not among the objects will not come.
      sequence: { holdMs: node => (this.#timeline.hasNode(node) ? Number.POSITIVE_INFINITY : 0) },
    })
    let events = 0
    for (const { t, transition } of this.#timeline.events(startUnixMs)) {
      recording.push(t, [transition])
      if (++events % 1000 === 0) await recording.drain()
    }
    const summary = await recording.finish(0)
    return { ...summary, unknownDeletions: this.#tracker.unknownDeletions }
  }
}
