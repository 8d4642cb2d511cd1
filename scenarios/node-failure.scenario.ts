import type { ScenarioInput } from './scenario.ts'

/**
 * A node falls silent and its pods move.
 *
 * Kubernetes' own delays are minutes long (lease grace 50 s, eviction after 300 s); here they are a tenth and less, in
 * proportion, so that the whole story fits in a run. `--set cluster.timings.…` brings the real ones back.
 */
export default {
  name: 'node-failure',
  description:
    'A node falls silent: how long until its replaced pods are scraped elsewhere, and the dead ones forgotten?',
  cluster: {
    nodes: 5,
    workloads: {
      api: { namespace: 'shop', replicas: 15 },
      worker: { namespace: 'shop', replicas: 10 },
    },
    timings: { leaseRenew: '1s', nodeMonitorGrace: '5s', nodeMonitorPeriod: '500ms', eviction: '5s' },
  },
  scenarios: {
    'node-dies': { executor: 'shared-iterations', startTime: '10s', exec: 'fail-node', args: { node: 'node-1' } },
    'node-object-deleted': {
      executor: 'shared-iterations',
      startTime: '30s',
      exec: 'delete-node',
      args: { node: 'node-1' },
    },
  },
  duration: '40s',
  settle: '20s',
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
        workloads: { api: { replicas: 6 }, worker: { replicas: 3 } },
        timings: { leaseRenew: '200ms', nodeMonitorGrace: '1s', nodeMonitorPeriod: '100ms', eviction: '1s' },
      },
      scenarios: { 'node-dies': { startTime: '4s' }, 'node-object-deleted': { startTime: '9s' } },
      duration: '12s',
      settle: '8s',
      scrapeInterval: '1s',
    },
    ci: {
      cluster: { timings: { leaseRenew: '200ms', nodeMonitorGrace: '1s', nodeMonitorPeriod: '100ms', eviction: '1s' } },
      scenarios: { 'node-dies': { startTime: '3s' }, 'node-object-deleted': { startTime: '8s' } },
      duration: '11s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: {
        nodes: 20,
        workloads: { api: { replicas: 120 }, worker: { replicas: 80 } },
        timings: { leaseRenew: '10s', nodeMonitorGrace: '50s', nodeMonitorPeriod: '5s', eviction: '30s' },
      },
      scenarios: { 'node-dies': { startTime: '30s' }, 'node-object-deleted': { startTime: '180s' } },
      duration: '300s',
      settle: '60s',
    },
  },
} satisfies ScenarioInput
