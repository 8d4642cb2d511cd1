import type { StatefulSet, StatefulSetStatus } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'
import { isFinished, isReady, type PodEntry } from '../informers/index.ts'
import { ordinalOf } from './stateful-identity.ts'
import { revisionOfPod } from './template-hash.ts'

/**
 * What a StatefulSet does next, as Kubernetes' controller has it. Pure: takes what is, returns the writes in their order.
 *
 * ```
 *   replicas, from the first ordinal   finished ──▶ delete; missing ──▶ create; there ──▶ keep its identity and claims
 *   then surplus pods, from the last   ──▶ delete
 *   then pods of an old revision, from the last down to the partition ──▶ delete; they come back as new ones
 * ```
 *
 * `OrderedReady` stops at the first pod that is created, deleted or waited for; `Parallel` waits for none of the first two
 * groups.
 */
export type StatefulStep =
  | { readonly do: 'create'; readonly ordinal: number; readonly revision: string }
  | { readonly do: 'delete'; readonly pod: Stored<Pod> }
  /** Its labels, volumes and claims are as they should be, or made so. */
  | { readonly do: 'keep'; readonly pod: Stored<Pod>; readonly isWanted: boolean }

export interface StatefulView {
  readonly set: Stored<StatefulSet>
  /** Pods of the set, those on their way out included. */
  readonly members: readonly PodEntry[]
  /** Names of the revisions. */
  readonly current: string
  readonly update: string
  readonly collisionCount: number
  /** Planned time. */
  readonly nowMs: number
}

export interface StatefulPlan {
  readonly steps: readonly StatefulStep[]
  /** Written after the steps. Tells of the pods as they were before them, as Kubernetes does. */
  readonly status: StatefulSetStatus
  /** Until a pod that is ready becomes available. */
  readonly nextLookMs: number
}

export function planStatefulSet(view: StatefulView): StatefulPlan {
  const { set, members, nowMs } = view
  const minReadyMs = (set.spec?.minReadySeconds ?? 0) * 1000
  const steps: StatefulStep[] = []
  let nextLookMs = Infinity
  for (const { readySinceMs } of members) {
    const waitMs = (readySinceMs ?? -Infinity) + minReadyMs - nowMs
    if (waitMs > 0) nextLookMs = Math.min(nextLookMs, waitMs)
  }
  const replaced = set.metadata.deletionTimestamp === undefined ? plan(view, minReadyMs, steps) : 0
  return { steps, status: statusOf(view, minReadyMs, replaced), nextLookMs }
}

/** @returns how many pods are deleted because they are of an old revision. */
function plan(view: StatefulView, minReadyMs: number, steps: StatefulStep[]): number {
  const { set, members, current, update, nowMs } = view
  const { replicas, start } = rangeOf(set)
  const isMonotonic = set.spec?.podManagementPolicy !== 'Parallel'
  const isAvailable = (entry: PodEntry): boolean => isAvailableAt(entry, minReadyMs, nowMs)

  const slots: (PodEntry | undefined)[] = Array.from({ length: replicas }, () => undefined)
  const surplus: PodEntry[] = []
  for (const entry of members) {
    const index = ordinalOf(entry.pod) - start
    if (index >= 0 && index < replicas) slots[index] = entry
    else surplus.push(entry)
  }
  surplus.sort((a, b) => ordinalOf(b.pod) - ordinalOf(a.pod))

  for (const [index, entry] of slots.entries()) {
    if (entry === undefined) {
      const ordinal = start + index
      steps.push({ do: 'create', ordinal, revision: isOfCurrent(set, ordinal) ? current : update })
      if (isMonotonic) return 0
      continue
    }
    const { pod } = entry
    if (isFinished(pod)) {
      if (!isTerminating(pod)) steps.push({ do: 'delete', pod })
      if (isMonotonic) return 0
      continue
    }
    const isHealthy = isRunningAndReady(pod) && isAvailable(entry) && !isTerminating(pod)
    if (isHealthy || !isMonotonic || pod.status?.phase === 'Pending') steps.push({ do: 'keep', pod, isWanted: true })
    if (isMonotonic && !isHealthy) return 0
  }

  // All that are wanted are there; only now may any go.
  const isUnavailable = (entry: PodEntry | undefined): boolean =>
    entry === undefined || !isAvailable(entry) || isTerminating(entry.pod)
  const firstUnavailable = slots.some(isUnavailable) ? undefined : surplus.findLast(isUnavailable)
  for (const { pod } of surplus) steps.push({ do: 'keep', pod, isWanted: false })
  for (const entry of surplus) {
    const { pod } = entry
    if (isTerminating(pod)) {
      if (isMonotonic) return 0
      continue
    }
    const isHealthy = isRunningAndReady(pod) && isAvailable(entry)
    if (isMonotonic && !isHealthy && entry !== firstUnavailable) return 0
    steps.push({ do: 'delete', pod })
    if (isMonotonic) return 0
  }

  const strategy = set.spec?.updateStrategy
  if (strategy?.type === 'OnDelete') return 0
  const lowest = strategy?.rollingUpdate?.partition ?? 0
  const isOld = (entry: PodEntry | undefined, index: number): boolean =>
    (entry === undefined
      ? isOfCurrent(set, start + index) && current !== update
      : revisionOfPod(entry.pod) !== update) && !(entry !== undefined && isTerminating(entry.pod))
  const maxUnavailable = strategy?.rollingUpdate?.maxUnavailable
  if (maxUnavailable !== undefined) {
    let room = unavailableMax(maxUnavailable, replicas) - slots.filter(isUnavailable).length
    let replaced = 0
    for (let index = replicas - 1; index >= lowest && room > 0; index--) {
      const entry = slots[index]
      if (entry === undefined || !isOld(entry, index)) continue
      steps.push({ do: 'delete', pod: entry.pod })
      room--
      replaced++
    }
    return replaced
  }
  for (let index = replicas - 1; index >= lowest; index--) {
    const entry = slots[index]
    if (entry !== undefined && isOld(entry, index)) {
      steps.push({ do: 'delete', pod: entry.pod })
      return 1
    }
    if (isUnavailable(entry)) return 0
  }
  return 0
}

