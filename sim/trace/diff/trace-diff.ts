import type { DistributionSummary } from '../inspect/index.ts'

/** What may be left out of the comparison of events. */
export const IGNORABLE = ['times', 'uids', 'addresses', 'names', 'nodes'] as const
/**
 * `names`: those of pods, which have a random part; their owners are compared instead. `nodes`: which node a pod was bound
 * to.
 */
export type Ignored = (typeof IGNORABLE)[number]

/** How two traces differ. A stable schema: fields are added, none changes its meaning. Times are milliseconds. */
export interface TraceDiff {
  readonly schema: 'churnbench/trace-diff/v1'
  readonly a: DiffSide
  readonly b: DiffSide
  readonly ignored: readonly Ignored[]
  readonly toleranceMs: number
  /** Same events in the same order, and, where times count, the same length; headers may differ. */
  readonly same: boolean
  /** Fields of the headers that differ. */
  readonly header: readonly { readonly field: string; readonly a: string | null; readonly b: string | null }[]
  /** Events by kind and operation. */
  readonly counts: readonly Both[]
  /** What there was at most, and at the end. */
  readonly states: readonly Both[]
  /** Where the two orders part for the first time; absent when they do not. */
  readonly parting?: Parting
  readonly objects: ObjectDiffs
  /** How far apart in time the events are that belong together: the first, second, … of one operation on one object. */
  readonly times: readonly TimeDiff[]
  /** Events that were not remembered for their times, for too many waited for theirs on the other side. */
  readonly timesForgotten: number
}

export interface DiffSide {
  readonly path: string
  readonly events: number
  readonly durationMs: number
  readonly complete: boolean
  /** Lines that were left out (`--lenient`). */
  readonly faults: number
}

export interface Both {
  readonly what: string
  readonly a: number
  readonly b: number
}

export interface Parting {
  /** Events before it, which are the same. */
  readonly index: number
  /** Absent where the trace is over. */
  readonly a?: PlacedEvent
  readonly b?: PlacedEvent
  /** Fields that differ, where it is the same operation on the same object. */
  readonly fields: readonly string[]
  readonly before: readonly PlacedEvent[]
  readonly afterA: readonly PlacedEvent[]
  readonly afterB: readonly PlacedEvent[]
}

export interface PlacedEvent {
  /** In its file; of `before`, in the first. */
  readonly line: number
  /** The canonical line of the event. */
  readonly text: string
}

export interface ObjectDiffs {
  /** Objects, or owners, that are in either. */
  readonly compared: number
  readonly onlyA: ObjectList
  readonly onlyB: ObjectList
  /** In both, but not with the same number of pods, the same fate, or the same at the end. */
  readonly changed: ObjectList
}

export interface ObjectList {
  readonly count: number
  /** The first of them, those with the most events first. */
  readonly objects: readonly ObjectDiff[]
}

export interface ObjectDiff {
  /** `pods of shop/Deployment/cart`, `node n-1`, `Deployment shop/cart`. */
  readonly object: string
  /** How many there were: pods of an owner, else how often it came into being. */
  readonly seen: { readonly a: number; readonly b: number }
  readonly atEnd: { readonly a: number; readonly b: number }
  /** Sequences of operations that one had more often, with how often each had it. */
  readonly sequences: readonly { readonly sequence: string; readonly a: number; readonly b: number }[]
}

export interface TimeDiff {
  /** `pod created` */
  readonly op: string
  readonly matched: number
  readonly onlyA: number
  readonly onlyB: number
  /** How many come later in the second, and how many earlier. */
  readonly later: number
  readonly earlier: number
  /** Absolute differences; absent when none was matched. */
  readonly ms?: DistributionSummary
}
