import type { TraceModel } from '../model.ts'
import { DAY_CURVE, EACH_NIGHT, nodeFailures, OFFICE_HOURS, scraped, SERVICE_DELAYS, TIDIED_AFTER_MS } from './parts.ts'

/** A day of a cluster of sixty nodes and some forty services. The reference trace `working-day` is made from this. */
export const midSize: TraceModel = {
  model: 'churnbench-trace',
  version: 1,
  name: 'mid-size',
  description:
    'A day of a mid-size cluster: rollouts in working hours, replicas that follow the day, nightly jobs, two node failures.',
  durationMs: 86_400_000,
  startHour: 0,
  namespaces: 10,
  cluster: { nodes: 60, zones: 3, podsPerNodeMax: 110, nodeFailures: nodeFailures({ count: 2 }) },
  classes: [
    {
      name: 'agent',
      kind: 'DaemonSet',
      workloads: 2,
      namespace: 'kube-system',
      pod: {
        ...scraped('agent', 9100),
        ...SERVICE_DELAYS,
        restarts: { perHour: 0.0005, downMs: { kind: 'constant', value: 3_000 } },
      },
    },
    {
      name: 'web',
      kind: 'Deployment',
      workloads: 22,
      replicas: { kind: 'lognormal', median: 14, p90: 30 },
      service: true,
      rollouts: {
        perHour: { perHour: OFFICE_HOURS.map(weight => weight * 0.1) },
        maxSurge: '25%',
        maxUnavailable: '25%',
      },
      scaling: { perHour: 2, curve: DAY_CURVE, factor: { kind: 'lognormal', median: 1, sigma: 0.04 }, min: 2, max: 60 },
      pod: {
        ...scraped('server', 8080),
        ...SERVICE_DELAYS,
        lifetimeMs: { kind: 'exponential', mean: 30 * 86_400_000 },
        outcomes: { failed: { Evicted: 0.5, OOMKilled: 0.2, Error: 0.1 } },
        lingerMs: TIDIED_AFTER_MS,
        restarts: { perHour: 0.003, downMs: { kind: 'lognormal', median: 6_000, p90: 25_000 } },
      },
    },
    {
      name: 'internal',
      kind: 'Deployment',
      workloads: 14,
      replicas: { kind: 'lognormal', median: 9, p90: 18 },
      service: true,
      rollouts: { perHour: { perHour: OFFICE_HOURS.map(weight => weight * 0.07) }, maxSurge: 1, maxUnavailable: 0 },
      pod: {
        ...scraped('server', 9090),
        ...SERVICE_DELAYS,
        lifetimeMs: { kind: 'exponential', mean: 40 * 86_400_000 },
        outcomes: { failed: { Evicted: 0.5, OOMKilled: 0.2, Error: 0.1 } },
        lingerMs: TIDIED_AFTER_MS,
        restarts: { perHour: 0.002, downMs: { kind: 'lognormal', median: 8_000, p90: 40_000 } },
      },
    },
    {
      name: 'store',
      kind: 'StatefulSet',
      workloads: 6,
      replicas: { kind: 'uniform', min: 3, max: 5 },
      service: true,
      rollouts: { perHour: { perHour: OFFICE_HOURS.map(weight => weight * 0.02) } },
      pod: {
        ...scraped('store', 9121),
        ...SERVICE_DELAYS,
        readyMs: { kind: 'lognormal', median: 20_000, p90: 60_000 },
      },
    },
    {
      name: 'nightly',
      kind: 'CronJob',
      workloads: 8,
      cron: { ...EACH_NIGHT, pods: { kind: 'uniform', min: 1, max: 8 } },
      pod: {
        ...scraped('job', 8080),
        ...SERVICE_DELAYS,
        readyMs: { kind: 'lognormal', median: 1_000, p90: 3_000 },
        lifetimeMs: { kind: 'lognormal', median: 1_200_000, p90: 5_400_000 },
        outcomes: { succeeded: 0.97, failed: { Error: 0.02, OOMKilled: 0.01 } },
        lingerMs: { kind: 'constant', value: 3_600_000 },
      },
    },
    {
      name: 'quarterly',
      kind: 'CronJob',
      workloads: 3,
      cron: { everyMs: 900_000, pods: { kind: 'constant', value: 1 } },
      pod: {
        ...scraped('job', 8080),
        ...SERVICE_DELAYS,
        readyMs: { kind: 'lognormal', median: 1_000, p90: 3_000 },
        lifetimeMs: { kind: 'lognormal', median: 45_000, p90: 150_000 },
        outcomes: { succeeded: 0.98, failed: { Error: 0.02 } },
        lingerMs: { kind: 'constant', value: 1_800_000 },
      },
    },
  ],
}
