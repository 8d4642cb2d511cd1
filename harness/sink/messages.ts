import type { InstantSample, RawSeries } from '../subjects/index.ts'

/** Main thread → sink. An `id` comes back with the answer. */
export type ToSink =
  | { readonly type: 'instant'; readonly id: number; readonly selector: string; readonly atMs: number }
  | {
      readonly type: 'range'
      readonly id: number
      readonly selector: string
      readonly minMs: number
      readonly maxMs: number
    }
  | { readonly type: 'counts'; readonly id: number }
  | { readonly type: 'stop' }

/** Sink → main thread. */
export type FromSink =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'instant'; readonly id: number; readonly samples: InstantSample[] }
  /** The arrays are transferred. */
  | { readonly type: 'range'; readonly id: number; readonly series: RawSeries[] }
  | { readonly type: 'counts'; readonly id: number; readonly counts: SinkCounts }
  /** The selector cannot be read. */
  | { readonly type: 'refused'; readonly id: number; readonly message: string }
  | { readonly type: 'stopped' }

export interface SinkCounts {
  readonly requests: number
  /** Samples stored, stale markers included. */
  readonly samples: number
  /** Samples that came again and were not stored twice. */
  readonly repeated: number
  readonly series: number
  /** Native histograms, which are not kept. */
  readonly histograms: number
  /** Requests that were answered with 4xx, and why the last one was. */
  readonly refused: number
  readonly lastRefusal?: string
}
