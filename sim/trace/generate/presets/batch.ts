import type { TraceModel } from '../model.ts'
import { nodeFailures, scraped, SERVICE_DELAYS } from './parts.ts'

/** Twelve hours of a cluster that mostly computes: Jobs of every length, some of several pods, one in twelve failing. */
export const batch: TraceModel = {
  model: 'churnbench-trace',
  version: 1,
  name: 'batch',
  description: 'Twelve hours of batch work: Jobs of very different lengths, submitted mostly by day, and few services.',
  durationMs: 43_200_000,
  startHour: 8,
  namespaces: 8,
  cluster: {
    nodes: 50,
    zones: 2,
    podsPerNodeMax: 60,
    nodeFailures: nodeFailures({ perHour: 0.1 }),
    autoscaling: { nodesMax: 80, addMs: { kind: 'lognormal', median: 90_000, p90: 180_000 }, idleMs: 900_000 },
  },
  classes: [
    {
      name: 'short',
      kind: 'Job',
      workloads: 20,
      arrivals: {
        perHour: {
          perHour: [
            60, 60, 60, 60, 60, 60, 90, 150, 400, 600, 700, 700, 500, 600, 700, 700, 600, 400, 250, 150, 100, 80, 60,
            60,
          ],
        },
      },
      pod: {
        ...scraped('task', 8080),
        ...SERVICE_DELAYS,
        scheduleMs: { kind: 'lognormal', median: 400, p90: 8_000 },
        readyMs: { kind: 'lognormal', median: 1_000, p90: 4_000 },
        lifetimeMs: { kind: 'weibull', shape: 0.6, scale: 240_000 },
        outcomes: { succeeded: 0.92, failed: { Error: 0.05, OOMKilled: 0.02, Evicted: 0.01 } },
        lingerMs: { kind: 'constant', value: 300_000 },
      },
    },
    {
      name: 'long',
      kind: 'Job',
      workloads: 10,
      replicas: { kind: 'pareto', min: 1, alpha: 1.3 },
      arrivals: { perHour: 25 },
      initial: { pods: 120 },
      pod: {
        ...scraped('trainer', 8080),
        ...SERVICE_DELAYS,
        scheduleMs: { kind: 'lognormal', median: 2_000, p90: 60_000 },
        lifetimeMs: { kind: 'lognormal', median: 2_400_000, p90: 14_400_000 },
        outcomes: { succeeded: 0.85, failed: { Error: 0.1, OOMKilled: 0.05 } },
        lingerMs: { kind: 'constant', value: 600_000 },
      },
    },
    {
      name: 'service',
      kind: 'Deployment',
      workloads: 8,
      replicas: { kind: 'uniform', min: 2, max: 6 },
      service: true,
      rollouts: { perHour: 0.03 },
      pod: { ...scraped('server', 9090), ...SERVICE_DELAYS },
    },
  ],
}
