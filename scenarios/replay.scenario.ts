import type { ScenarioInput } from './scenario.ts'

/** What really happened somewhere, again: by default the incident that comes with churnbench. */
export default {
  name: 'replay',
  description: 'How does a monitor fare while a recorded churn trace happens again?',
  // Nodes are for traces that have none; pods that the controllers make start as on a cluster with warm images.
  cluster: { nodes: 3, workloads: {} },
  // Before, its whole cluster is set up at once.
  trace: { file: 'incident', from: '45s', speed: 20 },
  scenarios: {},
  settle: '15s',
  scrapeInterval: '5s',
  thresholds: {
    replay_differences: ['value==0'],
    targets_missed: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
  },
  gates: {
    discovery_latency: ['p50', 'p90'],
    visibility_latency: ['p50'],
    cpu_seconds_per_million_samples: ['value'],
    rss_peak: ['value'],
  },
  profiles: {
    // The minute in which the zone goes dark.
    smoke: { trace: { from: '55s', to: '115s', speed: 5 }, settle: '5s', scrapeInterval: '1s' },
    ci: { trace: { from: '55s', to: '115s', speed: 5 }, settle: '5s', scrapeInterval: '1s' },
    nightly: { trace: { speed: 1 } },
  },
} satisfies ScenarioInput
