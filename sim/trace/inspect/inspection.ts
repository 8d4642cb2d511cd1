import type { TraceHeader, TraceScale } from '../trace-header.ts'
import type { Burst } from './bursts.ts'
import type { ChurnTableFigures } from './churn-table.ts'
import type { NodeFigures } from './node-watch.ts'
import type { PodFigures } from './pod-watch.ts'
import type { LevelBins } from './timeline.ts'
import type { WindowFigures } from './windows.ts'

/** A quantity over the whole trace. */
export interface LevelFigures {
  /** Weighted by time. */
  readonly mean: number
  readonly max: number
  /** When `max` was first reached. */
  readonly maxAtMs: number
  readonly atEnd: number
}

/** What a trace holds. Times are milliseconds since its start. A stable schema: fields are added, none changes its meaning. */
export interface Inspection {
  readonly schema: 'churnbench/trace-inspection/v1'
  readonly header: TraceHeader
  readonly completeness: {
    /** Whoever wrote it brought it to its end. */
    readonly complete: boolean
    /** It ends within a line or a compressed part. */
    readonly torn: boolean
    /** Lines that were left out (`--lenient`). */
    readonly faults: number
    readonly examples: readonly string[]
  }
  readonly durationMs: number
  readonly events: number
  /** Events at time 0: what was there when the trace began, or was set up then. They are no part of rates and bursts. */
  readonly eventsAtStart: number
  readonly byKind: Readonly<Record<'node' | 'workload' | 'service' | 'pod' | 'action', number>>
  /** `pod created`: 17 */
  readonly byOp: Readonly<Record<string, number>>
  /** The most of each that there was at once. */
  readonly scale: TraceScale
  readonly rates: {
    /** After time 0, per second. */
    readonly eventsPerS: number
    /** In windows of a second, and in wider ones where the trace is long or they were asked for. */
    readonly events: readonly WindowFigures[]
    readonly podsCreated: readonly WindowFigures[]
  }
  /** The busiest first. */
  readonly bursts: { readonly windowMs: number; readonly found: readonly Burst[] }
  readonly levels: {
    /** Created and not deleted: those that have ended count until then. */
    readonly podsAlive: LevelFigures
    readonly podsReady: LevelFigures
    readonly nodes: LevelFigures
    /** As the control plane sees them. */
    readonly nodesReady: LevelFigures
  }
  readonly pods: PodFigures
  readonly nodes: NodeFigures
  readonly namespaces: ChurnTableFigures
  /** By the workload that a person knows: `Deployment/cart`, not its ReplicaSets. */
  readonly owners: ChurnTableFigures
  /** Over time, in bins of equal width. */
  readonly series: {
    readonly binMs: number
    readonly bins: number
    /** Events after time 0 in each bin, by what they are. */
    readonly events: Readonly<Record<EventGroup, readonly number[]>>
    readonly podsAlive: LevelBins
    readonly podsReady: LevelBins
    readonly nodes: LevelBins
    readonly nodesReady: LevelBins
    /** Pods created after time 0 in each bin, by namespace: those with the most, and the rest. */
    readonly podsCreatedBy: readonly { readonly namespace: string | null; readonly values: readonly number[] }[]
    /** What happened to nodes, and actions: the first of them. */
    readonly marks: readonly { readonly t: number; readonly what: string }[]
  }
}

export const EVENT_GROUPS = ['pods created', 'pods deleted', 'readiness', 'other of pods', 'nodes', 'intents'] as const
/** `intents`: workloads, services and actions. */
export type EventGroup = (typeof EVENT_GROUPS)[number]
