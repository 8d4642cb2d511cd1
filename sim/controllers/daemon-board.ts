import type { DaemonSetStatus } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'
import type { DaemonVerdict, RollState } from './daemon-slot.ts'

/** Pods of a DaemonSet that failed on a node are deleted after 1 s, 2 s, … since the last; Kubernetes' figures. */
const BACKOFF_MS = [1000, 900_000] as const

interface Backoff {
  readonly generation: number
  delayMs: number
  updatedMs: number
}

/**
 * One DaemonSet on all nodes: the verdict on each, and what they add up to. A change on one node costs that node only.
 */
export class DaemonBoard {
  /** Nodes whose verdict must be made anew. */
  readonly dirty = new Set<string>()
  /** Nodes that need a pod, in the order in which that was found. */
  readonly needy = new Set<string>()
  /** Pods that must go, by uid. */
  readonly doomed = new Map<string, Stored<Pod>>()
  /** The revision that the verdicts were made for. */
  hash: string | undefined
  /** Size of the next batch of creations. */
  batch = 1
  readonly #verdicts = new Map<string, DaemonVerdict>()
  readonly #pods = new Map<string, Set<string>>()
  readonly #nodeOf = new Map<string, string>()
  readonly #rolls = new Map<RollState, Set<string>>()
  readonly #backoffs = new Map<string, Backoff>()
  #desired = 0
  #scheduled = 0
  #misscheduled = 0
  #ready = 0
  #available = 0
  #updated = 0
  #served = 0

  /** Nodes that should have a pod. */
  get desired(): number {
    return this.#desired
  }

  /** Nodes that have an available pod. */
  get served(): number {
    return this.#served
  }

  /** Notes on which node a pod is or is meant to be; `undefined` when it is gone. */
  place(uid: string, node: string | undefined): void {
    const before = this.#nodeOf.get(uid)
    if (before !== undefined) {
      this.dirty.add(before)
      if (before !== node) {
        const pods = this.#pods.get(before)
        pods?.delete(uid)
        if (pods?.size === 0) this.#pods.delete(before)
        this.#nodeOf.delete(uid)
      }
    }
    if (node === undefined) return
    this.dirty.add(node)
    if (before === node) return
    this.#nodeOf.set(uid, node)
    const pods = this.#pods.get(node)
    if (pods === undefined) this.#pods.set(node, new Set([uid]))
    else pods.add(uid)
  }

  podsOn(node: string): Iterable<string> {
    return this.#pods.get(node) ?? []
  }

  verdictOn(node: string): DaemonVerdict | undefined {
    return this.#verdicts.get(node)
  }

  /** All that must be judged again when the set itself has changed. */
  spoilAll(): void {
    for (const node of this.#verdicts.keys()) this.dirty.add(node)
  }

  /** Puts a new verdict in the place of the last one. One that has nothing to say is not kept. */
  put(node: string, verdict: DaemonVerdict): void {
    const before = this.#verdicts.get(node)
    if (before !== undefined) {
      this.#count(before, -1)
      this.#rolls.get(before.roll)?.delete(node)
    }
    if (verdict.fit === undefined && !this.#pods.has(node)) {
      this.#verdicts.delete(node)
      this.needy.delete(node)
      this.#backoffs.delete(node)
      return
    }
    this.#verdicts.set(node, verdict)
    this.#count(verdict, 1)
    const sameRoll = this.#rolls.get(verdict.roll)
    if (sameRoll === undefined) this.#rolls.set(verdict.roll, new Set([node]))
    else sameRoll.add(node)
    if (verdict.needsPod) this.needy.add(node)
    else this.needy.delete(node)
  }

  /** Nodes in a state of the rollout, in the order in which they came to it. */
  in(state: RollState): Iterable<string> {
    return this.#rolls.get(state) ?? []
  }

  count(state: RollState): number {
    return this.#rolls.get(state)?.size ?? 0
  }

  /**
   * Whether a failed pod may be deleted now, and its successor come; 0 when so, else for how long not. Asked once for each
   * failed pod: it counts.
   *
   * @param generation of the set: with a new one the back-off begins anew.
   */
  backoffMs(node: string, generation: number, nowMs: number): number {
    const backoff = this.#backoffs.get(node)
    if (backoff === undefined || backoff.generation !== generation || nowMs - backoff.updatedMs > 2 * BACKOFF_MS[1]) {
      this.#backoffs.set(node, { generation, delayMs: BACKOFF_MS[0], updatedMs: nowMs })
      return 0
    }
    if (nowMs - backoff.updatedMs < backoff.delayMs) return backoff.delayMs
    backoff.delayMs = Math.min(backoff.delayMs * 2, BACKOFF_MS[1])
    backoff.updatedMs = nowMs
    return 0
  }

  status(): Omit<DaemonSetStatus, 'observedGeneration'> {
    const unavailable = this.#desired - this.#available
    return {
      currentNumberScheduled: this.#scheduled,
      numberMisscheduled: this.#misscheduled,
      desiredNumberScheduled: this.#desired,
      numberReady: this.#ready,
      // As in Kubernetes, of these a count of nothing is left out.
      ...(this.#updated > 0 ? { updatedNumberScheduled: this.#updated } : {}),
      ...(this.#available > 0 ? { numberAvailable: this.#available } : {}),
      ...(unavailable > 0 ? { numberUnavailable: unavailable } : {}),
    }
  }

  #count({ fit, counted, isServed }: DaemonVerdict, by: 1 | -1): void {
    if (isServed) this.#served += by
    if (fit?.shouldRun !== true) {
      if (counted !== undefined) this.#misscheduled += by
      return
    }
    this.#desired += by
    if (counted === undefined) return
    this.#scheduled += by
    if (counted.isReady) this.#ready += by
    if (counted.isAvailable) this.#available += by
    if (counted.isUpdated) this.#updated += by
  }
}
