import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js'
import type { StorageClass } from 'kubernetes-types/storage/v1.js'
import { PersistentVolumeClaims, PersistentVolumes, type Stored, StorageClasses } from '../cluster/index.ts'
import { age, layout, type LayoutOfKind, UNSET } from './table-layout.ts'

/** In the order in which they are told. */
const ACCESS_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'
const DEFAULT_CLASS_BETA = 'storageclass.beta.kubernetes.io/is-default-class'

export const STORAGE_TABLES: readonly LayoutOfKind[] = [
  [
    PersistentVolumes,
    layout<PersistentVolume>(
      [
        'Name',
        'Capacity',
        'Access Modes',
        'Reclaim Policy',
        'Status',
        'Claim',
        'StorageClass',
        'VolumeAttributesClass',
        'Reason',
        'Age',
        'VolumeMode*',
      ],
      (volume, nowMs) => {
        const { metadata, spec, status } = volume
        const claim = spec?.claimRef
        return [
          metadata.name,
          spec?.capacity?.storage ?? '0',
          accessModes(spec?.accessModes),
          spec?.persistentVolumeReclaimPolicy ?? '',
          phase(volume, status?.phase),
          claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`,
          className(volume, spec?.storageClassName),
          spec?.volumeAttributesClassName ?? UNSET,
          status?.reason ?? '',
          age(volume, nowMs),
          spec?.volumeMode ?? UNSET,
        ]
      },
    ),
  ],
  [
    PersistentVolumeClaims,
    layout<PersistentVolumeClaim>(
      [
        'Name',
        'Status',
        'Volume',
        'Capacity',
        'Access Modes',
        'StorageClass',
        'VolumeAttributesClass',
        'Age',
        'VolumeMode*',
      ],
      (claim, nowMs) => {
        const { metadata, spec, status } = claim
        const volume = spec?.volumeName ?? ''
        return [
          metadata.name,
          phase(claim, status?.phase),
          volume,
          volume === '' ? '' : (status?.capacity?.storage ?? '0'),
          volume === '' ? '' : accessModes(status?.accessModes),
          className(claim, spec?.storageClassName),
          spec?.volumeAttributesClassName ?? UNSET,
          age(claim, nowMs),
          spec?.volumeMode ?? UNSET,
        ]
      },
    ),
  ],
  [
    StorageClasses,
    layout<StorageClass>(
      ['Name', 'Provisioner', 'ReclaimPolicy', 'VolumeBindingMode', 'AllowVolumeExpansion', 'Age'],
      (storageClass, nowMs) => {
        const { annotations, name } = storageClass.metadata
        const isDefault = annotations?.[DEFAULT_CLASS] === 'true' || annotations?.[DEFAULT_CLASS_BETA] === 'true'
        return [
          `${name}${isDefault ? ' (default)' : ''}`,
          storageClass.provisioner,
          storageClass.reclaimPolicy ?? 'Delete',
          storageClass.volumeBindingMode ?? 'Immediate',
          storageClass.allowVolumeExpansion ?? false,
          age(storageClass, nowMs),
        ]
      },
    ),
  ],
]

function phase({ metadata }: Stored, status: string | undefined): string {
  return metadata.deletionTimestamp === undefined ? (status ?? '') : 'Terminating'
}

/** The annotation is older, and goes before the field. */
function className({ metadata }: Stored, name: string | undefined): string {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? name ?? ''
}

function accessModes(modes: readonly string[] | undefined): string {
  const known = Object.entries(ACCESS_MODES).filter(([mode]) => (modes ?? []).includes(mode))
  return known.map(([, short]) => short).join(',')
}
