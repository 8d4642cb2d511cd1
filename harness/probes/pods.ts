import { podUidOf, type TargetSpec, type TruthEvent } from '../../sim/index.ts'

/** The event from which a subject could have known a pod, by the discovery role that its configuration uses. */
export type EligibleFrom = 'pod-addressed' | 'pod-in-slice'

/** What happened to one target: a pod, or one of its containers that serves metrics. By planned instants (monotonic ns). */
export interface PodHistory {
  readonly target: TargetSpec
  addressedNs: bigint | undefined
  readyNs: bigint | undefined
  inSliceNs: bigint | undefined
  terminatingNs: bigint | undefined
  deletedNs: bigint | undefined
  /** Its node fell silent at that instant: from then on nothing of it answers. */
  silentNs: bigint | undefined
}

/** What has happened to a pod so far, its containers being opened one after the other. */
interface PodSoFar {
  readonly uids: string[]
  addressedNs: bigint | undefined
  readyNs: bigint | undefined
  inSliceNs: bigint | undefined
}

/**
 * Ground truth of every target that was ever opened, fed with the control plane's events.
 *
 * What befalls a pod befalls all its containers. One that begins to listen when its pod has its address already can be found
 * from then on.
 */
export class PodHistories {
  /** By name of the target, `TargetSpec.uid`. */
  readonly byUid = new Map<string, PodHistory>()
  readonly #pods = new Map<string, PodSoFar>()
  readonly #onChange: ((uid: string, event: TruthEvent) => void) | undefined

  constructor(onChange?: (uid: string, event: TruthEvent) => void) {
    this.#onChange = onChange
  }

  apply(event: TruthEvent): void {
    switch (event.type) {
      case 'target-opened':
        this.#open(event.target, event)
        return
      case 'node-silent':
        for (const pod of this.byUid.values()) {
          if (pod.target.node === event.node && pod.deletedNs === undefined) pod.silentNs = event.plannedNs
        }
        return
      case 'pod-addressed':
      case 'pod-ready':
      case 'pod-in-slice':
      case 'pod-terminating':
      case 'pod-deleted': {
        // A pod that never got an address was no target: nothing was opened for it.
        const soFar = this.#podOf(event.uid)
        if (event.type === 'pod-addressed') soFar.addressedNs ??= event.plannedNs
        else if (event.type === 'pod-ready') soFar.readyNs ??= event.plannedNs
        else if (event.type === 'pod-in-slice') soFar.inSliceNs ??= event.plannedNs
        for (const uid of soFar.uids) {
          const pod = this.byUid.get(uid)!
          if (event.type === 'pod-addressed') pod.addressedNs ??= event.plannedNs
          else if (event.type === 'pod-ready') pod.readyNs ??= event.plannedNs
          else if (event.type === 'pod-in-slice') pod.inSliceNs ??= event.plannedNs
          else if (event.type === 'pod-terminating') pod.terminatingNs ??= event.plannedNs
          else pod.deletedNs = event.plannedNs
          this.#onChange?.(uid, event)
        }
        if (event.type === 'pod-deleted') this.#pods.delete(event.uid)
        return
      }
      case 'pod-not-ready':
      case 'pods-misbehave':
      case 'node-not-ready':
      case 'node-ready':
      case 'action':
        return
    }
  }

  #open(target: TargetSpec, { plannedMs, plannedNs, committedNs }: TruthEvent): void {
    const soFar = this.#podOf(podUidOf(target))
    // Never before it listened.
    const since = (ns: bigint | undefined): bigint | undefined => (ns === undefined ? undefined : plannedNs)
    this.byUid.set(target.uid, {
      target,
      addressedNs: since(soFar.addressedNs),
      readyNs: since(soFar.readyNs),
      inSliceNs: since(soFar.inSliceNs),
      terminatingNs: undefined,
      deletedNs: undefined,
      silentNs: undefined,
    })
    soFar.uids.push(target.uid)
    for (const [type, ns] of [
      ['pod-addressed', soFar.addressedNs],
      ['pod-in-slice', soFar.inSliceNs],
    ] as const) {
      if (ns !== undefined) {
        this.#onChange?.(target.uid, { type, uid: podUidOf(target), plannedMs, plannedNs, committedNs })
      }
    }
  }

  #podOf(uid: string): PodSoFar {
    let pod = this.#pods.get(uid)
    if (pod === undefined) {
      pod = { uids: [], addressedNs: undefined, readyNs: undefined, inSliceNs: undefined }
      this.#pods.set(uid, pod)
    }
    return pod
  }

  /** The instant from which a subject could have known the pod, or `undefined` when there was none. */
  eligibleNs(pod: PodHistory, from: EligibleFrom): bigint | undefined {
    return from === 'pod-addressed' ? pod.addressedNs : pod.inSliceNs
  }
}
