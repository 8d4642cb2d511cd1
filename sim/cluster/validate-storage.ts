import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
} from 'kubernetes-types/core/v1.js'
import type { StorageClass } from 'kubernetes-types/storage/v1.js'
import { checkPositiveQuantity, isEmpty, oneOf } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { dnsSubdomainFault, qualifiedNameFault } from './names.ts'
import { validateSelector } from './validate-selector.ts'

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain']
const VOLUME_MODES = ['Block', 'Filesystem']
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer']
const PARAMETERS_MAX = 512
const PARAMETER_BYTES_MAX = 256 * 1024

/** What a volume's spec holds besides its source. */
const NO_SOURCE: ReadonlySet<string> = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
])

/** Where a volume's bytes are: its fields that are no settings. */
export function sourcesOf(spec: PersistentVolumeSpec | undefined): [field: string, source: unknown][] {
  return Object.entries(spec ?? {}).filter(([field, value]) => !NO_SOURCE.has(field) && value !== undefined)
}

/** There must be one source; only those that need nothing from outside are looked into. */
export function validatePersistentVolume({ spec }: PersistentVolume, errors: FieldErrors): void {
  if ((spec?.accessModes ?? []).length === 0) errors.required('spec.accessModes')
  checkAccessModes('spec.accessModes', spec?.accessModes, errors)
  const capacity = spec?.capacity ?? {}
  if (Object.keys(capacity).length === 0) errors.required('spec.capacity')
  if (capacity.storage === undefined || Object.keys(capacity).length > 1) {
    errors.notSupported('spec.capacity', spec?.capacity, ['storage'])
  }
  for (const [name, value] of Object.entries(capacity)) checkPositiveQuantity(`spec.capacity[${name}]`, value, errors)
  oneOf('spec.persistentVolumeReclaimPolicy', spec?.persistentVolumeReclaimPolicy, RECLAIM_POLICIES, errors)
  const sources = sourcesOf(spec)
  for (const [field] of sources.slice(1)) {
    errors.forbidden(`spec.${field}`, 'may not specify more than 1 volume type')
  }
  if (spec?.hostPath !== undefined && isEmpty(spec.hostPath.path)) errors.required('spec.hostPath.path')
  if (spec?.local !== undefined) {
    if (isEmpty(spec.local.path)) errors.required('spec.local.path')
    if (spec.nodeAffinity === undefined) errors.required('spec.nodeAffinity', 'Local volume requires node affinity')
  }
  if (sources.length === 0) errors.required('spec', 'must specify a volume type')
  if (!isEmpty(spec?.storageClassName)) {
    errors.check('spec.storageClassName', spec!.storageClassName!, dnsSubdomainFault)
  }
  if (spec?.volumeMode !== undefined) oneOf('spec.volumeMode', spec.volumeMode, VOLUME_MODES, errors)
}

export function validatePersistentVolumeClaim({ spec }: PersistentVolumeClaim, errors: FieldErrors): void {
  validateClaimSpec('spec', spec, errors)
}

export function validateClaimSpec(
  path: string,
  spec: PersistentVolumeClaimSpec | undefined,
  errors: FieldErrors,
): void {
  if ((spec?.accessModes ?? []).length === 0) {
    errors.required(`${path}.accessModes`, 'at least 1 access mode is required')
  }
  validateSelector(`${path}.selector`, spec?.selector, errors)
  checkAccessModes(`${path}.accessModes`, spec?.accessModes, errors)
  const storage = spec?.resources?.requests?.storage
  if (storage === undefined) errors.required(`${path}.resources[storage]`)
  else checkPositiveQuantity(`${path}.resources[storage]`, storage, errors)
  if (!isEmpty(spec?.storageClassName)) {
    errors.check(`${path}.storageClassName`, spec!.storageClassName!, dnsSubdomainFault)
  }
  if (spec?.volumeMode !== undefined) oneOf(`${path}.volumeMode`, spec.volumeMode, VOLUME_MODES, errors)
}

function checkAccessModes(path: string, modes: readonly string[] | undefined, errors: FieldErrors): void {
  for (const mode of modes ?? []) oneOf(path, mode, ACCESS_MODES, errors)
  const known = (modes ?? []).filter(mode => ACCESS_MODES.includes(mode))
  if (known.includes('ReadWriteOncePod') && known.some(mode => mode !== 'ReadWriteOncePod')) {
    errors.forbidden(path, 'may not use ReadWriteOncePod with other access modes')
  }
}

export function validateStorageClass(storageClass: StorageClass, errors: FieldErrors): void {
  const { provisioner, parameters = {}, reclaimPolicy, volumeBindingMode } = storageClass
  if (isEmpty(provisioner)) errors.required('provisioner')
  else errors.check('provisioner', provisioner.toLowerCase(), qualifiedNameFault)
  const pairs = Object.entries(parameters)
  if (pairs.length > PARAMETERS_MAX) errors.tooLong('parameters', PARAMETERS_MAX)
  else {
    let bytes = 0
    for (const [key, value] of pairs) {
      if (key === '') errors.invalid('parameters', key, 'field can not be empty.')
      bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
    }
    if (bytes > PARAMETER_BYTES_MAX) errors.tooLong('parameters', PARAMETER_BYTES_MAX)
  }
  if (!isEmpty(reclaimPolicy)) oneOf('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain'], errors)
  oneOf('volumeBindingMode', volumeBindingMode, BINDING_MODES, errors)
}
