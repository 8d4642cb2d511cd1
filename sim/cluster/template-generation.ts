import { isDeepStrictEqual } from 'node:util'
import type { DaemonSet } from 'kubernetes-types/apps/v1.js'

const ANNOTATION = 'deprecated.daemonset.template.generation'

/**
 * Counts the templates of a daemon set, in an annotation that Kubernetes still keeps: 1 for a new set, one more for each
 * change. `current` is the version before. Changes `set`.
 */
export function numberTemplate(set: DaemonSet, current?: DaemonSet): void {
  const before = current === undefined ? 0 : Number(current.metadata?.annotations?.[ANNOTATION] ?? 1)
  const isNew = current === undefined || !isDeepStrictEqual(set.spec?.template, current.spec?.template)
  set.metadata = {
    ...set.metadata,
    annotations: { ...set.metadata?.annotations, [ANNOTATION]: String(isNew ? before + 1 : before) },
  }
}
