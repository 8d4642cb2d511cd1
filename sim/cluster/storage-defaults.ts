import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js'
import type { StorageClass } from 'kubernetes-types/storage/v1.js'
import { canonicalResources, defaultClaimSpec } from './claim-defaults.ts'
import type { Writable } from './objects.ts'

export function defaultPersistentVolume(volume: Writable<PersistentVolume>): void {
  const spec = (volume.spec ??= {})
  spec.persistentVolumeReclaimPolicy ||= 'Retain'
  spec.volumeMode ??= 'Filesystem'
  canonicalResources(spec.capacity)
  if (spec.hostPath !== undefined) spec.hostPath.type ??= ''
  volume.status ??= { phase: 'Pending' }
}

export function defaultPersistentVolumeClaim(claim: Writable<PersistentVolumeClaim>): void {
  defaultClaimSpec((claim.spec ??= {}))
  claim.status ??= { phase: 'Pending' }
}

export function defaultStorageClass(storageClass: StorageClass): void {
  storageClass.reclaimPolicy ??= 'Delete'
  storageClass.volumeBindingMode ??= 'Immediate'
}
