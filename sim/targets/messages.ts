import type { MessagePort } from 'node:worker_threads'
import type { LearnedPage } from './profiles/learn/learned-page.ts'
import type { SeriesDescription } from './profile.ts'
import type { MisbehaviourOrder } from './misbehaviour/index.ts'
import type { Feed, TargetSpec } from '../kubelet/pod-runtime.ts'

/** From the control plane (over a direct port) to a target thread. `id` numbers requests that are answered. */
export type ToTargets =
  | { readonly type: 'open'; readonly id: number; readonly target: TargetSpec }
  | { readonly type: 'close'; readonly id: number; readonly uid: string }
  | { readonly type: 'partition'; readonly uids: readonly string[]; readonly partitioned: boolean }
  /** Without an order they behave again. */
  | { readonly type: 'misbehave'; readonly uids: readonly string[]; readonly order?: MisbehaviourOrder }
  | { readonly type: 'feed'; readonly uid: string; readonly feed: Feed }

/** Answers of a target thread to the control plane; `code` is that of a coded error. */
export type FromTargets = {
  readonly type: 'done'
  readonly id: number
  readonly error?: string
  readonly code?: string
}

/** From the main thread to a target thread. */
export type ToTargetsMain =
  /** Asks for what the thread knows of its targets beyond the truth table; answered by one `log`. */
  { readonly type: 'collect' } | { readonly type: 'stop' }

/** From a target thread to the main thread. */
export type FromTargetsMain =
  /** `pid` is that of the process behind it, where there is one. */
  | { readonly type: 'ready'; readonly pid?: number }
  /** One histogram for each thread behind it: one, unless there is a process. */
  | {
      readonly type: 'log'
      readonly scrapes: readonly TargetScrapeLog[]
      readonly eventLoopDelayHdr: readonly string[]
    }
  /** A listener failed while it was open: what is measured from now on is not true. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'stopped' }

/** Every request that one container's sockets saw, in order; the number of a request counts from 1 over all its runs. */
export interface TargetScrapeLog {
  readonly uid: string
  /** Monotonic nanoseconds relative to `TargetWorkerData.originNs`, in milliseconds: exact to the microsecond for days. */
  readonly requestMs: Float64Array
  /**
   * 1 where a complete answer was handed to the kernel; 2 where it was, but a misbehaviour leaves it to the scraper whether
   * any of it is stored; else 0. Same length as `requestMs`.
   */
  readonly served: Uint8Array
  /** Number of the answer's format among `FORMATS`, from 1; 0: there was no answer. Same length. */
  readonly formats?: Uint8Array
  /** In order. A container that starts again serves a page that begins anew. */
  readonly runs: readonly TargetRun[]
  /** Of a page that is not a function of its scrapes: what was served. */
  readonly recorded?: RecordedPage
}

export interface TargetRun {
  /** Number of the first request that the run may have seen. */
  readonly firstSequence: number
  readonly startedUnixMs: number
}

/** What a page showed in each answer, where nobody could tell it afterwards. */
export interface RecordedPage {
  /** All that it ever showed. */
  readonly series: readonly SeriesDescription[]
  /** For each request, in the order of the log, the value of each series, row by row; NaN where it showed none. */
  readonly values: Float64Array
}

export interface TargetWorkerData {
  readonly truth: SharedArrayBuffer
  /** Monotonic nanoseconds that the log's times count from. */
  readonly originNs: bigint
  /** The thread's end of its direct port to the control plane; transferred. */
  readonly control: MessagePort
  /** Pages that profiles were learned from, by the texts that name them. */
  readonly pages: Readonly<Record<string, LearnedPage>>
  /** Whether the thread goes before others of the machine. */
  readonly goesFirst: boolean
  /** Of a bridge: the process that it starts has so many threads, and is one of so many. */
  readonly process?: { readonly threads: number; readonly processes: number }
}
