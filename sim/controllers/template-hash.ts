import type { Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.js'

/** Kubernetes' alphabet for generated names: no vowels, no look-alikes. */
export const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
export const TEMPLATE_HASH_LABEL = 'pod-template-hash'
/** Of pods of StatefulSets and DaemonSets: which revision of the template they are of. */
export const REVISION_LABEL = 'controller-revision-hash'

/** Hashes of templates that were asked for, for as long as the templates live: a template is immutable in the store. */
const known = new WeakMap<PodTemplateSpec, number>()

/**
 * What names a Deployment's ReplicaSet: a hash of its pod template, and of `collisionCount` once there was a clash.
 * Depends on the template's content only, not on the order of its keys. 8 to 10 characters.
 */
export function templateHash(template: PodTemplateSpec, collisionCount: number | undefined): string {
  let hash = known.get(template)
  if (hash === undefined) {
    hash = fnv1a(canonical(template), 0x811c9dc5)
    known.set(template, hash)
  }
  if (collisionCount !== undefined && collisionCount > 0) hash = fnv1a(`/${collisionCount}`, hash)
  let out = ''
  for (const digit of String(hash)) out += SUFFIX_ALPHABET[digit.charCodeAt(0) % SUFFIX_ALPHABET.length]!
  return out
}

export function revisionOfPod({ metadata }: Pod): string | undefined {
  return metadata?.labels?.[REVISION_LABEL]
}

function fnv1a(text: string, seed: number): number {
  let hash = seed
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  return hash
}

/** JSON with sorted keys; absent and `undefined` are the same. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
  return `{${fields.join(',')}}`
}
