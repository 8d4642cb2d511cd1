import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import { Deployments, type Stored } from '../cluster/index.ts'
import { controllerReference } from '../informers/index.ts'
import { rollBounds } from './rolling-update.ts'
import { TEMPLATE_HASH_LABEL } from './template-hash.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
const HISTORY = 'deployment.kubernetes.io/revision-history'
export const DESIRED = 'deployment.kubernetes.io/desired-replicas'
export const MAX = 'deployment.kubernetes.io/max-replicas'
/** Annotations of a Deployment that its sets do not inherit. */
const OWN = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  HISTORY,
  DESIRED,
  MAX,
  'deprecated.deployment.rollback.to',
])

export function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata?.annotations?.[REVISION] ?? 0) || 0
}

/** The size that the set was last scaled for; written with every change of its replicas. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const replicas = deployment.spec?.replicas ?? 1
  return { [DESIRED]: String(replicas), [MAX]: String(replicas + rollBounds(deployment).maxSurge) }
}

/** A set for the Deployment's current template. */
export function newReplicaSet(
  deployment: Stored<Deployment>,
  hash: string,
  replicas: number,
  revision: number,
): ReplicaSet {
  const { namespace, name } = deployment.metadata
  const spec = deployment.spec!
  const template = {
    ...spec.template,
    metadata: {
      ...spec.template.metadata,
      labels: { ...spec.template.metadata?.labels, [TEMPLATE_HASH_LABEL]: hash },
    },
  }
  const { selector } = spec
  return {
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...template.metadata.labels },
      annotations: { ...inherited(deployment), ...sizeAnnotations(deployment), [REVISION]: String(revision) },
      ownerReferences: [controllerReference(Deployments, deployment)],
    },
    spec: {
      replicas,
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH_LABEL]: hash } },
      template,
    },
    status: { replicas: 0 },
  }
}

/**
 * A set that is current (again) with its annotations brought up to date: what the Deployment says, and the newest revision.
 * A set that gets a new number remembers its old one. Returns the same object when there is nothing to change.
 */
export function currentReplicaSet(set: Stored<ReplicaSet>, deployment: Stored<Deployment>, newest: number): ReplicaSet {
  const annotations = { ...set.metadata.annotations, ...inherited(deployment) }
  const before = revisionOf(set)
  if (before < newest) {
    annotations[REVISION] = String(newest)
    if (before > 0) {
      const history = annotations[HISTORY]
      annotations[HISTORY] = history === undefined ? String(before) : `${history},${before}`
    }
  }
  const isSame = Object.entries(annotations).every(([key, value]) => set.metadata.annotations?.[key] === value)
  const minReadySeconds = deployment.spec?.minReadySeconds
  if (isSame && set.spec?.minReadySeconds === minReadySeconds) return set
  const { minReadySeconds: _, ...spec } = set.spec!
  return {
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: { ...spec, ...(minReadySeconds === undefined ? {} : { minReadySeconds }) },
  }
}

/** Sets without pods beyond the history limit, those of the lowest revision first. */
export function expiredSets(deployment: Deployment, old: readonly Stored<ReplicaSet>[]): Stored<ReplicaSet>[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10
  const surplus = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length - limit
  if (surplus <= 0) return []
  return old
    .filter(
      ({ metadata, spec, status }) =>
        metadata.deletionTimestamp === undefined &&
        spec?.replicas === 0 &&
        (status?.replicas ?? 0) === 0 &&
        (status?.observedGeneration ?? 0) >= (metadata.generation ?? 1),
    )
    .sort((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, surplus)
}

function inherited(deployment: Deployment): Record<string, string> {
  return Object.fromEntries(Object.entries(deployment.metadata?.annotations ?? {}).filter(([key]) => !OWN.has(key)))
}
