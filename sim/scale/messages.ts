import type { ClusterTimings } from '../messages.ts'

/** How large a cluster is to be brought up, and what is done with it then. */
export interface ScaleSpec {
  readonly nodes: number
  readonly zones: number
  readonly podsPerNodeMax: number
  readonly timings: ClusterTimings
  /** In Deployments of `podsPerWorkload`, the last one smaller. */
  readonly pods: number
  readonly podsPerWorkload: number
  /** Clients that watch all pods. */
  readonly watchers: number
  /** Pods that are changed, one after the other, while they watch. */
  readonly changes: number
}

export interface ScaleData {
  readonly seed: string
  readonly spec: ScaleSpec
  /**
   * Int32Array: what each watcher has received of the changes. Written by the clients; changes never get further ahead than
   * `CHANGES_AHEAD_MAX` of the slowest of them.
   */
  readonly received: SharedArrayBuffer
}

/** Main thread → control plane. Each is answered by the message of the same name. */
export type ToScalePlane = { readonly type: 'fill' | 'memory' | 'change' | 'stop' }

/** Control plane → main thread. */
export type FromScalePlane =
  | { readonly type: 'ready'; readonly url: string; readonly token: string; readonly caPem: string }
  | ({ readonly type: 'fill' } & FillFigures)
  | { readonly type: 'progress'; readonly podsReady: number }
  /** Resident memory of the whole process, after a collection of garbage. */
  | { readonly type: 'memory'; readonly rssBytes: number; readonly heapBytes: number }
  | { readonly type: 'change'; readonly startedNs: bigint; readonly lastNs: bigint }
  | { readonly type: 'stop' }
  | { readonly type: 'failed'; readonly message: string }

export interface FillFigures {
  /** From the first workload applied to the last pod Ready, in real time. */
  readonly durationMs: number
  /** Planned time that went by. */
  readonly plannedMs: number
  /** Changes of objects of all kinds. */
  readonly writes: number
  /** Encoded HDR (V2, base64), nanoseconds. */
  readonly eventLoopDelayHdr: string
}
