import type { ScenarioInput } from './scenario.ts'

/**
 * A kubelet is cut off from the control plane and its pods answer on: their replacements come elsewhere, and for a while
 * there are more targets than pods that count. The mirror of partition.
 *
 * Kubernetes' own delays are in proportion to the run, as in node-failure.
 */
export default {
  name: 'kubelet-partition',
  description:
    'The control plane loses a kubelet whose pods answer on: are they still scraped, are their replacements found, and is each forgotten at its end?',
  cluster: {
    nodes: 5,
    workloads: {
      api: { namespace: 'shop', replicas: 15 },
      worker: { namespace: 'shop', replicas: 10 },
    },
    timings: { leaseRenew: '1s', nodeMonitorGrace: '5s', nodeMonitorPeriod: '500ms', eviction: '5s' },
  },
  scenarios: {
    'cut-off': { executor: 'shared-iterations', startTime: '8s', exec: 'fail-kubelet', args: { node: 'node-1' } },
    'back-again': { executor: 'shared-iterations', startTime: '30s', exec: 'recover-node', args: { node: 'node-1' } },
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
      scenarios: { 'cut-off': { startTime: '3s' }, 'back-again': { startTime: '8s' } },
      duration: '11s',
      settle: '8s',
      scrapeInterval: '1s',
    },
    ci: {
      cluster: { timings: { leaseRenew: '200ms', nodeMonitorGrace: '1s', nodeMonitorPeriod: '100ms', eviction: '1s' } },
      scenarios: { 'cut-off': { startTime: '3s' }, 'back-again': { startTime: '8s' } },
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
      scenarios: { 'cut-off': { startTime: '30s' }, 'back-again': { startTime: '240s' } },
      duration: '300s',
      settle: '60s',
    },
  },
} satisfies ScenarioInput
