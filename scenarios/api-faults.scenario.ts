import type { ScenarioInput } from './scenario.ts'

/** One fault of the API server after the other, while pods go on being replaced. */
export default {
  name: 'api-faults',
  description:
    'The API server drops watches, forgets its history, refuses and delays: does the monitor go on, and miss no pod?',
  cluster: {
    nodes: 5,
    workloads: {
      api: { namespace: 'shop', replicas: 12 },
      worker: { namespace: 'shop', replicas: 8 },
    },
  },
  scenarios: {
    'pods-go-on': {
      executor: 'constant-arrival-rate',
      rate: 1,
      timeUnit: '5s',
      startTime: '3s',
      duration: '40s',
      exec: 'restart',
      each: { workload: ['shop/api', 'shop/worker'] },
    },
    'watches-dropped': { executor: 'shared-iterations', startTime: '7s', exec: 'drop-watches' },
    'watches-expired': { executor: 'shared-iterations', startTime: '13s', exec: 'expire-watches' },
    // Who resumes from before must list anew.
    'history-forgotten': { executor: 'shared-iterations', startTime: '19s', exec: 'expire-history' },
    'dropped-then': { executor: 'shared-iterations', startTime: '19100ms', exec: 'drop-watches' },
    overloaded: {
      executor: 'shared-iterations',
      startTime: '25s',
      exec: 'api-errors',
      args: { code: 429, for: '3s' },
    },
    'dropped-when-overloaded': { executor: 'shared-iterations', startTime: '25100ms', exec: 'drop-watches' },
    slow: {
      executor: 'shared-iterations',
      startTime: '34s',
      exec: 'api-delay',
      args: { delay: '1s', for: '4s' },
    },
    'dropped-when-slow': { executor: 'shared-iterations', startTime: '34100ms', exec: 'drop-watches' },
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
    visibility_latency: ['p50'],
    staleness_latency: ['p50'],
    cpu_seconds_per_million_samples: ['value'],
    rss_peak: ['value'],
  },
  profiles: {
    smoke: {
      cluster: { nodes: 3, workloads: { api: { replicas: 4 }, worker: { replicas: 4 } } },
      scenarios: {
        'pods-go-on': { timeUnit: '3s', startTime: '2s', duration: '12s' },
        'watches-dropped': { startTime: '3s' },
        'watches-expired': { startTime: '5s' },
        'history-forgotten': { startTime: '7s' },
        'dropped-then': { startTime: '7100ms' },
        overloaded: { startTime: '9s', args: { for: '1500ms' } },
        'dropped-when-overloaded': { startTime: '9100ms' },
        slow: { startTime: '12s', args: { delay: '500ms', for: '1500ms' } },
        'dropped-when-slow': { startTime: '12100ms' },
      },
      duration: '14s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    ci: {
      scenarios: {
        'pods-go-on': { timeUnit: '3s', startTime: '2s', duration: '12s' },
        'watches-dropped': { startTime: '3s' },
        'watches-expired': { startTime: '5s' },
        'history-forgotten': { startTime: '7s' },
        'dropped-then': { startTime: '7100ms' },
        overloaded: { startTime: '9s', args: { for: '1500ms' } },
        'dropped-when-overloaded': { startTime: '9100ms' },
        slow: { startTime: '12s', args: { delay: '500ms', for: '1500ms' } },
        'dropped-when-slow': { startTime: '12100ms' },
      },
      duration: '14s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: { nodes: 20, workloads: { api: { replicas: 120 }, worker: { replicas: 80 } } },
      settle: '60s',
    },
  },
} satisfies ScenarioInput
