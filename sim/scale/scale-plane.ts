import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { collectGarbage, EventLoopDelay, Prng, SystemClock, VirtualClock } from '../../base/index.ts'
import { type ApiServer, createApiServer } from '../apiserver/index.ts'
import { ObjectStore, Pods, type Stored } from '../cluster/index.ts'
import { type Cluster, createCluster, defaultTolerationSeconds } from '../controllers/index.ts'
import { isReady } from '../informers/index.ts'
import { NOWHERE } from '../nowhere.ts'
import { plainWorkload } from '../plain-workload.ts'
import type { FillFigures, ScaleSpec } from './messages.ts'

/** Planned calls made before others get their turn: some milliseconds. */
const CALLS_PER_TURN = 100
/** Changes that the slowest watcher may be behind. */
const CHANGES_AHEAD_MAX = 2000
const CHANGES_PER_TURN = 25
const NAMESPACES = 50
const CHANGED = 'churnbench.io/changed'

export interface ScalePlaneOptions {
  readonly seed: string
  readonly spec: ScaleSpec
  /** What each watcher has received of the changes. */
  readonly received: Int32Array
  readonly onProgress: (podsReady: number) => void
  readonly onFailure: (error: unknown) => void
}

/**
 * A control plane that is measured itself: no pacing, no targets, planned time runs as fast as the machine lets it, and real
 * clients talk to the real API server meanwhile.
 */
export class ScalePlane {
  readonly api: ApiServer
  readonly #options: ScalePlaneOptions
  readonly #clock: VirtualClock
  readonly #real = new SystemClock({ unref: true })
  readonly #store: ObjectStore
  readonly #cluster: Cluster
  #podsReady = 0

  private constructor(
    options: ScalePlaneOptions,
    parts: { clock: VirtualClock; store: ObjectStore; cluster: Cluster; api: ApiServer },
  ) {
    this.#options = options
    this.#clock = parts.clock
    this.#store = parts.store
    this.#cluster = parts.cluster
    this.api = parts.api
    parts.store.subscribe(({ resource, type, object, previous }) => {
      if (resource !== Pods) return
      const is = type !== 'DELETED' && isReady(object as Pod)
      const was = previous !== undefined && isReady(previous as Pod)
      if (is !== was) this.#podsReady += is ? 1 : -1
    })
  }

  /** The nodes are registered then. */
  static async create(options: ScalePlaneOptions): Promise<ScalePlane> {
    const { seed, spec, onFailure } = options
    const clock = new VirtualClock()
    const prng = new Prng(seed)
    const store = new ObjectStore(clock, prng.fork('store'))
    const cluster = createCluster(clock, prng.fork('cluster'), store, NOWHERE, {
      spec: { ...spec, workloads: [] },
      seed,
      hold: promise => clock.hold(promise),
      onFailure,
    })
    cluster.start()
    const api = await createApiServer(new SystemClock({ unref: true }), store, {
      host: '127.0.0.1',
      port: 0,
      tls: true,
      tolerationSeconds: defaultTolerationSeconds(spec.timings.evictionMs),
      onInternalError: onFailure,
    })
    return new ScalePlane(options, { clock, store, cluster, api })
  }

  /** Applies all workloads and lets time run until all their pods are Ready. */
  async fill(): Promise<FillFigures> {
    const { pods, podsPerWorkload } = this.#options.spec
    const delay = new EventLoopDelay()
    const startedNs = this.#real.monotonicNs()
    const plannedMs = this.#clock.elapsedMs
    const versionBefore = this.#store.resourceVersion
    for (let i = 0, left = pods; left > 0; i++, left -= podsPerWorkload) {
      const name = `scale-${i}`
      const replicas = Math.min(podsPerWorkload, left)
      this.#cluster.applyWorkload(plainWorkload(`scale-${i % NAMESPACES}`, name, replicas))
      await nextTurn()
    }
    while (this.#podsReady < pods) {
      await this.#clock.advanceCalls(CALLS_PER_TURN)
      this.#options.onProgress(this.#podsReady)
      await nextTurn()
    }
    const durationMs = Number(this.#real.monotonicNs() - startedNs) / 1e6
    delay.stop()
    return {
      durationMs,
      plannedMs: this.#clock.elapsedMs - plannedMs,
      writes: this.#store.resourceVersion - versionBefore,
      eventLoopDelayHdr: delay.encode(),
    }
  }

  memory(): { rssBytes: number; heapBytes: number } {
    collectGarbage()
    const { rss, heapUsed } = process.memoryUsage()
    return { rssBytes: rss, heapBytes: heapUsed }
  }

  /**
   * Changes one pod after the other, as fast as the watchers take it.
   *
   * @returns monotonic instants of the first and last change
   */
  async change(): Promise<{ startedNs: bigint; lastNs: bigint }> {
    const { spec, received } = this.#options
    const pods = this.#store.list<Pod>(Pods)
    const startedNs = this.#real.monotonicNs()
    for (let done = 0; done < spec.changes;) {
      const slowest =
        received.length === 0 ? done : Math.min(...Array.from(received, (_, i) => Atomics.load(received, i)))
      if (done - slowest < CHANGES_AHEAD_MAX) {
        const end = Math.min(spec.changes, done + CHANGES_PER_TURN)
        for (; done < end; done++) this.#touch(pods[done % pods.length]!, done)
      }
      await nextTurn()
    }
    return { startedNs, lastNs: this.#real.monotonicNs() }
  }

  close(): Promise<void> {
    return this.api.close()
  }

  #touch({ metadata: { namespace, name } }: Stored<Pod>, change: number): void {
    this.#store.modify<Pod>(Pods, namespace, name, pod => ({
      ...pod,
      metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [CHANGED]: String(change) } },
    }))
  }
}
