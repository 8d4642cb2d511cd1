import type { PersistentVolumeClaimSpec } from 'kubernetes-types/core/v1.js'
import { canonicalQuantity } from './quantity.ts'

/** Of claims, and of the claims inside stateful sets and ephemeral volumes. */
export function defaultClaimSpec(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem'
  const resources = (spec.resources ??= {})
  for (const list of [resources.requests, resources.limits]) canonicalResources(list)
}

/** Resources, written as Kubernetes writes them: `1000m` is `1`. Changes `list`. */
export function canonicalResources(list: Record<string, string> | undefined): void {
  for (const [name, quantity] of Object.entries(list ?? {})) list![name] = canonicalQuantity(quantity)
}
