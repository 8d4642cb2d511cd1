import type { LearnedPage } from './profiles/learn/learned-page.ts'
import type { FromTargetsMain, TargetScrapeLog, ToTargets } from './messages.ts'

/** From a bridge to its target process, over the process's channel. */
export type ToTargetProcess =
  | { readonly type: 'start'; readonly start: TargetProcessStart }
  | { readonly type: 'control'; readonly message: ToTargets }
  /** Asks for its logs; answered by `truth` and `log`. */
  | { readonly type: 'collect' }
  /** Closes all and ends. */
  | { readonly type: 'stop' }

export interface TargetProcessStart {
  /** Rows of the truth table. */
  readonly rows: number
  /** Monotonic nanoseconds that logs count from: the clock is the machine's, the same for all processes. */
  readonly originNs: bigint
  readonly threads: number
  /** How many processes the pods are divided among before they are divided among its threads. */
  readonly processes: number
  /** Pages that profiles were learned from, by the texts that name them. */
  readonly pages: Readonly<Record<string, LearnedPage>>
  readonly goesFirst: boolean
}

/** From a target process to its bridge. */
export type FromTargetProcess =
  | Exclude<FromTargetsMain, { readonly type: 'log' }>
  /** An open or a close has been done; `code` is that of a coded error. */
  | { readonly type: 'done'; readonly id: number; readonly error?: string; readonly code?: string }
  /** Rows of its truth table that changed: `cells` holds eight for each of `slots`. */
  | { readonly type: 'truth'; readonly slots: Uint32Array; readonly cells: BigInt64Array }
  | {
      readonly type: 'log'
      readonly scrapes: readonly TargetScrapeLog[]
      readonly eventLoopDelayHdr: readonly string[]
    }
