import type { ScenarioInput } from './scenario.ts'

/**
 * The questions that people and rules ask all day, while scraping goes on. Their classes are those of
 * harness/load/query-classes.ts; each entry's tag makes it a sub-metric, `query_latency{class=…}`.
 */
export default {
  name: 'query-load',
  description:
    'Dashboards, rules and variables ask at a steady and at a rising rate: how long do answers take, and what do they cost?',
  cluster: {
    nodes: 6,
    workloads: {
      frontend: { namespace: 'shop', replicas: 20 },
      catalog: { namespace: 'shop', replicas: 20 },
      payments: { namespace: 'billing', replicas: 20 },
    },
  },
  scenarios: {
    // Series have to be there before anybody asks for them.
    tables: {
      executor: 'constant-arrival-rate',
      rate: 5,
      startTime: '8s',
      duration: '36s',
      arrivals: 'poisson',
      exec: 'query',
      args: { class: 'instant-selector' },
      tags: { class: 'instant-selector' },
    },
    rules: {
      executor: 'constant-arrival-rate',
      rate: 4,
      startTime: '8s',
      duration: '36s',
      exec: 'query',
      args: { class: 'instant-rate' },
      tags: { class: 'instant-rate' },
    },
    recording: {
      executor: 'constant-arrival-rate',
      rate: 2,
      startTime: '8s',
      duration: '36s',
      exec: 'query',
      args: { class: 'instant-aggregate' },
      tags: { class: 'instant-aggregate' },
    },
    // More and more people open the dashboard, until it is too late at night.
    panels: {
      executor: 'ramping-arrival-rate',
      startRate: 1,
      stages: [
        { duration: '18s', target: 4 },
        { duration: '9s', target: 4 },
        { duration: '9s', target: 0 },
      ],
      startTime: '8s',
      exec: 'query',
      args: { class: 'range-aggregate' },
      tags: { class: 'range-aggregate' },
    },
    // Several people open a dashboard at once; for each its variables are filled one after the other.
    variables: {
      executor: 'per-vu-iterations',
      vus: 5,
      iterations: 9,
      startTime: '20s',
      maxDuration: '20s',
      exec: 'query',
      each: { class: ['series', 'labels', 'label-values'] },
      tags: { class: 'metadata' },
    },
  },
  duration: '45s',
  settle: '10s',
  scrapeInterval: '1s',
  thresholds: {
    targets_missed: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
    'query_latency{class=instant-selector}': ['p(99)<2'],
    'query_latency{class=range-aggregate}': ['p(99)<5'],
  },
  gates: {
    'query_latency{class=instant-selector}': ['p50', 'p90'],
    'query_latency{class=instant-rate}': ['p50'],
    'query_latency{class=range-aggregate}': ['p50', 'p90'],
    cpu_seconds_per_million_samples: ['value'],
  },
  profiles: {
    smoke: {
      cluster: {
        nodes: 3,
        workloads: { frontend: { replicas: 5 }, catalog: { replicas: 5 }, payments: { replicas: 5 } },
      },
      scenarios: {
        tables: { startTime: '5s', duration: '7s' },
        rules: { startTime: '5s', duration: '7s' },
        recording: { startTime: '5s', duration: '7s' },
        panels: { startTime: '5s', stages: [{ duration: '7s', target: 3 }] },
        variables: { startTime: '9s', maxDuration: '4s' },
      },
      duration: '13s',
      settle: '4s',
    },
    ci: {
      scenarios: {
        tables: { rate: 10, startTime: '5s', duration: '11s' },
        rules: { rate: 6, startTime: '5s', duration: '11s' },
        recording: { startTime: '5s', duration: '11s' },
        panels: { startRate: 6, startTime: '5s', stages: [{ duration: '11s', target: 6 }] },
        variables: { startTime: '10s', maxDuration: '7s' },
      },
      duration: '17s',
      settle: '3s',
    },
    nightly: {
      cluster: {
        nodes: 20,
        workloads: { frontend: { replicas: 100 }, catalog: { replicas: 100 }, payments: { replicas: 100 } },
      },
      scenarios: {
        tables: { startTime: '30s', duration: '9m' },
        rules: { startTime: '30s', duration: '9m' },
        recording: { startTime: '30s', duration: '9m' },
        panels: {
          startTime: '30s',
          stages: [
            { duration: '4m', target: 8 },
            { duration: '4m', target: 8 },
            { duration: '1m', target: 0 },
          ],
        },
        variables: { vus: 20, startTime: '5m', maxDuration: '2m' },
      },
      duration: '10m',
      settle: '30s',
    },
  },
} satisfies ScenarioInput
