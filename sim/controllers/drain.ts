import type { Pod } from 'kubernetes-types/core/v1.js'
import { ApiError, type Stored } from '../cluster/index.ts'
import { controllerOf, type PlannedClock, type PodIndex, WorkQueue } from '../informers/index.ts'

/** Asks for the eviction of a pod, as a client does: the answer is an error or none. @throws ApiError */
export type Evict = (namespace: string, name: string) => void

/** An eviction that a budget forbids is asked for again after this time, as kubectl does. */
const RETRY_MS = 5000
/** One request after the other, a thousand a second. */
const WRITE_MS = 1
const MIRROR = 'kubernetes.io/config.mirror'

/**
 * Empties a node by evictions, as `kubectl drain --ignore-daemonsets --delete-emptydir-data --force`. Cordoning comes first
 * and is the caller's.
 *
 * ```
 *   pod there ──evict──▶ going ──▶ gone
 *       ▲         │ a budget forbids it (429)
 *       └──5 s────┘ until `untilMs`
 * ```
 *
 * Pods of DaemonSets and mirrors of static pods stay.
 */
export class Drain {
  readonly #clock: PlannedClock
  readonly #pods: PodIndex
  readonly #evict: Evict
  readonly #untilMs: number
  readonly #evictions: WorkQueue

  /** Begins at once. @param timeoutMs planned time after which nothing more is asked for; `Infinity` for never. */
  constructor(clock: PlannedClock, pods: PodIndex, node: string, evict: Evict, timeoutMs: number) {
    this.#clock = clock
    this.#pods = pods
    this.#evict = evict
    this.#untilMs = clock.elapsedMs + timeoutMs
    this.#evictions = new WorkQueue(clock, uid => this.#ask(uid), { spacingMs: WRITE_MS })
    for (const { pod } of pods.onNode(node).entries.values()) if (goes(pod)) this.#evictions.add(pod.metadata.uid)
  }

  #ask(uid: string): void {
    const pod = this.#pods.get(uid)?.pod
    if (pod === undefined || !goes(pod) || this.#clock.elapsedMs > this.#untilMs) return
    const { namespace = '', name } = pod.metadata
    try {
      this.#evict(namespace, name)
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'TooManyRequests') throw error
      this.#evictions.add(uid, RETRY_MS)
    }
  }
}

function goes(pod: Stored<Pod>): boolean {
  const { deletionTimestamp, annotations } = pod.metadata
  if (deletionTimestamp !== undefined || annotations?.[MIRROR] !== undefined) return false
  return controllerOf(pod)?.kind !== 'DaemonSet'
}
