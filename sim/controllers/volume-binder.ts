import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js'
import {
  apiVersionOf,
  keyOf,
  PersistentVolumeClaims,
  PersistentVolumes,
  type Stored,
  type StoreEvent,
} from '../cluster/index.ts'
import { splitKey, WorkQueue } from '../informers/index.ts'
import type { ControllerEnvironment } from './environment.ts'

const PROVISIONER = 'volumes.churnbench.io'
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'

/**
 * Gives each PersistentVolumeClaim a volume of the size that it asks for, as a provisioner does that is never short of
 * any, and takes the volume away with the claim. Nothing is stored anywhere.
 *
 * ```
 *   claim without volume ──▶ volume pvc-<uid>, claimed ──▶ claim names it ──▶ volume Bound ──▶ claim Bound
 *   claim gone           ──▶ volume gone (reclaim policy Delete)
 * ```
 *
 * Classes are not looked at, volumes that somebody made are not matched, and no claim waits for its first consumer. Claims
 * that name a volume are left alone.
 */
export class VolumeBinder {
  readonly #env: ControllerEnvironment
  readonly #queue: WorkQueue

  constructor(env: ControllerEnvironment) {
    this.#env = env
    this.#queue = new WorkQueue(env.clock, key => this.#bind(key))
    env.router.on<PersistentVolumeClaim>(PersistentVolumeClaims, event => this.#onClaim(event))
  }

  #onClaim({ type, object }: StoreEvent<PersistentVolumeClaim>): void {
    if (type === 'DELETED') this.#reclaim(object)
    else if (object.spec?.volumeName === undefined && object.metadata.deletionTimestamp === undefined) {
      this.#queue.add(keyOf(object))
    }
  }

  #bind(key: string): void {
    const { store } = this.#env
    const { namespace, name } = splitKey(key)
    const claim = store.get<PersistentVolumeClaim>(PersistentVolumeClaims, namespace, name)
    if (claim === undefined || claim.spec?.volumeName !== undefined) return
    const draft = volumeFor(claim)
    const volumeName = draft.metadata?.name ?? ''
    if (store.get(PersistentVolumes, undefined, volumeName) === undefined) store.create(PersistentVolumes, draft)
    const bound = store.modify<PersistentVolumeClaim>(PersistentVolumeClaims, namespace, name, current => ({
      ...current,
      metadata: {
        ...current.metadata,
        annotations: { ...current.metadata.annotations, [BIND_COMPLETED]: 'yes', [BOUND_BY_CONTROLLER]: 'yes' },
      },
      spec: { ...current.spec, volumeName },
    }))
    if (bound === undefined) return
    store.modify<PersistentVolume>(PersistentVolumes, undefined, volumeName, current => ({
      ...current,
      status: { phase: 'Bound' },
    }))
    const { accessModes, capacity } = draft.spec ?? {}
    store.modify<PersistentVolumeClaim>(PersistentVolumeClaims, namespace, name, current => ({
      ...current,
      status: {
        phase: 'Bound',
        ...(accessModes === undefined ? {} : { accessModes }),
        ...(capacity === undefined ? {} : { capacity }),
      },
    }))
  }

  #reclaim({ metadata, spec }: Stored<PersistentVolumeClaim>): void {
    this.#queue.drop(keyOf({ metadata }))
    const name = spec?.volumeName ?? ''
    const volume = this.#env.store.get<PersistentVolume>(PersistentVolumes, undefined, name)
    const isOurs = volume?.metadata.annotations?.[PROVISIONED_BY] === PROVISIONER
    if (isOurs && volume.spec?.claimRef?.uid === metadata.uid) {
      this.#env.store.delete(PersistentVolumes, undefined, name)
    }
  }
}

function volumeFor(claim: Stored<PersistentVolumeClaim>): PersistentVolume {
  const { namespace, name, uid, resourceVersion } = claim.metadata
  const { accessModes = ['ReadWriteOnce'], resources, storageClassName, volumeMode } = claim.spec ?? {}
  const storage = resources?.requests?.storage
  return {
    metadata: { name: `pvc-${uid}`, annotations: { [PROVISIONED_BY]: PROVISIONER } },
    spec: {
      accessModes: [...accessModes],
      ...(storage === undefined ? {} : { capacity: { storage } }),
      claimRef: {
        apiVersion: apiVersionOf(PersistentVolumeClaims),
        kind: PersistentVolumeClaims.kind,
        ...(namespace === undefined ? {} : { namespace }),
        name,
        uid,
        resourceVersion,
      },
      csi: { driver: PROVISIONER, volumeHandle: `pvc-${uid}` },
      persistentVolumeReclaimPolicy: 'Delete',
      ...(storageClassName === undefined ? {} : { storageClassName }),
      volumeMode: volumeMode ?? 'Filesystem',
    },
    status: { phase: 'Available' },
  }
}