/** A pod of this ordinal is (re)created from the current revision, not from the newest: its turn has not come. */
function isOfCurrent({ spec, status }: StatefulSet, ordinal: number): boolean {
  const { type = 'RollingUpdate', rollingUpdate } = spec?.updateStrategy ?? {}
  const start = spec?.ordinals?.start ?? 0
  if (rollingUpdate !== undefined) return ordinal < start + (rollingUpdate.partition ?? 0)
  return type === 'RollingUpdate' && ordinal < start + (status?.currentReplicas ?? 0)
}

/** Pods that a rolling update may leave out at once: of a percentage the whole ones, and never less than one. */
export function unavailableMax(maxUnavailable: number | string, replicas: number): number {
  const percent = /^(\d+)%$/.exec(String(maxUnavailable))?.[1]
  const count = percent === undefined ? Number(maxUnavailable) : Math.floor((Number(percent) * replicas) / 100)
  return Math.max(1, Number.isFinite(count) ? count : 1)
}

function statusOf(view: StatefulView, minReadyMs: number, replaced: number): StatefulSetStatus {
  const { set, members, current, update, collisionCount, nowMs } = view
  let ready = 0
  let available = 0
  let ofCurrent = 0
  let ofUpdate = 0
  for (const entry of members) {
    const { pod } = entry
    if (isRunningAndReady(pod)) {
      ready++
      if (isAvailableAt(entry, minReadyMs, nowMs)) available++
    }
    if (isTerminating(pod)) continue
    const revision = revisionOfPod(pod)
    if (revision === current) ofCurrent++
    if (revision === update) ofUpdate++
  }
  ofCurrent -= replaced
  const { replicas } = rangeOf(set)
  const isRolling = (set.spec?.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate'
  const isComplete = isRolling && ofUpdate === replicas && ready === replicas && members.length === replicas
  if (isComplete) ofCurrent = ofUpdate
  const { conditions } = set.status ?? {}
  return {
    observedGeneration: set.metadata.generation ?? 1,
    replicas: members.length,
    // As in Kubernetes, a count of nothing is left out, but for the two that are always there.
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...(ofCurrent > 0 ? { currentReplicas: ofCurrent } : {}),
    ...(ofUpdate > 0 ? { updatedReplicas: ofUpdate } : {}),
    currentRevision: isComplete ? update : current,
    updateRevision: update,
    collisionCount,
    availableReplicas: available,
    ...(conditions === undefined ? {} : { conditions }),
  }
}

function rangeOf({ spec }: StatefulSet): { readonly replicas: number; readonly start: number } {
  return { replicas: spec?.replicas ?? 1, start: spec?.ordinals?.start ?? 0 }
}

function isTerminating(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined
}

function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isReady(pod)
}

function isAvailableAt({ readySinceMs }: PodEntry, minReadyMs: number, nowMs: number): boolean {
  return readySinceMs !== undefined && readySinceMs + minReadyMs <= nowMs
}
