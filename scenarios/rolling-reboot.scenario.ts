import type { ScenarioInput } from './scenario.ts'

const NODES = ['node-0', 'node-1', 'node-2', 'node-3', 'node-4']

/** A kernel is updated: one machine after the other reboots, and its pods are back at their addresses with it. */
export default {
  name: 'rolling-reboot',
  description:
    'One node after the other reboots and its pods restart in place: are gaps as long as the reboots, and is nothing lost afterwards?',
  cluster: {
    nodes: 5,
    workloads: {
      api: { namespace: 'shop', replicas: 15 },
      worker: { namespace: 'shop', replicas: 10 },
    },
  },
  scenarios: {
    reboots: {
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '7s',
      startTime: '6s',
      duration: '35s',
      exec: 'reboot-node',
      args: { for: '4s' },
      each: { node: NODES },
    },
  },
  duration: '46s',
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
      cluster: { nodes: 3, workloads: { api: { replicas: 6 }, worker: { replicas: 3 } } },
      scenarios: {
        reboots: {
          timeUnit: '3s',
          startTime: '3s',
          duration: '9s',
          args: { for: '1500ms' },
          each: { node: NODES.slice(0, 3) },
        },
      },
      duration: '14s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    ci: {
      scenarios: { reboots: { timeUnit: '2s', startTime: '3s', duration: '9s', args: { for: '1s' } } },
      duration: '13s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: { workloads: { api: { replicas: 120 }, worker: { replicas: 80 } } },
      scenarios: { reboots: { timeUnit: '2m', startTime: '30s', duration: '10m', args: { for: '40s' } } },
      duration: '12m',
      settle: '60s',
    },
  },
} satisfies ScenarioInput
