import type { ScenarioInput } from './scenario.ts'

/**
 * What one namespace gives up, another takes at once, to and fro: with the cluster's addresses in one pool and the last one
 * given back first, each new pod answers where a pod of the other namespace answered a moment ago. The scrape of the old target
 * then succeeds, and whose samples are they?
 */
export default {
  name: 'ip-reuse',
  description:
    'Addresses of pods that are gone are taken over at once by pods of another namespace: are samples of the new ones stored under the labels of the old?',
  cluster: {
    nodes: 6,
    addresses: 'reuse',
    workloads: {
      api: { namespace: 'shop', replicas: 20 },
      invoices: { namespace: 'billing', replicas: 4 },
      // They stay, and must not suffer.
      steady: { namespace: 'shop', replicas: 6 },
    },
    // A pod that goes is gone before the one that comes has been scheduled.
    timings: {
      schedule: ['1500ms', '500ms'],
      start: ['50ms', '100ms'],
      ready: ['50ms', '100ms'],
      terminate: ['100ms', '400ms'],
    },
  },
  scenarios: {
    'shop-goes': {
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '8s',
      duration: '32s',
      startTime: '8s',
      exec: 'scale',
      args: { workload: 'shop/api' },
      each: { replicas: [4, 20] },
    },
    'billing-comes': {
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '8s',
      duration: '32s',
      startTime: '8s',
      exec: 'scale',
      args: { workload: 'billing/invoices' },
      each: { replicas: [20, 4] },
    },
  },
  duration: '40s',
  settle: '15s',
  scrapeInterval: '2s',
  thresholds: {
    targets_missed: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
  },
  gates: {
    discovery_latency: ['p50'],
    removal_latency: ['p50', 'p90'],
    cpu_seconds_per_million_samples: ['value'],
    rss_peak: ['value'],
  },
  profiles: {
    smoke: {
      cluster: {
        nodes: 3,
        workloads: { api: { replicas: 8 }, invoices: { replicas: 2 }, steady: { replicas: 3 } },
      },
      scenarios: {
        'shop-goes': { startTime: '4s', timeUnit: '5s', duration: '10s', each: { replicas: [2, 8] } },
        'billing-comes': { startTime: '4s', timeUnit: '5s', duration: '10s', each: { replicas: [8, 2] } },
      },
      duration: '15s',
      settle: '8s',
      scrapeInterval: '1s',
    },
    ci: {
      cluster: { workloads: { api: { replicas: 12 }, invoices: { replicas: 2 } } },
      scenarios: {
        'shop-goes': { startTime: '4s', timeUnit: '5s', duration: '10s', each: { replicas: [2, 12] } },
        'billing-comes': { startTime: '4s', timeUnit: '5s', duration: '10s', each: { replicas: [12, 2] } },
      },
      duration: '14s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: { nodes: 20, workloads: { api: { replicas: 100 }, invoices: { replicas: 10 } } },
      scenarios: {
        'shop-goes': { timeUnit: '20s', duration: '200s', each: { replicas: [10, 100] } },
        'billing-comes': { timeUnit: '20s', duration: '200s', each: { replicas: [100, 10] } },
      },
      duration: '220s',
      settle: '60s',
      scrapeInterval: '5s',
    },
  },
} satisfies ScenarioInput
