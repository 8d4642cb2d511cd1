import type { ScenarioInput } from './scenario.ts'

/** The main job: what an ordinary working day of a team of services does to a monitor, in a minute. */
export default {
  name: 'rollout',
  description:
    'How soon does a monitor see pods come and go while several services are scaled up, rolled and scaled down?',
  cluster: {
    nodes: 8,
    workloads: {
      frontend: { namespace: 'shop', replicas: 6 },
      catalog: { namespace: 'shop', replicas: 6 },
      cart: { namespace: 'shop', replicas: 4 },
      checkout: { namespace: 'shop', replicas: 4 },
      payments: { namespace: 'billing', replicas: 4 },
      invoices: { namespace: 'billing', replicas: 2 },
    },
  },
  scenarios: {
    'scale-up-frontend': {
      executor: 'shared-iterations',
      startTime: '6s',
      exec: 'scale',
      args: { workload: 'shop/frontend', replicas: 18 },
    },
    'scale-up-catalog': {
      executor: 'shared-iterations',
      startTime: '8s',
      exec: 'scale',
      args: { workload: 'shop/catalog', replicas: 14 },
    },
    'scale-up-payments': {
      executor: 'shared-iterations',
      startTime: '10s',
      exec: 'scale',
      args: { workload: 'billing/payments', replicas: 10 },
    },
    'roll-frontend': {
      executor: 'shared-iterations',
      startTime: '16s',
      exec: 'restart',
      args: { workload: 'shop/frontend' },
    },
    'roll-checkout': {
      executor: 'shared-iterations',
      startTime: '20s',
      exec: 'restart',
      args: { workload: 'shop/checkout' },
    },
    'scale-down-catalog': {
      executor: 'shared-iterations',
      startTime: '30s',
      exec: 'scale',
      args: { workload: 'shop/catalog', replicas: 4 },
    },
    'scale-down-frontend': {
      executor: 'shared-iterations',
      startTime: '33s',
      exec: 'scale',
      args: { workload: 'shop/frontend', replicas: 6 },
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
      cluster: { nodes: 3 },
      scenarios: {
        'scale-up-frontend': { startTime: '3s' },
        'scale-up-catalog': { startTime: '3s' },
        'scale-up-payments': { startTime: '4s' },
        'roll-frontend': { startTime: '5s' },
        'roll-checkout': { startTime: '6s' },
        'scale-down-catalog': { startTime: '9s' },
        'scale-down-frontend': { startTime: '10s' },
      },
      duration: '13s',
      settle: '10s',
      scrapeInterval: '1s',
    },
    ci: {
      scenarios: {
        'scale-up-frontend': { startTime: '2s' },
        'scale-up-catalog': { startTime: '2500ms' },
        'scale-up-payments': { startTime: '3s' },
        'roll-frontend': { startTime: '5s' },
        'roll-checkout': { startTime: '6s' },
        'scale-down-catalog': { startTime: '10s' },
        'scale-down-frontend': { startTime: '11s' },
      },
      duration: '13s',
      settle: '5s',
      scrapeInterval: '1s',
    },
    nightly: { cluster: { nodes: 20 }, duration: '120s', settle: '60s' },
  },
} satisfies ScenarioInput
