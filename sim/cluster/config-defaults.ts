import type { ConfigMap, LimitRange, LimitRangeItem, ResourceQuota, Secret } from 'kubernetes-types/core/v1.js'
import { base64FaultAt } from './base64.ts'
import { canonicalResources } from './claim-defaults.ts'
import { ApiError } from './errors.ts'
import type { Writable } from './objects.ts'

/** @throws ApiError BadRequest: what is no base64 cannot be decoded. */
export function defaultConfigMap(map: ConfigMap): void {
  if (map.binaryData === undefined) return
  map.binaryData = Object.fromEntries(
    Object.entries(map.binaryData).map(([key, value]) => [key, canonicalBase64('ConfigMap', value)]),
  )
}

/** `stringData` is for writing only: it overwrites `data`, and is never read back. @throws ApiError as above */
export function defaultSecret(secret: Secret): void {
  secret.type ||= 'Opaque'
  for (const [key, value] of Object.entries(secret.data ?? {})) secret.data![key] = canonicalBase64('Secret', value)
  for (const [key, value] of Object.entries(secret.stringData ?? {})) {
    secret.data = { ...secret.data, [key]: Buffer.from(value).toString('base64') }
  }
  delete secret.stringData
}

/** Used amounts are nobody's here: there is no quota controller, and `status` stays empty. */
export function defaultResourceQuota(quota: Writable<ResourceQuota>): void {
  canonicalResources(quota.spec?.hard)
  quota.status ??= {}
}

/** Limits are shown and not enforced. */
export function defaultLimitRange({ spec }: LimitRange): void {
  for (const item of spec?.limits ?? []) {
    for (const list of [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio]) {
      canonicalResources(list)
    }
    if (item.type === 'Container') defaultContainerLimits(item)
  }
}

function defaultContainerLimits(item: LimitRangeItem): void {
  item.default = { ...item.max, ...item.default }
  item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest }
}

/** Without line breaks, as bytes come back from a server that has decoded them. */
function canonicalBase64(kind: string, text: string): string {
  const at = base64FaultAt(text)
  if (at === undefined) return text.replaceAll(/[\r\n]/g, '')
  const sentence = `${kind} in version "v1" cannot be handled as a ${kind}: illegal base64 data at input byte ${at}`
  throw new ApiError('BadRequest', sentence)
}
