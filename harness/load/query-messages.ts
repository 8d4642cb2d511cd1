import type { QueryLoad } from './planned-load.ts'
import type { QueryFacts } from './query-request.ts'

/** Given to the thread when it starts. */
export interface QueryThreadData {
  readonly loads: readonly QueryLoad[]
  readonly facts: QueryFacts
  /** How long a query may take from when it was due. */
  readonly deadlineMs: number
}

/** Main thread → query thread. */
export type ToQueries =
  /** Open the connections to the subject, and try the way to it. Answered by `ready`. */
  | { readonly type: 'prepare'; readonly url: string }
  /** Planned time 0 was at this monotonic instant. */
  | { readonly type: 'start'; readonly startNs: bigint }
  /** Answered by `stopped`, after everything that was under way has been told. */
  | { readonly type: 'stop' }

/** Query thread → main thread. */
export type FromQueries =
  { readonly type: 'ready' } | ({ readonly type: 'observed' } & Observations) | { readonly type: 'stopped' }

/** What happened since the last message. */
export interface Observations {
  /** Monotonic instants of the first and the last. */
  readonly fromNs: bigint
  readonly untilNs: bigint
  /** Nanoseconds each. */
  readonly lags: Float64Array
  /** Four numbers for each query: index of its key, latency and service time in nanoseconds, outcome. */
  readonly queries: Float64Array
  /** Why queries failed. */
  readonly reasons: readonly string[]
}
