import type { Pod } from 'kubernetes-types/core/v1.js'
import { conditionStatus } from '../informers/index.ts'
import type { Jittered } from '../messages.ts'
import { isDetailed } from './behaviour.ts'
import { isReadyAsDerived } from './derive-status.ts'
import { anyRuns } from './pod-containers.ts'

/**
 * One step in the life of an object, as data: when it applies, how long it takes, what the object looks like afterwards.
 *
 * In the spirit of KWOK's `Stage`: a kubelet looks for the first stage whose selector fits the object, waits its delay,
 * and writes `next`. What it writes changes which stage fits, and so the life goes on; nothing else is remembered.
 */
export interface Stage {
  readonly name: string
  readonly selector: StageSelector
  /**
   * One of the cluster's timings by name, a delay of its own, or as long as the pod's containers take to stop. What is drawn
   * is drawn under the stage's name, or that of another one which it stands for.
   */
  readonly delay:
    | { readonly timing: 'startMs' | 'readyMs' | 'terminateMs'; readonly drawnAs?: string }
    | { readonly ms: Jittered }
    | { readonly rule: 'termination' }
  /** The delay lasts no longer than the pod's grace period: SIGKILL. */
  readonly withinGrace?: true
  /** Effect outside the API when the stage is entered: its delay covers the time that this takes. */
  readonly onEnter?: 'open-listener' | 'take-address'
  /** Effect outside the API at the end, just before `next` is written. */
  readonly onLeave?: 'close-listener'
  /** What must be so before `next` may be written; planned time waits for it. */
  readonly requires?: 'listener-open' | 'listener-closed'
  readonly next: StatusPatch | 'remove'
  readonly events?: readonly StageEvent[]
}

/** What a kubelet knows of a pod beside its object. */
export interface PodTraits {
  /** Its containers have lives of their own, see `container-life.ts`. */
  readonly detailed: boolean
  /** The kubelet itself ends it: its deadline has passed, or it is evicted. */
  readonly ending: boolean
}

/** All that is given must hold. */
export interface StageSelector {
  /** `metadata.deletionTimestamp` is set. */
  readonly deleting: boolean
  readonly phase?: readonly ('Pending' | 'Running' | 'Succeeded' | 'Failed')[]
  /** The kubelet has accepted the pod: `status.startTime` is set. */
  readonly accepted?: boolean
  /** Status of conditions; one that is absent counts as `False`. */
  readonly conditions?: Readonly<Record<string, 'True' | 'False'>>
  readonly detailed?: boolean
  readonly ending?: boolean
  /** Some container runs. */
  readonly runs?: boolean
  /** Ready or ContainersReady are not what follows from the containers and the readiness gates. */
  readonly readyIsStale?: true
}

/** What a stage changes in `status`; everything else stays. */
export interface StatusPatch {
  /** `terminal` is Succeeded when the containers ended by themselves within the grace period, Failed when they were killed. */
  readonly phase?: 'Running' | 'terminal'
  /** Sets `startTime`. */
  readonly accepted?: true
  /** Fills in the node's address, or the pod's own. */
  readonly address?: 'host' | 'pod'
  /** `ended`: each as it stopped; those that never ran stay as they are. */
  readonly containers?: 'creating' | 'running' | 'ready' | 'terminated' | 'ended'
  readonly conditions?: readonly StageCondition[]
  /** Phase and conditions follow from the containers; comes after all else. Always so when they have ended. */
  readonly derive?: true
}

export interface StageCondition {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason?: string
  /** `{containers}` stands for the names of the pod's containers. */
  readonly message?: string
}

/** One Event for each container (at `enter` of the end of a detailed pod: for each that runs), written with the stage. `{container}` and `{image}` are filled in. */
export interface StageEvent {
  readonly at: 'enter' | 'leave'
  readonly reason: string
  readonly message: string
}

/** The first stage that fits, or `undefined` when nothing more is to come by itself. */
export function selectStage(
  stages: readonly Stage[],
  pod: Pod,
  traits: PodTraits = { detailed: isDetailed(pod), ending: false },
): Stage | undefined {
  for (const stage of stages) if (fits(stage.selector, pod, traits)) return stage
  return undefined
}

function fits(selector: StageSelector, pod: Pod, { detailed, ending }: PodTraits): boolean {
  const { metadata, status } = pod
  if ((metadata?.deletionTimestamp !== undefined) !== selector.deleting) return false
  if (selector.detailed !== undefined && selector.detailed !== detailed) return false
  if (selector.ending !== undefined && selector.ending !== ending) return false
  if (selector.accepted !== undefined && (status?.startTime !== undefined) !== selector.accepted) return false
  if (selector.phase !== undefined && !(selector.phase as readonly string[]).includes(status?.phase ?? 'Pending')) {
    return false
  }
  for (const type in selector.conditions) {
    const isTrue = conditionStatus(status?.conditions, type) === 'True'
    if (isTrue !== (selector.conditions[type] === 'True')) return false
  }
  if (selector.runs !== undefined && selector.runs !== anyRuns(status)) return false
  return selector.readyIsStale === undefined || (status !== undefined && !isReadyAsDerived(pod, status))
}
