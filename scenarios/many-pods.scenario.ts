import type { ScenarioInput, WorkloadInput } from './scenario.ts'

/** Teams that share the cluster, each in a namespace of its own, and what each of them runs. */
const TEAMS = ['shop', 'billing', 'search', 'media', 'identity', 'logistics', 'support', 'ads', 'data', 'platform']
const SERVICES = ['web', 'api', 'worker', 'cache']

const ALL = TEAMS.flatMap(team => SERVICES.map(service => `${team}/${team}-${service}`))
/** Of the team that goes. */
const ADS = ALL.filter(workload => workload.startsWith('ads/'))

function workloads(replicas: number): Record<string, WorkloadInput> {
  return Object.fromEntries(
    TEAMS.flatMap(team => SERVICES.map(service => [`${team}-${service}`, { namespace: team, replicas }])),
  )
}

/** A cluster as large as they get on one machine: in `nightly`, ten thousand pods with their own addresses. */
export default {
  name: 'many-pods',
  description:
    'A large cluster whose pods all have their own addresses: is each found and scraped in time, while some are cut off and many go at once?',
  cluster: {
    nodes: 16,
    workloads: workloads(20),
    // As on a cluster that grows all day: what is measured is how many there are, not how fast they come.
    timings: { schedule: ['5ms', '10s'], start: ['200ms', '1s'] },
  },
  scenarios: {
    'cut-off': { executor: 'shared-iterations', startTime: '18s', exec: 'partition-node', args: { node: 'node-1' } },
    'team-goes': {
      executor: 'shared-iterations',
      iterations: ADS.length,
      startTime: '24s',
      exec: 'scale',
      args: { replicas: 0 },
      each: { workload: ADS },
    },
    healed: { executor: 'shared-iterations', startTime: '34s', exec: 'heal-node', args: { node: 'node-1' } },
  },
  duration: '40s',
  settle: '20s',
  scrapeInterval: '10s',
  thresholds: {
    targets_missed: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
  },
  gates: {
    discovery_latency: ['p50', 'p90'],
    scrape_lateness: ['p99'],
    cpu_seconds_per_million_samples: ['value'],
    rss_peak: ['value'],
  },
  profiles: {
    smoke: {
      cluster: { nodes: 4, workloads: workloads(3), timings: { schedule: ['5ms', '2s'] } },
      scenarios: {
        'cut-off': { startTime: '5s' },
        'team-goes': { startTime: '7s' },
        healed: { startTime: '9s' },
      },
      duration: '12s',
      settle: '8s',
      scrapeInterval: '2s',
    },
    ci: {
      cluster: { nodes: 6, workloads: workloads(6), timings: { schedule: ['5ms', '2s'] } },
      scenarios: {
        'cut-off': { startTime: '5s' },
        'team-goes': { startTime: '7s' },
        healed: { startTime: '9s' },
      },
      duration: '12s',
      settle: '6s',
      scrapeInterval: '2s',
    },
    nightly: {
      cluster: { nodes: 160, workloads: workloads(10) },
      scenarios: {
        // One after the other: what is measured is how many pods there are, not how fast they come.
        grow: {
          executor: 'constant-arrival-rate',
          rate: ALL.length,
          timeUnit: '90s',
          duration: '90s',
          startTime: '5s',
          exec: 'scale',
          args: { replicas: 250 },
          each: { workload: ALL },
        },
        'cut-off': { startTime: '140s' },
        'team-goes': { startTime: '160s' },
        healed: { startTime: '200s' },
      },
      duration: '240s',
      settle: '90s',
      scrapeInterval: '30s',
    },
  },
} satisfies ScenarioInput
