import type { ScenarioInput } from './scenario.ts'

/** The network between the monitor and a node is broken, and Kubernetes does not notice: nothing is moved. */
export default {
  name: 'partition',
  description:
    'The network between the monitor and a node breaks and heals: are gaps kept to its pods, and is nothing lost afterwards?',
  cluster: {
    nodes: 5,
    workloads: {
      api: { namespace: 'shop', replicas: 15 },
      worker: { namespace: 'shop', replicas: 10 },
    },
  },
  scenarios: {
    'cut-off': { executor: 'shared-iterations', startTime: '8s', exec: 'partition-node', args: { node: 'node-1' } },
    // Some of the new pods come to the node that cannot be reached.
    'roll-meanwhile': {
      executor: 'shared-iterations',
      startTime: '14s',
      exec: 'restart',
      args: { workload: 'shop/worker' },
    },
    healed: { executor: 'shared-iterations', startTime: '28s', exec: 'heal-node', args: { node: 'node-1' } },
  },
  duration: '35s',
  settle: '20s',
  scrapeInterval: '5s',
  thresholds: {
    targets_missed: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
  },
  gates: {
    discovery_latency: ['p50', 'p90'],
    scrape_lateness: ['p99'],
    staleness_latency: ['p50'],
    cpu_seconds_per_million_samples: ['value'],
    rss_peak: ['value'],
  },
  profiles: {
    smoke: {
      cluster: { nodes: 3, workloads: { api: { replicas: 6 }, worker: { replicas: 6 } } },
      scenarios: {
        'cut-off': { startTime: '3s' },
        'roll-meanwhile': { startTime: '5s' },
        healed: { startTime: '10s' },
      },
      duration: '12s',
      settle: '8s',
      scrapeInterval: '1s',
    },
    ci: {
      scenarios: { 'cut-off': { startTime: '3s' }, 'roll-meanwhile': { startTime: '5s' }, healed: { startTime: '9s' } },
      duration: '12s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: { nodes: 20, workloads: { api: { replicas: 120 }, worker: { replicas: 80 } } },
      scenarios: {
        'cut-off': { startTime: '30s' },
        'roll-meanwhile': { startTime: '60s' },
        healed: { startTime: '180s' },
      },
      duration: '240s',
      settle: '60s',
    },
  },
} satisfies ScenarioInput
