import type { Node } from 'kubernetes-types/core/v1.js'

/** How a zone is doing, as the node lifecycle controller sees it. */
export type ZoneState = 'initial' | 'normal' | 'partial' | 'full'

export interface ZoneTally {
  ready: number
  notReady: number
}

/** A zone of which at least so much is not ready is disrupted. Kubernetes: `--unhealthy-zone-threshold`. */
const UNHEALTHY_SHARE = 0.55
/** Fewer nodes that are not ready never make a disruption. */
const UNHEALTHY_MIN = 3
/** A disrupted zone with more nodes is drained slowly, a smaller one not at all. `--large-cluster-size-threshold`. */
const LARGE_ZONE = 50
/** Nodes with this label do not count. */
const EXCLUDED = 'node.kubernetes.io/exclude-disruption'

export function zoneStateOf({ ready, notReady }: ZoneTally): ZoneState {
  if (ready === 0 && notReady > 0) return 'full'
  if (notReady >= UNHEALTHY_MIN && notReady / (ready + notReady) >= UNHEALTHY_SHARE) return 'partial'
  return 'normal'
}

/** Time between two nodes of a zone: a healthy one's, ten times as long, or never. A dark zone is drained as a healthy one. */
export function evictionIntervalMs(state: ZoneState, tally: ZoneTally, healthyMs: number): number {
  if (state !== 'partial') return healthyMs
  return tally.ready + tally.notReady > LARGE_ZONE ? healthyMs * 10 : Infinity
}

export function countsForDisruption({ metadata }: Node): boolean {
  return metadata?.labels?.[EXCLUDED] === undefined
}

/** What Kubernetes takes for one zone: the same zone of the same region. */
export function zoneKeyOf({ metadata }: Node): string {
  const { labels = {} } = metadata ?? {}
  const region = labels['topology.kubernetes.io/region'] ?? ''
  return `${region}:${labels['topology.kubernetes.io/zone'] ?? ''}`
}
