import type { Pod, PodSpec, Toleration } from 'kubernetes-types/core/v1.js'
import type { Writable } from './objects.ts'

export interface AdmissionOptions {
  /** Toleration of the not-ready and unreachable taints that pods are given. Kubernetes: 300. */
  readonly tolerationSeconds: number
}

/**
 * What the API does to a pod once, when it is created: service account, tolerations, QoS class, `Pending`. Changes `pod`.
 *
 * Unlike Kubernetes, the volume with the account's token is not mounted: no container would read it. Nor must the account
 * exist, for pods may come before the controller that makes it.
 */
export function admitPod(pod: Writable<Pod>, { tolerationSeconds }: AdmissionOptions): void {
  const { spec } = pod
  if (spec === undefined) return
  spec.serviceAccountName ??= 'default'
  spec.serviceAccount ??= spec.serviceAccountName
  spec.enableServiceLinks ??= true
  spec.preemptionPolicy ??= 'PreemptLowerPriority'
  spec.priority ??= 0
  for (const taint of ['not-ready', 'unreachable']) {
    const key = `node.kubernetes.io/${taint}`
    if ((spec.tolerations ?? []).some(toleration => tolerates(toleration, key))) continue
    spec.tolerations = [
      ...(spec.tolerations ?? []),
      { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds },
    ]
  }
  pod.status = { phase: 'Pending', qosClass: qosClass(spec) }
}

function tolerates(toleration: Toleration, key: string): boolean {
  const keyFits = toleration.key === undefined || toleration.key === '' || toleration.key === key
  return keyFits && (toleration.effect === undefined || toleration.effect === '' || toleration.effect === 'NoExecute')
}

function qosClass(spec: PodSpec): string {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  const asked = containers.some(({ resources }) =>
    [resources?.requests, resources?.limits].some(list => list?.cpu !== undefined || list?.memory !== undefined),
  )
  if (!asked) return 'BestEffort'
  const guaranteed = containers.every(({ resources }) =>
    (['cpu', 'memory'] as const).every(name => {
      const limit = resources?.limits?.[name]
      return limit !== undefined && (resources?.requests?.[name] ?? limit) === limit
    }),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
