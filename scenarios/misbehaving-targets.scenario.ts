import type { ScenarioInput, WorkloadInput } from './scenario.ts'

/** All kinds that there are (docs/misbehaviour.md), each the name of the workload whose pods do it. */
const KINDS = [
  'reset-accept',
  'hang-accept',
  'slow-first-byte',
  'server-error',
  'not-found',
  'redirect',
  'redirect-loop',
  'wrong-content-type',
  'no-content-type',
  'header-flood',
  'slow-body',
  'hang-body',
  'reset-body',
  'truncated-body',
  'oversized-body',
  'gzip-bomb',
  'bad-line',
  'duplicate-series',
  'duplicate-values',
  'old-timestamps',
  'future-timestamps',
  'many-labels',
  'long-values',
  'new-series',
  'changing-order',
  'flapping-readiness',
] as const

const MISBEHAVING: Readonly<Record<string, WorkloadInput>> = Object.fromEntries(
  KINDS.map(kind => [kind, { namespace: 'bad', replicas: 1 }]),
)

/** One workload for each misbehaviour of targets, all at once, and one whose pods behave. */
export default {
  name: 'misbehaving-targets',
  description:
    'Targets hang, break off, redirect and send nonsense, each in its own way: what is made of it, and do their neighbours suffer?',
  cluster: {
    nodes: 4,
    workloads: { neighbour: { namespace: 'good', replicas: 12 }, ...MISBEHAVING },
  },
  scenarios: {
    'all-at-once': {
      executor: 'shared-iterations',
      iterations: KINDS.length,
      // By then also a monitor knows them that asks Kubernetes every 30 s.
      startTime: '32s',
      exec: 'misbehave',
      args: { for: '28s' },
      each: { kind: KINDS, workload: KINDS.map(kind => `bad/${kind}`) },
    },
    // Some of the neighbours are new.
    'neighbours-meanwhile': {
      executor: 'shared-iterations',
      startTime: '38s',
      exec: 'restart',
      args: { workload: 'good/neighbour' },
    },
  },
  duration: '62s',
  settle: '8s',
  scrapeInterval: '5s',
  thresholds: {
    targets_missed: ['value==0'],
    'scrapes_missed{workload=neighbour}': ['value==0'],
    misbehaviours_unexpected: ['value==0'],
    samples_lost: ['value==0'],
    samples_wrong: ['value==0'],
  },
  gates: {
    'scrape_lateness{workload=neighbour}': ['p50', 'p99'],
    cpu_seconds_per_million_samples: ['value'],
    rss_peak: ['value'],
  },
  profiles: {
    smoke: {
      cluster: { nodes: 2, workloads: { neighbour: { replicas: 4 } } },
      scenarios: {
        'all-at-once': { startTime: '5s', args: { for: '13s' } },
        'neighbours-meanwhile': { startTime: '9s' },
      },
      duration: '19s',
      settle: '5s',
      scrapeInterval: '2s',
    },
    ci: {
      cluster: { workloads: { neighbour: { replicas: 8 } } },
      scenarios: {
        'all-at-once': { startTime: '5s', args: { for: '9s' } },
        'neighbours-meanwhile': { startTime: '8s' },
      },
      duration: '15s',
      settle: '5s',
      scrapeInterval: '1s',
    },
    nightly: {
      cluster: { nodes: 20, workloads: { neighbour: { replicas: 200 } } },
      settle: '60s',
    },
  },
} satisfies ScenarioInput
