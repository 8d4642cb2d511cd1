import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { Nodes, Pods } from '../cluster/index.ts'
import { isFinished, isNodeReady, withCondition, WorkQueue, stampOf } from '../informers/index.ts'
import type { ControllerEnvironment } from './environment.ts'

/**
 * In periods of the node monitor, so that they scale with it: Kubernetes looks every 20 s and gives a missing node 40 s to
 * come back, with a monitor period of 5 s.
 */
const PERIOD = 4
const QUARANTINE = 8
const WRITE_MS = 1

/** Finished pods that are kept; beyond, the oldest go. Kubernetes: `--terminated-pod-gc-threshold`. */
const FINISHED_MAX = 12_500
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'

/**
 * Removes pods that nobody else would ever remove: those whose Node object is gone for good, those that are to go from a node
 * that is not ready and that somebody declared out of service, and finished ones when there are too many.
 */
export class PodGarbageCollector {
  readonly #env: ControllerEnvironment
  /** Planned time at which a node was first found missing. */
  readonly #missingMs = new Map<string, number>()
  /** Uids of pods that have run to their end and are still there. */
  readonly #finished = new Set<string>()
  readonly #removals: WorkQueue

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#removals = new WorkQueue(env.clock, uid => this.#remove(uid), { spacingMs: WRITE_MS })
    env.router.on<Node>(Nodes, ({ type, object }) => {
      if (type === 'ADDED') this.#missingMs.delete(object.metadata.name)
    })
    env.router.on<Pod>(Pods, ({ type, object }) => {
      const { uid } = object.metadata
      if (type !== 'DELETED' && isFinished(object)) this.#finished.add(uid)
      else this.#finished.delete(uid)
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
    this.#dropFinished()
    for (const name of pods.nodes()) {
      if (!this.#isMissing(name)) {
        if (this.#isOutOfService(name)) this.#dropTerminating(name)
        continue
      }
      const sinceMs = this.#missingMs.get(name)
      if (sinceMs === undefined) {
        this.#missingMs.set(name, nowMs)
      } else if (nowMs - sinceMs >= timings.nodeMonitorPeriodMs * QUARANTINE) {
        for (const uid of pods.onNode(name).entries.keys()) this.#removals.add(uid)
      }
    }
    for (const name of this.#missingMs.keys()) if (pods.onNode(name).entries.size === 0) this.#missingMs.delete(name)
  }

  /** The oldest go first. */
  #dropFinished(): void {
    const excess = this.#finished.size - FINISHED_MAX
    if (excess <= 0) return
    const { pods } = this.#env
    const entries = [...this.#finished].map(uid => pods.get(uid)!)
    entries.sort((a, b) => a.createdMs - b.createdMs || (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1))
    for (const { pod } of entries.slice(0, excess)) this.#removals.add(pod.metadata.uid)
  }

  #dropTerminating(node: string): void {
    for (const { pod } of this.#env.pods.onNode(node).entries.values()) {
      if (pod.metadata.deletionTimestamp !== undefined) this.#removals.add(pod.metadata.uid)
    }
  }

  #remove(uid: string): void {
    const { store, pods, clock } = this.#env
    const pod = pods.get(uid)?.pod
    if (pod === undefined) return
    const { namespace, name } = pod.metadata
    const node = pod.spec?.nodeName ?? ''
    const isOrphan = this.#isMissing(node)
    const mayGo =
      isOrphan || isFinished(pod) || (pod.metadata.deletionTimestamp !== undefined && this.#isOutOfService(node))
    if (!mayGo) return
    if (!isFinished(pod)) {
      store.modify<Pod>(Pods, namespace, name, current => {
        if (!isOrphan) return { ...current, status: { ...current.status, phase: 'Failed' } }
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

  #isOutOfService(name: string): boolean {
    const node = this.#env.store.get<Node>(Nodes, undefined, name)
    if (node === undefined || isNodeReady(node)) return false
    return node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE) ?? false
  }

  #isMissing(node: string): boolean {
    return this.#env.store.get(Nodes, undefined, node) === undefined
  }
}
