import type { ScenarioInput } from './scenario.ts'
import { triangle } from './shapes.ts'

/** Ordinary churn without end: memory that only grows and handles that are never given back show here first. */
export default {
  name: 'soak',
  description:
    'Rollouts and scalings arrive at random, for as long as there is patience: does anything grow, leak or get lost?',
  cluster: {
    nodes: 10,
    workloads: {
      frontend: { namespace: 'shop', replicas: 12 },
      catalog: { namespace: 'shop', replicas: 10 },
      cart: { namespace: 'shop', replicas: 8 },
      payments: { namespace: 'billing', replicas: 6 },
    },
  },
  scenarios: {
    rollouts: {
      executor: 'constant-arrival-rate',
      rate: 6,
      timeUnit: '1m',
      startTime: '3s',
      duration: '38s',
      arrivals: 'poisson',
      exec: 'restart',
      each: { workload: ['shop/frontend', 'shop/catalog', 'shop/cart', 'billing/payments'] },
    },
    scalings: {
      executor: 'constant-arrival-rate',
      rate: 8,
      timeUnit: '1m',
      startTime: '3s',
      duration: '38s',
      arrivals: 'poisson',
      exec: 'scale',
      args: { workload: 'shop/catalog' },
      each: { replicas: triangle(6, 24, 4) },
    },
  },
  duration: '45s',
  settle: '15s',
  scrapeInterval: '5s',
  thresholds: {
    targets_missed: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
    // A leak need not be watched to its end.
    rss_peak: [{ threshold: 'value<4e9', abortOnFail: true, delayAbortEval: '10s' }],
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
        rollouts: { rate: 15, startTime: '2s', duration: '10s' },
        scalings: { rate: 20, startTime: '2s', duration: '10s' },
      },
      duration: '13s',
      settle: '7s',
      scrapeInterval: '1s',
    },
    ci: {
      scenarios: {
        rollouts: { rate: 15, startTime: '2s', duration: '11s' },
        scalings: { rate: 20, startTime: '2s', duration: '11s' },
      },
      duration: '14s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: { nodes: 20 },
      scenarios: { rollouts: { duration: '59m' }, scalings: { duration: '59m' } },
      duration: '60m',
      settle: '1m',
    },
  },
} satisfies ScenarioInput
