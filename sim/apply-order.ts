const SPACING_MS = 100

/**
 * Planned time at which the cluster's i-th workload is applied: one after the other, as somebody with a folder of manifests
 * would. Before that, an action cannot find it.
 */
export function appliedAtMs(index: number): number {
  return index * SPACING_MS
}
