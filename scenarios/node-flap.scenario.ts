import type { ScenarioInput } from './scenario.ts'

/**
 * A node comes and goes, first too quickly for Kubernetes to notice, then slowly enough to be found not ready each time; it
 * is back before its pods are moved.
 *
 * Kubernetes' own delays are in proportion to the run, as in node-failure.
 */
export default {
  name: 'node-flap',
  description:
    'A node falls silent and comes back again and again: are its targets found again each time, and are gaps no more than gaps?',
  cluster: {
    nodes: 5,
    workloads: {
      api: { namespace: 'shop', replicas: 15 },
      worker: { namespace: 'shop', replicas: 10 },
    },
    timings: { leaseRenew: '500ms', nodeMonitorGrace: '2s', nodeMonitorPeriod: '250ms', eviction: '10s' },
  },
  scenarios: {
    unnoticed: {
      executor: 'shared-iterations',
      startTime: '6s',
      exec: 'flap-node',
      args: { node: 'node-1', times: 4, down: '1s', up: '1500ms' },
    },
    noticed: {
      executor: 'shared-iterations',
      startTime: '18s',
      exec: 'flap-node',
      args: { node: 'node-2', times: 3, down: '5s', up: '3s' },
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
    scrape_lateness: ['p99'],
    cpu_seconds_per_million_samples: ['value'],
    rss_peak: ['value'],
  },
  profiles: {
    smoke: {
      cluster: {
        nodes: 3,
        workloads: { api: { replicas: 6 }, worker: { replicas: 3 } },
        timings: { leaseRenew: '200ms', nodeMonitorGrace: '1s', nodeMonitorPeriod: '100ms', eviction: '4s' },
      },
      scenarios: {
        unnoticed: { startTime: '3s', args: { times: 2, down: '500ms', up: '500ms' } },
        noticed: { startTime: '6s', args: { times: 2, down: '2s', up: '1s' } },
      },
      duration: '13s',
      settle: '7s',
      scrapeInterval: '1s',
    },
    ci: {
      cluster: {
        timings: { leaseRenew: '200ms', nodeMonitorGrace: '1s', nodeMonitorPeriod: '100ms', eviction: '4s' },
      },
      scenarios: {
        unnoticed: { startTime: '3s', args: { times: 2, down: '500ms', up: '500ms' } },
        noticed: { startTime: '6s', args: { times: 2, down: '2s', up: '1s' } },
      },
      duration: '13s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: {
        nodes: 20,
        workloads: { api: { replicas: 120 }, worker: { replicas: 80 } },
        timings: { leaseRenew: '10s', nodeMonitorGrace: '50s', nodeMonitorPeriod: '5s', eviction: '5m' },
      },
      scenarios: {
        unnoticed: { startTime: '30s', args: { times: 6, down: '20s', up: '10s' } },
        noticed: { startTime: '240s', args: { times: 4, down: '90s', up: '60s' } },
      },
      duration: '15m',
      settle: '60s',
    },
  },
} satisfies ScenarioInput
