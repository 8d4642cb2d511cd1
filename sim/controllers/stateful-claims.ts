import type { StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.js'
import type { OwnerReference } from 'kubernetes-types/meta/v1.js'
import { PersistentVolumeClaims, Pods, StatefulSets, type Stored } from '../cluster/index.ts'
import { controllerReference } from '../informers/index.ts'
import type { ControllerEnvironment } from './environment.ts'
import { claimName } from './stateful-identity.ts'

const SOURCE = { component: 'statefulset-controller' }

/**
 * The PersistentVolumeClaims of StatefulSets: one for each claim template and ordinal, kept when the pod goes, and owned as
 * `persistentVolumeClaimRetentionPolicy` says, so that the garbage collector deletes what is not to be kept:
 *
 * ```
 *   whenScaled  whenDeleted   owner of the claim of a wanted pod   of a surplus pod
 *   Retain      Retain        nobody                               nobody
 *   Retain      Delete        the set                              the set
 *   Delete      Retain        nobody                               the pod
 *   Delete      Delete        the set                              the pod
 * ```
 */
export class StatefulClaims {
  readonly #env: ControllerEnvironment

  constructor(env: ControllerEnvironment) {
    this.#env = env
  }

  /** A claim that is about to go: of an earlier pod of this name that was scaled away, or deleted by somebody. */
  isBlocked(set: Stored<StatefulSet>, pod: string, ordinal: number): boolean {
    const isDeleted = set.spec?.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete'
    return this.#claims(set, ordinal).some(
      ({ claim }) =>
        claim?.metadata.deletionTimestamp !== undefined ||
        (isDeleted && claim?.metadata.ownerReferences?.some(({ kind, name }) => kind === 'Pod' && name === pod)),
    )
  }

  /** Makes the claims of a pod that are missing. */
  create(set: Stored<StatefulSet>, pod: string, ordinal: number): void {
    const { store, events } = this.#env
    for (const { template, name, claim } of this.#claims(set, ordinal)) {
      if (claim !== undefined) continue
      const labels = { ...template.metadata?.labels, ...set.spec?.selector.matchLabels }
      const { namespace } = set.metadata
      const { status: _, ...draft } = structuredClone(template)
      store.create<PersistentVolumeClaim>(PersistentVolumeClaims, {
        ...draft,
        metadata: { ...draft.metadata, ...(namespace === undefined ? {} : { namespace }), name, labels },
        spec: { volumeMode: 'Filesystem', ...draft.spec },
        status: { phase: 'Pending' },
      })
      const message = `Create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`
      events.normal(SOURCE, StatefulSets, set, 'SuccessfulCreate', message)
    }
  }

  /** Gives the claims of a pod the owners that the policy wants. @param isWanted the pod is not surplus. */
  own(set: Stored<StatefulSet>, pod: Stored<Pod>, ordinal: number, isWanted: boolean): void {
    const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {}
    const owners: OwnerReference[] = []
    if (whenScaled === 'Delete' && !isWanted) owners.push(controllerReference(Pods, pod))
    else if (whenDeleted === 'Delete') owners.push(controllerReference(StatefulSets, set))
    for (const { name, claim } of this.#claims(set, ordinal)) {
      if (claim === undefined) continue
      const references = claim.metadata.ownerReferences ?? []
      const isOurs = ({ kind, name: owner }: OwnerReference): boolean =>
        (kind === 'StatefulSet' && owner === set.metadata.name) || (kind === 'Pod' && owner === pod.metadata.name)
      const ours = references.filter(isOurs)
      // Of an earlier set or pod of the same name: the garbage collector's, not ours.
      if (ours.some(({ uid }) => uid !== set.metadata.uid && uid !== pod.metadata.uid)) continue
      // Managed by somebody else: at most one can be.
      const isForeign = references.some(reference => !isOurs(reference) && reference.controller === true)
      const wanted = isForeign ? [] : owners
      if (ours.length === wanted.length && ours.every(({ uid }) => wanted.some(owner => owner.uid === uid))) continue
      this.#env.store.modify<PersistentVolumeClaim>(PersistentVolumeClaims, set.metadata.namespace, name, current => {
        const { ownerReferences = [], ...metadata } = current.metadata
        const next = [...ownerReferences.filter(reference => !isOurs(reference)), ...wanted]
        return { ...current, metadata: next.length === 0 ? metadata : { ...metadata, ownerReferences: next } }
      })
    }
  }

  #claims(
    set: Stored<StatefulSet>,
    ordinal: number,
  ): {
    readonly template: PersistentVolumeClaim
    readonly name: string
    readonly claim: Stored<PersistentVolumeClaim> | undefined
  }[] {
    const { namespace, name: setName } = set.metadata
    return (set.spec?.volumeClaimTemplates ?? []).map(template => {
      const name = claimName(template, setName, ordinal)
      const claim = this.#env.store.get<PersistentVolumeClaim>(PersistentVolumeClaims, namespace, name)
      return { template, name, claim }
    })
  }
}
