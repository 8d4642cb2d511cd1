import type { ScenarioInput } from './scenario.ts'

/** The simulation about itself: what it can hold and how fast it is, without a monitor in the way. */
export default {
  name: 'control-plane-scale',
  description:
    'How large a cluster can the simulated control plane hold, how soon are its pods Ready, and how fast do lists and watches go?',
  cluster: {
    nodes: 500,
    zones: 3,
    workloads: {},
    timings: { start: ['100ms', '100ms'], ready: ['100ms', '100ms'], terminate: ['100ms', '100ms'] },
  },
  controlPlane: { pods: 20_000, podsPerWorkload: 100, watchers: 10, changes: 20_000 },
  scenarios: {},
  duration: '1s',
  settle: '0s',
  scrapeInterval: '5s',
  gates: {
    control_plane_ready_time: ['value'],
    control_plane_memory: ['value'],
    control_plane_watch_rate: ['value'],
  },
  profiles: {
    smoke: {
      cluster: { nodes: 20 },
      controlPlane: { pods: 500, podsPerWorkload: 50, watchers: 3, changes: 500 },
    },
    ci: { cluster: { nodes: 100 }, controlPlane: { pods: 5000, changes: 5000 } },
    nightly: { cluster: { nodes: 5000 }, controlPlane: { pods: 150_000, changes: 50_000 } },
  },
} satisfies ScenarioInput
