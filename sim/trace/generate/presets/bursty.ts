import type { TraceModel } from '../model.ts'
import { nodeFailures, scraped, SERVICE_DELAYS, TIDIED_AFTER_MS } from './parts.ts'

/** An hour in which load comes in waves: autoscalers jump, storms of short pods break loose. */
export const bursty: TraceModel = {
  model: 'churnbench-trace',
  version: 1,
  name: 'bursty',
  description: 'An hour of bursts: replicas up to eightfold within minutes, and storms of hundreds of short pods.',
  durationMs: 3_600_000,
  startHour: 9,
  namespaces: 6,
  cluster: { nodes: 40, zones: 3, podsPerNodeMax: 110, nodeFailures: nodeFailures({ perHour: 0.5 }) },
  classes: [
    {
      name: 'front',
      kind: 'Deployment',
      workloads: 12,
      replicas: { kind: 'lognormal', median: 8, p90: 16 },
      service: true,
      rollouts: { perHour: 0.2 },
      scaling: {
        perHour: 20,
        // Ten minutes of calm and rush in turn, by bins of two.
        curve: [1, 1, 2, 6, 3],
        binMs: 120_000,
        factor: { kind: 'lognormal', median: 1, sigma: 0.25 },
        min: 2,
        max: 120,
      },
      pod: {
        ...scraped('server', 8080),
        ...SERVICE_DELAYS,
        readyMs: { kind: 'lognormal', median: 3_000, p90: 9_000 },
        restarts: { perHour: 0.05, downMs: { kind: 'lognormal', median: 5_000, p90: 20_000 } },
      },
    },
    {
      name: 'storm',
      kind: 'Job',
      workloads: 5,
      arrivals: { perHour: 12, burst: { kind: 'pareto', min: 10, alpha: 1.6 } },
      pod: {
        ...scraped('task', 8080),
        ...SERVICE_DELAYS,
        readyMs: { kind: 'lognormal', median: 800, p90: 2_000 },
        lifetimeMs: { kind: 'lognormal', median: 30_000, p90: 120_000 },
        outcomes: { succeeded: 0.95, failed: { Error: 0.03, OOMKilled: 0.02 } },
        lingerMs: TIDIED_AFTER_MS,
      },
    },
  ],
}
