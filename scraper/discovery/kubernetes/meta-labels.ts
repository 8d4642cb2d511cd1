import type { ObjectMeta, OwnerReference } from 'kubernetes-types/meta/v1.js'

export const PREFIX = '__meta_kubernetes_'
export const NAMESPACE = `${PREFIX}namespace`

/** Labels under construction. */
export type MetaLabels = Record<string, string>

/** Name, labels and annotations of an object, as labels of `kind`. */
export function addObjectMeta(labels: MetaLabels, meta: ObjectMeta | undefined, kind: string): void {
  labels[`${PREFIX}${kind}_name`] = meta?.name ?? ''
  addLabelsAndAnnotations(labels, meta, kind)
}

/** Without the name: for a namespace, whose name is there anyway. */
export function addLabelsAndAnnotations(labels: MetaLabels, meta: ObjectMeta | undefined, kind: string): void {
  for (const [name, value] of Object.entries(meta?.labels ?? {})) {
    const safe = sanitize(name)
    labels[`${PREFIX}${kind}_label_${safe}`] = value
    labels[`${PREFIX}${kind}_labelpresent_${safe}`] = 'true'
  }
  for (const [name, value] of Object.entries(meta?.annotations ?? {})) {
    const safe = sanitize(name)
    labels[`${PREFIX}${kind}_annotation_${safe}`] = value
    labels[`${PREFIX}${kind}_annotationpresent_${safe}`] = 'true'
  }
}

/** What may not be in a label's name becomes `_`. */
export function sanitize(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_')
}

export function controllerOf(meta: ObjectMeta | undefined): OwnerReference | undefined {
  return meta?.ownerReferences?.find(owner => owner.controller === true)
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
