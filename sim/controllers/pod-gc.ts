import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { Nodes, Pods } from '../cluster/index.ts'
import { isFinished, withCondition, WorkQueue, stampOf } from '../informers/index.ts'
import type { ControllerEnvironment } from './environment.ts'

/**
 * In periods of the node monitor, so that they scale with it: Kubernetes looks every 20 s and gives a missing node 40 s to
 * come back, with a monitor period of 5 s.
 */
const PERIOD = 4
const QUARANTINE = 8
const WRITE_MS = 1

/** Removes pods whose Node object is gone for good: nobody else would ever end their deletion. */
export class PodGarbageCollector {
  readonly #env: ControllerEnvironment
  /** Planned time at which a node was first found missing. */
  readonly #missingMs = new Map<string, number>()
  readonly #removals: WorkQueue

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#removals = new WorkQueue(env.clock, uid => this.#remove(uid), { spacingMs: WRITE_MS })
    env.router.on<Node>(Nodes, ({ type, object }) => {
      if (type === 'ADDED') this.#missingMs.delete(object.metadata.name)
    })
  }

  start(): void {
    this.#env.clock.schedule(this.#env.timings.nodeMonitorPeriodMs * PERIOD, () => {
      this.#look()
      this.start()
    })
  }

  #look(): void {
    const { clock, pods, timings } = this.#env
    const nowMs = clock.elapsedMs
    for (const name of pods.nodes()) {
      if (!this.#isMissing(name)) continue
      const sinceMs = this.#missingMs.get(name)
      if (sinceMs === undefined) {
        this.#missingMs.set(name, nowMs)
      } else if (nowMs - sinceMs >= timings.nodeMonitorPeriodMs * QUARANTINE) {
        for (const uid of pods.onNode(name).entries.keys()) this.#removals.add(uid)
      }
    }
    for (const name of this.#missingMs.keys()) if (pods.onNode(name).entries.size === 0) this.#missingMs.delete(name)
  }

  #remove(uid: string): void {
    const { store, pods, clock } = this.#env
    const pod = pods.get(uid)?.pod
    if (pod === undefined || !this.#isMissing(pod.spec?.nodeName ?? '')) return
    const { namespace, name } = pod.metadata
    if (!isFinished(pod)) {
      store.modify<Pod>(Pods, namespace, name, current => {
        const condition = {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByPodGC',
          message: 'PodGC: node no longer exists',
        }
        const conditions = withCondition(current.status?.conditions, condition, stampOf(clock))
        return { ...current, status: { ...current.status, phase: 'Failed', conditions } }
      })
    }
    store.delete(Pods, namespace, name, { gracePeriodSeconds: 0, uid })
  }

  #isMissing(node: string): boolean {
    return this.#env.store.get(Nodes, undefined, node) === undefined
  }
}
