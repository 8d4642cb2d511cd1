import type { ClusterModel, PodModel } from '../model.ts'

/** Parts that the presets share. The figures are plausible ones of our own choosing, not measured at anybody's cluster. */

const SCRAPED = { 'churnbench.io/profile': 'web-service', 'prometheus.io/scrape': 'true' }

/** A container that serves metrics at this port, and the annotations that say so. */
export function scraped(name: string, port: number): Pick<PodModel, 'containers' | 'annotations'> {
  return {
    containers: [{ name, ports: [{ name: 'http-metrics', port }] }],
    annotations: { ...SCRAPED, 'prometheus.io/port': String(port) },
  }
}

/** Delays of a scheduler that has room, of nodes that have most images already, and of servers that heed SIGTERM, mostly. */
export const SERVICE_DELAYS = {
  graceS: 30,
  scheduleMs: { kind: 'lognormal', median: 12, p90: 90 },
  startMs: {
    kind: 'mixture',
    of: [
      { weight: 4, of: { kind: 'lognormal', median: 1_200, p90: 2_600 } },
      { weight: 1, of: { kind: 'lognormal', median: 6_000, p90: 22_000 } },
    ],
  },
  readyMs: { kind: 'lognormal', median: 7_000, p90: 20_000 },
  terminateMs: {
    kind: 'mixture',
    of: [
      { weight: 9, of: { kind: 'lognormal', median: 1_800, p90: 6_000 } },
      { weight: 1, of: { kind: 'uniform', min: 30_000, max: 31_000 } },
    ],
  },
} as const satisfies Partial<PodModel>

/** What stays of a finished pod until somebody tidies up. */
export const TIDIED_AFTER_MS = { kind: 'uniform', min: 300_000, max: 900_000 } as const

/** Detection as the node lifecycle controller's defaults have it (40 s of silence), eviction after 300 s. */
export function nodeFailures(
  often: { readonly count: number } | { readonly perHour: number },
): Required<Pick<ClusterModel, 'nodeFailures'>>['nodeFailures'] {
  return {
    ...often,
    detectMs: { kind: 'uniform', min: 36_000, max: 46_000 },
    evictMs: { kind: 'uniform', min: 300_000, max: 305_000 },
    removedShare: 0.5,
    repairMs: { kind: 'lognormal', median: 420_000, p90: 1_500_000 },
    removeMs: { kind: 'lognormal', median: 600_000, p90: 1_200_000 },
    replaceMs: { kind: 'lognormal', median: 120_000, p90: 240_000 },
  }
}

/** Hours of a day, from midnight. */
export const OFFICE_HOURS = [
  0, 0, 0, 0, 0, 0, 0, 0.1, 0.5, 1, 1.5, 1.5, 0.6, 1, 1.5, 1.5, 1.2, 0.7, 0.2, 0.1, 0, 0, 0, 0,
]

/** Load of a service for people in one part of the world: lowest at four, two peaks. */
export const DAY_CURVE = [
  0.6, 0.5, 0.45, 0.4, 0.4, 0.45, 0.55, 0.7, 0.9, 1.1, 1.25, 1.3, 1.25, 1.2, 1.25, 1.3, 1.3, 1.25, 1.2, 1.25, 1.3, 1.15,
  0.95, 0.75,
]

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

export const EACH_NIGHT = { everyMs: DAY_MS, offsetMs: { kind: 'uniform', min: HOUR_MS, max: 4 * HOUR_MS } } as const
