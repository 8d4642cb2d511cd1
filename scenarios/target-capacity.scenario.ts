import type { ScenarioInput } from './scenario.ts'

/** The simulation about itself: whether its pods can out-produce whoever scrapes them. */
export default {
  name: 'target-capacity',
  description:
    'How many samples a second does one target worker serve, beside prom-client and avalanche on the same machine in the same run?',
  cluster: { nodes: 1, workloads: {} },
  targetCapacity: { metrics: 90, seriesPerMetric: 100, turns: 5, turn: '2s' },
  scenarios: {},
  duration: '1s',
  settle: '0s',
  scrapeInterval: '5s',
  gates: { target_serve_rate: ['value'] },
  profiles: {
    smoke: { targetCapacity: { turns: 1, turn: '500ms' } },
    ci: { targetCapacity: { turns: 3, turn: '500ms' } },
    nightly: { targetCapacity: { turns: 9, turn: '5s' } },
  },
} satisfies ScenarioInput
