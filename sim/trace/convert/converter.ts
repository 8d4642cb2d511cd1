import type { Prng } from '../../../base/index.ts'
import type { ChurnEvent } from '../churn-event.ts'
import type { Conversion } from './conversion.ts'

export const FORMATS = ['churnbench', 'simkube', 'kwok', 'openb', 'events', 'arrivals'] as const
export type Format = (typeof FORMATS)[number]

/** What only some formats take. */
export interface FormatOptions {
  /** openb: file with the list of nodes. */
  readonly nodesFile?: string
  /** simkube, arrivals: nodes that are made up, since the source knows none. */
  readonly nodes?: number
  /** simkube, kwok: which pods are scraped; default: those that are annotated, where any is. */
  readonly targets?: 'annotated' | 'all'
  /** arrivals: requests per second that one pod serves. */
  readonly perPod?: number
  readonly minReplicas?: number
  readonly maxReplicas?: number
  /** arrivals: `namespace/name` of the Deployment that is scaled. */
  readonly workload?: string
  /** events: how long after its start, or after a failed probe, a pod is taken to be ready. */
  readonly readyAfterMs?: number
  /** events: how long after the start of its deletion a pod is taken to be gone. */
  readonly graceMs?: number
}

export interface ConverterInput {
  /** Its path, or `-`. */
  readonly input: string
  /** What it holds, inflated. */
  readonly bytes: AsyncIterable<Buffer>
  readonly conversion: Conversion
  readonly options: FormatOptions
  readonly prng: Prng
  /** An existing folder on the output's file system, for what does not fit into memory. */
  readonly scratchDir: string
}

/** Reads one format. */
export interface Converter {
  /** Names of the options that it takes, and their command-line names. */
  readonly options: readonly (keyof FormatOptions)[]
  /** Events in order of time, in batches. @throws TraceError CHURN_TRACE_CONVERT, CHURN_TRACE_FILE, CHURN_TRACE_OPTIONS */
  readonly events: (input: ConverterInput) => AsyncGenerator<readonly ChurnEvent[]>
}
