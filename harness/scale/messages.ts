import type { ApiAccess } from '../subjects/index.ts'

export interface WatchersData {
  readonly api: ApiAccess
  readonly watchers: number
  /** Events that each of them is to receive. */
  readonly changes: number
  /** What they watch from. */
  readonly resourceVersion: string
  /** Int32Array: what each has received. */
  readonly received: SharedArrayBuffer
}

/** Watching clients → main thread. */
export type FromWatchers =
  /** All watches have been answered. */
  | { readonly type: 'open' }
  /** All clients have received all changes; monotonic. */
  | { readonly type: 'complete'; readonly atNs: bigint }
  | { readonly type: 'failed'; readonly message: string }
