import type { TraceScale } from '../trace-header.ts'
import type { TraceCut } from '../transform/trace-stream.ts'

/** What to replay, and how. Plain data: it is posted to the control-plane thread. */
export interface ReplaySpec extends TraceCut {
  /** The trace's file. */
  readonly path: string
  /**
   * `exact`: every object is what the trace says at the time that it says. `controllers`: what people asked for and what
   * befell nodes follows the trace, pods follow the simulation.
   */
  readonly mode: ReplayMode
  /** Trace milliseconds per real millisecond. */
  readonly speed: number
  /** Which pods serve metrics: those that say so, or all. */
  readonly targets: 'annotated' | 'all'
  /** Nodes that are made up where the trace has none, in mode `controllers`. */
  readonly nodes: number
  readonly zones: number
  /** Faulty lines are left out and counted. */
  readonly lenient: boolean
  /** Most of each at once, of the whole trace and all its clones. */
  readonly bounds: TraceScale
}

export type ReplayMode = 'exact' | 'controllers'

/** How true a replay was to its trace. */
export interface ReplayReport {
  readonly mode: ReplayMode
  readonly speed: number
  /** Of the events that the cut asks for. */
  readonly events: {
    readonly planned: number
    readonly played: number
    /** Of those played: how many shared a write with the one before them, as it happens to an object several times at one instant. */
    readonly merged: number
    /** Left to the controllers: in mode `controllers`, what pods do. */
    readonly simulated: number
    /** By reason. */
    readonly skipped: Readonly<Record<string, number>>
  }
  /** Events of the trace that `--only` left out. */
  readonly leftOut: number
  /** Lines that a lenient reading left out. */
  readonly faults: number
  readonly faultExamples: readonly string[]
  /** SHA-256 over the canonical lines of the events to be played, and over those that the cluster then showed. */
  readonly plannedSha256: string
  readonly achievedSha256: string
  /** Achieved minus planned time of every event, by `kind op`: encoded HDR (V2, base64), nanoseconds. */
  readonly latenessHdr: Readonly<Record<string, string>>
  readonly finalState: StateComparison
  /** Pods whose address belonged to a living one: each got an address of its own. */
  readonly addressesShared: number
}

/** The cluster at the end against the trace folded. */
export interface StateComparison {
  readonly equal: boolean
  /** Objects that were compared. */
  readonly compared: number
  readonly different: number
  /** The first of them, each in one sentence. */
  readonly examples: readonly string[]
}
