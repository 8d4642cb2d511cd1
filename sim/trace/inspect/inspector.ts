import type { ChurnEvent } from '../churn-event.ts'
import type { TraceHeader } from '../trace-header.ts'
import type { TraceReader } from '../trace-reader.ts'
import { BurstFinder } from './bursts.ts'
import { EVENT_GROUPS, type EventGroup, type Inspection, type LevelFigures } from './inspection.ts'
import { NamespaceSeries } from './namespace-series.ts'
import { NodeWatch } from './node-watch.ts'
import { OpCounts } from './op-counts.ts'
import { PodWatch } from './pod-watch.ts'
import { binWidthFor, type CountSeries, type LevelBins, type LevelSeries, Timeline } from './timeline.ts'
import { WindowCounter, type WindowFigures } from './windows.ts'

export interface InspectOptions {
  /** Width of the windows in which rates are told and bursts looked for, beside a second; default: that of a bin. */
  readonly windowMs?: number
  /** Bursts that are kept. Default 10. */
  readonly bursts?: number
}

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const BURSTS = 10
const MARKS_MAX = 500

/**
 * Reads a trace to its end and tells what it holds, in one pass. Memory is that of the objects alive and of tables with a
 * bound, however long the trace is.
 *
 * @throws TraceError as the reader does
 */
export async function inspectTrace(reader: TraceReader, options: InspectOptions = {}): Promise<Inspection> {
  const inspector = new Inspector(reader.header, options)
  for await (const batch of reader.batches()) {
    for (const event of batch) inspector.add(event)
  }
  const { count, examples } = reader.faults
  return {
    schema: 'churnbench/trace-inspection/v1',
    header: reader.header,
    completeness: { complete: reader.isComplete, torn: reader.isTorn, faults: count, examples },
    byKind: kindsOf(reader),
    scale: reader.state.scale,
    ...inspector.finish(),
  }
}

type Found = Omit<Inspection, 'schema' | 'header' | 'completeness' | 'byKind' | 'scale'>

/** The figures while the trace goes by. Its events have been judged: each can have happened after those before it. */
class Inspector {
  readonly #header: TraceHeader
  readonly #timeline = new Timeline()
  readonly #groups = Object.fromEntries(EVENT_GROUPS.map(name => [name, this.#timeline.counts()])) as Record<
    EventGroup,
    CountSeries
  >
  readonly #levels = {
    podsAlive: this.#timeline.level(),
    podsReady: this.#timeline.level(),
    nodes: this.#timeline.level(),
    nodesReady: this.#timeline.level(),
  }
  readonly #ops = new OpCounts()
  readonly #nodes = new NodeWatch(this.#levels.nodes, this.#levels.nodesReady)
  readonly #pods: PodWatch
  readonly #namespaces = new NamespaceSeries(this.#timeline)
  readonly #eventWindows: readonly WindowCounter[]
  readonly #createdWindows: readonly WindowCounter[]
  readonly #bursts: BurstFinder
  readonly #burstMs: number
  readonly #marks: { t: number; what: string }[] = []
  #events = 0
  #atStart = 0
  #lastMs = 0

  constructor(header: TraceHeader, { windowMs, bursts = BURSTS }: InspectOptions) {
    this.#header = header
    this.#burstMs = windowMs ?? Math.max(SECOND_MS, binWidthFor(header.durationMs ?? 0))
    const widths = (...more: number[]): WindowCounter[] =>
      [...new Set([SECOND_MS, ...more])].map(width => new WindowCounter(width))
    this.#eventWindows = widths(this.#burstMs)
    this.#createdWindows = widths(MINUTE_MS)
    this.#bursts = new BurstFinder(this.#burstMs, bursts)
    this.#pods = new PodWatch(this.#levels.podsAlive, this.#levels.podsReady, this.#nodes, {
      listedAtStart: header.source.kind === 'cluster',
    })
  }

  // hot: once per event.
  add(event: ChurnEvent): void {
    const { t, kind } = event
    this.#events++
    this.#lastMs = t
    const op = this.#ops.add(event)
    const row = kind === 'pod' ? this.#pods.add(event) : undefined
    if (kind === 'node') this.#nodes.add(event)
    if (t === 0) {
      this.#atStart++
      return
    }
    this.#groups[groupOf(event)].add(t)
    this.#bursts.add(event, op, row)
    for (const windows of this.#eventWindows) windows.add(t)
    if (kind === 'pod') {
      if (event.op === 'created') {
        for (const windows of this.#createdWindows) windows.add(t)
        this.#namespaces.add(t, event.namespace)
      }
    } else if (kind === 'node' || kind === 'action') {
      if (this.#marks.length < MARKS_MAX) {
        this.#marks.push({ t, what: `${kind === 'node' ? `node ${event.name}` : 'action'} ${event.op}` })
      }
    }
  }

  finish(): Found {
    const endMs = Math.max(this.#header.durationMs ?? 0, this.#lastMs)
    const bins = this.#timeline.binsUntil(endMs, this.#lastMs)
    const after = this.#events - this.#atStart
    const { pods, owners, namespaces } = this.#pods.finish(endMs)
    const levels: Partial<Record<keyof Found['levels'], LevelFigures>> = {}
    const levelBins: Partial<Record<keyof Found['levels'], LevelBins>> = {}
    for (const name of ['podsAlive', 'podsReady', 'nodes', 'nodesReady'] as const) {
      const series: LevelSeries = this.#levels[name]
      const { mean, bins: each } = series.finish(endMs, bins)
      levels[name] = { mean, max: series.peak.value, maxAtMs: series.peak.atMs, atEnd: series.value }
      levelBins[name] = each
    }
    const done = (counters: readonly WindowCounter[]): WindowFigures[] => counters.map(one => one.finish(endMs))
    return {
      durationMs: endMs,
      events: this.#events,
      eventsAtStart: this.#atStart,
      byOp: this.#ops.finish(),
      rates: {
        eventsPerS: endMs === 0 ? 0 : (after * SECOND_MS) / endMs,
        events: done(this.#eventWindows),
        podsCreated: done(this.#createdWindows),
      },
      bursts: { windowMs: this.#burstMs, found: this.#bursts.finish() },
      levels: levels as Found['levels'],
      pods,
      nodes: this.#nodes.finish(),
      namespaces,
      owners,
      series: {
        binMs: this.#timeline.widthMs,
        bins,
        events: Object.fromEntries(
          EVENT_GROUPS.map(name => [name, this.#groups[name].values(bins)]),
        ) as unknown as Found['series']['events'],
        ...(levelBins as Record<keyof Found['levels'], LevelBins>),
        podsCreatedBy: this.#namespaces.finish(bins),
        marks: this.#marks,
      },
    }
  }
}

function groupOf(event: ChurnEvent): EventGroup {
  switch (event.kind) {
    case 'pod':
      switch (event.op) {
        case 'created':
          return 'pods created'
        case 'deleted':
          return 'pods deleted'
        case 'ready':
        case 'not-ready':
          return 'readiness'
        default:
          return 'other of pods'
      }
    case 'node':
      return 'nodes'
    default:
      return 'intents'
  }
}

function kindsOf(reader: TraceReader): Inspection['byKind'] {
  const { node, workload, service, pod, action } = reader.counter.counts
  return { node, workload, service, pod, action }
}
