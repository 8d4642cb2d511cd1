import type { ScenarioInput } from './scenario.ts'

/** Nothing happens: what scraping and storing alone costs. The measure to compare two versions or two systems by. */
export default {
  name: 'steady-ingest',
  description:
    'A population that does not change, scraped every second: what does a sample cost, and is each stored in time?',
  cluster: {
    nodes: 10,
    workloads: { load: { replicas: 150 } },
    // The pods come one after another: it is not their arrival that is to be measured, nor what it costs the harness.
    timings: { schedule: ['5ms', '4s'], start: ['200ms', '1s'] },
  },
  scenarios: {},
  duration: '45s',
  settle: '10s',
  scrapeInterval: '1s',
  thresholds: {
    targets_missed: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
  },
  gates: {
    cpu_seconds_per_million_samples: ['value'],
    rss_peak: ['value'],
    ingest_rate: ['value'],
    scrape_lateness: ['p99'],
    visibility_latency: ['p50'],
  },
  profiles: {
    smoke: { cluster: { nodes: 3, workloads: { load: { replicas: 30 } } }, duration: '8s', settle: '4s' },
    ci: { cluster: { nodes: 5, workloads: { load: { replicas: 100 } } }, duration: '14s', settle: '3s' },
    nightly: { cluster: { nodes: 20, workloads: { load: { replicas: 400 } } }, duration: '10m', settle: '30s' },
  },
} satisfies ScenarioInput
