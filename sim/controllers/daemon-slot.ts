import type { Node, Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'
import { isFinished, isReady, type PodEntry } from '../informers/index.ts'
import { meetsRequirements } from './node-affinity.ts'
import { isTolerated, repellingTaint } from './taints.ts'
import { revisionOfPod } from './template-hash.ts'

/** Whether a DaemonSet's pod belongs on a node. */
export interface NodeFit {
  /** One is made when there is none. */
  readonly shouldRun: boolean
  /** One that is there may stay. */
  readonly shouldStay: boolean
}

/** What judging a node takes from the DaemonSet. */
export interface DaemonTerms {
  /** Revision of the current template. */
  readonly hash: string
  readonly minReadyMs: number
  /** A rolling update makes the new pod before it deletes the old one. */
  readonly surges: boolean
  /** Planned time. */
  readonly nowMs: number
}

/**
 * Where a node stands in a rolling update.
 *
 * ```
 *   without surge   candidate: old and available         replace: old, not available, nobody misses it
 *                   unavailable: the new one is not there or not available yet
 *   with surge      candidate: old and available         surge: old, not available: the new one may come at once
 *                   surging: the new one is beside it    retire: the old one may go
 *                   leave: old and available, on a node that it no longer belongs on
 * ```
 */
export type RollState = 'candidate' | 'leave' | 'replace' | 'retire' | 'settled' | 'surge' | 'surging' | 'unavailable'

/** What is so on one node, and what is to be done there. */
export interface DaemonVerdict {
  readonly fit: NodeFit | undefined
  readonly needsPod: boolean
  readonly failed: readonly Stored<Pod>[]
  readonly succeeded: readonly Stored<Pod>[]
  /** Others that must go. */
  readonly excess: readonly Stored<Pod>[]
  readonly roll: RollState
  /** The pod of an old revision, in all states that have one. */
  readonly old: Stored<Pod> | undefined
  /** The pod that counts in the status: the oldest, bound ones first. */
  readonly counted:
    | {
        readonly isReady: boolean
        readonly isAvailable: boolean
        readonly isUpdated: boolean
      }
    | undefined
  /** An available pod is there, old or new: what a surge reckons with. */
  readonly isServed: boolean
  /** Until a ready pod becomes available. */
  readonly nextLookMs: number
}

/** Judges a node by its name, what the pods require of nodes, and taints. */
export function fitOf(node: Node, spec: PodSpec | undefined): NodeFit {
  if (spec?.nodeName !== undefined && spec.nodeName !== '' && spec.nodeName !== node.metadata?.name) return NOWHERE
  if (!meetsRequirements(node, spec)) return NOWHERE
  if (repellingTaint(node, spec?.tolerations) === undefined) return HERE
  const isDrivenOut = node.spec?.taints?.some(
    taint => taint.effect === 'NoExecute' && !isTolerated(taint, spec?.tolerations),
  )
  return isDrivenOut ? NOWHERE : STAYING
}

const NOWHERE: NodeFit = { shouldRun: false, shouldStay: false }
const STAYING: NodeFit = { shouldRun: false, shouldStay: true }
const HERE: NodeFit = { shouldRun: true, shouldStay: true }

/**
 * Judges one node, as Kubernetes' DaemonSet controller does. Pure.
 *
 * @param fit `undefined` when there is no such node: its pods are left to the pod collector, but for those that were never bound.
 * @param all the set's pods that are on the node or meant for it.
 */
export function judgeNode(fit: NodeFit | undefined, all: readonly PodEntry[], terms: DaemonTerms): DaemonVerdict {
  // What has ended and is being deleted needs nobody any more.
  const pods = all.filter(({ pod }) => !(isFinished(pod) && isTerminating(pod))).sort(byAge)
  const failed: Stored<Pod>[] = []
  const succeeded: Stored<Pod>[] = []
  const excess: Stored<Pod>[] = []
  let needsPod = false
  if (fit === undefined) {
    for (const { pod } of pods) if (pod.spec?.nodeName === undefined) excess.push(pod)
  } else if (fit.shouldRun && pods.length === 0) {
    needsPod = true
  } else if (fit.shouldStay) {
    const running: PodEntry[] = []
    for (const entry of pods) {
      const { pod } = entry
      if (isTerminating(pod)) continue
      if (pod.status?.phase === 'Failed') failed.push(pod)
      else if (pod.status?.phase === 'Succeeded') succeeded.push(pod)
      else running.push(entry)
    }
    if (!terms.surges) excess.push(...running.slice(1).map(({ pod }) => pod))
    else if (running.length === 0) needsPod = fit.shouldRun
    else excess.push(...surplusOfSurge(running, terms))
  } else {
    for (const { pod } of pods) if (!isTerminating(pod)) excess.push(pod)
  }
  const [first] = fit === undefined ? [] : pods
  return {
    fit,
    needsPod,
    failed,
    succeeded,
    excess,
    ...rollOf(fit, pods, terms),
    counted: first && {
      isReady: isReady(first.pod),
      isAvailable: isAvailable(first, terms),
      isUpdated: revisionOfPod(first.pod) === terms.hash,
    },
    nextLookMs: pods.reduce((ms, entry) => Math.min(ms, waitMs(entry, terms)), Infinity),
  }
}

/** Of the old and the new pod both may be there, until the old one is not ready or the new one available. */
function surplusOfSurge(running: readonly PodEntry[], terms: DaemonTerms): Stored<Pod>[] {
  const fresh = running.find(({ pod }) => revisionOfPod(pod) === terms.hash)
  const old = running.find(({ pod }) => revisionOfPod(pod) !== terms.hash)
  const surplus = running.filter(entry => entry !== fresh && entry !== old)
  if (fresh !== undefined && old !== undefined && (!isReady(old.pod) || isAvailable(fresh, terms))) surplus.push(old)
  return surplus.map(({ pod }) => pod)
}

function rollOf(
  fit: NodeFit | undefined,
  pods: readonly PodEntry[],
  terms: DaemonTerms,
): Pick<DaemonVerdict, 'roll' | 'old' | 'isServed'> {
  if (pods.length === 0 && fit?.shouldRun !== true) return { roll: 'settled', old: undefined, isServed: false }
  const living = pods.filter(({ pod }) => !isTerminating(pod))
  const fresh = living.filter(({ pod }) => revisionOfPod(pod) === terms.hash)
  const old = living.filter(({ pod }) => revisionOfPod(pod) !== terms.hash)
  if (fresh.length > 1 || old.length > 1) {
    return { roll: terms.surges ? 'surging' : 'unavailable', old: undefined, isServed: false }
  }
  const [freshOne] = fresh
  const [oldOne] = old
  const isFreshUp = freshOne !== undefined && isAvailable(freshOne, terms)
  const isOldUp = oldOne !== undefined && isAvailable(oldOne, terms)
  const isServed = oldOne === undefined ? isFreshUp : isOldUp
  return { roll: stateOf(), old: oldOne?.pod, isServed }

  function stateOf(): RollState {
    if (!terms.surges) {
      if ((freshOne === undefined) === (oldOne === undefined)) return 'unavailable'
      if (freshOne !== undefined) return isFreshUp ? 'settled' : 'unavailable'
      return isOldUp ? 'candidate' : 'replace'
    }
    if (oldOne === undefined || fit === undefined) return 'settled'
    if (freshOne !== undefined) return isFreshUp ? 'retire' : 'surging'
    if (!fit.shouldRun) return isOldUp ? 'leave' : 'retire'
    return isOldUp ? 'candidate' : 'surge'
  }
}

function byAge(a: PodEntry, b: PodEntry): number {
  const unbound = ({ pod }: PodEntry): number => (pod.spec?.nodeName === undefined ? 1 : 0)
  return unbound(a) - unbound(b) || a.createdMs - b.createdMs || (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1)
}

function isTerminating(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined
}

function isAvailable({ readySinceMs }: PodEntry, { minReadyMs, nowMs }: DaemonTerms): boolean {
  return readySinceMs !== undefined && readySinceMs + minReadyMs <= nowMs
}

/** Infinity for a pod that is available, or not even ready. */
function waitMs({ readySinceMs }: PodEntry, { minReadyMs, nowMs }: DaemonTerms): number {
  if (readySinceMs === undefined) return Infinity
  const ms = readySinceMs + minReadyMs - nowMs
  return ms > 0 ? ms : Infinity
}
