import type { CapacityShape } from '../../sim/index.ts'

/** Main thread → target thread, at its start. */
export interface TargetData {
  readonly shape: CapacityShape
  readonly port: number
}

/** Target thread → main thread: it answers now. */
export interface FromTarget {
  readonly type: 'open'
}

/** Main thread → reader. Turns are asked for one at a time. */
export interface ToReader {
  readonly port: number
  readonly forMs: number
}

/** Reader → main thread. */
export type FromReader =
  | {
      readonly type: 'read'
      /** Bodies that came whole, after the first, which warms up. */
      readonly bodies: number
      readonly bytes: number
      readonly seconds: number
      /** Samples of the first body, and of the last. */
      readonly samplesFirst: number
      readonly samplesLast: number
    }
  | { readonly type: 'failed'; readonly message: string }
