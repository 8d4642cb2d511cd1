import type { Volume } from 'kubernetes-types/core/v1.js'
import { defaultClaimSpec } from './claim-defaults.ts'

/** Permissions of files that volumes bring, 0644. */
const FILE_MODE = 0o644
const TOKEN_LIFE_S = 3600

/** Kinds of volume that Kubernetes itself no longer has (iscsi, rbd, azureDisk, scaleIO) are left as they are. */
export function defaultVolume(volume: Volume): void {
  if (!Object.entries(volume).some(([field, source]) => field !== 'name' && source !== undefined)) volume.emptyDir = {}
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (source !== undefined) source.defaultMode ??= FILE_MODE
  }
  if (volume.hostPath !== undefined) volume.hostPath.type ??= ''
  for (const { fieldRef } of volume.downwardAPI?.items ?? []) if (fieldRef !== undefined) fieldRef.apiVersion ??= 'v1'
  for (const { serviceAccountToken, downwardAPI } of volume.projected?.sources ?? []) {
    if (serviceAccountToken !== undefined) serviceAccountToken.expirationSeconds ??= TOKEN_LIFE_S
    for (const { fieldRef } of downwardAPI?.items ?? []) if (fieldRef !== undefined) fieldRef.apiVersion ??= 'v1'
  }
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec
  if (claim !== undefined) defaultClaimSpec(claim)
}
