import type { ChurnEvent, Labels } from './churn-event.ts'

/** The version that is written, and the newest that is read. */
export const TRACE_VERSION = 1

/** First line of a trace. What is only known at the end is absent while a recording goes on, and after one that was cut off. */
export interface TraceHeader {
  readonly trace: 'churnbench'
  readonly version: number
  /** When the trace's time 0 was, RFC 3339; absent where the trace never happened or must not tell. */
  readonly start?: string
  readonly source: TraceSource
  /**
   * Which pods are scraped: those whose annotations say so, or, where the source knew nothing of annotations, all.
   */
  readonly targets: 'annotated' | 'all'
  /** What was replaced by pseudonyms; absent when nothing was. */
  readonly scrubbed?: readonly string[]
  /** Time of the last event at least; how long the trace lasts. */
  readonly durationMs?: number
  /** The most of each that there was at once. */
  readonly scale?: TraceScale
  readonly counts?: TraceCounts
  /** Over all lines after this one, each ended by a line feed. */
  readonly sha256?: string
}

export interface TraceSource {
  /** `run`: one of our own, `cluster`: recorded from an API server, `converted`, `generated`. */
  readonly kind: 'run' | 'cluster' | 'converted' | 'generated'
  /** Who wrote it, `churnbench 0.1.0`. */
  readonly tool?: string
  /** What it was made from, as texts: scenario and seed, format and file, context of a kubeconfig. */
  readonly details?: Labels
}

export interface TraceScale {
  readonly nodes: number
  readonly workloads: number
  readonly services: number
  readonly pods: number
  readonly podsPerNode: number
}

export interface TraceCounts {
  readonly events: number
  readonly node: number
  readonly workload: number
  readonly service: number
  readonly pod: number
  readonly action: number
  /** Pods that ever were: how many were created. */
  readonly podsCreated: number
}

/** What is given when a trace is begun. */
export type TraceOrigin = Pick<TraceHeader, 'start' | 'source' | 'targets' | 'scrubbed'>

/** Counts events as they come. */
export class TraceCounter {
  readonly #byKind = { node: 0, workload: 0, service: 0, pod: 0, action: 0 }
  #podsCreated = 0
  #lastMs = 0

  add(event: ChurnEvent): void {
    this.#byKind[event.kind]++
    if (event.kind === 'pod' && event.op === 'created') this.#podsCreated++
    this.#lastMs = event.t
  }

  /** Time of the last event. */
  get lastMs(): number {
    return this.#lastMs
  }

  get counts(): TraceCounts {
    const { node, workload, service, pod, action } = this.#byKind
    const events = node + workload + service + pod + action
    return { events, node, workload, service, pod, action, podsCreated: this.#podsCreated }
  }
}
