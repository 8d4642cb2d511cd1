import type { ScenarioInput } from './scenario.ts'
import { sawTooth } from './shapes.ts'

/** What an autoscaler does to a service whose load comes in bursts: up in steps as it notices, down at once. */
export default {
  name: 'saw-tooth',
  description: 'An autoscaled service goes up in steps and down at once, over and over: does the monitor keep up?',
  cluster: {
    nodes: 12,
    workloads: {
      checkout: { namespace: 'shop', replicas: 10 },
      catalog: { namespace: 'shop', replicas: 20 },
    },
  },
  scenarios: {
    autoscaler: {
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '3s',
      startTime: '3s',
      duration: '36s',
      exec: 'scale',
      args: { workload: 'shop/checkout' },
      each: { replicas: sawTooth(10, 100, 4) },
    },
  },
  duration: '40s',
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
      cluster: { nodes: 4 },
      scenarios: { autoscaler: { timeUnit: '1500ms', duration: '10s', each: { replicas: sawTooth(5, 30, 3) } } },
      duration: '13s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    ci: {
      scenarios: { autoscaler: { timeUnit: '1500ms', startTime: '1s', duration: '12s' } },
      duration: '13s',
      settle: '5s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: { nodes: 40 },
      scenarios: { autoscaler: { timeUnit: '15s', duration: '580s', each: { replicas: sawTooth(20, 400, 8) } } },
      duration: '600s',
      settle: '60s',
    },
  },
} satisfies ScenarioInput
