import type { ScenarioInput } from './scenario.ts'

/**
 * What a careless label does: without a pod coming or going, targets expose many times as many series, all of them new.
 *
 * `api` behaves. `tenants` has its spikes every 15 s: its metrics have six times as many series for 15 s, then as few as before.
 * `requests` puts something unique into a label: every 20 s all its series are others.
 */
export default {
  name: 'cardinality-spike',
  description:
    'Labels explode: targets expose six times as many series at once, and replace all of them: does the monitor keep up?',
  cluster: {
    nodes: 6,
    workloads: {
      api: { namespace: 'shop', replicas: 12 },
      tenants: {
        namespace: 'shop',
        replicas: 20,
        profile: 'synthetic',
        profileOptions: {
          gauges: 20,
          counters: 10,
          histograms: 2,
          seriesPerMetric: 5,
          labels: 5,
          mode: 'spike',
          spikeMultiplier: 6,
          seriesChangeInterval: '15s',
          seriesInterval: '0s',
          valueInterval: '5s',
        },
      },
      requests: {
        namespace: 'shop',
        replicas: 10,
        profile: 'synthetic',
        profileOptions: {
          gauges: 10,
          counters: 20,
          seriesPerMetric: 10,
          labels: 4,
          seriesInterval: '20s',
          valueInterval: '5s',
        },
      },
    },
    timings: { schedule: ['5ms', '2s'], start: ['200ms', '1s'] },
  },
  scenarios: {},
  duration: '55s',
  settle: '10s',
  scrapeInterval: '5s',
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
  },
  profiles: {
    smoke: {
      cluster: {
        nodes: 3,
        workloads: {
          api: { replicas: 3 },
          tenants: { replicas: 4, profileOptions: { seriesChangeInterval: '3s', valueInterval: '1s' } },
          requests: { replicas: 3, profileOptions: { seriesInterval: '4s', valueInterval: '1s' } },
        },
      },
      duration: '13s',
      settle: '5s',
      scrapeInterval: '1s',
    },
    ci: {
      cluster: {
        nodes: 4,
        workloads: {
          api: { replicas: 6 },
          tenants: { replicas: 10, profileOptions: { seriesChangeInterval: '4s', valueInterval: '1s' } },
          requests: { replicas: 6, profileOptions: { seriesInterval: '5s', valueInterval: '1s' } },
        },
      },
      duration: '15s',
      settle: '4s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: {
        nodes: 20,
        workloads: { api: { replicas: 60 }, tenants: { replicas: 200 }, requests: { replicas: 60 } },
      },
      duration: '10m',
      settle: '30s',
    },
  },
} satisfies ScenarioInput
