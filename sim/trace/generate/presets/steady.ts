import type { TraceModel } from '../model.ts'
import { scraped } from './parts.ts'

/** What a pod's life is in events here: created, bound, addressed, ready, terminating, not-ready, deleted. */
const EVENTS_PER_POD = 7
const LIFETIME_MS = { min: 4_900, max: 9_100 }
const SCHEDULE_MS = { min: 2, max: 10 }
const PODS_PER_WORKLOAD = 25
const PODS_PER_NODE = 50

/**
 * Churn at one rate from beginning to end, for load tests: pods live for seven seconds and are replaced at once. There are as
 * many of them as events in a second, and a seventh more on their way out.
 */
export function steady(eventsPerSecond = 1_000): TraceModel {
  const pods = (eventsPerSecond / EVENTS_PER_POD / 1_000) * (mean(LIFETIME_MS) + mean(SCHEDULE_MS))
  const workloads = Math.max(1, Math.round(pods / PODS_PER_WORKLOAD))
  const replicas = pods / workloads
  return {
    model: 'churnbench-trace',
    version: 1,
    name: 'steady',
    description: `Churn of ${eventsPerSecond} events a second, all of pods that live for some seven seconds.`,
    durationMs: 60_000,
    startHour: 12,
    namespaces: 8,
    cluster: { nodes: Math.max(3, Math.ceil(pods / PODS_PER_NODE)), zones: 3, podsPerNodeMax: 110 },
    classes: [
      {
        name: 'churning',
        kind: 'Deployment',
        workloads,
        // Whole numbers that are as many on average.
        replicas: {
          kind: 'mixture',
          of: [
            { weight: 1 - (replicas % 1), of: { kind: 'constant', value: Math.floor(replicas) } },
            { weight: replicas % 1, of: { kind: 'constant', value: Math.ceil(replicas) } },
          ],
        },
        service: true,
        pod: {
          ...scraped('server', 8080),
          graceS: 30,
          scheduleMs: { kind: 'uniform', ...SCHEDULE_MS },
          startMs: { kind: 'uniform', min: 100, max: 500 },
          readyMs: { kind: 'uniform', min: 200, max: 1_000 },
          terminateMs: { kind: 'uniform', min: 500, max: 1_500 },
          lifetimeMs: { kind: 'uniform', ...LIFETIME_MS },
        },
      },
    ],
  }
}

function mean({ min, max }: { readonly min: number; readonly max: number }): number {
  return (min + max) / 2
}
