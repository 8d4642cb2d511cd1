import type { Jittered } from '../messages.ts'
import type { ContainerKind } from './pod-containers.ts'

/**
 * One step in the life of one container, as data. Unlike those of pods, several may be under way at once: a running
 * container may end by itself, fail a probe or become ready. Of those that fit, the one that is due first is played.
 */
export interface ContainerStage {
  readonly name: string
  readonly selector: ContainerSelector
  /** From when the container entered its state (waiting, running, ended) to the end of the stage. */
  readonly delay: { readonly rule: ContainerRule } | { readonly ms: Jittered }
  readonly next: ContainerPatch
  readonly events?: readonly ContainerEvent[]
}

/** All that is given must hold. */
export interface ContainerSelector {
  readonly state: 'waiting' | 'running' | 'ended'
  readonly kind?: readonly ContainerKind[]
  /** It waits for this; absent: for its turn or its image. */
  readonly reason?: string
  readonly started?: boolean
  readonly ready?: boolean
  /** It is being stopped. */
  readonly stopping?: boolean
  /** What must be done before it has been done. */
  readonly turn?: boolean
  /** All of the pod's own containers have ended for good. */
  readonly podDone?: boolean
  /** It has ended and is to run again. */
  readonly again?: boolean
  /** It crashed before, not long ago, and must wait; or it waits for another attempt to pull its image. */
  readonly backsOff?: boolean
  /** `unavailable`: it cannot be pulled; `refused`: it is not there, and may not be pulled. */
  readonly image?: 'present' | 'absent' | 'unavailable' | 'refused'
}

/** Timing rules that depend on the container's spec, see `container-rules.ts`. */
export type ContainerRule =
  | 'pull'
  | 'pull-back-off'
  | 'crash-back-off'
  | 'run'
  | 'stop'
  | 'startup-passes'
  | 'startup-fails'
  | 'becomes-ready'
  | 'becomes-unready'
  | 'liveness-fails'

export type ContainerPatch =
  /** A new run: a new id, the restart counted, what was before in `lastState`. */
  | { readonly to: 'running' }
  /** Words in braces are filled in. */
  | { readonly to: 'waiting'; readonly reason: string; readonly message?: string }
  /** With the exit code of its behaviour, or of how it was stopped. */
  | { readonly to: 'ended' }
  | { readonly to: 'started' | 'ready' | 'unready' }
  /** SIGTERM was sent; nothing is written. */
  | { readonly to: 'stopping' }
  /** The kubelet tries again; nothing is written. */
  | { readonly to: 'retry' }

/** `enter`: when the stage begins, once, however often it is planned anew. Words in braces are filled in. */
export interface ContainerEvent {
  readonly at: 'enter' | 'leave'
  readonly level?: 'warning'
  readonly reason: string
  readonly message: string
}

/** What a kubelet knows of a container when it looks for a stage. */
export interface ContainerFacts {
  readonly state: 'waiting' | 'running' | 'ended'
  readonly kind: ContainerKind
  readonly reason: string
  readonly started: boolean
  readonly ready: boolean
  readonly stopping: boolean
  readonly turn: boolean
  readonly podDone: boolean
  readonly again: boolean
  readonly backsOff: boolean
  readonly image: 'present' | 'absent' | 'unavailable' | 'refused'
}

export interface PlannedStage {
  readonly stage: ContainerStage
  /** Since the container entered its state. */
  readonly afterMs: number
}

/** The stage that is due first, of equals the one that stands first; `undefined` when nothing is to come by itself. */
export function selectContainerStage(
  stages: readonly ContainerStage[],
  facts: ContainerFacts,
  delayOf: (stage: ContainerStage) => number | undefined,
): PlannedStage | undefined {
  let first: PlannedStage | undefined
  for (const stage of stages) {
    if (!fits(stage.selector, facts)) continue
    const afterMs = delayOf(stage)
    if (afterMs === undefined || (first !== undefined && first.afterMs <= afterMs)) continue
    first = { stage, afterMs }
  }
  return first
}

const EXACT = ['state', 'started', 'ready', 'stopping', 'turn', 'podDone', 'again', 'backsOff', 'image'] as const

function fits(selector: ContainerSelector, facts: ContainerFacts): boolean {
  if (selector.kind !== undefined && !selector.kind.includes(facts.kind)) return false
  if (facts.state === 'waiting' && (selector.reason ?? '') !== facts.reason) return false
  return EXACT.every(name => selector[name] === undefined || selector[name] === facts[name])
}
