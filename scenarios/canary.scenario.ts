import type { ScenarioInput } from './scenario.ts'

/**
 * Two Deployments behind one Service, told apart by a label: the same pairs that queries and alerts tell them apart by.
 *
 * The canary's pods are first kept from the Service, then let in, then more of them come; at last the stable Deployment gets
 * the new version and the canary goes.
 */
export default {
  name: 'canary',
  description:
    'A canary beside the stable version, behind one Service, is let in, grown and promoted: does the monitor follow the labels?',
  cluster: {
    nodes: 5,
    workloads: {
      web: { namespace: 'shop', replicas: 18, labels: { track: 'stable', version: 'v1' }, service: 'web' },
      'web-canary': { namespace: 'shop', replicas: 0, labels: { track: 'canary', version: 'v2' }, service: 'web' },
    },
  },
  scenarios: {
    'only-stable': {
      executor: 'shared-iterations',
      startTime: '2s',
      exec: 'select',
      args: { service: 'shop/web', label: 'track', value: 'stable' },
    },
    'canary-comes': {
      executor: 'shared-iterations',
      startTime: '5s',
      exec: 'scale',
      args: { workload: 'shop/web-canary', replicas: 2 },
    },
    'canary-is-let-in': {
      executor: 'shared-iterations',
      startTime: '10s',
      exec: 'select',
      args: { service: 'shop/web', label: 'track', value: '' },
    },
    'canary-grows': {
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '4s',
      startTime: '13s',
      duration: '8s',
      exec: 'scale',
      args: { workload: 'shop/web-canary' },
      each: { replicas: [4, 8] },
    },
    promoted: {
      executor: 'shared-iterations',
      startTime: '23s',
      exec: 'relabel',
      args: { workload: 'shop/web', label: 'version', value: 'v2' },
    },
    'canary-goes': {
      executor: 'shared-iterations',
      startTime: '33s',
      exec: 'scale',
      args: { workload: 'shop/web-canary', replicas: 0 },
    },
  },
  duration: '38s',
  settle: '17s',
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
      cluster: { nodes: 3, workloads: { web: { replicas: 6 } } },
      scenarios: {
        'only-stable': { startTime: '1s' },
        'canary-comes': { startTime: '2s', args: { replicas: 1 } },
        'canary-is-let-in': { startTime: '4s' },
        'canary-grows': { timeUnit: '1s', startTime: '5s', duration: '2s', each: { replicas: [2, 3] } },
        promoted: { startTime: '8s' },
        'canary-goes': { startTime: '11s' },
      },
      duration: '13s',
      settle: '7s',
      scrapeInterval: '1s',
    },
    ci: {
      scenarios: {
        'only-stable': { startTime: '1s' },
        'canary-comes': { startTime: '2s' },
        'canary-is-let-in': { startTime: '4s' },
        'canary-grows': { timeUnit: '1s', startTime: '5s', duration: '2s' },
        promoted: { startTime: '8s' },
        'canary-goes': { startTime: '12s' },
      },
      duration: '14s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: { nodes: 20, workloads: { web: { replicas: 180 } } },
      scenarios: { 'canary-comes': { args: { replicas: 20 } }, 'canary-grows': { each: { replicas: [40, 80] } } },
      settle: '60s',
    },
  },
} satisfies ScenarioInput
