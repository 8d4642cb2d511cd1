import type { ScenarioInput } from './scenario.ts'

/**
 * Two spot machines are taken back after a notice: from one a termination handler drains the pods, from the other nobody
 * does. New machines take their places.
 *
 * Clouds give two minutes; here the notice and Kubernetes' own delays are in proportion to the run.
 */
export default {
  name: 'spot-reclaim',
  description:
    'Spot nodes are taken back after a notice, one drained and one not: how long until their replaced pods are scraped, and the gone ones forgotten?',
  cluster: {
    nodes: 5,
    workloads: {
      api: { namespace: 'shop', replicas: 15 },
      worker: { namespace: 'shop', replicas: 10 },
    },
    timings: { leaseRenew: '500ms', nodeMonitorGrace: '2s', nodeMonitorPeriod: '250ms', eviction: '2s' },
  },
  scenarios: {
    drained: {
      executor: 'shared-iterations',
      startTime: '6s',
      exec: 'reclaim-node',
      args: { node: 'node-1', notice: '6s', drain: true },
    },
    'not-drained': {
      executor: 'shared-iterations',
      startTime: '16s',
      exec: 'reclaim-node',
      args: { node: 'node-2', notice: '6s' },
    },
    'new-machines': {
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '2s',
      startTime: '30s',
      duration: '4s',
      exec: 'recover-node',
      each: { node: ['node-1', 'node-2'] },
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
        nodes: 4,
        workloads: { api: { replicas: 6 }, worker: { replicas: 4 } },
        timings: { leaseRenew: '200ms', nodeMonitorGrace: '1s', nodeMonitorPeriod: '100ms', eviction: '1s' },
      },
      scenarios: {
        drained: { startTime: '3s', args: { notice: '2s' } },
        'not-drained': { startTime: '6s', args: { notice: '2s' } },
        'new-machines': { timeUnit: '1s', startTime: '11s', duration: '2s' },
      },
      duration: '14s',
      settle: '8s',
      scrapeInterval: '1s',
    },
    ci: {
      cluster: { timings: { leaseRenew: '200ms', nodeMonitorGrace: '1s', nodeMonitorPeriod: '100ms', eviction: '1s' } },
      scenarios: {
        drained: { startTime: '3s', args: { notice: '2s' } },
        'not-drained': { startTime: '6s', args: { notice: '2s' } },
        'new-machines': { timeUnit: '1s', startTime: '11s', duration: '2s' },
      },
      duration: '14s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: {
        nodes: 20,
        workloads: { api: { replicas: 120 }, worker: { replicas: 80 } },
        timings: { leaseRenew: '10s', nodeMonitorGrace: '50s', nodeMonitorPeriod: '5s', eviction: '30s' },
      },
      scenarios: {
        drained: { startTime: '30s', args: { notice: '2m' } },
        'not-drained': { startTime: '180s', args: { notice: '2m' } },
        'new-machines': { timeUnit: '10s', startTime: '420s', duration: '20s' },
      },
      duration: '8m',
      settle: '60s',
    },
  },
} satisfies ScenarioInput
