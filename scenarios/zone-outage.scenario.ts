import type { ScenarioInput } from './scenario.ts'
import { waves } from './shapes.ts'

/**
 * An availability zone goes dark and comes back, then the next one: a wave through the cluster.
 *
 * Kubernetes' own delays are in proportion to the run, as in node-failure.
 */
export default {
  name: 'zone-outage',
  description:
    'A zone falls silent and comes back, then the next: how long until a third of all pods is scraped elsewhere, and back?',
  cluster: {
    nodes: 9,
    zones: 3,
    workloads: {
      api: { namespace: 'shop', replicas: 24 },
      worker: { namespace: 'shop', replicas: 12 },
      ledger: { namespace: 'billing', replicas: 9 },
    },
    timings: { leaseRenew: '500ms', nodeMonitorGrace: '2s', nodeMonitorPeriod: '250ms', eviction: '2s' },
  },
  scenarios: {
    outage: {
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '20s',
      startTime: '5s',
      duration: '40s',
      exec: 'fail-zone',
      each: { zone: waves(2) },
    },
    recovery: {
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '20s',
      startTime: '17s',
      duration: '28s',
      exec: 'recover-zone',
      each: { zone: waves(2) },
    },
  },
  duration: '45s',
  settle: '15s',
  scrapeInterval: '5s',
  thresholds: {
    targets_missed: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
  },
  gates: {
    discovery_latency: ['p50', 'p90'],
    visibility_latency: ['p50'],
    staleness_latency: ['p50'],
    cpu_seconds_per_million_samples: ['value'],
    rss_peak: ['value'],
  },
  profiles: {
    smoke: {
      cluster: {
        nodes: 3,
        workloads: { api: { replicas: 8 }, worker: { replicas: 4 }, ledger: { replicas: 3 } },
        timings: { leaseRenew: '200ms', nodeMonitorGrace: '1s', nodeMonitorPeriod: '100ms', eviction: '1s' },
      },
      scenarios: { outage: { startTime: '3s', duration: '1s' }, recovery: { startTime: '9s', duration: '1s' } },
      duration: '12s',
      settle: '8s',
      scrapeInterval: '1s',
    },
    ci: {
      cluster: { timings: { leaseRenew: '200ms', nodeMonitorGrace: '1s', nodeMonitorPeriod: '100ms', eviction: '1s' } },
      scenarios: { outage: { startTime: '3s', duration: '1s' }, recovery: { startTime: '8s', duration: '1s' } },
      duration: '11s',
      settle: '7s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: {
        nodes: 30,
        workloads: { api: { replicas: 240 }, worker: { replicas: 120 }, ledger: { replicas: 60 } },
        timings: { leaseRenew: '10s', nodeMonitorGrace: '50s', nodeMonitorPeriod: '5s', eviction: '30s' },
      },
      scenarios: {
        outage: { timeUnit: '5m', startTime: '30s', duration: '15m', each: { zone: waves(3) } },
        recovery: { timeUnit: '5m', startTime: '210s', duration: '15m', each: { zone: waves(3) } },
      },
      duration: '20m',
      settle: '2m',
    },
  },
} satisfies ScenarioInput
