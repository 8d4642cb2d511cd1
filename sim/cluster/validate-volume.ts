import type { KeyToPath, Volume } from 'kubernetes-types/core/v1.js'
import { isEmpty } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { dnsLabelFault } from './names.ts'
import { parseQuantity } from './quantity.ts'
import { validateClaimSpec } from './validate-storage.ts'

const FILE_MODE = 'must be a number between 0 and 0777 (octal), both inclusive'
const TOKEN_LIFE_S_MIN = 600
const TOKEN_LIFE_S_MAX = 2 ** 32

/**
 * Judges the volumes of a pod. Of the kinds of volume, those that need nothing from outside are looked into; of others
 * (csi, nfs, disks of clouds) it is enough that there is one.
 *
 * @returns the names of good ones, which containers may mount.
 */
export function validateVolumes(path: string, volumes: readonly Volume[], errors: FieldErrors): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [i, volume] of volumes.entries()) {
    const at = `${path}[${i}]`
    const before = errors.count
    validateSource(at, volume, errors)
    if (isEmpty(volume.name)) errors.required(`${at}.name`)
    else errors.check(`${at}.name`, volume.name, dnsLabelFault)
    if (names.has(volume.name)) errors.duplicate(`${at}.name`, volume.name)
    if (errors.count === before) names.add(volume.name)
  }
  return names
}

function validateSource(path: string, volume: Volume, errors: FieldErrors): void {
  const kinds = Object.entries(volume).filter(([field, source]) => field !== 'name' && source !== undefined)
  for (const [field] of kinds.slice(1)) {
    errors.forbidden(`${path}.${field}`, 'may not specify more than 1 volume type')
  }
  if (kinds.length === 0) errors.required(path, 'must specify a volume type')
  const { emptyDir, hostPath, secret, configMap, persistentVolumeClaim, ephemeral } = volume
  switch (kinds[0]?.[0] as keyof Volume | undefined) {
    case 'emptyDir':
      if (emptyDir?.sizeLimit !== undefined && (parseQuantity(emptyDir.sizeLimit)?.nanos ?? -1n) < 0n) {
        errors.forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity')
      }
      break
    case 'hostPath':
      if (isEmpty(hostPath?.path)) errors.required(`${path}.hostPath.path`)
      else if (hostPath!.path.split('/').includes('..')) {
        errors.invalid(`${path}.hostPath.path`, hostPath!.path, "must not contain '..'")
      }
      break
    case 'secret':
      if (isEmpty(secret?.secretName)) errors.required(`${path}.secret.secretName`)
      validateFiles(`${path}.secret`, secret?.defaultMode, secret?.items, errors)
      break
    case 'configMap':
      if (isEmpty(configMap?.name)) errors.required(`${path}.configMap.name`)
      validateFiles(`${path}.configMap`, configMap?.defaultMode, configMap?.items, errors)
      break
    case 'persistentVolumeClaim':
      if (isEmpty(persistentVolumeClaim?.claimName)) errors.required(`${path}.persistentVolumeClaim.claimName`)
      break
    case 'projected':
      validateProjected(`${path}.projected`, volume, errors)
      break
    case 'ephemeral':
      if (ephemeral?.volumeClaimTemplate === undefined) errors.required(`${path}.ephemeral.volumeClaimTemplate`)
      else validateClaimSpec(`${path}.ephemeral.volumeClaimTemplate.spec`, ephemeral.volumeClaimTemplate.spec, errors)
      break
    default:
  }
}

function validateProjected(path: string, { projected }: Volume, errors: FieldErrors): void {
  checkMode(`${path}.defaultMode`, projected?.defaultMode, errors)
  for (const [i, source] of (projected?.sources ?? []).entries()) {
    const at = `${path}.sources[${i}]`
    for (const field of ['secret', 'configMap'] as const) {
      const files = source[field]
      if (files === undefined) continue
      if (isEmpty(files.name)) errors.required(`${at}.${field}.name`)
      validateFiles(`${at}.${field}`, undefined, files.items, errors)
    }
    const { serviceAccountToken: token } = source
    if (token !== undefined) {
      const life = token.expirationSeconds ?? 0
      if (life < TOKEN_LIFE_S_MIN) {
        const sentence = 'may not specify a duration less than 10 minutes'
        errors.invalid(`${at}.serviceAccountToken.expirationSeconds`, life, sentence)
      }
      if (life > TOKEN_LIFE_S_MAX) {
        const sentence = 'may not specify a duration larger than 2^32 seconds'
        errors.invalid(`${at}.serviceAccountToken.expirationSeconds`, life, sentence)
      }
      if (isEmpty(token.path)) errors.required(`${path}.path`)
    }
    if (Object.values(source).filter(value => value !== undefined).length > 1) {
      errors.forbidden(at, 'may not specify more than 1 volume type per source')
    }
  }
}

function validateFiles(
  path: string,
  mode: number | undefined,
  items: readonly KeyToPath[] | undefined,
  errors: FieldErrors,
): void {
  checkMode(`${path}.defaultMode`, mode, errors)
  for (const [i, item] of (items ?? []).entries()) {
    const at = `${path}.items[${i}]`
    if (isEmpty(item.key)) errors.required(`${at}.key`)
    if (isEmpty(item.path)) errors.required(`${at}.path`)
    else checkLocalPath(`${at}.path`, item.path, errors)
    checkMode(`${at}.mode`, item.mode, errors)
  }
}

/** A path that stays inside its volume. */
export function checkLocalPath(path: string, value: string, errors: FieldErrors): void {
  if (value.startsWith('/')) errors.invalid(path, value, 'must be a relative path')
  if (value.split('/').includes('..')) errors.invalid(path, value, "must not contain '..'")
  if (value.startsWith('..') && !value.startsWith('../') && value !== '..') {
    errors.invalid(path, value, "must not start with '..'")
  }
}

function checkMode(path: string, mode: number | undefined, errors: FieldErrors): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) errors.invalid(path, mode, FILE_MODE)
}
