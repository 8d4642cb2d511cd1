import type { NodeEvent } from '../../churn-event.ts'
import type { ClusterModel, NodeFailureModel } from '../model.ts'
import { nodeFailures } from '../presets/parts.ts'
import { LifeTable, rounded } from './life-table.ts'
import { RateTable } from './rate-table.ts'

const ZONE_LABEL = 'topology.kubernetes.io/zone'
const ZONES_MAX = 26
/** What Kubernetes allows on a node by default. */
const PODS_PER_NODE = 110

interface NodeRecord {
  failedMs: number | undefined
  notReadyMs: number | undefined
  isEvicted: boolean
}

/** What has been learned of the machines. Of a failure that only the control plane's finding shows, that is taken for the time. */
export class NodeFit {
  readonly #nodes = new Map<string, NodeRecord>()
  readonly #zones = new Set<string>()
  readonly #failures: RateTable
  readonly #detectMs = new LifeTable()
  readonly #evictMs = new LifeTable()
  readonly #repairMs = new LifeTable()
  readonly #removeMs = new LifeTable()
  readonly #replaceMs = new LifeTable()
  /** Times of removals after failures that no new node has answered yet. */
  #removals: number[] = []
  #nodesMax = 0

  constructor(dayOffsetMs: number) {
    this.#failures = new RateTable(dayOffsetMs)
  }

  /** Whether somebody answers on it, as far as anybody knows. */
  isWell(name: string): boolean {
    const node = this.#nodes.get(name)
    return node !== undefined && node.failedMs === undefined && node.notReadyMs === undefined
  }

  add({ t, op, name, labels }: NodeEvent): void {
    if (op === 'added') {
      this.#nodes.set(name, { failedMs: undefined, notReadyMs: undefined, isEvicted: false })
      this.#nodesMax = Math.max(this.#nodesMax, this.#nodes.size)
      const zone = labels?.[ZONE_LABEL]
      if (zone !== undefined && this.#zones.size < ZONES_MAX) this.#zones.add(zone)
      const removedMs = this.#removals.shift()
      if (removedMs !== undefined) this.#replaceMs.end(t - removedMs)
      return
    }
    const node = this.#nodes.get(name)
    if (node === undefined) return
    const begunMs = node.failedMs ?? node.notReadyMs
    switch (op) {
      case 'failed':
        node.failedMs = t
        this.#failures.add(t)
        break
      case 'not-ready':
        if (node.failedMs === undefined) this.#failures.add(t)
        else this.#detectMs.end(t - node.failedMs)
        node.notReadyMs = t
        node.isEvicted = false
        break
      case 'recovered':
        if (node.failedMs !== undefined) this.#repairMs.end(t - node.failedMs)
        node.failedMs = undefined
        break
      case 'ready':
        if (node.failedMs === undefined && node.notReadyMs !== undefined && !this.#knowsCauses) {
          this.#repairMs.end(t - node.notReadyMs)
        }
        node.notReadyMs = undefined
        break
      case 'removed':
        this.#nodes.delete(name)
        if (begunMs === undefined) return
        this.#removeMs.end(t - begunMs)
        this.#removals.push(t)
        break
    }
  }

  /** A pod on it is being deleted. */
  podTerminating(name: string, t: number): void {
    const node = this.#nodes.get(name)
    if (node?.notReadyMs === undefined || node.isEvicted) return
    node.isEvicted = true
    this.#evictMs.end(t - node.notReadyMs)
  }

  /** The trace tells when machines failed, not only when that was found out. */
  get #knowsCauses(): boolean {
    return this.#detectMs.ended > 0
  }

  /** @param podsPerNode the most there were. */
  model(durationMs: number, podsPerNode: number): ClusterModel {
    for (const removedMs of this.#removals) this.#replaceMs.censor(Math.max(0, durationMs - removedMs))
    this.#removals = []
    return {
      nodes: Math.max(1, this.#nodesMax),
      zones: Math.max(1, this.#zones.size),
      podsPerNodeMax: Math.max(PODS_PER_NODE, podsPerNode),
      ...(this.#failures.total === 0 ? {} : { nodeFailures: this.#failureModel(durationMs) }),
    }
  }

  #failureModel(durationMs: number): NodeFailureModel {
    const usual = nodeFailures({ count: 0 })
    const removed = this.#removeMs.ended
    const resolved = removed + this.#repairMs.ended
    return {
      perHour: this.#failures.rate(durationMs),
      // Where only the finding is known, it is what the failure is timed by.
      detectMs: this.#detectMs.distribution() ?? { kind: 'constant', value: 0 },
      evictMs: this.#evictMs.distribution() ?? usual.evictMs,
      removedShare: resolved === 0 ? 0 : rounded(removed / resolved),
      repairMs: this.#repairMs.distribution() ?? { kind: 'never' },
      removeMs: this.#removeMs.distribution() ?? { kind: 'never' },
      replaceMs: this.#replaceMs.distribution() ?? { kind: 'never' },
    }
  }
}
