import type { ScenarioInput } from './scenario.ts'

/** A thousand pods at once: the hardest second of a discovery's life. */
export default {
  name: 'scale-burst',
  description: 'One Deployment goes from nothing to a thousand pods at once, and back: how long until each is scraped?',
  cluster: {
    nodes: 50,
    workloads: { burst: { namespace: 'default', replicas: 0 } },
    // As on a cluster: a scheduler binds some three hundred pods a second, and a node with twenty new pods at once needs
    // seconds to start or stop them all, warm images or not.
    timings: { schedule: ['5ms', '3s'], start: ['500ms', '8s'], terminate: ['200ms', '4s'] },
  },
  scenarios: {
    up: {
      executor: 'shared-iterations',
      startTime: '3s',
      exec: 'scale',
      args: { workload: 'default/burst', replicas: 1000 },
    },
    down: {
      executor: 'shared-iterations',
      startTime: '30s',
      exec: 'scale',
      args: { workload: 'default/burst', replicas: 0 },
    },
  },
  duration: '38s',
  settle: '20s',
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
      cluster: { nodes: 5 },
      scenarios: { up: { args: { replicas: 50 } }, down: { startTime: '14s' } },
      duration: '17s',
      settle: '8s',
      scrapeInterval: '1s',
    },
    ci: {
      cluster: { nodes: 20 },
      scenarios: { up: { startTime: '1s', args: { replicas: 200 } }, down: { startTime: '13s' } },
      duration: '14s',
      settle: '6s',
      scrapeInterval: '1s',
    },
    nightly: {
      scenarios: { down: { startTime: '90s' } },
      duration: '100s',
      settle: '60s',
    },
  },
} satisfies ScenarioInput
