import type { TargetSpec, TruthEvent } from '../../sim/index.ts'

/** The event from which a subject could have known a pod, by the discovery role that its configuration uses. */
export type EligibleFrom = 'pod-addressed' | 'pod-in-slice'

/** What happened to one pod, by planned instants (monotonic nanoseconds). */
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

/** Ground truth of every pod that was ever opened, fed with the control plane's events. */
export class PodHistories {
  readonly byUid = new Map<string, PodHistory>()
  readonly #onChange: ((uid: string, event: TruthEvent) => void) | undefined

  constructor(onChange?: (uid: string, event: TruthEvent) => void) {
    this.#onChange = onChange
  }

  apply(event: TruthEvent): void {
    switch (event.type) {
      case 'target-opened':
        this.byUid.set(event.target.uid, {
          target: event.target,
          addressedNs: undefined,
          readyNs: undefined,
          inSliceNs: undefined,
          terminatingNs: undefined,
          deletedNs: undefined,
          silentNs: undefined,
        })
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
        const pod = this.byUid.get(event.uid)
        // A pod that never got an address was no target: nothing was opened for it.
        if (pod === undefined) return
        if (event.type === 'pod-addressed') pod.addressedNs ??= event.plannedNs
        else if (event.type === 'pod-ready') pod.readyNs ??= event.plannedNs
        else if (event.type === 'pod-in-slice') pod.inSliceNs ??= event.plannedNs
        else if (event.type === 'pod-terminating') pod.terminatingNs ??= event.plannedNs
        else pod.deletedNs = event.plannedNs
        this.#onChange?.(event.uid, event)
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

  /** The instant from which a subject could have known the pod, or `undefined` when there was none. */
  eligibleNs(pod: PodHistory, from: EligibleFrom): bigint | undefined {
    return from === 'pod-addressed' ? pod.addressedNs : pod.inSliceNs
  }
}
