import type { StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'

const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name'
const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index'
const INT32_MAX = 2 ** 31 - 1

/** The set and the ordinal in the name of a StatefulSet's pod (`db-0`); `undefined` for a name that has none. */
export function partsOf(podName: string): { readonly set: string; readonly ordinal: number } | undefined {
  const [, set = '', digits = ''] = /^(.*)-(\d+)$/.exec(podName) ?? []
  const ordinal = digits === '' ? -1 : Number(digits)
  return ordinal < 0 || ordinal > INT32_MAX ? undefined : { set, ordinal }
}

/** −1 for a pod that has none. */
export function ordinalOf({ metadata }: Pod): number {
  return partsOf(metadata?.name ?? '')?.ordinal ?? -1
}

/** Whether a pod's labels say who it is. The index came later: a pod without it is left as it is. */
export function hasIdentity({ metadata }: Stored<Pod>): boolean {
  return metadata.labels?.[POD_NAME_LABEL] === metadata.name
}

/** Labels of the pod with this name and ordinal, added to those that it has. */
export function identityLabels(
  labels: Readonly<Record<string, string>> | undefined,
  name: string,
  ordinal: number,
): Record<string, string> {
  return { ...labels, [POD_NAME_LABEL]: name, [POD_INDEX_LABEL]: String(ordinal) }
}

/** The pod's volumes, those of claim templates first and by the names of its own claims. */
export function volumesOf(
  { metadata, spec }: Stored<StatefulSet>,
  ordinal: number,
  volumes: NonNullable<Pod['spec']>['volumes'],
): NonNullable<NonNullable<Pod['spec']>['volumes']> {
  const templates = spec?.volumeClaimTemplates ?? []
  const names = new Set(templates.map(template => template.metadata?.name))
  return [
    ...templates.map(template => ({
      name: template.metadata?.name ?? '',
      persistentVolumeClaim: { claimName: claimName(template, metadata.name, ordinal) },
    })),
    ...(volumes ?? []).filter(({ name }) => !names.has(name)),
  ]
}

/** Name of a pod's claim of a template. */
export function claimName(
  template: { readonly metadata?: { readonly name?: string } },
  set: string,
  ordinal: number,
): string {
  return `${template.metadata?.name ?? ''}-${set}-${ordinal}`
}
