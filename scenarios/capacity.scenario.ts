import type { ScenarioInput } from './scenario.ts'

/** A search rather than a run: a trial for every number of pods that it tries. */
export default {
  name: 'capacity',
  description: 'How many pods, scraped every second, can a subject take before samples are lost or scrapes are late?',
  cluster: {
    nodes: 40,
    workloads: { load: { replicas: 50 } },
    // As on a cluster: hundreds of pods do not start in the same instant.
    timings: { schedule: ['5ms', '1s'], start: ['300ms', '2s'] },
  },
  scenarios: {},
  duration: '20s',
  settle: '4s',
  scrapeInterval: '1s',
  search: {
    field: 'cluster.workloads.load.replicas',
    from: 50,
    to: 3200,
    resolution: 0.1,
    sustained: {
      targets_missed: ['value==0'],
      samples_lost: ['value==0'],
      scrapes_missed: ['value==0'],
      scrape_lateness: ['p(99)<0.5'],
    },
  },
  profiles: {
    smoke: {
      cluster: { nodes: 3 },
      search: { from: 10, to: 20, resolution: 0.5 },
      duration: '5s',
      settle: '2s',
    },
    ci: { search: { to: 800, resolution: 0.25 }, duration: '12s' },
    nightly: { search: { resolution: 0.05 }, duration: '60s' },
  },
} satisfies ScenarioInput
